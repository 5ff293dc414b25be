//! rumqttc, in both of its halves: 3.1.1 and 5.0 are clients of their own there.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::harness::{Broker, Folder, PATIENCE};

/// What a test wants to hear of.
#[derive(Debug, PartialEq)]
enum Heard {
    Connected { session_present: bool },
    Subscribed(u8),
    Message(Message),
    Acknowledged,
    Ended(String),
}

#[derive(Debug, PartialEq)]
struct Message {
    topic: String,
    payload: String,
    qos: u8,
    retain: bool,
    /// Of 5.0.
    properties: Option<Properties>,
}

#[derive(Debug, Default, PartialEq)]
struct Properties {
    content_type: Option<String>,
    correlation_data: Option<Vec<u8>>,
    user_properties: Vec<(String, String)>,
}

/// The events of a client, which a thread of its own drives.
struct Ear(std::sync::mpsc::Receiver<Heard>);

impl Ear {
    /// Drives a connection by asking `next` for its events until it ends.
    fn new(mut next: impl FnMut() -> Option<Heard> + Send + 'static) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            loop {
                let Some(heard) = next() else { continue };
                let is_end = matches!(heard, Heard::Ended(_));
                // Nobody may listen any more.
                if sender.send(heard).is_err() || is_end {
                    return;
                }
            }
        });
        Self(receiver)
    }

    fn next(&self) -> Result<Heard> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(heard) => Ok(heard),
            Err(RecvTimeoutError::Timeout) => bail!("nothing comes"),
            Err(RecvTimeoutError::Disconnected) => bail!("it has ended"),
        }
    }

    fn expect(&self, wanted: &Heard) -> Result<()> {
        let heard = self.next()?;
        ensure!(heard == *wanted, "{heard:?} instead of {wanted:?}");
        Ok(())
    }

    fn connected(&self, session_present: bool) -> Result<()> {
        self.expect(&Heard::Connected { session_present })
    }

    fn message(&self) -> Result<Message> {
        match self.next()? {
            Heard::Message(message) => Ok(message),
            other => bail!("{other:?} instead of a message"),
        }
    }
}

/// What a test does with a client of either version.
trait Client {
    fn subscribe(&self, filter: &str, qos: u8) -> Result<()>;
    fn publish(&self, topic: &str, qos: u8, retain: bool, payload: &str) -> Result<()>;
    fn disconnect(&self) -> Result<()>;
}

/// How to connect.
#[derive(Clone, Default)]
struct How {
    keeps_session: bool,
    /// Topic and payload.
    will: Option<(&'static str, &'static str)>,
    tls: Option<Arc<ClientConfig>>,
}

mod v4 {
    use rumqttc::{Client, Event, LastWill, MqttOptions, Packet, QoS};

    use super::{Duration, Ear, Heard, How, Message, Result, TlsConfiguration, Transport};

    const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

    pub(super) fn connect(name: &str, port: u16, how: &How) -> (Client, Ear) {
        let host = if how.tls.is_some() {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let mut options = MqttOptions::new(name, host, port);
        options.set_keep_alive(Duration::from_secs(30));
        options.set_clean_session(!how.keeps_session);
        options.set_max_packet_size(1 << 20, 1 << 20);
        if let Some((topic, payload)) = how.will {
            options.set_last_will(LastWill::new(topic, payload, QOS[1], false));
        }
        if let Some(tls) = &how.tls {
            let tls = TlsConfiguration::Rustls(tls.clone());
            options.set_transport(Transport::Tls(tls));
        }
        let (client, mut connection) = Client::new(options, 1_000);
        let next = move || match connection.recv() {
            Ok(Ok(Event::Incoming(packet))) => heard(packet),
            Ok(Ok(Event::Outgoing(_))) => None,
            Ok(Err(error)) => Some(Heard::Ended(error.to_string())),
            Err(_) => Some(Heard::Ended("no client".into())),
        };
        (client, Ear::new(next))
    }

    fn heard(packet: Packet) -> Option<Heard> {
        Some(match packet {
            Packet::ConnAck(ack) => Heard::Connected {
                session_present: ack.session_present,
            },
            Packet::SubAck(ack) => match ack.return_codes[0] {
                rumqttc::SubscribeReasonCode::Success(qos) => Heard::Subscribed(qos as u8),
                rumqttc::SubscribeReasonCode::Failure => Heard::Subscribed(0x80),
            },
            Packet::Publish(publish) => Heard::Message(Message {
                payload: String::from_utf8_lossy(&publish.payload).into_owned(),
                qos: publish.qos as u8,
                retain: publish.retain,
                topic: publish.topic,
                properties: None,
            }),
            Packet::PubAck(_) | Packet::PubComp(_) => Heard::Acknowledged,
            _ => return None,
        })
    }

    impl super::Client for Client {
        fn subscribe(&self, filter: &str, qos: u8) -> Result<()> {
            Ok(Client::subscribe(self, filter, QOS[usize::from(qos)])?)
        }

        fn publish(&self, topic: &str, qos: u8, retain: bool, payload: &str) -> Result<()> {
            let qos = QOS[usize::from(qos)];
            Ok(Client::publish(self, topic, qos, retain, payload)?)
        }

        fn disconnect(&self) -> Result<()> {
            Ok(Client::disconnect(self)?)
        }
    }
}

mod v5 {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::{LastWill, Packet, PublishProperties, SubscribeReasonCode};
    use rumqttc::v5::{Client, Event, MqttOptions};

