//! The links: each half looks as the end next to it believes.

use mqttlab_sim::view::{Connection, EndState};
use yew::{Html, html};

use crate::layout::topology::{Plan, Point, between, direction};
use crate::scene::Inner;
use crate::ui::icons::{Glyph, icon_at};
use crate::ui::tenth;

/// All links of the scene.
pub(super) fn draw(scene: &Inner, plan: &Plan, (width, height): (f64, f64)) -> Html {
    let links = (0..plan.clients.len()).filter_map(|client| {
        let ends = plan.link(client)?;
        Some(link(scene.connection(client as u32 + 1), ends))
    });
    html! {
        <svg class="links" width={tenth(width)} height={tenth(height)} aria-hidden="true">
            { for links }
        </svg>
    }
}

fn link(connection: Option<&Connection>, (client, broker): (Point, Point)) -> Html {
    let Some(connection) = connection else {
        return line("link none", client, broker);
    };
    let middle = between(client, broker, 0.5);
    let is_half_open = is_half_open(connection.client_end, connection.broker_end)
        || is_half_open(connection.broker_end, connection.client_end);
    html! {
        <>
            { line(class(connection.client_end), client, middle) }
            { line(class(connection.broker_end), broker, middle) }
            if is_half_open {
                { end(connection.client_end, between(client, broker, 0.08)) }
                { end(connection.broker_end, between(broker, client, 0.08)) }
            }
            if connection.cut {
                { badge(Glyph::Scissors, middle) }
            } else {
                if connection.stalled_up {
                    { badge(Glyph::Pause, between(client, broker, 0.3)) }
                }
                if connection.stalled_down {
                    { badge(Glyph::Pause, between(client, broker, 0.7)) }
                }
            }
        </>
    }
}

/// Whether one end counts on a connection that the other does not have.
fn is_half_open(one: EndState, other: EndState) -> bool {
    one == EndState::Open
        && match other {
            EndState::None | EndState::Closed | EndState::Reset => true,
            EndState::Opening | EndState::Open => false,
        }
}

fn class(end: EndState) -> &'static str {
    match end {
        EndState::Open => "link open",
        EndState::Opening => "link opening",
        EndState::None => "link none",
        EndState::Closed | EndState::Reset => "link closed",
    }
}

fn line(class: &'static str, from: Point, to: Point) -> Html {
    html! { <line {class} x1={tenth(from.x)} y1={tenth(from.y)} x2={tenth(to.x)} y2={tenth(to.y)} /> }
}

/// At the ends of a half-open connection: a plug where it is believed open, a cross where it is not.
fn end(state: EndState, at: Point) -> Html {
    match state {
        EndState::Open => html! { <circle class="plug" cx={tenth(at.x)} cy={tenth(at.y)} r="5" /> },
        EndState::Closed | EndState::Reset => badge(Glyph::Close, at),
        EndState::None | EndState::Opening => Html::default(),
    }
}

fn badge(glyph: Glyph, at: Point) -> Html {
    html! {
        <g class="link-badge family-fault">
            <circle cx={tenth(at.x)} cy={tenth(at.y)} r="10" />
            { icon_at(glyph, (at.x - 6.0, at.y - 6.0), 12.0) }
        </g>
    }
}

/// How far a point moves aside so that both directions have room.
pub(super) fn aside(from: Point, to: Point, by: f64) -> Point {
    let along = direction(from, to);
    Point {
        x: -along.y * by,
        y: along.x * by,
    }
}
