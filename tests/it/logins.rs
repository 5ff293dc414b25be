//! Many who log in at once, while checking each takes its time: all get in who may, whatever others do.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::harness::packets::{packet, text};
use crate::harness::{Broker, Folder, PATIENCE, Raw};
use crate::hook::{self, Server};

const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
const BUSY: &[u8] = &[0x20, 2, 0, 3];
const BAD_PASSWORD: &[u8] = &[0x20, 2, 0, 4];

/// What `secret` hashes to, in some milliseconds and in some tenths of a second.
const QUICK: &str = "$argon2id$v=19$m=4096,t=1,p=1$c29tZS1zYWx0LTE2Ynl0ZQ$ESAZe8QngEMpCC5JS7w5EIZ9FnrAm1IzyqR99z0zb5Y";
const SLOW: &str = "$argon2id$v=19$m=65536,t=4,p=1$c29tZS1zYWx0LTE2Ynl0ZQ$cLMvb3wvE0IpdrO8OzL8ye+jj5ekWxUWHUb3Ecjz6rU";

/// CONNECT of MQTT 3.1.1 with Clean Session.
fn connect(client_id: &str, user: &str, password: &str) -> Vec<u8> {
    let head = [0, 4, b'M', b'Q', b'T', b'T', 4, 0xC2, 0, 60];
    let fields = [text(client_id), text(user), text(password)];
    packet(0x10, &[&head, &fields.concat()])
}

/// The number behind a metric; 0 where there is none.
pub(crate) fn metric(broker: &Broker, name: &str) -> Result<u64> {
    let http = broker.http.context("it serves HTTP")?;
    let mut stream = Raw::connect(http)?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n");
    stream.send(request.as_bytes())?;
    let page = stream.rest()?;
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    Ok(line.map_or(Ok(0), |number| number.trim().parse())?)
}

