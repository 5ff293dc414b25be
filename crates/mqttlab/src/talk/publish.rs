//! `mqttlab pub`: sends messages.

use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use bytes::Bytes;
use clap::{ArgGroup, Args};
use mio::Waker;
use mqttlab_core::client::{Client, Message, MessageProperties};
use mqttlab_core::packet::{QoS, Version};
use mqttlab_core::time::Instant;
use mqttlab_core::topic;

use super::drive::{App, Driver, Turn, Wants};
use super::happened::{Ending, Happened, too_late};
use super::options::{Connecting, pair, qos, until};
use super::say;
use super::stop::Stop;
use crate::Failure;

pub(crate) const HELP: &str = "\
Who comes from mosquitto_pub finds -t, -m, -q, -r, -f, -s, -l, -n, -i, -u, -P and -V as they were. Host and port are in \
--to, --cafile is --ca, and -h is this help. The version is 5.0 unless -V says otherwise; then the broker says in words \
what it does not like.

It ends when all is sent: at QoS 0 written to the network, at QoS 1 and 2 acknowledged.

Exit codes:
  0  all was sent
  1  the broker could not be reached, ended the connection, or did not take a message
  2  wrong usage: an option or a file that cannot be used
  3  the time of --timeout was up";

/// Lines that are read ahead.
const LINES_MAX: usize = 64;
/// Messages that wait for their acknowledgement.
const OUTSTANDING_MAX: usize = 64;

/// Options of `mqttlab pub`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Options {
    #[command(flatten)]
    connecting: Connecting,

    /// Topic Name
    #[arg(short, long)]
    topic: String,

    /// The message
    #[arg(
        short,
        long,
        group = "what",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    message: Option<String>,

    /// The message is what is in this file
    #[arg(short, long, group = "what")]
    file: Option<PathBuf>,

    /// The message is all of standard input
    #[arg(short, long, group = "what")]
    stdin: bool,

    /// Each line of standard input is a message
    #[arg(short, long, group = "what")]
    lines: bool,

    /// An empty message; with --retain it clears the retained one
    #[arg(short, long, group = "what")]
    null: bool,

    /// QoS
    #[arg(short, long, default_value = "0", value_parser = qos)]
    qos: QoS,

    /// Have the broker keep it for later subscribers
    #[arg(short, long)]
    retain: bool,

    /// 5.0: seconds after which it is worth nothing any more
    #[arg(long, value_name = "SECONDS")]
    expiry: Option<u32>,

    /// 5.0: what it is, such as application/json
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,

    /// 5.0: where to answer
    #[arg(long, value_name = "TOPIC")]
    response_topic: Option<String>,

    /// 5.0: what an answer must repeat
    #[arg(long, value_name = "TEXT")]
    correlation_data: Option<String>,

    /// 5.0: a property of one's own; as often as wanted
    #[arg(long = "property", value_name = "NAME=VALUE", value_parser = pair)]
    properties: Vec<(String, String)>,

    /// Seconds that all of it may take
    #[arg(short = 'W', long, value_name = "SECONDS")]
    timeout: Option<u32>,
}

/// Sends the messages.
///
/// # Errors
/// When an option or a file cannot be used, or not all could be sent.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    topic::check_name(&options.topic)
        .map_err(|error| Failure::usage(format!("--topic {}: {error}", options.topic)))?;
    let properties = options.properties()?;
    let (way, client) = (options.connecting.way()?, options.connecting.client()?);
    let once = options.payload()?;
    let mut driver = Driver::new(way, client)?;
    let mut publisher = Publisher {
        options,
        properties,
        lines: match &once {
            Some(_) => None,
            None => Some(read_lines(driver.waker())?),
        },
        once,
        waker: driver.waker(),
        stop: None,
        is_connected: false,
        outstanding: 0,
        refused: None,
        ending: Ending::default(),
    };
    driver.run(&mut publisher)?;
    if let Some(why) = publisher.refused {
        return Err(options.connecting.complain(why));
    }
    let delivered = driver.delivered();
    delivered.map_err(|error| options.connecting.complain(error))?;
    Ok(ExitCode::SUCCESS)
}

impl Options {
    /// The one message, where it is one.
    fn payload(&self) -> Result<Option<Bytes>, Failure> {
        if let Some(text) = &self.message {
            return Ok(Some(text.clone().into()));
        }
        if let Some(file) = &self.file {
            let read = std::fs::read(file);
            let complain = |error| Failure::usage(format!("--file {}: {error}", file.display()));
            return Ok(Some(read.map_err(complain)?.into()));
        }
        if self.stdin {
            let mut all = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut all);
            read.map_err(|error| Failure::running(format!("standard input: {error}")))?;
            return Ok(Some(all.into()));
        }
        Ok(self.null.then(Bytes::new))
    }

    fn properties(&self) -> Result<MessageProperties, Failure> {
        let properties = MessageProperties {
            utf8: false,
            expiry: self.expiry,
            content_type: self.content_type.clone(),
            response_topic: self.response_topic.clone(),
            correlation_data: self.correlation_data.clone().map(Bytes::from),
            user_properties: self.properties.clone(),
        };
        if self.connecting.version != Version::V5 && properties != MessageProperties::NONE {
            return Err(Failure::usage(
                "--expiry, --content-type, --response-topic, --correlation-data and --property need MQTT 5.0",
            ));
        }
        Ok(properties)
    }
}

