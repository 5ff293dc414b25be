//! The broker as its clients' sockets see it.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::harness::{Broker, Raw, program, wait};

/// PUBLISH of `hi` to `t` at QoS 0.
const PUBLISH: &[u8] = &[0x30, 5, 0, 1, b't', b'h', b'i'];

fn subscribe_to_t(raw: &mut Raw) -> Result<()> {
    raw.send(&[0x82, 6, 0, 1, 0, 1, b't', 0])?;
    raw.expect(&[0x90, 3, 0, 1, 0])
}

#[test]
fn a_client_is_let_in_and_hears_what_is_published() -> Result<()> {
    let broker = Broker::start()?;
    let mut subscriber = broker.connect()?;
    subscriber.log_in(b's')?;
    subscribe_to_t(&mut subscriber)?;
    let mut publisher = broker.connect()?;
    publisher.log_in(b'p')?;
    publisher.send(PUBLISH)?;
    subscriber.expect(PUBLISH)
}

#[test]
fn many_packets_in_one_write_are_answered_in_order() -> Result<()> {
    let broker = Broker::start()?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    subscribe_to_t(&mut client)?;
    client.send(&[PUBLISH, &[0xC0, 0], PUBLISH, &[0xC0, 0]].concat())?;
    client.expect(&[PUBLISH, &[0xD0, 0], PUBLISH, &[0xD0, 0]].concat())
}

#[test]
fn a_packet_may_come_byte_by_byte() -> Result<()> {
    let broker = Broker::start()?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    subscribe_to_t(&mut client)?;
    for byte in PUBLISH {
        client.send(&[*byte])?;
        std::thread::sleep(Duration::from_millis(2));
    }
    client.expect(PUBLISH)
}

#[test]
fn a_payload_larger_than_all_buffers_comes_through_whole() -> Result<()> {
    let broker = Broker::start()?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    subscribe_to_t(&mut client)?;
    // Remaining Length 900 003: two bytes of length, one of topic, the payload.
    let mut publish = vec![0x30, 0xA3, 0xF7, 0x36, 0, 1, b't'];
    publish.extend((0..900_000_u32).map(|i| i as u8));
    client.send(&publish)?;
    client.expect(&publish)
}

#[test]
fn what_is_no_packet_closes_that_connection_and_no_other() -> Result<()> {
    let broker = Broker::start()?;
    let mut bystander = broker.connect()?;
    bystander.log_in(b'b')?;
    let malformed: &[&[u8]] = &[
        // Type 0 is reserved.
        &[0x00, 0],
        // PINGREQ with flags, with a body.
        &[0xC1, 0],
        &[0xC0, 1, 0],
        // Remaining Length of five bytes.
        &[0x30, 0x80, 0x80, 0x80, 0x80, 1],
        // A QoS 3 PUBLISH.
        &[0x36, 5, 0, 1, b't', 0, 1],
        // A topic that is not UTF-8, one with a wildcard.
        &[0x30, 3, 0, 1, 0xFF],
        &[0x30, 3, 0, 1, b'#'],
        // SUBSCRIBE without a filter.
        &[0x82, 2, 0, 1],
        // A second CONNECT.
        &[
            0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'm',
        ],
        // CONNACK, which only a server may send.
        &[0x20, 2, 0, 0],
    ];
    for bytes in malformed {
        let mut client = broker.connect()?;
        client.log_in(b'm')?;
        client.send(bytes)?;
        client
            .expect_closed()
            .with_context(|| format!("{bytes:02x?}"))?;
        bystander.expect_alive()?;
    }
    Ok(())
}

#[test]
fn noise_disturbs_nobody() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--log", "off"])?;
    let mut bystander = broker.connect()?;
    bystander.log_in(b'b')?;
    let mut noise = mqttlab_core::rng::Rng::new(1);
    for round in 0..300 {
        let mut client = broker.connect()?;
        if round % 2 == 0 {
            client.log_in(b'n')?;
        }
        let mut bytes: Vec<u8> = (0..noise.below(300))
            .map(|_| noise.next_u64() as u8)
            .collect();
        if let Some(first) = bytes.first_mut() {
            // Types and flags that may come, more often than by chance.
            *first = [0x30, 0x32, 0x82, 0xA2, 0x62, 0x40, 0xC0, *first][noise.below(8) as usize];
        }
        // It may be closed before all is sent, and may not be, where the bytes begin a long packet.
        let _ = client.send(&bytes);
    }
    bystander.expect_alive()?;
    broker.signal("TERM")?;
    drop(bystander);
    let (status, _) = broker.wait()?;
    ensure!(status.code() == Some(0), "{status}");
    Ok(())
}

