//! What both clients are told about the broker and about themselves.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use mqttlab_core::client::{Options, QueueLimits, Reconnect, WillOptions};
use mqttlab_core::packet::{QoS, Version};
use mqttlab_core::time::{Duration, Instant};

use crate::Failure;
use crate::wire::{Target, Trust, Way};

/// Options of a client.
#[derive(Args, Debug)]
pub(super) struct Connecting {
    /// The broker: mqtt://, mqtts://, ws:// or wss://, with host and port; a host alone is mqtt://; or unix:// with the path
    /// of a socket
    #[arg(long, default_value = "mqtt://127.0.0.1:1883", value_name = "URL")]
    to: Target,

    /// The version of MQTT: 3.1, 3.1.1 or 5.0
    #[arg(short = 'V', long = "mqtt", default_value = "5.0", value_name = "VERSION", value_parser = version)]
    pub(super) version: Version,

    /// Client Identifier; without it the broker chooses one
    #[arg(short, long, value_name = "NAME")]
    id: Option<String>,

    /// User Name
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,

    /// Password; other users of this machine may see it in the list of processes
    #[arg(short = 'P', long, conflicts_with = "password_file", requires = "user")]
    password: Option<String>,

    /// The file whose first line is the password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,

    /// PEM file with the roots that the broker's certificate leads to, or with that itself, in place of the public ones
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// PEM file with this client's certificate
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// PEM file with the key to it
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Keep Alive in seconds; 0 for none
    #[arg(short, long, default_value_t = 60, value_name = "SECONDS")]
    keep_alive: u16,

    /// Seconds that connecting may take
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    connect_timeout: u32,

    /// Topic of the will: what the broker publishes when this client goes without saying so
    #[arg(long, value_name = "TOPIC")]
    will_topic: Option<String>,

    /// Payload of the will
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        requires = "will_topic",
        hide_default_value = true
    )]
    will_message: String,

    /// QoS of the will
    #[arg(long, value_name = "QOS", default_value = "0", value_parser = qos, requires = "will_topic")]
    will_qos: QoS,

    /// The will is retained
    #[arg(long, requires = "will_topic")]
    will_retain: bool,

    /// Say on standard error what happens with the connection
    #[arg(short, long)]
    pub(super) debug: bool,
}

impl Connecting {
    /// How to get to the broker.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(super) fn way(&self) -> Result<Way, Failure> {
        let identity = self.cert.clone().zip(self.key.clone());
        let trust = Trust {
            ca: self.ca.clone(),
            identity,
            option: "--ca",
        };
        Way::new(self.to.clone(), &trust)
    }

    /// How the client behaves.
    ///
    /// # Errors
    /// When the file of the password cannot be read.
    pub(super) fn client(&self) -> Result<Options, Failure> {
        let password = match (&self.password, &self.password_file) {
            (Some(password), _) => Some(Bytes::from(password.clone())),
            (None, Some(file)) => Some(first_line(file)?),
            (None, None) => None,
        };
        let will = self.will_topic.as_ref().map(|topic| WillOptions {
            topic: topic.clone(),
            payload: self.will_message.clone().into(),
            qos: self.will_qos,
            retain: self.will_retain,
            ..WillOptions::default()
        });
        Ok(Options {
            client_id: self.id.clone().unwrap_or_default(),
            version: self.version,
            keep_alive: self.keep_alive,
            user_name: self.user.clone(),
            password,
            will,
            connect_timeout: Duration::from_secs(self.connect_timeout.into()),
            reconnect: Reconnect::Never,
            // What is handed in was asked for by the person who waits for it.
            queue: QueueLimits {
                bytes: usize::MAX,
                ..QueueLimits::default()
            },
            ..Options::default()
        })
    }

    /// Tells of the broker.
    pub(super) fn complain(&self, why: impl std::fmt::Display) -> Failure {
        Failure::running(format!("{}: {why}", self.to))
    }
}

fn first_line(file: &Path) -> Result<Bytes, Failure> {
    let read = fs::read(file);
    let bytes = read
        .map_err(|error| Failure::usage(format!("--password-file {}: {error}", file.display())))?;
    let line = bytes.split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Bytes::copy_from_slice(line))
}

/// A version of MQTT as people write it, also to Mosquitto's clients.
pub(crate) fn version(text: &str) -> Result<Version, String> {
    match text.trim_start_matches("mqttv") {
        "3.1" | "31" => Ok(Version::V3_1),
        "3.1.1" | "311" => Ok(Version::V3_1_1),
        "5" | "5.0" | "50" => Ok(Version::V5),
        _ => Err("give 3.1, 3.1.1 or 5.0".into()),
    }
}

/// A QoS as a number.
pub(super) fn qos(text: &str) -> Result<QoS, String> {
    let number = text.parse().ok();
    let qos = number.and_then(QoS::from_u8);
    qos.ok_or_else(|| "give 0, 1 or 2".into())
}

/// `NAME=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("give NAME=VALUE")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

/// When the time is up, for a client that began at zero.
pub(super) fn until(timeout_s: Option<u32>) -> Option<Instant> {
    timeout_s.map(|seconds| Instant::ZERO + Duration::from_secs(seconds.into()))
}
