//! Keeping what was done in the picture: the page writes the whole run down, and what is new in it goes into the text.

use std::collections::BTreeMap;

use mqttlab_sim::scenario::duration;
use toml_edit::{DocumentMut, Item, Table, Value};

use crate::edit::{self, Edit, Path};

/// A step of one participant, without the ways in which it can be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deed {
    /// In microseconds; as it is written where it is no span of time.
    at: Result<u64, String>,
    who: String,
    /// All its other keys.
    rest: BTreeMap<String, String>,
}

/// What has to change in `mine` so that the same is done as in `theirs`.
///
/// Steps that are new there are appended; steps that are gone there are removed, for all who take part in them.
pub(crate) fn difference(mine: &DocumentMut, theirs: &DocumentMut) -> Vec<Edit> {
    let mut wanted: Vec<Deed> = Vec::new();
    for (deeds, _) in deeds(theirs) {
        wanted.extend(deeds);
    }
    let mut gone = Vec::new();
    for (at, (deeds, _)) in deeds(mine).into_iter().enumerate() {
        let mut stays = deeds.is_empty();
        for deed in deeds {
            if let Some(place) = wanted.iter().position(|it| *it == deed) {
                wanted.remove(place);
                stays = true;
            }
        }
        if !stays {
            gone.push(at);
        }
    }
    let steps = Path::of("do");
    // From the end, so that the places of the others stay.
    let gone = gone.into_iter().rev();
    let mut edits: Vec<Edit> = gone.map(|at| Edit::Remove(steps.to(at))).collect();
    for (deeds, table) in deeds(theirs) {
        for deed in deeds {
            if let Some(place) = wanted.iter().position(|it| *it == deed) {
                wanted.remove(place);
                edits.push(Edit::Append(steps.clone(), table.clone()));
            }
        }
    }
    edits
}

/// Each step with what its participants do.
fn deeds(document: &DocumentMut) -> Vec<(Vec<Deed>, Table)> {
    let Some(steps) = document.get("do").and_then(Item::as_array_of_tables) else {
        return Vec::new();
    };
    let root = document.as_item();
    let read = |(at, table): (usize, &Table)| {
        let names = edit::texts(root, &Path::of("do").to(at).to("who"));
        let members = |name: String| {
            let path = Path::of("groups").to(edit::Step::Key(name.clone().into()));
            let members = edit::texts(root, &path);
            if members.is_empty() {
                vec![name]
            } else {
                members
            }
        };
        let deeds = names.into_iter().flat_map(members).map(|who| Deed {
            at: span(table),
            who,
            rest: rest(table),
        });
        let mut plain = table.clone();
        plain.set_position(None);
        plain.decor_mut().clear();
        (deeds.collect(), plain)
    };
    steps.iter().enumerate().map(read).collect()
}

fn span(table: &Table) -> Result<u64, String> {
    let at = table.get("at").and_then(Item::as_str).unwrap_or_default();
    duration::parse(at).map_err(|_| at.to_owned())
}

/// What is as usual counts as left out.
fn rest(table: &Table) -> BTreeMap<String, String> {
    let others = table
        .iter()
        .filter(|(key, _)| !matches!(*key, "at" | "who"));
    let others = others.filter_map(|(key, item)| {
        let text = match item.as_value()? {
            Value::String(text) if key == "bytes" => {
                let bytes = mqttlab_sim::scenario::hex::bytes(text.value());
                mqttlab_sim::scenario::hex::text(&bytes.unwrap_or_default())
            }
            Value::String(text) => text.value().clone(),
            Value::Integer(number) => number.value().to_string(),
            Value::Boolean(truth) => truth.value().to_string(),
            other => other.to_string(),
        };
        let is_usual = matches!(
            (key, text.as_str()),
            ("payload", "")
                | ("qos", "0")
                | ("retain" | "will", "false")
                | ("way", "both")
                | ("how", "fin")
                | ("memory", "kept")
        );
        (!is_usual).then(|| (key.to_owned(), text))
    });
    others.collect()
}

#[cfg(test)]
mod tests {
    use mqttlab_sim::recording::{Changes, Recording, UserInput};
    use mqttlab_sim::scenario::{Act, Action, Scenario, Ways};
    use toml_edit::DocumentMut;

    use super::difference;

    const MINE: &str = r#"[scenario]
id = "one"
title = "One"
version = 1
until = "10s"

[[client]]
name = "A"

[[client]]
name = "B"

[groups]
both = ["A", "B"]

# They meet.
[[do]]
at = "0s"
who = "both"
act = "connect"

[[do]]
at = "1500ms"
who = ["A"]
act = "publish"
topic = "t"
qos = 0
"#;

    fn kept(text: &str, changes: Changes) -> String {
        let scenario = Scenario::parse(text).expect("it is a scenario");
        let recording = Recording::with_changes(scenario, changes);
        let theirs = recording.to_scenario().to_text();
        let mut mine: DocumentMut = text.parse().expect("it is TOML");
        for edit in difference(&mine, &theirs.parse().expect("it is TOML")) {
            edit.apply(&mut mine);
        }
        mine.to_string()
    }

    #[test]
    fn nothing_done_changes_nothing() {
        assert_eq!(kept(MINE, Changes::default()), MINE);
    }

    #[test]
    fn what_was_done_is_added_and_what_was_left_out_is_gone() {
        let act = Act::Cut { way: Ways::Up };
        let action = Action { who: 2, act };
        let changes = Changes {
            inputs: vec![UserInput {
                at: 2_000_000,
                nth: 0,
                action,
            }],
            omitted: vec![2],
        };
        let text = kept(MINE, changes.clone());
        assert!(
            text.contains("# They meet.") && !text.contains("publish"),
            "{text}"
        );
        let again = Scenario::parse(&text).expect("it is a scenario");
        let scenario = Scenario::parse(MINE).expect("it is a scenario");
        let done = Recording::with_changes(scenario, changes).to_scenario();
        assert_eq!(again.script, done.script);
    }
}
