//! The broker in its host: what it is handed and what it does.

use std::collections::VecDeque;
use std::sync::Arc;

#[cfg(feature = "shards")]
use mqttlab_core::broker::shard::Shard;
use mqttlab_core::broker::shard::{ShardId, To, Word};
use mqttlab_core::broker::{
    Access, AuthRequest, Authorization, Broker, Bugs, Change, CloseReason, Config, Established,
    Identity, Input, Sink, TimerKind,
};
use mqttlab_core::codec::Limits;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::packet::Publish;
use mqttlab_core::properties::{Property, PropertyList};
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::rng::Rng;
use mqttlab_core::time::Instant;
use mqttlab_core::topic::matches;
use mqttlab_core::why::{Decision, Why};

use super::report::Note;
#[cfg(feature = "shards")]
use super::shards::{self, Shards};
use super::{Alarm, World};
use crate::disk::Disk;
use crate::log::Known;
use crate::pipe::Way;
use crate::scenario::condition::Tally;
use crate::scenario::{AccessSpec, BrokerSpec, Ending, Memory, Message};
use crate::view::{EventKind, Micros};

/// The shard of a broker that has only one.
const ONLY: ShardId = ShardId::new(0);

/// The computer that the broker runs on.
#[derive(Clone, Debug)]
pub(crate) struct BrokerHost {
    /// `None` while it does not run.
    pub(crate) machine: Option<Broker>,
    pub(crate) powered: bool,
    pub(crate) refusing: bool,
    /// Since when it runs or does not.
    pub(crate) since: Micros,
    config: Config,
    bugs: Bugs,
    access: Arc<AccessSpec>,
    /// Whether there is a disk at all.
    has_disk: bool,
    pub(super) disk: Disk,
    /// Connections that its process has not accepted, and when it will look for them.
    pub(crate) waiting: VecDeque<ConnId>,
    pub(super) accepts_at: Micros,
    /// What there is beside the first machine, if the broker is of several shards and runs.
    #[cfg(feature = "shards")]
    pub(super) shards: Option<Box<Shards>>,
    rng: Rng,
    lives: u64,
}

impl BrokerHost {
    pub(super) fn new(spec: &BrokerSpec, rng: Rng) -> Self {
        let config = spec.policy.clone();
        let mut host = Self {
            machine: None,
            powered: true,
            refusing: false,
            since: 0,
            config,
            bugs: spec.bugs,
            access: Arc::new(spec.access.clone()),
            has_disk: spec.disk,
            disk: Disk::default(),
            waiting: VecDeque::new(),
            accepts_at: 0,
            #[cfg(feature = "shards")]
            shards: None,
            rng,
            lives: 0,
        };
        host.start_anew(0, spec.host.shards);
        host
    }

    /// The broker begins to run, with nothing of an earlier life.
    fn start_anew(&mut self, now: Micros, shards: u16) {
        self.disk = Disk::default();
        let seed = self.new_life(now);
        let (config, bugs) = (self.config.clone(), self.bugs);
        #[cfg(feature = "shards")]
        if shards > 1 {
            let config = config.part(shards);
            let make = |shard| Broker::new(config.clone(), seed).into_shard(shard);
            return self.start_shards(shards, |shard| make(shard).with_bugs(bugs));
        }
        let _ = shards;
        self.machine = Some(Broker::new(config, seed).with_bugs(bugs));
    }

    /// The broker begins to run, with what its disk has.
    fn start_from_disk(&mut self, now: Micros, shards: u16) {
        let seed = self.new_life(now);
        let (config, at) = (self.config.clone(), Instant::from_micros(now));
        #[cfg(feature = "shards")]
        if shards > 1 {
            let (config, bugs) = (config.part(shards), self.bugs);
            let disk = self.disk.clone();
            return self.start_shards(shards, |shard| {
                let changes = disk.changes();
                let broker = Broker::restore_shard(config.clone(), seed, at, shard, changes);
                broker.with_bugs(bugs)
            });
        }
        let _ = shards;
        let broker = Broker::restore(config, seed, at, self.disk.changes());
        self.machine = Some(broker.with_bugs(self.bugs));
    }

    #[cfg(feature = "shards")]
    fn start_shards(&mut self, of: u16, make: impl Fn(Shard) -> Broker) {
        self.machine = Shard::new(ShardId::new(0), of).map(&make);
        let rng = self.rng.fork(u64::MAX - self.lives);
        let shards = Shards::new(shards::others(of, make), rng);
        self.shards = Some(Box::new(shards));
    }

