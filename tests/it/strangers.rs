//! What strangers try at the door and what odd clients do inside: each costs nobody else anything.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::crowd::metric;
use crate::harness::packets::{connect, connect_v5, packet, publish, subscribe, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];

/// A session of MQTT 3.1.1, let in.
fn log_in(broker: &Broker, client_id: &str, clean: bool) -> Result<Raw> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id, clean))?;
    client.expect(&[0x20, 2])?;
    let (_, code) = (client.byte()?, client.byte()?);
    ensure!(code == 0, "refused with {code}");
    Ok(client)
}

fn subscribed(client: &mut Raw, filter: &str, qos: u8) -> Result<()> {
    client.send(&subscribe(filter, qos))?;
    client.expect(&[0x90, 3, 0, 1, qos])
}

/// The time for CONNECT is counted from the beginning, however often something comes.
#[test]
fn a_connect_that_trickles_in_is_not_waited_for() -> Result<()> {
    let broker = Broker::start_with(&["--http", "off", "--set", "broker.connect-timeout-ms=400"])?;
    let started = Instant::now();
    let mut slow = TcpStream::connect(broker.address())?;
    slow.set_read_timeout(Some(Duration::from_millis(20)))?;
    let bytes = connect(&"x".repeat(500), true);
    let mut sent = 0;
    for byte in bytes {
        // Once the broker has closed, either fails.
        if slow.write_all(&[byte]).is_err() || matches!(slow.read(&mut [0]), Ok(0)) {
            break;
        }
        sent += 1;
    }
    let after = started.elapsed();
    ensure!(sent > 5, "it was closed for something else");
    ensure!(
        after >= Duration::from_millis(400) && after < Duration::from_secs(5),
        "closed after {after:?}"
    );
    Ok(())
}

/// What a stranger announces is believed only when it comes, and nobody waits for more than a CONNECT may be.
#[cfg(target_os = "linux")]
#[test]
fn strangers_who_announce_the_largest_packet_are_sent_away_at_once() -> Result<()> {
    const MANY: usize = 2_000;
    let options = ["--http", "off", "--log", "error"];
    let broker = Broker::start_with(&options)?;
    let before = broker.memory().context("/proc tells")?;
    for length in [
        &[0xFF, 0xFF, 0xFF, 0x7F][..],
        // 65 537 bytes and the header: more than 64 KiB.
        &[0x81, 0x80, 0x04],
    ] {
        let mut crowd = Vec::with_capacity(MANY);
        for _ in 0..MANY {
            let mut stranger = broker.connect()?;
            stranger.send(&[&[0x10], length].concat())?;
            crowd.push(stranger);
        }
        // Long before the time for CONNECT is over.
        let asked = Instant::now();
        for stranger in &mut crowd {
            stranger.expect_closed()?;
        }
        ensure!(asked.elapsed() < Duration::from_secs(4), "they were kept");
    }
    let after = broker.memory().context("/proc tells")?;
    ensure!(after < before + (8 << 20), "{before} bytes became {after}");
    log_in(&broker, "a", true)?.expect_alive()
}

/// Whoever comes last stays; all others are gone, and the broker has one session and one connection.
#[test]
fn of_fifty_sockets_with_one_name_one_stays() -> Result<()> {
    let broker = Broker::start()?;
    let address = broker.address();
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            thread::spawn(move || -> Result<Raw> {
                let mut client = Raw::connect(address)?;
                client.send(&connect("same", true))?;
                client.expect(ACCEPTED)?;
                Ok(client)
            })
        })
        .collect();
    let mut alive = 0;
    let mut crowd = crowd
        .into_iter()
        .map(|client| client.join().expect("it does not panic"))
        .collect::<Result<Vec<_>>>()?;
    for client in &mut crowd {
        // The others were closed; writing to them may fail or be followed by the end.
        alive += u32::from(client.expect_alive().is_ok());
    }
    ensure!(alive == 1, "{alive} of them are alive");
    Ok(())
}

