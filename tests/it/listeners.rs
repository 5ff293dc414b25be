//! How connections come to the broker: through Unix sockets, proxies, and sockets that a service manager opened.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::harness::{Broker, Folder, PATIENCE, Raw, program};

const CONNECT: &[u8] = &[
    0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'c',
];
const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];

/// CONNECT over a Unix socket, answered.
fn log_in(path: &str) -> Result<UnixStream> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(CONNECT)?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer)?;
    ensure!(answer == ACCEPTED, "{answer:02x?}");
    Ok(stream)
}

#[test]
fn mqtt_is_spoken_through_a_unix_socket() -> Result<()> {
    let folder = Folder::new("unix")?;
    let path = folder.path("mqtt");
    let path = path.to_str().context("a plain path")?;
    // One that is left of a broker that crashed.
    drop(UnixListener::bind(path)?);
    let listen = format!("unix://{path}");
    let options = ["--http", "off", "--listen", &listen];
    let broker = Broker::start_configured(&options)?;
    let mut client = log_in(path)?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    ensure!(mode & 0o007 == 0, "everybody may connect: {mode:o}");
    client.write_all(&[0xC0, 0])?;
    let mut answer = [0; 2];
    client.read_exact(&mut answer)?;
    ensure!(answer == [0xD0, 0], "{answer:02x?}");
    let refused = Broker::start_configured(&options).err();
    let refused = refused.context("it is in use")?.to_string();
    ensure!(refused.contains("cannot listen on unix://"), "{refused}");
    log_in(path)?;
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success() && log.contains("this machine"), "{log}");
    ensure!(!std::fs::exists(path)?, "the file is left");
    // What is no socket is nobody's to remove.
    std::fs::write(path, "a file")?;
    ensure!(Broker::start_configured(&options).is_err());
    ensure!(std::fs::read(path)? == b"a file");
    Ok(())
}

/// What stands there now may be that of another broker.
#[test]
fn a_socket_that_took_the_place_of_ours_stays() -> Result<()> {
    let folder = Folder::new("unix-own")?;
    let path = folder.path("mqtt");
    let path = path.to_str().context("a plain path")?;
    let listen = format!("unix://{path}");
    let options = ["--http", "off", "--listen", &listen];
    let first = Broker::start_configured(&options)?;
    std::fs::remove_file(path)?;
    let second = Broker::start_configured(&options)?;
    first.signal("TERM")?;
    first.wait()?;
    log_in(path)?;
    second.signal("TERM")?;
    second.wait()?;
    ensure!(!std::fs::exists(path)?, "the file is left");
    Ok(())
}

/// Who may connect is for whoever runs the broker to say.
#[test]
fn a_unix_socket_has_the_mode_and_the_group_that_are_configured() -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let folder = Folder::new("unix-mode")?;
    let path = folder.path("mqtt");
    let path = path.to_str().context("a plain path")?;
    // The test's own group is one that it may give.
    let group = std::fs::metadata(folder.path(""))?.gid();
    let set = |settings: &str| format!("listener=[{{ address = \"unix://{path}\", {settings} }}]");
    let good = set(&format!("mode = \"0666\", group = \"{group}\""));
    let broker = Broker::start_configured(&["--http", "off", "--set", &good])?;
    let file = std::fs::metadata(path)?;
    ensure!(file.mode() & 0o777 == 0o666 && file.gid() == group);
    log_in(path)?;
    drop(broker);
    for (settings, expected) in [
        ("mode = \"rw-rw----\"", "give octal digits"),
        ("group = \"no such group\"", "has no group no such group"),
    ] {
        let options = ["--http", "off", "--set", &set(settings)];
        let refused = Broker::start_configured(&options).err();
        let refused = refused.context("it starts")?.to_string();
        ensure!(refused.contains(expected), "{refused}");
    }
    let refused = Broker::refusal("{ address = \"127.0.0.1:0\", mode = \"0666\" }")?;
    ensure!(refused.contains("are for Unix sockets"), "{refused}");
    Ok(())
}

/// What one socket would have to be twice is told before any is opened, and not called another program.
#[test]
fn listeners_in_each_others_way_are_told() -> Result<()> {
    let folder = Folder::new("unix-twice")?;
    let path = folder.path("mqtt");
    let path = path.to_str().context("a plain path")?;
    let detour = path.replace("/mqtt", "/./mqtt");
    for (one, other) in [
        ("127.0.0.1:18831".to_owned(), "0.0.0.0:18831".to_owned()),
        (format!("unix://{path}"), format!("unix://{detour}")),
    ] {
        let allow = "auth.allow-anonymous=true";
        let options = ["--http", "off", "--listen", &one, "--listen", &other];
        let refused = Broker::start_configured(&[&options[..], &["--set", allow]].concat()).err();
        let refused = refused.context("it starts")?.to_string();
        ensure!(refused.contains("are at the same place"), "{refused}");
    }
    let lost = format!("unix://{}", folder.path("missing/mqtt").display());
    let refused = Broker::start_configured(&["--http", "off", "--listen", &lost]).err();
    let refused = refused.context("it starts")?.to_string();
    ensure!(
        refused.contains("there is no such folder") && !refused.contains("port"),
        "{refused}"
    );
    Ok(())
}

