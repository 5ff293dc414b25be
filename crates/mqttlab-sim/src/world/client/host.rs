//! The computer that a client runs on.

use std::collections::VecDeque;
use std::sync::Arc;

use mqttlab_core::client::{Client, Session};
use mqttlab_core::id::ConnId;
use mqttlab_core::rng::Rng;

use super::clock::Clock;
use crate::pipe::gate::Gate;
use crate::pipe::{Obstacle, Way};
use crate::scenario::{ClientSpec, LinkSpec, Memory};
use crate::view::{Micros, Received};

/// The computer that a client runs on.
#[derive(Clone, Debug)]
pub(crate) struct ClientHost {
    /// `None` while it does not run.
    pub(crate) machine: Option<Client>,
    pub(crate) powered: bool,
    pub(crate) clock: Clock,
    /// Its computer sleeps, since then.
    pub(crate) asleep: bool,
    pub(crate) asleep_since: Micros,
    /// Since when its process runs or does not.
    pub(crate) since: Micros,
    /// The connection that the machine uses.
    pub(crate) conn: Option<ConnId>,
    /// How many connections it has opened.
    pub(crate) connections: u64,
    pub(crate) received: VecDeque<Arc<Received>>,
    pub(crate) link: LinkSpec,
    pub(crate) rng: Rng,
    /// The rules of its link, if there are any.
    pub(crate) gate: Option<Box<Gate>>,
    /// What lies in the way of its connections, also of those to come.
    stalled: [bool; 2],
    cut: [bool; 2],
    /// Whether it reads nothing of what comes.
    pub(crate) paused: bool,
    /// Until when it is busy with what it has read.
    pub(crate) busy_until: Micros,
    /// Whether its process has done its first subscriptions.
    pub(super) subscribed: bool,
    /// What its disk keeps of its session.
    pub(super) saved: Session,
    lives: u64,
}

impl ClientHost {
    pub(in crate::world) fn new(spec: &ClientSpec, rng: Rng, gate: Option<Box<Gate>>) -> Self {
        let mut host = Self {
            machine: None,
            powered: true,
            clock: Clock::new(spec.habits.clock),
            asleep: false,
            asleep_since: 0,
            since: 0,
            conn: None,
            connections: 0,
            received: VecDeque::new(),
            link: spec.link,
            rng,
            gate,
            stalled: [false; 2],
            cut: [false; 2],
            paused: false,
            busy_until: 0,
            subscribed: false,
            saved: Session::default(),
            lives: 0,
        };
        host.start(spec, 0, Memory::Lost);
        host
    }

    /// From here on chance does something else, also for the process that runs.
    pub(in crate::world) fn reseed(&mut self, salt: u64, rules: usize) {
        self.rng = self.rng.fork(salt);
        if let Some(gate) = &mut self.gate {
            gate.reseed(salt, rules);
        }
        let seed = self.rng.fork(u64::MAX).next_u64();
        if let Some(machine) = &mut self.machine {
            machine.reseed(seed);
        }
    }

    pub(super) fn start(&mut self, spec: &ClientSpec, now: Micros, memory: Memory) {
        self.lives += 1;
        // Far from the streams of its connections, which count from 1.
        let seed = self.rng.fork(u64::MAX - self.lives).next_u64();
        let saved = std::mem::take(&mut self.saved);
        let options = spec.options.clone();
        self.machine = Some(match memory {
            Memory::Kept => Client::with_session(options, seed, saved),
            Memory::Lost => Client::new(options, seed),
        });
        self.since = now;
        self.subscribed = false;
        self.paused = false;
        self.busy_until = now;
    }

    /// Whether it looks at what comes now.
    pub(in crate::world) fn reads(&self, now: Micros) -> bool {
        !self.paused && now >= self.busy_until
    }

    /// What lies in the way of a new connection.
    pub(in crate::world) fn obstacles(&self) -> Vec<(Way, Obstacle)> {
        let mut found = Vec::new();
        for (index, way) in Way::BOTH.into_iter().enumerate() {
            if self.stalled[index] {
                found.push((way, Obstacle::Stall));
            }
            if self.cut[index] {
                found.push((way, Obstacle::Cut));
            }
        }
        found
    }

    pub(in crate::world) fn set_obstacle(&mut self, way: Way, obstacle: Obstacle, is_there: bool) {
        match obstacle {
            Obstacle::Stall => self.stalled[way as usize] = is_there,
            Obstacle::Cut => self.cut[way as usize] = is_there,
            // Whether a computer runs is no matter of its link.
            Obstacle::Dark | Obstacle::Asleep => {}
        }
    }
}
