//! Who is there, how they are connected, and what is on the wire.

use mqttlab_sim::view::{Micros, Participant, ParticipantId, ParticipantState, Timer, TimerKind};
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, hook, html, use_node_ref};

use super::icons::{Glyph, icon};
use super::{percent, variables};
use crate::acting::participant_target;
use crate::lab::{Message, Selection};
use crate::layout::topology::{Density, NAMED_DOTS_MAX, Plan};
use crate::platform::use_size;
use crate::say;
use crate::scene::{Scene, is_folded};
use crate::texts;
use crate::ui::part::{Draw, part};

pub(crate) use crowd::Air;

mod chips;
mod crowd;
mod links;

#[derive(Clone, PartialEq)]
pub(crate) struct TopologyProps {
    pub(crate) scene: Scene,
    pub(crate) shown: Micros,
    pub(crate) selection: Selection,
    pub(crate) shows_tcp: bool,
    pub(crate) state_of: ParticipantId,
    /// The gap that was just skipped.
    pub(crate) skip: Option<Micros>,
    /// Where a crowd is painted.
    pub(crate) air: Air,
    pub(crate) on: Callback<Message>,
}

impl Draw for TopologyProps {
    const KIND: &'static str = "topology";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_topology(self).run(cx)
    }
}

#[hook]
fn use_topology(props: &TopologyProps) -> Html {
    let stage = use_node_ref();
    let (width, height) = use_size(stage.clone());
    let scene = &props.scene;
    let plan = Plan::of(width, height, scene.clients().len());
    let wire = scene
        .travelling()
        .filter(|flight| props.shows_tcp || !is_folded(flight))
        .count();
    let counts = say::topology_counts(&say::clients(scene.clients().len()), &say::packets(wire));
    html! {
        <section class="panel topology" aria-labelledby="topology-title">
            <div class="panel-bar">
                <h2 id="topology-title">{ say::TOPOLOGY }</h2>
                <span class="end">{ counts }</span>
            </div>
            <p class="hidden-visually">{ texts::summary(scene, props.shown) }</p>
            <div class="stage" ref={stage}>
                if width > 0.0 && scene.is_crowd() {
                    { part(crowd::CrowdProps {
                        topology: props.clone(),
                        sight: crowd::Sight { width, height },
                    }) }
                    <ul class="nodes" aria-label={say::TOPOLOGY_PARTICIPANTS}><li key="broker" style={broker_style(&plan)}>{ broker_node(props) }</li></ul>
                } else if width > 0.0 {
                    { links::draw(scene, &plan, (width, height)) }
                    { nodes(props, &plan) }
                    { chips::draw(props, &plan, (width, height)) }
                }
                { for props.skip.map(skip_note) }
            </div>
        </section>
    }
}

fn skip_note(length: Micros) -> Html {
    html! {
        <div class="skip-note" role="status">
            { icon(Glyph::Skip) }{ texts::span(length) }
            <span class="hidden-visually">{ " " }{ say::TOPOLOGY_SKIPPED }</span>
        </div>
    }
}

fn nodes(props: &TopologyProps, plan: &Plan) -> Html {
    let clients = props.scene.clients().iter().zip(&plan.clients);
    let client = |(client, place): (&Participant, &crate::layout::topology::Place)| {
        let style = variables(&[
            ("x", place.x),
            ("y", place.y),
            ("w", place.width),
            ("h", place.height),
        ]);
        html! { <li key={client.id} {style}>{ node(props, client, plan.density) }</li> }
    };
    let style = broker_style(plan);
    html! {
        <ul class="nodes" aria-label={say::TOPOLOGY_PARTICIPANTS}>
            { for clients.map(client) }
            <li key="broker" {style}>{ broker_node(props) }</li>
        </ul>
    }
}

fn broker_style(plan: &Plan) -> String {
    let broker = &plan.broker;
    variables(&[
        ("x", broker.x),
        ("y", broker.y),
        ("w", broker.width),
        ("h", broker.height),
    ])
}