    /// The machines that run: one, or one for each shard.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &Broker> {
        #[cfg(feature = "shards")]
        let others = self.shards.iter().flat_map(|shards| &shards.others);
        #[cfg(not(feature = "shards"))]
        let others = None;
        self.machine.iter().chain(others)
    }

    /// The machine that has the session of this client.
    pub(crate) fn machine_of(&self, client_id: &str) -> Option<&Broker> {
        self.machines()
            .find(|broker| broker.shard().owns(client_id))
    }

    #[cfg(feature = "shards")]
    pub(super) fn machine_at(&self, shard: ShardId) -> Option<&Broker> {
        self.machines().nth(usize::from(shard.number()))
    }

    pub(super) fn reseed(&mut self, salt: u64) {
        self.rng = self.rng.fork(salt);
        #[cfg(feature = "shards")]
        if let Some(shards) = &mut self.shards {
            shards.reseed(&self.rng);
        }
        if let Some(machine) = &mut self.machine {
            // Far from the streams of its lives, which count from 1.
            machine.reseed(self.rng.fork(u64::MAX).next_u64());
        }
    }

    fn new_life(&mut self, now: Micros) -> u64 {
        self.lives += 1;
        self.since = now;
        self.rng.fork(self.lives).next_u64()
    }

    /// Whether a new connection finds somebody.
    pub(super) fn listens(&self) -> bool {
        self.machine.is_some() && !self.refusing
    }

    pub(super) fn limits(&self) -> Limits {
        self.config.link_limits()
    }
}

/// What the broker wants done, in its order.
#[derive(Clone, Debug)]
pub(super) enum Output {
    Send(ConnId, Vec<u8>),
    Close(ConnId),
    Established(ConnId, String),
    Why(Why),
}

/// Takes what the broker says; `disk` what it wants to be kept.
struct Outbox<'d> {
    outputs: Vec<Output>,
    access: &'d AccessSpec,
    disk: Option<&'d mut Disk>,
    told: Told,
}

/// The words of one call.
type Told = Vec<(To, Word)>;

impl Sink for Outbox<'_> {
    const TRACE: bool = true;

    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.outputs.push(Output::Send(conn, bytes));
    }

    fn close(&mut self, conn: ConnId, _: CloseReason) {
        self.outputs.push(Output::Close(conn));
    }

    fn established(&mut self, conn: ConnId, established: &Established<'_>) {
        self.outputs
            .push(Output::Established(conn, established.client_id.to_string()));
    }

    fn authorize(&mut self, _: ConnId, request: &AuthRequest<'_>) -> Authorization {
        let users = &self.access.users;
        if request.method.is_some() {
            return Authorization::Deny(ReasonCode::BadAuthenticationMethod);
        }
        let known = request.user_name.and_then(|name| users.get(name));
        let is_right = known.is_some_and(|password| request.password == Some(password.as_bytes()));
        if users.is_empty() || is_right {
            Authorization::Allow
        } else {
            Authorization::Deny(ReasonCode::BadUserNameOrPassword)
        }
    }

    /// A Topic Filter is looked at as if it were a Topic Name: `secret/#` also denies `secret/+`.
    fn permits(&mut self, _: &Identity<'_>, access: Access, topic: &str) -> bool {
        let denied = match access {
            Access::Publish | Access::Retained => &self.access.deny_publish,
            Access::Subscribe | Access::Receive => &self.access.deny_subscribe,
        };
        !denied.iter().any(|filter| matches(filter, topic))
    }

    fn persist(&mut self, change: &Change<'_>) {
        if let Some(disk) = &mut self.disk {
            disk.write(change);
        }
    }

    fn tell(&mut self, to: To, word: Word) {
        self.told.push((to, word));
    }

    fn why(&mut self, why: Why) {
        self.outputs.push(Output::Why(why));
    }
}

impl World {
    /// Hands something to the broker and does what it says.
    pub(super) fn broker_input(&mut self, input: Input<'_>) {
        if self.is_live() {
            self.tell_elsewhere(&input);
            return;
        }
        #[cfg(feature = "shards")]
        if self.state.broker.shards.is_some() {
            return self.shard_input(input);
        }
        if let Some((outputs, _)) = self.ask_broker(ONLY, input) {
            self.apply_broker(outputs);
        }
    }

