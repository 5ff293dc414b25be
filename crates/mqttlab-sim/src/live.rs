//! The clients of a scenario with a broker that is somewhere else.
//!
//! Clients, network and disturbances are simulated as ever; what comes to the broker's end of a connection is handed to
//! whoever drives this, who hands in what the broker says. So a real broker can be asked by the very same clients.

use std::fmt;

use crate::scenario::{BrokerSpec, Scenario};

/// Something that has come to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToBroker {
    /// A connection is open.
    Open {
        /// Its number.
        conn: u64,
    },
    /// Bytes of the stream.
    Bytes {
        /// The number of the connection.
        conn: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The client's end of a connection is gone.
    Closed {
        /// The number of the connection.
        conn: u64,
        /// By RST rather than FIN.
        reset: bool,
    },
}

/// Something in a scenario that a broker somewhere else does not do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Things are done to the broker: these acts.
    Acts(Vec<&'static str>),
    /// Its broker has a policy of its own.
    Policy,
    /// Its broker does not let everybody do everything.
    Access,
    /// Its broker's computer is slow to accept, or to write to its disk.
    Host,
    /// Its broker makes mistakes on purpose.
    Bugs,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acts(acts) => {
                return write!(f, "it does something to its broker: {}", acts.join(", "));
            }
            Self::Policy => "its broker has a policy of its own",
            Self::Access => "its broker does not let everybody do everything",
            Self::Host => "its broker's computer is slow to accept or to write",
            Self::Bugs => "its broker makes mistakes on purpose",
        })
    }
}

/// What keeps a scenario from being played with a broker that is somewhere else, unless that is set up for it.
pub fn obstacles(scenario: &Scenario) -> Vec<Obstacle> {
    let BrokerSpec {
        policy,
        disk: _,
        host,
        access,
        bugs,
    } = &scenario.broker;
    let steps = scenario.script.iter().map(|step| &step.action);
    let inputs = scenario.inputs.iter().map(|input| &input.action);
    let own = steps.chain(inputs).filter(|action| action.who == 0);
    let mut acts: Vec<&str> = own.map(|action| action.act.name()).collect();
    acts.dedup();
    let has = |is_there: bool, obstacle| is_there.then_some(obstacle);
    let obstacles = [
        has(!acts.is_empty(), Obstacle::Acts(acts)),
        has(*policy != Default::default(), Obstacle::Policy),
        has(*access != Default::default(), Obstacle::Access),
        has(*host != Default::default(), Obstacle::Host),
        has(*bugs != Default::default(), Obstacle::Bugs),
    ];
    obstacles.into_iter().flatten().collect()
}

#[cfg(feature = "live")]
pub use driven::Live;

#[cfg(feature = "live")]
mod driven {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use mqttlab_core::codec::FixedHeader;
    use mqttlab_core::packet::{Side, Version};

    use super::ToBroker;
    use crate::scenario::{Ending, Scenario};
    use crate::view::{Event, Flight, Micros};
    use crate::world::World;

    /// The clients of a scenario, and the network up to the broker.
    ///
    /// Call [`advance`](Self::advance) when its next moment has come, carry out what it returns, and report what the
    /// broker says with [`received`](Self::received) and [`closed`](Self::closed).
    #[derive(Debug)]
    pub struct Live {
        world: World,
        /// What has come of packets that are not whole, by connection.
        begun: BTreeMap<u64, Vec<u8>>,
    }

    impl Live {
        /// A run of `scenario` in which nothing has happened yet.
        pub fn new(scenario: Scenario) -> Self {
            let mut world = World::new(Arc::new(scenario));
            world.go_live();
            Self {
                world,
                begun: BTreeMap::new(),
            }
        }

        /// When the next thing happens; `None` at the end of the run.
        pub fn next_at(&self) -> Option<Micros> {
            self.world.next_at()
        }

        /// Lets the next thing happen, and says what has come to the broker.
        pub fn advance(&mut self) -> Vec<ToBroker> {
            self.world.advance(&[]);
            self.world.take_told()
        }

        /// Whether a packet has come to the broker that wants an answer.
        pub fn awaits_broker(&self) -> bool {
            self.world.awaits_broker()
        }

        /// Bytes have come from the broker; `at` is not after the next thing that happens. What then comes to the
        /// broker in the same moment is returned.
        pub fn received(&mut self, at: Micros, conn: u64, bytes: &[u8]) -> Vec<ToBroker> {
            let mut stream = self.begun.remove(&conn).unwrap_or_default();
            stream.extend_from_slice(bytes);
            let at = self.moment(at);
            let mut rest = stream.as_slice();
            while !rest.is_empty() {
                // Only its length is asked for, which is the same in every version.
                let length = match FixedHeader::parse(rest, Version::V5, Side::Client) {
                    Ok(Some(header)) if header.packet_len() <= rest.len() => header.packet_len(),
                    Ok(_) => break,
                    // No packet at all: the client shall see it as it came.
                    Err(_) => rest.len(),
                };
                let (packet, behind) = rest.split_at(length);
                self.world.broker_says(at, conn, packet);
                rest = behind;
            }
            if !rest.is_empty() {
                self.begun.insert(conn, rest.to_vec());
            }
            self.world.take_told()
        }

        /// The broker has closed a connection, or never took it.
        pub fn closed(&mut self, at: Micros, conn: u64, reset: bool) -> Vec<ToBroker> {
            let how = if reset { Ending::Rst } else { Ending::Fin };
            self.begun.remove(&conn);
            let at = self.moment(at);
            self.world.broker_closes(at, conn, how);
            self.world.take_told()
        }

        /// What has happened.
        pub fn events(&self) -> &[Event] {
            self.world.log.events()
        }

        /// What was sent.
        pub fn flights(&self) -> &[Flight] {
            self.world.log.flights()
        }

        /// The moment of something from outside: neither before now nor after what happens next.
        fn moment(&self, at: Micros) -> Micros {
            let at = self.next_at().map_or(at, |next| at.min(next));
            at.max(self.world.state.now)
        }
    }
}
