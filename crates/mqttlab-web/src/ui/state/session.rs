//! What the broker keeps: sessions and retained messages.

use mqttlab_sim::view::{
    Flight, InFlight, ParticipantId, Queued, Retained, Session, Subscription, Will,
};
use yew::{Html, html};

use super::{StateProps, before, line, timers};
use crate::lab::Message;
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
                <p class="note">{ "No sessions: nobody has connected, or all have gone." }</p>
            }
            { for sessions.iter().take(CARDS_MAX).map(|session| card(props, session)) }
            if sessions.len() > CARDS_MAX {
                <p class="muted small">{ format!("{CARDS_MAX} of {} sessions shown. Each client has its own state.", sessions.len()) }</p>
            }
            { for gone.map(|was| html! { <p class="note changed">{ format!("session {} is gone", was.client_id) }</p> }) }
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
                { format!("session {}", session.client_id) }
                <span class="muted">{ if session.clean { " clean" } else { " persistent" } }</span>
                if is_new { <span class="new">{ "new" }</span> }
            </h3>
            <dl>
                { line("connection", on(session, scene), was.map(|was| on(was, scene))) }
                { line("last packet", heard(session), was.map(heard)) }
                { line("subscriptions", subscriptions(&session.subscriptions), was.map(|was| subscriptions(&was.subscriptions))) }
                { line("keep alive", promises(session), was.map(promises)) }
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
        (None, Some(name)) => format!("none, last {name}"),
        (None, None) => "none".to_owned(),
    }
}

fn heard(session: &Session) -> String {
    session
        .last_packet_at
        .map_or_else(|| "none".to_owned(), texts::moment)
}

/// What holds when the client falls silent: `30 s, no will`.
fn promises(session: &Session) -> String {
    let keep_alive = match session.keep_alive_s {
        0 => "off".to_owned(),
        seconds => format!("{seconds} s"),
    };
    match &session.will {
        Some(of) => format!("{keep_alive}, will {}", will(of)),
        None => format!("{keep_alive}, no will"),
    }
}

fn subscriptions(all: &[Subscription]) -> String {
    let all: Vec<String> = all
        .iter()
        .map(|one| format!("{} QoS {}", one.filter, one.qos))
        .collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

fn will(will: &Will) -> String {
    let retained = if will.retain { " retained" } else { "" };
    format!(
        "{} “{}” QoS {}{retained}",
        will.topic, will.payload, will.qos
    )
}

fn queue(queue: &[Queued]) -> Html {
    if queue.is_empty() {
        return Html::default();
    }
    let slot = |message: &Queued| {
        let says = format!(
            "{} “{}” QoS {}",
            message.topic, message.payload, message.qos
        );
        html! { <li class="slot full" title={says.clone()}><span aria-hidden="true">{ message.qos }</span><span class="hidden-visually">{ says }</span></li> }
    };
    let more = queue.len().saturating_sub(SLOTS_MAX);
    html! {
        <div class="slot-row">
            <span class="muted small">{ "queue" }</span>
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
                    <span class="muted small">{ "in flight" }</span>
                    <ol class="slots">{ for outgoing.iter().take(SLOTS_MAX).map(out) }</ol>
                    if more > 0 { <span class="muted small">{ format!("+{more}") }</span> }
                </div>
            }
            if !incoming.is_empty() {
                <div class="slot-row">
                    <span class="muted small">{ "waits for PUBREL" }</span>
                    <ol class="slots">{ for incoming.iter().take(SLOTS_MAX).map(|id| slot(props, client, *id, "waits for PUBREL")) }</ol>
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
                <span class="mono">{ format!("“{}”", message.payload) }</span>
                <span class="muted small">{ format!("QoS {}", message.qos) }</span>
            </li>
        }
    };
    html! {
        <div class="card">
            <h3>{ "Retained messages" }</h3>
            <ul>{ for retained.iter().map(row) }</ul>
        </div>
    }
}
