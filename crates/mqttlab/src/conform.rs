//! `mqttlab conform`: a real broker, asked by the clients of scenarios, beside the simulated one.

mod compare;
mod drive;
mod own;
mod seen;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use mqttlab_sim::live::{Live, Obstacle, obstacles};
use mqttlab_sim::recording::Recording;
use mqttlab_sim::scenario::{Act, Scenario, Step, duration};
use mqttlab_sim::view::{EventKind, Micros};
use serde::Serialize;

use crate::Failure;
use crate::each::each;
use compare::Difference;
use drive::Pace;
use own::Own;

pub(crate) const HELP: &str = "\
The clients and their network are simulated, up to a real socket for each connection. Each scenario is played twice, with \
the simulated broker and with the real one, and what each client saw is compared: how its connections went, the \
acknowledgements it got, and the messages of each topic. Different Packet Identifiers and Topic Aliases, another order of \
messages and acknowledgements among each other, and another time make no difference.

Time is skipped while nothing is under way, except where a timer of the broker decides: such a scenario takes its own time. \
A scenario that does something to its broker is left out, and so is one whose broker has a policy, users or rules of its \
own: somebody else's broker cannot be told. With `own` in place of an address this program starts a broker for each \
scenario, set up as that asks for.

Sessions and retained messages of the scenario's clients are cleared at the broker, before and after.

Exit codes:
  0  the real broker does what the simulated one does
  1  it does not
  2  a file cannot be read or is not a scenario, or nobody listens at the address";

/// In place of an address: a broker of this program's own.
const OWN: &str = "own";

/// Options of `mqttlab conform`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Where the broker listens, such as localhost:1883; or `own`, for one that this program starts for each scenario
    #[arg(value_name = "HOST:PORT")]
    broker: String,

    /// The scenarios, in TOML
    #[arg(value_name = "SCENARIO", required = true)]
    files: Vec<PathBuf>,

    /// The longest that one scenario may take; one that needs more is left out
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "30s")]
    time_max: Micros,

    /// How long nothing must come from the broker until it is taken to have said everything
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "25ms")]
    settle: Micros,

    /// For machines: one JSON document
    #[arg(long)]
    json: bool,
}

/// What came of one scenario.
#[derive(Serialize)]
struct Conformed<'a> {
    file: &'a Path,
    /// Why it was not played.
    left_out: Option<String>,
    differences: Vec<Difference>,
}

/// Plays scenarios with a real broker and says where it differs from the simulated one.
///
/// # Errors
/// When a file cannot be read or is no scenario, or nobody listens at the address.
pub(crate) fn conform(options: &Options) -> Result<ExitCode, Failure> {
    let target = match options.broker.as_str() {
        OWN => None,
        broker => Some(resolve(broker)?),
    };
    let all = each(&options.files, options.json, |file, scenario| {
        let (left_out, differences) = match one(options, target, scenario)? {
            Ok(differences) => (None, differences),
            Err(reason) => (Some(reason), Vec::new()),
        };
        let conformed = Conformed {
            file,
            left_out,
            differences,
        };
        let words = report(&conformed);
        Ok((conformed, words))
    })?;
    let differs = all.iter().any(|one| !one.differences.is_empty());
    Ok(ExitCode::from(u8::from(differs)))
}

fn resolve(broker: &str) -> Result<SocketAddr, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!(
            "{broker}: {why}; write it like localhost:1883, or own"
        ))
    };
    let mut addresses = broker
        .to_socket_addrs()
        .map_err(|error| wrong(error.to_string()))?;
    addresses
        .next()
        .ok_or_else(|| wrong("it has no address".to_owned()))
}