    /// Asks the machine of a shard: what it says, and what it tells the other shards.
    pub(super) fn ask_broker(
        &mut self,
        shard: ShardId,
        input: Input<'_>,
    ) -> Option<(Vec<Output>, Told)> {
        let now = self.now();
        let BrokerHost {
            machine,
            #[cfg(feature = "shards")]
            shards,
            access,
            has_disk,
            disk,
            ..
        } = &mut self.state.broker;
        let machines = machine.iter_mut();
        #[cfg(feature = "shards")]
        let machines = machines.chain(shards.iter_mut().flat_map(|shards| &mut shards.others));
        let machine = { machines }.nth(usize::from(shard.number()))?;
        let mut outbox = Outbox {
            outputs: Vec::new(),
            told: Told::new(),
            access,
            disk: has_disk.then_some(&mut *disk),
        };
        machine.handle(now, input, &mut outbox);
        let (outputs, told) = (outbox.outputs, outbox.told);
        self.keep_disk();
        Some((outputs, told))
    }

    /// Looks after what was written to the disk.
    fn keep_disk(&mut self) {
        let host = &mut self.state.broker;
        if host.has_disk {
            let mut disk = std::mem::take(&mut host.disk);
            disk.tidy(host.machines());
            host.disk = disk;
        }
        self.plan_sync();
    }

    /// What was written has to get to the disk: at once, or at the next turn.
    fn plan_sync(&mut self) {
        let every = self.scenario.broker.host.sync_every;
        let disk = &mut self.state.broker.disk;
        match every {
            None => disk.sync(),
            Some(every) if disk.unsynced() > 0 && !self.state.alarms.contains_key(&Alarm::Sync) => {
                self.set_alarm(Alarm::Sync, Some(self.state.now + every));
            }
            Some(_) => {}
        }
    }

    fn apply_broker(&mut self, outputs: Vec<Output>) {
        let trigger = self.cause;
        let mut swallowed = Vec::new();
        for output in outputs {
            self.apply_output(output, &mut swallowed);
        }
        self.cause = trigger;
        for (conn, bytes) in swallowed {
            // For the broker it is written.
            self.broker_input(Input::Flushed { conn, bytes });
        }
        self.settle();
        self.plan_broker_wake();
    }

