//! A deterministic world of MQTT clients, a broker and the network between them, on a virtual clock.
//!
//! Read a [`Scenario`](scenario::Scenario), make a [`Recording`](recording::Recording) of it, go to any moment, and look
//! at its [`View`](view::View). The broker and the clients are the real ones; the network carries real bytes.
#![forbid(unsafe_code)]

pub mod delivery;
mod describe;
mod disk;
pub mod export;
#[cfg(test)]
mod golden;
pub mod hunt;
mod inspect;
pub mod job;
pub mod lesson;
pub mod link;
pub mod live;
mod log;
mod look;
pub mod monitor;
pub mod order;
mod pipe;
pub mod recording;
pub mod scenario;
#[cfg(test)]
mod swarm;
#[cfg(feature = "traffic")]
pub mod traffic;
pub mod view;
mod world;
