//! What everybody remembers at this moment, and what has just changed.

use mqttlab_sim::order;
use mqttlab_sim::view::{FlightId, Micros, Participant, ParticipantId, View};
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, TargetCast, hook, html};

use super::menu::act_button;
use super::tabs::TabsProps;
use crate::acting::Target;
use crate::lab::Message;
use crate::say::{self, Text};
use crate::scene::Scene;
use crate::texts;
use crate::ui::part::{Draw, part};

mod client;
mod session;

#[derive(PartialEq)]
pub(crate) struct StateProps {
    pub(crate) scene: Scene,
    pub(crate) shown: Micros,
    pub(crate) of: ParticipantId,
    /// The packet that is selected: what is stored of it lights up.
    pub(crate) flight: Option<FlightId>,
    pub(crate) on: Callback<Message>,
}

/// More participants than this are chosen from a list.
const TABS_MAX: usize = 4;
/// More timers than this are not all listed.
const TIMERS_MAX: usize = 12;

impl Draw for StateProps {
    const KIND: &'static str = "state";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_state(self).run(cx)
    }
}

#[hook]
fn use_state(props: &StateProps) -> Html {
    let body = if props.of == 0 {
        session::broker(props)
    } else {
        client::client(props)
    };
    html! {
        <section class="panel state" aria-labelledby="state-title">
            <div class="panel-bar">
                <h2 id="state-title">{ say::STATE }</h2>
                <div class="end">{ act_button(&props.on, Target::Participant(props.of)) }{ chooser(props) }</div>
            </div>
            <div class="scroll state-panel" id="state-panel" role="tabpanel" aria-label={say::state_of(props.scene.name(props.of))} tabindex="0">
                { body }
            </div>
        </section>
    }
}

fn chooser(props: &StateProps) -> Html {
    let participants = &props.scene.view.participants;
    if participants.len() <= TABS_MAX {
        let names: Vec<String> = participants.iter().map(|each| each.name.clone()).collect();
        let choose = props
            .on
            .reform(|index: usize| Message::StateOf(index as ParticipantId));
        return html! { { part(TabsProps {
            label: say::STATE_WHOSE,
            id: "state",
            class: "segments small",
            names,
            chosen: props.of as usize,
            choose,
        }) } };
    }
    let onchange = props.on.reform(|event: yew::Event| {
        let field: web_sys::HtmlSelectElement = event.target_unchecked_into();
        Message::StateOf(field.value().parse().unwrap_or(0))
    });
    let option = |each: &Participant| {
        html! { <option value={each.id.to_string()} selected={each.id == props.of}>{ &each.name }</option> }
    };
    html! {
        <label>
            <span class="hidden-visually">{ say::STATE_WHOSE }</span>
            <select {onchange}>{ for participants.iter().map(option) }</select>
        </label>
    }
}

/// A line of a card, marked when it is not as it was one event ago.
fn line(name: Text, now: String, was: Option<String>) -> Html {
    let was = was.filter(|was| *was != now);
    let class = if was.is_some() {
        "fact changed"
    } else {
        "fact"
    };
    html! {
        <div {class}>
            <dt>{ name }</dt>
            <dd>
                { now }
                { for was.map(|was| html! { <span class="was">{ say::state_was(&was) }</span> }) }
            </dd>
        </div>
    }
}

fn before(props: &StateProps) -> Option<&View> {
    props.scene.before.as_deref()
}

/// The timers that come first, with what is left of each.
fn timers(participant: &Participant, props: &StateProps) -> Html {
    let timer = |timer: &mqttlab_sim::view::Timer| {
        let about = timer.about.map(|id| format!("{} ", props.scene.name(id)));
        let left = texts::span(timer.until.saturating_sub(props.shown));
        let whole = timer.until.saturating_sub(timer.from).max(1);
        let done = props.shown.saturating_sub(timer.from).min(whole);
        let part = format!("--part:{}%", super::percent(done as f64 / whole as f64));
        html! {
            <li class="timer">
                <span>{ about }{ texts::timer(timer.kind) }</span>
                <span class="mono small">{ say::state_in(&left) }</span>
                <span class="timer-bar" style={part} aria-hidden="true" />
            </li>
        }
    };
    let count = participant.timers.len();
    if count == 0 {
        return Html::default();
    }
    let mut nearest: Vec<&mqttlab_sim::view::Timer> = participant.timers.iter().collect();
    if count > TIMERS_MAX {
        order::by_key(&mut nearest, |timer| (timer.until, 0));
    }
    html! {
        <div class="card">
            <h3>{ say::STATE_TIMERS }</h3>
            <ul>{ for nearest.into_iter().take(TIMERS_MAX).map(timer) }</ul>
            if count > TIMERS_MAX {
                <p class="muted small">{ say::state_timers_shown(TIMERS_MAX, count) }</p>
            }
        </div>
    }
}