fn node(props: &TopologyProps, client: &Participant, density: Density) -> Html {
    let (id, shown) = (client.id, props.shown);
    let class = match density {
        Density::Card => "node card",
        Density::Slim => "node slim",
        Density::Pill => "node pill",
        Density::Dot => "node dot",
    };
    let doing = texts::doing(client, shown);
    let says = format!("{}, {}, {doing}", client.name, client.client_id);
    // What the picture says without words.
    let hidden = match density {
        Density::Card => format!("{}, ", client.name),
        Density::Pill if client.name == client.client_id => format!("{doing}, "),
        Density::Pill => format!("{}, {doing}, ", client.client_id),
        Density::Slim => String::new(),
        Density::Dot => says.clone(),
    };
    let text = match density {
        Density::Card => html! {
            <span class="node-text">
                <span class="node-id">{ &client.client_id }</span>
                <span class="node-state">{ doing }</span>
            </span>
        },
        Density::Slim => html! {
            <span class="node-text">
                <span class="node-id">
                    if client.name != client.client_id {
                        <b class="node-letter">{ &client.name }</b>
                    }
                    { &client.client_id }
                </span>
                <span class="node-state">{ doing }</span>
            </span>
        },
        Density::Pill => html! { <span class="node-id">{ &client.name }</span> },
        Density::Dot if props.scene.clients().len() <= NAMED_DOTS_MAX => {
            html! { <span class="dot-name" aria-hidden="true">{ &client.name }</span> }
        }
        Density::Dot => Html::default(),
    };
    html! {
        <button
            type="button"
            class={class}
            data-target={participant_target(id)}
            data-state={state_name(client.state)}
            aria-pressed={(props.state_of == id).to_string()}
            title={says}
            onclick={props.on.reform(move |_| Message::StateOf(id))}
        >
            <span class="hidden-visually">{ hidden }</span>
            if matches!(density, Density::Card | Density::Pill) {
                { ring(client, shown) }
            }
            { text }
            if density == Density::Slim {
                { bar(client, shown) }
            }
        </button>
    }
}

fn broker_node(props: &TopologyProps) -> Html {
    let scene = &props.scene;
    let sessions = say::sessions(scene.view.sessions.len());
    html! {
        <button
            type="button"
            class="node broker"
            data-target={participant_target(0)}
            aria-pressed={(props.state_of == 0).to_string()}
            onclick={props.on.reform(|_| Message::StateOf(0))}
        >
            <span class="node-id">{ scene.name(0) }</span>
            <span class="node-state">{ sessions }</span>
        </button>
    }
}

/// How much is left of the most pressing timer, as a bar.
fn bar(client: &Participant, shown: Micros) -> Html {
    match ring_timer(client) {
        Some(timer) => {
            let style = format!("--part:{}%", percent(left(timer, shown)));
            html! { <span class={format!("node-bar {}", timer_class(timer))} {style} /> }
        }
        None => Html::default(),
    }
}

/// The share of a timer that is left.
fn left(timer: &Timer, shown: Micros) -> f64 {
    let whole = timer.until.saturating_sub(timer.from).max(1);
    timer.until.saturating_sub(shown).min(whole) as f64 / whole as f64
}

fn timer_class(timer: &Timer) -> &'static str {
    match timer.kind {
        TimerKind::Reconnect => "family-connect",
        TimerKind::KeepAlive
        | TimerKind::PingResponse
        | TimerKind::Connect
        | TimerKind::KeepAliveLimit
        | TimerKind::SessionExpiry
        | TimerKind::WillDelay
        | TimerKind::Other => "family-ping",
    }
}

/// The letter of a client in the ring of its most pressing timer.
fn ring(client: &Participant, shown: Micros) -> Html {
    let timer = ring_timer(client);
    let arc = timer.map(|timer| {
        let class = format!("ring-arc {}", timer_class(timer));
        let dashes = format!("{} 100", percent(left(timer, shown)));
        html! { <circle {class} cx="17" cy="17" r="15" pathLength="100" stroke-dasharray={dashes} transform="rotate(-90 17 17)" /> }
    });
    let letter = if client.name.chars().count() <= 2 {
        client.name.clone()
    } else {
        client
            .name
            .chars()
            .take(1)
            .map(|letter| letter.to_ascii_uppercase())
            .collect()
    };
    html! {
        <svg class="ring" viewBox="0 0 34 34" aria-hidden="true">
            <circle class="ring-back" cx="17" cy="17" r="15" />
            { for arc }
            <text x="17" y="21" text-anchor="middle">{ letter }</text>
        </svg>
    }
}

fn ring_timer(client: &Participant) -> Option<&Timer> {
    let of = |kind| client.timers.iter().find(move |timer| timer.kind == kind);
    of(TimerKind::Reconnect)
        .or_else(|| of(TimerKind::PingResponse))
        .or_else(|| of(TimerKind::KeepAlive))
}

fn state_name(state: ParticipantState) -> &'static str {
    match state {
        ParticipantState::Running => "running",
        ParticipantState::Idle => "idle",
        ParticipantState::Opening => "opening",
        ParticipantState::Connecting => "connecting",
        ParticipantState::Connected => "connected",
        ParticipantState::Waiting => "waiting",
        ParticipantState::Asleep => "asleep",
        ParticipantState::Crashed => "crashed",
    }
}
