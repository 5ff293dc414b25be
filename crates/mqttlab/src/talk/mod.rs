//! `mqttlab pub` and `mqttlab sub`: clients for the command line, made of the core's own client.

mod drive;
mod happened;
mod options;
mod publish;
mod stop;
mod subscribe;

use std::fmt::Display;
use std::io::Write;

pub(crate) use options::version;
pub(crate) use publish::{HELP as PUB_HELP, Options as PubOptions, run as publish};
pub(crate) use subscribe::{HELP as SUB_HELP, Options as SubOptions, run as subscribe};

/// Says something beside what is printed.
fn say(what: &dyn Display) {
    // With standard error gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "mqttlab: {what}");
}