/// Clients that are told a name try all of its addresses.
#[test]
fn localhost_is_both_addresses_of_this_machine() -> Result<()> {
    let options = ["--listen", "localhost:0", "--http", "localhost:0"];
    let broker = Broker::start_configured(&options)?;
    if TcpListener::bind("[::1]:0").is_err() {
        crate::skip("this machine has no ::1");
        return Ok(());
    }
    for ip in ["127.0.0.1", "[::1]"] {
        let mqtt = format!("{ip}:{}", broker.address().port());
        Raw::connect(mqtt.parse()?)?.log_in(b'a')?;
        let http = format!("{ip}:{}", broker.http.context("it serves HTTP")?.port());
        let mut asker = Raw::connect(http.parse()?)?;
        asker.send(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
        ensure!(asker.rest()?.starts_with("HTTP/1.1 200"));
    }
    Ok(())
}

/// A broker whose one listener takes in proxies from these.
fn behind(proxies: &str) -> Result<Broker> {
    let set = format!("listener=[{{ address = \"127.0.0.1:0\", proxies = [{proxies}] }}]");
    Broker::start_configured(&["--http", "off", "--allow-anonymous", "--set", &set])
}

/// Whoever reaches a proxy reaches the listener behind it.
#[test]
fn behind_a_proxy_is_not_this_machine_alone() -> Result<()> {
    for address in ["127.0.0.1:0", "ws://127.0.0.1:0"] {
        let listener = format!("{{ address = \"{address}\", proxies = [\"127.0.0.1\"] }}");
        let why = Broker::refusal(&listener)?;
        ensure!(why.contains("can be reached from other machines"), "{why}");
    }
    Ok(())
}

#[test]
fn a_proxy_says_whom_it_stands_for() -> Result<()> {
    let broker = behind("\"10.0.0.1\", \"127.0.0.0/8\"")?;
    let v1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 1883\r\n".to_vec();
    let mut v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C".to_vec();
    v2.extend([192, 0, 2, 9, 192, 0, 2, 2, 0x12, 0x68, 7, 91]);
    for header in [v1.clone(), v2] {
        let mut client = broker.connect()?;
        client.send(&[&header[..], CONNECT].concat())?;
        client.expect(ACCEPTED)?;
    }
    // Byte by byte.
    let mut client = broker.connect()?;
    for byte in v1.iter().chain(CONNECT) {
        client.send(&[*byte])?;
        std::thread::sleep(Duration::from_millis(1));
    }
    client.expect(ACCEPTED)?;
    // No header, and twice one.
    broker.connect()?.log_in(b'x').expect_err("no header");
    let mut client = broker.connect()?;
    client.send(&[&v1[..], &v1, CONNECT].concat())?;
    client.expect_closed()?;
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    ensure!(log.contains("peer=192.0.2.1:4711"), "{log}");
    ensure!(log.contains("peer=192.0.2.9:4712"), "{log}");
    Ok(())
}

#[test]
fn a_proxy_says_in_its_request_whom_it_stands_for() -> Result<()> {
    let broker = forwarded("\"127.0.0.1\", \"10.0.0.0/8\"")?;
    // Inside a masked binary frame.
    let frame = [&[0x82, 0x80 | CONNECT.len() as u8, 0, 0, 0, 0][..], CONNECT].concat();
    let accepted = [&[0x82, ACCEPTED.len() as u8][..], ACCEPTED].concat();
    let open = |header: &str| -> Result<(Raw, String)> {
        let mut client = broker.connect()?;
        let request = format!(
            "GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n{header}\r\n"
        );
        // In two parts: the first tells nothing.
        let (first, second) = request.split_at(40);
        client.send(first.as_bytes())?;
        std::thread::sleep(Duration::from_millis(20));
        client.send(second.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(char::from(client.byte()?));
        }
        Ok((client, head))
    };
    let header = "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.2\r\n";
    let (mut client, head) = open(header)?;
    ensure!(head.starts_with("HTTP/1.1 101"), "{head}");
    client.send(&frame)?;
    client.expect(&accepted)?;
    for wrong in ["", "X-Forwarded-For: unknown\r\n"] {
        let (_, head) = open(wrong)?;
        ensure!(head.starts_with("HTTP/1.1 400"), "{head}");
    }
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    ensure!(log.contains("peer=192.0.2.1:0"), "{log}");
    ensure!(!log.contains("203.0.113.9"), "{log}");
    let nobody = forwarded("\"10.0.0.1\"")?;
    let mut client = nobody.connect()?;
    // It may be gone before anything is said to it.
    let _ = client.send(b"GET /mqtt HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
    client.expect_closed()?;
    for wrong in ["", "proxies = [\"10.0.0.1\"], "] {
        let set = format!(
            "listener=[{{ address = \"127.0.0.1:0\", {wrong}proxies-say = \"x-forwarded-for\" }}]"
        );
        let options = ["--http", "off", "--allow-anonymous", "--set", &set];
        let refused = Broker::start_configured(&options).err();
        let refused = refused.context("it makes no sense")?.to_string();
        ensure!(
            refused.contains("x-forwarded-for is for ws://"),
            "{refused}"
        );
    }
    Ok(())
}

/// A broker whose one listener takes in WebSockets of these proxies.
fn forwarded(proxies: &str) -> Result<Broker> {
    let set = format!(
        "listener=[{{ address = \"ws://127.0.0.1:0\", proxies = [{proxies}], proxies-say = \"x-forwarded-for\" }}]"
    );
    Broker::start_configured(&["--http", "off", "--allow-anonymous", "--set", &set])
}

#[test]
fn where_proxies_are_expected_nobody_else_is_taken_in() -> Result<()> {
    let broker = behind("\"10.0.0.1\"")?;
    let mut client = broker.connect()?;
    // It may be gone before anything is said to it.
    let _ = client.send(b"PROXY TCP4 10.0.0.1 192.0.2.2 4711 1883\r\n");
    client.expect_closed()
}

/// A broker that is started with this socket as its standard input, and told that it is handed over.
fn hand_over(socket: OwnedFd, options: &[&str]) -> Result<Broker> {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "exec 3<&0; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"",
        ])
        .arg(program()?)
        .args(["broker", "--http", "off"])
        .args(options)
        .stdin(Stdio::from(socket));
    Broker::run(command)
}

