//! The world as plain data.

use mqttlab_core::broker::{Broker, Phase, SessionView};
use mqttlab_core::client::{Client, State as ClientState, TimerKind as ClientTimer};
use mqttlab_core::id::ConnId;
use mqttlab_core::qos;

use crate::describe::payload_text;
use crate::order;
use crate::pipe::{Pipe, Way};
use crate::view::{
    Connection, InFlight, Micros, Participant, ParticipantId, ParticipantState, Queued, Received,
    Retained, Session, Stage, Subscription, Timer, TimerKind, View, Will,
};
use crate::world::{ClientHost, World};

/// Everything there is to see at `now`, which is not before the last thing that happened.
pub(crate) fn view(world: &World, now: Micros, next_event_at: Option<Micros>) -> View {
    let clients = 1..=world.scenario.clients.len() as ParticipantId;
    View {
        now,
        next_event_at,
        events_done: world.log.next_event(),
        hash: format!("{:016x}", world.state.hash.value()),
        participants: std::iter::once(broker(world))
            .chain(clients.map(|id| client(world, id, now)))
            .collect(),
        connections: connections(world),
        backlog: world
            .state
            .broker
            .waiting
            .iter()
            .map(|conn| conn.number())
            .collect(),
        sessions: sessions(world),
        retained: retained(world),
        in_flight: world.open_flights().collect(),
    }
}

/// What a participant is doing, and since when.
pub(crate) fn participant_state(world: &World, id: ParticipantId) -> (ParticipantState, Micros) {
    if id == 0 {
        let host = &world.state.broker;
        let state = match host.machine {
            Some(_) => ParticipantState::Running,
            None => ParticipantState::Crashed,
        };
        return (state, host.since);
    }
    let host = &world.state.clients[id as usize - 1];
    let Some(machine) = &host.machine else {
        return (ParticipantState::Crashed, host.since);
    };
    if host.asleep {
        return (ParticipantState::Asleep, host.asleep_since);
    }
    let state = match machine.state() {
        ClientState::Idle => ParticipantState::Idle,
        ClientState::Opening => ParticipantState::Opening,
        ClientState::Connecting => ParticipantState::Connecting,
        ClientState::Connected => ParticipantState::Connected,
        ClientState::Waiting => ParticipantState::Waiting,
    };
    let since = host.clock.true_time(machine.since(), world.state.now);
    (state, since.max(host.since))
}

fn broker(world: &World) -> Participant {
    let (state, since) = participant_state(world, 0);
    Participant {
        id: 0,
        name: "broker".to_owned(),
        client_id: String::new(),
        version: String::new(),
        state,
        since,
        timers: broker_timers(world),
        outgoing: Vec::new(),
        incoming: Vec::new(),
        queued: 0,
        received: Vec::new(),
    }
}

fn client(world: &World, id: ParticipantId, now: Micros) -> Participant {
    let host = &world.state.clients[id as usize - 1];
    let spec = &world.scenario.clients[id as usize - 1];
    let (state, since) = participant_state(world, id);
    let machine = host.machine.as_ref();
    Participant {
        id,
        name: spec.name.clone(),
        client_id: machine
            .map_or(&*spec.options.client_id, Client::client_id)
            .to_owned(),
        version: spec.options.version.to_string(),
        state,
        since,
        timers: machine.map_or_else(Vec::new, |machine| client_timers(host, machine, now)),
        outgoing: machine.map_or_else(Vec::new, outgoing),
        incoming: machine.map_or_else(Vec::new, |machine| {
            machine.incoming().map(|id| id.number()).collect()
        }),
        queued: machine.map_or(0, |machine| machine.queue_len() as u32),
        received: host
            .received
            .iter()
            .map(|received| Received::clone(received))
            .collect(),
    }
}

fn client_timers(host: &ClientHost, machine: &Client, now: Micros) -> Vec<Timer> {
    let true_time = |time| host.clock.true_time(time, now);
    let timers = machine.timers().map(|timer| Timer {
        kind: match timer.kind {
            ClientTimer::Connect => TimerKind::Connect,
            ClientTimer::KeepAlive => TimerKind::KeepAlive,
            ClientTimer::PingResponse => TimerKind::PingResponse,
            ClientTimer::Reconnect => TimerKind::Reconnect,
            ClientTimer::SessionExpiry => TimerKind::SessionExpiry,
        },
        from: true_time(timer.from),
        until: true_time(timer.until),
        about: None,
    });
    timers.collect()
}

fn outgoing(machine: &Client) -> Vec<InFlight> {
    let in_flight = machine.outgoing().map(|stored| {
        let message = &stored.message.message;
        InFlight {
            packet_id: stored.packet_id.number(),
            qos: message.qos.number(),
            stage: stage(stored.stage),
            topic: message.topic.clone(),
            payload: payload_text(&message.payload),
        }
    });
    in_flight.collect()
}

fn stage(stage: qos::Stage) -> Stage {
    match stage {
        qos::Stage::PubAck => Stage::PubAck,
        qos::Stage::PubRec => Stage::PubRec,
        qos::Stage::PubComp => Stage::PubComp,
    }
}