#[test]
fn nobody_says_anything_before_connect() -> Result<()> {
    let broker = Broker::start()?;
    for bytes in [
        PUBLISH,
        &[0xC0, 0],
        &[0xE0, 0],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0x16, 3, 1],
    ] {
        let mut client = broker.connect()?;
        client.send(bytes)?;
        client
            .expect_closed()
            .with_context(|| format!("{bytes:02x?}"))?;
    }
    Ok(())
}

#[test]
fn a_connection_that_says_nothing_or_too_little_is_closed_in_time() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--set", "broker.connect-timeout-ms=300"])?;
    let started = Instant::now();
    let mut silent = broker.connect()?;
    let mut slow = broker.connect()?;
    slow.send(&[0x10, 13, 0, 4, b'M'])?;
    silent.expect_closed()?;
    slow.expect_closed()?;
    let after = started.elapsed();
    ensure!(
        after >= Duration::from_millis(300) && after < Duration::from_secs(5),
        "{after:?}"
    );
    Ok(())
}

#[test]
fn a_client_that_closes_its_side_still_reads_the_answers() -> Result<()> {
    let broker = Broker::start()?;
    let mut client = broker.connect()?;
    client.send(&[
        0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'a',
    ])?;
    client.send(&[0xC0, 0])?;
    client.finish()?;
    client.expect(&[0x20, 2, 0, 0, 0xD0, 0])?;
    client.expect_closed()
}

#[test]
fn a_reader_that_stops_holds_up_nobody_else() -> Result<()> {
    let broker = Broker::start()?;
    let mut stuck = broker.connect()?;
    stuck.log_in(b's')?;
    subscribe_to_t(&mut stuck)?;
    let mut reader = broker.connect()?;
    reader.log_in(b'r')?;
    subscribe_to_t(&mut reader)?;
    let mut publisher = broker.connect()?;
    publisher.log_in(b'p')?;
    let mut publish = vec![0x30, 0x83, 0x80, 0x04, 0, 1, b't'];
    publish.resize(publish.len() + 65_536, b'.');
    // Far more than the sockets' buffers and the broker's limit for a client take.
    for _ in 0..400 {
        publisher.send(&publish)?;
        reader.expect(&publish)?;
    }
    publisher.expect_alive()
}

#[test]
fn a_stop_says_good_bye_to_clients_that_understand_it() -> Result<()> {
    let broker = Broker::start()?;
    let mut old = broker.connect()?;
    old.log_in(b'o')?;
    let mut new = broker.connect()?;
    new.send(&[
        0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 1, b'n',
    ])?;
    // CONNACK, its length and flags; the properties are the broker's own business.
    new.expect(&[0x20])?;
    new.skip_packet()?;
    broker.signal("TERM")?;
    old.expect_closed()?;
    // DISCONNECT with Server shutting down.
    new.expect(&[0xE0])?;
    let body = new.skip_packet()?;
    ensure!(body.first() == Some(&0x8B), "{body:02x?}");
    new.expect_closed()?;
    drop((old, new));
    let (status, log) = broker.wait()?;
    ensure!(status.code() == Some(0), "{status}: {log}");
    Ok(())
}

#[test]
fn a_second_signal_does_not_wait_for_anybody() -> Result<()> {
    let broker = Broker::start()?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    let started = Instant::now();
    broker.signal("INT")?;
    // The client does not close its side, for which the broker would wait a while.
    client.expect_closed()?;
    broker.signal("INT")?;
    let (status, log) = broker.wait()?;
    ensure!(status.code() == Some(0), "{status}: {log}");
    ensure!(
        started.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        started.elapsed()
    );
    Ok(())
}

#[test]
fn a_taken_port_is_said_in_one_line() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    for (option, other) in [("--listen", "--http"), ("--http", "--listen")] {
        let output = Command::new(program()?)
            .args(["broker", option, &address, other, "127.0.0.1:0"])
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2),
            "{:?}: {said}",
            output.status
        );
        ensure!(said.trim().lines().count() == 1, "{said}");
        ensure!(said.contains(&address) && said.contains(option), "{said}");
    }
    Ok(())
}