#[test]
fn a_socket_that_was_opened_before_is_taken_over() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    // It waits although nobody is there yet.
    let mut early = Raw::connect(address)?;
    early.send(CONNECT)?;
    let broker = hand_over(
        listener.try_clone()?.into(),
        &["--listen", &address.to_string()],
    )?;
    ensure!(broker.address() == address);
    early.expect(ACCEPTED)?;
    drop(broker);
    let forgotten = hand_over(listener.into(), &["--listen", "127.0.0.1:0"]).err();
    let forgotten = forgotten.context("nobody takes it")?.to_string();
    ensure!(
        forgotten.contains("no listener has that address"),
        "{forgotten}"
    );
    // It is in the way of a listener that is another one.
    let wide = TcpListener::bind("0.0.0.0:0")?;
    let narrow = format!("127.0.0.1:{}", wide.local_addr()?.port());
    let refused = hand_over(wide.into(), &["--listen", &narrow]).err();
    let refused = refused.context("it is in the way")?.to_string();
    ensure!(
        refused.contains("the socket that was handed over listens at 0.0.0.0:"),
        "{refused}"
    );
    Ok(())
}

#[test]
fn the_service_manager_hears_how_it_is_going() -> Result<()> {
    let folder = Folder::new("notify")?;
    let path = folder.path("notify");
    let path = path.to_str().context("a plain path")?;
    let socket = UnixDatagram::bind(path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let expect = |wanted: &str| -> Result<()> {
        let mut buffer = [0; 1_024];
        loop {
            let length = socket.recv(&mut buffer).context(wanted.to_owned())?;
            if String::from_utf8_lossy(&buffer[..length])
                .lines()
                .any(|line| line == wanted)
            {
                return Ok(());
            }
        }
    };
    let environment = [("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "200000")];
    let broker = Broker::start_in(&["--http", "off"], &environment)?;
    expect("READY=1")?;
    expect("WATCHDOG=1")?;
    expect("WATCHDOG=1")?;
    broker.signal("HUP")?;
    expect("RELOADING=1")?;
    expect("READY=1")?;
    broker.signal("TERM")?;
    expect("STOPPING=1")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{log}");
    Ok(())
}

#[test]
fn health_is_asked_for_on_the_command_line() -> Result<()> {
    let broker = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let http = broker.http.context("it serves HTTP")?.to_string();
    let health = |address: &str| {
        Command::new(program()?)
            .args(["health", address])
            .output()
            .map_err(anyhow::Error::from)
    };
    ensure!(health(&http)?.status.success());
    // As the broker says it.
    ensure!(health(&format!("http://{http}"))?.status.success());
    ensure!(health(&format!("http://{http}/"))?.status.success());
    drop(broker);
    ensure!(health(&http)?.status.code() == Some(1));
    ensure!(health("https://127.0.0.1:1")?.status.code() == Some(2));
    Ok(())
}
