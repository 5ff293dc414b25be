//! A run as text, one line an event; also what golden tests compare.

use std::fmt::Write;

use crate::recording::Recording;
use crate::view::{Event, EventKind, FlightKind, Micros};

/// What goes into a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// SYN, ACK, FIN, RST and what they do.
    pub tcp: bool,
    /// Why the machines did what they did.
    pub decisions: bool,
}

impl Default for Options {
    /// Everything.
    fn default() -> Self {
        Self {
            tcp: true,
            decisions: true,
        }
    }
}

/// What has happened up to the moment of `recording`.
///
/// ```text
/// # duel: The reconnect duel
/// # MQTT 3.1.1, seed 7
///    5.000000  *  B is told to connect
///    5.000000  >  B sends SYN to broker
///    5.040000  <  broker gets SYN from B
/// ```
///
/// The marks: `*` somebody does something, `>` sent, `<` arrived, `=` a connection, `@` a timer, `?` a decision with the
/// statement behind it, `.` an application hears of something, `!` a disturbance. The last lines are the expectations.
pub fn trace(recording: &Recording, options: Options) -> String {
    let scenario = recording.scenario();
    let mut text = String::new();
    let _ = writeln!(text, "# {}: {}", scenario.id, scenario.title);
    let _ = writeln!(text, "# MQTT {}, seed {}", scenario.mqtt, scenario.seed);
    for event in recording.events() {
        if is_shown(event, recording, options) {
            line(event, &mut text);
        }
    }
    let _ = writeln!(
        text,
        "# until {}, hash {:016x}",
        seconds(recording.now()),
        recording.hash()
    );
    for result in recording.check() {
        let verdict = match result.verdict {
            crate::monitor::Verdict::Pass => "pass",
            crate::monitor::Verdict::Fail => "FAIL",
            crate::monitor::Verdict::Undecided => "undecided",
        };
        let _ = write!(text, "# {verdict}: {}", result.text);
        if let Some(detail) = result.detail {
            let _ = write!(text, " ({detail})");
        }
        text.push('\n');
    }
    text
}

fn is_shown(event: &Event, recording: &Recording, options: Options) -> bool {
    let is_tcp = event
        .flight
        .and_then(|id| recording.flights().get(id as usize))
        .is_some_and(|flight| flight.what == FlightKind::Tcp);
    (options.tcp || !is_tcp) && (options.decisions || event.kind != EventKind::Decision)
}

/// One event as one line.
fn line(event: &Event, out: &mut String) {
    let mark = match event.kind {
        EventKind::Action => '*',
        EventKind::Sent => '>',
        EventKind::Arrived => '<',
        EventKind::Connection => '=',
        EventKind::Timer => '@',
        EventKind::Decision => '?',
        EventKind::Application => '.',
        EventKind::Fault => '!',
    };
    let _ = write!(out, "{:>12}  {mark}  {}", seconds(event.at), event.text);
    if let Some(clause) = &event.clause {
        let _ = write!(out, " [{clause}]");
    }
    out.push('\n');
}

/// Seconds with six decimals.
pub(crate) fn seconds(at: Micros) -> String {
    format!("{}.{:06}", at / 1_000_000, at % 1_000_000)
}
