//! The world: a broker, clients and the network between them, and a queue of what will happen.
//!
//! Everything that happens is taken from the queue in the order of (time, number); nothing else moves the clock. A
//! machine works at once: what it says in answer to something happens in the same moment.

mod accept;
mod act;
mod broker;
pub(crate) mod capture;
pub(crate) mod checks;
mod client;
mod live;
mod network;
#[cfg(feature = "traffic")]
mod replay;
mod report;
mod ruled;
#[cfg(feature = "shards")]
pub(crate) mod shards;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mqttlab_core::broker::SessionView;
#[cfg(feature = "shards")]
use mqttlab_core::broker::shard::ShardId;
use mqttlab_core::id::ConnId;
use mqttlab_core::rng::Rng;
use mqttlab_core::time::Instant;

use crate::log::{Log, Moment, RollingHash};
use crate::monitor::{Monitors, Tallies};
use crate::pipe::gate::Gate;
use crate::pipe::{Pipe, Way};
use crate::scenario::{Action, RuleVerdict, Scenario};
use crate::view::{Connection, EventId, EventKind, FlightId, Micros, ParticipantId};

pub(crate) use broker::BrokerHost;
pub(crate) use client::ClientHost;

use report::Note;

/// When a run ends before its time, because more would be too much to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// After so many happenings.
    pub happenings: u64,
    /// When its packets have so many bytes together.
    pub bytes: u64,
}

impl Default for Budget {
    /// What a page can keep, whatever a stranger's scenario says.
    fn default() -> Self {
        Self {
            happenings: 500_000,
            bytes: 64 << 20,
        }
    }
}

/// The place of something in the queue.
type Key = (Micros, u64);

/// Something that will happen.
#[derive(Clone, Debug)]
enum Happening {
    /// An entry of the script, or from when on it waits for its condition.
    Script(usize),
    /// An entry of the script whose condition has become true.
    Due(usize),
    /// The next of a client's regular messages: whose, which of them, and its number.
    Publication(ParticipantId, usize, u32),
    /// An acknowledgement that was held back.
    LateAck(ParticipantId, ConnId, Vec<u8>),
    /// What a rule has decided is done to a way, because of this event.
    Ruled(ConnId, Way, RuleVerdict, EventId),
    /// A condition begins or ends to be looked at.
    Checkpoint,
    Alarm(Alarm),
}

/// Something that will happen once, and may still move or be called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    /// The front segment arrives.
    Arrival(ConnId, Way),
    /// The sender of this way stops waiting for acknowledgements.
    GiveUp(ConnId, Way),
    /// The client's system stops trying to connect.
    ConnectTimeout(ConnId),
    WakeBroker,
    WakeClient(ParticipantId),
    /// A slow client reads on.
    Read(ConnId),
    /// A SYN that was dropped is sent again.
    SynAgain(ConnId),
    /// The broker accepts the next connection.
    Accept,
    /// The broker's disk writes down what it has only in memory.
    Sync,
    /// What one shard of the broker has sent to another arrives.
    #[cfg(feature = "shards")]
    Word(ShardId, ShardId),
}

/// All that the future depends on.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) now: Micros,
    /// How many happenings there were.
    pub(crate) happened: u64,
    /// How many of them in this very moment.
    pub(crate) in_moment: u32,
    /// How many of them were inputs of users.
    pub(crate) inputs: usize,
    /// How many events and flights there were.
    pub(crate) events: usize,
    pub(crate) flights: usize,
    bytes: u64,
    pub(crate) hash: RollingHash,
    queue: BTreeMap<Key, Happening>,
    alarms: BTreeMap<Alarm, Key>,
    last_key: u64,
    last_conn: u64,
    pub(crate) broker: BrokerHost,
    pub(crate) clients: Vec<ClientHost>,
    pub(crate) pipes: BTreeMap<ConnId, Pipe>,
    /// Who was let in last under a Client Identifier.
    owners: BTreeMap<String, ParticipantId>,
    /// The last connection of each client that is over.
    pub(crate) past: BTreeMap<ParticipantId, Connection>,
    /// Flights that are on their way, and when they arrive.
    open: BTreeMap<FlightId, Option<Micros>>,
    /// Ways on which something was written or room has come since their sockets were looked at.
    dirty: BTreeSet<(ConnId, Way)>,
    /// Entries of the script whose time has come and whose condition has not been true since.
    waiting: Vec<usize>,
    pub(crate) tallies: Tallies,
    pub(crate) monitors: Monitors,
    ended: bool,
}

impl State {
    /// About how many bytes of memory a copy takes that are not shared with others.
    pub(crate) fn weight(&self) -> u64 {
        const CLIENT: u64 = 4 << 10;
        const MESSAGE: u64 = 200;
        let pipes = self.pipes.values().map(Pipe::weight).sum::<u64>();
        let machines = self.broker.machines();
        let messages: usize = machines.map(|broker| broker.usage().messages).sum();
        pipes + self.clients.len() as u64 * CLIENT + messages as u64 * MESSAGE
    }

