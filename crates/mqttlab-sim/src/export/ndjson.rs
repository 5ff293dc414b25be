//! A run as lines of JSON, for programs that read it while it comes.

use serde::Serialize;

use crate::monitor::ExpectationResult;
use crate::recording::Recording;
use crate::view::{Event, EventKind, Flight, Micros};

/// One line.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    /// The first: what is played.
    Run(Run<'a>),
    /// Something that was sent, before the event that sends it.
    Flight(&'a Flight),
    Event(&'a Event),
    Expectation(&'a ExpectationResult),
    /// The last.
    End(End),
}

#[derive(Serialize)]
struct Run<'a> {
    scenario: &'a str,
    title: &'a str,
    seed: u64,
    /// Names by number.
    participants: Vec<&'a str>,
}

#[derive(Serialize)]
struct End {
    at: Micros,
    /// The rolling hash of all that happened, in hex.
    hash: String,
}

/// What has happened up to the moment of `recording`, one JSON object a line, each with one key that says what it is.
///
/// ```text
/// {"run":{"scenario":"duel","title":"…","seed":7,"participants":["broker","A","B"]}}
/// {"event":{"id":0,"at":0,"participant":1,"kind":"action","text":"A is told to connect",…}}
/// {"flight":{"id":0,"connection":1,"from":1,"to":0,"name":"SYN",…}}
/// {"expectation":{"index":0,"text":"eventually connected(\"A\")","verdict":"pass",…}}
/// {"end":{"at":10000000,"hash":"0123456789abcdef"}}
/// ```
///
/// Times are microseconds. A flight stands before the event that sends it and has the fate that it had at the moment.
///
/// # Panics
/// Never: everything that is written has a form in JSON.
pub fn ndjson(recording: &Recording) -> String {
    let scenario = recording.scenario();
    let mut text = String::new();
    let clients = scenario.clients.iter().map(|client| client.name.as_str());
    line(
        &Line::Run(Run {
            scenario: &scenario.id,
            title: &scenario.title,
            seed: scenario.seed,
            participants: ["broker"].into_iter().chain(clients).collect(),
        }),
        &mut text,
    );
    for event in recording.events() {
        let flight = event.flight.filter(|_| event.kind == EventKind::Sent);
        if let Some(flight) = flight.and_then(|id| recording.flights().get(id as usize)) {
            line(&Line::Flight(flight), &mut text);
        }
        line(&Line::Event(event), &mut text);
    }
    for result in &recording.check() {
        line(&Line::Expectation(result), &mut text);
    }
    let end = End {
        at: recording.now(),
        hash: format!("{:016x}", recording.hash()),
    };
    line(&Line::End(end), &mut text);
    text
}

fn line(line: &Line<'_>, text: &mut String) {
    let json = serde_json::to_string(line).expect("texts, numbers and lists have a form in JSON");
    text.push_str(&json);
    text.push('\n');
}