/// Reads lines in a thread of its own, for it may be long until the next one comes.
fn read_lines(waker: Arc<Waker>) -> Result<Receiver<io::Result<Vec<u8>>>, Failure> {
    let (lines, receiver) = sync_channel(LINES_MAX);
    let read = move || {
        for line in io::stdin().lock().split(b'\n') {
            let failed = line.is_err();
            if lines.send(line).is_err() || failed {
                break;
            }
            // It fails only when nobody sleeps any more.
            let _ = waker.wake();
        }
        drop(lines);
        let _ = waker.wake();
    };
    std::thread::Builder::new()
        .name("lines".into())
        .spawn(read)
        .map_err(|error| Failure::running(format!("there is no thread to read with: {error}")))?;
    Ok(receiver)
}

struct Publisher<'a> {
    options: &'a Options,
    properties: MessageProperties,
    once: Option<Bytes>,
    lines: Option<Receiver<io::Result<Vec<u8>>>>,
    waker: Arc<Waker>,
    stop: Option<Stop>,
    is_connected: bool,
    /// Messages that were handed in and are not done.
    outstanding: usize,
    /// Why the broker did not take one.
    refused: Option<String>,
    ending: Ending,
}

impl Publisher<'_> {
    fn publish(
        &mut self,
        payload: Bytes,
        client: &mut Client,
        now: Instant,
        wants: &mut Wants,
    ) -> Result<(), Failure> {
        let message = Message {
            topic: self.options.topic.clone(),
            payload,
            qos: self.options.qos,
            retain: self.options.retain,
            properties: self.properties.clone(),
        };
        self.outstanding += 1;
        let published = client.publish(now, message, wants);
        published.map_err(|error| self.options.connecting.complain(error))?;
        Ok(())
    }

    /// Hands in as many lines as there are and have room.
    fn publish_lines(
        &mut self,
        client: &mut Client,
        now: Instant,
        wants: &mut Wants,
    ) -> Result<(), Failure> {
        while self.outstanding < OUTSTANDING_MAX
            && let Some(lines) = &self.lines
        {
            match lines.try_recv() {
                Ok(Ok(line)) => self.publish(line.into(), client, now, wants)?,
                Ok(Err(error)) => {
                    return Err(Failure::running(format!("standard input: {error}")));
                }
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => self.lines = None,
            }
        }
        Ok(())
    }
}

impl App for Publisher<'_> {
    fn hear(&mut self, happened: Happened) -> Result<(), Failure> {
        let connecting = &self.options.connecting;
        if connecting.debug {
            say(&happened);
        }
        match happened {
            Happened::Connected { .. } => {
                self.is_connected = true;
                self.stop = Some(Stop::listen(Arc::clone(&self.waker))?);
            }
            Happened::Unreachable(why) | Happened::Refused(why) => self.ending.note(why),
            Happened::Disconnected { cause, .. } => {
                return Err(connecting.complain(self.ending.of(&cause)));
            }
            Happened::Published(reason) => {
                self.outstanding -= 1;
                if reason.is_error() {
                    self.refused = Some(format!("a message was not taken: {reason}"));
                }
            }
            Happened::Dropped(why) => {
                self.outstanding -= 1;
                self.refused = Some(format!("a message was not sent: {why}"));
            }
            Happened::Message(_) | Happened::Subscribed(_) | Happened::NotSent(_) => {}
        }
        Ok(())
    }

    fn step(
        &mut self,
        client: &mut Client,
        now: Instant,
        wants: &mut Wants,
    ) -> Result<Turn, Failure> {
        let until = until(self.options.timeout);
        if until.is_some_and(|until| now >= until) {
            return Err(too_late());
        }
        if !self.is_connected {
            return Ok(Turn::Wait(until));
        }
        if self.stop.as_ref().is_some_and(Stop::is_wanted) {
            self.lines = None;
        }
        if let Some(payload) = self.once.take() {
            self.publish(payload, client, now, wants)?;
        }
        self.publish_lines(client, now, wants)?;
        if self.lines.is_none() && self.outstanding == 0 {
            return Ok(Turn::End);
        }
        Ok(Turn::Wait(until))
    }
}
