//! From a connection that somebody opened to one that the broker knows.

use std::io;
use std::mem;

use mio::{Interest, Token};
use mqttlab_core::broker::{Authorization, Input};
use mqttlab_core::id::ConnId;
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::Version;

use super::super::auth::Checked;
use super::super::transport::{Peer, Stream, Transport};
use super::control::Command;
use super::newcomer::Newcomer;
use super::report::Limit;
use super::socket::{Socket, index};
use super::{Shard, accept, hand};

impl Shard {
    /// Takes in those who wait at the listeners, as many as a round has room for.
    pub(super) fn accept(&mut self) {
        for position in 0..self.acceptors.len() {
            self.acceptors[position].resume(self.now);
            let listener = self.acceptors[position].number();
            let rate = self.sockets.doorkeeper.door(listener).accepts_per_s;
            for _ in 0..accept::ROUND_MAX {
                let Some((stream, peer)) = self.acceptors[position].next(self.now) else {
                    break;
                };
                if let Err(error) = self.take_in(position, stream, peer) {
                    tracing::warn!(%peer, %error, "a connection could not be taken in");
                    self.traffic.failed += 1;
                }
                if self.acceptors[position].pace(rate, self.now) {
                    self.sockets.watched.reached.count(Limit::AcceptRate);
                }
            }
        }
        self.bury();
    }

    /// Takes in a connection and finds it a loop.
    fn take_in(&mut self, position: usize, stream: Stream, peer: Peer) -> io::Result<()> {
        let listener = self.acceptors[position].number();
        if self.is_banned(peer) {
            let why = "the address is banned";
            self.sockets.log_unheard(self.now, peer, listener, why);
            self.traffic.banned += 1;
            return Ok(());
        }
        let proxies = &self.acceptors[position].protocol.proxies;
        if !proxies.is_empty()
            && !peer
                .ip()
                .is_some_and(|ip| proxies.iter().any(|of| of.contains(ip)))
        {
            let why = "only proxies are taken in here, and this is none of them";
            self.sockets.log_unheard(self.now, peer, listener, why);
            self.traffic.no_proxy += 1;
            return Ok(());
        }
        if self.sockets.is_full(listener) {
            let why = "the listener has as many connections as it may";
            self.sockets.log_unheard(self.now, peer, listener, why);
            self.sockets
                .watched
                .reached
                .count(Limit::ListenerConnections);
            return Ok(());
        }
        // Behind a proxy somebody else is meant.
        let address = peer.ip().filter(|_| proxies.is_empty());
        if address.is_some_and(|address| self.sockets.watched.is_full(address)) {
            let why = "the address has as many connections as it may";
            self.sockets.log_unheard(self.now, peer, listener, why);
            return Ok(());
        }
        let transport = Transport::new(stream, &self.acceptors[position].protocol)?;
        let common = &self.sockets.watched.common;
        let mut newcomer = Newcomer {
            transport,
            peer,
            listener,
            since: self.now,
            serial: common.enter(listener),
            counted: None,
            read: Vec::new(),
        };
        if let Some(address) = address {
            common.books().enter(address, &mut newcomer.counted);
        }
        self.traffic.connections += 1;
        match self.crew.deal() {
            number if number == self.crew.number => self.adopt(newcomer),
            other => self.crew.tell(other, Command::Adopt(Box::new(newcomer))),
        }
        Ok(())
    }

    /// Makes a connection known to the kernel's queue and to the broker.
    pub(super) fn adopt(&mut self, mut newcomer: Newcomer) {
        let read = mem::take(&mut newcomer.read);
        let (peer, listener) = (newcomer.peer, newcomer.listener);
        let conn = match self.sockets.open(newcomer) {
            Ok(conn) => conn,
            Err(newcomer) => {
                tracing::warn!(%peer, "a connection could not be taken in: there is no room for more");
                self.traffic.failed += 1;
                newcomer.dismiss(&self.sockets.watched.common);
                return;
            }
        };
        let slot = index(conn) as usize;
        let socket = self.sockets.of(conn).expect("opened just now");
        let registry = self.poll.registry();
        let registered = match socket.stream() {
            Some(stream) => registry.register(stream, Token(slot), Interest::READABLE),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        if let Err(error) = registered {
            tracing::warn!(%peer, %error, "a connection could not be taken in");
            self.traffic.failed += 1;
            self.sockets.remove(conn, &self.broker);
            return;
        }
        if read.is_empty() {
            tracing::debug!(conn = socket.serial(), %peer, "connection opened");
        }
        let mut limits = self.limits;
        if let Some(own) = self.sockets.doorkeeper.door(listener).packet_size_max {
            limits.packet_size_max = limits.packet_size_max.min(own);
        }
        let link = Link::new(Side::Server, Version::default(), limits);
        self.links.insert(slot, link);
        let input = Input::Open { conn };
        hand(&mut self.broker, self.now, input, &mut self.sockets);
        if self.stop_by.is_some() {
            self.leaving.push_back((self.now, conn));
        }
        if !read.is_empty() {
            self.read_on(conn, &read);
        }
    }

    /// A client is another loop's; `read` is its CONNECT and what came behind it.
    pub(super) fn send_off(&mut self, conn: ConnId, to: usize, read: Vec<u8>) {
        if let Some(stream) = self.sockets.of(conn).and_then(Socket::stream) {
            // It is closed here with the poll at the latest, and watched elsewhere from now on.
            let _ = self.poll.registry().deregister(stream);
        }
        let Some(newcomer) = self.sockets.send_off(conn, read) else {
            return;
        };
        self.links.remove(index(conn) as usize);
        hand(
            &mut self.broker,
            self.now,
            Input::Leave { conn },
            &mut self.sockets,
        );
        // That it has left is noted before that it came.
        self.sockets.flush_recorder();
        self.crew.tell(to, Command::Adopt(Box::new(newcomer)));
    }

    pub(super) fn is_banned(&self, peer: Peer) -> bool {
        let bans = self.sockets.watched.common.bans();
        peer.ip()
            .is_some_and(|address| bans.keeps_out_address(address, self.now).is_some())
    }

    /// A question was answered; whoever has asked it may still wait for that.
    pub(super) fn let_in(&mut self, checked: &Checked) {
        if let Some(answer) = self.sockets.note_check(checked) {
            self.answer(checked.conn, answer);
        }
    }

    /// Turns away those whose questions were not answered in time.
    pub(super) fn lose_patience(&mut self) {
        while let Some(asking) = self.sockets.patience.pop_over(self.now) {
            let conn = asking.conn();
            self.sockets.asking = Some(asking);
            let answer = self.sockets.doorkeeper.give_up(conn);
            self.sockets.note_doorkeepers_denial();
            self.answer(conn, answer);
        }
    }

    /// Tells somebody who has waited, and is asking still, whether it may come in.
    fn answer(&mut self, conn: ConnId, authorization: Authorization) {
        let Some(held) = self.sockets.of(conn).and_then(Socket::release) else {
            self.sockets.doorkeeper.closed(conn);
            return;
        };
        let input = Input::Authorized {
            conn,
            authorization,
        };
        hand(&mut self.broker, self.now, input, &mut self.sockets);
        self.sockets.doorkeeper.closed(conn);
        if let Some(link) = self.links.at(index(conn) as usize)
            && self.sockets.take_established()
        {
            link.establish();
        }
        self.bury();
        self.read_on(conn, &held);
    }
}
