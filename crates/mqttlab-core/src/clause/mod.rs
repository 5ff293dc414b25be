//! The normative statements of the standards, as a table.
//!
//! Each is known by the id that the standard prints. The older and the newer standard number their statements
//! independently, so [MQTT-3.1.4-2] is one thing in 3.1.1 and another in 5.0, and both are listed. The sentences beside
//! them are short renderings of what they demand, not their text.

mod table;

use core::fmt;

use crate::packet::Version;

pub use table::Clause;

/// Whom a statement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Binds {
    /// Clients, or senders and receivers in general.
    Client,
    /// Servers.
    Server,
    /// Clients and servers alike.
    Both,
}

impl Clause {
    /// The one of two statements that holds for `version`. 3.1 has none of its own and goes by those of 3.1.1.
    pub const fn by_version(version: Version, v311: Self, v5: Self) -> Self {
        match version {
            Version::V3_1 | Version::V3_1_1 => v311,
            Version::V5 => v5,
        }
    }

    /// The statement with this id in the standard of this version; `None` where there is none.
    ///
    /// ```
    /// use mqttlab_core::clause::Clause;
    /// use mqttlab_core::packet::Version;
    /// assert_eq!(Clause::find(Version::V5, "MQTT-3.1.4-3"), Some(Clause::V5_3_1_4_3));
    /// ```
    pub fn find(version: Version, id: &str) -> Option<Self> {
        let standard = Self::by_version(version, Self::V311_1_5_3_1, Self::V5_1_5_4_1).version();
        Self::ALL
            .iter()
            .copied()
            .find(|clause| clause.version() == standard && clause.id() == id)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::Clause;
    use crate::packet::Version;

    #[test]
    fn the_table_is_whole_and_each_statement_is_one_sentence() {
        let of = |version| {
            Clause::ALL
                .iter()
                .filter(|clause| clause.version() == version)
                .count()
        };
        assert_eq!((of(Version::V3_1_1), of(Version::V5)), (141, 251));
        let ids: BTreeSet<_> = Clause::ALL
            .iter()
            .map(|clause| (clause.version(), clause.id()))
            .collect();
        assert_eq!(ids.len(), Clause::ALL.len(), "no id is listed twice");
        for clause in Clause::ALL {
            let summary = clause.summary();
            assert!(
                summary.ends_with('.') && summary.len() > 20,
                "{clause}: {summary}"
            );
            assert_eq!(Clause::find(clause.version(), clause.id()), Some(*clause));
        }
    }
}