    use super::{
        Duration, Ear, Heard, How, Message, Properties, Result, TlsConfiguration, Transport,
    };

    const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

    pub(super) fn connect(name: &str, port: u16, how: &How) -> (Client, Ear) {
        let host = if how.tls.is_some() {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let mut options = MqttOptions::new(name, host, port);
        options.set_keep_alive(Duration::from_secs(30));
        options.set_clean_start(!how.keeps_session);
        options.set_session_expiry_interval(how.keeps_session.then_some(1_000));
        options.set_max_packet_size(Some(1 << 20));
        if let Some((topic, payload)) = how.will {
            options.set_last_will(LastWill::new(topic, payload, QOS[1], false, None));
        }
        if let Some(tls) = &how.tls {
            let tls = TlsConfiguration::Rustls(tls.clone());
            options.set_transport(Transport::Tls(tls));
        }
        let (client, mut connection) = Client::new(options, 1_000);
        let next = move || match connection.recv() {
            Ok(Ok(Event::Incoming(packet))) => heard(packet),
            Ok(Ok(Event::Outgoing(_))) => None,
            Ok(Err(error)) => Some(Heard::Ended(error.to_string())),
            Err(_) => Some(Heard::Ended("no client".into())),
        };
        (client, Ear::new(next))
    }

    fn heard(packet: Packet) -> Option<Heard> {
        Some(match packet {
            Packet::ConnAck(ack) => Heard::Connected {
                session_present: ack.session_present,
            },
            Packet::SubAck(ack) => match ack.return_codes[0] {
                SubscribeReasonCode::Success(qos) => Heard::Subscribed(qos as u8),
                _ => Heard::Subscribed(0x80),
            },
            Packet::Publish(publish) => Heard::Message(Message {
                topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                payload: String::from_utf8_lossy(&publish.payload).into_owned(),
                qos: publish.qos as u8,
                retain: publish.retain,
                properties: publish.properties.map(|properties| Properties {
                    content_type: properties.content_type,
                    correlation_data: properties.correlation_data.map(Into::into),
                    user_properties: properties.user_properties,
                }),
            }),
            Packet::PubAck(_) | Packet::PubComp(_) => Heard::Acknowledged,
            _ => return None,
        })
    }

    /// PUBLISH with properties that are passed on.
    pub(super) fn publish_with(client: &Client, topic: &str, payload: &str) -> Result<()> {
        let properties = PublishProperties {
            content_type: Some("text/plain".into()),
            correlation_data: Some(vec![0, 1].into()),
            user_properties: vec![("b".into(), "2".into()), ("a".into(), "1".into())],
            ..PublishProperties::default()
        };
        let payload = payload.to_owned();
        Ok(client.publish_with_properties(topic, QOS[1], false, payload, properties)?)
    }

    impl super::Client for Client {
        fn subscribe(&self, filter: &str, qos: u8) -> Result<()> {
            Ok(Client::subscribe(self, filter, QOS[usize::from(qos)])?)
        }

        fn publish(&self, topic: &str, qos: u8, retain: bool, payload: &str) -> Result<()> {
            let qos = QOS[usize::from(qos)];
            Ok(Client::publish(
                self,
                topic,
                qos,
                retain,
                payload.to_owned(),
            )?)
        }

        fn disconnect(&self) -> Result<()> {
            Ok(Client::disconnect(self)?)
        }
    }
}

type Connected = (Box<dyn Client>, Ear);

/// A client of 3.1.1, or one of 5.0.
fn connect(five: bool, name: &str, port: u16, how: &How) -> Connected {
    if five {
        let (client, ear) = v5::connect(name, port, how);
        (Box::new(client), ear)
    } else {
        let (client, ear) = v4::connect(name, port, how);
        (Box::new(client), ear)
    }
}

/// Publishes and subscribes at each QoS.
fn converse(five: bool, port: u16, how: &How) -> Result<()> {
    let (listener, ear) = connect(five, "ear", port, how);
    ear.connected(false)?;
    listener.subscribe("t/+", 2)?;
    ear.expect(&Heard::Subscribed(2))?;
    let (speaker, mouth) = connect(five, "mouth", port, how);
    mouth.connected(false)?;
    for qos in 0..=2 {
        let payload = format!("at {qos} {}", "x".repeat(20_000));
        speaker.publish("t/x", qos, false, &payload)?;
        let message = ear.message()?;
        ensure!(message.topic == "t/x" && message.payload == payload && message.qos == qos);
        if qos > 0 {
            mouth.expect(&Heard::Acknowledged)?;
        }
    }
    listener.disconnect()?;
    speaker.disconnect()
}

#[test]
fn rumqttc_publishes_and_subscribes_at_each_qos() -> Result<()> {
    for five in [false, true] {
        let broker = Broker::start()?;
        converse(five, broker.address().port(), &How::default())
            .with_context(|| format!("5.0: {five}"))?;
    }
    Ok(())
}

#[test]
fn rumqttc_speaks_tls() -> Result<()> {
    let folder = Folder::new("rumqttc-tls")?;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (certificate, key) = (folder.path("server.pem"), folder.path("server.key"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(made.cert.der().to_vec()))?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let how = How {
        tls: Some(Arc::new(config)),
        ..How::default()
    };
    for five in [false, true] {
        let broker = Broker::start_configured(&[
            "--http",
            "off",
            "--listen",
            "mqtts://127.0.0.1:0",
            "--certificate",
            certificate.to_str().context("a plain path")?,
            "--key",
            key.to_str().context("a plain path")?,
        ])?;
        converse(five, broker.address().port(), &how).with_context(|| format!("5.0: {five}"))?;
    }
    Ok(())
}

#[test]
fn rumqttc_gets_what_is_retained_and_wills() -> Result<()> {
    for five in [false, true] {
        let broker = Broker::start()?;
        let port = broker.address().port();
        let (speaker, mouth) = connect(five, "mouth", port, &How::default());
        mouth.connected(false)?;
        speaker.publish("kept", 1, true, "word")?;
        mouth.expect(&Heard::Acknowledged)?;
        let (listener, ear) = connect(five, "ear", port, &How::default());
        ear.connected(false)?;
        listener.subscribe("#", 1)?;
        ear.expect(&Heard::Subscribed(1))?;
        let message = ear.message()?;
        ensure!(message.retain && message.payload == "word", "{message:?}");
        // One that is taken over has a will; one that says good-bye has none.
        for (ends_in_order, payload) in [(true, "never"), (false, "gone")] {
            let how = How {
                will: Some(("wills", payload)),
                ..How::default()
            };
            let (mortal, fate) = connect(five, "mortal", port, &how);
            fate.connected(false)?;
            if ends_in_order {
                mortal.disconnect()?;
            } else {
                let (heir, _inheritance) = connect(five, "mortal", port, &How::default());
                let message = ear.message()?;
                ensure!(
                    message.topic == "wills" && message.payload == payload,
                    "{message:?}"
                );
                heir.disconnect()?;
            }
            while !matches!(fate.next()?, Heard::Ended(_)) {}
        }
    }
    Ok(())
}

#[test]
fn rumqttc_finds_its_session_again() -> Result<()> {
    for five in [false, true] {
        let broker = Broker::start()?;
        let port = broker.address().port();
        let how = How {
            keeps_session: true,
            ..How::default()
        };
        let (sleeper, dreams) = connect(five, "sleeper", port, &how);
        dreams.connected(false)?;
        sleeper.subscribe("q", 2)?;
        dreams.expect(&Heard::Subscribed(2))?;
        sleeper.disconnect()?;
        while !matches!(dreams.next()?, Heard::Ended(_)) {}
        let (speaker, mouth) = connect(five, "mouth", port, &How::default());
        mouth.connected(false)?;
        for number in 0..40_u8 {
            speaker.publish("q", 1 + number % 2, false, &number.to_string())?;
            mouth.expect(&Heard::Acknowledged)?;
        }
        let (_sleeper, dreams) = connect(five, "sleeper", port, &how);
        dreams.connected(true)?;
        for number in 0..40_u8 {
            let message = dreams.message()?;
            ensure!(
                message.payload == number.to_string(),
                "{message:?} is not {number}"
            );
        }
    }
    Ok(())
}

#[test]
fn rumqttc_gets_properties_as_they_were_sent() -> Result<()> {
    let broker = Broker::start()?;
    let port = broker.address().port();
    let (listener, ear) = v5::connect("ear", port, &How::default());
    ear.connected(false)?;
    Client::subscribe(&listener, "t", 1)?;
    ear.expect(&Heard::Subscribed(1))?;
    let (speaker, mouth) = v5::connect("mouth", port, &How::default());
    mouth.connected(false)?;
    v5::publish_with(&speaker, "t", "hi")?;
    let message = ear.message()?;
    let got = message.properties.context("it has properties")?;
    ensure!(got.content_type.as_deref() == Some("text/plain"));
    ensure!(got.correlation_data == Some(vec![0, 1]));
    let wanted = [("b", "2"), ("a", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    ensure!(got.user_properties == wanted, "{got:?}");
    Ok(())
}
