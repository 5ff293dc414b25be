//! Why it happened: the chain of causes, and what came of it.

use std::rc::Rc;

use mqttlab_sim::view::{Event, EventId};
use yew::{Html, html};

use super::InspectorProps;
use crate::lab::Message;
use crate::say;
use crate::texts;
use crate::ui::icons::{Glyph, icon};

/// Longer chains are cut: the far past explains little.
const CAUSES_MAX: usize = 40;

pub(super) fn draw(props: &InspectorProps) -> Html {
    let scene = &props.scene;
    let sent = props
        .selection
        .flight
        .and_then(|id| scene.flight(id))
        .map(|flight| flight.event);
    let Some(id) = props.selection.event.or(sent) else {
        return html! { <p class="note">{ say::WHY_SELECT }</p> };
    };
    let causes = scene.causes(id);
    let effects: Vec<&Rc<Event>> = scene.effects(id).collect();
    let cut = causes.len().saturating_sub(CAUSES_MAX);
    html! {
        <>
            <h3 class="why-head">{ say::WHY_THIS }</h3>
            <ol class="causes">{ for causes.iter().take(1).map(|event| step(props, event)) }</ol>
            if causes.len() > 1 {
                <h3 class="why-head">{ say::WHY_BECAUSE }</h3>
                <ol class="causes">{ for causes.iter().skip(1).take(CAUSES_MAX).map(|event| step(props, event)) }</ol>
            } else {
                <p class="note quiet-note">{ say::WHY_NOTHING }</p>
            }
            if cut > 0 {
                <p class="note quiet-note">{ say::why_earlier(cut) }</p>
            }
            if !effects.is_empty() {
                <h3 class="why-head">{ say::WHY_LED_TO }</h3>
                <ol class="causes">{ for effects.iter().map(|event| step(props, event)) }</ol>
            }
        </>
    }
}

fn step(props: &InspectorProps, event: &Event) -> Html {
    let id: EventId = event.id;
    let is_chosen = props.selection.event == Some(id);
    html! {
        <li key={id}>
            <button
                type="button"
                class="cause"
                aria-pressed={is_chosen.to_string()}
                onclick={props.on.reform(move |_| Message::SelectEvent(id))}
            >
                { icon(Glyph::of_event(event.kind)) }
                <span class="cause-text">
                    <span class="muted small mono">{ format!("{} · {}", texts::moment(event.at), props.scene.name(event.participant)) }</span>
                    <span>{ texts::told(event, &props.scene) }</span>
                    { for event.clause.iter().map(|clause| html! { <span class="mono small muted">{ clause }</span> }) }
                </span>
            </button>
        </li>
    }
}
