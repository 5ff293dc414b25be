//! Which WebSocket requests are let through.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tungstenite::error::ProtocolError;
use tungstenite::http::header::AsHeaderName;
use tungstenite::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::proxy::Network;
use super::stream::Peer;

/// The subprotocols that mean MQTT [MQTT-6.0.0-3]; the second is what clients of MQTT 3.1 say.
const SUBPROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

/// What a WebSocket request must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// The listener, as the log calls it.
    pub(crate) listener: String,
    /// The path in the address, such as `/mqtt`.
    pub(crate) path: String,
    /// Web origins whose pages may connect, or `*` for any. Pages from this machine always may.
    pub(crate) origins: Vec<String>,
    /// The largest MQTT packet, in bytes: a frame need not be much larger.
    pub(crate) packet_size_max: u32,
    /// Proxies that say in `X-Forwarded-For` whom they stand for; empty where none do.
    pub(crate) forwarders: Arc<[Network]>,
}

/// Whom the proxies stand for by these headers: the last who is none of them. What stands before that anybody may have
/// written.
fn forwarded_for(headers: &HeaderMap, forwarders: &[Network]) -> Option<Peer> {
    let mut first = None;
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    for line in lines.into_iter().rev() {
        for entry in line.to_str().ok()?.split(',').rev() {
            let address = parse_entry(entry.trim())?;
            first = Some(Peer::net(address));
            let ip = address.ip().to_canonical();
            if !forwarders.iter().any(|network| network.contains(ip)) {
                return first;
            }
        }
    }
    first
}

/// An address, with a port or without.
fn parse_entry(text: &str) -> Option<SocketAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<IpAddr>().ok();
    let ip = ip.map(|ip| SocketAddr::new(ip.to_canonical(), 0));
    ip.or_else(|| text.parse().ok())
}

/// Where proxies say whom they stand for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Characters of what came that the log tells.
const TOLD_MAX: usize = 120;

/// Why a request is turned away.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What the peer is told.
    pub(super) said: &'static str,
    /// What the log tells.
    pub(super) why: String,
}

impl Refusal {
    /// It is no request as it should be.
    pub(super) fn bad(why: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            said: "this is no request for MQTT over WebSocket\n",
            why: why.into(),
        }
    }

    /// It cannot be read, or is one of another kind.
    pub(super) fn unreadable(error: &tungstenite::Error) -> Self {
        let mut refusal = Self::bad(&error.to_string());
        if matches!(
            error,
            tungstenite::Error::Protocol(ProtocolError::WrongHttpMethod)
        ) {
            refusal.status = StatusCode::METHOD_NOT_ALLOWED;
        }
        refusal
    }

    /// Somebody wants to look, but not to speak MQTT.
    pub(super) fn no_upgrade(error: &tungstenite::Error) -> Self {
        Self {
            status: StatusCode::UPGRADE_REQUIRED,
            said: "MQTT is spoken here, over WebSocket: a client has to ask for an upgrade\n",
            why: error.to_string(),
        }
    }
}

/// What came, fit for the log.
fn told(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let begin: String = text.chars().take(TOLD_MAX).collect();
    let more = if begin.len() < text.len() { "…" } else { "" };
    format!("{begin:?}{more}")
}

/// All values of a header, fit for the log.
fn all_told(headers: &HeaderMap, name: impl AsHeaderName) -> String {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    told(&values.collect::<Vec<_>>().join(&b", "[..]))
}

impl Gate {
    pub(super) fn check_path(&self, path: &str) -> Result<(), Refusal> {
        if path == self.path {
            return Ok(());
        }
        Err(Refusal {
            status: StatusCode::NOT_FOUND,
            said: "MQTT is not spoken on this path\n",
            why: format!(
                "the path is {}, and not {:?}",
                told(path.as_bytes()),
                self.path
            ),
        })
    }

    /// The subprotocol to speak.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<&'static str, Refusal> {
        // Programs send no origin; a browser always says whose page it acts for.
        if let Some(origin) = headers.get(header::ORIGIN)
            && !self.admits(origin.to_str().unwrap_or_default())
        {
            let (came, origins) = (told(origin.as_bytes()), &self.origins);
            return Err(Refusal {
                status: StatusCode::FORBIDDEN,
                said: "pages from there may not connect\n",
                why: format!("the Origin is {came}; origins are {origins:?} and this machine"),
            });
        }
        let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let offered: Vec<_> = offers
            .filter_map(|offer| offer.to_str().ok())
            .flat_map(|offer| offer.split(',').map(str::trim))
            .collect();
        let mut known = SUBPROTOCOLS.into_iter();
        known.find(|known| offered.contains(known)).ok_or_else(|| {
            let came = all_told(headers, header::SEC_WEBSOCKET_PROTOCOL);
            Refusal {
                status: StatusCode::BAD_REQUEST,
                said: "the subprotocol mqtt is not offered\n",
                why: format!("the subprotocols offered are {came}; mqtt must be among them"),
            }
        })
    }

    /// Whom a proxy stands for, where one must say that.
    pub(super) fn forwarded(&self, headers: &HeaderMap) -> Result<Option<Peer>, Refusal> {
        if self.forwarders.is_empty() {
            return Ok(None);
        }
        let peer = forwarded_for(headers, &self.forwarders);
        peer.map(Some).ok_or_else(|| Refusal {
            status: StatusCode::BAD_REQUEST,
            said: "X-Forwarded-For does not say where this comes from\n",
            why: format!(
                "X-Forwarded-For is {}, and names nobody",
                all_told(headers, FORWARDED_FOR)
            ),
        })
    }

    fn admits(&self, origin: &str) -> bool {
        is_local(origin)
            || self
                .origins
                .iter()
                .any(|known| known == "*" || known == origin)
    }
}

