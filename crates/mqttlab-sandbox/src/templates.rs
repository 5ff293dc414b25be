//! Where a scenario of one's own can start.

/// A scenario to start from.
pub(crate) struct Template {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
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
        name: "One message",
        about: "A sensor, a screen, and a message between them.",
        text: include_str!("templates/one-message.toml"),
    },
    Template {
        name: "Last will",
        about: "A cable is pulled, and the broker says so for the client.",
        text: scenario!("will-pulled-cable"),
    },
    Template {
        name: "Offline messages",
        about: "A session is kept, and what came meanwhile waits in it.",
        text: scenario!("offline-queue"),
    },
    Template {
        name: "A lossy network",
        about: "Segments are lost, messages are late.",
        text: scenario!("loss-is-delay"),
    },
    Template {
        name: "Keep Alive",
        about: "Who pings whom, and when the broker gives up.",
        text: scenario!("keep-alive"),
    },
    Template {
        name: "Users and rules",
        about: "A broker that lets not everybody do everything.",
        text: scenario!("refused"),
    },
    Template {
        name: "Bytes by hand",
        about: "Packets that no library would send.",
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
