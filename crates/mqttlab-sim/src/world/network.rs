//! Connections: how they open, carry bytes, break and end.

use mqttlab_core::broker;
use mqttlab_core::client;
use mqttlab_core::codec::{Limits, PACKET_SIZE_MAX};
use mqttlab_core::id::ConnId;
use mqttlab_core::link::{Link, Side};

use super::report::Note;
use super::{Alarm, World};
use crate::describe::no_limits;
use crate::pipe::{Obstacle, Pipe, Segment, Signal, Way};
use crate::scenario::{Ending, LinkSpec};
use crate::view::{EndState, EventKind, ParticipantId};

impl World {
    /// A client's system begins to open a connection.
    pub(super) fn open_connection(&mut self, who: ParticipantId) -> ConnId {
        self.state.last_conn += 1;
        let conn = ConnId::new(self.state.last_conn).expect("the count begins at 1");
        let host = &mut self.state.clients[who as usize - 1];
        host.connections += 1;
        let rng = host.rng.fork(host.connections);
        let LinkSpec {
            connect_timeout, ..
        } = host.link;
        let now = self.state.now;
        let mut pipe = Pipe::new(conn, who, now, host.link, rng);
        for (way, obstacle) in host.obstacles() {
            pipe.block(now, way, obstacle);
        }
        if !self.state.broker.powered {
            pipe.block(now, Way::Up, Obstacle::Dark);
        }
        if self.captures.is_some() {
            pipe.record();
        }
        self.state.pipes.insert(conn, pipe);
        self.send_signal(conn, Way::Up, Signal::Syn);
        self.set_alarm(Alarm::ConnectTimeout(conn), Some(now + connect_timeout));
        conn
    }

    pub(super) fn send_signal(&mut self, conn: ConnId, way: Way, signal: Signal) {
        let now = self.state.now;
        if signal == Signal::Rst
            && let Some(pipe) = self.state.pipes.get_mut(&conn)
        {
            // A reset does not wait for what else there was to send.
            let lost = pipe.forget_unsent(now, way);
            self.lost(lost);
        }
        let flight = self.signal_flight(conn, way, signal);
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        let gate = self.state.clients[who as usize - 1].gate.as_deref_mut();
        if !pipe.signal(now, way, (signal, flight), gate) {
            self.lost([flight]);
        }
        self.tell_decided(conn, who);
        self.sync(conn);
    }

