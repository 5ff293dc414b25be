//! What clients saw of two brokers, side by side.

use std::collections::BTreeSet;

use mqttlab_sim::view::{Event, EventId, EventKind, Flight, ParticipantId};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::seen::{Sight, seen};

/// Something that a client saw of one broker and not of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    client: String,
    /// What it saw of the simulated broker.
    simulated: Option<String>,
    /// What it saw of the real one.
    real: Option<String>,
    /// Why the simulated broker sent it, the last reason first.
    decisions: Vec<Decision>,
}

/// Something that the simulated broker decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Decision {
    /// The statement of the standard behind it.
    clause: Option<String>,
    text: String,
}

impl Difference {
    /// For people: a line for each side, and one for what decides.
    pub(super) fn words(&self) -> String {
        let say = |sight: &Option<String>| sight.clone().unwrap_or_else(|| "nothing".to_owned());
        let indent = self.client.chars().count();
        let mut text = format!(
            "  {}: simulated {}\n  {:indent$}  real      {}\n",
            self.client,
            say(&self.simulated),
            "",
            say(&self.real),
        );
        for Decision { clause, text: why } in &self.decisions {
            let clause = clause.as_deref().unwrap_or("no numbered statement");
            text += &format!("  {:indent$}  because   [{clause}] {why}\n", "");
        }
        text
    }
}

type Told<'a> = (&'a [Event], &'a [Flight]);

/// Everything that clients saw differently. `names` are those of the clients.
pub(super) fn differences(names: &[&str], simulated: Told<'_>, real: Told<'_>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let who = index as ParticipantId + 1;
        let (a, b) = (
            seen(who, simulated.0, simulated.1),
            seen(who, real.0, real.1),
        );
        let threads: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for thread in threads {
            let of = |seen: &std::collections::BTreeMap<String, Vec<Sight>>| {
                seen.get(thread).cloned().unwrap_or_default()
            };
            align(name, &of(&a), &of(&b), simulated.0, &mut differences);
        }
    }
    differences
}

fn align(
    client: &str,
    simulated: &[Sight],
    real: &[Sight],
    events: &[Event],
    differences: &mut Vec<Difference>,
) {
    let texts = |sights: &[Sight]| -> Vec<String> {
        sights.iter().map(|sight| sight.text.clone()).collect()
    };
    let operations = capture_diff_slices(Algorithm::Myers, &texts(simulated), &texts(real));
    for operation in operations {
        match operation {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {}
        }
        let mut missing = simulated[operation.old_range()].iter().peekable();
        let mut extra = real[operation.new_range()].iter().peekable();
        // What bears the same name is one thing that differs.
        while missing.peek().is_some() || extra.peek().is_some() {
            let expected = missing.next();
            let got = match expected {
                Some(expected) => extra.next_if(|got| got.name == expected.name),
                None => extra.next(),
            };
            let sent = expected.map(|sight| sight.event);
            differences.push(Difference {
                client: client.to_owned(),
                simulated: expected.map(|sight| sight.text.clone()),
                real: got.map(|sight| sight.text.clone()),
                decisions: decisions(sent, events),
            });
        }
    }
}

/// What made the simulated broker send something, the nearest first.
fn decisions(sent: Option<EventId>, events: &[Event]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut next = sent;
    while let Some(event) = next.and_then(|id| events.get(id as usize)) {
        if event.kind == EventKind::Decision && event.participant == 0 {
            decisions.push(Decision {
                clause: event.clause.clone(),
                text: event.text.clone(),
            });
        } else if event.kind == EventKind::Arrived {
            // What a client had sent: why it did is another matter.
            break;
        }
        next = event.cause;
    }
    decisions
}
