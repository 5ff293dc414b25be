//! What the broker keeps: sessions and retained messages.

use mqttlab_sim::view::{
    Flight, InFlight, ParticipantId, Queued, Retained, Session, Subscription, Will,
};
use yew::{Html, html};

use super::{StateProps, before, line, timers};
use crate::lab::Message;
use crate::say;
use crate::scene::Inner;
use crate::texts;

/// More sessions than this are not all listed.
const CARDS_MAX: usize = 40;

/// Places of a queue that are drawn; the rest is a number.
const SLOTS_MAX: usize = 12;

pub(super) fn broker(props: &StateProps) -> Html {
    let scene = &props.scene;
    let sessions = &scene.view.sessions;
    let gone = before(props).into_iter().flat_map(|view| &view.sessions);
    // They are in the order of their Client Identifiers.
    let gone = gone.filter(|was| {
        let place = sessions.binary_search_by(|now| now.client_id.cmp(&was.client_id));
        place.is_err()
    });
    html! {
        <>
            if sessions.is_empty() {
                <p class="note">{ say::SESSION_NONE }</p>
            }
            { for sessions.iter().take(CARDS_MAX).map(|session| card(props, session)) }
            if sessions.len() > CARDS_MAX {
                <p class="muted small">{ say::session_shown(CARDS_MAX, sessions.len()) }</p>
            }
            { for gone.map(|was| html! { <p class="note changed">{ say::session_gone(&was.client_id) }</p> }) }
            { retained(props) }
            { for scene.participant(0).map(|broker| timers(broker, props)) }
        </>
    }
}

fn card(props: &StateProps, session: &Session) -> Html {
    let scene = &props.scene;
    let was = before(props).and_then(|view| {
        let mut sessions = view.sessions.iter();
        sessions.find(|was| was.client_id == session.client_id)
    });
    let is_new = was.is_none() && before(props).is_some();
    html! {
        <div class={if is_new { "card changed" } else { "card" }} key={session.client_id.clone()}>
            <h3>
                { say::session_title(&session.client_id) }
                <span class="muted">{ " " }{ if session.clean { say::SESSION_CLEAN } else { say::SESSION_PERSISTENT } }</span>
                if is_new { <span class="new">{ say::SESSION_NEW }</span> }
            </h3>
            <dl>
                { line(say::SESSION_CONNECTION, on(session, scene), was.map(|was| on(was, scene))) }
                { line(say::SESSION_LAST_PACKET, heard(session), was.map(heard)) }
                { line(say::SESSION_SUBSCRIPTIONS, subscriptions(&session.subscriptions), was.map(|was| subscriptions(&was.subscriptions))) }
                { line(say::SESSION_KEEP_ALIVE, promises(session), was.map(promises)) }
            </dl>
            { queue(&session.queue) }
            { for session.client.map(|client| slots(props, client, &session.outgoing, &session.incoming)) }
        </div>
    }
}

fn on(session: &Session, scene: &Inner) -> String {
    let name = session.client.map(|client| scene.name(client));
    match (session.connection, name) {
        (Some(connection), Some(name)) => format!("{name} (#{connection})"),
        (Some(connection), None) => format!("#{connection}"),
        (None, Some(name)) => say::session_last(name),
        (None, None) => say::STATE_NONE.to_string(),
    }
}

fn heard(session: &Session) -> String {
    session
        .last_packet_at
        .map_or_else(|| say::STATE_NONE.to_string(), texts::moment)
}

/// What holds when the client falls silent: `30 s, no will`.
fn promises(session: &Session) -> String {
    let keep_alive = match session.keep_alive_s {
        0 => say::SESSION_KEEP_ALIVE_OFF.to_string(),
        seconds => say::session_seconds(seconds),
    };
    match &session.will {
        Some(of) => say::session_will(&keep_alive, &will(of)),
        None => say::session_no_will(&keep_alive),
    }
}

fn subscriptions(all: &[Subscription]) -> String {
    let all: Vec<String> = all
        .iter()
        .map(|one| format!("{} {}", one.filter, say::message_qos(one.qos)))
        .collect();
    if all.is_empty() {
        say::STATE_NONE.to_string()
    } else {
        all.join(", ")
    }
}

