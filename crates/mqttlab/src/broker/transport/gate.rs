//! Which WebSocket requests are let through.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tungstenite::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::proxy::Network;
use super::stream::Peer;

/// The subprotocols that mean MQTT [MQTT-6.0.0-3]; the second is what clients of MQTT 3.1 say.
const SUBPROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

/// What a WebSocket request must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// The path in the address, such as `/mqtt`.
    pub(crate) path: String,
    /// Web origins whose pages may connect, or `*` for any. Pages from this machine always may.
    pub(crate) origins: Vec<String>,
    /// The largest MQTT packet, in bytes: a frame need not be much larger.
    pub(crate) packet_size_max: u32,
    /// Proxies that say in `X-Forwarded-For` whom they stand for; empty where none do.
    pub(crate) forwarders: Arc<[Network]>,
}

/// A gate as the handshake of one connection holds it.
pub(super) struct SharedGate {
    pub(super) gate: Arc<Gate>,
    /// Where to say whom a proxy stands for.
    pub(super) heard: Option<Heard>,
}

/// Whom a proxy stands for, once it has said that.
pub(super) type Heard = Arc<OnceLock<Peer>>;

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

/// Why a request is turned away.
type Refusal = (StatusCode, &'static str);

impl Gate {
    /// The subprotocol to speak.
    fn check(&self, path: &str, headers: &HeaderMap) -> Result<&'static str, Refusal> {
        if path != self.path {
            return Err((StatusCode::NOT_FOUND, "MQTT is not spoken on this path\n"));
        }
        // Programs send no origin; a browser always says whose page it acts for.
        if let Some(origin) = headers.get(header::ORIGIN)
            && !self.admits(origin.to_str().unwrap_or_default())
        {
            return Err((StatusCode::FORBIDDEN, "pages from there may not connect\n"));
        }
        let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let offered: Vec<_> = offers
            .filter_map(|offer| offer.to_str().ok())
            .flat_map(|offer| offer.split(',').map(str::trim))
            .collect();
        SUBPROTOCOLS
            .into_iter()
            .find(|known| offered.contains(known))
            .ok_or((
                StatusCode::BAD_REQUEST,
                "the subprotocol mqtt is not offered\n",
            ))
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

impl Callback for SharedGate {
    fn on_request(
        self,
        request: &Request,
        mut response: Response,
    ) -> Result<Response, ErrorResponse> {
        let headers = request.headers();
        let checked = self.gate.check(request.uri().path(), headers);
        let checked = checked.and_then(|subprotocol| match &self.heard {
            None => Ok(subprotocol),
            Some(heard) => {
                let peer = forwarded_for(headers, &self.gate.forwarders).ok_or((
                    StatusCode::BAD_REQUEST,
                    "X-Forwarded-For does not say where this comes from\n",
                ))?;
                // There is one request.
                let _ = heard.set(peer);
                Ok(subprotocol)
            }
        });
        match checked {
            Ok(subprotocol) => {
                response.headers_mut().insert(
                    header::SEC_WEBSOCKET_PROTOCOL,
                    HeaderValue::from_static(subprotocol),
                );
                Ok(response)
            }
            Err((status, text)) => {
                let mut refusal = ErrorResponse::new(Some(text.to_owned()));
                *refusal.status_mut() = status;
                Err(refusal)
            }
        }
    }
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
            path: "/mqtt".into(),
            origins: vec!["https://example.org".into()],
            packet_size_max: 1 << 20,
            forwarders: [].into(),
        };
        gate.check(path, &headers(pairs))
            .map_err(|(status, _)| status.as_u16())
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
