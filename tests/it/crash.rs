//! The broker ends at each step on a change's way to the disk, in the middle of each thing that clients do. Whatever was
//! acknowledged by then must be true afterwards.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use crate::harness::{Broker, Folder, Raw, program};

/// CONNECT of MQTT 3.1.1 with Clean Session 0 for the client whose identifier is this letter.
const fn connect(client_id: u8) -> [u8; 15] {
    [
        0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 60, 0, 1, client_id,
    ]
}

/// PUBLISH of one byte to `t`.
const fn publish(flags: u8, packet_id: u8, payload: u8) -> [u8; 8] {
    [0x30 | flags, 6, 0, 1, b't', 0, packet_id, payload]
}

/// What two clients know for certain: a publisher of one message at QoS 1, one at QoS 2 and a retained one, and the
/// subscriber to them, whose session lasts.
#[derive(Debug, Default)]
struct Known {
    /// SUBACK came.
    subscribed: bool,
    /// PUBACKs came.
    first: Sent,
    retained: Sent,
    /// How far the QoS 2 message is.
    second: Sent,
    second_received: bool,
    second_done: bool,
    /// Payloads that the subscriber got; of QoS 2 each only once, as its own books say.
    got: Vec<u8>,
    /// Packet Identifiers of QoS 2 messages that it waits for PUBREL of.
    incoming: BTreeSet<u8>,
    /// UNSUBACK came for the second subscription.
    unsubscribed: bool,
}

/// How far a message is for its publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sent {
    #[default]
    Not,
    /// It may have arrived.
    Once,
    Acknowledged,
}

impl Sent {
    /// DUP for the next attempt.
    fn dup(&mut self) -> u8 {
        let dup = if *self == Self::Once { 8 } else { 0 };
        *self = Self::Once;
        dup
    }
}

fn log_in(broker: &Broker, client_id: u8) -> Result<(Raw, u8)> {
    let mut client = broker.connect()?;
    client.send(&connect(client_id))?;
    client.expect(&[0x20])?;
    let body = client.skip_packet()?;
    ensure!(body[1] == 0, "{body:02x?}");
    Ok((client, body[0]))
}

impl Known {
    /// Goes on where it was left, as the protocol wants it, until all is done or the broker ends.
    fn go_on(&mut self, broker: &Broker) -> Result<()> {
        self.subscribe(broker)?;
        self.publish(broker)?;
        self.receive(broker)
    }

    fn subscribe(&mut self, broker: &Broker) -> Result<()> {
        let (mut client, present) = log_in(broker, b's')?;
        if self.subscribed {
            ensure!(present == 1, "the session is gone");
        } else {
            client.send(&[0x82, 10, 0, 1, 0, 1, b't', 2, 0, 1, b'u', 1])?;
            client.expect(&[0x90, 4, 0, 1, 2, 1])?;
            self.subscribed = true;
        }
        if !self.unsubscribed {
            client.send(&[0xA2, 5, 0, 2, 0, 1, b'u'])?;
            self.take_until(&mut client, &[0xB0, 2, 0, 2])?;
            self.unsubscribed = true;
        }
        client.send(&[0xE0, 0])
    }

    fn publish(&mut self, broker: &Broker) -> Result<()> {
        let (mut client, _) = log_in(broker, b'p')?;
        if self.first != Sent::Acknowledged {
            client.send(&publish(0x02 | self.first.dup(), 9, b'1'))?;
            client.expect(&[0x40, 2, 0, 9])?;
            self.first = Sent::Acknowledged;
        }
        if !self.second_received {
            client.send(&publish(0x04 | self.second.dup(), 5, b'2'))?;
            client.expect(&[0x50, 2, 0, 5])?;
            self.second_received = true;
        }
        if !self.second_done {
            client.send(&[0x62, 2, 0, 5])?;
            client.expect(&[0x70, 2, 0, 5])?;
            self.second_done = true;
        }
        if self.retained != Sent::Acknowledged {
            client.send(&publish(0x03 | self.retained.dup(), 10, b'r'))?;
            client.expect(&[0x40, 2, 0, 10])?;
            self.retained = Sent::Acknowledged;
        }
        Ok(())
    }

