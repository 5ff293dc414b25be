//! Where a scenario of one's own can start.

use crate::say::{self, Text};

/// A scenario to start from.
pub(crate) struct Template {
    pub(crate) name: Text,
    pub(crate) about: Text,
    pub(crate) text: &'static str,
}

/// Nobody but the broker.
pub(crate) const EMPTY: &str = r#"[scenario]
id = "mine"
title = "My run"
version = 1
mqtt = "3.1.1"
seed = 1
until = "30s"
"#;

macro_rules! scenario {
    ($name:literal) => {
        include_str!(concat!("../../../scenarios/", $name, ".toml"))
    };
}

/// All of them.
pub(crate) const TEMPLATES: &[Template] = &[
    Template {
        name: say::TEMPLATE_MESSAGE,
        about: say::TEMPLATE_MESSAGE_ABOUT,
        text: include_str!("templates/one-message.toml"),
    },
    Template {
        name: say::TEMPLATE_WILL,
        about: say::TEMPLATE_WILL_ABOUT,
        text: scenario!("will-pulled-cable"),
    },
    Template {
        name: say::TEMPLATE_OFFLINE,
        about: say::TEMPLATE_OFFLINE_ABOUT,
        text: scenario!("offline-queue"),
    },
    Template {
        name: say::TEMPLATE_LOSSY,
        about: say::TEMPLATE_LOSSY_ABOUT,
        text: scenario!("loss-is-delay"),
    },
    Template {
        name: say::TEMPLATE_KEEP_ALIVE,
        about: say::TEMPLATE_KEEP_ALIVE_ABOUT,
        text: scenario!("keep-alive"),
    },
    Template {
        name: say::TEMPLATE_USERS,
        about: say::TEMPLATE_USERS_ABOUT,
        text: scenario!("refused"),
    },
    Template {
        name: say::TEMPLATE_BYTES,
        about: say::TEMPLATE_BYTES_ABOUT,
        text: scenario!("by-hand"),
    },
];

#[cfg(test)]
mod tests {
    use mqttlab_sim::scenario::Scenario;

    use super::{EMPTY, TEMPLATES};

    #[test]
    fn each_is_a_scenario() {
        Scenario::parse(EMPTY).expect("the empty one is");
        for template in TEMPLATES {
            let read = Scenario::parse(template.text);
            assert!(read.is_ok(), "{}: {}", template.name, read.unwrap_err());
        }
    }
}
