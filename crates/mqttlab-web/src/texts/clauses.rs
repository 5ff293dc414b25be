//! The normative statements that a learner is likely to meet, in plain words. The standard's own words are the law.

use crate::say::{self, Text};

/// What the statement asks for; `None` for those that have no sentence here.
pub(crate) fn sentence(clause: &str) -> Option<Text> {
    Some(match clause {
        "MQTT-2.3.1-1" => say::CLAUSE_2_3_1_1,
        "MQTT-3.1.0-1" => say::CLAUSE_3_1_0_1,
        "MQTT-3.1.0-2" => say::CLAUSE_3_1_0_2,
        "MQTT-3.1.2-4" => say::CLAUSE_3_1_2_4,
        "MQTT-3.1.2-6" => say::CLAUSE_3_1_2_6,
        "MQTT-3.1.2-8" => say::CLAUSE_3_1_2_8,
        "MQTT-3.1.2-10" => say::CLAUSE_3_1_2_10,
        "MQTT-3.1.2-23" => say::CLAUSE_3_1_2_23,
        "MQTT-3.1.2-24" => say::CLAUSE_3_1_2_24,
        "MQTT-3.1.3-2" => say::CLAUSE_3_1_3_2,
        "MQTT-3.1.4-2" => say::CLAUSE_3_1_4_2,
        "MQTT-3.1.4-3" => say::CLAUSE_3_1_4_3,
        "MQTT-3.1.4-4" => say::CLAUSE_3_1_4_4,
        "MQTT-3.2.0-1" => say::CLAUSE_3_2_0_1,
        "MQTT-3.2.2-1" => say::CLAUSE_3_2_2_1,
        "MQTT-3.2.2-2" | "MQTT-3.2.2-3" => say::CLAUSE_3_2_2_2,
        "MQTT-3.3.5-1" => say::CLAUSE_3_3_5_1,
        "MQTT-3.8.4-1" => say::CLAUSE_3_8_4_1,
        "MQTT-3.12.4-1" => say::CLAUSE_3_12_4_1,
        "MQTT-3.14.4-3" => say::CLAUSE_3_14_4_3,
        "MQTT-4.3.1-1" => say::CLAUSE_4_3_1_1,
        "MQTT-4.3.2-1" => say::CLAUSE_4_3_2_1,
        "MQTT-4.4.0-1" => say::CLAUSE_4_4_0_1,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn the_takeover_has_a_sentence_and_nonsense_has_none() {
        assert!(sentence("MQTT-3.1.4-2").is_some_and(|text| text.contains("older")));
        assert_eq!(sentence("MQTT-0.0.0-0"), None);
    }
}