/// Whether a page comes from this machine.
fn is_local(origin: &str) -> bool {
    let Some((_, host)) = origin.split_once("://") else {
        return false;
    };
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

#[cfg(test)]
mod tests {
    use tungstenite::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Gate, Peer, forwarded_for, is_local};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn check(path: &str, pairs: &[(&'static str, &'static str)]) -> Result<&'static str, u16> {
        let gate = Gate {
            listener: "ws://127.0.0.1:80/mqtt".into(),
            path: "/mqtt".into(),
            origins: vec!["https://example.org".into()],
            packet_size_max: 1 << 20,
            forwarders: [].into(),
        };
        let checked = gate.check_path(path);
        let checked = checked.and_then(|()| gate.check(&headers(pairs)));
        checked.map_err(|refusal| refusal.status.as_u16())
    }

    const MQTT: (&str, &str) = ("sec-websocket-protocol", "mqtt");

    /// `Clause::V311_6_0_0_3`, `Clause::V5_6_0_0_3`: a client that offers none is turned away.
    /// `Clause::V311_6_0_0_4`, `Clause::V5_6_0_0_4`: of several, the one that both speak is picked.
    #[test]
    fn the_subprotocol_must_be_offered() {
        assert_eq!(check("/mqtt", &[MQTT]), Ok("mqtt"));
        let both = ("sec-websocket-protocol", "mqttv3.1, mqtt");
        assert_eq!(check("/mqtt", &[both]), Ok("mqtt"));
        let old = ("sec-websocket-protocol", "mqttv3.1");
        assert_eq!(check("/mqtt", &[old]), Ok("mqttv3.1"));
        assert_eq!(check("/mqtt", &[]), Err(400));
        assert_eq!(
            check("/mqtt", &[("sec-websocket-protocol", "amqp")]),
            Err(400)
        );
    }

    #[test]
    fn the_path_must_be_right() {
        assert_eq!(check("/", &[MQTT]), Err(404));
        assert_eq!(check("/mqtt/", &[MQTT]), Err(404));
    }

    #[test]
    fn only_pages_of_known_origins_may_connect() {
        for (origin, expected) in [
            ("https://example.org", Ok("mqtt")),
            ("http://localhost:8080", Ok("mqtt")),
            ("http://127.0.0.1", Ok("mqtt")),
            ("http://[::1]:3000", Ok("mqtt")),
            ("http://example.org", Err(403)),
            ("https://example.org.attacker.net", Err(403)),
            ("http://localhost.attacker.net", Err(403)),
            ("null", Err(403)),
            ("", Err(403)),
        ] {
            assert_eq!(
                check("/mqtt", &[MQTT, ("origin", origin)]),
                expected,
                "{origin}"
            );
        }
    }

    #[test]
    fn this_machine_has_few_names() {
        assert!(is_local("https://localhost"));
        assert!(!is_local("localhost"));
        assert!(!is_local("https://localhost:80:80"));
    }

    #[test]
    fn the_last_who_is_no_proxy_is_meant() {
        let forwarders = ["10.0.0.0/8", "2001:db8::1"].map(|text| text.parse().expect("a network"));
        for (lines, expected) in [
            (&["192.0.2.1"][..], Some("192.0.2.1:0")),
            (&["192.0.2.1:4711"], Some("192.0.2.1:4711")),
            (&["198.51.100.9, 192.0.2.1, 10.1.2.3"], Some("192.0.2.1:0")),
            // What the client itself has written before.
            (
                &["10.9.9.9, 192.0.2.1", "2001:db8::1,10.0.0.1"],
                Some("192.0.2.1:0"),
            ),
            (&["10.0.0.7, 10.0.0.1"], Some("10.0.0.7:0")),
            (&["[2001:db8::7]:80"], Some("[2001:db8::7]:80")),
            (&["::ffff:192.0.2.1"], Some("192.0.2.1:0")),
            (&["192.0.2.1, unknown"], None),
            (&["192.0.2.1,"], None),
            (&[""], None),
            (&[], None),
        ] {
            let lines = lines.iter().map(|line| ("x-forwarded-for", *line));
            let mut headers = HeaderMap::new();
            for (name, line) in lines {
                headers.append(name, HeaderValue::from_static(line));
            }
            let peer = forwarded_for(&headers, &forwarders);
            let expected = expected.map(|text| Peer::net(text.parse().expect("an address")));
            assert_eq!(peer, expected, "{headers:?}");
        }
    }
}
