//! A crowd: too many clients to draw each by itself, so they are dots on a canvas, and counted in words.

use std::f64::consts::TAU;

use mqttlab_sim::view::{Flight, ParticipantId, ParticipantState};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MouseEvent};
use yew::functional::{Hook, HookContext};
use yew::{Html, TargetCast, hook, html, use_effect, use_memo, use_mut_ref, use_node_ref};

use super::TopologyProps;
use super::chips::progress;
use crate::lab::Message;
use crate::layout::topology::{Plan, Point, between, distance};
use crate::platform::color_of;
use crate::say;
use crate::scene::{Family, is_folded};
use crate::texts;
use crate::ui::part::Draw;

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

/// The room for the crowd.
#[derive(Clone, PartialEq)]
pub(super) struct Sight {
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(PartialEq)]
pub(super) struct CrowdProps {
    pub(super) topology: TopologyProps,
    pub(super) sight: Sight,
}

/// What is kept from one frame to the next.
#[derive(Default)]
struct Memory {
    /// What the ground shows: it is drawn anew only when it changes.
    ground: Option<Ground>,
    /// The colour of text, which changes with the theme, and the colours that were asked for since.
    ink: String,
    colors: Vec<(&'static str, String)>,
}

#[derive(PartialEq)]
struct Ground {
    states: Vec<ParticipantState>,
    chosen: ParticipantId,
    sight: Sight,
    ink: String,
}

impl Draw for CrowdProps {
    const KIND: &'static str = "crowd";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_crowd(self).run(cx)
    }
}

#[hook]
fn use_crowd(props: &CrowdProps) -> Html {
    let ground = use_node_ref();
    let air = use_node_ref();
    let memory = use_mut_ref(Memory::default);
    let topology = &props.topology;
    let scene = topology.scene.clone();
    let given = (props.sight.clone(), scene.clients().len());
    let plan = use_memo(given, |(sight, clients)| {
        Plan::of(sight.width, sight.height, *clients)
    });
    use_effect({
        let (ground, air, plan) = (ground.clone(), air.clone(), plan.clone());
        let (topology, sight) = (topology.clone(), props.sight.clone());
        move || {
            let canvases = (ground.cast(), air.cast());
            if let (Some(ground), Some(air)) = canvases {
                memory
                    .borrow_mut()
                    .draw(&ground, &air, &topology, &plan, &sight);
            }
        }
    });
    let onclick = topology.on.reform(move |event: MouseEvent| {
        let canvas: HtmlCanvasElement = event.target_unchecked_into();
        let place = canvas.get_bounding_client_rect();
        let at = Point {
            x: f64::from(event.client_x()) - place.left(),
            y: f64::from(event.client_y()) - place.top(),
        };
        let away = plan
            .clients
            .iter()
            .map(|place| distance(place.centre(), at));
        let nearest = away.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        match nearest.filter(|(_, away)| *away < NEAR) {
            Some((index, _)) => Message::StateOf(index as u32 + 1),
            None => Message::StateOf(0),
        }
    });
    let wire = travelling(topology).count();
    html! {
        <>
            <canvas ref={ground} class="crowd" aria-hidden="true" />
            <canvas ref={air} class="crowd" aria-hidden="true" {onclick} />
            <p class="crowd-words">
                { texts::crowd(&scene) }
                if wire > PACKETS_MAX {
                    { " " }{ say::topology_crowd(PACKETS_MAX, wire) }
                }
            </p>
        </>
    }
}

fn travelling(topology: &TopologyProps) -> impl Iterator<Item = &Flight> {
    let flights = topology.scene.travelling().map(|flight| &**flight);
    flights.filter(|flight| topology.shows_tcp || !is_folded(flight))
}

impl Memory {
    fn draw(
        &mut self,
        ground: &HtmlCanvasElement,
        air: &HtmlCanvasElement,
        topology: &TopologyProps,
        plan: &Plan,
        sight: &Sight,
    ) {
        let ink = color_of(air, "crowd-ink");
        if ink != self.ink {
            self.ink.clone_from(&ink);
            self.colors.clear();
        }
        let clients = topology.scene.clients().iter();
        let new = Ground {
            states: clients.map(|client| client.state).collect(),
            chosen: topology.state_of,
            sight: sight.clone(),
            ink,
        };
        if self.ground.as_ref() != Some(&new) {
            self.crowd(ground, &new, plan);
            self.ground = Some(new);
        }
        self.packets(air, topology, plan, sight);
    }

