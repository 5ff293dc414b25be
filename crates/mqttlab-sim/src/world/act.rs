//! What a scenario or a user does.

use mqttlab_core::client::{self, SubscribeRequest};
use mqttlab_core::id::ConnId;

use super::World;
use super::report::Note;
use crate::describe;
use crate::pipe::{Obstacle, Way};
use crate::scenario::{Act, Action, Ending, Memory, Ways, hex};
use crate::view::{EndState, EventKind, Micros, ParticipantId};

impl World {
    /// Does it, or says why it cannot be done.
    pub(super) fn act(&mut self, action: &Action) {
        let Action { who, act } = action;
        let who = *who;
        let kind = kind(act);
        if !self.applies(who, act) {
            let text = format!("{} cannot do that", self.name(who));
            self.note(Note::new(
                who.min(self.scenario.clients.len() as u32),
                kind,
                text,
            ));
            return;
        }
        if matches!(act, Act::Reset | Act::Close | Act::Send { .. }) && self.is_asleep(who) {
            let text = format!("{} is asleep, so nothing happens", self.name(who));
            self.note(Note::new(who, kind, text));
            return;
        }
        let text = self.words(who, act);
        self.note_cause(Note::new(who, kind, text));
        match act {
            Act::Connect => self.connect(who),
            Act::Disconnect { will } => self.disconnect(who, *will),
            Act::Publish(message) if who == 0 => self.broker_publishes(message),
            Act::Publish(message) => self.publish(who, message),
            Act::Subscribe { filter, qos } => {
                self.subscribe(who, SubscribeRequest::new(filter.as_str(), *qos));
            }
            Act::Unsubscribe { filter } => self.unsubscribe(who, filter),
            Act::Crash { how } if who == 0 => self.crash_broker(*how),
            Act::Crash { how } => self.crash_client(who, *how),
            Act::PowerOff if who == 0 => self.power_off_broker(),
            Act::PowerOff => self.power_off_client(who),
            Act::Restart { memory } => self.restart(who, *memory),
            Act::Cut { way } => self.obstruct(who, *way, Obstacle::Cut, true),
            Act::Heal => self.obstruct(who, Ways::Both, Obstacle::Cut, false),
            Act::Stall { way } => self.obstruct(who, *way, Obstacle::Stall, true),
            Act::Release { way } => self.obstruct(who, *way, Obstacle::Stall, false),
            Act::Reset => self.reset_link(who),
            Act::Close => self.close_without_word(who),
            Act::Refuse => self.state.broker.refusing = true,
            Act::Accept => self.state.broker.refusing = false,
            Act::Pause => self.state.clients[who as usize - 1].paused = true,
            Act::Resume => self.resume(who),
            Act::Sleep => self.sleep(who),
            Act::Wake => self.wake_up(who),
            Act::Send { bytes } => self.send_by_hand(who, &hex::bytes(bytes).unwrap_or_default()),
            Act::SlowDown {
                way,
                latency,
                bandwidth,
            } => self.pace(who, *way, *latency, *bandwidth),
            Act::SpeedUp { way } => self.pace(who, *way, None, None),
        }
        self.settle();
    }

    fn is_asleep(&self, who: ParticipantId) -> bool {
        let host = who
            .checked_sub(1)
            .map(|index| &self.state.clients[index as usize]);
        host.is_some_and(|host| host.asleep)
    }

    /// Whether that participant exists and can do this. A scenario is checked before; a user's action may be anything.
    fn applies(&self, who: ParticipantId, act: &Act) -> bool {
        who as usize <= self.scenario.clients.len() && act.is_for(who)
    }

    /// An action in words.
    pub(crate) fn action_words(&self, action: &Action) -> String {
        self.words(action.who, &action.act)
    }

