//! Opening something that is not built in: where it comes from, what went wrong, what was opened before.

use mqttlab_sim::job::TRAFFIC;
use mqttlab_sim::link::LinkError;
use mqttlab_sim::scenario::{Scenario, ScenarioError};

#[cfg(test)]
mod tests;

/// The largest text that is read, in bytes: more than any scenario has.
const FILE_MAX: usize = 1 << 20;
/// How many runs are remembered.
const RECENTS_MAX: usize = 8;
/// Longer links are not remembered: the browser has little room for this.
const RECENT_TEXT_MAX: usize = 16 << 10;

/// What is wrong with something that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The text is no scenario.
    Text(ScenarioError),
    Link(LinkError),
    /// The file is too large, or cannot be read.
    File(FileTrouble),
    /// The part of the page that reads cannot be loaded.
    NoWorker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileTrouble {
    TooLarge,
    Unreadable,
    /// It is a picture or a program, and no text.
    NotText,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The text of a scenario.
    Text(String),
    /// What a broker on real sockets has recorded.
    Traffic(Vec<u8>),
}

impl Content {
    /// What these bytes are.
    ///
    /// # Errors
    /// When they are nothing that can be opened.
    pub(crate) fn of(bytes: Vec<u8>) -> Result<Self, FileTrouble> {
        if bytes.starts_with(TRAFFIC) {
            return Ok(Self::Traffic(bytes));
        }
        if bytes.len() > FILE_MAX {
            return Err(FileTrouble::TooLarge);
        }
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(Self::Text(text)),
            Ok(_) | Err(_) => Err(FileTrouble::NotText),
        }
    }
}

/// Something that was opened before, as the text of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recent {
    pub(crate) title: String,
    pub(crate) text: String,
}

/// What was opened before, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recents(Vec<Recent>);

impl Recents {
    /// Reads what [`stored`](Self::stored) wrote; a line that is none is passed over.
    pub(crate) fn parse(stored: &str) -> Self {
        let lines = stored.lines().filter_map(|line| {
            let (text, title) = line.split_once(' ')?;
            let (text, title) = (text.to_owned(), title.to_owned());
            (text.len() <= RECENT_TEXT_MAX && !title.is_empty()).then_some(Recent { title, text })
        });
        Self(lines.take(RECENTS_MAX).collect())
    }

    /// For the browser's storage.
    pub(crate) fn stored(&self) -> String {
        let line = |recent: &Recent| format!("{} {}\n", recent.text, recent.title);
        self.0.iter().map(line).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Recent> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts a run first. Another of the same title goes: it is an older one of the same.
    pub(crate) fn remember(&mut self, title: &str, text: &str) {
        if text.len() > RECENT_TEXT_MAX {
            return;
        }
        let title: String = title
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let title = match title.trim() {
            "" => crate::say::RECENT_UNTITLED.to_string(),
            title => title.to_owned(),
        };
        self.0.retain(|recent| recent.title != title);
        let text = text.to_owned();
        self.0.insert(0, Recent { title, text });
        self.0.truncate(RECENTS_MAX);
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}

/// What is in an address: nothing for us, a moment of a lesson, or a run.
pub(crate) fn run_in(fragment: &str) -> Option<&str> {
    let mut parts = fragment.trim_start_matches('#').split('&');
    parts.find_map(|part| part.strip_prefix("r="))
}

/// Whether a text looks like an address with a run in it: somebody has pasted a link.
pub(crate) fn link_in(text: &str) -> Option<&str> {
    let text = text.trim();
    let (_, fragment) = text.split_once('#')?;
    (!text.contains(char::is_whitespace))
        .then(|| run_in(fragment))
        .flatten()
}

/// How a scenario is called where its title is not enough.
pub(crate) fn title(scenario: &Scenario) -> &str {
    match scenario.title.trim() {
        "" => &scenario.id,
        title => title,
    }
}
