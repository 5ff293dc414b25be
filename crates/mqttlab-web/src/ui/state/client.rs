//! What a client knows.

use mqttlab_sim::view::{EndState, Participant, ParticipantState, Received};
use yew::{Html, html};

use super::{StateProps, before, line, session, timers};
use crate::texts;

/// Messages shown of those that an application got.
const RECEIVED_MAX: usize = 20;

pub(super) fn client(props: &StateProps) -> Html {
    let Some(client) = props.scene.participant(props.of) else {
        return html! { <p class="note">{ "There is nobody with this number." }</p> };
    };
    let was = before(props).and_then(|view| view.participants.get(props.of as usize));
    html! {
        <>
            <div class="card">
                <h3>{ format!("client {}", client.name) }<span class="muted">{ format!(" MQTT {}", client.version) }</span></h3>
                <dl>
                    { line("client id", client.client_id.clone(), None) }
                    { line("state", state(client.state).to_owned(), was.map(|was| state(was.state).to_owned())) }
                    { line("since", texts::moment(client.since), was.map(|was| texts::moment(was.since))) }
                    { connection(props) }
                    { line("queue", client.queued.to_string(), was.map(|was| was.queued.to_string())) }
                </dl>
            </div>
            { timers(client, props) }
            { in_flight(props, client) }
            { received(client) }
        </>
    }
}

fn connection(props: &StateProps) -> Html {
    let end = |view: &mqttlab_sim::view::View| {
        let mut all = view.connections.iter().rev();
        let last = all.find(|connection| connection.client == props.of)?;
        Some(format!("#{} {}", last.id, end_state(last.client_end)))
    };
    let none = || "none".to_owned();
    let now = end(&props.scene.view).unwrap_or_else(none);
    line(
        "connection",
        now,
        before(props).map(|view| end(view).unwrap_or_else(none)),
    )
}

fn in_flight(props: &StateProps, client: &Participant) -> Html {
    if client.outgoing.is_empty() && client.incoming.is_empty() {
        return Html::default();
    }
    html! {
        <div class="card">
            <h3>{ "In flight" }</h3>
            { session::slots(props, client.id, &client.outgoing, &client.incoming) }
        </div>
    }
}

fn received(client: &Participant) -> Html {
    let row = |message: &Received| {
        html! {
            <li class="message">
                <span class="mono small muted">{ texts::moment_bare(message.at) }</span>
                <span class="mono">{ &message.topic }</span>
                <span class="mono">{ format!("“{}”", message.payload) }</span>
                <span class="muted small">{ format!("QoS {}{}{}", message.qos, if message.retain { " retained" } else { "" }, if message.dup { " dup" } else { "" }) }</span>
            </li>
        }
    };
    if client.received.is_empty() {
        return Html::default();
    }
    html! {
        <div class="card">
            <h3>{ "Received" }</h3>
            <ul>{ for client.received.iter().rev().take(RECEIVED_MAX).map(row) }</ul>
        </div>
    }
}

fn state(state: ParticipantState) -> &'static str {
    match state {
        ParticipantState::Running => "running",
        ParticipantState::Idle => "not connected",
        ParticipantState::Opening => "opening TCP",
        ParticipantState::Connecting => "waits for CONNACK",
        ParticipantState::Connected => "connected",
        ParticipantState::Waiting => "waits to connect again",
        ParticipantState::Asleep => "asleep",
        ParticipantState::Crashed => "crashed",
    }
}

fn end_state(state: EndState) -> &'static str {
    match state {
        EndState::None => "unknown",
        EndState::Opening => "opening",
        EndState::Open => "open",
        EndState::Closed => "closed",
        EndState::Reset => "reset",
    }
}
