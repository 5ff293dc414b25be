//! What is said when the broker is ready.

use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};

use super::listen::{Endpoint, Scheme};
use super::shard::Listening;
use crate::Failure;

/// The addresses that really are listened on.
pub(super) struct Ready {
    mqtt: Vec<(Scheme, Option<SocketAddr>, String)>,
    http: Option<SocketAddr>,
}

impl Ready {
    pub(super) fn new<'a>(
        mqtt: impl Iterator<Item = (&'a Endpoint, &'a Listening)>,
        http: Option<&TcpListener>,
    ) -> Result<Self, Failure> {
        let failure = |error| Failure::running(format!("a listener has no address: {error}"));
        let address = |listener: &TcpListener| listener.local_addr().map_err(failure);
        Ok(Self {
            mqtt: mqtt
                .map(|(endpoint, listening)| {
                    let address = listening.listener.address().map_err(failure)?;
                    Ok((endpoint.scheme, address, endpoint.path.clone()))
                })
                .collect::<Result<_, _>>()?,
            http: http.map(address).transpose()?,
        })
    }

    /// Says it to scripts on standard output and, where a person reads, what to try next.
    pub(super) fn say(&self) {
        // A standard output that nobody reads is no reason to stop.
        let _ = self.write_lines(&mut io::stdout().lock());
        if io::stdout().is_terminal() || io::stderr().is_terminal() {
            let _ = self.write_advice(&mut io::stderr().lock());
        }
    }

    fn write_lines(&self, out: &mut impl Write) -> io::Result<()> {
        for (scheme, address, path) in &self.mqtt {
            let name = scheme.name();
            match address {
                Some(address) if scheme.has_ws() => {
                    writeln!(out, "listening {name} {name}://{address}{path}")?;
                }
                Some(address) => writeln!(out, "listening {name} {address}")?,
                None => writeln!(out, "listening {name} {path}")?,
            }
        }
        if let Some(address) = self.http {
            writeln!(out, "listening http http://{address}")?;
        }
        out.flush()
    }

    fn write_advice(&self, out: &mut impl Write) -> io::Result<()> {
        let plain = self
            .mqtt
            .iter()
            .find(|(scheme, ..)| *scheme == Scheme::Mqtt);
        if let Some((_, Some(address), _)) = plain {
            let (host, port) = (reachable(*address), address.port());
            writeln!(out, "\nTry it, in two other terminals:")?;
            writeln!(out, "  mosquitto_sub -h {host} -p {port} -t 'hello/#' -v")?;
            writeln!(
                out,
                "  mosquitto_pub -h {host} -p {port} -t hello/world -m 'hi'"
            )?;
        }
        if let Some(address) = self.http {
            let host = SocketAddr::new(reachable(address), address.port());
            writeln!(out, "The Lab, in a browser: http://{host}")?;
        }
        writeln!(out, "Ctrl-C stops it.\n")
    }
}

/// An address that a client on this machine can connect to.
fn reachable(address: SocketAddr) -> std::net::IpAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        SocketAddr::V4(_) | SocketAddr::V6(_) => address.ip(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ready, Scheme, SocketAddr};

    fn at(ip: [u8; 4], port: u16) -> Option<SocketAddr> {
        Some((ip, port).into())
    }

    #[test]
    fn scripts_read_one_line_a_listener() {
        let ready = Ready {
            mqtt: vec![
                (Scheme::Mqtt, at([127, 0, 0, 1], 1883), String::new()),
                (Scheme::Wss, at([127, 0, 0, 1], 8084), "/mqtt".into()),
                (Scheme::Unix, None, "/run/mqtt".into()),
            ],
            http: Some(([127, 0, 0, 1], 8080).into()),
        };
        let mut out = Vec::new();
        ready.write_lines(&mut out).expect("a Vec takes all");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "listening mqtt 127.0.0.1:1883\n\
             listening wss wss://127.0.0.1:8084/mqtt\n\
             listening unix /run/mqtt\n\
             listening http http://127.0.0.1:8080\n"
        );
    }

    #[test]
    fn advice_names_an_address_that_can_be_connected_to() {
        let ready = Ready {
            mqtt: vec![(Scheme::Mqtt, at([0, 0, 0, 0], 1884), String::new())],
            http: None,
        };
        let mut out = Vec::new();
        ready.write_advice(&mut out).expect("a Vec takes all");
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("-h 127.0.0.1 -p 1884"), "{text}");
    }
}
