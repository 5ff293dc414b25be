//! What can be read and pressed on the ladder: names of flights, marks, times, silences.

use mqttlab_sim::view::{EventId, EventKind, Flight};
use yew::{Html, html};

use super::{Drawing, NOW_GAP};
use crate::acting::{flight_target, participant_target};
use crate::lab::Message;
use crate::layout::ladder::Item;
use crate::layout::ladder::labels::{self, Label, Spot};
use crate::say;
use crate::scene::Family;
use crate::texts;
use crate::ui::icons::{Glyph, icon};
use crate::ui::variables;

/// Times closer than this would touch.
const TIME_GAP: f64 = 15.0;
/// A mark's text keeps this far from the labels of lines.
const TEXT_GAP: f64 = 17.0;

pub(super) fn draw(drawing: &Drawing<'_>) -> Html {
    html! {
        <>
            <ol class="ladder-items" aria-label={say::LADDER_ITEMS}>
                { for drawing.items.iter().map(|item| one(drawing, item)) }
            </ol>
            { times(drawing) }
        </>
    }
}

fn one(drawing: &Drawing<'_>, item: &Item) -> Html {
    match item {
        Item::Flight {
            id,
            from,
            to,
            label,
        } => match drawing.scene.flight(*id) {
            Some(flight) => self::label(drawing, flight, (*from, *to), *label),
            None => Html::default(),
        },
        Item::Mark { at, events, says } => mark(drawing, *at, events, *says),
        Item::Quiet { y, length } => html! {
            <li class="quiet-pill" style={variables(&[("y", *y)])}>
                { say::ladder_quiet(&texts::span(*length)) }
            </li>
        },
    }
}

type Point = (f64, f64);

fn label(drawing: &Drawing<'_>, flight: &Flight, (from, to): (Point, Point), spot: Spot) -> Html {
    let id = flight.id;
    let place = Label::of(flight, from, to, spot);
    let room = labels::room(from, to);
    let tells = spot.tells;
    // Not below now, while it travels.
    let below = from.1 + (to.1 - from.1) * spot.part - (drawing.now - NOW_GAP).max(from.1);
    let y = place.y - below.max(0.0);
    let style = variables(&[("x", place.x), ("y", y), ("room", room)]);
    let mut class = format!("line-label {}", Family::of(flight).class());
    if labels::is_tight(flight, room) {
        class.push_str(" tight");
    }
    let says = drawing.says(id);
    html! {
        <li key={format!("f{id}")} {style}>
            <button
                type="button"
                {class}
                data-target={flight_target(id)}
                aria-pressed={drawing.is_selected(id).to_string()}
                title={says.clone()}
                onclick={drawing.props.on.reform(move |_| Message::SelectFlight(id))}
            >
                { icon(Glyph::of(flight)) }
                <span class="line-name">{ texts::shown_name(flight) }</span>
                if tells {
                    <span class="line-summary">{ &flight.summary }</span>
                }
                <span class="hidden-visually">{ format!(", {says}") }</span>
            </button>
        </li>
    }
}

fn mark(drawing: &Drawing<'_>, at: (f64, f64), events: &[EventId], says: EventId) -> Html {
    let Some(event) = drawing.scene.event(says) else {
        return Html::default();
    };
    let texts: Vec<&str> = events
        .iter()
        .filter_map(|id| drawing.scene.event(*id))
        .map(|event| texts::told(event, drawing.scene))
        .collect();
    let told = texts.join("; ");
    let is_chosen = drawing
        .props
        .selection
        .event
        .is_some_and(|id| events.contains(&id));
    let class = match event.kind {
        EventKind::Fault => "mark family-fault",
        EventKind::Timer => "mark family-ping",
        EventKind::Action
        | EventKind::Sent
        | EventKind::Arrived
        | EventKind::Connection
        | EventKind::Decision
        | EventKind::Application => "mark",
    };
    let room = free_room(drawing, at);
    let style = variables(&[("x", at.0), ("y", at.1), ("room", room.unwrap_or_default())]);
    html! {
        <li key={format!("e{says}")} class="mark-place" {style}>
            <button
                type="button"
                {class}
                data-target={event.flight.map_or_else(|| participant_target(event.participant), flight_target)}
                data-count={(events.len() > 1).then(|| events.len().to_string())}
                aria-pressed={is_chosen.to_string()}
                aria-label={format!("{}: {told}", texts::event_kind(event.kind))}
                title={told}
                onclick={drawing.props.on.reform(move |_| Message::SelectEvent(says))}
            >
                { icon(Glyph::of_event(event.kind)) }
            </button>
            if room.is_some() {
                <span class="mark-text" aria-hidden="true">{ texts::told(event, drawing.scene) }</span>
            }
        </li>
    }
}

/// How much text fits to the right of a mark, if nothing else is written there.
fn free_room(drawing: &Drawing<'_>, at: (f64, f64)) -> Option<f64> {
    let next = drawing
        .ladder
        .lanes
        .iter()
        .copied()
        .filter(|lane| *lane > at.0 + 1.0);
    let right = next.fold(drawing.ladder.width, f64::min);
    let is_taken = drawing.items.iter().any(|item| match item {
        Item::Flight { from, to, .. } => {
            let (left, end) = (from.0.min(to.0), from.0.max(to.0));
            let crosses = left < right - 1.0 && end > at.0 + 1.0;
            let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
            crosses && at.1 > top - TEXT_GAP - 6.0 && at.1 < bottom + TEXT_GAP
        }
        Item::Mark { at: other, .. } => {
            other.0 == at.0 && other.1 != at.1 && (other.1 - at.1).abs() < 14.0
        }
        Item::Quiet { y, .. } => (y - at.1).abs() < TEXT_GAP + 4.0,
    });
    let room = right - at.0 - 28.0;
    (!is_taken && room > 80.0).then_some(room)
}

/// The times at which flights were sent, as far as they do not touch.
fn times(drawing: &Drawing<'_>) -> Html {
    let mut last = f64::NEG_INFINITY;
    let mut times = Vec::new();
    for item in &drawing.items {
        if let Item::Flight { id, from, .. } = item
            && let Some(flight) = drawing.scene.flight(*id)
            && from.1 - last >= TIME_GAP
        {
            last = from.1;
            let class = if drawing.is_selected(*id) {
                "chosen"
            } else {
                ""
            };
            // The badge of now is there too.
            let y = from.1.min(drawing.now - TIME_GAP - 3.0);
            times.push(html! {
                <span {class} style={variables(&[("y", y)])}>{ texts::moment_bare(flight.sent_at) }</span>
            });
        }
    }
    html! { <div class="ladder-times" aria-hidden="true">{ for times }</div> }
}
