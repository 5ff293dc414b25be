//! The compact form of a scenario: for links and for what is built into a page. Data only, and only for this format.

use super::{Scenario, Unfit};

/// The number of the form. Whoever changes what is in a [`Scenario`], in the order or the kinds of its parts, raises it:
/// bytes of another format are not read.
pub const FORMAT: u8 = 10;

/// The longest compact form, in bytes.
pub const PACKED_MAX: usize = 1 << 20;

impl Scenario {
    /// The scenario in its compact form.
    ///
    /// ```
    /// # use mqttlab_sim::scenario::Scenario;
    /// # let text = r#"scenario = { id = "one", title = "One", version = 1, until = "1s" }"#;
    /// let scenario = Scenario::parse(text)?;
    /// assert_eq!(Scenario::unpack(&scenario.pack()), Ok(scenario));
    /// # Ok::<(), mqttlab_sim::scenario::ScenarioError>(())
    /// ```
    pub fn pack(&self) -> Vec<u8> {
        // Only a sequence whose length is not known, or an enum of another serializer, can fail; there is neither.
        postcard::to_allocvec(&(FORMAT, self)).expect("a scenario has a compact form")
    }

    /// Reads the compact form. It may come from anybody: what is read keeps to all limits.
    ///
    /// # Errors
    /// When these bytes are no scenario, or of another [`FORMAT`].
    pub fn unpack(bytes: &[u8]) -> Result<Self, Unfit> {
        if bytes.len() > PACKED_MAX {
            return Err(Unfit("it is too large"));
        }
        if bytes.first() != Some(&FORMAT) {
            return Err(Unfit("it was made by a Lab with another format"));
        }
        let scenario: Self =
            postcard::from_bytes(&bytes[1..]).map_err(|_| Unfit("it is damaged"))?;
        scenario.check()?;
        Ok(scenario)
    }
}

/// A value that mostly is what it is by default, and takes one byte then.
pub(super) mod unless_default {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::scenario) fn serialize<T: Default + PartialEq + Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let other = Some(value).filter(|value| **value != T::default());
        other.serialize(serializer)
    }

    pub(in crate::scenario) fn deserialize<
        'de,
        T: Default + Deserialize<'de>,
        D: Deserializer<'de>,
    >(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let other: Option<T> = Deserialize::deserialize(deserializer)?;
        Ok(other.unwrap_or_default())
    }
}

/// The computer of a broker. The first two forms are what is [`unless_default`] of the first three values.
pub(super) mod host {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::scenario::HostSpec;
    use crate::view::Micros;

    #[derive(Serialize, Deserialize)]
    enum Form {
        Usual,
        One(Option<u32>, Micros, Option<Micros>),
        Several(u16, Option<u32>, Micros, Option<Micros>),
    }

    pub(in crate::scenario) fn serialize<S: Serializer>(
        host: &HostSpec,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let &HostSpec {
            backlog,
            accept,
            sync_every,
            shards,
        } = host;
        let form = if *host == HostSpec::default() {
            Form::Usual
        } else if shards == 1 {
            Form::One(backlog, accept, sync_every)
        } else {
            Form::Several(shards, backlog, accept, sync_every)
        };
        form.serialize(serializer)
    }

    pub(in crate::scenario) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<HostSpec, D::Error> {
        let (shards, backlog, accept, sync_every) = match Form::deserialize(deserializer)? {
            Form::Usual => return Ok(HostSpec::default()),
            Form::One(backlog, accept, sync_every) => (1, backlog, accept, sync_every),
            Form::Several(shards, backlog, accept, sync_every) => {
                (shards, backlog, accept, sync_every)
            }
        };
        Ok(HostSpec {
            backlog,
            accept,
            sync_every,
            shards,
        })
    }
}

/// The options of a client: first what clients mostly differ in, then the rest unless that is as usual.
pub(super) mod options {
    use mqttlab_core::client::{Options, Reconnect};
    use mqttlab_core::packet::Version;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Usual = (String, Version, bool, u16, Reconnect);

    fn take_usual(options: &mut Options) -> Usual {
        let usual = Options::default();
        (
            std::mem::replace(&mut options.client_id, usual.client_id),
            std::mem::replace(&mut options.version, usual.version),
            std::mem::replace(&mut options.clean_start, usual.clean_start),
            std::mem::replace(&mut options.keep_alive, usual.keep_alive),
            std::mem::replace(&mut options.reconnect, usual.reconnect),
        )
    }

    pub(in crate::scenario) fn serialize<S: Serializer>(
        options: &Options,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut rest = options.clone();
        let usual = take_usual(&mut rest);
        let rest = Some(rest).filter(|rest| *rest != Options::default());
        (usual, rest).serialize(serializer)
    }

    pub(in crate::scenario) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Options, D::Error> {
        let ((client_id, version, clean_start, keep_alive, reconnect), rest): (
            Usual,
            Option<Options>,
        ) = Deserialize::deserialize(deserializer)?;
        Ok(Options {
            client_id,
            version,
            clean_start,
            keep_alive,
            reconnect,
            ..rest.unwrap_or_default()
        })
    }
}

#[cfg(all(test, feature = "text"))]
mod tests {
    use crate::scenario::{Scenario, Unfit};

    const DUEL: &str = include_str!("../../../../lessons/duel/scenario.toml");

    fn duel() -> Scenario {
        Scenario::parse(DUEL).expect("the duel is a scenario")
    }

    #[test]
    fn a_scenario_comes_back_as_it_was() {
        for text in [
            DUEL,
            include_str!("../../../../scenarios/qos2-cut-after-pubrel.toml"),
            include_str!("../../../../scenarios/loss-is-delay.toml"),
            include_str!("../../../../scenarios/will-pulled-cable.toml"),
        ] {
            let scenario = Scenario::parse(text).expect("it is a scenario");
            assert_eq!(Scenario::unpack(&scenario.pack()), Ok(scenario));
        }
    }

    #[test]
    fn damage_is_found_wherever_it_is() {
        let bytes = duel().pack();
        for end in 0..bytes.len() {
            assert!(Scenario::unpack(&bytes[..end]).is_err(), "cut at {end}");
        }
        // No single wrong byte makes it fail in another way than by an error or another sound scenario.
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut wrong = bytes.clone();
                wrong[at] = value;
                if let Ok(scenario) = Scenario::unpack(&wrong) {
                    assert_eq!(scenario.check(), Ok(()));
                }
            }
        }
    }

    #[test]
    fn what_a_text_could_not_say_is_refused() {
        let refused = |change: fn(&mut Scenario)| {
            let mut scenario = duel();
            change(&mut scenario);
            let Unfit(why) = Scenario::unpack(&scenario.pack()).expect_err("it is unfit");
            why
        };
        assert_eq!(
            refused(|it| it.id = "<script>".to_owned()),
            "its id is none"
        );
        assert_eq!(
            refused(|it| it.until = u64::MAX),
            "it lasts longer than a scenario may last"
        );
        assert_eq!(
            refused(|it| it.clients[0].name = "<b>".to_owned()),
            "a client's name is not allowed"
        );
        assert_eq!(
            refused(|it| it.script[0].action.who = 1_000_000_000),
            "somebody in its script is not there"
        );
        assert_eq!(
            refused(|it| it.clients = vec![it.clients[0].clone(); 1_001]),
            "it has too many clients"
        );
        assert_eq!(
            refused(|it| it.clients[0].link.segment = 0),
            "a link is impossible"
        );
    }
}
