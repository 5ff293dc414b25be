//! Clients that do anything, against a whole broker whose invariants are checked after every input.

use mqttlab_core::broker::{Broker, CloseReason, Config, Input, Loss, Sink};
use mqttlab_core::codec::Limits;
use mqttlab_core::frame::Frame;
use mqttlab_core::id::ConnId;
use mqttlab_core::link::Link;
use mqttlab_core::packet::{Side, Version};
use mqttlab_core::time::{Duration, Instant};

const CLIENTS: usize = 3;

/// Who is still connected.
#[derive(Default)]
struct Open {
    conns: [Option<ConnId>; CLIENTS],
}

impl Open {
    fn place(&self, conn: ConnId) -> usize {
        let mut conns = self.conns.iter();
        let at = conns.position(|open| *open == Some(conn));
        at.expect("the broker speaks of connections that are open")
    }
}

impl Sink for Open {
    fn send(&mut self, conn: ConnId, frame: &Frame<'_>) {
        self.place(conn);
        assert!(!frame.is_empty(), "it is a packet");
    }

    fn close(&mut self, conn: ConnId, _: CloseReason) {
        let at = self.place(conn);
        self.conns[at] = None;
    }
}

/// Runs of: a byte for what happens and to whom, a byte for how much, and for bytes on the wire as many of those.
pub(crate) fn run(data: &[u8]) {
    let config = Config {
        in_flight_max: 2,
        queue_messages_max: 4,
        out_bytes_max: 400,
        ..Config::default()
    };
    let mut broker = Broker::new(config, 1);
    let (mut open, mut now, mut last) = (Open::default(), Instant::ZERO, 0);
    let mut links = [(); CLIENTS].map(|()| link());
    let mut rest = data;
    while let [kind, amount, tail @ ..] = rest {
        rest = tail;
        let client = usize::from(kind / 8) % CLIENTS;
        match (kind % 8, open.conns[client]) {
            (0..=4, conn) => {
                if conn.is_none() {
                    last += 1;
                    let conn = ConnId::new(last).expect("counted from 1");
                    open.conns[client] = Some(conn);
                    links[client] = link();
                    broker.handle(now, Input::Open { conn }, &mut open);
                }
                let (bytes, after) = rest.split_at(usize::from(*amount).min(rest.len()));
                rest = after;
                receive(
                    &mut broker,
                    &mut open,
                    now,
                    client,
                    &mut links[client],
                    bytes,
                );
            }
            (5, Some(conn)) => {
                open.conns[client] = None;
                let how = Loss::Rst;
                broker.handle(now, Input::Lost { conn, how }, &mut open);
            }
            (6, Some(conn)) => {
                let bytes = u64::from(*amount) * 4;
                broker.handle(now, Input::Flushed { conn, bytes }, &mut open);
            }
            _ => {
                now = now + Duration::from_secs(u64::from(*amount));
                broker.handle(now, Input::Wake, &mut open);
            }
        }
        broker.check_invariants();
    }
}

fn link() -> Link {
    Link::new(Side::Server, Version::default(), Limits::default())
}

/// Bytes come from a client, for as long as it is connected.
fn receive(
    broker: &mut Broker,
    open: &mut Open,
    now: Instant,
    client: usize,
    link: &mut Link,
    mut bytes: &[u8],
) {
    while let Some(conn) = open.conns[client] {
        let input = match link.next_packet(&mut bytes) {
            Ok(None) => return,
            Ok(Some(packet)) => Input::Packet { conn, packet },
            Err(error) => Input::Malformed { conn, error },
        };
        broker.handle(now, input, open);
        broker.check_invariants();
    }
}
