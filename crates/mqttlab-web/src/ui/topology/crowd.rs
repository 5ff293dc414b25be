//! A crowd: too many clients to draw each by itself, so they are dots on a canvas, and counted in words.

use std::cell::RefCell;
use std::f64::consts::TAU;
use std::rc::Rc;

use mqttlab_sim::view::{Flight, Micros, ParticipantId, ParticipantState};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MouseEvent};
use yew::functional::{Hook, HookContext};
use yew::{Html, TargetCast, hook, html, use_effect, use_memo, use_node_ref};

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

/// Where a crowd is painted: in every frame, while the panels around it are drawn only now and then.
#[derive(Clone, Default)]
pub(crate) struct Air(Rc<RefCell<Painter>>);

impl PartialEq for Air {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Air {
    /// Paints what is under way at a moment, and what everybody is doing then.
    pub(crate) fn paint(
        &self,
        shown: Micros,
        flights: &mut dyn Iterator<Item = &Flight>,
        states: &mut dyn Iterator<Item = ParticipantState>,
    ) {
        self.0.borrow_mut().paint(shown, flights, states);
    }
}

/// What is kept from one frame to the next, so that none has to ask the page for anything.
#[derive(Default)]
struct Painter {
    stage: Option<Stage>,
    shows_tcp: bool,
    chosen: ParticipantId,
    /// What the ground shows: it is painted anew only when it changes.
    states: Vec<ParticipantState>,
    is_stale: bool,
    /// Where the packets are; kept for its room.
    dots: Vec<(Family, Point)>,
    /// The colour of text, which changes with the theme, and the colours that were asked for since.
    ink: String,
    colors: Vec<(&'static str, String)>,
}

/// The two canvases, and what is where on them.
struct Stage {
    ground: HtmlCanvasElement,
    air: HtmlCanvasElement,
    plan: Rc<Plan>,
    sight: Sight,
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
            if let (Some(ground), Some(air)) = (ground.cast(), air.cast()) {
                let stage = Stage {
                    ground,
                    air,
                    plan,
                    sight,
                };
                topology.air.0.borrow_mut().set(stage, &topology);
                let scene = &topology.scene;
                let mut flights = scene.travelling().map(|flight| &**flight);
                let mut states = scene.clients().iter().map(|client| client.state);
                topology
                    .air
                    .paint(topology.shown, &mut flights, &mut states);
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

impl Painter {
    /// Takes other canvases, or what is to be seen on them otherwise.
    fn set(&mut self, stage: Stage, topology: &TopologyProps) {
        let ink = color_of(&stage.air, "crowd-ink");
        if ink != self.ink {
            self.ink = ink;
            self.colors.clear();
            self.is_stale = true;
        }
        let before = self.stage.as_ref();
        self.is_stale |= self.chosen != topology.state_of
            || before.is_none_or(|it| it.ground != stage.ground || it.sight != stage.sight);
        self.chosen = topology.state_of;
        self.shows_tcp = topology.shows_tcp;
        self.stage = Some(stage);
    }

    fn paint(
        &mut self,
        shown: Micros,
        flights: &mut dyn Iterator<Item = &Flight>,
        states: &mut dyn Iterator<Item = ParticipantState>,
    ) {
        let Some(stage) = self.stage.take() else {
            return;
        };
        let mut count = 0;
        for state in states {
            match self.states.get_mut(count) {
                Some(known) if *known == state => {}
                Some(known) => {
                    *known = state;
                    self.is_stale = true;
                }
                None => {
                    self.states.push(state);
                    self.is_stale = true;
                }
            }
            count += 1;
        }
        self.is_stale |= self.states.len() > count;
        self.states.truncate(count);
        if std::mem::take(&mut self.is_stale) {
            self.crowd(&stage);
        }
        self.packets(&stage, shown, flights);
        self.stage = Some(stage);
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
    fn crowd(&mut self, stage: &Stage) {
        let Stage {
            ground: canvas,
            plan,
            ..
        } = stage;
        let Some(context) = cleared(canvas, &stage.sight) else {
            return;
        };
        let broker = plan.broker.centre();
        context.set_stroke_style_str(self.color(canvas, "crowd-link"));
        context.set_line_width(1.0);
        context.begin_path();
        for (state, place) in self.states.iter().zip(&plan.clients) {
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
            let clients = self.states.iter().zip(&plan.clients);
            for (_, place) in clients.filter(|(client, _)| *client == state) {
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
        let chosen = (self.chosen as usize).checked_sub(1);
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
        stage: &Stage,
        shown: Micros,
        flights: &mut dyn Iterator<Item = &Flight>,
    ) {
        self.dots.clear();
        for flight in flights {
            let client = flight.from.max(flight.to) as usize;
            let ends = client.checked_sub(1).and_then(|it| stage.plan.link(it));
            let Some((at_client, at_broker)) = ends else {
                continue;
            };
            if !self.shows_tcp && is_folded(flight) || self.dots.len() == PACKETS_MAX {
                continue;
            }
            let (from, to) = match flight.from {
                0 => (at_broker, at_client),
                _ => (at_client, at_broker),
            };
            let at = between(from, to, progress(flight, shown));
            self.dots.push((Family::of(flight), at));
        }
        let Some(context) = cleared(&stage.air, &stage.sight) else {
            return;
        };
        for family in FAMILIES {
            let mut is_any = false;
            for (_, at) in self.dots.iter().filter(|(own, _)| *own == family) {
                if !is_any {
                    context.begin_path();
                }
                is_any = true;
                dot(&context, *at, 3.0);
            }
            if is_any {
                context.set_fill_style_str(self.color(&stage.air, family.class()));
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
