//! A run as a test in Rust, that plays it again and asks for the same.

use std::fmt::Write;

use super::trace::seconds;
use crate::monitor::Verdict;
use crate::recording::{Changes, Recording, UserInput};
use crate::scenario::{Act, Ending, Memory, Message, Ways};

/// A whole test file: the scenario whose text is `source`, with the seed and the changes of `recording`, played up to its
/// moment.
///
/// The file needs `mqttlab-sim` among the dev-dependencies of the package that it is put into.
pub fn rust(recording: &Recording, source: &str) -> String {
    let scenario = recording.scenario();
    let changes = &recording.current_branch().changes;
    let verdicts: Vec<_> = recording.check();
    let mut text = String::new();
    let _ = writeln!(text, "//! {}.\n", one_line(&scenario.title));
    if !verdicts.is_empty() {
        text.push_str("use mqttlab_sim::monitor::Verdict;\n");
    }
    let inputs = if changes.inputs.is_empty() {
        ""
    } else {
        ", UserInput"
    };
    let _ = writeln!(
        text,
        "use mqttlab_sim::recording::{{Changes, Recording{inputs}}};"
    );
    let _ = writeln!(text, "use mqttlab_sim::scenario::{};\n", used(changes));
    let _ = writeln!(text, "const SCENARIO: &str = {};\n", raw(source));
    let _ = writeln!(text, "#[test]\nfn {}() {{", name(&scenario.id));
    text.push_str(
        "    let mut scenario = Scenario::parse(SCENARIO).expect(\"it is a scenario\");\n",
    );
    let _ = writeln!(text, "    scenario.seed = {};", scenario.seed);
    text.push_str(&changes_code(changes));
    text.push_str("    let mut recording = Recording::with_changes(scenario, changes);\n");
    let _ = writeln!(
        text,
        "    // {} s\n    recording.seek({});\n    recording.check_invariants();",
        seconds(recording.now()),
        recording.now()
    );
    if !verdicts.is_empty() {
        text.push_str(
            "    let results = recording.check();\n    \
             let verdicts: Vec<Verdict> = results.iter().map(|result| result.verdict).collect();\n    \
             let expected = [\n",
        );
        for result in &verdicts {
            let verdict = match result.verdict {
                Verdict::Pass => "Pass",
                Verdict::Fail => "Fail",
                Verdict::Undecided => "Undecided",
            };
            let _ = writeln!(
                text,
                "        // {}\n        Verdict::{verdict},",
                one_line(&result.text)
            );
        }
        text.push_str("    ];\n    assert_eq!(verdicts, expected, \"{results:#?}\");\n");
    }
    let _ = writeln!(
        text,
        "    // Every event is the same; without this line another way to the same end is as good.\n    \
         assert_eq!(format!(\"{{:016x}}\", recording.hash()), \"{:016x}\");\n}}",
        recording.hash()
    );
    text
}

/// What the file uses of the module of scenarios, in the order that rustfmt wants.
fn used(changes: &Changes) -> String {
    let acts = || changes.inputs.iter().map(|input| &input.action.act);
    let any = |is: fn(&Act) -> bool| acts().any(is);
    let mut names = Vec::new();
    if !changes.inputs.is_empty() {
        names.extend(["Act", "Action"]);
    }
    if any(|act| matches!(act, Act::Crash { .. })) {
        names.push("Ending");
    }
    if any(|act| matches!(act, Act::Restart { .. })) {
        names.push("Memory");
    }
    if any(|act| matches!(act, Act::Publish(_))) {
        names.push("Message");
    }
    if any(|act| matches!(act, Act::Publish(_) | Act::Subscribe { .. })) {
        names.push("QoS");
    }
    names.push("Scenario");
    if any(|act| {
        matches!(
            act,
            Act::Cut { .. }
                | Act::Stall { .. }
                | Act::Release { .. }
                | Act::SlowDown { .. }
                | Act::SpeedUp { .. }
        )
    }) {
        names.push("Ways");
    }
    match names.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("{{{}}}", many.join(", ")),
    }
}

