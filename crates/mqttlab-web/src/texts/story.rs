//! The story of the reconnect duel.

use crate::lesson::{Facts, Outcome, Part};

use super::count;

/// What the left panel tells at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    pub(crate) text: Vec<String>,
    /// An aside, in a quieter voice.
    pub(crate) aside: Option<String>,
}

/// The chapter for these facts.
pub(crate) fn chapter(facts: &Facts) -> Chapter {
    let Facts {
        first,
        second,
        client_id,
        closes,
        ..
    } = facts;
    let id = format!("`{client_id}`");
    let (title, text, aside) = match facts.part {
        Part::Alone => (
            "A pump goes online",
            vec![
                format!("Two pumps were set up from the same copy, so both call themselves {id}."),
                format!("{first} connects first: it opens TCP, sends CONNECT and gets CONNACK."),
            ],
            Some(format!("Watch the broker make a session for {id}.")),
        ),
        Part::SameName => (
            "One name, two clients",
            vec![
                format!("Both pumps call themselves {id}. {first} is connected and does nothing wrong. Now {second} sends its CONNECT."),
            ],
            Some("A broker knows a client by its Client Identifier, and by nothing else.".to_owned()),
        ),
        Part::Takeover => (
            "The older one has to go",
            vec![
                format!("{second}’s CONNECT is in order, so the broker takes it. But one name has room for one connection: it closes the one to {first}."),
                format!("{first} gets no packet that says why. MQTT 3.1.1 has none."),
            ],
            None,
        ),
        Part::Waiting => (
            "Wait a second, try again",
            vec![
                format!("{first} sees its connection end and thinks of a bad network. Its program says: wait a second, connect again."),
                format!("{} uses the name now.", facts.connected.as_deref().unwrap_or(second)),
            ],
            Some("Reconnecting by itself is good manners, and here it makes the trouble.".to_owned()),
        ),
        Part::BackAgain => (
            "And back again",
            vec![
                format!("{first} connects as {id} once more. For the broker nothing is new: a good CONNECT, a name in use, an older connection to close."),
                format!("This time it is {second} that falls out."),
            ],
            None,
        ),
        Part::Endless => (
            "A duel without an end",
            vec![
                format!("So far the broker has closed {}. Each one comes back after a second and throws the other out.", count(*closes, "connection", "connections")),
                match &facts.connected {
                    Some(name) => format!("At this moment {name} has the name. Not for long."),
                    None => "At this moment nobody has the name.".to_owned(),
                },
            ],
            Some("Nobody ever gets an error: every CONNECT succeeds.".to_owned()),
        ),
        Part::Over => (
            "A duel without an end",
            vec![
                format!("The run ends here; the duel would not. The broker has closed {}.", count(*closes, "connection", "connections")),
                "The way out is a name for each: two pumps, two Client Identifiers. Waiting longer before connecting again only makes the duel slower.".to_owned(),
            ],
            Some("Go back with ← and look at any moment again.".to_owned()),
        ),
    };
    Chapter { title, text, aside }
}

/// The question, and the answers in the order of [`Outcome::OFFERED`].
pub(crate) fn option(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::ConnAck => "a CONNACK with an error",
        Outcome::Closed => "no packet: its connection is closed",
        Outcome::Disconnect => "a DISCONNECT packet",
        Outcome::Nothing => "nothing at all",
    }
}

/// What to say when the run has shown the answer.
pub(crate) fn verdict(chosen: Option<Outcome>, truth: Outcome, first: &str) -> String {
    let was = format!("What {first} got: {}.", option(truth));
    match chosen {
        Some(chosen) if chosen == truth => format!("You saw it coming. {was}"),
        Some(Outcome::ConnAck) => {
            format!("{was} CONNACK answers a CONNECT, and {first} has not sent another one.")
        }
        Some(Outcome::Disconnect) => {
            format!(
                "{was} In MQTT 3.1.1 only clients send DISCONNECT; 5.0 lets the broker say why."
            )
        }
        Some(Outcome::Closed | Outcome::Nothing) | None => was,
    }
}
