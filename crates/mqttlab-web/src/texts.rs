//! Which words go with what the model shows. The words themselves are in [`say`].

mod clauses;
pub(crate) mod learn;
pub(crate) mod opening;

use mqttlab_sim::view::{
    Event, EventKind, Flight, FlightKind, Micros, Participant, ParticipantState, Stage, TimerKind,
};

use crate::player::Speed;
use crate::say::{self, Text};
use crate::scene::{Family, Inner, is_folded};

pub(crate) use clauses::sentence;

/// A moment: `5.002 s`.
pub(crate) fn moment(at: Micros) -> String {
    say::moment(&moment_bare(at))
}

/// A moment without its unit, for narrow columns.
pub(crate) fn moment_bare(at: Micros) -> String {
    format!("{}.{:03}", at / 1_000_000, at / 1_000 % 1_000)
}

/// How long something takes: `20 ms`, `4.5 s`, `2 min 5 s`.
pub(crate) fn span(length: Micros) -> String {
    match length {
        0 | 1_000..1_000_000 => say::span_millis(length / 1_000),
        1..1_000 => say::span_micros(length),
        1_000_000..60_000_000 => tenths(length),
        60_000_000..3_600_000_000 => {
            let seconds = length / 1_000_000;
            say::span_minutes(seconds / 60, seconds % 60)
        }
        3_600_000_000..172_800_000_000 => {
            let minutes = length / 60_000_000;
            say::span_hours(minutes / 60, minutes % 60)
        }
        _ => {
            let hours = length / 3_600_000_000;
            say::span_days(hours / 24, hours % 24)
        }
    }
}

fn tenths(length: Micros) -> String {
    say::span_seconds(&format!("{}.{}", length / 1_000_000, length / 100_000 % 10))
}

/// How long something takes, in words that do not jump about: `0.8 s`, never `880 ms`.
fn steady(length: Micros) -> String {
    if length < 60_000_000 {
        tenths(length)
    } else {
        span(length)
    }
}

/// `paced`, `1/100 ×`, `10 ×`.
pub(crate) fn speed(speed: Speed) -> String {
    match speed {
        Speed::Paced => say::SPEED_PACED.to_string(),
        Speed::Scaled { times, per: 1 } => say::speed_times(times),
        Speed::Scaled { times, per } => say::speed_part(times, per),
    }
}

/// What a client is doing, with its time: `connected 5.0 s`.
pub(crate) fn doing(participant: &Participant, shown: Micros) -> String {
    let text = match participant.state {
        ParticipantState::Running => say::DOING_RUNNING,
        ParticipantState::Idle => say::DOING_IDLE,
        ParticipantState::Opening => say::DOING_OPENING,
        ParticipantState::Connecting => say::DOING_CONNECTING,
        ParticipantState::Connected => {
            return say::doing_connected(&steady(shown.saturating_sub(participant.since)));
        }
        ParticipantState::Waiting => match reconnect_at(participant) {
            Some(at) => return say::doing_again(&steady(at.saturating_sub(shown))),
            None => say::DOING_WAITING,
        },
        ParticipantState::Asleep => say::DOING_ASLEEP,
        ParticipantState::Crashed => say::DOING_CRASHED,
    };
    text.to_string()
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
        return say::summary(&moment(shown), &crowd(scene));
    }
    let mut parts: Vec<String> = scene
        .clients()
        .iter()
        .map(|client| say::summary_client(&client.name, &doing(client, shown)))
        .collect();
    let wire: Vec<String> = scene
        .travelling()
        .filter(|flight| !is_folded(flight))
        .map(|flight| route(flight, scene))
        .collect();
    parts.push(if wire.is_empty() {
        say::SUMMARY_WIRE_EMPTY.to_string()
    } else {
        say::summary_wire(&wire.join(", "))
    });
    say::summary(&moment(shown), &parts.join(", "))
}

