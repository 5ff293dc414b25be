//! Scripts in, packets out: one test for each rule, by flow.

mod abuse;
mod acks;
mod bad_input;
mod clauses;
mod cluster;
mod connect;
mod limits;
mod model;
mod publish;
mod random;
mod retained;
mod script;
mod sessions;
#[cfg(feature = "shards")]
mod shards;
mod strangers;
mod subscribe;
mod v5;
mod will;

use script::{check, check_with, run, run_twice, why};