    fn words(&self, who: ParticipantId, act: &Act) -> String {
        let name = self.name(who);
        match act {
            Act::Connect => format!("{name} is told to connect"),
            Act::Disconnect { .. } => format!("{name} is told to disconnect"),
            Act::Publish(message) => format!(
                "{name} is told to publish {} {} (QoS {}{})",
                describe::clip(&message.topic),
                describe::payload(message.payload.as_bytes()),
                message.qos.number(),
                if message.retain { ", retain" } else { "" }
            ),
            Act::Subscribe { filter, qos } => {
                let filter = describe::clip(filter);
                format!(
                    "{name} is told to subscribe to {filter} (QoS {})",
                    qos.number()
                )
            }
            Act::Unsubscribe { filter } => {
                format!(
                    "{name} is told to unsubscribe from {}",
                    describe::clip(filter)
                )
            }
            Act::Crash { .. } => format!("{name} crashes"),
            Act::PowerOff => format!("{name} loses its power"),
            Act::Restart { .. } => format!("{name} starts again"),
            Act::Cut { way: Ways::Both } => format!("the cable of {name} is pulled"),
            Act::Cut { way: Ways::Up } => {
                format!("nothing passes from {name} to the broker any more")
            }
            Act::Cut { way: Ways::Down } => {
                format!("nothing passes from the broker to {name} any more")
            }
            Act::Heal => format!("the cable of {name} is plugged in again"),
            Act::Stall { way } => format!("the link of {name} stalls{}", direction(*way)),
            Act::Release { way } => format!("the link of {name} goes on{}", direction(*way)),
            Act::Reset => format!("something in between resets the connection of {name}"),
            Act::Close => format!("the connection of {name} is closed without a word"),
            Act::Refuse => "the broker takes no new connections".to_owned(),
            Act::Accept => "the broker takes new connections again".to_owned(),
            Act::Pause => format!("{name} reads nothing more"),
            Act::Resume => format!("{name} reads again"),
            Act::Sleep => format!("{name} falls asleep"),
            Act::Wake => format!("{name} wakes up"),
            Act::Send { .. } => format!("somebody writes bytes into the connection of {name}"),
            Act::SlowDown {
                way,
                latency,
                bandwidth,
            } => {
                let mut words = format!("the link of {name} gets slow{}", direction(*way));
                for (number, unit) in [(latency.map(|it| it / 1_000), "ms"), (*bandwidth, "bit/s")]
                {
                    if let Some(number) = number {
                        words += &format!(", {number} {unit}");
                    }
                }
                words
            }
            Act::SpeedUp { way } => {
                let way = direction(*way);
                format!("the link of {name} has its own speed again{way}")
            }
        }
    }

    fn restart(&mut self, who: ParticipantId, memory: Memory) {
        // What still runs has to end first.
        if who == 0 {
            if self.state.broker.machine.is_some() {
                self.crash_broker(Ending::Fin);
            }
            self.restart_broker(memory);
        } else {
            self.crash_client(who, Ending::Fin);
            self.restart_client(who, memory);
        }
    }

    /// A client reads again, first what has come in the meantime.
    fn resume(&mut self, who: ParticipantId) {
        self.state.clients[who as usize - 1].paused = false;
        for conn in self.conns_of(who) {
            self.read_on(conn);
        }
    }