/// How many clients do what: `312 connected, 88 connecting`.
pub(crate) fn crowd(scene: &Inner) -> String {
    let names = ParticipantState::ALL.iter().filter_map(|state| {
        let clients = scene.clients().iter();
        let count = clients.filter(|client| client.state == *state).count();
        (count > 0).then(|| say::crowd_part(count, state.name()))
    });
    names.collect::<Vec<_>>().join(", ")
}

/// `CONNECT from B to broker`.
pub(crate) fn route(flight: &Flight, scene: &Inner) -> String {
    let (from, to) = (scene.name(flight.from), scene.name(flight.to));
    say::route(shown_name(flight), from, to)
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
        (Family::Fault, "FIN") => say::FLIGHT_CLOSE.text(),
        (Family::Fault, "RST") => say::FLIGHT_RESET.text(),
        _ => &flight.name,
    }
}

/// What a TCP signal is for.
pub(crate) fn tcp(name: &str) -> Text {
    match name {
        "SYN" => say::TCP_SYN,
        "SYN-ACK" => say::TCP_SYN_ACK,
        "FIN" => say::TCP_FIN,
        "RST" => say::TCP_RST,
        _ => say::TCP_OTHER,
    }
}

/// The standard's words for the kind of a packet.
pub(crate) fn about_kind(kind: FlightKind) -> Text {
    match kind {
        FlightKind::Connect => say::PACKET_CONNECT,
        FlightKind::Publish => say::PACKET_PUBLISH,
        FlightKind::Ack => say::PACKET_ACK,
        FlightKind::QoS2 => say::PACKET_QOS2,
        FlightKind::Subscribe => say::PACKET_SUBSCRIBE,
        FlightKind::Ping => say::PACKET_PING,
        FlightKind::Tcp => say::PACKET_TCP,
    }
}

/// Kinds of events, for the list.
pub(crate) fn event_kind(kind: EventKind) -> Text {
    match kind {
        EventKind::Action => say::EVENT_ACTION,
        EventKind::Sent => say::EVENT_SENT,
        EventKind::Arrived => say::EVENT_ARRIVED,
        EventKind::Connection => say::EVENT_CONNECTION,
        EventKind::Timer => say::EVENT_TIMER,
        EventKind::Decision => say::EVENT_DECISION,
        EventKind::Application => say::EVENT_APPLICATION,
        EventKind::Fault => say::EVENT_FAULT,
    }
}

/// What a sender waits for.
pub(crate) fn stage(stage: Stage) -> Text {
    match stage {
        Stage::PubAck => say::STAGE_PUBACK,
        Stage::PubRec => say::STAGE_PUBREC,
        Stage::PubComp => say::STAGE_PUBCOMP,
    }
}

/// What a timer is for.
pub(crate) fn timer(kind: TimerKind) -> Text {
    match kind {
        TimerKind::KeepAlive => say::TIMER_KEEP_ALIVE,
        TimerKind::PingResponse => say::TIMER_PING_RESPONSE,
        TimerKind::Connect => say::TIMER_CONNECT,
        TimerKind::Reconnect => say::TIMER_RECONNECT,
        TimerKind::KeepAliveLimit => say::TIMER_KEEP_ALIVE_LIMIT,
        TimerKind::SessionExpiry => say::TIMER_SESSION_EXPIRY,
        TimerKind::WillDelay => say::TIMER_WILL_DELAY,
        TimerKind::Other => say::TIMER_OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::{moment, span, speed};
    use crate::player::Speed;
    use crate::say;

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
            (172_799_999_999, "47 h 59 min"),
            (1_209_540_000_000, "13 d 23 h"),
        ] {
            assert_eq!(span(length), text);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(say::clients(0_usize), "no clients");
        assert_eq!(say::clients(1_usize), "1 client");
        assert_eq!(say::clients(2_usize), "2 clients");
    }

    #[test]
    fn speeds_are_named() {
        assert_eq!(speed(Speed::Scaled { times: 1, per: 100 }), "1/100 ×");
        assert_eq!(speed(Speed::Scaled { times: 10, per: 1 }), "10 ×");
    }
}