    /// Whether the run has come to its limits.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.ended
    }
}

/// A run at one moment, with all that happened before.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) state: State,
    pub(crate) log: Log,
    pub(crate) budget: Budget,
    /// The event that leads to what happens now.
    cause: Option<EventId>,
    /// The segments of connections that are over, where somebody wants them.
    captures: Option<Vec<capture::Capture>>,
    /// What has come to a broker that is somewhere else.
    elsewhere: Option<Vec<crate::live::ToBroker>>,
    /// Looks after each happening whether all holds that must.
    #[cfg(feature = "checks")]
    watch: checks::Watch,
}

impl World {
    /// A world in which nothing has happened yet.
    pub(crate) fn new(scenario: Arc<Scenario>) -> Self {
        let rng = Rng::new(scenario.seed);
        let clients = scenario
            .clients
            .iter()
            .zip(1..)
            .map(|(spec, who)| {
                let rng = rng.fork(label("client", &spec.name));
                let gate = Gate::of(&scenario, who, rng.fork(label("rules", "")));
                ClientHost::new(spec, rng, gate)
            })
            .collect();
        let state = State {
            now: 0,
            happened: 0,
            in_moment: 0,
            inputs: 0,
            events: 0,
            flights: 0,
            bytes: 0,
            hash: RollingHash::default(),
            queue: BTreeMap::new(),
            alarms: BTreeMap::new(),
            last_key: 0,
            last_conn: 0,
            broker: BrokerHost::new(&scenario.broker, rng.fork(label("broker", ""))),
            clients,
            pipes: BTreeMap::new(),
            owners: BTreeMap::new(),
            past: BTreeMap::new(),
            open: BTreeMap::new(),
            dirty: BTreeSet::new(),
            waiting: Vec::new(),
            tallies: Tallies::new(&scenario),
            monitors: Monitors::new(&scenario),
            ended: false,
        };
        let mut world = Self {
            scenario,
            state,
            log: Log::default(),
            budget: Budget::default(),
            cause: None,
            captures: None,
            elsewhere: None,
            #[cfg(feature = "checks")]
            watch: checks::Watch::default(),
        };
        world.plan();
        world
    }

