//! WebSocket frames as no browser would send them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::harness::packets::{connect, publish, subscribe};
use crate::harness::{Broker, PATIENCE};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];

fn start() -> Result<Broker> {
    Broker::start_configured(&["--http", "off", "--listen", "ws://127.0.0.1:0"])
}

/// Client side of one WebSocket that speaks bytes.
struct Ws(TcpStream);

impl Ws {
    fn open(broker: &Broker) -> Result<Self> {
        let mut stream = TcpStream::connect(broker.address())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(
            b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
              Sec-WebSocket-Protocol: mqtt\r\n\r\n",
        )?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "{head:?}");
        Ok(Self(stream))
    }

    /// A frame with this first byte, masked with zeros, which changes nothing.
    fn frame(&mut self, first: u8, payload: &[u8]) -> Result<()> {
        let mut bytes = vec![first];
        match payload.len() {
            length @ ..=125 => bytes.push(0x80 | length as u8),
            length => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        Ok(self.0.write_all(&bytes)?)
    }

    /// The next frame: its first byte and its payload. The broker's frames are never longer than 64 KiB.
    fn next(&mut self) -> Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head)?;
        let mut length = usize::from(head[1]);
        ensure!(length < 127, "a masked or large frame came");
        if length == 126 {
            let mut more = [0; 2];
            self.0.read_exact(&mut more)?;
            length = usize::from(u16::from_be_bytes(more));
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload)?;
        Ok((head[0], payload))
    }

    /// The next bytes of MQTT, in as many binary frames as they come.
    fn expect(&mut self, bytes: &[u8]) -> Result<()> {
        let mut got = Vec::new();
        while got.len() < bytes.len() {
            let (first, payload) = self.next()?;
            ensure!(first == 0x82, "a frame of {first:#x} came");
            got.extend(payload);
        }
        ensure!(got == bytes, "{got:02x?} came instead of {bytes:02x?}");
        Ok(())
    }

    /// It is closed; gives the code if it was said.
    fn expect_closed(&mut self) -> Result<Option<u16>> {
        match self.next() {
            Ok((0x88, payload)) => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                let mut rest = Vec::new();
                // A reset is an end as well.
                let _ = self.0.read_to_end(&mut rest);
                Ok(code)
            }
            Ok((first, payload)) => anyhow::bail!("a frame {first:#x} came: {payload:02x?}"),
            Err(error) => {
                let kind = error.downcast_ref::<std::io::Error>().map(|e| e.kind());
                ensure!(kind != Some(std::io::ErrorKind::WouldBlock), "it is open");
                Ok(None)
            }
        }
    }
}

/// What MQTT is cut into does not matter: each byte in a fragment of its own, one packet in a hundred frames, a frame
/// that comes byte by byte, control frames in between.
#[test]
fn packets_are_found_however_they_are_framed() -> Result<()> {
    let broker = start()?;
    let mut client = Ws::open(&broker)?;
    // One message of single bytes: binary without FIN, continuations, and a ping in the middle.
    let bytes = connect("a", true);
    for (index, byte) in bytes.iter().enumerate() {
        let last = index + 1 == bytes.len();
        let opcode = if index == 0 { 2 } else { 0 };
        client.frame(if last { 0x80 } else { 0 } | opcode, &[*byte])?;
        if index == 5 {
            client.frame(0x89, b"?")?;
        }
    }
    ensure!(client.next()? == (0x8A, b"?".to_vec()));
    client.expect(ACCEPTED)?;
    client.frame(0x82, &subscribe("t", 0))?;
    client.expect(&[0x90, 3, 0, 1, 0])?;
    // A packet of 10 000 bytes in frames of a hundred, empty ones among them; and two packets in one frame.
    let large = publish(0, "t", 0, &[b'.'; 10_000]);
    for part in large.chunks(100) {
        client.frame(0x82, part)?;
        client.frame(0x82, b"")?;
    }
    client.expect(&large)?;
    let small = publish(0, "t", 0, b"x");
    client.frame(0x82, &[&small[..], &small].concat())?;
    client.expect(&[&small[..], &small].concat())?;
    // The frame itself in single bytes.
    for byte in [&[0x82, 0x82, 0, 0, 0, 0][..], &[0xC0, 0]].concat() {
        client.0.write_all(&[byte])?;
        std::thread::sleep(Duration::from_millis(2));
    }
    client.expect(&[0xD0, 0])
}

