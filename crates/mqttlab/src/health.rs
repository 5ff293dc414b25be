//! `mqttlab health`: asks a broker whether it is ready, for container engines and scripts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::Failure;

/// How long the broker may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Options of `mqttlab health`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Where the broker serves HTTP, as it says when it starts; http:// before it can be left out
    #[arg(default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    address: String,
}

/// Asks. Exit code 0 says that it is ready.
///
/// # Errors
/// When it cannot be reached or is not ready.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let complain = |why: String| Failure::running(format!("{}: {why}", options.address));
    let address = options.address.trim_end_matches('/');
    let address = address.strip_prefix("http://").unwrap_or(address);
    let addresses = address.to_socket_addrs().map_err(|error| {
        Failure::usage(format!(
            "{}: {error}; give an address and a port, such as 127.0.0.1:8080",
            options.address
        ))
    })?;
    let mut last = "the name has no address".to_owned();
    for address in addresses {
        match ask(address) {
            Ok(status) if status == "200" => return Ok(ExitCode::SUCCESS),
            Ok(status) => last = format!("not ready (status {status})"),
            Err(error) => last = error.to_string(),
        }
    }
    Err(complain(last))
}

/// The status of `/readyz`.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    // The status comes first; no answer needs more.
    stream.take(1_024).read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).unwrap_or("unknown");
    Ok(status.to_owned())
}