    /// Puts all that is known from the start into the queue.
    fn plan(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for (index, step) in scenario.script.iter().enumerate() {
            self.schedule(step.at, Happening::Script(index));
        }
        for (index, client) in scenario.clients.iter().enumerate() {
            for (number, publication) in client.publications.iter().enumerate() {
                if publication.count > 0 {
                    let who = index as ParticipantId + 1;
                    self.schedule(publication.from, Happening::Publication(who, number, 1));
                }
            }
        }
        for at in Monitors::moments(&scenario) {
            self.schedule(at, Happening::Checkpoint);
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(self.state.now)
    }

    /// When the next thing happens; `None` at the end of the run.
    pub(crate) fn next_at(&self) -> Option<Micros> {
        let (&(at, _), _) = self.state.queue.first_key_value()?;
        (at <= self.scenario.until && !self.state.ended).then_some(at)
    }

    /// Lets the next thing happen, unless it is one of the `omitted` steps of the script. Returns whether there was one.
    pub(crate) fn advance(&mut self, omitted: &[u32]) -> bool {
        if self.next_at().is_none() {
            return false;
        }
        let Some(((at, _), happening)) = self.state.queue.pop_first() else {
            return false;
        };
        self.begin(at);
        match happening {
            Happening::Script(index) if omitted.contains(&(index as u32)) => {}
            Happening::Script(index) if self.scenario.script[index].when.is_some() => {
                self.state.waiting.push(index);
            }
            Happening::Script(index) | Happening::Due(index) => {
                let action = self.scenario.script[index].action.clone();
                self.act(&action);
            }
            Happening::Publication(who, index, number) => self.publication(who, index, number),
            Happening::LateAck(who, conn, bytes) => self.late_ack(who, conn, &bytes),
            Happening::Ruled(conn, way, verdict, event) => self.ruled(conn, way, verdict, event),
            Happening::Checkpoint => {}
            Happening::Alarm(alarm) => {
                self.state.alarms.remove(&alarm);
                self.ring(alarm);
            }
        }
        self.finish();
        true
    }

    /// Lets a user do something at `at`, which is not before now and not after the next thing in the queue.
    pub(crate) fn inject(&mut self, at: Micros, action: &Action) {
        self.begin(at);
        self.state.inputs += 1;
        self.act(action);
        self.finish();
    }

    fn begin(&mut self, at: Micros) {
        debug_assert!(at >= self.state.now, "time never goes back");
        if at > self.state.now {
            self.state.in_moment = 0;
        }
        self.state.now = at;
        self.state.in_moment += 1;
        self.state.happened += 1;
        self.cause = None;
    }

    fn finish(&mut self) {
        let Budget { happenings, bytes } = self.budget;
        if self.state.happened >= happenings || self.state.bytes >= bytes {
            self.state.ended = true;
            let text = "the run ends here: more would be too much to keep";
            self.note(Note::new(0, EventKind::Fault, text));
        }
        if self.log.next_event() as usize > self.state.events {
            let first_event = self.state.events as EventId;
            self.log.push_moment(Moment {
                first_event,
                happened: self.state.happened,
            });
        }
        self.state.events = self.log.next_event() as usize;
        self.state.flights = self.log.next_flight() as usize;
        self.watch();
        self.look_what_is_due();
        #[cfg(feature = "checks")]
        self.look_whether_all_holds();
    }

    /// Steps whose condition is true now happen next in this moment, in the order in which they are written.
    fn look_what_is_due(&mut self) {
        if self.state.waiting.is_empty() {
            return;
        }
        let scenario = Arc::clone(&self.scenario);
        let waiting = std::mem::take(&mut self.state.waiting);
        for index in waiting {
            let when = scenario.script[index].when.as_ref();
            if when.is_some_and(|when| when.holds(self)) {
                self.schedule(self.state.now, Happening::Due(index));
            } else {
                self.state.waiting.push(index);
            }
        }
    }

    fn ring(&mut self, alarm: Alarm) {
        match alarm {
            Alarm::Arrival(conn, way) => self.arrival(conn, way),
            Alarm::GiveUp(conn, way) => self.give_up(conn, way),
            Alarm::ConnectTimeout(conn) => self.connect_timeout(conn),
            Alarm::WakeBroker => self.wake_broker(),
            Alarm::WakeClient(who) => self.wake_client(who),
            Alarm::Read(conn) => self.read_on(conn),
            Alarm::SynAgain(conn) => self.syn_again(conn),
            Alarm::Accept => self.accept_next(),
            Alarm::Sync => self.state.broker.disk.sync(),
            #[cfg(feature = "shards")]
            Alarm::Word(from, to) => self.word_arrived(from, to),
        }
    }

    fn schedule(&mut self, at: Micros, happening: Happening) -> Key {
        self.state.last_key += 1;
        let key = (at, self.state.last_key);
        self.state.queue.insert(key, happening);
        key
    }

    /// Sets, moves or calls off an alarm.
    fn set_alarm(&mut self, alarm: Alarm, at: Option<Micros>) {
        let now = self.state.now;
        let at = at.map(|at| at.max(now));
        let set = self.state.alarms.get(&alarm).copied();
        if set.map(|(at, _)| at) == at {
            return;
        }
        if let Some(key) = set {
            self.state.queue.remove(&key);
            self.state.alarms.remove(&alarm);
        }
        if let Some(at) = at {
            let key = self.schedule(at, Happening::Alarm(alarm));
            self.state.alarms.insert(alarm, key);
        }
    }

    /// The participant that was let in last under this Client Identifier.
    pub(crate) fn owner(&self, client_id: &str) -> Option<ParticipantId> {
        self.state.owners.get(client_id).copied()
    }

    /// What the broker keeps of a client.
    pub(crate) fn broker_session(&self, client_id: &str) -> Option<SessionView<'_>> {
        self.state.broker.machine_of(client_id)?.session(client_id)
    }

    /// Flights that are on their way.
    pub(crate) fn open_flights(&self) -> impl Iterator<Item = FlightId> {
        self.state.open.keys().copied()
    }

    /// A copy of everything that the future depends on.
    pub(crate) fn snapshot(&self) -> State {
        self.state.clone()
    }

    /// Goes to a snapshot of this same run.
    pub(crate) fn restore(&mut self, state: &State) {
        let was = std::mem::replace(&mut self.state, state.clone());
        let done = (state.events, state.flights);
        let open = state.open.iter().map(|(&id, &due)| (id, due));
        self.log.go_to(done, was.open.into_keys(), open);
        #[cfg(feature = "checks")]
        self.forget_violation();
    }

    /// From here on chance does something else, as far as it has not been drawn yet, and of the rules only the first so
    /// many are asked.
    pub(crate) fn reseed(&mut self, salt: u64, rules: usize) {
        for client in &mut self.state.clients {
            client.reseed(salt, rules);
        }
        for pipe in self.state.pipes.values_mut() {
            pipe.reseed(salt);
        }
        self.state.broker.reseed(salt);
    }

    /// Another world, at a snapshot of this same run.
    pub(crate) fn at(&self, state: &State) -> Self {
        let mut world = Self {
            scenario: Arc::clone(&self.scenario),
            state: self.state.clone(),
            log: self.log.clone(),
            budget: self.budget,
            captures: None,
            elsewhere: None,
            #[cfg(feature = "checks")]
            watch: self.watch.clone(),
            cause: None,
        };
        world.restore(state);
        world
    }

    /// Forgets what was known of the future: it will be another one.
    pub(crate) fn cut_future(&mut self) {
        self.log.cut(self.state.open.keys().copied());
    }
}

/// What the random stream of something depends on: its name, so that others may come and go.
fn label(kind: &str, name: &str) -> u64 {
    let mut hash = RollingHash::default();
    hash.bytes(kind.as_bytes());
    hash.bytes(&[0]);
    hash.bytes(name.as_bytes());
    hash.value()
}
