//! What a scenario is made of, as tables: the forms are drawn from them.

/// A table of the text.
pub(crate) struct Table {
    /// As the schema calls it.
    pub(crate) name: &'static str,
    /// Its keys.
    pub(crate) fields: &'static [Field],
}

/// A key of a table.
pub(crate) struct Field {
    pub(crate) key: &'static str,
    /// What it means.
    pub(crate) about: &'static str,
    /// The acts that take it, where not all do.
    pub(crate) of: &'static [&'static str],
    /// Only 5.0 knows it.
    pub(crate) is_new: bool,
    /// It has to be there.
    pub(crate) is_needed: bool,
    /// What holds when it is left out; empty where that is nothing.
    pub(crate) default: &'static str,
    pub(crate) kind: Kind,
}

/// What a key takes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Text, which may be a span of time or the like.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Truth,
    /// 0, 1 or 2.
    QoS,
    /// One of these words, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    /// One name or several.
    Names,
    /// A list of texts.
    Texts,
    /// Names with passwords.
    Passwords,
    /// Names with lists of names.
    Groups,
    Table(&'static Table),
    List(&'static Table),
}

impl Table {
    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

#[cfg(test)]
mod tests {
    use super::{CLIENT, DO, Kind, WILL};

    #[test]
    fn the_words_are_those_of_the_schema() {
        let keep_alive = CLIENT.field("keep_alive").expect("clients have one");
        assert!(keep_alive.about.starts_with("Keep Alive"));
        let expiry = CLIENT.field("session_expiry").expect("clients have one");
        assert!(expiry.is_new && !expiry.is_needed);
        let topic = WILL.field("topic").expect("wills have one");
        assert!(topic.is_needed && matches!(topic.kind, Kind::Text));
    }

    #[test]
    fn an_act_takes_what_is_its_own() {
        let filter = DO.field("filter").expect("some acts take it");
        assert_eq!(filter.of, ["subscribe", "unsubscribe"]);
        assert_eq!(filter.about, "Topic Filter.");
        let bytes = DO.field("bytes").expect("one act takes it");
        assert_eq!(bytes.of, ["send"]);
        let will = DO.field("will").expect("one act takes it");
        assert!(will.is_new);
    }
}