/// The old connection takes no more bytes; the new one need not wait for it, and loses nothing that was not acknowledged.
#[test]
fn a_takeover_does_not_wait_for_a_socket_that_is_stuck() -> Result<()> {
    const MESSAGES: u16 = 60;
    let broker = Broker::start()?;
    let mut stuck = log_in(&broker, "pump", false)?;
    subscribed(&mut stuck, "t", 1)?;
    let mut publisher = log_in(&broker, "publisher", true)?;
    let payload = vec![b'.'; 200_000];
    for id in 1..=MESSAGES {
        publisher.send(&publish(2, "t", id, &payload))?;
        let id = id.to_be_bytes();
        publisher.expect(&[0x40, 2, id[0], id[1]])?;
    }
    let started = Instant::now();
    let mut next = broker.connect()?;
    next.send(&connect("pump", false))?;
    next.expect(&[0x20, 2, 1, 0])?;
    let after = started.elapsed();
    ensure!(after < Duration::from_secs(1), "let in after {after:?}");
    // What was on its way comes again, and what was queued, up to what may wait for a session.
    let mut ids = Vec::new();
    loop {
        let before = ids.len();
        next.send(&[0xC0, 0])?;
        loop {
            let first = next.byte()?;
            let body = next.skip_packet()?;
            if first == 0xD0 {
                break;
            }
            ensure!(first & 0xF6 == 0x32, "{first:#x}");
            let id = [body[3], body[4]];
            ensure!(body.len() == 5 + payload.len() && !ids.contains(&id));
            ids.push(id);
            next.send(&[0x40, 2, id[0], id[1]])?;
        }
        if ids.len() == before {
            break;
        }
    }
    ensure!(ids.len() > 4, "{} messages were left", ids.len());
    next.expect_alive()
}

/// No client writes lines of its own into the log, in either form, nor colours.
#[test]
fn names_that_would_break_the_log_are_escaped() -> Result<()> {
    for format in ["text", "json"] {
        let options = [
            "--http",
            "off",
            "--set",
            "broker.disallowed-code-points=true",
            "--log-format",
            format,
        ];
        let broker = Broker::start_with(&options)?;
        let name = "a\nERROR forged\r\u{1b}[31m\u{202e}";
        let mut client = log_in(&broker, name, true)?;
        // A topic with the same in it, denied and malformed, is told as well.
        client.send(&publish(0, name, 0, b""))?;
        client.send(&[0x36, 0])?;
        client.expect_closed()?;
        broker.signal("TERM")?;
        let (_, log) = broker.wait()?;
        ensure!(
            log.lines().all(|line| !line.starts_with("ERROR forged")),
            "{log}"
        );
        ensure!(!log.contains('\r') && log.contains("forged"), "{log}");
        ensure!(
            !log.contains("\u{1b}[31m") && !log.contains('\u{202e}'),
            "{log:?}"
        );
        if format == "json" {
            for line in log.lines() {
                serde_json::from_str::<serde_json::Value>(line).with_context(|| line.to_owned())?;
            }
        }
    }
    Ok(())
}

/// Nothing that a client chooses becomes the name or the label of a metric.
#[test]
fn what_clients_call_things_is_in_no_metric() -> Result<()> {
    let broker = Broker::start_with(&["--http", "127.0.0.1:0", "--log", "error"])?;
    let scrape = || -> Result<String> {
        let mut scraper = Raw::connect(broker.http.context("it serves HTTP")?)?;
        scraper.send(b"GET /metrics HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n")?;
        scraper.rest()
    };
    let series = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("mqttlab_"));
        lines.count()
    };
    let before = series(&scrape()?);
    let mut clients = Vec::new();
    for number in 0..50 {
        let mut client = log_in(&broker, &format!("client-{number}"), true)?;
        subscribed(&mut client, &format!("filter-{number}/#"), 0)?;
        client.send(&publish(1, &format!("topic-{number}"), 0, b"payload"))?;
        client.expect_alive()?;
        clients.push(client);
    }
    let text = scrape()?;
    for word in ["client-", "filter-", "topic-", "payload"] {
        ensure!(!text.contains(&format!("\"{word}")), "{text}");
    }
    ensure!(series(&text) == before, "{before} series became more");
    Ok(())
}

