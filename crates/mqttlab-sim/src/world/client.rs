//! A client in its host: what it is handed, what it does, and what its application hears.

mod host;
mod outbox;

use std::sync::Arc;

use mqttlab_core::client::{
    Client, ClientError, Close, DisconnectOptions, Input, Message, State, SubscribeRequest,
    TimerKind, Why,
};
use mqttlab_core::id::ConnId;
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;

use super::report::Note;
use super::{Alarm, Happening, World};
use crate::describe;
use crate::pipe::Way;
use crate::scenario::condition::Tally;
use crate::scenario::{self, Ending, Memory};
use crate::view::{EventKind, ParticipantId, Received};

pub(crate) use host::ClientHost;

use outbox::{Outbox, Output};

/// So many received messages are kept for a view.
const RECEIVED_MAX: usize = 100;

impl World {
    fn host(&mut self, who: ParticipantId) -> &mut ClientHost {
        &mut self.state.clients[who as usize - 1]
    }

    /// Hands something to a client and does what it says.
    pub(super) fn client_input(&mut self, who: ParticipantId, input: Input<'_>) {
        let now = self.now();
        let Some(machine) = &mut self.host(who).machine else {
            return;
        };
        let mut outbox = Outbox::default();
        machine.handle(now, input, &mut outbox);
        self.apply_client(who, outbox);
    }

    /// As [`client_input`](Self::client_input), if it is about the connection that the client uses.
    pub(super) fn client_lost(&mut self, who: ParticipantId, conn: ConnId, input: Input<'_>) {
        if self.host(who).conn == Some(conn) {
            self.host(who).conn = None;
            self.client_input(who, input);
        }
    }

    fn apply_client(&mut self, who: ParticipantId, outbox: Outbox) {
        self.carry_out(who, outbox);
        self.settle();
        self.plan_wake(who);
    }

    fn plan_wake(&mut self, who: ParticipantId) {
        let machine = self.host(who).machine.as_ref();
        let deadline = machine
            .and_then(Client::next_deadline)
            .map(|(at, _)| at.as_micros());
        self.set_alarm(Alarm::WakeClient(who), deadline);
    }

    /// Does what a client says; what it writes waits in its library until the sockets are looked at.
    fn carry_out(&mut self, who: ParticipantId, outbox: Outbox) {
        let trigger = self.cause;
        let mut first_subscriptions = false;
        for output in outbox.0 {
            match output {
                Output::Open => {
                    let conn = self.open_connection(who);
                    self.host(who).conn = Some(conn);
                }
                Output::Send(bytes) => self.client_sends(who, &bytes),
                Output::Close(how) => self.client_closes(who, how),
                Output::Connected { session_present } => {
                    let state = if session_present {
                        "goes on with"
                    } else {
                        "begins"
                    };
                    let text = format!("{} is connected and {state} its session", self.name(who));
                    self.note(Note::new(who, EventKind::Application, text));
                    first_subscriptions = !std::mem::replace(&mut self.host(who).subscribed, true);
                }
                Output::Message(received) => self.message_received(who, received),
                Output::Heard(text) => {
                    let text = format!("{} {text}", self.name(who));
                    self.note(Note::new(who, EventKind::Application, text));
                }
                Output::Why(why) => self.client_decides(who, &why),
            }
        }
        self.cause = trigger;
        if first_subscriptions {
            self.subscribe_first(who);
        }
    }

    fn client_sends(&mut self, who: ParticipantId, bytes: &[u8]) {
        let version = self.scenario.clients[who as usize - 1].options.version;
        if let Some(conn) = self.host(who).conn {
            self.send_packet(conn, Way::Up, version, bytes);
            self.state.dirty.insert((conn, Way::Up));
        }
    }

    fn client_closes(&mut self, who: ParticipantId, how: Close) {
        let Some(conn) = self.host(who).conn.take() else {
            return;
        };
        let (ending, words) = match how {
            Close::Orderly => (Ending::Fin, "closes"),
            Close::Reset => (Ending::Rst, "resets"),
        };
        let text = format!("{} {words} connection {conn}", self.name(who));
        self.note_cause(Note::new(who, EventKind::Connection, text).on(conn));
        if self.state.dirty.remove(&(conn, Way::Up)) {
            self.pump(conn, Way::Up);
        }
        self.close_end(conn, Way::Up, ending);
    }

