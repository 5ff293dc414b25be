//! MQTT inside TLS and WebSocket.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};

use crate::harness::{Broker, Folder, PATIENCE};

/// CONNECT of MQTT 3.1.1 for the client whose identifier is this letter.
const fn connect(client_id: u8) -> [u8; 15] {
    [
        0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, client_id,
    ]
}

const CONNECT: &[u8] = &connect(b'a');
const SUBSCRIBE: &[u8] = &[0x82, 6, 0, 1, 0, 1, b't', 0];

/// PUBLISH to `t` with a payload of 300 000 bytes, larger than any buffer on its way.
fn large_publish() -> Vec<u8> {
    // Remaining Length 300 003.
    let mut packet = vec![0x30, 0xE3, 0xA7, 0x12, 0, 1, b't'];
    packet.extend((0..300_000_u32).map(|i| (i / 7) as u8));
    packet
}

/// Something that carries bytes of MQTT.
trait Wire {
    fn send(&mut self, bytes: &[u8]) -> Result<()>;
    fn read_some(&mut self) -> Result<Vec<u8>>;

    fn expect(&mut self, bytes: &[u8]) -> Result<()> {
        let mut got = Vec::new();
        while got.len() < bytes.len() {
            let more = self.read_some()?;
            ensure!(
                !more.is_empty(),
                "closed after {} of {} bytes",
                got.len(),
                bytes.len()
            );
            got.extend(more);
        }
        ensure!(got == bytes, "{} other bytes came", got.len());
        Ok(())
    }

    /// Logs in, subscribes, and gets a large message back.
    fn converse(&mut self) -> Result<()> {
        self.converse_as(b'a')
    }

    fn converse_as(&mut self, client_id: u8) -> Result<()> {
        self.send(&connect(client_id))?;
        self.expect(&[0x20, 2, 0, 0])?;
        self.send(SUBSCRIBE)?;
        self.expect(&[0x90, 3, 0, 1, 0])?;
        let publish = large_publish();
        self.send(&publish)?;
        self.expect(&publish)?;
        self.send(&[0xC0, 0])?;
        self.expect(&[0xD0, 0])
    }
}

fn tcp(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

impl Wire for Tls {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes)?;
        Ok(self.flush()?)
    }

    fn read_some(&mut self) -> Result<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        let length = self.read(&mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl<S: Read + Write> Wire for WebSocket<S> {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(WebSocket::send(self, Message::binary(bytes.to_owned()))?)
    }

    fn read_some(&mut self) -> Result<Vec<u8>> {
        loop {
            match self.read()? {
                Message::Binary(bytes) => return Ok(bytes.into()),
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("{other:?} came"),
            }
        }
    }
}

/// A server's certificate and a client's, and the roots of both.
struct Certificates {
    folder: Folder,
    server_root: CertificateDer<'static>,
    client: (CertificateDer<'static>, PrivateKeyDer<'static>),
}

impl Certificates {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        let server_root = write_server(&folder)?;
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        fs::write(folder.path("clients.pem"), root.pem())?;
        let key = KeyPair::generate()?;
        let client = CertificateParams::new(["client".to_owned()])?.signed_by(&key, &root)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        Ok(Self {
            folder,
            server_root,
            client: (client.der().clone(), key),
        })
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path(file)
    }

    fn broker(&self, scheme: &str, options: &[&str]) -> Result<Broker> {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        let listen = format!("{scheme}://127.0.0.1:0");
        let mut all = vec!["--http", "off", "--listen", &listen];
        all.push("--certificate");
        all.extend(certificate.to_str());
        all.push("--key");
        all.extend(key.to_str());
        all.extend(options);
        Broker::start_with(&all)
    }

    /// A client's side of TLS, with its certificate or without.
    fn client(&self, address: SocketAddr, with_certificate: bool) -> Result<Tls> {
        let mut roots = RootCertStore::empty();
        roots.add(self.server_root.clone())?;
        let config = ClientConfig::builder().with_root_certificates(roots);
        let config = if with_certificate {
            let (certificate, key) = &self.client;
            config.with_client_auth_cert(vec![certificate.clone()], key.clone_key())?
        } else {
            config.with_no_client_auth()
        };
        let name = ServerName::try_from("localhost")?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        Ok(StreamOwned::new(connection, tcp(address)?))
    }
}

