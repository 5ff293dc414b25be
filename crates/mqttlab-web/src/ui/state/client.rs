//! What a client knows.

use mqttlab_sim::view::{EndState, Participant, ParticipantState, Received};
use yew::{Html, html};

use super::{StateProps, before, line, session, timers};
use crate::say::{self, Text};
use crate::texts;

/// Messages shown of those that an application got.
const RECEIVED_MAX: usize = 20;

pub(super) fn client(props: &StateProps) -> Html {
    let Some(client) = props.scene.participant(props.of) else {
        return html! { <p class="note">{ say::CLIENT_NOBODY }</p> };
    };
    let was = before(props).and_then(|view| view.participants.get(props.of as usize));
    html! {
        <>
            <div class="card">
                <h3>{ say::client_title(&client.name) }<span class="muted">{ " MQTT " }{ &client.version }</span></h3>
                <dl>
                    { line(say::CLIENT_ID, client.client_id.clone(), None) }
                    { line(say::CLIENT_STATE, state(client.state).to_string(), was.map(|was| state(was.state).to_string())) }
                    { line(say::CLIENT_SINCE, texts::moment(client.since), was.map(|was| texts::moment(was.since))) }
                    { connection(props) }
                    { line(say::CLIENT_QUEUE, client.queued.to_string(), was.map(|was| was.queued.to_string())) }
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
    let none = || say::STATE_NONE.to_string();
    let now = end(&props.scene.view).unwrap_or_else(none);
    line(
        say::CLIENT_CONNECTION,
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
            <h3>{ say::CLIENT_IN_FLIGHT }</h3>
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
                <span class="mono">{ say::message_payload(&message.payload) }</span>
                <span class="muted small">{ say::message_qos(message.qos) }{ message.retain.then(|| flag(say::MESSAGE_IS_RETAINED)) }{ message.dup.then(|| flag(say::MESSAGE_IS_DUP)) }</span>
            </li>
        }
    };
    if client.received.is_empty() {
        return Html::default();
    }
    html! {
        <div class="card">
            <h3>{ say::CLIENT_RECEIVED }</h3>
            <ul>{ for client.received.iter().rev().take(RECEIVED_MAX).map(row) }</ul>
        </div>
    }
}

/// A word behind another one.
fn flag(word: Text) -> Html {
    html! { <>{ " " }{ word }</> }
}

fn state(state: ParticipantState) -> Text {
    match state {
        ParticipantState::Running => say::CLIENT_IS_RUNNING,
        ParticipantState::Idle => say::CLIENT_IS_IDLE,
        ParticipantState::Opening => say::CLIENT_IS_OPENING,
        ParticipantState::Connecting => say::CLIENT_IS_CONNECTING,
        ParticipantState::Connected => say::CLIENT_IS_CONNECTED,
        ParticipantState::Waiting => say::CLIENT_IS_WAITING,
        ParticipantState::Asleep => say::CLIENT_IS_ASLEEP,
        ParticipantState::Crashed => say::CLIENT_IS_CRASHED,
    }
}

fn end_state(state: EndState) -> Text {
    match state {
        EndState::None => say::END_NONE,
        EndState::Opening => say::END_OPENING,
        EndState::Open => say::END_OPEN,
        EndState::Closed => say::END_CLOSED,
        EndState::Reset => say::END_RESET,
    }
}
