//! Every sentence the page says, in one place.
//!
//! Text between backquotes is shown as code.

mod clauses;
pub(crate) mod learn;
pub(crate) mod opening;

use mqttlab_sim::view::{
    Event, EventKind, Flight, FlightKind, Micros, Participant, ParticipantState, Stage, TimerKind,
};

use crate::player::Speed;
use crate::scene::{Family, Inner, is_folded};

pub(crate) use clauses::sentence;

/// A moment: `5.002 s`.
pub(crate) fn moment(at: Micros) -> String {
    format!("{} s", moment_bare(at))
}

/// A moment without its unit, for narrow columns.
pub(crate) fn moment_bare(at: Micros) -> String {
    format!("{}.{:03}", at / 1_000_000, at / 1_000 % 1_000)
}

/// How long something takes: `20 ms`, `4.5 s`, `2 min 5 s`.
pub(crate) fn span(length: Micros) -> String {
    match length {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{length} µs"),
        1_000..1_000_000 => format!("{} ms", length / 1_000),
        1_000_000..60_000_000 => {
            format!("{}.{} s", length / 1_000_000, length / 100_000 % 10)
        }
        60_000_000..3_600_000_000 => {
            let seconds = length / 1_000_000;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
        _ => {
            let minutes = length / 60_000_000;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

/// How long something takes, in words that do not jump about: `0.8 s`, never `880 ms`.
fn steady(length: Micros) -> String {
    if length < 60_000_000 {
        format!("{}.{} s", length / 1_000_000, length / 100_000 % 10)
    } else {
        span(length)
    }
}

/// `1 client`, `3 clients`.
pub(crate) fn count(number: usize, one: &str, more: &str) -> String {
    match number {
        0 => format!("no {more}"),
        1 => format!("1 {one}"),
        _ => format!("{number} {more}"),
    }
}

/// `paced`, `1/100 ×`, `10 ×`.
pub(crate) fn speed(speed: Speed) -> String {
    match speed {
        Speed::Paced => "paced".to_owned(),
        Speed::Scaled { times, per: 1 } => format!("{times} ×"),
        Speed::Scaled { times, per } => format!("{times}/{per} ×"),
    }
}

/// What a client is doing, with its time: `connected 5.0 s`.
pub(crate) fn doing(participant: &Participant, shown: Micros) -> String {
    let since = || steady(shown.saturating_sub(participant.since));
    match participant.state {
        ParticipantState::Running => "running".to_owned(),
        ParticipantState::Idle => "not connected".to_owned(),
        ParticipantState::Opening => "opening TCP…".to_owned(),
        ParticipantState::Connecting => "connecting…".to_owned(),
        ParticipantState::Connected => format!("connected {}", since()),
        ParticipantState::Waiting => match reconnect_at(participant) {
            Some(at) => format!("again in {}", steady(at.saturating_sub(shown))),
            None => "waiting to reconnect".to_owned(),
        },
        ParticipantState::Asleep => "asleep".to_owned(),
        ParticipantState::Crashed => "crashed".to_owned(),
    }
}

fn reconnect_at(participant: &Participant) -> Option<Micros> {
    let mut timers = participant.timers.iter();
    timers
        .find(|timer| timer.kind == TimerKind::Reconnect)
        .map(|timer| timer.until)
}

/// The whole scene in a sentence, for those who do not see it.
pub(crate) fn summary(scene: &Inner, shown: Micros) -> String {
    if scene.is_crowd() {
        return format!("At {}: {}.", moment(shown), crowd(scene));
    }
    let mut parts: Vec<String> = scene
        .clients()
        .iter()
        .map(|client| format!("{} {}", client.name, doing(client, shown)))
        .collect();
    let wire: Vec<String> = scene
        .travelling()
        .filter(|flight| !is_folded(flight))
        .map(|flight| route(flight, scene))
        .collect();
    parts.push(if wire.is_empty() {
        "nothing on the wire".to_owned()
    } else {
        format!("on the wire: {}", wire.join(", "))
    });
    format!("At {}: {}.", moment(shown), parts.join(", "))
}

/// How many clients do what: `312 connected, 88 connecting`.
pub(crate) fn crowd(scene: &Inner) -> String {
    let names = ParticipantState::ALL.iter().filter_map(|state| {
        let clients = scene.clients().iter();
        let count = clients.filter(|client| client.state == *state).count();
        (count > 0).then(|| format!("{count} {}", state.name()))
    });
    names.collect::<Vec<_>>().join(", ")
}

/// `CONNECT from B to broker`.
pub(crate) fn route(flight: &Flight, scene: &Inner) -> String {
    let (from, to) = (scene.name(flight.from), scene.name(flight.to));
    format!("{} from {from} to {to}", shown_name(flight))
}

/// What happened, without the name of whom it happened to: that stands beside it.
pub(crate) fn told<'a>(event: &'a Event, scene: &Inner) -> &'a str {
    let name = scene.name(event.participant);
    let rest = event.text.strip_prefix(name);
    rest.and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(&event.text)
}

/// What a flight is called on the screen: the end of a connection says what it does.
pub(crate) fn shown_name(flight: &Flight) -> &str {
    match (Family::of(flight), flight.name.as_str()) {
        (Family::Fault, "FIN") => "close",
        (Family::Fault, "RST") => "reset",
        _ => &flight.name,
    }
}

/// What a TCP signal is for.
pub(crate) fn tcp(name: &str) -> &'static str {
    match name {
        "SYN" => "The first step of opening a TCP connection: the client knocks.",
        "SYN-ACK" => "The second step of opening a TCP connection: the broker opens the door.",
        "FIN" => {
            "The end of a TCP connection, said in order: “I will send nothing more.” MQTT 3.1.1 has no packet with which a \
             broker could say why."
        }
        "RST" => "The end of a TCP connection by force: what was on its way is thrown away.",
        _ => "A signal of TCP, below MQTT.",
    }
}

/// The standard's words for the kind of a packet.
pub(crate) fn about_kind(kind: FlightKind) -> &'static str {
    match kind {
        FlightKind::Connect => "connection",
        FlightKind::Publish => "message",
        FlightKind::Ack => "acknowledgement, QoS 1",
        FlightKind::QoS2 => "handshake, QoS 2",
        FlightKind::Subscribe => "subscription",
        FlightKind::Ping => "keep alive",
        FlightKind::Tcp => "TCP",
    }
}

