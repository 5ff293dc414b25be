//! What is selected, in full: fields, bytes, rules, causes.

use mqttlab_sim::view::{Flight, FlightKind};
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, hook, html, use_effect_with};

use super::icons::{Glyph, icon};
use super::menu::act_button;
use super::tabs::TabsProps;
use crate::acting::Target;
use crate::lab::{Delivery, InspectorTab, Message, Packet, Selection};
use crate::platform::reveal;
use crate::say::{self, Text};
use crate::scene::{Family, Scene};
use crate::texts;
use crate::ui::part::{Draw, part};

mod bytes;
mod delivery;
mod fields;
mod rule;
mod why;

#[derive(PartialEq)]
pub(crate) struct InspectorProps {
    pub(crate) scene: Scene,
    pub(crate) selection: Selection,
    pub(crate) packet: Option<Packet>,
    /// What became of the message, where that is shown.
    pub(crate) delivery: Option<Delivery>,
    pub(crate) tab: InspectorTab,
    /// A question is open: rules and causes would answer it.
    pub(crate) asks: bool,
    pub(crate) on: Callback<Message>,
}

const TABS: [(InspectorTab, Text); 5] = [
    (InspectorTab::Fields, say::INSPECTOR_FIELDS),
    (InspectorTab::Bytes, say::INSPECTOR_BYTES),
    (InspectorTab::Rule, say::INSPECTOR_RULE),
    (InspectorTab::Why, say::INSPECTOR_WHY),
    (InspectorTab::Delivery, say::INSPECTOR_WHO),
];

impl Draw for InspectorProps {
    const KIND: &'static str = "inspector";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_inspector(self).run(cx)
    }
}

#[hook]
fn use_inspector(props: &InspectorProps) -> Html {
    let chosen = TABS
        .iter()
        .position(|(tab, _)| *tab == props.tab)
        .unwrap_or(0);
    let choose = props.on.reform(|index: usize| {
        Message::Inspect(TABS.get(index).map_or(InspectorTab::Bytes, |(tab, _)| *tab))
    });
    let names: Vec<String> = TABS.iter().map(|(_, name)| name.to_string()).collect();
    use_effect_with((props.selection.field, props.tab), |(field, _)| {
        if let Some(field) = field {
            reveal(&format!("field-{field}"));
        }
    });
    html! {
        <section class="panel inspector" aria-labelledby="inspector-title">
            { title(props) }
            { part(TabsProps {
                label: say::INSPECTOR_TABS,
                id: "inspector",
                class: "tabs",
                names,
                chosen,
                choose,
            }) }
            <div class="scroll inspector-panel" id="inspector-panel" role="tabpanel" aria-labelledby={format!("inspector-tab-{chosen}")} tabindex="-1">
                { body(props) }
            </div>
        </section>
    }
}

fn title(props: &InspectorProps) -> Html {
    let scene = &props.scene;
    let flight = props.selection.flight.and_then(|id| scene.flight(id));
    let event = props.selection.event.and_then(|id| scene.event(id));
    let (class, glyph, name, about) = match (flight, event) {
        (Some(flight), _) => (
            Family::of(flight).class(),
            Some(Glyph::of(flight)),
            texts::shown_name(flight).to_owned(),
            about(flight, scene),
        ),
        (None, Some(event)) => (
            "",
            Some(Glyph::of_event(event.kind)),
            texts::event_kind(event.kind).to_string(),
            format!(
                "{} · {}",
                scene.name(event.participant),
                texts::moment(event.at)
            ),
        ),
        (None, None) => ("", None, say::INSPECTOR_NOTHING.to_string(), String::new()),
    };
    html! {
        <>
            <div class="panel-bar">
                <h2 id="inspector-title">{ say::INSPECTOR }</h2>
                <span class="end">{ about }</span>
            </div>
            <p class={format!("inspected {class}")}>
                { for glyph.map(icon) }
                { name }
                { for flight.map(|flight| act_button(&props.on, Target::Flight(flight.id))) }
            </p>
        </>
    }
}

/// `B → broker · 20 bytes`.
fn about(flight: &Flight, scene: &Scene) -> String {
    let (from, to) = (scene.name(flight.from), scene.name(flight.to));
    if flight.what == FlightKind::Tcp {
        format!("{from} → {to} · TCP")
    } else {
        let length = say::bytes(flight.length);
        format!("{from} → {to} · {length}")
    }
}

fn body(props: &InspectorProps) -> Html {
    match (props.tab, &props.packet) {
        (InspectorTab::Rule | InspectorTab::Why | InspectorTab::Delivery, _) if props.asks => {
            html! {
                <p class="note">{ say::INSPECTOR_ASKS }</p>
            }
        }
        (InspectorTab::Rule, _) => rule::draw(props),
        (InspectorTab::Why, _) => why::draw(props),
        (InspectorTab::Delivery, _) => delivery::draw(props),
        (InspectorTab::Fields, Some(packet)) => fields::all(props, packet),
        (InspectorTab::Bytes, Some(packet)) => html! {
            <>
                { part(bytes::BytesProps {
                    packet: packet.clone(),
                    field: props.selection.field,
                    on: props.on.clone(),
                }) }
                { fields::short(props, packet) }
            </>
        },
        (InspectorTab::Fields | InspectorTab::Bytes, None) => no_packet(props),
    }
}

/// There are no bytes: a TCP signal, an event without a packet, or nothing.
fn no_packet(props: &InspectorProps) -> Html {
    let scene = &props.scene;
    let flight = props.selection.flight.and_then(|id| scene.flight(id));
    let event = props.selection.event.and_then(|id| scene.event(id));
    match (flight, event) {
        (Some(flight), _) => html! {
            <>
                <p class="note">{ texts::tcp(&flight.name) }</p>
                <p class="note quiet-note">{ say::inspector_tcp(&flight.name) }</p>
            </>
        },
        (None, Some(event)) => html! {
            <>
                <p class="note">{ &event.text }</p>
                <p class="note quiet-note">{ say::INSPECTOR_NO_PACKET }</p>
            </>
        },
        (None, None) => {
            html! { <p class="note">{ say::INSPECTOR_SELECT }</p> }
        }
    }
}
