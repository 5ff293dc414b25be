//! The clock: play, steps, speed, and the way through time.

use mqttlab_sim::recording::{Branch, BranchId};
use mqttlab_sim::view::{EventKind, Micros};
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, InputEvent, TargetCast, hook, html, use_memo};

use super::branches::{BranchesProps, branches};
use super::icons::{Glyph, icon};
use super::until::OnUntil;
use super::{percent, tenth};
use crate::lab::{Message, Step};
use crate::player::Speed;
use crate::say::{self, Text};
use crate::scene::{Scene, is_close};
use crate::texts;
use crate::ui::part::{Draw, part};

#[derive(PartialEq)]
pub(crate) struct TimelineProps {
    pub(crate) scene: Scene,
    pub(crate) shown: Micros,
    pub(crate) playing: bool,
    pub(crate) at_end: bool,
    pub(crate) speed: Speed,
    /// Where a long way through time leads.
    pub(crate) heading: Option<Micros>,
    /// When the open question is asked.
    pub(crate) asked_at: Option<Micros>,
    pub(crate) branches: Vec<Branch>,
    pub(crate) current: BranchId,
    pub(crate) compared: Option<BranchId>,
    pub(crate) on_until: Callback<OnUntil>,
    pub(crate) can_undo: bool,
    pub(crate) can_redo: bool,
    pub(crate) on: Callback<Message>,
}

impl Draw for TimelineProps {
    const KIND: &'static str = "timeline";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_timeline(self).run(cx)
    }
}

#[hook]
fn use_timeline(props: &TimelineProps) -> Html {
    let at_start = props.shown == 0 && props.scene.events.is_empty();
    html! {
        <footer class="timeline" aria-label={say::TIME}>
            <div class="play">
                { button(props, Step::Start, Glyph::Start, say::TIME_START, &say::KEY_HOME, at_start) }
                { button(props, Step::EventBack, Glyph::Back, say::TIME_BACK, "←", at_start) }
                { play_button(props) }
                { button(props, Step::Event, Glyph::Forward, say::TIME_FORWARD, "→", props.at_end) }
                { button(props, Step::End, Glyph::End, say::TIME_END, &say::KEY_END, props.at_end) }
            </div>
            { clock(props) }
            <div class="speed-and-undo">
                { speed(props) }
                <button type="button" class="square" aria-label={say::TIME_UNTIL} title={say::TIME_UNTIL_TITLE} onclick={props.on_until.reform(|_| OnUntil::Open)}>{ icon(Glyph::Until) }</button>
                if props.can_undo || props.can_redo {
                    { taking_back(props) }
                }
            </div>
            { part(TrackProps {
                scene: props.scene.clone(),
                shown: props.heading.unwrap_or(props.shown),
                asked_at: props.asked_at,
                on: props.on.clone(),
            }) }
            { branches(&BranchesProps {
                branches: props.branches.clone(),
                current: props.current,
                compared: props.compared,
                end: props.scene.end,
                on: props.on.clone(),
            }) }
        </footer>
    }
}

fn taking_back(props: &TimelineProps) -> Html {
    html! {
        <>
            <button type="button" class="square" aria-label={say::TIME_UNDO} title={say::TIME_UNDO_TITLE} disabled={!props.can_undo} onclick={props.on.reform(|_| Message::Undo)}>{ icon(Glyph::Undo) }</button>
            <button type="button" class="square" aria-label={say::TIME_REDO} title={say::TIME_REDO_TITLE} disabled={!props.can_redo} onclick={props.on.reform(|_| Message::Redo)}>{ icon(Glyph::Redo) }</button>
        </>
    }
}

fn button(
    props: &TimelineProps,
    step: Step,
    glyph: Glyph,
    name: Text,
    key: &str,
    off: bool,
) -> Html {
    html! {
        <button
            type="button"
            class={format!("square {}", if step == Step::Start || step == Step::End { "far" } else { "" })}
            aria-label={name}
            title={say::time_button(&name, key)}
            disabled={off}
            onclick={props.on.reform(move |_| Message::Step(step))}
        >
            { icon(glyph) }
        </button>
    }
}

fn play_button(props: &TimelineProps) -> Html {
    let (glyph, name) = if props.playing {
        (Glyph::Pause, say::TIME_PAUSE)
    } else if props.at_end {
        (Glyph::Play, say::TIME_PLAY_AGAIN)
    } else {
        (Glyph::Play, say::TIME_PLAY)
    };
    html! {
        <button type="button" class="primary big" data-testid="play" aria-label={name} title={say::time_button(&name, &say::KEY_SPACE)} onclick={props.on.reform(|_| Message::Toggle)}>
            { icon(glyph) }
        </button>
    }
}

