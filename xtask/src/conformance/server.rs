//! A broker under test: started from a command line, on a port that was free, and stopped by its process id.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project;

/// How long a broker may take until it accepts connections.
const START_MAX: Duration = Duration::from_secs(10);
/// How long it may take to end after SIGTERM.
const STOP_MAX: Duration = Duration::from_secs(5);
/// How often to look whether it has.
const GLANCE: Duration = Duration::from_millis(20);

/// A running broker; it is stopped when this is dropped.
pub(super) struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts a broker by `command`, in which {port} and {config} are replaced. `config` has {port} replaced as well.
    ///
    /// # Errors
    /// When it cannot be started, or does not accept connections in time.
    pub(super) fn start(command: &str, name: &str, config: &str) -> Result<Self> {
        let folder = project::target().join("xtask/conformance");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let port = free_port()?;
        let config_file = folder.join(format!("{name}.toml"));
        write(&config_file, &config.replace("{port}", &port.to_string()))?;
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let command = command
            .replace("{port}", &port.to_string())
            .replace("{config}", &format!("'{}'", config_file.display()));
        // `exec` makes the shell's process the broker's, so that its id is the one to stop.
        let child = Command::new("sh")
            .args(["-c", &format!("exec {command}")])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .spawn()
            .with_context(|| format!("cannot start {command}"))?;
        let mut server = Self { child, port, log };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Stops the broker; says so if it had ended before it was told to.
    ///
    /// # Errors
    /// When the operating system does not let go of it.
    pub(super) fn stop(&mut self) -> Result<Option<String>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(format!(
                "the broker ended on its own ({status}); see {}",
                self.log.display()
            )));
        }
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let started = Instant::now();
        while asked.is_ok() && started.elapsed() < STOP_MAX {
            if self.child.try_wait()?.is_some() {
                return Ok(None);
            }
            thread::sleep(GLANCE);
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(Some(format!(
            "the broker was still there {} s after SIGTERM",
            STOP_MAX.as_secs()
        )))
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("the broker ended at once ({status}):\n{}", said.trim_end());
            }
            if TcpStream::connect_timeout(&address(self.port), GLANCE).is_ok() {
                return Ok(());
            }
            thread::sleep(GLANCE);
        }
        bail!(
            "the broker does not listen on {} after {} s; see {}",
            address(self.port),
            START_MAX.as_secs(),
            self.log.display()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, or nothing more can be done about it.
        let _ = self.stop();
    }
}

/// Where the broker under test listens.
pub(super) fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(address(0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::Server;

    #[test]
    fn a_broker_that_ends_at_once_is_told_with_its_words() {
        let Err(error) = Server::start("sh -c 'echo no such option; exit 3'", "test-ends", "")
        else {
            panic!("it cannot have started");
        };
        let said = error.to_string();
        assert!(said.contains("no such option"), "{said}");
    }
}
