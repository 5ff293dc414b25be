//! Two runs side by side: the same up to a point, and then what is only in one of them.

use std::rc::Rc;

use mqttlab_sim::view::Event;
use yew::{Callback, Html, html};

use crate::lab::{Message, OnBranch};
use crate::say;
use crate::scene::Scene;
use crate::texts;

/// The most rows that are in the page.
const ROWS_MAX: usize = 400;
/// How many events are shown before the first difference.
const BEFORE: usize = 3;

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Row<'a> {
    Both(&'a Event),
    Here(&'a Event),
    There(&'a Event),
}

/// Lays two runs beside each other by time; what is the same in both is one row.
pub(crate) fn rows<'a>(here: &[&'a Event], there: &[&'a Event]) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let (mut a, mut b) = (0, 0);
    loop {
        let (x, y) = match (here.get(a), there.get(b)) {
            (Some(x), Some(y)) => (x, y),
            (Some(x), None) => {
                rows.push(Row::Here(x));
                a += 1;
                continue;
            }
            (None, Some(y)) => {
                rows.push(Row::There(y));
                b += 1;
                continue;
            }
            (None, None) => return rows,
        };
        // In the same moment the other run may have it a little later.
        let comes_there = || {
            let moment = there[b..].iter().take_while(|event| event.at <= x.at);
            moment.into_iter().any(|event| is_same(x, event))
        };
        if is_same(x, y) {
            rows.push(Row::Both(x));
            (a, b) = (a + 1, b + 1);
        } else if x.at < y.at || x.at == y.at && !comes_there() {
            rows.push(Row::Here(x));
            a += 1;
        } else {
            rows.push(Row::There(y));
            b += 1;
        }
    }
}

fn is_same(a: &Event, b: &Event) -> bool {
    (a.at, a.participant, &a.text) == (b.at, b.participant, &b.text)
}

/// The other run.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    pub(crate) name: String,
    pub(crate) events: Rc<Vec<Event>>,
}

impl PartialEq for Other {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Rc::ptr_eq(&self.events, &other.events)
    }
}

/// What is drawn, and where it says what was pressed.
pub(crate) struct CompareProps {
    pub(crate) scene: Scene,
    pub(crate) name: String,
    /// The other branches, to choose from.
    pub(crate) others: Vec<(mqttlab_sim::recording::BranchId, String)>,
    pub(crate) other: Option<Other>,
    pub(crate) on: Callback<Message>,
}

pub(crate) fn compare(props: &CompareProps) -> Html {
    let Some(other) = &props.other else {
        return choose(props);
    };
    let scene = &props.scene;
    let here: Vec<&Event> = scene.events.iter().map(|event| &**event).collect();
    let there: Vec<&Event> = other.events.iter().collect();
    let same = (here.iter().zip(&there))
        .take_while(|(a, b)| is_same(a, b))
        .count();
    let first = same.saturating_sub(BEFORE);
    let all = rows(&here[first..], &there[first..]);
    let shown = all.len().min(ROWS_MAX);
    let about = match same {
        _ if same == here.len() && same == there.len() => say::COMPARE_SAME.to_string(),
        0 => say::COMPARE_FIRST.to_string(),
        same => {
            let at = here
                .get(same)
                .or(there.get(same))
                .map_or(0, |event| event.at);
            say::compare_until(same, &texts::moment(at))
        }
    };
    html! {
        <div class="scroll compare" data-testid="compare">
            <p class="compare-about">{ about }</p>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{ say::COMPARE_SECONDS }</th>
                        <th scope="col">{ &props.name }</th>
                        <th scope="col">{ &other.name }</th>
                    </tr>
                </thead>
                <tbody>{ for all.iter().take(shown).map(|row| line(props, row)) }</tbody>
            </table>
            if shown < all.len() {
                <p class="muted small">{ say::compare_shown(shown, all.len()) }</p>
            }
        </div>
    }
}

fn line(props: &CompareProps, row: &Row<'_>) -> Html {
    let cell = |event: &Event, is_same: bool| {
        let text = event.text.clone();
        let id = event.id;
        if is_same {
            html! { <td colspan="2"><button type="button" onclick={props.on.reform(move |_| Message::SelectEvent(id))}>{ text }</button></td> }
        } else {
            html! { <td>{ text }</td> }
        }
    };
    let (class, event, cells) = match row {
        Row::Both(event) => ("both", event, cell(event, true)),
        Row::Here(event) => (
            "here",
            event,
            html! { <>{ cell(event, false) }<td class="nothing">{ "–" }</td></> },
        ),
        Row::There(event) => (
            "there",
            event,
            html! { <><td class="nothing">{ "–" }</td>{ cell(event, false) }</> },
        ),
    };
    html! {
        <tr {class}>
            <th scope="row" class="mono">{ texts::moment_bare(event.at) }</th>
            { cells }
        </tr>
    }
}

fn choose(props: &CompareProps) -> Html {
    let button = |(id, name): &(mqttlab_sim::recording::BranchId, String)| {
        let id = *id;
        html! {
            <li>
                <button type="button" class="ghost" onclick={props.on.reform(move |_| Message::Branch(OnBranch::Compare(Some(id))))}>
                    { name }
                </button>
            </li>
        }
    };
    html! {
        <div class="scroll compare">
            if props.others.is_empty() {
                <p class="empty">{ say::COMPARE_ALONE }</p>
            } else {
                <p class="compare-about">{ say::COMPARE_CHOOSE }</p>
                <ul class="compare-choice">{ for props.others.iter().map(button) }</ul>
            }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use mqttlab_sim::view::{Event, EventKind};

    use super::{Row, rows};

    fn event(at: u64, text: &str) -> Event {
        Event {
            id: 0,
            at,
            participant: 1,
            connection: None,
            kind: EventKind::Action,
            text: text.to_owned(),
            flight: None,
            clause: None,
            cause: None,
        }
    }

    #[test]
    fn what_is_in_one_run_only_stands_alone() {
        let here = [event(1, "a"), event(2, "b"), event(4, "d")];
        let there = [event(1, "a"), event(3, "c"), event(4, "d")];
        let (here, there): (Vec<_>, Vec<_>) = (here.iter().collect(), there.iter().collect());
        let told: Vec<(char, &str)> = rows(&here, &there)
            .iter()
            .map(|row| match row {
                Row::Both(event) => ('=', event.text.as_str()),
                Row::Here(event) => ('<', event.text.as_str()),
                Row::There(event) => ('>', event.text.as_str()),
            })
            .collect();
        assert_eq!(told, [('=', "a"), ('<', "b"), ('>', "c"), ('=', "d")]);
    }

    #[test]
    fn runs_of_any_length_come_to_an_end() {
        let one: Vec<Event> = (0..50).map(|at| event(at / 5, "x")).collect();
        let other: Vec<Event> = (0..30).map(|at| event(at / 3, "y")).collect();
        let (one, other): (Vec<_>, Vec<_>) = (one.iter().collect(), other.iter().collect());
        assert_eq!(rows(&one, &other).len(), 80);
        assert_eq!(rows(&one, &[]).len(), 50);
    }
}