    /// Takes and acknowledges what waits for the subscriber.
    fn receive(&mut self, broker: &Broker) -> Result<()> {
        let (mut client, present) = log_in(broker, b's')?;
        ensure!(present == 1, "the session is gone");
        for _ in 0..3 {
            client.send(&[0xC0, 0])?;
            self.take_until(&mut client, &[0xD0, 0])?;
        }
        Ok(())
    }

    fn take_until(&mut self, client: &mut Raw, last: &[u8]) -> Result<()> {
        loop {
            let first = client.byte()?;
            let body = client.skip_packet()?;
            match first >> 4 {
                3 => self.take(client, first, &body)?,
                6 => {
                    self.incoming.remove(&body[1]);
                    client.send(&[0x70, 2, body[0], body[1]])?;
                }
                _ if first == last[0] => return Ok(()),
                _ => bail!("{first:02x} {body:02x?} came"),
            }
        }
    }

    fn take(&mut self, client: &mut Raw, first: u8, body: &[u8]) -> Result<()> {
        let (id, payload) = (body[4], body[5]);
        match first >> 1 & 3 {
            1 => {
                self.got.push(payload);
                client.send(&[0x40, 2, body[3], id])
            }
            2 => {
                if self.incoming.insert(id) {
                    self.got.push(payload);
                }
                client.send(&[0x50, 2, body[3], id])
            }
            _ => bail!("{first:02x} came"),
        }
    }

    fn check(&self, broker: &Broker) -> Result<()> {
        let count = |payload| self.got.iter().filter(|&&got| got == payload).count();
        ensure!(count(b'1') >= 1, "an acknowledged message is lost");
        ensure!(count(b'r') >= 1, "the retained message did not come");
        ensure!(
            count(b'2') == 1,
            "the QoS 2 message came {} times",
            count(b'2')
        );
        let (mut other, _) = log_in(broker, b'o')?;
        other.send(&[0x82, 6, 0, 1, 0, 1, b't', 0])?;
        other.expect(&[0x90, 3, 0, 1, 0])?;
        other.expect(&[0x31, 4, 0, 1, b't', b'r'])
    }
}

/// Has it end at this point, the first time, the second time and so on, until clients get done before.
fn end_at(point: &str, rewrites: bool) -> Result<u32> {
    let folder = Folder::new(point)?;
    for time in 1.. {
        let file = folder.path(&format!("{time}.redb"));
        let file = file.to_str().context("a plain path")?;
        let options = ["--http", "off", "--log", "off", "--store", file];
        let wish = format!("{point}:{time}:kill");
        let tidy_min = if rewrites { "0" } else { "10000" };
        let mut known = Known::default();
        let environment = [
            ("MQTTLAB_FAILPOINT", &wish[..]),
            ("MQTTLAB_STORE_TIDY_MIN", tidy_min),
        ];
        // A new store is written once before there is a broker.
        let done = match Broker::start_in(&options, &environment) {
            Ok(broker) => known.go_on(&broker).and_then(|()| known.check(&broker)),
            Err(error) => Err(error),
        };
        if done.is_ok() {
            return Ok(time - 1);
        }
        let after = format!("{point}, time {time}: {known:?}");
        let broker = Broker::start_in(&options, &[]).context(after.clone())?;
        known.go_on(&broker).context(after.clone())?;
        known.check(&broker).context(after)?;
    }
    Ok(0)
}

/// Whether the program has the places to fail at.
fn can_fail() -> Result<bool> {
    let folder = Folder::new("can-fail")?;
    let file = folder.path("broker.redb");
    let options = ["--http", "off", "--log", "off", "--store"];
    let options = [&options[..], &[file.to_str().context("a plain path")?]].concat();
    let environment = [("MQTTLAB_FAILPOINT", "rewrite-before:1:fail")];
    let fails = Broker::start_in(&options, &environment).is_err();
    if !fails {
        crate::skip(&format!(
            "{} is built without places to fail at",
            program()?.display()
        ));
    }
    Ok(fails)
}

#[test]
fn what_is_acknowledged_survives_an_end_at_each_step_of_adding_to_the_store() -> Result<()> {
    if !can_fail()? {
        return Ok(());
    }
    for point in ["append-before", "append-written", "append-after"] {
        let times = end_at(point, false)?;
        ensure!(times >= 8, "{point} was passed {times} times only");
    }
    Ok(())
}

