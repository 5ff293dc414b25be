//! Integration tests over all crates, in one binary: one link, one list of tests.
//!
//! A module is a subject. What a test needs beside the crates (a browser, a real client) it looks for
//! itself; where that is missing it says so with [`skip`] and passes, and `cargo xtask test` counts it.

mod access;
mod admin;
mod browser;
mod captures;
mod conform;
mod crash;
mod crowd;
mod cut;
mod doors;
mod durable;
mod frames;
mod harness;
mod hook;
mod interop;
mod listeners;
mod load;
mod logins;
mod manners;
mod operators;
mod packaging;
mod program;
mod recorded;
mod reload;
mod soak;
mod sockets;
mod strangers;
mod talk;
mod threads;
mod together;
mod tokens;
mod tools;
mod transports;

use std::io::Write;

/// Says that the running test could not be run, and why; the caller then returns.
///
/// The words go past the runner's capture of output, so that they are seen although the test passes.
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nowhere to say it: then nobody reads it.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
