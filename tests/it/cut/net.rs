//! Two clients, a broker, and byte streams between them that can be cut.

use std::collections::VecDeque;

use mqttlab_core::broker::{self, Broker, CloseReason, Config, Established};
use mqttlab_core::client::{
    Client, Close, Event, Input, Loss, Message, Options, Sink, State, SubscribeRequest, Ticket,
};
use mqttlab_core::codec::Limits;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::link::Link;
use mqttlab_core::packet::{QoS, Side};
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::rng::Rng;
use mqttlab_core::time::Instant;

pub(super) const PUBLISHER: usize = 0;
pub(super) const SUBSCRIBER: usize = 1;

/// Where to cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Whose connection.
    pub(super) who: usize,
    /// After so many bytes have arrived on it, both ways together.
    pub(super) after_bytes: usize,
    /// Or else the broker learns of it only when the client is back.
    pub(super) broker_is_told: bool,
    /// Cut so many times more, each time a random number of bytes later.
    pub(super) repeats: u32,
}

/// The world: no latency, no loss but by the cut, pieces of random length.
pub(super) struct Net {
    now: Instant,
    rng: Rng,
    broker: Broker,
    broker_does: BrokerDoes,
    peers: [Peer; 2],
    last_conn: u64,
    cut: Option<Cut>,
    was_cut: bool,
    published: Vec<(Ticket, QoS, u8)>,
}

struct Peer {
    client: Client,
    does: ClientDoes,
    wire: Option<Wire>,
}

/// One network connection.
struct Wire {
    conn: ConnId,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    at_client: Link,
    at_broker: Link,
    /// Closed at this end, once everything before has arrived.
    client_closed: bool,
    broker_closed: bool,
}

#[derive(Default)]
struct ClientDoes {
    opens: bool,
    sends: Vec<u8>,
    closes: Option<Close>,
    got: Vec<u8>,
    done: Vec<(Ticket, ReasonCode)>,
}

#[derive(Default)]
struct BrokerDoes {
    sends: Vec<(ConnId, Vec<u8>)>,
    closes: Vec<ConnId>,
    established: Vec<ConnId>,
}

impl Sink for ClientDoes {
    fn open(&mut self) {
        self.opens = true;
    }

    fn send(&mut self, frame: &Frame<'_>) {
        frame.write_to(&mut self.sends);
    }

    fn close(&mut self, how: Close) {
        self.closes = Some(how);
    }

    fn event(&mut self, event: Event<'_>) {
        if let Event::Message(publish) = event {
            self.got.extend(publish.payload);
        } else if let Event::Published { ticket, reason } = event {
            self.done.push((ticket, reason));
        }
    }
}

impl broker::Sink for BrokerDoes {
    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.sends.push((conn, bytes));
    }

    fn close(&mut self, conn: ConnId, _: CloseReason) {
        self.closes.push(conn);
    }

    fn established(&mut self, conn: ConnId, _: &Established<'_>) {
        self.established.push(conn);
    }
}

impl Net {
    pub(super) fn new(options: [Options; 2], seed: u64) -> Self {
        Self {
            now: Instant::ZERO,
            rng: Rng::new(seed),
            broker: Broker::new(Config::default(), seed),
            broker_does: BrokerDoes::default(),
            peers: options.map(|options| Peer {
                client: Client::new(options, seed),
                does: ClientDoes::default(),
                wire: None,
            }),
            last_conn: 0,
            cut: None,
            was_cut: false,
            published: Vec::new(),
        }
    }

    pub(super) fn connect(&mut self, who: usize) {
        let Peer { client, does, .. } = &mut self.peers[who];
        client
            .connect(self.now, does)
            .expect("the options are valid");
    }

    pub(super) fn subscribe(&mut self, who: usize, request: SubscribeRequest) {
        let Peer { client, does, .. } = &mut self.peers[who];
        client
            .subscribe(self.now, request, does)
            .expect("the filters are valid");
    }

    pub(super) fn publish(&mut self, who: usize, message: Message) {
        let (qos, number) = (message.qos, message.payload[0]);
        let Peer { client, does, .. } = &mut self.peers[who];
        let ticket = client
            .publish(self.now, message, does)
            .expect("the queue has room");
        self.published.push((ticket, qos, number));
    }