#[test]
fn the_world_is_let_in_only_on_purpose() -> Result<()> {
    let refused = Command::new(program()?)
        .args(["broker", "--listen", "0.0.0.0:0", "--http", "off"])
        .output()?;
    ensure!(refused.status.code() == Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(said.contains("--allow-anonymous"), "{said}");
    let mut allowed = Command::new(program()?)
        .args([
            "broker",
            "--listen",
            "0.0.0.0:0",
            "--http",
            "off",
            "--allow-anonymous",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::sleep(Duration::from_millis(200));
    let ended = allowed.try_wait()?;
    allowed.kill()?;
    wait(&mut allowed)?;
    ensure!(ended.is_none(), "it ended with {ended:?}");
    Ok(())
}

#[test]
fn every_listener_is_said_and_serves() -> Result<()> {
    let broker = Broker::start_with(&["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"])?;
    ensure!(broker.mqtt.len() == 2, "{:?}", broker.mqtt);
    for address in &broker.mqtt {
        Raw::connect(*address)?.log_in(b'a')?;
    }
    let http = broker.http.context("it was asked for")?;
    for (path, expected) in [
        ("/livez", "HTTP/1.1 200 OK"),
        ("/readyz", "HTTP/1.1 200 OK"),
        ("/api/v1/version", "HTTP/1.1 200 OK"),
        ("/", "HTTP/1.1 200 OK"),
        ("/../../etc/passwd", "HTTP/1.1 404 Not Found"),
    ] {
        let mut browser = Raw::connect(http)?;
        browser.send(
            format!("GET {path} HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n").as_bytes(),
        )?;
        browser
            .expect(expected.as_bytes())
            .with_context(|| path.to_owned())?;
    }
    Ok(())
}

#[test]
fn the_page_comes_packed_to_those_who_can_unpack_it() -> Result<()> {
    let broker = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let http = broker.http.context("it was asked for")?;
    let ask = |accept: &str| -> Result<String> {
        let mut browser = Raw::connect(http)?;
        let request = format!("GET / HTTP/1.1\r\nhost: lab\r\n{accept}connection: close\r\n\r\n");
        browser.send(request.as_bytes())?;
        let answer = browser.rest_of_bytes()?;
        Ok(String::from_utf8_lossy(&answer).to_ascii_lowercase())
    };
    let plain = ask("")?;
    ensure!(plain.contains("<!doctype html>"), "{plain}");
    ensure!(!plain.contains("content-encoding"), "{plain}");
    let packed = ask("accept-encoding: gzip, br\r\n")?;
    for header in ["content-encoding: gzip\r\n", "vary: accept-encoding\r\n"] {
        ensure!(packed.contains(header), "{header:?} is missing: {packed}");
    }
    ensure!(!packed.contains("<!doctype html>"), "{packed}");
    Ok(())
}

#[test]
fn the_numbers_are_there_for_prometheus_and_under_sys() -> Result<()> {
    let broker = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let mut client = broker.connect()?;
    client.log_in(b'a')?;
    subscribe_to_t(&mut client)?;
    client.send(PUBLISH)?;
    client.expect(PUBLISH)?;
    let mut scraper = Raw::connect(broker.http.context("it was asked for")?)?;
    scraper.send(b"GET /metrics HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n")?;
    let text = scraper.rest()?;
    for line in [
        "# TYPE mqttlab_publish_received_total counter",
        "mqttlab_publish_received_total{qos=\"0\"} 1",
        "mqttlab_publish_sent_total{qos=\"0\"} 1",
        "mqttlab_connections 1",
        "mqttlab_sockets_opened_total 1",
    ] {
        ensure!(
            text.lines().any(|has| has == line),
            "{line:?} is missing: {text}"
        );
    }
    // SUBSCRIBE to $SYS/broker/version.
    let topic = b"$SYS/broker/version";
    client.send(&[&[0x82, 24, 0, 2, 0, 19], &topic[..], &[0]].concat())?;
    client.expect(&[0x90, 3, 0, 2, 0, 0x31])?;
    let body = client.skip_packet()?;
    ensure!(
        body.starts_with(&[&[0, 19], &topic[..], b"mqttlab version "].concat()),
        "{body:?}"
    );
    Ok(())
}

/// Also where several loops have each a part of it.
#[test]
fn what_clients_do_shows_under_sys() -> Result<()> {
    let options = ["--http", "off", "--threads", "2"];
    let broker = Broker::start_with(&[&options[..], &["--set", "sys.interval-s=1"]].concat())?;
    let mut clients = Vec::new();
    for letter in b'a'..=b'd' {
        let mut client = broker.connect()?;
        client.log_in(letter)?;
        clients.push(client);
    }
    let mut watcher = broker.connect()?;
    watcher.log_in(b'w')?;
    // SUBSCRIBE to $SYS/#, at QoS 0.
    watcher.send(b"\x82\x0b\0\x01\0\x06$SYS/#\0")?;
    watcher.expect(&[0x90, 3, 0, 1, 0])?;
    let mut missing = vec![
        ("clients/connected", "5"),
        ("clients/active", "5"),
        ("clients/maximum", "5"),
        ("clients/inactive", "0"),
        ("clients/expired", "0"),
        // Five CONNECTs and the SUBSCRIBE.
        ("messages/received", "6"),
    ];
    let mut load = 0.0;
    while !missing.is_empty() || load == 0.0 {
        let body = watcher.expect_publish()?;
        let (topic, value) = body[2..].split_at(usize::from(body[1]));
        let (topic, value) = (str::from_utf8(topic)?, str::from_utf8(value)?);
        let name = topic.trim_start_matches("$SYS/broker/");
        missing.retain(|expected| *expected != (name, value));
        if name == "load/connections/15min" {
            load = value.parse::<f64>()?;
        }
        ensure!(load < 5.0, "{value}");
        if name.starts_with("heap/") {
            let held: u64 = value.parse()?;
            ensure!((1 << 20..1 << 30).contains(&held), "{topic} {held}");
        }
    }
    Ok(())
}

#[test]
fn the_log_tells_why_for_the_client_that_was_asked_for() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--trace-client", "t"])?;
    for letter in [b't', b'u'] {
        let mut client = broker.connect()?;
        client.log_in(letter)?;
        subscribe_to_t(&mut client)?;
        client.send(&[0xE0, 0])?;
        client.expect_closed()?;
    }
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    let told = log.lines().filter(|line| line.contains("decided"));
    ensure!(
        told.clone().any(|line| line.contains("MQTT-3.8.4-1")),
        "{log}"
    );
    ensure!(told.clone().count() >= 4, "{log}");
    ensure!(log.contains("client_id=\"u\"") && told.clone().all(|line| line.contains("conn=1")));
    Ok(())
}

#[test]
fn idle_costs_nothing() -> Result<()> {
    let broker = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let mut clients = Vec::new();
    for letter in b'a'..=b'z' {
        let mut client = broker.connect()?;
        client.log_in(letter)?;
        clients.push(client);
    }
    let Some(before) = broker.processor_ticks() else {
        crate::skip("processor time is read from /proc, which is not here");
        return Ok(());
    };
    std::thread::sleep(Duration::from_secs(2));
    let after = broker.processor_ticks().context("it still runs")?;
    // A tick is 10 ms: one may fall to what the clients began.
    ensure!(
        after - before <= 1,
        "{} ticks in two idle seconds",
        after - before
    );
    Ok(())
}

#[test]
fn a_crowd_that_comes_at_once_is_let_in() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--log", "warn"])?;
    let mut crowd = (0..300)
        .map(|_| broker.connect())
        .collect::<Result<Vec<_>>>()?;
    for (i, client) in crowd.iter_mut().enumerate() {
        let id = format!("{i:04}");
        client.send(&[0x10, 16, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 4])?;
        client.send(id.as_bytes())?;
    }
    for client in &mut crowd {
        client.expect(&[0x20, 2, 0, 0])?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn when_files_run_out_those_inside_go_on_and_those_outside_wait() -> Result<()> {
    let broker = Broker::start_limited("ulimit -n 24")?;
    let mut inside = broker.connect()?;
    inside.log_in(b'a')?;
    let mut crowd = (0..40)
        .map(|_| broker.connect())
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_millis(300));
    inside.expect_alive()?;
    let mut last = crowd.pop().context("there are forty")?;
    drop(crowd);
    last.log_in(b'z')?;
    inside.expect_alive()
}

/// Whoever looks whether the broker is ready must not take it for dead and start it again.
#[cfg(target_os = "linux")]
#[test]
fn when_files_run_out_http_still_answers() -> Result<()> {
    let options = ["--http", "127.0.0.1:0"];
    let broker = Broker::start_limited_with("ulimit -n 64", &options)?;
    let mut inside = broker.connect()?;
    inside.log_in(b'a')?;
    let mut crowd = (0..100)
        .map(|_| broker.connect())
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_millis(600));
    for path in ["/livez", "/readyz", "/metrics"] {
        let mut asker = Raw::connect(broker.http.context("it serves HTTP")?)?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n");
        asker.send(request.as_bytes())?;
        let answer = asker.rest()?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    inside.expect_alive()?;
    let mut last = crowd.pop().context("there are a hundred")?;
    drop(crowd);
    last.log_in(b'z')?;
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    ensure!(log.contains("no new connections for now"), "{log}");
    Ok(())
}