/// A name with wildcards in it fits no pattern, and so may do nothing that the pattern would allow.
#[test]
fn a_name_with_wildcards_opens_nothing() -> Result<()> {
    let folder = Folder::new("wild-names")?;
    let rules = folder.path("rules");
    std::fs::write(&rules, "pattern readwrite devices/%c/#\n")?;
    let rules = rules.to_str().context("a plain path")?;
    let broker = Broker::start_with(&["--http", "off", "--acl-file", rules])?;
    let mut good = log_in(&broker, "good", true)?;
    subscribed(&mut good, "devices/good/#", 0)?;
    for name in ["+", "#", "good/secret", "+/#", "go+d", "good/", "/good"] {
        let mut eve = log_in(&broker, name, true)?;
        for filter in [
            "devices/good/#",
            "devices/+/#",
            "devices/#",
            &format!("devices/{name}"),
        ] {
            if filter.contains("go+d") {
                // That is no filter at all.
                continue;
            }
            eve.send(&subscribe(filter, 0))?;
            eve.expect(&[0x90, 3, 0, 1, 0x80])
                .with_context(|| format!("{name} {filter}"))?;
        }
        eve.send(&publish(0, "devices/good/door", 0, b"open"))?;
        eve.expect_alive()?;
    }
    // None of that came through.
    good.expect_alive()?;
    good.send(&publish(0, "devices/good/door", 0, b"shut"))?;
    good.expect(&publish(0, "devices/good/door", 0, b"shut"))
}

/// A hundred thousand retained messages for one who asks for all of them, while others go on.
#[cfg(target_os = "linux")]
#[test]
fn whoever_asks_for_everything_retained_gets_it_bit_by_bit() -> Result<()> {
    const MANY: u32 = 100_000;
    let options = [
        "--http",
        "off",
        "--log",
        "error",
        "--set",
        "sys.interval-s=0",
    ];
    let broker = Broker::start_with(&options)?;
    let mut publisher = log_in(&broker, "publisher", true)?;
    let mut batch = Vec::new();
    for number in 0..MANY {
        batch.extend(publish(1, &format!("r/{number}"), 0, &[b'.'; 64]));
        if batch.len() > 60_000 || number + 1 == MANY {
            publisher.send(&batch)?;
            batch.clear();
        }
    }
    publisher.expect_alive()?;
    let before = broker.memory().context("/proc tells")?;
    let mut greedy = log_in(&broker, "greedy", true)?;
    subscribed(&mut greedy, "r/#", 0)?;
    // It has not read anything yet. Others are served at once, and nothing was copied for it.
    let mut other = log_in(&broker, "other", true)?;
    subscribed(&mut other, "o", 0)?;
    let asked = Instant::now();
    for _ in 0..100 {
        other.send(&publish(0, "o", 0, b"?"))?;
        other.expect(&publish(0, "o", 0, b"?"))?;
    }
    ensure!(asked.elapsed() < PATIENCE / 4, "{:?}", asked.elapsed());
    let after = broker.memory().context("/proc tells")?;
    ensure!(after < before + (4 << 20), "{before} bytes became {after}");
    let mut seen = vec![false; MANY as usize];
    for _ in 0..MANY {
        ensure!(greedy.byte()? == 0x31);
        let body = greedy.skip_packet()?;
        let topic = &body[2..2 + usize::from(body[1])];
        let number: usize = std::str::from_utf8(&topic[2..])?.parse()?;
        ensure!(
            !std::mem::replace(&mut seen[number], true),
            "{number} twice"
        );
    }
    greedy.expect_alive()
}

/// Signals that come faster than they can be followed are followed one after the other; nobody is disturbed.
#[cfg(unix)]
#[test]
fn a_storm_of_reloads_disturbs_nobody_and_a_stop_gets_through() -> Result<()> {
    let folder = Folder::new("storm")?;
    let rules = folder.path("rules");
    std::fs::write(&rules, "topic readwrite #\n")?;
    let rules = rules.to_str().context("a plain path")?;
    let broker = Broker::start_with(&["--http", "off", "--acl-file", rules])?;
    let mut client = log_in(&broker, "a", true)?;
    subscribed(&mut client, "t", 0)?;
    for _ in 0..100 {
        broker.signal("HUP")?;
        client.send(&publish(0, "t", 0, b"!"))?;
        client.expect(&publish(0, "t", 0, b"!"))?;
    }
    broker.signal("HUP")?;
    broker.signal("TERM")?;
    client.expect_closed()?;
    drop(client);
    let (status, log) = broker.wait()?;
    ensure!(status.code() == Some(0), "{status}: {log}");
    ensure!(!log.contains("panicked"), "{log}");
    Ok(())
}

