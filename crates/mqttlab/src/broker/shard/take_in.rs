//! From a connection that somebody opened to one that the broker knows.

use std::io;

use mio::{Interest, Token};
use mqttlab_core::broker::Input;
use mqttlab_core::link::{Link, Side};
use mqttlab_core::packet::Version;

use super::super::auth::Checked;
use super::super::transport::{Peer, Stream, Transport};
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

    /// Makes a connection known to the kernel's queue and to the broker.
    fn take_in(&mut self, position: usize, stream: Stream, peer: Peer) -> io::Result<()> {
        if self.is_banned(peer) {
            tracing::debug!(%peer, "the address is banned");
            self.traffic.banned += 1;
            return Ok(());
        }
        let listener = self.acceptors[position].number();
        let proxies = &self.acceptors[position].protocol.proxies;
        if !proxies.is_empty()
            && !peer
                .ip()
                .is_some_and(|ip| proxies.iter().any(|of| of.contains(ip)))
        {
            tracing::debug!(%peer, listener, "only proxies are taken in here, and this is none of them");
            self.traffic.no_proxy += 1;
            return Ok(());
        }
        if self.sockets.is_full(listener) {
            tracing::debug!(%peer, listener, "the listener has as many connections as it may");
            self.sockets
                .watched
                .reached
                .count(Limit::ListenerConnections);
            return Ok(());
        }
        // Behind a proxy somebody else is meant.
        let address = peer.ip().filter(|_| proxies.is_empty());
        if address.is_some_and(|address| self.sockets.watched.is_full(address)) {
            tracing::debug!(%peer, listener, "the address has as many connections as it may");
            return Ok(());
        }
        let transport = Transport::new(stream, &self.acceptors[position].protocol)?;
        let Some(conn) = self.sockets.open(transport, peer, listener) else {
            return Err(io::Error::other("there is no room for more"));
        };
        let slot = index(conn) as usize;
        let socket = self.sockets.of(conn).expect("opened just now");
        let stream = socket.stream().expect("nothing was read from it yet");
        let registry = self.poll.registry();
        if let Err(error) = registry.register(stream, Token(slot), Interest::READABLE) {
            self.sockets.remove(conn);
            return Err(error);
        }
        tracing::debug!(conn = socket.serial(), %peer, "connection opened");
        if let Some(address) = address {
            self.sockets.count_address(conn, address);
        }
        self.traffic.connections += 1;
        if self.links.len() <= slot {
            self.links.resize_with(slot + 1, || None);
        }
        let mut limits = self.limits;
        if let Some(own) = self.sockets.doorkeeper.door(listener).packet_size_max {
            limits.packet_size_max = limits.packet_size_max.min(own);
        }
        self.links[slot] = Some(Link::new(Side::Server, Version::default(), limits));
        let input = Input::Open { conn };
        hand(&mut self.broker, self.now, input, &mut self.sockets);
        Ok(())
    }

    pub(super) fn is_banned(&self, peer: Peer) -> bool {
        let address = peer.ip();
        let bans = &self.sockets.bans;
        address.is_some_and(|address| bans.keeps_out_address(address, self.now).is_some())
    }

    /// The password of a client was checked, which has waited for that.
    pub(super) fn let_in(&mut self, checked: &Checked) {
        let conn = checked.conn;
        let answer = self.sockets.doorkeeper.note(self.now, checked);
        let (client_id, user) = (&checked.client_id, checked.user.as_deref());
        let authorization = self.sockets.review(conn, client_id, user, answer);
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
        if let Some(link) = &mut self.links[index(conn) as usize]
            && self.sockets.take_established()
        {
            link.establish();
        }
        self.bury();
        self.read_on(conn, &held);
    }
}
