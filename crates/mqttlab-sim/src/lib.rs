//! A deterministic world of MQTT clients, a broker and the network between them, on a virtual clock.
#![forbid(unsafe_code)]

pub mod view;