/// Writes a new certificate for `localhost` and its key; gives the certificate.
fn write_server(folder: &Folder) -> Result<CertificateDer<'static>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(folder.path("server.pem"), made.cert.pem())?;
    fs::write(folder.path("server.key"), made.signing_key.serialize_pem())?;
    Ok(made.cert.der().clone())
}

/// Where the listener after the plain one is.
fn second(broker: &Broker) -> Result<SocketAddr> {
    broker
        .mqtt
        .get(1)
        .copied()
        .context("there are two listeners")
}

/// Opens a WebSocket over `stream`; the headers come in addition to those that must be there.
fn ws<S: Read + Write>(
    stream: S,
    path: &str,
    headers: &[(&'static str, &'static str)],
) -> Result<WebSocket<S>> {
    let mut request = format!("ws://localhost{path}").into_client_request()?;
    for &(name, value) in headers {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            bail!("status {}", response.status().as_u16())
        }
        Err(error) => bail!("{error}"),
    }
}

const MQTT: (&str, &str) = ("Sec-WebSocket-Protocol", "mqtt");

#[test]
fn mqtt_is_spoken_inside_tls() -> Result<()> {
    let certificates = Certificates::new("tls")?;
    let broker = certificates.broker("mqtts", &[])?;
    let mut client = certificates.client(second(&broker)?, false)?;
    client.converse()?;
    // What is no TLS closes that connection and no other.
    let mut plain = tcp(second(&broker)?)?;
    plain.write_all(CONNECT)?;
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = plain.read_to_end(&mut rest);
    ensure!(!rest.starts_with(&[0x20]), "it was let in");
    client.send(&[0xC0, 0])?;
    client.expect(&[0xD0, 0])
}

#[test]
fn only_clients_with_a_certificate_are_let_in_where_that_is_asked() -> Result<()> {
    let certificates = Certificates::new("mutual")?;
    let roots = certificates.path("clients.pem");
    let set = format!("listener=[{{ address = \"mqtts://127.0.0.1:0\", client-ca = {roots:?} }}]");
    let (certificate, key) = (
        certificates.path("server.pem"),
        certificates.path("server.key"),
    );
    let broker = Broker::start_configured(&[
        "--http",
        "off",
        "--set",
        &set,
        "--certificate",
        certificate.to_str().context("a plain path")?,
        "--key",
        key.to_str().context("a plain path")?,
    ])?;
    certificates.client(broker.address(), true)?.converse()?;
    let refused = certificates.client(broker.address(), false)?.converse();
    ensure!(refused.is_err(), "it was let in without");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_new_certificate_is_shown_without_disturbing_anybody() -> Result<()> {
    let mut certificates = Certificates::new("renewed")?;
    let broker = certificates.broker("mqtts", &[])?;
    let mut old = certificates.client(second(&broker)?, false)?;
    old.converse_as(b'o')?;
    certificates.server_root = write_server(&certificates.folder)?;
    broker.signal("HUP")?;
    let started = std::time::Instant::now();
    while let Err(error) = certificates.client(second(&broker)?, false)?.converse() {
        ensure!(
            started.elapsed() < PATIENCE,
            "the old one is still shown: {error}"
        );
        thread::sleep(Duration::from_millis(20));
    }
    // It hears the new client's message too.
    old.expect(&large_publish())?;
    old.send(&[0xC0, 0])?;
    old.expect(&[0xD0, 0])
}

/// What WebSocket carries may be of any version: `Clause::V311_6_0_0_2`, `Clause::V5_6_0_0_2`.
#[test]
fn mqtt_is_spoken_inside_websocket() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--listen", "ws://127.0.0.1:0"])?;
    let mut client = ws(tcp(second(&broker)?)?, "/mqtt", &[MQTT])?;
    client.converse()?;
    // Frames and packets have nothing to do with each other: a byte a frame, and two packets in one.
    for byte in [0xC0, 0, 0xC0, 0] {
        Wire::send(&mut client, &[byte])?;
    }
    Wire::send(&mut client, &[0xC0, 0, 0xC0, 0])?;
    client.expect(&[0xD0, 0, 0xD0, 0, 0xD0, 0, 0xD0, 0])?;
    WebSocket::send(&mut client, Message::Ping("are you there?".into()))?;
    match client.read()? {
        Message::Pong(same) => ensure!(same == "are you there?"),
        other => bail!("{other:?} came"),
    }
    // DISCONNECT ends it in WebSocket's way too.
    Wire::send(&mut client, &[0xE0, 0])?;
    match client.read() {
        Ok(Message::Close(_)) | Err(_) => Ok(()),
        Ok(other) => bail!("{other:?} came"),
    }
}