fn changes_code(changes: &Changes) -> String {
    if *changes == Changes::default() {
        return "    let changes = Changes::default();\n".to_owned();
    }
    let mut text =
        String::from("    #[rustfmt::skip]\n    let changes = Changes {\n        inputs: vec![\n");
    for UserInput { at, nth, action } in &changes.inputs {
        let (who, act) = (action.who, act_code(&action.act));
        let action = format!("Action {{ who: {who}, act: {act} }}");
        let input = format!("UserInput {{ at: {at}, nth: {nth}, action: {action} }}");
        let _ = writeln!(text, "            {input},");
    }
    let _ = writeln!(
        text,
        "        ],\n        omitted: vec!{:?},\n    }};",
        changes.omitted
    );
    text
}

/// The expression that makes it.
fn act_code(act: &Act) -> String {
    let ways = |way: &Ways| match way {
        Ways::Up => "Ways::Up",
        Ways::Down => "Ways::Down",
        Ways::Both => "Ways::Both",
    };
    let inside = match act {
        Act::Connect => "Connect".to_owned(),
        Act::Disconnect { will } => format!("Disconnect {{ will: {will} }}"),
        Act::Publish(message) => format!("Publish({})", message_code(message)),
        Act::Subscribe { filter, qos } => {
            format!("Subscribe {{ filter: {filter:?}.into(), qos: QoS::{qos:?} }}")
        }
        Act::Unsubscribe { filter } => format!("Unsubscribe {{ filter: {filter:?}.into() }}"),
        Act::Crash { how } => {
            let how = match how {
                Ending::Fin => "Fin",
                Ending::Rst => "Rst",
            };
            format!("Crash {{ how: Ending::{how} }}")
        }
        Act::PowerOff => "PowerOff".to_owned(),
        Act::Restart { memory } => {
            let memory = match memory {
                Memory::Kept => "Kept",
                Memory::Lost => "Lost",
            };
            format!("Restart {{ memory: Memory::{memory} }}")
        }
        Act::Cut { way } => format!("Cut {{ way: {} }}", ways(way)),
        Act::Heal => "Heal".to_owned(),
        Act::Stall { way } => format!("Stall {{ way: {} }}", ways(way)),
        Act::Release { way } => format!("Release {{ way: {} }}", ways(way)),
        Act::Reset => "Reset".to_owned(),
        Act::Close => "Close".to_owned(),
        Act::Refuse => "Refuse".to_owned(),
        Act::Accept => "Accept".to_owned(),
        Act::Pause => "Pause".to_owned(),
        Act::Resume => "Resume".to_owned(),
        Act::Sleep => "Sleep".to_owned(),
        Act::Wake => "Wake".to_owned(),
        Act::Send { bytes } => format!("Send {{ bytes: {bytes:?}.into() }}"),
        Act::SlowDown {
            way,
            latency,
            bandwidth,
        } => format!(
            "SlowDown {{ way: {}, latency: {latency:?}, bandwidth: {bandwidth:?} }}",
            ways(way)
        ),
        Act::SpeedUp { way } => format!("SpeedUp {{ way: {} }}", ways(way)),
    };
    format!("Act::{inside}")
}

fn message_code(message: &Message) -> String {
    let Message {
        topic,
        payload,
        qos,
        retain,
        expiry,
    } = message;
    format!(
        "Message {{ topic: {topic:?}.into(), payload: {payload:?}.into(), \
         qos: QoS::{qos:?}, retain: {retain}, expiry: {expiry:?} }}"
    )
}

/// As a raw string, whatever is in it.
fn raw(text: &str) -> String {
    let mut fence = "#".to_owned();
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    // A raw string cannot have a lone carriage return in it.
    let text = text.replace("\r\n", "\n").replace('\r', " ");
    format!("r{fence}\"{text}\"{fence}")
}

/// A name for a function.
fn name(id: &str) -> String {
    let name = id.replace('-', "_");
    match name.starts_with(|c: char| c.is_ascii_lowercase()) && !KEYWORDS.contains(&name.as_str()) {
        true => name,
        false => format!("scenario_{name}"),
    }
}

/// What cannot be a name although it looks like one.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