    /// Does one thing that the broker wants; what the network does not take is `swallowed`.
    pub(super) fn apply_output(&mut self, output: Output, swallowed: &mut Vec<(ConnId, u64)>) {
        match output {
            Output::Send(conn, bytes) if self.broker_sends(conn, &bytes) => {}
            Output::Send(conn, bytes) => swallowed.push((conn, bytes.len() as u64)),
            Output::Close(conn) => {
                let text = format!("the broker closes connection {conn}");
                self.note_cause(Note::new(0, EventKind::Connection, text).on(conn));
                self.pump_broker(conn);
                self.close_end(conn, Way::Down, Ending::Fin);
            }
            Output::Established(conn, client_id) => {
                if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                    self.state.owners.insert(client_id.clone(), pipe.client);
                    pipe.client_id = Some(client_id);
                }
            }
            Output::Why(why) => self.broker_decides(&why),
        }
    }

    /// Sets the alarm for the broker's next deadline.
    pub(super) fn plan_broker_wake(&mut self) {
        let machines = self.state.broker.machines();
        let deadlines = machines.filter_map(Broker::next_deadline);
        let first = deadlines.map(|(at, _)| at.as_micros()).min();
        self.set_alarm(Alarm::WakeBroker, first);
    }

    /// Returns whether the network takes it at all.
    fn broker_sends(&mut self, conn: ConnId, bytes: &[u8]) -> bool {
        let Some(pipe) = self.state.pipes.get(&conn) else {
            return true;
        };
        if !pipe.broker_end.is_open() {
            return true;
        }
        let version = self.scenario.clients[pipe.client as usize - 1]
            .options
            .version;
        let goes = self.send_packet(conn, Way::Down, version, bytes);
        self.state.dirty.insert((conn, Way::Down));
        goes
    }

    fn pump_broker(&mut self, conn: ConnId) {
        if self.state.dirty.remove(&(conn, Way::Down)) {
            self.pump(conn, Way::Down);
        }
    }

    pub(super) fn broker_decides(&mut self, why: &Why) {
        if let Some(clause) = why.clause {
            self.state.tallies.count(|tally| match tally {
                Tally::Decided { clause: wanted } => wanted == clause.id(),
                Tally::Received { .. }
                | Tally::Sent { .. }
                | Tally::Arrived { .. }
                | Tally::Resent { .. } => false,
            });
        }
        let text = format!("broker: {}", why.decision);
        let note = Note::new(0, EventKind::Decision, text)
            .on(why.conn)
            .clause(why.clause);
        let event = self.note_cause(note);
        if is_kept(&why.decision) {
            let decision = Some(why.decision.clone());
            self.log.push_known(Known { event, decision });
        }
    }

    /// The broker publishes a message of its own, such as a `$SYS` value.
    pub(super) fn broker_publishes(&mut self, message: &Message) {
        let mut properties = PropertyList::new();
        if let Some(expiry) = message.expiry {
            properties.push(Property::MessageExpiryInterval(expiry));
        }
        self.broker_input(Input::Publish(Publish {
            dup: false,
            qos: message.qos,
            retain: message.retain,
            topic: &message.topic,
            packet_id: None,
            properties: properties.properties(),
            payload: message.payload.as_bytes(),
        }));
    }

    /// The broker's next deadline has passed.
    pub(super) fn wake_broker(&mut self) {
        #[cfg(feature = "shards")]
        if self.state.broker.shards.is_some() {
            return self.wake_shards();
        }
        let machine = self.state.broker.machine.as_ref();
        let kind = machine
            .and_then(Broker::next_deadline)
            .map(|(_, kind)| kind);
        let Some((outputs, _)) = self.ask_broker(ONLY, Input::Wake) else {
            return;
        };
        if let (Some(kind), false) = (kind, outputs.is_empty()) {
            self.note_cause(Note::new(0, EventKind::Timer, timer_text(kind)));
        }
        self.apply_broker(outputs);
    }

    /// The broker's process ends, and its system closes what it had open.
    pub(super) fn crash_broker(&mut self, how: Ending) {
        self.end_broker();
        let conns: Vec<ConnId> = self.state.pipes.keys().copied().collect();
        for conn in conns {
            let how = self.forget_process(conn, Way::Down, how);
            self.close_end(conn, Way::Down, how);
        }
    }

    fn end_broker(&mut self) {
        self.state.broker.machine = None;
        #[cfg(feature = "shards")]
        self.end_shards();
        self.state.broker.waiting.clear();
        self.state.broker.since = self.state.now;
        self.set_alarm(Alarm::WakeBroker, None);
        self.set_alarm(Alarm::Accept, None);
    }

    /// The broker's computer goes dark.
    pub(super) fn power_off_broker(&mut self) {
        self.end_broker();
        self.set_alarm(Alarm::Sync, None);
        match self.state.broker.disk.lose_unsynced() {
            0 => {}
            lost => {
                let text = format!("the last {lost} changes were not on the disk yet and are lost");
                self.note(Note::new(0, EventKind::Fault, text));
            }
        }
        self.state.broker.powered = false;
        let conns: Vec<ConnId> = self.state.pipes.keys().copied().collect();
        for conn in conns {
            self.darken_end(conn, Way::Down);
        }
    }

    pub(super) fn restart_broker(&mut self, memory: Memory) {
        let now = self.state.now;
        let shards = self.scenario.broker.host.shards;
        self.state.broker.powered = true;
        match memory {
            Memory::Kept if self.state.broker.has_disk => {
                self.state.broker.start_from_disk(now, shards);
            }
            Memory::Kept | Memory::Lost => {
                self.state.broker.start_anew(now, shards);
                // The event of the restart itself.
                let event = self.cause.unwrap_or_default();
                let decision = None;
                self.log.push_known(Known { event, decision });
            }
        }
        self.plan_broker_wake();
        let conns: Vec<ConnId> = self.state.pipes.keys().copied().collect();
        for conn in conns {
            self.brighten(conn, Way::Up);
        }
    }
}

/// Whether the way of a message depends on it.
fn is_kept(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Published { .. }
            | Decision::PublishRepeated { .. }
            | Decision::PublishRefused { .. }
            | Decision::WillPublished { .. }
            | Decision::Delivered { .. }
            | Decision::Queued { .. }
            | Decision::Dequeued { .. }
            | Decision::Dropped { .. }
            | Decision::NotDelivered { .. }
            | Decision::ShareChose { .. }
            | Decision::ShareEmpty { .. }
            | Decision::RefusedByClient { .. }
            | Decision::Resent { .. }
            | Decision::Subscribed { .. }
            | Decision::SubscriptionRefused { .. }
            | Decision::SessionEnded { .. }
    )
}

pub(super) fn timer_text(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Connect => "broker: the time for a CONNECT is over",
        TimerKind::KeepAlive => "broker: a Keep Alive limit is reached",
        TimerKind::SessionExpiry => "broker: a session's time is over",
        TimerKind::WillDelay => "broker: a will's delay is over",
        TimerKind::MessageExpiry => "broker: a message's time is over",
        TimerKind::Retained => "broker: looks for more retained messages",
    }
}