    /// Puts something into the way of a client's connections, or takes it away.
    pub(super) fn obstruct(
        &mut self,
        who: ParticipantId,
        ways: Ways,
        obstacle: Obstacle,
        is_there: bool,
    ) {
        let now = self.state.now;
        let ways: &[Way] = match ways {
            Ways::Up => &[Way::Up],
            Ways::Down => &[Way::Down],
            Ways::Both => &Way::BOTH,
        };
        for &way in ways {
            self.state.clients[who as usize - 1].set_obstacle(way, obstacle, is_there);
        }
        for conn in self.conns_of(who) {
            if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                for &way in ways {
                    match is_there {
                        true => pipe.block(now, way, obstacle),
                        false => pipe.unblock(now, way, obstacle),
                    }
                }
            }
            self.state.dirty.extend(Way::BOTH.map(|way| (conn, way)));
            self.sync(conn);
        }
    }

    /// Gives a link another latency and bandwidth, or its own where there is none: for what is sent from now on.
    fn pace(
        &mut self,
        who: ParticipantId,
        ways: Ways,
        latency: Option<Micros>,
        bandwidth: Option<u64>,
    ) {
        let own = &self.scenario.clients[who as usize - 1].link;
        let link = &mut self.state.clients[who as usize - 1].link;
        if ways != Ways::Down {
            link.latency_up = latency.unwrap_or(own.latency_up);
            link.bandwidth_up = bandwidth.or(own.bandwidth_up);
        }
        if ways != Ways::Up {
            link.latency_down = latency.unwrap_or(own.latency_down);
            link.bandwidth_down = bandwidth.or(own.bandwidth_down);
        }
        let link = *link;
        for conn in self.conns_of(who) {
            if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                pipe.set_spec(link);
            }
        }
    }

    /// A computer runs again: what its peers send again finds it.
    pub(super) fn brighten(&mut self, conn: ConnId, way: Way) {
        let now = self.state.now;
        if let Some(pipe) = self.state.pipes.get_mut(&conn) {
            pipe.unblock(now, way, Obstacle::Dark);
        }
        self.sync(conn);
    }

    fn reset_link(&mut self, who: ParticipantId) {
        if let Some(conn) = self.state.clients[who as usize - 1].conn {
            self.reset_between(conn);
        }
    }

    /// Both ends of a connection get RST at once.
    pub(super) fn reset_between(&mut self, conn: ConnId) {
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        let broker_was_open = pipe.broker_end.is_open();
        let client_was_open = pipe.client_end.is_open();
        for way in Way::BOTH {
            let end = pipe.sender(way);
            end.link = None;
            if !end.is_over() {
                end.state = EndState::Reset;
            }
        }
        let lost = pipe.reset_between(self.state.now);
        self.lost(lost);
        if broker_was_open {
            let how = mqttlab_core::broker::Loss::Rst;
            self.broker_input(mqttlab_core::broker::Input::Lost { conn, how });
        }
        let input = match client_was_open {
            true => client::Input::Lost(client::Loss::Rst),
            false => client::Input::OpenFailed,
        };
        self.client_lost(who, conn, input);
        self.sync(conn);
    }

    /// The client's end is closed by its system, as if its peer had done it.
    fn close_without_word(&mut self, who: ParticipantId) {
        let Some(conn) = self.state.clients[who as usize - 1].conn else {
            return;
        };
        let was_open = self
            .state
            .pipes
            .get(&conn)
            .is_some_and(|pipe| pipe.client_end.is_open());
        self.close_end(conn, Way::Up, Ending::Fin);
        let input = match was_open {
            true => client::Input::Lost(client::Loss::Error),
            false => client::Input::OpenFailed,
        };
        self.client_lost(who, conn, input);
    }
}

/// Whether it disturbs something.
fn kind(act: &Act) -> EventKind {
    match act {
        Act::Connect
        | Act::Disconnect { .. }
        | Act::Publish(_)
        | Act::Subscribe { .. }
        | Act::Unsubscribe { .. }
        | Act::Restart { .. }
        | Act::Accept
        | Act::Wake
        | Act::SpeedUp { .. }
        | Act::Resume => EventKind::Action,
        Act::Crash { .. }
        | Act::PowerOff
        | Act::Cut { .. }
        | Act::Heal
        | Act::Stall { .. }
        | Act::Release { .. }
        | Act::Reset
        | Act::Close
        | Act::Refuse
        | Act::Sleep
        | Act::Pause
        | Act::SlowDown { .. }
        | Act::Send { .. } => EventKind::Fault,
    }
}

fn direction(ways: Ways) -> &'static str {
    match ways {
        Ways::Up => " towards the broker",
        Ways::Down => " from the broker",
        Ways::Both => "",
    }
}