/// Reading files again needs files: it works, or changes nothing and says so, and never closes what is open.
#[cfg(target_os = "linux")]
#[test]
fn a_reload_without_free_files_keeps_the_rules() -> Result<()> {
    let folder = Folder::new("no-files")?;
    let rules = folder.path("rules");
    std::fs::write(&rules, "topic readwrite t\n")?;
    let rules = rules.to_str().context("a plain path")?;
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "ulimit -n 24 && exec \"$0\" \"$@\""])
        .arg(crate::harness::program()?)
        .args(["broker", "--http", "off", "--listen", "127.0.0.1:0"])
        .args(["--acl-file", rules]);
    let broker = Broker::run(command)?;
    let mut inside = log_in(&broker, "a", true)?;
    let crowd = (0..40)
        .map(|_| broker.connect())
        .collect::<Result<Vec<_>>>()?;
    thread::sleep(Duration::from_millis(300));
    broker.signal("HUP")?;
    thread::sleep(Duration::from_millis(300));
    for (filter, code) in [("t", 0), ("secret", 0x80)] {
        inside.send(&subscribe(filter, 0))?;
        inside.expect(&[0x90, 3, 0, 1, code])?;
    }
    drop(crowd);
    // With room again the next try is as good as ever.
    std::fs::write(rules, "topic readwrite secret\n")?;
    let started = Instant::now();
    loop {
        broker.signal("HUP")?;
        thread::sleep(Duration::from_millis(50));
        inside.send(&subscribe("secret", 0))?;
        if inside.expect(&[0x90, 3, 0, 1, 0]).is_ok() {
            return Ok(());
        }
        ensure!(started.elapsed() < PATIENCE, "the rules stay the old ones");
    }
}

