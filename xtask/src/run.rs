//! `cargo xtask run`: from a fresh checkout to the running broker with the Lab.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::setup::{Target, Tool, Tools, linker};
use crate::web::{self, Build};
use crate::{child, project};

/// Where the program listens unless told otherwise, and what for.
const PORTS: &[(&str, &str)] = &[("127.0.0.1:1883", "MQTT"), ("127.0.0.1:8080", "the Lab")];

#[derive(Args)]
pub(crate) struct Options {
    /// Arguments for `mqttlab broker`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: Options) -> Result<()> {
    // Minutes of building would be in vain if the ports are taken; with arguments only the program knows its ports.
    if options.arguments.is_empty() {
        ports_are_free()?;
    }
    linker()?;
    Target::Page.ensure()?;
    let tools = Tools::ensure(Tool::WEB)?;
    for lack in &tools.lacking {
        eprintln!("note: {lack}");
    }
    web::build(&tools, Build::Release)?;
    let mut build = child::cargo();
    build.args([
        "build",
        "--locked",
        "--release",
        "--package",
        "mqttlab",
        "--features",
        "lab",
    ]);
    child::quietly("building the program", &mut build)?;
    let program = project::target().join("release/mqttlab");
    // The program takes this one's place, so that signals and exit code are its own.
    let error = child::command(&program)
        .arg("broker")
        .args(options.arguments)
        .exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

fn ports_are_free() -> Result<()> {
    for (address, what) in PORTS {
        if let Err(error) = TcpListener::bind(address) {
            bail!(
                "cannot listen on {address} for {what} ({error}): stop what uses it, or give other addresses after `--` (see `mqttlab broker --help`)"
            );
        }
    }
    Ok(())
}