/// Waits until a metric is so much.
fn until(broker: &Broker, name: &str, expected: u64) -> Result<()> {
    let started = Instant::now();
    loop {
        let is = metric(broker, name)?;
        if is == expected {
            return Ok(());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "{name} is {is}, not {expected}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The CONNACK that has come by now; `None` where there is none yet.
fn answer(stream: &mut TcpStream) -> Result<Option<[u8; 4]>> {
    let mut answer = [0; 4];
    stream.set_nonblocking(true)?;
    match stream.read(&mut answer) {
        Ok(4) => Ok(Some(answer)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        other => anyhow::bail!("{other:?} instead of a CONNACK"),
    }
}

#[test]
fn a_fleet_that_comes_again_and_again_gets_in() -> Result<()> {
    const FLEET: usize = 200;
    const TRIES: usize = 100;
    let folder = Folder::new("fleet")?;
    let file = folder.path("passwords");
    let users: String = (0..FLEET).map(|it| format!("u{it}:{QUICK}\n")).collect();
    fs::write(&file, users)?;
    let file = file.to_string_lossy();
    // It has less time for CONNECT than checking all of them takes, and the clients are not patient either.
    let options = ["--http", "127.0.0.1:0", "--password-file", &file];
    let impatient = ["--set", "broker.connect-timeout-ms=100"];
    let broker = Broker::start_with(&[&options[..], &impatient].concat())?;
    let mut inside: Vec<Option<TcpStream>> = (0..FLEET).map(|_| None).collect();
    for _ in 0..TRIES {
        let mut asking = Vec::new();
        for number in (0..FLEET).filter(|&it| inside[it].is_none()) {
            let mut stream = TcpStream::connect(broker.address())?;
            let name = format!("u{number}");
            stream.write_all(&connect(&name, &name, "secret"))?;
            asking.push((number, stream));
        }
        if asking.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        for (number, mut stream) in asking {
            // Who has no answer by now goes away and tries again.
            match answer(&mut stream)? {
                Some(code) if code == ACCEPTED => inside[number] = Some(stream),
                Some(code) => ensure!(code == BUSY, "{code:02x?}"),
                None => {}
            }
        }
    }
    let outside = inside.iter().filter(|it| it.is_none()).count();
    ensure!(outside == 0, "{outside} are still outside");
    // Each was looked at once, or twice where one came again while it was looked at.
    let checked = metric(
        &broker,
        "mqttlab_login_checks_answered_total{of=\"passwords\"}",
    )?;
    ensure!(checked <= 2 * FLEET as u64, "{checked} checks");
    Ok(())
}

#[test]
fn a_flood_of_wrong_passwords_from_one_address_keeps_no_other_out() -> Result<()> {
    const FLOOD: usize = 1_200;
    let folder = Folder::new("flood")?;
    let file = folder.path("passwords");
    fs::write(&file, format!("ann:{SLOW}\n"))?;
    let set = format!("auth.password-file={:?}", file.to_string_lossy());
    let listener = "listener=[{ address = \"127.0.0.1:0\", proxies = [\"127.0.0.1\"] }]";
    let options = ["--http", "127.0.0.1:0", "--set", &set, "--set", listener];
    let broker = Broker::start_configured(&options)?;
    let from = |address: &str, connect: &[u8]| {
        let mut client = broker.connect()?;
        let proxied = format!("PROXY TCP4 {address} 192.0.2.2 4711 1883\r\n");
        client.send(&[proxied.as_bytes(), connect].concat())?;
        anyhow::Ok(client)
    };
    let mut flood = Vec::with_capacity(FLOOD);
    for number in 0..FLOOD {
        let guess = connect(&format!("c{number}"), "ann", &format!("guess {number}"));
        flood.push(from("127.0.0.2", &guess)?);
    }
    // The first are looked at, as many wait as may, and the last is turned away.
    let mut last = flood.pop().context("there is a last one")?;
    last.expect(BUSY)?;
    let waiting = "mqttlab_login_checks_waiting{of=\"passwords\"}";
    ensure!(metric(&broker, waiting)? > 500, "the flood is over");
    let mut ann = from("127.0.0.1", &connect("ann", "ann", "secret"))?;
    ann.expect(ACCEPTED)?;
    ensure!(metric(&broker, waiting)? > 500, "she has waited for all");
    // What turned out to be right, and what to be wrong, is not looked at again.
    let before = metric(
        &broker,
        "mqttlab_login_checks_answered_total{of=\"passwords\"}",
    )?;
    ensure!(before > 0);
    from("127.0.0.2", &connect("c", "ann", "secret"))?.expect(ACCEPTED)?;
    flood[0].expect(BAD_PASSWORD)?;
    from("127.0.0.2", &connect("c0", "ann", "guess 0"))?.expect(BAD_PASSWORD)
}

/// A server that is asked and keeps all waiting until it is told to go on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn wait(&self) {
        let (is_open, opened) = &*self.0;
        let mut is_open = is_open.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_open {
            is_open = opened.wait(is_open).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open(&self) {
        let (is_open, opened) = &*self.0;
        *is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        opened.notify_all();
    }
}

#[test]
fn nobody_asks_about_those_who_have_gone_and_what_was_found_out_is_remembered() -> Result<()> {
    let gate = Gate::default();
    let keeper = gate.clone();
    let server = Server::start(None, move |_, _| {
        keeper.wait();
        hook::said(&json!({"result": "allow"}))
    })?;
    let url = format!("hook.url=http://{}/", server.address);
    let options = ["--http", "127.0.0.1:0", "--set", &url];
    let one = ["--set", "hook.at-once=1", "--set", "hook.timeout-ms=30000"];
    let impatient = ["--set", "broker.connect-timeout-ms=100"];
    let broker = Broker::start_with(&[&options[..], &one, &impatient].concat())?;
    let ask = |name: &str| {
        let mut client = broker.connect()?;
        client.send(&connect(name, "ann", "secret"))?;
        anyhow::Ok(client)
    };
    let waiting = "mqttlab_login_checks_waiting{of=\"hook\"}";
    let first = ask("first")?;
    let started = Instant::now();
    while server.asked() == 0 {
        ensure!(started.elapsed() < PATIENCE, "nobody asks");
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut clients = vec![ask("second")?, ask("third")?, ask("fourth")?];
    until(&broker, waiting, 3)?;
    // One closes only its own side, behind what it wants to have done; others go away.
    let mut fourth = clients.pop().context("there are three")?;
    fourth.send(&[0xC0, 0])?;
    fourth.finish()?;
    drop(clients);
    drop(first);
    until(&broker, waiting, 1)?;
    until(&broker, "mqttlab_login_checks_gone_total{of=\"hook\"}", 3)?;
    gate.open();
    fourth.expect(&[ACCEPTED, &[0xD0, 0]].concat())?;
    ensure!(server.asked() == 2, "asked {} times", server.asked());
    // The first has gone before it had its answer; it comes again.
    ask("first")?.expect(ACCEPTED)?;
    ensure!(server.asked() == 2, "it was asked again");
    Ok(())
}

/// All connections are closed at once, also of those who wait for an answer, which then comes for nobody.
#[cfg(unix)]
#[test]
fn the_store_may_fail_while_many_wait_for_an_answer() -> Result<()> {
    let gate = Gate::default();
    let keeper = gate.clone();
    let server = Server::start(None, move |_, _| {
        keeper.wait();
        hook::said(&json!({"result": "allow"}))
    })?;
    let folder = Folder::new("fails-while-they-wait")?;
    let store = folder.path("store");
    let store = store.to_str().context("a plain path")?;
    let url = format!("hook.url=http://{}/", server.address);
    let options = ["--http", "127.0.0.1:0", "--set", &url, "--store", store];
    let patient = ["--set", "hook.timeout-ms=30000"];
    let goes_on = ["--set", "store.on-failure=serve-qos0"];
    let broker = Broker::start_with(&[&options[..], &patient, &goes_on].concat())?;
    let mut clients = Vec::new();
    for number in 0..100 {
        let mut client = broker.connect()?;
        client.send(&connect(&format!("c{number}"), "ann", "secret"))?;
        clients.push(client);
    }
    let waiting = "mqttlab_login_checks_waiting{of=\"hook\"}";
    until(&broker, waiting, 92)?;
    fs::remove_file(store)?;
    for client in &mut clients {
        client.expect_closed()?;
    }
    until(&broker, waiting, 0)?;
    gate.open();
    let mut next = broker.connect()?;
    next.send(&connect("next", "ann", "secret"))?;
    next.expect(ACCEPTED)
}

#[test]
fn whoever_waits_for_too_long_is_told_so() -> Result<()> {
    let gate = Gate::default();
    let keeper = gate.clone();
    let server = Server::start(None, move |_, _| {
        keeper.wait();
        hook::said(&json!({"result": "allow"}))
    })?;
    let url = format!("hook.url=http://{}/", server.address);
    let options = ["--http", "127.0.0.1:0", "--set", &url];
    let one = ["--set", "hook.at-once=1", "--set", "hook.timeout-ms=30000"];
    let impatient = ["--set", "broker.connect-timeout-ms=100"];
    let limit = ["--set", "auth.login-timeout-s=1"];
    let broker = Broker::start_with(&[&options[..], &one, &impatient, &limit].concat())?;
    let mut asked = broker.connect()?;
    asked.send(&connect("asked", "ann", "secret"))?;
    let mut waits = broker.connect()?;
    let head = [0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0];
    waits.send(&packet(0x10, &[&head, &text("waits")]))?;
    asked.expect(BUSY)?;
    asked.expect_closed()?;
    waits.expect(&[0x20])?;
    let connack = waits.skip_packet()?;
    ensure!(connack[1] == 0x89, "{connack:02x?}");
    until(&broker, "mqttlab_login_checks_late_total{of=\"hook\"}", 2)?;
    gate.open();
    broker.signal("TERM")?;
    let (_, log) = broker.wait()?;
    for client_id in ["asked", "waits"] {
        let lines = log.lines().filter(|line| line.contains("turned away"));
        let line = lines
            .filter(|line| line.contains(client_id))
            .collect::<String>();
        ensure!(line.contains("the hook did not answer in time"), "{log}");
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn checking_passwords_takes_no_more_memory_each_time() -> Result<()> {
    /// What one check needs.
    const CHECK: u64 = 19 << 20;
    let folder = Folder::new("memory")?;
    let file = folder.path("passwords");
    // A user who is not there costs as much as others.
    fs::write(&file, format!("ann:{QUICK}\n"))?;
    let broker =
        Broker::start_with(&["--http", "off", "--password-file", &file.to_string_lossy()])?;
    let memory = || broker.memory().context("the system says how much it holds");
    let before = memory()?;
    for number in 0..30 {
        let mut client = broker.connect()?;
        client.send(&connect("c", "bob", &format!("guess {number}")))?;
        client.expect(BAD_PASSWORD)?;
    }
    // As much for each thread that checks, of which there is one for each core and at most four, and something for the rest.
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let grown = memory()?.saturating_sub(before);
    let bound = CHECK * cores as u64 + (CHECK >> 1);
    ensure!(grown < bound, "{grown} bytes more than before, not {bound}");
    Ok(())
}
