//! `mqttlab sub`: prints the messages that come.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::process::ExitCode;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use mio::Waker;
use mqttlab_core::client::{Client, Message, Reconnect, SubscribeRequest};
use mqttlab_core::packet::{QoS, RetainHandling, SubscriptionOptions, Version};
use mqttlab_core::reason::ReasonCode;
use mqttlab_core::time::Instant;
use mqttlab_core::topic;
use serde_json::{Value, json};

use super::drive::{App, Driver, Turn, Wants};
use super::happened::{Ending, Happened, too_late};
use super::options::{Connecting, qos, until};
use super::say;
use super::stop::Stop;
use crate::Failure;

pub(crate) const HELP: &str = "\
Who comes from mosquitto_sub finds -t, -q, -C, -W, -v, -N, -R, -c, -i, -u, -P and -V as they were. Host and port are in \
--to, --cafile is --ca, and -h is this help. The version is 5.0 unless -V says otherwise. -c keeps a session without end \
unless --session-expiry says otherwise.

It goes on until it is interrupted, has --count messages, or --timeout seconds are over. A connection that is lost is \
opened again, and what it was subscribed to is subscribed to again.

Exit codes:
  0  it was interrupted, has as many messages as it should, or has listened for as long as it should
  1  the broker could not be reached at first, or refuses it
  2  wrong usage: an option or a file that cannot be used
  3  the time of --timeout was up before there were --count messages";

/// Options of `mqttlab sub`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    connecting: Connecting,

    /// Topic Filter; as often as wanted
    #[arg(short, long = "topic", required = true, value_name = "FILTER")]
    topics: Vec<String>,

    /// The highest QoS
    #[arg(short, long, default_value = "0", value_parser = qos)]
    qos: QoS,

    /// End after so many messages
    #[arg(short = 'C', long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// End after so many seconds
    #[arg(short = 'W', long, value_name = "SECONDS")]
    timeout: Option<u32>,

    /// Print the topic before the payload
    #[arg(short, long)]
    verbose: bool,

    /// Print each message as a line of JSON
    #[arg(long, conflicts_with_all = ["verbose", "no_newline"])]
    json: bool,

    /// No line break behind each payload
    #[arg(short = 'N', long)]
    no_newline: bool,

    /// Leave out retained messages that are sent because of the subscription
    #[arg(short = 'R', long)]
    no_retained: bool,

    /// Go on with the session of before, and leave it when ending, so that messages wait there; needs --id
    #[arg(short = 'c', long, requires = "id")]
    keep_session: bool,

    /// 5.0: seconds that the session outlives its connection
    #[arg(long, value_name = "SECONDS", requires = "keep_session")]
    session_expiry: Option<u32>,
}

/// Prints what comes.
///
/// # Errors
/// When an option or a file cannot be used, or the broker does not let it.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    for filter in &options.topics {
        topic::check_filter(filter)
            .map_err(|error| Failure::usage(format!("--topic {filter}: {error}")))?;
    }
    let is_v5 = options.connecting.version == Version::V5;
    if options.session_expiry.is_some() && !is_v5 {
        return Err(Failure::usage("--session-expiry needs MQTT 5.0"));
    }
    let mut client = options.connecting.client()?;
    client.reconnect = Reconnect::default();
    client.clean_start = !options.keep_session;
    client.accept_unknown_session = options.keep_session;
    if options.keep_session && is_v5 {
        client.session_expiry = options.session_expiry.unwrap_or(u32::MAX);
    }
    let mut driver = Driver::new(options.connecting.way()?, client)?;
    driver.limit(options.count, options.no_retained);
    let mut subscriber = Subscriber {
        options,
        out: BufWriter::new(io::stdout()),
        waker: driver.waker(),
        stop: None,
        is_subscribed: false,
        asks: false,
        left: options.count,
        has_reader: true,
        ending: Ending::default(),
    };
    driver.run(&mut subscriber)?;
    Ok(ExitCode::SUCCESS)
}

struct Subscriber<'a> {
    options: &'a Options,
    out: BufWriter<Stdout>,
    waker: Arc<Waker>,
    /// There once it has been connected.
    stop: Option<Stop>,
    is_subscribed: bool,
    /// It is connected for the first time and has to subscribe.
    asks: bool,
    /// Messages that are still wanted.
    left: Option<u64>,
    /// Somebody reads what is printed.
    has_reader: bool,
    ending: Ending,
}