    /// The colour of a class, as the style sheet has it now.
    fn color(&mut self, place: &HtmlCanvasElement, class: &'static str) -> &str {
        let known = self.colors.iter().position(|(known, _)| *known == class);
        let index = known.unwrap_or_else(|| {
            self.colors.push((class, color_of(place, class)));
            self.colors.len() - 1
        });
        &self.colors[index].1
    }

    /// Links and clients.
    fn crowd(&mut self, canvas: &HtmlCanvasElement, ground: &Ground, plan: &Plan) {
        let Some(context) = cleared(canvas, &ground.sight) else {
            return;
        };
        let clients = || ground.states.iter().zip(&plan.clients);
        let broker = plan.broker.centre();
        context.set_stroke_style_str(self.color(canvas, "crowd-link"));
        context.set_line_width(1.0);
        context.begin_path();
        for (state, place) in clients() {
            if *state == ParticipantState::Connected {
                let at = place.centre();
                context.move_to(at.x, at.y);
                context.line_to(broker.x, broker.y);
            }
        }
        context.stroke();
        for state in ParticipantState::ALL {
            let (class, is_full) = look(*state);
            context.begin_path();
            for (_, place) in clients().filter(|(client, _)| *client == state) {
                dot(&context, place.centre(), 4.5);
            }
            let fill = if is_full { class } else { "crowd-ground" };
            context.set_fill_style_str(self.color(canvas, fill));
            context.fill();
            if !is_full {
                context.set_stroke_style_str(self.color(canvas, class));
                context.set_line_width(1.6);
                context.stroke();
            }
        }
        let chosen = (ground.chosen as usize).checked_sub(1);
        if let Some(place) = chosen.and_then(|index| plan.clients.get(index)) {
            context.begin_path();
            dot(&context, place.centre(), 8.0);
            context.set_line_width(2.0);
            context.set_stroke_style_str(self.color(canvas, "crowd-chosen"));
            context.stroke();
        }
    }

    /// One dot for each packet, where it is on its way.
    fn packets(
        &mut self,
        canvas: &HtmlCanvasElement,
        topology: &TopologyProps,
        plan: &Plan,
        sight: &Sight,
    ) {
        let Some(context) = cleared(canvas, sight) else {
            return;
        };
        let flights: Vec<&Flight> = travelling(topology).take(PACKETS_MAX).collect();
        for family in FAMILIES {
            let mut is_any = false;
            let own = flights.iter().filter(|flight| Family::of(flight) == family);
            for flight in own {
                let client = flight.from.max(flight.to) as usize;
                let ends = client.checked_sub(1).and_then(|it| plan.link(it));
                let Some((at_client, at_broker)) = ends else {
                    continue;
                };
                let (from, to) = match flight.from {
                    0 => (at_broker, at_client),
                    _ => (at_client, at_broker),
                };
                if !is_any {
                    context.begin_path();
                }
                is_any = true;
                dot(
                    &context,
                    between(from, to, progress(flight, topology.shown)),
                    3.0,
                );
            }
            if is_any {
                context.set_fill_style_str(self.color(canvas, family.class()));
                context.fill();
            }
        }
    }
}

/// The canvas, empty and as large as its place.
fn cleared(canvas: &HtmlCanvasElement, sight: &Sight) -> Option<CanvasRenderingContext2d> {
    let scale = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
    let (width, height) = (sight.width * scale, sight.height * scale);
    if (canvas.width(), canvas.height()) != (width as u32, height as u32) {
        canvas.set_width(width as u32);
        canvas.set_height(height as u32);
    }
    let context = canvas.get_context("2d").ok()??;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context
        .set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0)
        .ok()?;
    context.clear_rect(0.0, 0.0, sight.width, sight.height);
    Some(context)
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
