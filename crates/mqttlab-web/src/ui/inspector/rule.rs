//! The sentences of the standard behind what is selected.

use yew::{Html, html};

use super::InspectorProps;
use crate::say;
use crate::texts;

const STANDARD: &str = "https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html";

pub(super) fn draw(props: &InspectorProps) -> Html {
    let rules = rules(props);
    if rules.is_empty() {
        return html! { <p class="note">{ say::RULE_NONE }</p> };
    }
    let field_clause = clause_of_field(props);
    let rule = |(clause, told): &(String, Vec<String>)| {
        html! {
            <li class={if field_clause.as_ref() == Some(clause) { "rule lit" } else { "rule" }} key={clause.clone()}>
                <a class="mono" href={STANDARD} target="_blank" rel="noreferrer">{ format!("[{clause}]") }</a>
                <p>{ texts::sentence(clause).unwrap_or(say::RULE_UNKNOWN) }</p>
                { for told.iter().map(|text| html! { <p class="rule-here"><span class="muted">{ say::RULE_HERE }</span>{ " " }{ text }</p> }) }
            </li>
        }
    };
    html! {
        <>
            <ul class="rules">{ for rules.iter().map(rule) }</ul>
            <p class="note quiet-note">{ say::RULE_WORDS }</p>
        </>
    }
}

/// The statement about the selected field.
fn clause_of_field(props: &InspectorProps) -> Option<String> {
    let packet = props.packet.as_ref()?;
    packet.0.fields.get(props.selection.field?)?.clause.clone()
}

/// Clauses of the selected field, and of every decision about the selected packet or event.
fn rules(props: &InspectorProps) -> Vec<(String, Vec<String>)> {
    let mut rules: Vec<(String, Vec<String>)> = Vec::new();
    if let Some(clause) = clause_of_field(props) {
        rules.push((clause, Vec::new()));
    }
    let scene = &props.scene;
    let flight = props.selection.flight.and_then(|id| scene.flight(id));
    let of_flight = flight
        .into_iter()
        .flat_map(|flight| scene.events_of(flight.id));
    // What is sent because of a decision stands under the decision's rule.
    let decided = flight.and_then(|flight| {
        let causes = scene.causes(flight.event).into_iter();
        let mut here = causes.take_while(|event| event.at == flight.sent_at);
        here.find(|event| event.clause.is_some())
    });
    let event = props.selection.event.and_then(|id| scene.event(id));
    for event in of_flight.chain(decided).chain(event) {
        if let Some(clause) = &event.clause {
            let text = format!(
                "{}: {}",
                scene.name(event.participant),
                texts::told(event, scene)
            );
            match rules.iter_mut().find(|(known, _)| known == clause) {
                Some((_, told)) if told.contains(&text) => {}
                Some((_, told)) => told.push(text),
                None => rules.push((clause.clone(), vec![text])),
            }
        }
    }
    rules
}
