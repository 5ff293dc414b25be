//! Packets on the wire: chips with glyph, name and an arrow that says where they go.

use mqttlab_sim::view::{Flight, Micros, ParticipantId};
use yew::{Html, html};

use super::{TopologyProps, links};
use crate::acting::flight_target;
use crate::lab::Message;
use crate::layout::topology::{Plan, Point, between, direction, distance};
use crate::say;
use crate::scene::{Family, is_folded};
use crate::texts;
use crate::ui::icons::{Glyph, icon_at};
use crate::ui::{tenth, thousandth};

/// How many chips one direction of a link shows; the rest is a number.
const CHIPS_MAX: usize = 4;
const HEIGHT: f64 = 27.0;
/// Room for the arrow before it.
const ARROW: f64 = 18.0;
/// The least that a chip moves, so that it is seen to move.
const MOVE_MIN: f64 = 36.0;

/// All chips of the scene.
pub(super) fn draw(props: &TopologyProps, plan: &Plan, (width, height): (f64, f64)) -> Html {
    let mut by_way: Vec<(ParticipantId, bool, Vec<&Flight>)> = Vec::new();
    for flight in props.scene.travelling() {
        if props.shows_tcp || !is_folded(flight) {
            let is_up = flight.to == 0;
            let client = if is_up { flight.from } else { flight.to };
            let same = by_way
                .iter_mut()
                .find(|(other, up, _)| (*other, *up) == (client, is_up));
            match same {
                Some((_, _, flights)) => flights.push(flight),
                None => by_way.push((client, is_up, vec![flight])),
            }
        }
    }
    let ways = by_way.iter().filter_map(|(client, is_up, flights)| {
        let (at_client, at_broker) = plan.link(client.checked_sub(1)? as usize)?;
        let is_busy = by_way
            .iter()
            .any(|(other, up, _)| other == client && up != is_up);
        let (from, to) = if *is_up {
            (at_client, at_broker)
        } else {
            (at_broker, at_client)
        };
        let off = links::aside(from, to, if is_busy { 18.0 } else { 0.0 });
        Some(way(props, flights, from, to, off))
    });
    html! {
        <svg class="chips" width={tenth(width)} height={tenth(height)} aria-hidden="true">
            { for ways }
        </svg>
    }
}

fn way(props: &TopologyProps, flights: &[&Flight], from: Point, to: Point, off: Point) -> Html {
    let more = flights.len().saturating_sub(CHIPS_MAX);
    let middle = between(from, to, 0.5);
    html! {
        <>
            { for flights.iter().take(CHIPS_MAX).map(|flight| chip(props, flight, from, to, off)) }
            if more > 0 {
                <text class="chips-more" x={tenth(middle.x + off.x * 2.0)} y={tenth(middle.y + off.y * 2.0)} text-anchor="middle">
                    { say::topology_more(more) }
                </text>
            }
        </>
    }
}

fn chip(props: &TopologyProps, flight: &Flight, from: Point, to: Point, off: Point) -> Html {
    let name = texts::shown_name(flight);
    let width = name.len() as f64 * 8.8 + 42.0;
    let along = direction(from, to);
    // The chip's own half length in the direction it moves.
    let reach = (width / 2.0 / along.x.abs().max(0.01)).min(HEIGHT / 2.0 / along.y.abs().max(0.01));
    let at = on_the_way(from, to, reach, progress(flight, props.shown));
    let (x, y) = (at.x + off.x, at.y + off.y);
    let tail = (x + along.x * (reach + 2.0), y + along.y * (reach + 2.0));
    let id = flight.id;
    let mut class = format!("chip {}", Family::of(flight).class());
    if props.selection.flight == Some(id) {
        class.push_str(" selected");
    }
    html! {
        <g key={id} {class} data-target={flight_target(id)} onclick={props.on.reform(move |_| Message::SelectFlight(id))}>
            <path class="chip-arrow" d="M0 0H12M7 -5L13 0L7 5" transform={turned(along, tail)} />
            <rect class="chip-back" x={tenth(x - width / 2.0)} y={tenth(y - HEIGHT / 2.0)} width={tenth(width)} height={tenth(HEIGHT)} rx="13.5" />
            <rect class="chip-body" x={tenth(x - width / 2.0)} y={tenth(y - HEIGHT / 2.0)} width={tenth(width)} height={tenth(HEIGHT)} rx="13.5" />
            { icon_at(Glyph::of(flight), (x - width / 2.0 + 12.0, y - 7.0), 14.0) }
            <text x={tenth(x + 9.0)} y={tenth(y + 4.5)} text-anchor="middle">{ name }</text>
        </g>
    }
}

/// Turns what is drawn along the x axis into a direction, and puts it somewhere.
fn turned(along: Point, at: (f64, f64)) -> String {
    let (cos, sin) = (thousandth(along.x), thousandth(along.y));
    let back = thousandth(-along.y);
    format!(
        "matrix({cos} {sin} {back} {cos} {} {})",
        tenth(at.0),
        tenth(at.1)
    )
}

/// Where a chip is, so that it covers neither end; on a short link it covers both a little.
fn on_the_way(from: Point, to: Point, reach: f64, part: f64) -> Point {
    let length = distance(from, to).max(1.0);
    let (mut first, mut last) = (reach, length - reach - ARROW);
    if last - first < MOVE_MIN {
        let middle = (first + last) / 2.0;
        (first, last) = (middle - MOVE_MIN / 2.0, middle + MOVE_MIN / 2.0);
    }
    between(from, to, (first + (last - first) * part) / length)
}

/// How much of its way a flight has behind it.
pub(super) fn progress(flight: &Flight, shown: Micros) -> f64 {
    match flight.due_at {
        Some(due) => {
            let whole = due.saturating_sub(flight.sent_at).max(1);
            let done = shown.saturating_sub(flight.sent_at).min(whole);
            done as f64 / whole as f64
        }
        // It waits somewhere: nobody can say how long.
        None => 0.3,
    }
}