fn clock(props: &TimelineProps) -> Html {
    let next = match (props.heading, props.scene.view.next_event_at) {
        (Some(to), _) => say::time_heading(&texts::moment(to)),
        (None, Some(next)) => say::time_next(&texts::span(next.saturating_sub(props.shown))),
        (None, None) => say::TIME_NOTHING.to_string(),
    };
    html! {
        <div class="clock" data-testid="clock">
            <span class="clock-now mono">{ texts::moment(props.shown) }</span>
            <span class="clock-next muted">{ next }</span>
        </div>
    }
}

fn speed(props: &TimelineProps) -> Html {
    let onchange = props.on.reform(|event: yew::Event| {
        let field: web_sys::HtmlSelectElement = event.target_unchecked_into();
        let index = field.value().parse::<usize>().unwrap_or(0);
        Message::Speed(Speed::ALL.get(index).copied().unwrap_or(Speed::Paced))
    });
    let option = |(index, speed): (usize, &Speed)| {
        html! { <option value={index.to_string()} selected={*speed == props.speed}>{ texts::speed(*speed) }</option> }
    };
    html! {
        <label class="speed">
            <span class="hidden-visually">{ say::TIME_SPEED }</span>
            <select title={say::TIME_SPEED_TITLE} {onchange}>
                { for Speed::ALL.iter().enumerate().map(option) }
            </select>
        </label>
    }
}

#[derive(PartialEq)]
struct TrackProps {
    scene: Scene,
    shown: Micros,
    asked_at: Option<Micros>,
    on: Callback<Message>,
}

impl Draw for TrackProps {
    const KIND: &'static str = "track";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_track(self).run(cx)
    }
}

/// The scrubber: a range input over a drawing of what has happened.
#[hook]
fn use_track(props: &TrackProps) -> Html {
    let end = props.scene.end.max(1);
    let place = |at: Micros| at as f64 / end as f64 * 1_000.0;
    let marks = use_memo(props.scene.clone(), marks);
    let mark = |(at, class): &(Micros, &'static str)| {
        let x = tenth(place(*at));
        html! { <line class={*class} x1={x.clone()} x2={x} y1="4" y2="20" /> }
    };
    let oninput = props.on.reform(|event: InputEvent| {
        let field: web_sys::HtmlInputElement = event.target_unchecked_into();
        Message::Seek(field.value_as_number().max(0.0) as Micros)
    });
    let style = format!("--done:{}%", percent(place(props.shown) / 1_000.0));
    html! {
        <div class="track" {style}>
            <div class="track-line" aria-hidden="true" />
            <svg class="track-marks" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">
                { for marks.iter().map(mark) }
            </svg>
            if props.asked_at.is_some() {
                <span class="track-ask" aria-hidden="true">{ "?" }</span>
            }
            <input
                type="range"
                aria-label={say::TIME_MOMENT}
                aria-valuetext={texts::moment(props.shown)}
                min="0"
                max={end.to_string()}
                step="1000"
                value={props.shown.to_string()}
                {oninput}
            />
            <span class="track-end mono muted" aria-hidden="true">{ texts::span(end) }</span>
        </div>
    }
}

/// One mark for each thing worth finding again; marks on the same spot are one.
fn marks(scene: &Scene) -> Vec<(Micros, &'static str)> {
    let mut marks: Vec<(Micros, &'static str)> = Vec::new();
    let apart = scene.end / 150;
    let mut add = |at: Micros, class: &'static str| {
        let is_near = marks
            .iter()
            .rev()
            .take(8)
            .any(|(other, kind)| *kind == class && at.abs_diff(*other) < apart);
        if !is_near {
            marks.push((at, class));
        }
    };
    for event in &scene.events {
        let flight = event.flight.and_then(|id| scene.flight(id));
        let closes = flight.is_some_and(|flight| is_close(flight) && flight.from == 0);
        match event.kind {
            EventKind::Fault => add(event.at, "tick fault"),
            EventKind::Sent if closes => add(event.at, "tick fault"),
            EventKind::Sent | EventKind::Action => add(event.at, "tick"),
            EventKind::Arrived
            | EventKind::Connection
            | EventKind::Timer
            | EventKind::Decision
            | EventKind::Application => {}
        }
    }
    marks
}
