//! Proxies in front of the broker, and what they say about whom they stand for: the PROXY protocol, versions 1 and 2.

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use ppp::{HeaderResult, PartialResult, v1, v2};
use serde::{Deserialize, Serialize};

use super::stream::{Peer, Stream};

/// Bytes of a header with all that may come with it. A longer one is refused.
const HEADER_MAX: usize = 2_048;
/// Bytes of a header of version 1.
const V1_MAX: usize = 107;
/// How the two versions begin.
const V1_BEGIN: &[u8] = b"PROXY ";
const V2_BEGIN: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Addresses from which connections are taken in as those of proxies: `10.0.0.1` or `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Network(IpNet);

impl Network {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_: std::net::AddrParseError| {
            "give an IP address such as 10.0.0.1, or a network such as 10.0.0.0/8".into()
        })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

/// How proxies say whom they stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProxiesSay {
    /// With a header of the PROXY protocol, before anything else.
    #[default]
    ProxyProtocol,
    /// With `X-Forwarded-For` in the WebSocket request.
    XForwardedFor,
}

/// Takes the header off the front of a stream: who is behind the proxy, or `None` for the proxy itself.
///
/// # Errors
/// `WouldBlock` while there is not all of it; any other where there is none.
pub(super) fn take_header(stream: &mut Stream) -> io::Result<Option<Peer>> {
    let mut buffer = [0; HEADER_MAX];
    let length = stream.peek(&mut buffer)?;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (header, peer) = parse(&buffer[..length])?;
    // All of it is there, and no more than it is taken.
    stream.read_exact(&mut buffer[..header])?;
    Ok(peer)
}

/// The length of the header, and who is behind the proxy.
fn parse(bytes: &[u8]) -> io::Result<(usize, Option<Peer>)> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no PROXY header");
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(a, b)| a == b);
    let (max, is_whole) = match (begins(V1_BEGIN), begins(V2_BEGIN)) {
        // A line; half a line may look wrong.
        (true, _) => (V1_MAX, bytes.contains(&b'\n')),
        (_, true) => (HEADER_MAX, v2::Header::try_from(bytes).is_complete()),
        (false, false) => return Err(wrong()),
    };
    if !is_whole && bytes.len() < max {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    match HeaderResult::parse(&bytes[..bytes.len().min(max)]) {
        HeaderResult::V1(Ok(header)) => Ok((header.header.len(), v1_source(&header.addresses))),
        HeaderResult::V2(Ok(header)) => {
            let source = match header.command {
                v2::Command::Local => None,
                v2::Command::Proxy => v2_source(&header.addresses),
            };
            Ok((header.len(), source))
        }
        HeaderResult::V1(Err(_)) | HeaderResult::V2(Err(_)) => Err(wrong()),
    }
}

fn v1_source(addresses: &v1::Addresses) -> Option<Peer> {
    let source: SocketAddr = match addresses {
        v1::Addresses::Unknown => return None,
        v1::Addresses::Tcp4(it) => (it.source_address, it.source_port).into(),
        v1::Addresses::Tcp6(it) => (it.source_address, it.source_port).into(),
    };
    Some(Peer::net(source))
}

fn v2_source(addresses: &v2::Addresses) -> Option<Peer> {
    let source: SocketAddr = match addresses {
        v2::Addresses::Unspecified | v2::Addresses::Unix(_) => return None,
        v2::Addresses::IPv4(it) => (it.source_address, it.source_port).into(),
        v2::Addresses::IPv6(it) => (it.source_address, it.source_port).into(),
    };
    Some(Peer::net(source))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::{HEADER_MAX, Network, Peer, V2_BEGIN, parse};

    /// A header of version 2 with this command, family and body.
    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16).to_be_bytes();
        [V2_BEGIN, &[0x20 | command, family], &length, body].concat()
    }

    const FROM_TO: &[u8] = &[192, 0, 2, 1, 192, 0, 2, 2, 0, 80, 1, 187];

    #[test]
    fn a_header_says_who_is_behind_the_proxy() {
        let behind = Some(Peer::Net(([192, 0, 2, 1], 80).into()));
        for (header, peer) in [
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 80 443\r\n".to_vec(),
                behind,
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (v2(1, 0x11, FROM_TO), behind),
            // With more that nobody needs to know.
            (
                v2(1, 0x11, &[FROM_TO, &[4, 0, 3, 1, 2, 3]].concat()),
                behind,
            ),
            // The proxy itself asks whether we are well.
            (v2(0, 0, &[]), None),
        ] {
            let whole = [&header[..], b"\x10what follows"].concat();
            let (length, found) = parse(&whole).expect("a good header");
            assert_eq!((length, found), (header.len(), peer));
            for end in 1..header.len() {
                let kind = parse(&header[..end]).expect_err("not all of it").kind();
                assert_eq!(kind, ErrorKind::WouldBlock, "{end} of {header:02x?}");
            }
        }
    }

    #[test]
    fn what_is_no_header_or_too_long_is_refused() {
        let long = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
        let many = v2(1, 0x11, &[FROM_TO, &vec![0; 60_000]].concat());
        for bytes in [
            &[0x10, 13][..],
            b"PROXX",
            b"PROXY TCP4 x y 1 2\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            &v2(1, 0x11, &FROM_TO[..4]),
            &long,
            &many[..HEADER_MAX],
        ] {
            let kind = parse(bytes).expect_err("it is none").kind();
            assert_eq!(kind, ErrorKind::InvalidData, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_network_is_an_address_or_many() {
        let one: Network = "10.0.0.1".parse().expect("one");
        let many: Network = "10.0.0.0/8".parse().expect("many");
        let address = "10.1.2.3".parse().expect("an address");
        assert!(!one.contains(address) && many.contains(address));
        "proxy.example".parse::<Network>().expect_err("a name");
    }
}
