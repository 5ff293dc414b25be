//! Which module may name which.

use super::Finding;
use super::source::Code;

/// Files whose path begins with one of `places` may not name a module of `banned`.
struct Layer {
    places: &'static [&'static str],
    banned: &'static [&'static str],
    why: &'static str,
}

const LAYERS: &[Layer] = &[
    Layer {
        places: &[
            "crates/mqttlab-core/src/codec",
            "crates/mqttlab-core/src/topic",
            "crates/mqttlab-core/src/packet",
            "crates/mqttlab-core/src/properties",
            "crates/mqttlab-core/src/reason",
        ],
        banned: &["broker", "client"],
        why: "packets know nothing of who sends them",
    },
    Layer {
        places: &[
            "crates/mqttlab-core/src/qos",
            "crates/mqttlab-core/src/flow",
        ],
        banned: &["broker", "client"],
        why: "a flow has the same rules in either role",
    },
    Layer {
        places: &["crates/mqttlab-core/src/broker"],
        banned: &["client"],
        why: "the two machines meet on the wire only",
    },
    Layer {
        places: &["crates/mqttlab-core/src/client"],
        banned: &["broker"],
        why: "the two machines meet on the wire only",
    },
    Layer {
        places: &["crates/mqttlab-web/"],
        banned: &["mqttlab_core"],
        why: "the page sees what the simulator shows",
    },
];

pub(super) fn check(path: &str, code: &Code) -> Vec<Finding> {
    let layers = LAYERS
        .iter()
        .filter(|layer| layer.places.iter().any(|place| is_in(path, place)));
    layers
        .flat_map(|layer| {
            code.modules_named()
                .into_iter()
                .filter(|(_, name)| layer.banned.contains(&name.as_str()))
                .map(|(line, name)| {
                    Finding::new(path, line, format!("may not name `{name}`: {}", layer.why))
                })
        })
        .collect()
}

/// Whether `path` is the module `place`: a folder of that name, or the file.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| {
        place.ends_with('/') || rest.starts_with('/') || rest.starts_with(".rs")
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::source::code_of;

    fn findings(path: &str, text: &str) -> Vec<usize> {
        check(path, &code_of(text))
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_path_to_a_machine_is_found_in_every_form() {
        for text in [
            "use crate::broker::Broker;",
            "use crate::{broker, time};",
            "fn f() { crate::client::x() }",
            "use super::client;",
        ] {
            assert_eq!(
                findings("crates/mqttlab-core/src/codec/decode.rs", text),
                [1],
                "{text}"
            );
        }
    }

    #[test]
    fn words_in_text_and_names_of_values_are_free() {
        let text = "// the broker\n/// what a client sends: crate::broker\nlet client = \"broker::x\"; f(client);";
        assert!(findings("crates/mqttlab-core/src/codec.rs", text).is_empty());
    }

    #[test]
    fn only_the_module_itself_is_meant() {
        assert!(
            findings(
                "crates/mqttlab-core/src/broker/session.rs",
                "use crate::broker::tree;"
            )
            .is_empty()
        );
        assert_eq!(
            findings(
                "crates/mqttlab-core/src/broker.rs",
                "use crate::client::Client;"
            ),
            [1]
        );
        assert!(
            findings(
                "crates/mqttlab-core/src/broker_kind.rs",
                "use crate::client::Client;"
            )
            .is_empty()
        );
    }

    #[test]
    fn the_page_may_not_name_the_core() {
        assert_eq!(
            findings(
                "crates/mqttlab-web/src/app.rs",
                "use yew::Html;\nuse mqttlab_core::broker::Broker;"
            ),
            [2]
        );
        assert!(
            findings(
                "crates/mqttlab-web/src/app.rs",
                "use mqttlab_sim::view::View;"
            )
            .is_empty()
        );
    }
}