/// The differences in one scenario, or why it is left out. Without a `target` a broker of our own is started for it.
fn one(
    options: &Options,
    target: Option<SocketAddr>,
    scenario: Scenario,
) -> Result<Result<Vec<Difference>, String>, Failure> {
    let is_met = |obstacle: &Obstacle| {
        let can_be_told = matches!(obstacle, Obstacle::Policy | Obstacle::Access);
        target.is_none() && can_be_told
    };
    let mut obstacles = obstacles(&scenario).into_iter();
    if let Some(obstacle) = obstacles.find(|obstacle| !is_met(obstacle)) {
        return Ok(Err(obstacle.to_string()));
    }
    let mut simulated = Recording::new(scenario.clone());
    simulated.seek(simulated.end());
    let pace = pace(&simulated);
    let time_max = Duration::from_micros(options.time_max);
    if pace == Pace::Real && scenario.until > options.time_max {
        let reason = format!(
            "timers of the broker decide, so it takes its {}; allow that with --time-max",
            duration::words(scenario.until)
        );
        return Ok(Err(reason));
    }
    let limits = drive::Limits {
        settle: Duration::from_micros(options.settle),
        time_max,
    };
    let own = match target {
        Some(_) => None,
        None => Some(Own::start(&scenario)?),
    };
    let Some(broker) = target.or(own.as_ref().map(Own::address)) else {
        return Err(Failure::running("there is no broker"));
    };
    let clean = || {
        let live = Live::new(cleaning(&scenario));
        drive::drive(live, broker, Pace::Quick, &limits)
    };
    if target.is_some() {
        clean()?;
    }
    let real = drive::drive(Live::new(scenario.clone()), broker, pace, &limits)?;
    if target.is_some() {
        clean()?;
    }
    let names: Vec<&str> = scenario
        .clients
        .iter()
        .map(|client| client.name.as_str())
        .collect();
    Ok(Ok(compare::differences(
        &names,
        (simulated.events(), simulated.flights()),
        (real.events(), real.flights()),
    )))
}

/// Real time where a timer of the broker has something to say.
fn pace(simulated: &Recording) -> Pace {
    let mut events = simulated.events().iter();
    let has_timer = events.any(|event| event.kind == EventKind::Timer && event.participant == 0);
    let scenario = simulated.scenario();
    let publishes = scenario
        .clients
        .iter()
        .flat_map(|client| &client.publications);
    let expires = publishes.map(|publication| &publication.message);
    let steps = scenario
        .script
        .iter()
        .filter_map(|step| match &step.action.act {
            Act::Publish(message) => Some(message),
            _ => None,
        });
    let has_expiry = expires.chain(steps).any(|message| message.expiry.is_some());
    match has_timer || has_expiry {
        true => Pace::Real,
        false => Pace::Quick,
    }
}

/// Each client comes once with a clean session, and takes its retained messages away.
fn cleaning(scenario: &Scenario) -> Scenario {
    let mut clean = scenario.clone().without_bugs();
    let mut topics: Vec<String> = Vec::new();
    let mut retained = |message: &mqttlab_sim::scenario::Message| {
        if message.retain && !topics.contains(&message.topic) {
            topics.push(message.topic.clone());
        }
    };
    for step in &scenario.script {
        if let Act::Publish(message) = &step.action.act {
            retained(message);
        }
    }
    for client in &scenario.clients {
        for publication in &client.publications {
            retained(&publication.message);
        }
        for answer in &client.habits.answers {
            retained(&answer.message);
        }
    }
    let wills = scenario
        .clients
        .iter()
        .filter_map(|client| client.options.will.as_ref());
    topics.extend(
        wills
            .filter(|will| will.retain)
            .map(|will| will.topic.clone()),
    );
    clean.until = 10_000_000;
    clean.script.clear();
    clean.expectations.clear();
    clean.watched.clear();
    let mut known: Vec<String> = Vec::new();
    for (index, client) in clean.clients.iter_mut().enumerate() {
        client.options.clean_start = true;
        client.options.session_expiry = 0;
        client.options.will = None;
        client.options.reconnect = Default::default();
        client.subscriptions.clear();
        client.publications.clear();
        client.habits = Default::default();
        client.link = Default::default();
        if known.contains(&client.options.client_id) {
            continue;
        }
        known.push(client.options.client_id.clone());
        let who = index as u32 + 1;
        let mut at = |at, act| {
            clean.script.push(Step {
                at,
                when: None,
                action: mqttlab_sim::scenario::Action { who, act },
            });
        };
        at(0, Act::Connect);
        for topic in std::mem::take(&mut topics) {
            let message = mqttlab_sim::scenario::Message {
                topic,
                retain: true,
                ..Default::default()
            };
            at(1_000_000, Act::Publish(message));
        }
        at(2_000_000, Act::Disconnect { will: false });
    }
    clean.script.sort_by_key(|step| step.at);
    clean
}

fn report(conformed: &Conformed<'_>) -> String {
    let name = conformed.file.display();
    if let Some(reason) = &conformed.left_out {
        return format!("{name}: left out: {reason}\n");
    }
    let mut text = match conformed.differences.len() {
        0 => format!("{name}: the same\n"),
        1 => format!("{name}: one difference\n"),
        many => format!("{name}: {many} differences\n"),
    };
    for difference in &conformed.differences {
        text += &difference.words();
    }
    text
}