fn will(will: &Will) -> String {
    match will.retain {
        true => say::message_retained(&will.topic, &will.payload, will.qos),
        false => say::message(&will.topic, &will.payload, will.qos),
    }
}

fn queue(queue: &[Queued]) -> Html {
    if queue.is_empty() {
        return Html::default();
    }
    let slot = |message: &Queued| {
        let says = say::message(&message.topic, &message.payload, message.qos);
        html! { <li class="slot full" title={says.clone()}><span aria-hidden="true">{ message.qos }</span><span class="hidden-visually">{ says }</span></li> }
    };
    let more = queue.len().saturating_sub(SLOTS_MAX);
    html! {
        <div class="slot-row">
            <span class="muted small">{ say::SESSION_QUEUE }</span>
            <ol class="slots">{ for queue.iter().take(SLOTS_MAX).map(slot) }</ol>
            if more > 0 { <span class="muted small">{ format!("+{more}") }</span> }
        </div>
    }
}

/// Messages that are sent and not completed, by Packet Identifier. The one of the selected packet is lit, and each selects
/// its packet.
pub(super) fn slots(
    props: &StateProps,
    client: ParticipantId,
    outgoing: &[InFlight],
    incoming: &[u16],
) -> Html {
    if outgoing.is_empty() && incoming.is_empty() {
        return Html::default();
    }
    let out = |message: &InFlight| {
        let says = format!(
            "{} “{}”, {}",
            message.topic,
            message.payload,
            texts::stage(message.stage)
        );
        slot(props, client, message.packet_id, &says)
    };
    let more = outgoing.len().saturating_sub(SLOTS_MAX);
    html! {
        <>
            if !outgoing.is_empty() {
                <div class="slot-row">
                    <span class="muted small">{ say::SESSION_IN_FLIGHT }</span>
                    <ol class="slots">{ for outgoing.iter().take(SLOTS_MAX).map(out) }</ol>
                    if more > 0 { <span class="muted small">{ format!("+{more}") }</span> }
                </div>
            }
            if !incoming.is_empty() {
                <div class="slot-row">
                    <span class="muted small">{ say::SESSION_PUBREL }</span>
                    <ol class="slots">{ for incoming.iter().take(SLOTS_MAX).map(|id| slot(props, client, *id, &say::SESSION_PUBREL)) }</ol>
                </div>
            }
        </>
    }
}

/// A place that a Packet Identifier takes.
fn slot(props: &StateProps, client: ParticipantId, packet_id: u16, says: &str) -> Html {
    let scene = &props.scene;
    let is_of = |flight: &Flight| {
        (flight.from == client || flight.to == client) && flight.packet_id == Some(packet_id)
    };
    let chosen = props.flight.and_then(|id| scene.flight(id));
    let is_lit = chosen.is_some_and(|flight| is_of(flight));
    let latest = scene.flights.iter().rev().find(|flight| is_of(flight));
    let latest = latest.map(|flight| flight.id);
    let select = props.on.reform(move |_| match latest {
        Some(flight) => Message::SelectFlight(flight),
        None => Message::Halt,
    });
    html! {
        <li>
            <button type="button" class="slot full" aria-pressed={is_lit.to_string()} title={says.to_owned()} onclick={select}>
                { packet_id }<span class="hidden-visually">{ format!(": {says}") }</span>
            </button>
        </li>
    }
}

fn retained(props: &StateProps) -> Html {
    let retained = &props.scene.view.retained;
    if retained.is_empty() {
        return Html::default();
    }
    let row = |message: &Retained| {
        let is_new = before(props).is_some_and(|view| !view.retained.contains(message));
        html! {
            <li class={if is_new { "message changed" } else { "message" }}>
                <span class="mono">{ &message.topic }</span>
                <span class="mono">{ say::message_payload(&message.payload) }</span>
                <span class="muted small">{ say::message_qos(message.qos) }</span>
            </li>
        }
    };
    html! {
        <div class="card">
            <h3>{ say::RETAINED }</h3>
            <ul>{ for retained.iter().map(row) }</ul>
        </div>
    }
}
