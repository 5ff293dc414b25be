//! Everything that is done in this run, by its script and by the user: each can be taken away or moved, in another run.

use mqttlab_sim::order;
use mqttlab_sim::recording::Changes;
use mqttlab_sim::scenario::Action;
use mqttlab_sim::view::Micros;
use web_sys::HtmlInputElement;
use yew::{Callback, Event, Html, TargetCast, html};

use super::icons::{Glyph, icon};
use crate::acting::form_of;
use crate::lab::{Edit, Message};
use crate::say;
use crate::texts;

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) at: Micros,
    pub(crate) words: String,
    /// Whether there is something in it that can be said in another way.
    pub(crate) can_change: bool,
    pub(crate) source: Source,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The script, and whether it is left out here.
    Step { step: u32, omitted: bool },
    /// The user.
    Input { input: usize },
}

/// The most lines that are in the page.
const LINES_MAX: usize = 500;

/// All that is done, by time.
pub(crate) fn all_done(
    script: impl Iterator<Item = (Micros, Action)>,
    changes: &Changes,
    words: impl Fn(&Action) -> String,
) -> Vec<Done> {
    let steps = script.enumerate().map(|(step, (at, action))| Done {
        at,
        words: words(&action),
        can_change: form_of(&action.act).is_some(),
        source: Source::Step {
            step: step as u32,
            omitted: changes.omitted.contains(&(step as u32)),
        },
    });
    let inputs = changes.inputs.iter().enumerate();
    let inputs = inputs.map(|(input, done)| Done {
        at: done.at,
        words: words(&done.action),
        can_change: form_of(&done.action.act).is_some(),
        source: Source::Input { input },
    });
    let mut all: Vec<Done> = steps.chain(inputs).collect();
    order::by_key(&mut all, |done| (done.at, 0));
    all
}

/// What is drawn, and where it says what was pressed.
pub(crate) struct ActionsProps {
    pub(crate) done: Vec<Done>,
    pub(crate) shown: Micros,
    pub(crate) end: Micros,
    pub(crate) on: Callback<Message>,
}

pub(crate) fn actions(props: &ActionsProps) -> Html {
    let (all, shown) = (props.done.len(), props.done.len().min(LINES_MAX));
    html! {
        <div class="scroll actions" data-testid="actions">
            <p class="muted small actions-about">
                { say::ACTIONS_ABOUT }
            </p>
            <table>
                <thead>
                    <tr><th scope="col">{ say::ACTIONS_HAPPENS }</th><th scope="col">{ say::ACTIONS_AT }</th><th scope="col">{ say::ACTIONS_WHAT }</th><th scope="col">{ say::ACTIONS_BY }</th></tr>
                </thead>
                <tbody>{ for props.done.iter().take(LINES_MAX).map(|done| line(props, done)) }</tbody>
            </table>
            if shown < all {
                <p class="muted small">{ say::actions_shown(shown, all) }</p>
            }
        </div>
    }
}

fn line(props: &ActionsProps, done: &Done) -> Html {
    let source = done.source;
    let (happens, by) = match source {
        Source::Step { omitted, .. } => (!omitted, say::ACTIONS_BY_SCRIPT),
        Source::Input { .. } => (true, say::ACTIONS_BY_YOU),
    };
    let toggle = props.on.reform(move |_: Event| {
        Message::Edit(match source {
            Source::Step { step, omitted } => Edit::Step {
                step,
                happens: omitted,
            },
            Source::Input { input } => Edit::Remove { input },
        })
    });
    let (at, end, on) = (done.at, props.end, props.on.clone());
    let onchange = Callback::from(move |event: Event| {
        let field: HtmlInputElement = event.target_unchecked_into();
        let seconds = field.value_as_number();
        // An empty field is no number.
        let to = if seconds.is_finite() && seconds >= 0.0 {
            ((seconds * 1_000_000.0).round() as Micros).min(end)
        } else {
            at
        };
        if to == at {
            field.set_value(&texts::moment_bare(at));
            return;
        }
        on.emit(Message::Edit(match source {
            Source::Step { step, .. } => Edit::MoveStep { step, at: to },
            Source::Input { input } => Edit::MoveInput { input, at: to },
        }));
    });
    let instead = props.on.reform(move |_| Message::OpenEdit(source, at));
    let class = match (happens, done.at <= props.shown) {
        (false, _) => "off",
        (true, true) => "past",
        (true, false) => "",
    };
    html! {
        <tr {class}>
            <td><input type="checkbox" checked={happens} aria-label={say::actions_toggle(&done.words)} onchange={toggle} /></td>
            <td>
                <input type="number" class="mono" min="0" step="0.001" value={texts::moment_bare(done.at)} aria-label={say::actions_when(&done.words)} disabled={!happens} {onchange} />
            </td>
            <td>
                { &done.words }
                if happens && done.can_change {
                    <button type="button" class="square" title={say::ACTIONS_CHANGE_TITLE} aria-label={say::actions_change(&done.words)} onclick={instead}>{ icon(Glyph::Pen) }</button>
                }
            </td>
            <td class="muted">{ by }</td>
        </tr>
    }
}
