//! Everything that happened, one line each: the truth in words, for every kind of reader.

use std::rc::Rc;

use mqttlab_sim::view::{Event, EventId};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::functional::{Hook, HookContext};
use yew::{Callback, Html, hook, html, use_effect_with, use_memo, use_node_ref, use_state_eq};

use super::icons::{Glyph, icon};
use crate::acting::{flight_target, participant_target};
use crate::filter::Filter;
use crate::lab::Message;
use crate::say::{self, Text};
use crate::scene::{Family, Scene, is_folded};
use crate::texts;
use crate::ui::part::Draw;

#[derive(PartialEq)]
pub(crate) struct EventsProps {
    pub(crate) scene: Scene,
    pub(crate) selected: Option<EventId>,
    pub(crate) shows_tcp: bool,
    pub(crate) filter: Filter,
    pub(crate) visible: bool,
    pub(crate) on: Callback<Message>,
}

/// Longer lists keep only the rows near what can be seen in the page.
const WHOLE_MAX: usize = 400;
/// The height of a row until one is there to be measured.
const ROW: f64 = 34.0;

impl Draw for EventsProps {
    const KIND: &'static str = "events";

    fn draw(&self, cx: &mut HookContext) -> Html {
        use_events(self).run(cx)
    }
}

#[hook]
fn use_events(props: &EventsProps) -> Html {
    let port = use_node_ref();
    let scroll = use_state_eq(|| 0_usize);
    let row_height = use_state_eq(|| ROW);
    let tall = *row_height;
    // What is not seen is not sifted: in a crowd that would take longer than all the rest.
    let scene = props.visible.then(|| props.scene.clone());
    let given = (scene, props.filter.clone(), props.shows_tcp);
    let rows = use_memo(given, |(scene, filter, shows_tcp)| {
        let Some(scene) = scene else {
            return Vec::new();
        };
        let is_shown = |event: &&Rc<Event>| {
            let flight = event.flight.and_then(|id| scene.flight(id));
            (*shows_tcp || !flight.is_some_and(|flight| is_folded(flight)))
                && filter.has_event(event, scene)
        };
        let ids: Vec<EventId> = scene
            .events
            .iter()
            .filter(is_shown)
            .map(|event| event.id)
            .collect();
        ids
    });
    let place = props
        .selected
        .and_then(|id| rows.iter().position(|row| *row == id));
    let given = (
        place.unwrap_or(rows.len().saturating_sub(1)),
        rows.len(),
        props.visible,
        tall as i32,
    );
    use_effect_with(given, {
        let port = port.clone();
        move |(place, _, visible, _)| {
            if let Some(port) = port.cast::<HtmlElement>().filter(|_| *visible) {
                let row = port.query_selector("li").ok().flatten();
                if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
                    row_height.set(f64::from(row.offset_height()));
                }
                let y = (*place as f64 * tall) as i32;
                let (top, height) = (port.scroll_top(), port.client_height());
                if y < top || y + 2 * tall as i32 > top + height {
                    port.set_scroll_top(y - height / 2);
                }
            }
        }
    });
    let onscroll = {
        let (port, scroll) = (port.clone(), scroll.clone());
        Callback::from(move |_| {
            if let Some(port) = port.cast::<HtmlElement>() {
                // In steps, so that not every pixel draws the list anew.
                scroll.set((f64::from(port.scroll_top()) / tall) as usize / 20 * 20);
            }
        })
    };
    let (first, end) = if rows.len() <= WHOLE_MAX {
        (0, rows.len())
    } else {
        (
            scroll.saturating_sub(40).min(rows.len()),
            (*scroll + 100).min(rows.len()),
        )
    };
    let style = super::variables(&[
        ("above", first as f64 * tall),
        ("below", (rows.len() - end) as f64 * tall),
    ]);
    html! {
        <div class="scroll events" ref={port} {onscroll}>
            if rows.is_empty() {
                <p class="empty">{ empty(props) }</p>
            } else {
                <ol class="event-list" lang="en" aria-label={say::EVENTS} {style} start={(first + 1).to_string()}>
                    { for rows.get(first..end).unwrap_or_default().iter().map(|id| row(props, *id)) }
                </ol>
            }
        </div>
    }
}

fn empty(props: &EventsProps) -> Text {
    if props.scene.events.is_empty() {
        say::EVENTS_NONE
    } else {
        say::EVENTS_NO_MATCH
    }
}

fn row(props: &EventsProps, id: EventId) -> Html {
    let scene = &props.scene;
    let Some(event) = scene.event(id) else {
        return Html::default();
    };
    let flight = event.flight.and_then(|id| scene.flight(id));
    let family = flight.map_or("", |flight| Family::of(flight).class());
    let is_selected = props.selected == Some(id);
    html! {
        <li key={id}>
            <button
                type="button"
                class={format!("event {family}")}
                data-target={event.flight.map_or_else(|| participant_target(event.participant), flight_target)}
                aria-pressed={is_selected.to_string()}
                onclick={props.on.reform(move |_| Message::SelectEvent(id))}
            >
                <span class="event-time mono">{ texts::moment_bare(event.at) }</span>
                <span class="event-who">{ scene.name(event.participant) }</span>
                <span class="event-kind">{ icon(flight.map_or(Glyph::of_event(event.kind), |flight| Glyph::of(flight))) }{ texts::event_kind(event.kind) }</span>
                <span class="event-text">{ texts::told(event, scene) }</span>
                <span class="event-clause mono">{ event.clause.as_deref().unwrap_or_default() }</span>
            </button>
        </li>
    }
}