#[test]
fn what_is_acknowledged_survives_an_end_at_each_step_of_writing_the_store_anew() -> Result<()> {
    if !can_fail()? {
        return Ok(());
    }
    for point in ["rewrite-before", "rewrite-written", "rewrite-after"] {
        let times = end_at(point, true)?;
        ensure!(times >= 4, "{point} was passed {times} times only");
    }
    Ok(())
}

#[test]
fn what_is_acknowledged_survives_an_end_while_the_store_grows_or_is_found_again() -> Result<()> {
    if !can_fail()? {
        return Ok(());
    }
    let folder = Folder::new("grows")?;
    let file = folder.path("broker.redb");
    let options = ["--http", "off", "--log", "off", "--store"];
    let options = [&options[..], &[file.to_str().context("a plain path")?]].concat();
    let fail_at = |wish| Broker::start_in(&options, &[("MQTTLAB_FAILPOINT", wish)]);
    let broker = fail_at("grown:1:kill")?;
    let (mut client, _) = log_in(&broker, b'p')?;
    // A retained PUBLISH at QoS 1 of 300,000 bytes, for which there is no room yet.
    let mut large = vec![0x33, 0xE5, 0xA7, 0x12, 0, 1, b't', 0, 9];
    large.resize(large.len() + 300_000, b'x');
    client.send(&large)?;
    client.expect_closed()?;
    broker.wait()?;
    ensure!(
        fail_at("go-on:1:kill").is_err(),
        "it goes on with the store"
    );
    let broker = Broker::start_in(&options, &[])?;
    let (mut client, present) = log_in(&broker, b'p')?;
    ensure!(present == 1, "its session was acknowledged");
    large[0] |= 8;
    client.send(&large)?;
    client.expect(&[0x40, 2, 0, 9])
}

#[test]
fn a_damaged_store_is_brought_back_though_that_fails_or_ends_in_the_middle() -> Result<()> {
    if !can_fail()? {
        return Ok(());
    }
    for point in [
        "rewrite-before",
        "rewrite-written",
        "rewrite-after",
        "replace-before",
        "replace-kept",
    ] {
        for end in ["fail", "kill"] {
            let folder = Folder::new("salvage-fails")?;
            let file = folder.path("broker.redb");
            let store = file.to_str().context("a plain path")?;
            let options = ["--http", "off", "--log", "off", "--store", store];
            let broker = Broker::start_in(&options, &[])?;
            log_in(&broker, b's')?;
            drop(broker);
            let mut bytes = std::fs::read(&file)?;
            bytes[..512].fill(0xA5);
            std::fs::write(&file, bytes)?;
            let wish = format!("{point}:1:{end}");
            let started = Broker::start_in(&options, &[("MQTTLAB_FAILPOINT", &wish)]);
            ensure!(started.is_err(), "{wish} was not passed");
            let broker = Broker::start_in(&options, &[]).context(wish.clone())?;
            let (_, present) = log_in(&broker, b's')?;
            ensure!(present == 1, "{wish}: its session was acknowledged");
            let names = std::fs::read_dir(file.parent().context("it has a folder")?)?;
            let names: Vec<_> = names.flatten().map(|entry| entry.file_name()).collect();
            let is_kept = |name: &std::ffi::OsString| name.to_string_lossy().contains(".corrupt-");
            ensure!(names.iter().any(is_kept), "{wish}: {names:?}");
        }
    }
    Ok(())
}

#[test]
fn when_the_disk_fails_nothing_is_acknowledged_any_more() -> Result<()> {
    if !can_fail()? {
        return Ok(());
    }
    for point in ["append-before", "append-written"] {
        let folder = Folder::new("disk-fails")?;
        let file = folder.path("broker.redb");
        let file = file.to_str().context("a plain path")?;
        let stop = "store.on-failure=stop";
        let options = ["--http", "off", "--store", file, "--set", stop];
        // The first is the publisher's session.
        let wish = format!("{point}:2:fail");
        let broker = Broker::start_in(&options, &[("MQTTLAB_FAILPOINT", &wish)])?;
        let (mut bystander, _) = log_in(&broker, b'p')?;
        bystander.send(&publish(0x03, 9, b'x'))?;
        bystander.expect_closed()?;
        let (status, log) = broker.wait()?;
        ensure!(status.code() == Some(1), "{status}: {log}");
        ensure!(log.contains("a test wants it to fail"), "{log}");
        let broker = Broker::start_in(&options, &[])?;
        let (mut publisher, present) = log_in(&broker, b'p')?;
        ensure!(present == 1, "its session was acknowledged");
        publisher.send(&publish(0x0B, 9, b'x'))?;
        publisher.expect(&[0x40, 2, 0, 9])?;
    }
    Ok(())
}

