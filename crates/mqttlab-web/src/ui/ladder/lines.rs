//! The drawing behind the labels: lanes, connections, flights, braces.

use mqttlab_sim::view::{Fate, Flight, FlightId, ParticipantId};
use yew::{Html, html};

use super::Drawing;
use crate::layout::ladder::Item;
use crate::layout::topology::{Point, direction};
use crate::scene::{Family, is_close};
use crate::ui::icons::{Glyph, icon_at};
use crate::ui::tenth;

const ARROW: f64 = 9.0;

pub(super) fn draw(drawing: &Drawing<'_>) -> Html {
    let (width, height) = (tenth(drawing.ladder.width), tenth(drawing.height));
    let now = tenth(drawing.now);
    let lane = |x: &f64| {
        let x = tenth(*x);
        html! {
            <>
                <line class="lane" x1={x.clone()} x2={x.clone()} y1="4" y2={now.clone()} />
                <line class="lane ahead" x1={x.clone()} x2={x} y1={now.clone()} y2={height.clone()} />
            </>
        }
    };
    html! {
        <svg class="ladder-lines" width={width} height={height.clone()} aria-hidden="true">
            { selection_band(drawing) }
            { for drawing.ladder.lanes.iter().filter(|x| !x.is_nan()).map(lane) }
            { for connected(drawing) }
            { for drawing.items.iter().map(|item| one(drawing, item)) }
        </svg>
    }
}

fn selection_band(drawing: &Drawing<'_>) -> Html {
    let selected = drawing.props.selection.flight;
    let Some((id, (from, to))) = selected.and_then(|id| Some((id, drawing.ladder.line(id)?)))
    else {
        return Html::default();
    };
    let tip = drawing.tip(id, from, to);
    let (top, bottom) = (from.1 - 20.0, tip.1.max(from.1) + 6.0);
    html! {
        <rect class="selection" x="0" y={tenth(top)} width={tenth(drawing.ladder.width)} height={tenth(bottom - top)} />
    }
}

/// The stretches in which a client had a connection, as bars on its lane.
fn connected(drawing: &Drawing<'_>) -> Vec<Html> {
    let has_lane = |client: ParticipantId| {
        let lane = drawing.ladder.lanes.get(client as usize);
        lane.is_some_and(|x| !x.is_nan())
    };
    let mut open: Vec<(u64, ParticipantId, f64)> = Vec::new();
    let mut bars = Vec::new();
    let mut bar = |client: ParticipantId, from: f64, to: f64| {
        if let Some(x) = drawing.ladder.lanes.get(client as usize) {
            let x = tenth(*x);
            bars.push(html! { <line class="bar" x1={x.clone()} x2={x} y1={tenth(from)} y2={tenth(to)} /> });
        }
    };
    for flight in &drawing.scene.flights {
        let client = flight.from.max(flight.to);
        if !has_lane(client) {
            continue;
        }
        if flight.name == "CONNECT" {
            let from = drawing.ladder.y(flight.sent_at);
            open.push((flight.connection, client, from));
        } else if is_close(flight) {
            let end = if flight.from == client {
                Some(flight.sent_at)
            } else {
                flight.arrived_at
            };
            if let Some(end) = end
                && let Some(index) = open.iter().position(|(id, _, _)| *id == flight.connection)
            {
                let (_, client, from) = open.remove(index);
                bar(client, from, drawing.ladder.y(end));
            }
        }
    }
    for (_, client, from) in open {
        bar(client, from, drawing.now);
    }
    bars
}

fn one(drawing: &Drawing<'_>, item: &Item) -> Html {
    match item {
        Item::Flight { id, from, to, .. } => match drawing.scene.flight(*id) {
            Some(flight) => html! {
                <g key={*id} class={line_class(drawing, flight)}>
                    { flight_line(flight, *from, drawing.tip(*id, *from, *to)) }
                    { brace(drawing, flight, *id) }
                </g>
            },
            None => Html::default(),
        },
        Item::Quiet { y, .. } => {
            let y = tenth(*y);
            html! { <line class="quiet" x1="64" x2={tenth(drawing.ladder.width - 16.0)} y1={y.clone()} y2={y} /> }
        }
        Item::Mark { .. } => Html::default(),
    }
}

fn line_class(drawing: &Drawing<'_>, flight: &Flight) -> String {
    let mut class = format!("line {}", Family::of(flight).class());
    if flight.dup {
        class.push_str(" resent");
    }
    if flight.fate == Fate::Lost {
        class.push_str(" lost");
    }
    if drawing.is_selected(flight.id) {
        class.push_str(" selected");
    }
    class
}

fn flight_line(flight: &Flight, from: (f64, f64), tip: (f64, f64)) -> Html {
    let (start, end) = (point(from), point(tip));
    let along = direction(start, end);
    let head = Point {
        x: end.x - along.x * 2.0,
        y: end.y - along.y * 2.0,
    };
    let wing = |side: f64| {
        let (x, y) = (
            head.x - along.x * ARROW - along.y * side * ARROW * 0.45,
            head.y - along.y * ARROW + along.x * side * ARROW * 0.45,
        );
        format!("{} {}", tenth(x), tenth(y))
    };
    let shaft = (
        head.x - along.x * ARROW * 0.8,
        head.y - along.y * ARROW * 0.8,
    );
    let is_lost = flight.fate == Fate::Lost;
    html! {
        <>
            <line class="shaft" x1={tenth(start.x)} y1={tenth(start.y)} x2={tenth(shaft.0)} y2={tenth(shaft.1)} />
            if is_lost {
                { icon_at(Glyph::Scissors, (head.x - 8.0, head.y - 8.0), 16.0) }
            } else {
                <path class="head" d={format!("M{} L{} {} L{}z", wing(1.0), tenth(head.x), tenth(head.y), wing(-1.0))} />
            }
        </>
    }
}

/// Joins a packet with the one that answers it, on the lane of who asked.
fn brace(drawing: &Drawing<'_>, answer: &Flight, id: FlightId) -> Html {
    let ends = answer.answers.and_then(|asked| {
        let (asked_from, asked_to) = drawing.ladder.line(asked)?;
        let (_, arrived) = drawing.ladder.line(id)?;
        answer.arrived_at?;
        // On the side where no line is.
        let side = if asked_to.0 > asked_from.0 { -1.0 } else { 1.0 };
        Some((asked_from, arrived, side))
    });
    match ends {
        Some((asked, arrived, side)) => {
            let x = asked.0 + side * 5.0;
            let out = x + side * 6.0;
            let (x, out) = (tenth(x), tenth(out));
            let (top, bottom) = (tenth(asked.1), tenth(arrived.1));
            html! { <path class="brace" d={format!("M{x} {top} H{out} V{bottom} H{x}")} /> }
        }
        None => Html::default(),
    }
}

fn point((x, y): (f64, f64)) -> Point {
    Point { x, y }
}
