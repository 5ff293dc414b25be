//! What the page says around lessons; what they say themselves is in their files.

use crate::lesson::{Done, Place};

pub(crate) const ALL: &str = "‹ All lessons";
pub(crate) const CONTINUE: &str = "Play on";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const AGAIN: &str = "From the start";
pub(crate) const BACK: &str = "Back";
pub(crate) const CHECK: &str = "Check, then play";
pub(crate) const YOU_SAY: &str = "You say: ";
pub(crate) const YOU_SAID: &str = "You said ";
pub(crate) const WATCH: &str = ". Now watch.";
pub(crate) const SHOW: &str = "Show the answer";
pub(crate) const RIGHT: &str = "You saw it coming:";
pub(crate) const WRONG: &str = "It was";
pub(crate) const ANSWER: &str = "The run says:";
pub(crate) const COUNTER: &str = "See a run in which you would be right";
pub(crate) const TO_STORY: &str = "Back to the story";
pub(crate) const BELIEF: &str = "A common belief: ";
pub(crate) const BUILD: &str = "Something else: open this run in the sandbox";
pub(crate) const WHAT_IF: &str = "What if…";
pub(crate) const TRY: &str = "Try it: ";
pub(crate) const TOOLS: &str = "Do this at the moment on the screen:";
pub(crate) const WON: &str = "Done. The run itself says so.";
pub(crate) const RESET: &str = "Start anew";
pub(crate) const IN_PYTHON: &str = "In Python: ";
pub(crate) const PYTHON: &str = "With paho-mqtt, against a broker on this computer: mqttlab broker. The project’s tests run it.";
pub(crate) const REAL: &str = "Is this real?";
pub(crate) const PROOF: &str = "To check it, run the same scenario in a terminal: ";
pub(crate) const HASH: &str = "Its trace is the one you see, and its last line has the hash that is shown here at the end. At this moment it is ";

pub(crate) const COURSE: &str = "Thirteen lessons";
pub(crate) const ABOUT_COURSE: &str = "Short runs of a real MQTT broker. Each stops and asks what will happen before it shows it. They build on each other, from the first knock to what a broker remembers.";
pub(crate) const CASES: &str = "Find the mistake";
pub(crate) const ABOUT_CASES: &str = "Four runs in which somebody makes a mistake that real programs made. You get the trace, and name it.";
pub(crate) const TROUBLE: &str =
    "This lesson could not be loaded. Is the connection to the page’s server gone?";
pub(crate) const FINISHED: &str = " finished";
pub(crate) const PROGRESS: &str = "Your progress";
pub(crate) const LOCAL: &str = "It is kept in this browser and sent nowhere.";
pub(crate) const EXPORT: &str = "Save as file";
pub(crate) const IMPORT: &str = "Load a file";
pub(crate) const FORGET: &str = "Forget it";
pub(crate) const SURE: &str = "Really forget all of it";
pub(crate) const NOTHING_YET: &str = "nothing yet";
pub(crate) const TEACHERS: &str = "For teachers";
pub(crate) const TEACHER: &str = "Hide answers until I show them";
pub(crate) const PRESENTER: &str = "A presenter’s remote works: its keys play on and go back. With a link everybody sees the same run.";
pub(crate) const SEED: &str = "Seed ";
pub(crate) const CLASS_LINK: &str = "Copy the link for the class";

pub(crate) fn place(place: Place) -> String {
    let kind = if place.is_case { "Case" } else { "Lesson" };
    format!("{kind} {} of {}", place.number, place.of)
}

pub(crate) fn part(number: usize, of: usize) -> String {
    format!("Part {number} of {of}")
}

/// An action as something to be done: `writer: publish …`.
pub(crate) fn tool(action: &str) -> String {
    action.replacen(" is told to ", ": ", 1)
}

pub(crate) fn next(title: &str) -> String {
    format!("Next: {title}")
}

pub(crate) fn go_on(finished: usize, title: &str) -> String {
    match finished {
        0 => format!("Begin: {title}"),
        _ => format!("Go on: {title}"),
    }
}

pub(crate) fn hint(given: usize, of: usize) -> String {
    format!("Hint {} of {of}", given + 1)
}

/// A title below the words “What if…”, without repeating them.
pub(crate) fn without_what_if(title: &str) -> String {
    match title.strip_prefix("What if ") {
        Some(rest) => format!("…{rest}"),
        None => title.to_owned(),
    }
}

pub(crate) fn real(version: &str) -> String {
    format!(
        "Yes. The broker, the clients and the network between them run in this page, version {version}. The code is that of \
         the program mqttlab broker, compiled for the browser. Nothing is recorded, and nothing is sent anywhere."
    )
}

pub(crate) fn command(id: &str) -> String {
    format!("mqttlab run lessons/{id}/scenario.toml")
}

pub(crate) fn done(done: Done, questions: u8) -> String {
    let right = format!("{} of {questions} foreseen", done.right);
    match done.goal {
        true => format!("{right} · goal reached"),
        false => right,
    }
}
