//! From bytes that came to packets that the broker is handed.

use std::io;
use std::mem;

use mqttlab_core::broker::{Input, Loss};
use mqttlab_core::id::ConnId;
use mqttlab_core::link::Received;
use mqttlab_core::packet::Packet;
use mqttlab_core::reason::ReasonCode;

use super::super::transport::Got;
use super::manners::TooFast;
use super::report::Limit;
use super::socket::{Phase, Socket, index};
use super::{READ_BUFFER, Shard, hand};

/// Bytes that a client which has closed its side may have sent behind its CONNECT, for its end to be seen at once.
const HELD_MAX: usize = 64 << 10;

impl Shard {
    /// Reads from all that have something.
    pub(super) fn read(&mut self) {
        let mut ready = mem::take(&mut self.ready);
        let mut done = 0;
        for &index in &ready {
            // Others must first make room for what this brings up; their turn comes then.
            if self.is_full() {
                break;
            }
            self.read_from(index);
            done += 1;
        }
        ready.drain(..done);
        self.ready = ready;
    }

    /// Reads once from the socket in this slot and hands on what came.
    fn read_from(&mut self, index: u32) {
        let Some(socket) = self.sockets.at(index) else {
            return;
        };
        socket.readable = false;
        let conn = socket.conn();
        if socket.is_held() {
            if socket.ending && self.sockets.patience.has(conn) {
                self.look_for_end(conn);
            }
            return;
        }
        let phase = socket.phase;
        let introduced = if socket.is_proxied() {
            self.introduce(conn)
        } else {
            Ok(())
        };
        let length = match self.sockets.rate(conn) {
            Some(rate) => rate.read_max(),
            None => READ_BUFFER,
        };
        let Some(socket) = self.sockets.at(index) else {
            return;
        };
        let read = introduced.and_then(|()| socket.read(&mut self.buffer[..length]));
        let Some(socket) = self.sockets.at(index) else {
            return;
        };
        // Where there is no more, the kernel says when more comes. Only an end shows by reading on.
        let more = match &read {
            Ok(got) => got.more || socket.ending && got.length > 0,
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        };
        if more {
            socket.readable = true;
            self.again.push(index);
        }
        if socket.wants_write() && !socket.blocked {
            self.sockets.mark_dirty(index);
        }
        match read {
            Ok(Got { length: 0, .. }) => self.lost(conn, Loss::Fin),
            Ok(Got { length, .. }) => {
                self.traffic.bytes_read += length as u64;
                if phase == Phase::Open {
                    let buffer = mem::take(&mut self.buffer);
                    self.cut(conn, &buffer[..length]);
                    self.buffer = buffer;
                }
            }
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => {}
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    self.lost(conn, Loss::Rst);
                }
                _ => self.broke(conn, &error),
            },
        }
    }

    /// Finds out whether a client that waits until somebody has checked who it is has gone: then nobody need look. It may
    /// also have closed only its own side, behind what it wants to have done.
    fn look_for_end(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.of(conn) else {
            return;
        };
        let room = HELD_MAX.saturating_sub(socket.held_len());
        let length_max = room.min(self.buffer.len());
        if length_max == 0 {
            return;
        }
        match socket.read(&mut self.buffer[..length_max]) {
            Ok(Got { length: 0, .. }) if socket.held_len() == 0 => self.lost(conn, Loss::Fin),
            Ok(Got { length: 0, .. }) => {}
            Ok(Got { length, .. }) => {
                self.traffic.bytes_read += length as u64;
                socket.hold_more(&self.buffer[..length]);
                socket.readable = true;
                self.again.push(index(conn));
            }
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => {}
                _ => self.lost(conn, Loss::Rst),
            },
        }
    }

    /// Hears from a proxy whom it stands for.
    fn introduce(&mut self, conn: ConnId) -> io::Result<()> {
        let Some(socket) = self.sockets.of(conn) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let peer = socket.introduce().inspect_err(|error| {
            if error.kind() != io::ErrorKind::WouldBlock {
                self.traffic.no_proxy += 1;
            }
        })?;
        let Some(peer) = peer else { return Ok(()) };
        if self.is_banned(peer) {
            self.traffic.banned += 1;
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        match peer.ip() {
            Some(address) if self.sockets.count_address(conn, address) => {
                Err(io::ErrorKind::PermissionDenied.into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Cuts what came from a connection into packets and hands them to the broker.
    fn cut(&mut self, conn: ConnId, mut input: &[u8]) {
        let rate = self.sockets.rate(conn);
        let slot = index(conn) as usize;
        let Some(link) = self.links.at(slot) else {
            return;
        };
        let held = link.memory();
        let mut goes_to = None;
        loop {
            let before = input.len();
            let version = link.version();
            let is_message = match link.next_received(&mut input, &mut ()) {
                Ok(Some(Received { packet, bytes })) => {
                    let is_message = matches!(packet, Packet::Publish(_));
                    if let Some(recorder) = &mut self.sockets.recorder {
                        recorder.packet(&packet, bytes, version);
                    }
                    if let Packet::Connect(connect) = &packet {
                        if let Some(owner) = self.crew.elsewhere(connect.client_id) {
                            goes_to = Some((owner, [bytes, input].concat()));
                            break;
                        }
                        self.sockets.wants_session = !connect.clean_start;
                    }
                    self.traffic.packets_read += 1;
                    let input = Input::Packet { conn, packet };
                    hand(&mut self.broker, self.now, input, &mut self.sockets);
                    Some(is_message)
                }
                Ok(None) => None,
                Err(error) => {
                    if let Some(socket) = self.sockets.of(conn) {
                        socket.log_malformed(&error);
                    }
                    let input = Input::Malformed { conn, error };
                    hand(&mut self.broker, self.now, input, &mut self.sockets);
                    break;
                }
            };
            if self.sockets.take_established() {
                link.establish();
            }
            if self.sockets.take_pending() {
                if let Some(socket) = self.sockets.of(conn) {
                    socket.hold(input);
                }
                break;
            }
            if self.sockets.has_closed(conn) {
                break;
            }
            let came = before - input.len();
            let charge = |rate| {
                self.sockets
                    .charge(conn, &rate, is_message == Some(true), came)
            };
            if let Some(too_fast) = rate.and_then(charge) {
                self.slow_down(conn, too_fast, input);
                break;
            }
            if is_message.is_none() {
                break;
            }
        }
        let is_too_much = self.links.settle(slot, held);
        match goes_to {
            Some((owner, read)) => self.send_off(conn, owner, read),
            None if is_too_much => self.refuse_more(conn),
            None => {}
        }
        self.bury();
    }

    /// What is kept of packets that have not come whole takes up too much, and this client has sent more of it.
    fn refuse_more(&mut self, conn: ConnId) {
        if !self.sockets.has_closed(conn) {
            self.sockets.watched.reached.count(Limit::UnfinishedBytes);
            let reason = ReasonCode::QuotaExceeded;
            let input = Input::Close { conn, reason };
            hand(&mut self.broker, self.now, input, &mut self.sockets);
        }
    }

    /// A client sends too fast; `rest` was read already.
    fn slow_down(&mut self, conn: ConnId, too_fast: TooFast, rest: &[u8]) {
        match too_fast {
            TooFast::PauseUntil(at) => {
                if let Some(socket) = self.sockets.of(conn) {
                    socket.hold(rest);
                    self.paused.insert((at, conn));
                }
            }
            TooFast::Disconnect => {
                let reason = ReasonCode::MessageRateTooHigh;
                let input = Input::Close { conn, reason };
                hand(&mut self.broker, self.now, input, &mut self.sockets);
            }
        }
    }

    /// Reads on from those whose pause is over.
    pub(super) fn resume(&mut self) {
        while let Some(&(at, conn)) = self.paused.first()
            && at <= self.now
        {
            self.paused.pop_first();
            if let Some(held) = self.sockets.of(conn).and_then(Socket::release) {
                self.read_on(conn, &held);
            }
        }
    }

    /// Goes on with a connection that was held; `held` was read before that.
    pub(super) fn read_on(&mut self, conn: ConnId, held: &[u8]) {
        self.cut(conn, held);
        // What came meanwhile was not read.
        if let Some(socket) = self.sockets.of(conn)
            && !socket.readable
            && !socket.is_held()
        {
            socket.readable = true;
            self.again.push(index(conn));
        }
    }
}