/// Whoever connects to the HTTP side and says nothing keeps a place for some seconds only, and nobody out of the broker.
#[test]
fn silent_http_connections_are_closed_and_others_get_their_turn() -> Result<()> {
    const MORE_THAN_PLACES: usize = 260;
    const FIRST: usize = 200;
    let broker = Broker::start_with(&["--http", "127.0.0.1:0"])?;
    let http = broker.http.context("it serves HTTP")?;
    let crowd = (0..MORE_THAN_PLACES)
        .map(|_| TcpStream::connect(http))
        .collect::<Result<Vec<_>, _>>()?;
    log_in(&broker, "c", true)?;
    let mut late = Raw::connect(http)?;
    late.send(b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")?;
    let answer = late.rest()?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for mut silent in crowd.into_iter().take(FIRST) {
        silent.set_read_timeout(Some(PATIENCE))?;
        // Closed, with or without a word about why.
        silent.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

#[test]
fn a_topic_is_as_long_as_the_operator_wants_at_most() -> Result<()> {
    for (options, longest) in [
        (&[][..], 4_096),
        (&["--set", "broker.topic-length-max=10"], 10),
    ] {
        let broker = Broker::start_with(&[&["--http", "127.0.0.1:0"], options].concat())?;
        let (fits, too_long) = ("t".repeat(longest), "t".repeat(longest + 1));
        let mut client = log_in(&broker, "a", true)?;
        client.send(&subscribe(&too_long, 0))?;
        client.expect(&[0x90, 3, 0, 1, 0x80])?;
        client.send(&subscribe(&fits, 0))?;
        client.expect(&[0x90, 3, 0, 1, 0])?;
        client.send(&publish(0, &fits, 0, b"!"))?;
        client.expect(&publish(0, &fits, 0, b"!"))?;
        client.send(&publish(0, &too_long, 0, b"!"))?;
        client.expect_closed()?;
        ensure!(metric(&broker, "subscriptions_refused_total")? == 1);
    }
    Ok(())
}

#[test]
fn there_are_as_many_user_properties_as_the_operator_wants_at_most() -> Result<()> {
    let of = |pairs: usize| {
        let properties = b"\x26\0\x01a\0\x01b".repeat(pairs);
        let length = properties.len();
        let length = [(length & 0x7F) as u8 | 0x80, (length >> 7) as u8];
        packet(0x30, &[&text("t"), &length, &properties])
    };
    for (options, most) in [
        (&[][..], 128),
        (&["--set", "broker.user-properties-max=300"], 300),
    ] {
        let broker = Broker::start_with(&[&["--http", "off"], options].concat())?;
        let mut client = broker.connect()?;
        client.send(&connect_v5("a"))?;
        client.expect(&[0x20])?;
        client.skip_packet()?;
        client.send(&packet(0x82, &[&[0, 1, 0], &text("t"), &[0]]))?;
        client.expect(&[0x90, 4, 0, 1, 0, 0])?;
        client.send(&of(most))?;
        client.expect(&of(most))?;
        client.send(&of(most + 1))?;
        client.expect(&[0xE0])?;
        ensure!(client.skip_packet()?[0] == 0x97);
        client.expect_closed()?;
    }
    Ok(())
}

/// What a client leaves behind, connected or not, has one budget, which the next one hears of.
#[test]
fn sessions_and_subscriptions_take_up_so_much_and_no_more() -> Result<()> {
    let broker = Broker::start_with(&[
        "--http",
        "127.0.0.1:0",
        "--set",
        "broker.session-bytes-max=100000",
    ])?;
    let filter = |number: usize| format!("{number}/{}", "x".repeat(4_000));
    let mut refused = None;
    for number in 0..60 {
        let mut client = log_in(&broker, &format!("c{number}"), false)?;
        client.send(&subscribe(&filter(number), 0))?;
        client.expect(&[0x90])?;
        let answer = client.skip_packet()?;
        client.send(&[0xE0, 0])?;
        if answer[2] == 0x80 {
            refused = Some(number);
            break;
        }
    }
    let refused = refused.context("all were granted")?;
    // A filter counts as its session's and as the tree's.
    ensure!((8..25).contains(&refused), "{refused}");
    ensure!(metric(&broker, "subscription_bytes")? < 100_000);
    // Whoever is there can go on, and give room.
    let mut first = log_in(&broker, "c0", false)?;
    first.send(&packet(0xA2, &[&[0, 1], &text(&filter(0))]))?;
    first.expect(&[0xB0, 2, 0, 1])?;
    first.send(&subscribe(&filter(99), 1))?;
    first.expect(&[0x90, 3, 0, 1, 1])
}

/// Waits until a number in `/metrics` is as wanted.
fn wait_for(broker: &Broker, name: &str, is_wanted: impl Fn(u64) -> bool) -> Result<()> {
    let begun = Instant::now();
    loop {
        let number = metric(broker, name)?;
        if is_wanted(number) {
            return Ok(());
        }
        ensure!(begun.elapsed() < PATIENCE, "{name} is {number}");
    }
}

/// Packets that never become whole are kept for some, not for as many as like to begin one.
#[test]
fn packets_that_are_not_whole_take_up_so_much_and_no_more() -> Result<()> {
    let broker = Broker::start_with(&[
        "--http",
        "127.0.0.1:0",
        "--set",
        "limits.unfinished-bytes-max=600000",
    ])?;
    // PUBLISH of 200 000 bytes, of which half come; keeping them takes up to twice that.
    let half = [&[0x30, 0xC0, 0x9A, 0x0C][..], &text("t"), &[b'.'; 100_000]].concat();
    let mut clients = Vec::new();
    for number in 0..10 {
        let mut client = log_in(&broker, &format!("c{number}"), true)?;
        client.send(&half)?;
        clients.push(client);
        wait_for(&broker, "received_bytes_total", |bytes| {
            bytes >= (number + 1) * 100_000
        })?;
    }
    let limit = "limits_reached_total{limit=\"bytes of unfinished packets\"}";
    wait_for(&broker, limit, |count| (4..=7).contains(&count))?;
    clients.pop().context("the last")?.expect_closed()?;
    // When others go there is room for what is left of another's.
    clients.truncate(1);
    wait_for(&broker, "connections", |count| count == 1)?;
    clients[0].send(&[b'.'; 100_000 - 3])?;
    clients[0].expect_alive()
}
