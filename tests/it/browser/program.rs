//! The native program, with the page in it.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// A running `mqttlab broker` on free ports; ended when it is dropped.
pub(super) struct Program {
    process: Child,
    address: String,
}

impl Program {
    /// Starts the program that `MQTTLAB_BIN` names; nothing where it names none.
    pub(super) fn start() -> Result<Option<Self>> {
        let Some(path) = env::var_os("MQTTLAB_BIN") else {
            return Ok(None);
        };
        let mut process = Command::new(path)
            .args(["broker", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the program does not start")?;
        let output = process.stdout.take().context("its output is a pipe")?;
        // From here on dropping ends the process, also when no address is found.
        let mut program = Self {
            process,
            address: String::new(),
        };
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut addresses =
            lines.filter_map(|line| line.strip_prefix("listening http ").map(str::to_owned));
        program.address = addresses
            .next()
            .context("the program does not say where it listens")?;
        Ok(Some(program))
    }

    /// Where the page is.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