/// By when clients must have sent something, sessions end and wills are published.
fn broker_timers(world: &World) -> Vec<Timer> {
    let machines = || world.state.broker.machines();
    let connections = machines()
        .flat_map(Broker::connections)
        .filter_map(|connection| {
            let kind = match connection.phase {
                Phase::AwaitConnect | Phase::Authorizing => TimerKind::Connect,
                Phase::Connected => TimerKind::KeepAliveLimit,
            };
            Some(Timer {
                kind,
                from: connection.last_packet_at.as_micros(),
                until: connection.deadline?.as_micros(),
                about: world
                    .state
                    .pipes
                    .get(&connection.conn)
                    .map(|pipe| pipe.client),
            })
        });
    let expiries = machines().flat_map(Broker::sessions).filter_map(|session| {
        let until = session.ends_at()?.as_micros();
        let from = until.saturating_sub(u64::from(session.expiry_s()) * 1_000_000);
        let about = world.owner(session.client_id());
        Some(Timer {
            kind: TimerKind::SessionExpiry,
            from,
            until,
            about,
        })
    });
    let wills = machines().flat_map(Broker::sessions).filter_map(|session| {
        let will = session.will()?;
        let until = will.due_at?.as_micros();
        let from = until.saturating_sub(u64::from(will.delay_s) * 1_000_000);
        let about = world.owner(session.client_id());
        Some(Timer {
            kind: TimerKind::WillDelay,
            from,
            until,
            about,
        })
    });
    connections.chain(expiries).chain(wills).collect()
}

/// Those that are, and for each client without one the last that was.
fn connections(world: &World) -> Vec<Connection> {
    let now = world.state.pipes.values().map(connection);
    let past = world.state.past.values().cloned();
    let mut all: Vec<Connection> = past.chain(now).collect();
    order::by_key(&mut all, |connection| {
        (connection.client.into(), connection.id)
    });
    all
}

/// One connection as both its ends see it.
pub(crate) fn connection(pipe: &Pipe) -> Connection {
    let (up, down) = (pipe.lane(Way::Up), pipe.lane(Way::Down));
    Connection {
        id: pipe.id.number(),
        client: pipe.client,
        opened_at: pipe.opened_at,
        client_end: pipe.client_end.state,
        broker_end: pipe.broker_end.state,
        cut: up.is_cut() && down.is_cut(),
        stalled_up: up.is_blocked(),
        stalled_down: down.is_blocked(),
        latency: pipe.spec().latency_up,
    }
}

/// The sessions the broker keeps, by Client Identifier.
fn sessions(world: &World) -> Vec<Session> {
    let machines = world.state.broker.machines();
    let sessions = machines.flat_map(|machine| {
        let sessions = machine.sessions();
        sessions.map(move |session| self::session(world, machine, session))
    });
    #[cfg(feature = "shards")]
    let sessions = {
        let mut all: Vec<Session> = sessions.collect();
        all.sort_by(|one, other| one.client_id.cmp(&other.client_id));
        all.into_iter()
    };
    sessions.collect()
}

fn session(world: &World, machine: &Broker, session: SessionView<'_>) -> Session {
    let conn = session.conn();
    let connection = conn.and_then(|conn| machine.connection(conn));
    let subscriptions = session.subscriptions().map(|subscription| Subscription {
        filter: subscription.filter.to_owned(),
        qos: subscription.options.qos.number(),
    });
    let queue = session.queue().map(|queued| Queued {
        topic: queued.message.topic.to_owned(),
        payload: payload_text(queued.message.payload),
        qos: queued.qos.number(),
    });
    let outgoing = session.in_flight().map(|in_flight| InFlight {
        packet_id: in_flight.packet_id.number(),
        qos: in_flight.stage.qos().number(),
        stage: stage(in_flight.stage),
        topic: in_flight.message.topic.to_owned(),
        payload: payload_text(in_flight.message.payload),
    });
    Session {
        client_id: session.client_id().to_owned(),
        clean: session.expiry_s() == 0,
        connection: conn.map(ConnId::number),
        client: world.owner(session.client_id()),
        last_packet_at: connection.map(|connection| connection.last_packet_at.as_micros()),
        keep_alive_s: connection.map_or(0, |connection| connection.keep_alive),
        subscriptions: subscriptions.collect(),
        queue: queue.collect(),
        outgoing: outgoing.collect(),
        incoming: session.incoming().map(|id| id.number()).collect(),
        will: session.will().map(|will| Will {
            topic: will.topic.to_owned(),
            payload: payload_text(will.payload),
            qos: will.qos.number(),
            retain: will.retain,
        }),
    }
}

/// The retained messages the broker keeps, by topic.
fn retained(world: &World) -> Vec<Retained> {
    let Some(machine) = &world.state.broker.machine else {
        return Vec::new();
    };
    let retained = machine.retained().map(|message| Retained {
        topic: message.topic.to_owned(),
        payload: payload_text(message.payload),
        qos: message.qos.number(),
    });
    retained.collect()
}