    /// Lets the sockets of a way take what they have room for. Returns how many bytes they took.
    pub(super) fn pump(&mut self, conn: ConnId, way: Way) -> u64 {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return 0;
        };
        let who = pipe.client;
        let gate = self.state.clients[who as usize - 1].gate.as_deref_mut();
        let taken = pipe.pump(now, way, gate);
        self.tell_decided(conn, who);
        self.sync(conn);
        taken
    }

    /// Lets all sockets take what they have room for, and tells the machines.
    pub(super) fn settle(&mut self) {
        while let Some((conn, way)) = self.state.dirty.pop_first() {
            let bytes = self.pump(conn, way);
            let Some(pipe) = self.state.pipes.get_mut(&conn) else {
                continue;
            };
            let who = pipe.client;
            if bytes == 0 || !pipe.sender(way).is_open() {
                continue;
            }
            match way {
                Way::Up => self.client_input(who, client::Input::Flushed(bytes)),
                Way::Down => self.broker_input(broker::Input::Flushed { conn, bytes }),
            }
        }
    }

    /// Brings the queue and the flights up to what the connection is now.
    pub(super) fn sync(&mut self, conn: ConnId) {
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        if pipe.is_over() {
            self.put_away(conn);
            return;
        }
        let moved = Way::BOTH.map(|way| pipe.lane_mut(way).take_moved());
        let times = Way::BOTH.map(|way| {
            let arrival = pipe.lane(way).next_arrival();
            (way, arrival, pipe.gives_up_at(way))
        });
        let opening = pipe.client_end.state == EndState::Opening;
        for (way, arrival, gives_up) in times {
            self.set_alarm(Alarm::Arrival(conn, way), arrival);
            self.set_alarm(Alarm::GiveUp(conn, way), gives_up);
        }
        if !opening {
            self.set_alarm(Alarm::ConnectTimeout(conn), None);
            self.set_alarm(Alarm::SynAgain(conn), None);
        }
        for (flight, due_at) in moved.into_iter().flatten() {
            self.set_due(flight, due_at);
        }
    }

    /// Nothing can happen on it any more: what is still on it is lost.
    fn put_away(&mut self, conn: ConnId) {
        for way in Way::BOTH {
            self.set_alarm(Alarm::Arrival(conn, way), None);
            self.set_alarm(Alarm::GiveUp(conn, way), None);
        }
        self.set_alarm(Alarm::ConnectTimeout(conn), None);
        self.set_alarm(Alarm::Read(conn), None);
        self.set_alarm(Alarm::SynAgain(conn), None);
        let Some(mut pipe) = self.state.pipes.remove(&conn) else {
            return;
        };
        self.keep_tape(&mut pipe);
        let mut lost: Vec<_> = pipe
            .unread
            .iter()
            .chain(&pipe.early)
            .filter_map(|segment| segment.flight)
            .collect();
        for way in Way::BOTH {
            lost.extend(pipe.lane_mut(way).drain());
        }
        self.lost(lost);
        self.state
            .past
            .insert(pipe.client, crate::look::connection(&pipe));
    }

    /// The front segment of a way arrives.
    pub(super) fn arrival(&mut self, conn: ConnId, way: Way) {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        let reads = way == Way::Up
            || pipe.unread.is_empty() && self.state.clients[who as usize - 1].reads(now);
        let Some(segment) = pipe.arrive(now, way) else {
            return;
        };
        let is_early = way == Way::Up && pipe.broker_end.state == EndState::Opening;
        match segment.signal {
            Signal::Data | Signal::Fin if is_early => {
                if let Some(flight) = segment.flight {
                    self.set_due(flight, None);
                }
                if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                    pipe.early.push_back(segment);
                    pipe.lane_mut(way).leave_unread();
                    pipe.acknowledge(now, way);
                }
            }
            Signal::Data | Signal::Fin if !reads && pipe.reader(way).is_open() => {
                if let Some(flight) = segment.flight {
                    self.set_due(flight, None);
                }
                if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                    pipe.unread.push_back(segment);
                    pipe.lane_mut(way).leave_unread();
                }
                self.plan_reading(conn, who);
            }
            Signal::Data
            | Signal::Fin
            | Signal::Syn
            | Signal::SynAck
            | Signal::Ack
            | Signal::Rst => {
                self.read_segment(conn, way, segment);
                if let Some(pipe) = self.state.pipes.get_mut(&conn) {
                    pipe.acknowledge(now, way);
                }
            }
        }
        // There may be room in a socket that something waited for.
        self.state.dirty.extend(Way::BOTH.map(|way| (conn, way)));
        self.settle();
        self.sync(conn);
    }

    /// As [`take_segment`](Self::take_segment), and keeps a slow client busy with it.
    fn read_segment(&mut self, conn: ConnId, way: Way, segment: Segment) {
        if way == Way::Down
            && let Some(pipe) = self.state.pipes.get(&conn)
            && let Some(rate) = self.scenario.clients[pipe.client as usize - 1].habits.read
        {
            let bits = 8_000_000 * segment.bytes.len() as u64;
            let now = self.state.now;
            let host = &mut self.state.clients[pipe.client as usize - 1];
            host.busy_until = host.busy_until.max(now) + bits.div_ceil(rate.max(1));
        }
        self.take_segment(conn, way, segment);
    }

    /// A slow client looks for what has come when it is done with what it has.
    fn plan_reading(&mut self, conn: ConnId, who: ParticipantId) {
        let host = &self.state.clients[who as usize - 1];
        let at = (!host.paused).then_some(host.busy_until);
        self.set_alarm(Alarm::Read(conn), at);
    }

    /// A client reads what has come in the meantime, as far as it gets.
    pub(super) fn read_on(&mut self, conn: ConnId) {
        let now = self.state.now;
        while let Some(pipe) = self.state.pipes.get_mut(&conn) {
            let who = pipe.client;
            if !self.state.clients[who as usize - 1].reads(now) {
                self.plan_reading(conn, who);
                break;
            }
            let Some(segment) = pipe.unread.pop_front() else {
                break;
            };
            self.read_segment(conn, Way::Down, segment);
        }
        if let Some(pipe) = self.state.pipes.get_mut(&conn) {
            pipe.acknowledge(now, Way::Down);
        }
        self.state.dirty.insert((conn, Way::Down));
        self.settle();
        self.sync(conn);
    }

    /// The end that a segment has come to looks at it.
    pub(super) fn take_segment(&mut self, conn: ConnId, way: Way, segment: Segment) {
        if let Some(flight) = segment.flight {
            self.arrived(flight);
        }
        match segment.signal {
            Signal::Syn => self.syn_arrived(conn),
            Signal::SynAck => self.syn_ack_arrived(conn),
            Signal::Ack => self.ack_arrived(conn),
            Signal::Data => self.data_arrived(conn, way, segment),
            Signal::Fin => self.ended_by_peer(conn, way, EndState::Closed),
            Signal::Rst => self.ended_by_peer(conn, way, EndState::Reset),
        }
    }

    fn syn_ack_arrived(&mut self, conn: ConnId) {
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        if pipe.client_end.state != EndState::Opening {
            self.send_signal(conn, Way::Up, Signal::Rst);
            return;
        }
        let options = &self.scenario.clients[who as usize - 1].options;
        let limits = Limits {
            packet_size_max: options.maximum_packet_size.unwrap_or(PACKET_SIZE_MAX),
            topic_alias_max: options.topic_alias_maximum,
            ..no_limits()
        };
        let version = options.version;
        let pipe = self
            .state
            .pipes
            .get_mut(&conn)
            .expect("it was there just now");
        pipe.client_end.state = EndState::Open;
        pipe.client_end.link = Some(Link::new(Side::Client, version, limits));
        self.send_signal(conn, Way::Up, Signal::Ack);
        let text = format!("connection {conn} is open for {}", self.name(who));
        self.note_cause(Note::new(who, EventKind::Connection, text).on(conn));
        self.client_input(who, client::Input::Opened);
    }

    fn data_arrived(&mut self, conn: ConnId, way: Way, segment: Segment) {
        let is_live = self.is_live();
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let Some(link) = pipe.reader(way).link.take() else {
            self.nobody_reads(conn, way);
            return;
        };
        if way == Way::Up && is_live {
            pipe.reader(way).link = Some(link);
            self.pass_on(conn, segment);
            return;
        }
        let link = self.read(conn, way, link, &segment.bytes);
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let reader = pipe.reader(way);
        if reader.is_open() {
            reader.link = Some(link);
        } else {
            self.drop_unread(conn, way);
        }
    }

    /// Data for an end that is gone: its system answers with RST.
    fn nobody_reads(&mut self, conn: ConnId, way: Way) {
        self.drop_unread(conn, way);
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        if !pipe.sender(way).is_over() {
            self.send_signal(conn, way.back(), Signal::Rst);
        }
    }

    /// The process at the end that sends this way is gone: what its socket has not taken is lost with it. Says how its
    /// system ends the connection: with RST where something that came was not read.
    pub(super) fn forget_process(&mut self, conn: ConnId, way: Way, how: Ending) -> Ending {
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return how;
        };
        let has_unread = way == Way::Up && !pipe.unread.is_empty();
        let lost = pipe.lane_mut(way).forget_waiting();
        self.state.dirty.remove(&(conn, way));
        self.lost(lost);
        if has_unread { Ending::Rst } else { how }
    }

    fn drop_unread(&mut self, conn: ConnId, way: Way) {
        let mut unread = Vec::new();
        if let Some(pipe) = self.state.pipes.get_mut(&conn) {
            while let Some(flight) = pipe.lane_mut(way).take_arrived() {
                unread.push(flight);
            }
        }
        self.lost(unread);
    }

    /// Cuts what arrived into packets and hands them to the machine, as long as it reads.
    fn read(&mut self, conn: ConnId, way: Way, mut link: Link, bytes: &[u8]) -> Link {
        let mut input = bytes;
        loop {
            let next = link.next_packet(&mut input);
            let is_end = matches!(next, Ok(None));
            let Some(pipe) = self.state.pipes.get_mut(&conn) else {
                return link;
            };
            let who = pipe.client;
            if is_end || !pipe.reader(way).is_open() {
                return link;
            }
            if let Some(flight) = pipe.lane_mut(way).take_arrived() {
                self.arrived(flight);
            }
            match (next, way) {
                (Ok(Some(packet)), Way::Up) => {
                    self.broker_input(broker::Input::Packet { conn, packet });
                }
                (Ok(Some(packet)), Way::Down) => {
                    self.client_input(who, client::Input::Packet(packet));
                }
                (Err(error), Way::Up) => {
                    self.broker_input(broker::Input::Malformed { conn, error });
                }
                (Err(error), Way::Down) => {
                    self.client_input(who, client::Input::Malformed(error));
                }
                (Ok(None), Way::Up | Way::Down) => return link,
            }
            let pipe = self.state.pipes.get(&conn);
            if way == Way::Up && pipe.is_some_and(|pipe| pipe.client_id.is_some()) {
                link.establish();
            }
        }
    }

    /// FIN or RST has come.
    fn ended_by_peer(&mut self, conn: ConnId, way: Way, how: EndState) {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        let reader = pipe.reader(way);
        let before = reader.state;
        if reader.is_over() {
            return;
        }
        reader.state = how;
        reader.link = None;
        let lost = match how {
            EndState::Reset => pipe.forget_unsent(now, way.back()),
            EndState::None | EndState::Opening | EndState::Open | EndState::Closed => Vec::new(),
        };
        self.lost(lost);
        if how == EndState::Closed {
            // The machines close when their peer does.
            self.finish_stream(conn, way.back());
        }
        self.drop_unread(conn, way);
        match (way, before) {
            (Way::Up, EndState::Open) => {
                let how = match how {
                    EndState::Reset => broker::Loss::Rst,
                    EndState::None | EndState::Opening | EndState::Open | EndState::Closed => {
                        broker::Loss::Fin
                    }
                };
                self.broker_input(broker::Input::Lost { conn, how });
            }
            (Way::Down, EndState::Open) => {
                let loss = match how {
                    EndState::Reset => client::Loss::Rst,
                    EndState::None | EndState::Opening | EndState::Open | EndState::Closed => {
                        client::Loss::Fin
                    }
                };
                self.client_lost(who, conn, client::Input::Lost(loss));
            }
            (Way::Down, EndState::Opening) => {
                self.client_lost(who, conn, client::Input::OpenFailed);
            }
            (_, EndState::Opening | EndState::None | EndState::Closed | EndState::Reset) => {}
        }
    }

    fn finish_stream(&mut self, conn: ConnId, way: Way) {
        let flight = self.signal_flight(conn, way, Signal::Fin);
        if let Some(pipe) = self.state.pipes.get_mut(&conn) {
            pipe.lane_mut(way).finish(flight);
        }
        self.pump(conn, way);
    }

    /// The end that sends this way closes, by its machine or its system.
    pub(super) fn close_end(&mut self, conn: ConnId, way: Way, how: Ending) {
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let end = pipe.sender(way);
        if end.is_over() {
            return;
        }
        let was_open = end.is_open();
        let was_opening_client = !was_open && way == Way::Up;
        end.link = None;
        end.state = match how {
            Ending::Fin => EndState::Closed,
            Ending::Rst => EndState::Reset,
        };
        if was_opening_client {
            // Nobody has answered yet: there is nobody to tell.
            end.state = EndState::Closed;
        } else if how == Ending::Fin && was_open {
            self.finish_stream(conn, way);
        } else {
            self.send_signal(conn, way, Signal::Rst);
        }
        self.sync(conn);
    }

    /// The machine at an end goes dark: it says nothing, and what comes to it finds nobody.
    pub(super) fn darken_end(&mut self, conn: ConnId, way: Way) {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let end = pipe.sender(way);
        end.link = None;
        if !end.is_over() {
            end.state = EndState::None;
        }
        pipe.block(now, way.back(), Obstacle::Dark);
        let lost = pipe.forget_unsent(now, way);
        self.lost(lost);
        self.sync(conn);
    }

    /// Nothing was acknowledged for too long: the sender's system drops the connection.
    pub(super) fn give_up(&mut self, conn: ConnId, way: Way) {
        let now = self.state.now;
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        if way == Way::Up && self.state.clients[who as usize - 1].asleep {
            return;
        }
        let end = pipe.sender(way);
        let was_open = end.is_open();
        if !end.is_over() {
            end.state = EndState::Reset;
        }
        end.link = None;
        let lost = pipe.forget_unsent(now, way);
        self.lost(lost);
        let from = match way {
            Way::Up => who,
            Way::Down => 0,
        };
        let text = format!(
            "the system of {} drops connection {conn}: nothing was acknowledged for too long",
            self.name(from)
        );
        self.note_cause(Note::new(from, EventKind::Timer, text).on(conn));
        match way {
            _ if !was_open => {}
            Way::Up => self.client_lost(who, conn, client::Input::Lost(client::Loss::Error)),
            Way::Down => {
                self.broker_input(broker::Input::Lost {
                    conn,
                    how: broker::Loss::Error,
                });
            }
        }
        self.sync(conn);
    }

    /// The client's system has tried to connect for long enough.
    pub(super) fn connect_timeout(&mut self, conn: ConnId) {
        let Some(pipe) = self.state.pipes.get_mut(&conn) else {
            return;
        };
        let who = pipe.client;
        if pipe.client_end.state != EndState::Opening {
            return;
        }
        pipe.client_end.state = EndState::Closed;
        let text = format!("the system of {} stops trying to connect", self.name(who));
        self.note_cause(Note::new(who, EventKind::Timer, text).on(conn));
        self.client_lost(who, conn, client::Input::OpenFailed);
        self.sync(conn);
    }
}
