//! A world whose broker is somewhere else: what comes to it is handed out, and what it says is handed in.

use mqttlab_core::broker::{Input, Loss};
use mqttlab_core::id::ConnId;

use super::World;
use crate::live::ToBroker;
use crate::pipe::{Segment, Way};
#[cfg(feature = "live")]
use crate::scenario::Ending;
#[cfg(feature = "live")]
use crate::view::{EndState, Micros};

impl World {
    /// Lets the broker be somewhere else. For a world in which nothing has happened yet.
    #[cfg(feature = "live")]
    pub(crate) fn go_live(&mut self) {
        self.state.broker.machine = None;
        self.elsewhere = Some(Vec::new());
    }

    pub(super) fn is_live(&self) -> bool {
        cfg!(feature = "live") && self.elsewhere.is_some()
    }

    /// Something for the broker, as its machine would get it.
    pub(super) fn tell_elsewhere(&mut self, input: &Input<'_>) {
        let told = match input {
            Input::Open { conn } => ToBroker::Open {
                conn: conn.number(),
            },
            Input::Lost { conn, how } => ToBroker::Closed {
                conn: conn.number(),
                reset: matches!(how, Loss::Rst),
            },
            // Bytes go out as they come, and whoever writes to a real socket knows what it took.
            Input::Packet { .. } | Input::Malformed { .. } | Input::Flushed { .. } => return,
            _ => return,
        };
        self.elsewhere.get_or_insert_default().push(told);
    }

    /// Bytes have come to the broker's end: they go on as they are.
    pub(super) fn pass_on(&mut self, conn: ConnId, segment: Segment) {
        let told = ToBroker::Bytes {
            conn: conn.number(),
            bytes: segment.bytes,
        };
        self.elsewhere.get_or_insert_default().push(told);
        loop {
            let Some(pipe) = self.state.pipes.get_mut(&conn) else {
                return;
            };
            let Some(flight) = pipe.lane_mut(Way::Up).take_arrived() else {
                return;
            };
            self.arrived(flight);
        }
    }

    /// What has come to the broker since somebody asked.
    #[cfg(feature = "live")]
    pub(crate) fn take_told(&mut self) -> Vec<ToBroker> {
        std::mem::take(self.elsewhere.get_or_insert_default())
    }

    /// Whether a packet has come to the broker that wants an answer.
    #[cfg(feature = "live")]
    pub(crate) fn awaits_broker(&self) -> bool {
        let flights = self.log.flights();
        self.state.pipes.values().any(|pipe| {
            let open = pipe.client_end.state == EndState::Open && pipe.broker_end.is_open();
            let has_come = |id: u32| {
                let flight = flights.get(id as usize);
                flight.is_some_and(|flight| flight.arrived_at.is_some())
            };
            let mut unanswered = pipe.unanswered.iter();
            open && unanswered.any(|&(way, _, _, id)| way == Way::Up && has_come(id))
        })
    }

    /// The broker sends a packet.
    #[cfg(feature = "live")]
    pub(crate) fn broker_says(&mut self, at: Micros, conn: u64, packet: &[u8]) {
        self.begin(at);
        if let Some(conn) = self.broker_is_open(conn) {
            let client = self.state.pipes.get(&conn).map_or(0, |pipe| pipe.client);
            let spec = self.scenario.clients.get(client as usize - 1);
            let version = spec.map_or_else(Default::default, |spec| spec.options.version);
            self.send_packet(conn, Way::Down, version, packet);
            self.state.dirty.insert((conn, Way::Down));
            self.settle();
        }
        self.finish();
    }

    /// The broker closes a connection, or is gone from it.
    #[cfg(feature = "live")]
    pub(crate) fn broker_closes(&mut self, at: Micros, conn: u64, how: Ending) {
        self.begin(at);
        if let Some(conn) = self.broker_is_open(conn) {
            let text = format!("the broker closes connection {conn}");
            let kind = crate::view::EventKind::Connection;
            self.note_cause(super::report::Note::new(0, kind, text).on(conn));
            self.pump(conn, Way::Down);
            self.close_end(conn, Way::Down, how);
        }
        self.finish();
    }

    #[cfg(feature = "live")]
    fn broker_is_open(&self, conn: u64) -> Option<ConnId> {
        let conn = ConnId::new(conn)?;
        let pipe = self.state.pipes.get(&conn)?;
        pipe.broker_end.is_open().then_some(conn)
    }
}