#[test]
fn mqtt_is_spoken_inside_websocket_inside_tls() -> Result<()> {
    let certificates = Certificates::new("wss")?;
    let broker = certificates.broker("wss", &[])?;
    let tls = certificates.client(second(&broker)?, false)?;
    ws(tls, "/mqtt", &[MQTT])?.converse()
}

#[test]
fn only_requests_for_mqtt_become_websockets() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--listen", "ws://127.0.0.1:0/here"])?;
    let address = second(&broker)?;
    for (path, headers, expected) in [
        ("/mqtt", &[MQTT][..], "status 404"),
        ("/here", &[][..], "status 400"),
        ("/here", &[("Sec-WebSocket-Protocol", "amqp")], "status 400"),
        (
            "/here",
            &[MQTT, ("Origin", "https://example.org")],
            "status 403",
        ),
    ] {
        match ws(tcp(address)?, path, headers) {
            Ok(_) => bail!("{path} {headers:?} was let through"),
            Err(error) => ensure!(error.to_string() == expected, "{path} {headers:?}: {error}"),
        }
    }
    ws(
        tcp(address)?,
        "/here",
        &[MQTT, ("Origin", "http://localhost:8080")],
    )?
    .converse()?;
    // Bytes of MQTT without WebSocket.
    let mut stream = tcp(address)?;
    stream.write_all(CONNECT)?;
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut rest);
    ensure!(!rest.starts_with(&[0x20]), "it was let in");
    Ok(())
}

/// What this server says to these bytes.
fn answer(mut stream: impl Read + Write, request: &[u8]) -> Result<String> {
    stream.write_all(request)?;
    let mut answer = Vec::new();
    let mut byte = [0];
    // A reset after it is an end as well, and so is TLS that was cut off.
    while let Ok(1) = stream.read(&mut byte) {
        answer.extend(byte);
    }
    Ok(String::from_utf8(answer)?)
}