impl Subscriber<'_> {
    fn request(&self) -> SubscribeRequest {
        let mut options = SubscriptionOptions::qos(self.options.qos);
        if self.options.no_retained && self.options.connecting.version == Version::V5 {
            options.retain_handling = RetainHandling::DoNotSend;
        }
        let filters = self.options.topics.iter();
        SubscribeRequest {
            filters: filters.map(|filter| (filter.clone(), options)).collect(),
            ..SubscribeRequest::default()
        }
    }

    /// Some filters may be refused, but not all.
    fn judge(&self, codes: &[u8]) -> Result<(), Failure> {
        let mut granted = 0;
        for (filter, &code) in self.options.topics.iter().zip(codes) {
            if code < 0x80 {
                granted += 1;
                continue;
            }
            let reason = ReasonCode::from_u8(code).map(|reason| reason.to_string());
            let reason = reason.unwrap_or_else(|| format!("code {code:#04x}"));
            say(&format_args!(
                "{filter}: the broker does not grant it: {reason}"
            ));
        }
        if granted == 0 {
            return Err(self
                .options
                .connecting
                .complain("no subscription was granted"));
        }
        Ok(())
    }

    fn print(&mut self, message: &Message) -> Result<(), Failure> {
        if message.retain && self.options.no_retained {
            return Ok(());
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        let written = self.write(message);
        self.check(written)
    }

    fn write(&mut self, message: &Message) -> io::Result<()> {
        let out = &mut self.out;
        if self.options.json {
            return writeln!(out, "{}", to_json(message));
        }
        if self.options.verbose {
            write!(out, "{} ", message.topic)?;
        }
        out.write_all(&message.payload)?;
        if !self.options.no_newline {
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Whoever reads may have had enough; that is the end and no failure.
    fn check(&mut self, written: io::Result<()>) -> Result<(), Failure> {
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.has_reader = false;
                Ok(())
            }
            Err(error) => Err(Failure::running(format!("standard output: {error}"))),
        }
    }
}

fn to_json(message: &Message) -> Value {
    let properties = &message.properties;
    let mut json = json!({
        "topic": message.topic,
        "qos": message.qos.number(),
        "retain": message.retain,
    });
    match std::str::from_utf8(&message.payload) {
        Ok(text) => json["payload"] = text.into(),
        Err(_) => json["base64"] = STANDARD.encode(&message.payload).into(),
    }
    if let Some(seconds) = properties.expiry {
        json["expiry_s"] = seconds.into();
    }
    if let Some(text) = &properties.content_type {
        json["content_type"] = text.as_str().into();
    }
    if let Some(topic) = &properties.response_topic {
        json["response_topic"] = topic.as_str().into();
    }
    if let Some(data) = &properties.correlation_data {
        json["correlation_data"] = STANDARD.encode(data).into();
    }
    if !properties.user_properties.is_empty() {
        json["properties"] = json!(properties.user_properties);
    }
    json
}

impl App for Subscriber<'_> {
    fn hear(&mut self, happened: Happened) -> Result<(), Failure> {
        let connecting = &self.options.connecting;
        if connecting.debug {
            say(&happened);
        }
        match happened {
            Happened::Connected { .. } => {
                if self.stop.is_none() {
                    self.asks = true;
                    self.stop = Some(Stop::listen(Arc::clone(&self.waker))?);
                }
            }
            Happened::Unreachable(why) | Happened::Refused(why) => self.ending.note(why),
            Happened::Disconnected { cause, retry_at } => {
                let why = connecting.complain(self.ending.of(&cause));
                // Only who was in comes again by itself.
                if !self.is_subscribed || retry_at.is_none() {
                    return Err(why);
                }
                say(&format_args!("{why}; trying again"));
            }
            Happened::Message(message) => self.print(&message)?,
            Happened::Subscribed(codes) => {
                if !self.is_subscribed {
                    self.judge(&codes)?;
                }
                self.is_subscribed = true;
            }
            Happened::NotSent(error) => return Err(connecting.complain(error)),
            Happened::Published(_) | Happened::Dropped(_) => {}
        }
        Ok(())
    }

    fn step(
        &mut self,
        client: &mut Client,
        now: Instant,
        wants: &mut Wants,
    ) -> Result<Turn, Failure> {
        let flushed = self.out.flush();
        self.check(flushed)?;
        let is_stopped = self.stop.as_ref().is_some_and(Stop::is_wanted);
        if is_stopped || self.left == Some(0) || !self.has_reader {
            return Ok(Turn::End);
        }
        let until = until(self.options.timeout);
        if until.is_some_and(|until| now >= until) {
            return match self.options.count {
                None if self.is_subscribed => Ok(Turn::End),
                None | Some(_) => Err(too_late()),
            };
        }
        if std::mem::take(&mut self.asks) {
            let asked = client.subscribe(now, self.request(), wants);
            asked.map_err(|error| self.options.connecting.complain(error))?;
        }
        Ok(Turn::Wait(until))
    }
}