/// Status and body of an answer over HTTP.
fn get(http: std::net::SocketAddr, path: &str) -> Result<(String, String)> {
    let mut stream = Raw::connect(http)?;
    stream.send(
        format!("GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let answer = stream.rest()?;
    let (head, body) = answer.split_once("\r\n\r\n").context("a whole answer")?;
    let status = head.split(' ').nth(1).context("a status")?;
    Ok((status.to_owned(), body.to_owned()))
}

#[test]
fn without_its_disk_the_broker_goes_on_and_promises_nothing() -> Result<()> {
    if !can_fail()? {
        return Ok(());
    }
    let folder = Folder::new("goes-on")?;
    let store = folder.path("store/");
    let store = store.to_str().context("a plain path")?;
    let options = ["--http", "127.0.0.1:0", "--store", store];
    let wish = "append-written:3:fail";
    let broker = Broker::start_in(&options, &[("MQTTLAB_FAILPOINT", wish)])?;
    let http = broker.http.context("it serves HTTP")?;
    ensure!(get(http, "/readyz")?.0 == "200");
    let (mut subscriber, _) = log_in(&broker, b's')?;
    subscriber.send(&[0x82, 6, 0, 1, 0, 1, b't', 1])?;
    subscriber.expect(&[0x90, 3, 0, 1, 1])?;
    let mut publisher = broker.connect()?;
    publisher.log_in(b'p')?;
    publisher.send(&publish(0x02, 9, b'x'))?;
    // Neither is the message acknowledged nor passed on, and both are cut off.
    publisher.expect_closed()?;
    subscriber.expect_closed()?;
    let (status, why) = get(http, "/readyz")?;
    ensure!(
        status == "503" && why.contains("a test wants it to fail"),
        "{status} {why}"
    );
    ensure!(get(http, "/livez")?.0 == "200");
    let metrics = get(http, "/metrics")?.1;
    ensure!(metrics.contains("\nmqttlab_store_failed 1\n"), "{metrics}");
    // The new broker counts on from where the old one was.
    ensure!(
        metrics.contains("\nmqttlab_connects_accepted_total 2\n"),
        "{metrics}"
    );
    // Whoever wants a session that lasts keeps its own and comes again later.
    let mut subscriber = broker.connect()?;
    subscriber.send(&connect(b's'))?;
    subscriber.expect(&[0x20, 2, 0, 3])?;
    subscriber.expect_closed()?;
    // QoS 0 goes on, QoS 1 does not; a configuration that is read again changes nothing about that.
    ensure!(broker.reload()?);
    let mut hears = broker.connect()?;
    hears.log_in(b'h')?;
    hears.send(&[0x82, 6, 0, 1, 0, 1, b't', 1])?;
    hears.expect(&[0x90, 3, 0, 1, 0])?;
    let mut publisher = broker.connect()?;
    publisher.log_in(b'p')?;
    publisher.send(&[0x30, 4, 0, 1, b't', b'!'])?;
    hears.expect(&[0x30, 4, 0, 1, b't', b'!'])?;
    publisher.send(&publish(0x02, 9, b'x'))?;
    publisher.expect_closed()?;
    broker.signal("TERM")?;
    let (status, log) = broker.wait()?;
    ensure!(status.success(), "{status}: {log}");
    ensure!(log.contains("the store has failed"), "{log}");

    // What was acknowledged is there.
    let broker = Broker::start_in(&options, &[])?;
    ensure!(folder.path("store/broker.redb").is_file());
    let (mut subscriber, present) = log_in(&broker, b's')?;
    ensure!(present == 1, "its session was acknowledged");
    let mut publisher = broker.connect()?;
    publisher.log_in(b'p')?;
    publisher.send(&publish(0x0A, 9, b'x'))?;
    publisher.expect(&[0x40, 2, 0, 9])?;
    subscriber.expect(&[0x32, 6, 0, 1, b't', 0, 1, b'x'])
}
