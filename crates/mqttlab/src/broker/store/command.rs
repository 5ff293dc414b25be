//! `mqttlab store`: looking into the file of a broker that does not run.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use mqttlab_core::broker::{Broker, Config as BrokerConfig, MessageView, SessionView};
use mqttlab_core::time::Instant;
use serde_json::{Value, json};

use super::super::auth::stamp;
use super::super::bans::{Ban, Whom};
use super::file::{self, Unusable};
use super::medium::read_what_can_be;
use super::salvage::{Found, Salvaged, salvage};
use super::state::{Plan, State, restore};
use super::{file_at, foreign, start_anew, wall_clock};
use crate::Failure;

/// Options of `mqttlab store`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Say whether a store is whole, and what is in it; exit code 1 says that it is damaged
    Check {
        /// The file, or its folder
        file: PathBuf,
    },
    /// Print sessions, subscriptions, messages and bans, a JSON object a line
    Dump {
        /// The file, or its folder
        file: PathBuf,
    },
    /// Make a new store of what can be read of a damaged one
    Salvage {
        /// The damaged file; it is not changed
        file: PathBuf,
        /// The file to make; there must be none
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// Does what was asked for. No file is changed but the new one.
///
/// # Errors
/// When a file cannot be read or written, or is in use.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    match &options.what {
        What::Check { file } => check(file),
        What::Dump { file } => dump(file),
        What::Salvage { file, to } => rescue(file, to),
    }
}

/// A store as it was read.
enum Looked {
    Whole(Box<State>, Instant),
    Damaged(String, Vec<u8>),
}

/// However many event loops wrote the file, one broker shows what is in it.
fn plan(config: &BrokerConfig) -> Plan<'_> {
    Plan {
        config,
        seed: 0,
        loops: 1,
    }
}

impl State {
    /// The broker of the only event loop.
    fn broker(&self) -> &Broker {
        self.brokers.first().expect("there is one loop")
    }
}

fn look(path: &Path) -> Result<Looked, Failure> {
    let path = &file_at(path);
    let complain = |why: &str| Failure::usage(format!("{}: {why}", path.display()));
    let open = File::open(path).map_err(|error| complain(&error.to_string()))?;
    match open.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            return Err(complain("a broker uses it; stop that first"));
        }
        // Where files cannot be locked, nothing keeps anybody from looking.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let bytes = read_what_can_be(&open).map_err(|error| complain(&error.to_string()))?;
    // A broker may have it again.
    drop(open);
    if bytes.is_empty() {
        return Err(complain("it is empty"));
    }
    match file::peek(&bytes) {
        Ok((changes, clock)) => {
            let config = BrokerConfig::default();
            let (state, now) = State::of(&changes, clock, &plan(&config));
            Ok(Looked::Whole(Box::new(state), now))
        }
        Err(Unusable::Damaged(why)) => match foreign::complaint(&bytes) {
            Some(complaint) => Err(complain(&complaint)),
            None => Ok(Looked::Damaged(why, bytes)),
        },
        Err(Unusable::Refused(why)) => Err(complain(&why)),
    }
}