/// Frames that break WebSocket's own rules end the connection that they came on, before and after CONNECT.
#[test]
fn frames_that_break_the_rules_end_the_connection() -> Result<()> {
    let broker = start()?;
    let ping = [&[0x89, 0xFE, 0, 126, 0, 0, 0, 0][..], &[b'?'; 126]].concat();
    let cases: [(&str, &[u8]); 9] = [
        ("not masked", &[0x82, 2, 0xC0, 0]),
        ("text", &[0x81, 0x81, 0, 0, 0, 0, b'x']),
        ("reserved bits", &[0xF2, 0x81, 0, 0, 0, 0, 0xC0]),
        ("an opcode that is not", &[0x83, 0x80, 0, 0, 0, 0]),
        ("a continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0]),
        ("a ping in parts", &[0x09, 0x80, 0, 0, 0, 0]),
        ("a ping of 126 bytes", &ping),
        // 1 GiB, and more than a number can say.
        (
            "a giant",
            &[0x82, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0],
        ),
        (
            "an impossible giant",
            &[
                0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,
            ],
        ),
    ];
    for (what, bytes) in cases {
        for let_in in [false, true] {
            let mut client = Ws::open(&broker)?;
            if let_in {
                client.frame(0x82, &connect("a", true))?;
                client.expect(ACCEPTED)?;
            }
            client.0.write_all(bytes)?;
            let asked = Instant::now();
            let code = client.expect_closed().with_context(|| what.to_owned())?;
            ensure!(
                code.is_none_or(|code| (1002..=1009).contains(&code)),
                "{what}: {code:?}"
            );
            ensure!(
                asked.elapsed() < Duration::from_secs(4),
                "{what}: it took too long"
            );
        }
    }
    let mut client = Ws::open(&broker)?;
    client.frame(0x82, &connect("b", true))?;
    client.expect(ACCEPTED)
}

/// Frames that are no MQTT do not put off the time for CONNECT, and a flood of pings is answered without growing.
#[test]
fn pings_and_empty_frames_are_no_connect() -> Result<()> {
    let broker = Broker::start_configured(&[
        "--http",
        "off",
        "--listen",
        "ws://127.0.0.1:0",
        "--set",
        "broker.connect-timeout-ms=500",
    ])?;
    let mut idle = Ws::open(&broker)?;
    let started = Instant::now();
    let mut closed = false;
    while started.elapsed() < PATIENCE && !closed {
        let sent = idle.frame(0x89, b"").and_then(|()| idle.frame(0x82, b""));
        closed = sent.is_err() || !matches!(idle.next(), Ok((0x8A, _)));
    }
    let after = started.elapsed();
    ensure!(
        closed && after >= Duration::from_millis(450),
        "closed after {after:?}"
    );
    ensure!(after < Duration::from_secs(5), "closed after {after:?}");
    let mut client = Ws::open(&broker)?;
    client.frame(0x82, &connect("a", true))?;
    client.expect(ACCEPTED)?;
    for _ in 0..2_000 {
        client.frame(0x89, b"flood")?;
    }
    client.frame(0x82, &[0xC0, 0])?;
    // WebSocket lets a server answer the last of several pings alone.
    loop {
        match client.next()? {
            (0x8A, payload) => ensure!(payload == b"flood"),
            (0x82, payload) => {
                ensure!(payload == [0xD0, 0]);
                return Ok(());
            }
            other => anyhow::bail!("{other:?} came"),
        }
    }
}

/// A handshake without end, and one that never becomes one.
#[test]
fn a_request_that_never_ends_is_cut_off() -> Result<()> {
    let broker = Broker::start_configured(&[
        "--http",
        "off",
        "--listen",
        "ws://127.0.0.1:0",
        "--set",
        "broker.connect-timeout-ms=700",
    ])?;
    let started = Instant::now();
    let mut silent = TcpStream::connect(broker.address())?;
    silent.set_read_timeout(Some(PATIENCE))?;
    silent.write_all(b"GET /mqtt HTTP/1.1\r\nHost: x\r\n")?;
    // Headers for ever: it may not hold them all.
    let mut endless = TcpStream::connect(broker.address())?;
    endless.set_read_timeout(Some(PATIENCE))?;
    endless.write_all(b"GET /mqtt HTTP/1.1\r\n")?;
    let line = format!("X-Filler: {}\r\n", "x".repeat(1_000));
    let mut sent = 0;
    while started.elapsed() < PATIENCE && endless.write_all(line.as_bytes()).is_ok() {
        sent += line.len();
        ensure!(sent < 64 << 20, "{sent} bytes of headers were taken");
    }
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = silent.read_to_end(&mut rest);
    ensure!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    let mut client = Ws::open(&broker)?;
    client.frame(0x82, &connect("a", true))?;
    client.expect(ACCEPTED)
}
