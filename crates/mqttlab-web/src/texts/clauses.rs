//! The normative statements that a learner is likely to meet, in plain words. The standard's own words are the law.

/// What the statement asks for; `None` for those that have no sentence here.
pub(crate) fn sentence(clause: &str) -> Option<&'static str> {
    Some(match clause {
        "MQTT-2.3.1-1" => "A message that will be acknowledged needs a number, and zero is none.",
        "MQTT-3.1.0-1" => "A client introduces itself first: the first packet it sends is CONNECT.",
        "MQTT-3.1.0-2" => "A client introduces itself once: a second CONNECT ends the connection.",
        "MQTT-3.1.2-4" => {
            "Without Clean Session the broker goes on with the session it kept, or makes one to keep."
        }
        "MQTT-3.1.2-6" => {
            "With Clean Session the broker forgets what it had, and forgets again when the connection ends."
        }
        "MQTT-3.1.2-8" => {
            "A will that was left with the broker is published when the connection ends without a DISCONNECT."
        }
        "MQTT-3.1.2-10" => {
            "A will is used up once it is published, or when the client says DISCONNECT."
        }
        "MQTT-3.1.2-23" => {
            "A client that has nothing else to send sends PINGREQ before its Keep Alive is over."
        }
        "MQTT-3.1.2-24" => {
            "When one and a half Keep Alives pass without a packet, the broker gives the connection up."
        }
        "MQTT-3.1.3-2" => {
            "The broker keeps one session for each Client Identifier; the name is all it knows a client by."
        }
        "MQTT-3.1.4-2" => {
            "When a client comes with an identifier that is connected already, the broker closes the older connection."
        }
        "MQTT-3.1.4-3" => "The broker does what the Clean Session flag asks for before it answers.",
        "MQTT-3.1.4-4" => {
            "The broker answers a good CONNECT with a CONNACK that carries return code zero."
        }
        "MQTT-3.2.0-1" => "The first packet a client gets from the broker is CONNACK.",
        "MQTT-3.2.2-1" => "After a clean start there is no session, and Session Present is 0.",
        "MQTT-3.2.2-2" | "MQTT-3.2.2-3" => {
            "Session Present says whether the broker still had a session for this name."
        }
        "MQTT-3.3.5-1" => {
            "A message that matches several filters of one client goes out with the highest granted QoS."
        }
        "MQTT-3.8.4-1" => "The broker answers SUBSCRIBE with SUBACK.",
        "MQTT-3.12.4-1" => "The broker answers PINGREQ with PINGRESP.",
        "MQTT-3.14.4-3" => "After a DISCONNECT the broker throws the will away.",
        "MQTT-4.3.1-1" => "At QoS 0 a message is sent once and forgotten.",
        "MQTT-4.3.2-1" => "At QoS 1 a message keeps its number and is kept until PUBACK comes.",
        "MQTT-4.4.0-1" => {
            "What was not acknowledged is sent again when the client comes back to its session."
        }
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
