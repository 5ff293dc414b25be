//! A client in its host: what it is handed, what it does, and what its application hears.

mod application;
mod clock;
mod host;
mod outbox;
mod power;

use mqttlab_core::client::{Client, Close, Input, TimerKind, Why};
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::PacketType;
use mqttlab_core::time::Instant;

use super::report::Note;
use super::{Alarm, Happening, World};
use crate::pipe::Way;
use crate::scenario::{Acks, Ending};
use crate::view::{EventKind, ParticipantId};

pub(crate) use host::ClientHost;

use outbox::{Outbox, Output};

/// So many received messages are kept for a view.
const RECEIVED_MAX: usize = 100;

impl World {
    /// What the client's clock shows.
    fn client_now(&self, who: ParticipantId) -> Instant {
        self.state.clients[who as usize - 1]
            .clock
            .at(self.state.now)
    }

    fn host(&mut self, who: ParticipantId) -> &mut ClientHost {
        &mut self.state.clients[who as usize - 1]
    }

    /// Hands something to a client and does what it says.
    pub(super) fn client_input(&mut self, who: ParticipantId, input: Input<'_>) {
        let now = self.client_now(who);
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
        let host = self.host(who);
        let machine = host.machine.as_ref();
        let deadline = machine
            .and_then(Client::next_deadline)
            .and_then(|(at, _)| host.clock.when(at));
        self.set_alarm(Alarm::WakeClient(who), deadline);
    }

    /// Does what a client says; what it writes waits in its library until the sockets are looked at.
    fn carry_out(&mut self, who: ParticipantId, outbox: Outbox) {
        let trigger = self.cause;
        let mut first_subscriptions = false;
        let mut answers = Vec::new();
        let mut kept_back = 0;
        for output in outbox.0 {
            match output {
                Output::Open => {
                    let conn = self.open_connection(who);
                    self.host(who).conn = Some(conn);
                }
                Output::Send(bytes) => kept_back += self.client_sends(who, bytes),
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
                Output::Message(received) => {
                    answers.extend(self.answers(who, &received));
                    self.message_received(who, received);
                }
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
        if kept_back > 0 {
            // For the library it is written.
            self.client_input(who, Input::Flushed(kept_back));
        }
        self.give_answers(who, answers);
    }

    /// Hands a packet to the network, unless it is an acknowledgement that this client gives late or never. Returns how
    /// many bytes will never go.
    fn client_sends(&mut self, who: ParticipantId, bytes: Vec<u8>) -> u64 {
        let Some(conn) = self.host(who).conn else {
            return 0;
        };
        let acks = self.scenario.clients[who as usize - 1].habits.acks;
        match ack_name(&bytes) {
            Some(name) if acks == Acks::Never => {
                let text = format!("{} keeps {name} to itself", self.name(who));
                self.note(Note::new(who, EventKind::Application, text));
                bytes.len() as u64
            }
            Some(_) if let Acks::Late(by) = acks => {
                let at = self.state.now + self.host(who).clock.true_span(by);
                self.schedule(at, Happening::LateAck(who, conn, bytes));
                0
            }
            Some(_) | None if self.client_writes(who, conn, &bytes) => 0,
            Some(_) | None => bytes.len() as u64,
        }
    }

    /// Returns whether the network takes it at all.
    fn client_writes(&mut self, who: ParticipantId, conn: ConnId, bytes: &[u8]) -> bool {
        let version = self.scenario.clients[who as usize - 1].options.version;
        let goes = self.send_packet(conn, Way::Up, version, bytes);
        self.state.dirty.insert((conn, Way::Up));
        goes
    }

    /// Bytes go out that the client's library knows nothing of, if there is a connection.
    pub(super) fn send_by_hand(&mut self, who: ParticipantId, bytes: &[u8]) {
        match self.host(who).conn {
            Some(conn) => {
                self.client_writes(who, conn, bytes);
            }
            None => {
                let text = format!("{} has no connection for them", self.name(who));
                self.note(Note::new(who, EventKind::Fault, text));
            }
        }
    }

    /// An acknowledgement goes out that was held back, if its connection is still there.
    pub(super) fn late_ack(&mut self, who: ParticipantId, conn: ConnId, bytes: &[u8]) {
        if self.host(who).conn == Some(conn) {
            if !self.client_writes(who, conn, bytes) {
                self.client_input(who, Input::Flushed(bytes.len() as u64));
            }
            self.settle();
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

    fn client_decides(&mut self, who: ParticipantId, why: &Why) {
        let text = format!("{} {}", self.name(who), why.decision);
        let conn = self.host(who).conn;
        let note = Note::new(who, EventKind::Decision, text)
            .on(conn)
            .clause(why.clause);
        self.note_cause(note);
    }

    /// A client's next deadline has passed.
    pub(super) fn wake_client(&mut self, who: ParticipantId) {
        let now = self.client_now(who);
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

    pub(super) fn conns_of(&self, who: ParticipantId) -> Vec<ConnId> {
        let pipes = self.state.pipes.values();
        pipes
            .filter(|pipe| pipe.client == who)
            .map(|pipe| pipe.id)
            .collect()
    }
}

/// The name of a packet by which a client acknowledges what it got.
fn ack_name(bytes: &[u8]) -> Option<&'static str> {
    let packet = PacketType::from_first_byte(*bytes.first()?)?;
    let is_ack = matches!(
        packet,
        PacketType::PubAck | PacketType::PubRec | PacketType::PubComp
    );
    is_ack.then(|| packet.name())
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