/// Whoever asks in HTTP is answered in HTTP: people with browsers, and whatever looks whether the port is alive.
#[test]
fn requests_for_no_websocket_are_answered_too() -> Result<()> {
    let certificates = Certificates::new("plain")?;
    let broker = certificates.broker("wss", &["--listen", "ws://127.0.0.1:0"])?;
    let ws = *broker.mqtt.get(2).context("there are three listeners")?;
    for (request, expected) in [
        ("GET /mqtt HTTP/1.1\r\nhost: x\r\n\r\n", "426"),
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", "404"),
        ("HEAD /mqtt HTTP/1.1\r\nhost: x\r\n\r\n", "405"),
        ("GET /mqtt HTTP/1.0\r\n\r\n", "400"),
        ("nonsense\r\n\r\n", "400"),
        (
            "GET /mqtt HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 8\r\n\r\n",
            "426",
        ),
        (
            "GET /mqtt HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\r\n",
            "400",
        ),
    ] {
        let plain = answer(tcp(ws)?, request.as_bytes())?;
        let secret = answer(
            certificates.client(second(&broker)?, false)?,
            request.as_bytes(),
        )?;
        ensure!(plain == secret, "{plain:?} {secret:?}");
        let (head, body) = plain.split_once("\r\n\r\n").context("a whole answer")?;
        ensure!(
            head.starts_with(&format!("HTTP/1.1 {expected} ")) && body.ends_with('\n'),
            "{request:?}: {plain}"
        );
        let length = format!("content-length: {}", body.len());
        ensure!(head.contains(&length) && head.contains("close"), "{head}");
        let says_how = head.contains("upgrade: websocket") && head.contains("version: 13");
        ensure!(says_how == (expected == "426"), "{head}");
    }
    // One that comes byte by byte, and one whose head has no end.
    let mut slow = tcp(ws)?;
    slow.set_nodelay(true)?;
    for byte in b"GET /mqtt HTTP/1.1\r\nhost: x\r\n\r" {
        slow.write_all(&[*byte])?;
    }
    ensure!(answer(slow, b"\n")?.starts_with("HTTP/1.1 426 "));
    let endless = [&b"GET /mqtt HTTP/1.1\r\nx: "[..], &[b'x'; 20_000]].concat();
    // What it says may be lost, for not all was read.
    let said = answer(tcp(ws)?, &endless).unwrap_or_default();
    ensure!(
        said.is_empty() || said.starts_with("HTTP/1.1 400 "),
        "{said}"
    );
    Ok(())
}

/// What keeps a page or a program out is in the log, with what would let it in.
#[test]
fn why_no_websocket_came_of_a_request_is_in_the_log() -> Result<()> {
    let listener =
        "listener=[{ address = \"ws://127.0.0.1:0/here\", origins = [\"https://good.example\"] }]";
    let broker = Broker::start_configured(&["--http", "off", "--set", listener])?;
    let address = broker.address();
    let long = "x".repeat(1_000);
    let long: &'static str = Box::leak(long.into_boxed_str());
    for (path, headers) in [
        ("/there", &[MQTT][..]),
        ("/here", &[]),
        ("/here", &[("Sec-WebSocket-Protocol", "amqp, other")]),
        ("/here", &[MQTT, ("Origin", "https://evil.example")]),
        ("/here", &[MQTT, ("Origin", long)]),
    ] {
        ensure!(ws(tcp(address)?, path, headers).is_err());
    }
    // Five of a kind are told in a second.
    thread::sleep(Duration::from_secs(1));
    answer(tcp(address)?, b"GET /here HTTP/1.1\r\n\r\n")?;
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    for told in [
        "refused at ws://127.0.0.1:0/here (404 Not Found): the path is \"/there\", and not \"/here\"",
        "the subprotocols offered are \"\"; mqtt must be among them",
        "the subprotocols offered are \"amqp, ",
        "(403 Forbidden): the Origin is \"https://evil.example\"; origins are [\"https://good.example\"]",
        "xxx\"…; origins are",
        "(426 Upgrade Required)",
    ] {
        ensure!(log.contains(told), "{told} is missing: {log}");
    }
    ensure!(!log.contains(&long[..200]), "{log}");
    Ok(())
}

/// Before it is known which version is spoken: `Clause::V311_6_0_0_1`, `Clause::V5_6_0_0_1`.
#[test]
fn text_frames_end_the_connection() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--listen", "ws://127.0.0.1:0"])?;
    let mut client = ws(tcp(second(&broker)?)?, "/mqtt", &[MQTT])?;
    WebSocket::send(&mut client, Message::text("hello"))?;
    match client.read() {
        Ok(Message::Close(_)) | Err(_) => Ok(()),
        Ok(other) => bail!("{other:?} came"),
    }
}
