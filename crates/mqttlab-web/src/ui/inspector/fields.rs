//! The fields of a packet, with what each is for.

use mqttlab_sim::view::Field;
use yew::{Html, html};

use super::InspectorProps;
use crate::lab::{InspectorTab, Message, Packet};
use crate::say;
use crate::texts;

/// Every field, with its sentence.
pub(super) fn all(props: &InspectorProps, packet: &Packet) -> Html {
    let fields = packet.0.fields.iter().enumerate();
    html! {
        <>
            { about(props) }
            <ul class="fields long">{ for fields.map(|(index, field)| row(props, index, field, true)) }</ul>
        </>
    }
}

/// Below the bytes: names and values; the sentence of the selected one.
pub(super) fn short(props: &InspectorProps, packet: &Packet) -> Html {
    let fields = packet.0.fields.iter().enumerate();
    let is_shown =
        |index: &usize, field: &Field| field.depth == 0 || props.selection.field == Some(*index);
    html! {
        <ul class="fields">
            { for fields.filter(|(index, field)| is_shown(index, field)).map(|(index, field)| row(props, index, field, false)) }
        </ul>
    }
}

fn row(props: &InspectorProps, index: usize, field: &Field, tells: bool) -> Html {
    let is_chosen = props.selection.field == Some(index);
    let to = if is_chosen { None } else { Some(index) };
    let depth = format!("--depth:{}", field.depth);
    html! {
        <li key={index} style={depth}>
            <button
                type="button"
                class="field"
                id={format!("field-{index}")}
                aria-pressed={is_chosen.to_string()}
                onclick={props.on.reform(move |_| Message::SelectField(to))}
            >
                <span class="field-name">{ &field.name }</span>
                <span class="field-value mono">{ &field.value }</span>
            </button>
            if tells || is_chosen {
                <p class="field-about">{ &field.about }</p>
            }
            if let Some(clause) = field.clause.as_ref().filter(|_| is_chosen && !props.asks) {
                <button type="button" class="field-rule mono" onclick={props.on.reform(|_| Message::Inspect(InspectorTab::Rule))}>{ format!("[{clause}]") }</button>
            }
        </li>
    }
}

/// The packet in a line, above its fields.
fn about(props: &InspectorProps) -> Html {
    let flight = props.selection.flight.and_then(|id| props.scene.flight(id));
    match flight {
        Some(flight) => {
            let (kind, sent) = (
                texts::about_kind(flight.what),
                texts::moment(flight.sent_at),
            );
            let says = match flight.arrived_at {
                Some(at) => say::fields_arrived(&kind, &sent, &texts::span(at - flight.sent_at)),
                None => say::fields_sent(&kind, &sent),
            };
            html! { <p class="note quiet-note">{ says }</p> }
        }
        None => Html::default(),
    }
}