    pub(super) fn arm(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    pub(super) fn was_cut(&self) -> bool {
        self.was_cut
    }

    /// Lets everything happen until nothing more does.
    pub(super) fn run(&mut self) {
        loop {
            for who in [PUBLISHER, SUBSCRIBER] {
                self.carry_out(who);
            }
            self.carry_out_broker();
            if self.cut_now() || self.move_bytes() || self.finish_closes() || self.reconnect() {
                continue;
            }
            let quiet = |peer: &Peer| !peer.does.opens && peer.does.sends.is_empty();
            if self.peers.iter().all(quiet) && self.broker_does.sends.is_empty() {
                self.broker.check_invariants();
                return;
            }
        }
    }

    /// What a client wants done.
    fn carry_out(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        if let Some(wire) = &mut peer.wire {
            wire.up.extend(&peer.does.sends);
            let bytes = core::mem::take(&mut peer.does.sends).len() as u64;
            if bytes > 0 {
                let input = Input::Flushed(bytes);
                peer.client.handle(self.now, input, &mut peer.does);
            }
        }
        if let (Some(_), Some(wire)) = (peer.does.closes.take(), &mut peer.wire) {
            wire.client_closed = true;
        }
        if core::mem::take(&mut peer.does.opens) {
            self.open(who);
        }
        self.peers[who].client.check_invariants();
    }

    fn open(&mut self, who: usize) {
        self.last_conn += 1;
        let conn = ConnId::new(self.last_conn).expect("it is not 0");
        let peer = &mut self.peers[who];
        let options = peer.client.options();
        let (version, limits) = (options.version, options.link_limits());
        peer.wire = Some(Wire {
            conn,
            up: VecDeque::new(),
            down: VecDeque::new(),
            at_client: Link::new(Side::Client, version, limits),
            at_broker: Link::new(Side::Server, version, Limits::default()),
            client_closed: false,
            broker_closed: false,
        });
        let input = broker::Input::Open { conn };
        self.broker.handle(self.now, input, &mut self.broker_does);
        peer.client.handle(self.now, Input::Opened, &mut peer.does);
    }

    /// What the broker wants done.
    fn carry_out_broker(&mut self) {
        let does = core::mem::take(&mut self.broker_does);
        for conn in does.established {
            if let Some(wire) = self.wire(conn) {
                wire.at_broker.establish();
            }
        }
        for (conn, bytes) in does.sends {
            let count = bytes.len() as u64;
            if let Some(wire) = self.wire(conn) {
                wire.down.extend(bytes);
            }
            let bytes = count;
            let input = broker::Input::Flushed { conn, bytes };
            self.broker.handle(self.now, input, &mut self.broker_does);
        }
        for conn in does.closes {
            if let Some(wire) = self.wire(conn) {
                wire.broker_closed = true;
            }
        }
    }

    fn wire(&mut self, conn: ConnId) -> Option<&mut Wire> {
        let wires = self.peers.iter_mut().filter_map(|peer| peer.wire.as_mut());
        let mut wires = wires.filter(|wire| wire.conn == conn);
        wires.next()
    }

    /// The moment of the cut has come.
    fn cut_now(&mut self) -> bool {
        let Some(cut) = self.cut.filter(|cut| cut.after_bytes == 0) else {
            return false;
        };
        self.cut = cut.repeats.checked_sub(1).map(|repeats| Cut {
            after_bytes: 1 + self.rng.below(60) as usize,
            repeats,
            ..cut
        });
        let peer = &mut self.peers[cut.who];
        let Some(wire) = peer.wire.take() else {
            return false;
        };
        self.was_cut = true;
        if cut.broker_is_told && !wire.broker_closed {
            let (conn, how) = (wire.conn, broker::Loss::Rst);
            let input = broker::Input::Lost { conn, how };
            self.broker.handle(self.now, input, &mut self.broker_does);
        }
        peer.does.sends.clear();
        if !wire.client_closed {
            let input = Input::Lost(Loss::Rst);
            peer.client.handle(self.now, input, &mut peer.does);
        }
        true
    }

    /// Some bytes arrive somewhere. False when none are under way.
    fn move_bytes(&mut self) -> bool {
        let mut ways: Vec<(usize, bool)> = Vec::new();
        for (who, peer) in self.peers.iter().enumerate() {
            if let Some(wire) = &peer.wire {
                ways.extend((!wire.up.is_empty()).then_some((who, true)));
                ways.extend((!wire.down.is_empty()).then_some((who, false)));
            }
        }
        if ways.is_empty() {
            return false;
        }
        let (who, is_up) = ways[self.rng.below(ways.len() as u64) as usize];
        let wire = self.peers[who].wire.as_mut().expect("it has bytes");
        let pipe = if is_up { &mut wire.up } else { &mut wire.down };
        let mut count = 1 + self.rng.below(pipe.len() as u64) as usize;
        if let Some(cut) = self.cut.as_mut().filter(|cut| cut.who == who) {
            count = count.min(cut.after_bytes);
            cut.after_bytes -= count;
        }
        let bytes: Vec<u8> = pipe.drain(..count).collect();
        if is_up {
            self.arrive_up(who, &bytes);
        } else {
            self.arrive_down(who, &bytes);
        }
        true
    }

    fn arrive_up(&mut self, who: usize, mut bytes: &[u8]) {
        let wire = self.peers[who].wire.as_mut().expect("it had bytes");
        let conn = wire.conn;
        while let Some(packet) = wire
            .at_broker
            .next_packet(&mut bytes)
            .expect("a client sends packets")
        {
            let input = broker::Input::Packet { conn, packet };
            self.broker.handle(self.now, input, &mut self.broker_does);
            if self.broker_does.established.contains(&conn) {
                wire.at_broker.establish();
            }
            if self.broker_does.closes.contains(&conn) {
                return;
            }
        }
    }

    fn arrive_down(&mut self, who: usize, mut bytes: &[u8]) {
        let peer = &mut self.peers[who];
        let wire = peer.wire.as_mut().expect("it had bytes");
        while let Some(packet) = wire
            .at_client
            .next_packet(&mut bytes)
            .expect("a broker sends packets")
        {
            let input = Input::Packet(packet);
            peer.client.handle(self.now, input, &mut peer.does);
            if peer.does.closes.is_some() {
                return;
            }
        }
    }

    /// A close has arrived after all bytes before it.
    fn finish_closes(&mut self) -> bool {
        for peer in &mut self.peers {
            let Some(wire) = peer.wire.take_if(|wire| {
                wire.client_closed && wire.up.is_empty()
                    || wire.broker_closed && wire.down.is_empty()
            }) else {
                continue;
            };
            if !wire.broker_closed {
                let (conn, how) = (wire.conn, broker::Loss::Fin);
                let input = broker::Input::Lost { conn, how };
                self.broker.handle(self.now, input, &mut self.broker_does);
            }
            if !wire.client_closed {
                let input = Input::Lost(Loss::Fin);
                peer.client.handle(self.now, input, &mut peer.does);
            }
            return true;
        }
        false
    }

    /// Nothing is under way: time passes for a client that waits to connect again.
    fn reconnect(&mut self) -> bool {
        let Some(who) = (0..2).find(|&who| self.peers[who].client.state() == State::Waiting) else {
            return false;
        };
        let peer = &mut self.peers[who];
        let (at, _) = peer.client.next_deadline().expect("it waits for a timer");
        self.now = self.now.max(at);
        peer.client.handle(self.now, Input::Wake, &mut peer.does);
        true
    }

    /// Whether everything came as the module's description promises.
    pub(super) fn check_delivery(&self) -> Result<(), String> {
        let got = &self.peers[SUBSCRIBER].does.got;
        for &(ticket, qos, number) in &self.published {
            let count = got.iter().filter(|&&other| other == number).count();
            let is_right = match qos {
                QoS::AtMostOnce => count <= 1,
                QoS::AtLeastOnce => count >= 1,
                QoS::ExactlyOnce => count == 1,
            };
            if !is_right {
                let number = char::from(number);
                return Err(format!("message {number} with {qos:?} came {count} times"));
            }
            let done = &self.peers[PUBLISHER].does.done;
            if !done.contains(&(ticket, ReasonCode::Success)) {
                return Err(format!("the publisher never heard of message {ticket}"));
            }
        }
        let mut first: Vec<u8> = Vec::new();
        for number in got {
            if !first.contains(number) {
                first.push(*number);
            }
        }
        if first.is_sorted() {
            Ok(())
        } else {
            Err(format!("the order was {first:?}"))
        }
    }
}