    fn message_received(&mut self, who: ParticipantId, received: Received) {
        let received = Received {
            at: self.state.now,
            ..received
        };
        let text = format!(
            "{} gets the message {} {}",
            self.name(who),
            describe::clip(&received.topic),
            describe::payload(received.payload.as_bytes())
        );
        self.note(Note::new(who, EventKind::Application, text));
        self.state.tallies.count(|tally| match tally {
            Tally::Received {
                who: wanted,
                filter,
                payload,
            } => {
                *wanted == who
                    && filter
                        .as_deref()
                        .is_none_or(|filter| mqttlab_core::topic::matches(filter, &received.topic))
                    && payload
                        .as_deref()
                        .is_none_or(|payload| payload == received.payload)
            }
            Tally::Sent { .. }
            | Tally::Arrived { .. }
            | Tally::Resent { .. }
            | Tally::Decided { .. } => false,
        });
        let kept = &mut self.host(who).received;
        if kept.len() == RECEIVED_MAX {
            kept.pop_front();
        }
        kept.push_back(Arc::new(received));
    }

    fn client_decides(&mut self, who: ParticipantId, why: &Why) {
        let text = format!("{} {}", self.name(who), why.decision);
        let conn = self.host(who).conn;
        let note = Note::new(who, EventKind::Decision, text)
            .on(conn)
            .clause(why.clause);
        self.note_cause(note);
    }

    fn subscribe_first(&mut self, who: ParticipantId) {
        let scenario = Arc::clone(&self.scenario);
        let wanted = &scenario.clients[who as usize - 1].subscriptions;
        if wanted.is_empty() {
            return;
        }
        let request = wanted
            .iter()
            .fold(SubscribeRequest::default(), |request, wanted| {
                request.and(wanted.filter.as_str(), wanted.qos)
            });
        self.ask(who, |client, now, sink| {
            client.subscribe(now, request, sink).map(|_| ())
        });
    }

    /// Lets the application ask its client for something.
    fn ask(
        &mut self,
        who: ParticipantId,
        request: impl FnOnce(&mut Client, Instant, &mut Outbox) -> Result<(), ClientError>,
    ) {
        let now = self.now();
        let Some(machine) = &mut self.host(who).machine else {
            let text = format!("{} does not run, so nothing happens", self.name(who));
            self.note(Note::new(who, EventKind::Application, text));
            return;
        };
        let mut outbox = Outbox::default();
        let result = request(machine, now, &mut outbox);
        self.carry_out(who, outbox);
        if let Err(error) = result {
            let text = format!("{} cannot do that: {error}", self.name(who));
            self.note(Note::new(who, EventKind::Application, text));
        }
    }

    /// As [`ask`](Self::ask), and lets the library write what came of it.
    fn ask_and_flush(
        &mut self,
        who: ParticipantId,
        request: impl FnOnce(&mut Client, Instant, &mut Outbox) -> Result<(), ClientError>,
    ) {
        self.ask(who, request);
        self.settle();
        self.plan_wake(who);
    }

    pub(super) fn connect(&mut self, who: ParticipantId) {
        self.ask_and_flush(who, |client, now, sink| client.connect(now, sink));
    }

    pub(super) fn disconnect(&mut self, who: ParticipantId, with_will: bool) {
        let reason = match with_will {
            true => ReasonCode::DisconnectWithWill,
            false => ReasonCode::Success,
        };
        let options = DisconnectOptions::new(reason);
        self.ask_and_flush(who, |client, now, sink| {
            client.disconnect(now, &options, sink)
        });
    }

    pub(super) fn publish(&mut self, who: ParticipantId, message: &scenario::Message) {
        let scenario::Message {
            topic,
            payload,
            qos,
            retain,
        } = message.clone();
        let message = Message {
            retain,
            ..Message::new(topic, payload, qos)
        };
        let spec = &self.scenario.clients[who as usize - 1];
        let exits = spec.bugs.exit_after_publish && self.host(who).machine.is_some();
        self.ask(who, |client, now, sink| {
            client.publish(now, message, sink).map(|_| ())
        });
        if exits {
            let text = format!("{} exits: its call to publish has returned", self.name(who));
            self.note_cause(Note::new(who, EventKind::Fault, text));
            self.crash_client(who, Ending::Fin);
        }
        self.settle();
        self.plan_wake(who);
    }

