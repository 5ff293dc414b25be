//! A crowd: too many clients to draw each by itself, so they are dots on a canvas, and counted in words.

use std::f64::consts::TAU;

use mqttlab_sim::view::{Flight, ParticipantState};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MouseEvent};
use yew::{Callback, Html, Properties, TargetCast, component, html, use_effect, use_node_ref};

use super::TopologyProps;
use super::chips::progress;
use crate::lab::Message;
use crate::layout::topology::{Plan, Point, between, distance};
use crate::platform::color_of;
use crate::scene::{Family, Inner, is_folded};
use crate::texts;

/// The most packets that are drawn; more are counted.
const PACKETS_MAX: usize = 1_000;
/// How near to a dot a click must be, in CSS pixels.
const NEAR: f64 = 14.0;

const FAMILIES: [Family; 8] = [
    Family::Connect,
    Family::Publish,
    Family::Ack,
    Family::QoS2,
    Family::Subscribe,
    Family::Ping,
    Family::Tcp,
    Family::Fault,
];

/// What is drawn of the crowd.
#[derive(Clone, PartialEq)]
pub(super) struct Sight {
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(PartialEq, Properties)]
pub(super) struct CrowdProps {
    pub(super) topology: TopologyProps,
    pub(super) sight: Sight,
}

#[component]
pub(super) fn Crowd(props: &CrowdProps) -> Html {
    let canvas = use_node_ref();
    let topology = &props.topology;
    let scene = topology.scene.clone();
    let (width, height) = (props.sight.width, props.sight.height);
    use_effect({
        let (canvas, scene, shown) = (canvas.clone(), scene.clone(), topology.shown);
        let (tcp, chosen) = (topology.shows_tcp, topology.state_of);
        move || {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                let plan = Plan::of(width, height, scene.clients().len());
                let flights: Vec<&Flight> = scene
                    .travelling()
                    .map(|flight| &**flight)
                    .filter(|flight| tcp || !is_folded(flight))
                    .take(PACKETS_MAX)
                    .collect();
                let drawn = draw(&canvas, &scene, &plan, (width, height), chosen);
                if let Some(context) = drawn {
                    packets(&context, &canvas, &plan, &flights, shown);
                }
            }
        }
    });
    let onclick = {
        let (on, scene) = (topology.on.clone(), scene.clone());
        Callback::from(move |event: MouseEvent| {
            let canvas: HtmlCanvasElement = event.target_unchecked_into();
            let place = canvas.get_bounding_client_rect();
            let at = Point {
                x: f64::from(event.client_x()) - place.left(),
                y: f64::from(event.client_y()) - place.top(),
            };
            let plan = Plan::of(width, height, scene.clients().len());
            let away = |(index, place): (usize, &crate::layout::topology::Place)| {
                (index, distance(place.centre(), at))
            };
            let nearest = plan.clients.iter().enumerate().map(away);
            let nearest = nearest.min_by(|(_, a), (_, b)| a.total_cmp(b));
            if let Some((index, _)) = nearest.filter(|(_, away)| *away < NEAR) {
                on.emit(Message::StateOf(index as u32 + 1));
            }
        })
    };
    let wire = scene
        .travelling()
        .filter(|flight| tcp_shown(topology, flight))
        .count();
    html! {
        <>
            <canvas ref={canvas} class="crowd" aria-hidden="true" {onclick} />
            <p class="crowd-words">
                { texts::crowd(&scene) }
                if wire > PACKETS_MAX {
                    { format!(" · {PACKETS_MAX} of {wire} packets drawn") }
                }
            </p>
        </>
    }
}

fn tcp_shown(topology: &TopologyProps, flight: &Flight) -> bool {
    topology.shows_tcp || !is_folded(flight)
}

/// Links and clients.
fn draw(
    canvas: &HtmlCanvasElement,
    scene: &Inner,
    plan: &Plan,
    (width, height): (f64, f64),
    chosen: u32,
) -> Option<CanvasRenderingContext2d> {
    let scale = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
    // To set the size wipes the canvas clean.
    canvas.set_width((width * scale) as u32);
    canvas.set_height((height * scale) as u32);
    let context = canvas.get_context("2d").ok()??;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.scale(scale, scale).ok()?;
    let color = |class: &str| color_of(canvas, class);
    let clients = || scene.clients().iter().zip(&plan.clients);
    let broker = plan.broker.centre();
    context.set_stroke_style_str(&color("crowd-link"));
    context.begin_path();
    for (client, place) in clients() {
        if client.state == ParticipantState::Connected {
            let at = place.centre();
            context.move_to(at.x, at.y);
            context.line_to(broker.x, broker.y);
        }
    }
    context.stroke();
    for state in ParticipantState::ALL {
        let (class, is_full) = look(*state);
        context.begin_path();
        for (_, place) in clients().filter(|(client, _)| client.state == *state) {
            dot(&context, place.centre(), 4.5);
        }
        if is_full {
            context.set_fill_style_str(&color(class));
            context.fill();
        } else {
            context.set_fill_style_str(&color("crowd-ground"));
            context.fill();
            context.set_stroke_style_str(&color(class));
            context.set_line_width(1.6);
            context.stroke();
        }
    }
    if let Some(place) = (chosen as usize)
        .checked_sub(1)
        .and_then(|index| plan.clients.get(index))
    {
        context.begin_path();
        dot(&context, place.centre(), 8.0);
        context.set_line_width(2.0);
        context.set_stroke_style_str(&color("crowd-chosen"));
        context.stroke();
    }
    Some(context)
}

/// One dot for each packet, where it is on its way.
fn packets(
    context: &CanvasRenderingContext2d,
    canvas: &HtmlCanvasElement,
    plan: &Plan,
    flights: &[&Flight],
    shown: u64,
) {
    for family in FAMILIES {
        context.begin_path();
        let mut is_any = false;
        for flight in flights.iter().filter(|flight| Family::of(flight) == family) {
            let client = flight.from.max(flight.to) as usize;
            let Some((at_client, at_broker)) = client.checked_sub(1).and_then(|it| plan.link(it))
            else {
                continue;
            };
            let (from, to) = match flight.from {
                0 => (at_broker, at_client),
                _ => (at_client, at_broker),
            };
            dot(context, between(from, to, progress(flight, shown)), 3.0);
            is_any = true;
        }
        if is_any {
            context.set_fill_style_str(&color_of(canvas, family.class()));
            context.fill();
        }
    }
}

fn dot(context: &CanvasRenderingContext2d, at: Point, radius: f64) {
    context.move_to(at.x + radius, at.y);
    // It fails only for a negative radius.
    let _ = context.arc(at.x, at.y, radius, 0.0, TAU);
}

/// The colour of a state, and whether its dot is full.
fn look(state: ParticipantState) -> (&'static str, bool) {
    match state {
        ParticipantState::Running | ParticipantState::Connected => ("family-ack", true),
        ParticipantState::Opening | ParticipantState::Connecting => ("family-connect", false),
        ParticipantState::Waiting | ParticipantState::Idle | ParticipantState::Asleep => {
            ("family-ping", false)
        }
        ParticipantState::Crashed => ("family-fault", true),
    }
}