fn check(path: &Path) -> Result<ExitCode, Failure> {
    match look(path)? {
        Looked::Whole(state, now) => {
            say(&format!(
                "{}: whole; {}\n",
                path.display(),
                summary(&state, now)
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Looked::Damaged(why, bytes) => {
            let found = salvage(&bytes);
            let now = Instant::from_micros(wall_clock());
            let state = restore(&plan(&BrokerConfig::default()), now, &found);
            say(&format!(
                "{}: damaged ({why}); of its changes {} are missing; what can be read: {}\n",
                path.display(),
                found.lost,
                summary(&state, now),
            ))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn summary(state: &State, now: Instant) -> String {
    let broker = state.broker();
    let usage = broker.usage();
    let subscriptions: usize = broker
        .sessions()
        .map(|session| session.subscriptions().count())
        .sum();
    let waiting: usize = broker
        .sessions()
        .map(|session| session.queue_len() + session.in_flight().count())
        .sum();
    format!(
        "sessions {}, subscriptions {subscriptions}, messages that wait {waiting}, retained messages {}, bans {}",
        usage.sessions,
        usage.retained,
        state.bans.iter(now).count(),
    )
}

fn dump(path: &Path) -> Result<ExitCode, Failure> {
    let (state, now, code) = match look(path)? {
        Looked::Whole(state, now) => (state, now, ExitCode::SUCCESS),
        Looked::Damaged(_, bytes) => {
            let now = Instant::from_micros(wall_clock());
            let found = salvage(&bytes);
            let state = restore(&plan(&BrokerConfig::default()), now, &found);
            (Box::new(state), now, ExitCode::FAILURE)
        }
    };
    let (broker, bans) = (state.broker(), &state.bans);
    for session in broker.sessions() {
        say(&format!("{}\n", session_line(&session, now)))?;
        for subscription in session.subscriptions() {
            let line = json!({
                "subscription": subscription.filter, "client_id": session.client_id(),
                "qos": subscription.options.qos.number(), "identifier": subscription.identifier,
            });
            say(&format!("{line}\n"))?;
        }
        let in_flight = session.in_flight().map(|it| ("in_flight", it.message));
        let queued = session.queue().map(|it| ("queued", it.message));
        for (state, message) in in_flight.chain(queued) {
            let line = message_line(state, session.client_id(), &message, now);
            say(&format!("{line}\n"))?;
        }
    }
    for message in broker.retained() {
        say(&format!(
            "{}\n",
            message_line("retained", "", &message, now)
        ))?;
    }
    for (whom, ban) in bans.iter(now) {
        say(&format!("{}\n", ban_line(whom, ban, now)))?;
    }
    Ok(code)
}

fn session_line(session: &SessionView<'_>, now: Instant) -> Value {
    json!({
        "session": session.client_id(),
        "user_name": session.user_name(),
        "came_with": stamp::describe(session.stamp()),
        "expiry_s": session.expiry_s(),
        "ends_in_s": session.ends_at().map(|at| at.since(now).as_secs()),
        "will": session.will().map(|will| will.topic),
        "incoming": session.incoming().map(mqttlab_core::id::PacketId::number).collect::<Vec<_>>(),
    })
}

fn ban_line(whom: &Whom, ban: &Ban, now: Instant) -> Value {
    let (kind, name) = match whom {
        Whom::Address(address) => ("address", address.to_string()),
        Whom::ClientId(client_id) => ("client_id", client_id.to_string()),
        Whom::UserName(user_name) => ("user_name", user_name.to_string()),
    };
    json!({
        "ban": { kind: name },
        "ends_in_s": ban.until.map(|at| at.since(now).as_secs()),
        "because": ban.because.name(),
        "note": ban.note,
    })
}

fn message_line(state: &str, client_id: &str, message: &MessageView<'_>, now: Instant) -> Value {
    use base64::Engine;

    json!({
        state: message.topic,
        "client_id": client_id,
        "publisher": message.publisher,
        "user_name": message.user_name,
        "qos": message.qos.number(),
        "expires_in_s": message.expires_at.map(|at| at.since(now).as_secs()),
        "text": std::str::from_utf8(message.payload).ok(),
        "base64": base64::engine::general_purpose::STANDARD.encode(message.payload),
    })
}

fn rescue(path: &Path, to: &Path) -> Result<ExitCode, Failure> {
    let complain = |why: String| Failure::usage(format!("--to {}: {why}", to.display()));
    if to.exists() {
        return Err(complain("there is a file already".into()));
    }
    let found = match look(path)? {
        Looked::Damaged(_, bytes) => salvage(&bytes),
        Looked::Whole(state, now) => whole(&state, now),
    };
    let (opened, ()) =
        start_anew(to, &plan(&BrokerConfig::default()), &found, |_| Ok(())).map_err(complain)?;
    let state = State {
        brokers: opened.brokers,
        bans: opened.kept.bans,
    };
    say(&format!(
        "{}: {}; changes that are missing {}\n",
        to.display(),
        summary(&state, opened.now),
        found.lost
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Also of a store that is whole a new one can be made.
fn whole(state: &State, now: Instant) -> Found {
    let snapshot = state.snapshot(now);
    let changes = snapshot.iter().map(|bytes| Salvaged {
        bytes: bytes.to_vec(),
        after_gap: false,
    });
    Found {
        changes: changes.collect(),
        lost: 0,
    }
}

fn say(text: &str) -> Result<(), Failure> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::running(format!("standard output: {error}")))
}