    pub(super) fn subscribe(&mut self, who: ParticipantId, request: SubscribeRequest) {
        self.ask_and_flush(who, |client, now, sink| {
            client.subscribe(now, request, sink).map(|_| ())
        });
    }

    pub(super) fn unsubscribe(&mut self, who: ParticipantId, filter: &str) {
        self.ask_and_flush(who, |client, now, sink| {
            client.unsubscribe(now, &[filter], sink).map(|_| ())
        });
    }

    /// One of a client's regular messages, and the next one after it. Only a connected client makes them.
    pub(super) fn publication(&mut self, who: ParticipantId, index: usize, number: u32) {
        let scenario = Arc::clone(&self.scenario);
        let publication = &scenario.clients[who as usize - 1].publications[index];
        let machine = self.host(who).machine.as_ref();
        if machine.is_some_and(|machine| machine.state() != State::Idle) {
            let payload = publication
                .message
                .payload
                .replace("{n}", &number.to_string());
            let message = scenario::Message {
                payload,
                ..publication.message.clone()
            };
            let text = format!("{} publishes its regular message {number}", self.name(who));
            self.note_cause(Note::new(who, EventKind::Action, text));
            self.publish(who, &message);
        }
        if number < publication.count {
            let at = self.state.now + publication.every;
            self.schedule(at, Happening::Publication(who, index, number + 1));
        }
    }

    /// A client's next deadline has passed.
    pub(super) fn wake_client(&mut self, who: ParticipantId) {
        let now = self.now();
        let Some(machine) = &mut self.host(who).machine else {
            return;
        };
        let kind = machine.next_deadline().map(|(_, kind)| kind);
        let mut outbox = Outbox::default();
        machine.handle(now, Input::Wake, &mut outbox);
        if let (Some(kind), false) = (kind, outbox.0.is_empty()) {
            let text = format!("{}: {}", self.name(who), timer_text(kind));
            self.note_cause(Note::new(who, EventKind::Timer, text));
        }
        self.apply_client(who, outbox);
    }

    /// A client's process ends, and its system closes what it had open. What the socket has taken is still sent, unless
    /// the connection is reset.
    pub(super) fn crash_client(&mut self, who: ParticipantId, how: Ending) {
        let conn = self.stop_client(who);
        if let Some(conn) = conn {
            let how = self.forget_process(conn, Way::Up, how);
            self.close_end(conn, Way::Up, how);
        }
    }

    /// A client's computer goes dark.
    pub(super) fn power_off_client(&mut self, who: ParticipantId) {
        self.stop_client(who);
        self.host(who).powered = false;
        for conn in self.conns_of(who) {
            self.darken_end(conn, Way::Up);
        }
    }

    fn stop_client(&mut self, who: ParticipantId) -> Option<ConnId> {
        self.set_alarm(Alarm::WakeClient(who), None);
        let now = self.state.now;
        let host = self.host(who);
        if let Some(machine) = host.machine.take() {
            host.saved = machine.session().clone();
            host.since = now;
        }
        host.conn.take()
    }

    pub(super) fn restart_client(&mut self, who: ParticipantId, memory: Memory) {
        let now = self.state.now;
        let scenario = Arc::clone(&self.scenario);
        let host = self.host(who);
        host.powered = true;
        host.start(&scenario.clients[who as usize - 1], now, memory);
        for conn in self.conns_of(who) {
            self.brighten(conn, Way::Down);
        }
    }

    pub(super) fn conns_of(&self, who: ParticipantId) -> Vec<ConnId> {
        let pipes = self.state.pipes.values();
        pipes
            .filter(|pipe| pipe.client == who)
            .map(|pipe| pipe.id)
            .collect()
    }
}

fn timer_text(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Connect => "the time to connect is over",
        TimerKind::KeepAlive => "nothing was sent for the Keep Alive",
        TimerKind::PingResponse => "no PINGRESP came in time",
        TimerKind::Reconnect => "it is time to connect again",
        TimerKind::SessionExpiry => "its session's time is over",
    }
}