/// Kinds of events, for the list.
pub(crate) fn event_kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Action => "action",
        EventKind::Sent => "sent",
        EventKind::Arrived => "arrived",
        EventKind::Connection => "connection",
        EventKind::Timer => "timer",
        EventKind::Decision => "decision",
        EventKind::Application => "application",
        EventKind::Fault => "fault",
    }
}

/// What a sender waits for.
pub(crate) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::PubAck => "waits for PUBACK",
        Stage::PubRec => "waits for PUBREC",
        Stage::PubComp => "waits for PUBCOMP",
    }
}

/// What a timer is for.
pub(crate) fn timer(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::KeepAlive => "must send something",
        TimerKind::PingResponse => "must get PINGRESP",
        TimerKind::Connect => "must finish connecting",
        TimerKind::Reconnect => "connects again",
        TimerKind::KeepAliveLimit => "must hear something",
        TimerKind::SessionExpiry => "session expires",
        TimerKind::WillDelay => "will is published",
        TimerKind::Other => "timer",
    }
}

#[cfg(test)]
mod tests {
    use super::{count, moment, span, speed};
    use crate::player::Speed;

    #[test]
    fn moments_are_seconds_with_milliseconds() {
        assert_eq!(moment(5_002_000), "5.002 s");
        assert_eq!(moment(0), "0.000 s");
        assert_eq!(moment(90_040_999), "90.040 s");
    }

    #[test]
    fn spans_take_the_unit_that_fits() {
        for (length, text) in [
            (0, "0 ms"),
            (350, "350 µs"),
            (20_000, "20 ms"),
            (4_580_000, "4.5 s"),
            (125_000_000, "2 min 5 s"),
            (3_720_000_000, "1 h 2 min"),
        ] {
            assert_eq!(span(length), text);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(count(0, "client", "clients"), "no clients");
        assert_eq!(count(1, "client", "clients"), "1 client");
        assert_eq!(count(2, "client", "clients"), "2 clients");
    }

    #[test]
    fn speeds_are_named() {
        assert_eq!(speed(Speed::Scaled { times: 1, per: 100 }), "1/100 ×");
        assert_eq!(speed(Speed::Scaled { times: 10, per: 1 }), "10 ×");
    }
}
