//! Work for the broker core, set up once and done again and again: what `cargo bench -p mqttlab-bench` measures.

mod rig;
mod work;

pub use rig::{Buffers, Rig};
pub use work::{Prepared, Work};
