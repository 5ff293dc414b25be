//! Work that a page gives to a worker: what takes long, or needs code that a page's first load does without.
//!
//! A [`Job`] goes there and [`Reply`]s come back, each as bytes.

use serde::{Deserialize, Serialize};

#[cfg(feature = "jobs")]
use crate::export::{ladder, mermaid, ndjson, pcapng, plantuml, rust, svg, trace};
#[cfg(feature = "jobs")]
use crate::hunt::Finding;
#[cfg(feature = "jobs")]
use crate::hunt::Hunt;
use crate::hunt::Profile;
#[cfg(feature = "jobs")]
use crate::link::Moment;
use crate::link::{LinkError, Shared};
#[cfg(feature = "jobs")]
use crate::recording::Recording;
use crate::scenario::{Scenario, ScenarioError};
use crate::view::{EventId, Micros};

/// How a file begins that a broker on real sockets has recorded.
pub const TRAFFIC: &[u8; 8] = b"MQTTLAB\0";
/// The longest such file that is read here, in bytes.
pub const TRAFFIC_MAX: usize = 64 << 20;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Job {
    /// Read a scenario.
    Read {
        /// Its text.
        text: String,
    },
    /// Read a link.
    Open {
        /// Its text.
        text: String,
    },
    /// Read what a broker on real sockets has recorded, and make a scenario of it.
    Traffic {
        /// The file.
        bytes: Vec<u8>,
    },
    /// Make a link.
    Link(Box<Shared>),
    /// Write the run into a file, up to its moment.
    Export {
        /// The run.
        shared: Box<Shared>,
        /// In which form.
        format: Format,
    },
    /// Play on from the moment until a condition becomes true.
    Until {
        /// The run.
        shared: Box<Shared>,
        /// The condition.
        text: String,
    },
    /// Look for a seed with which an expectation fails, with disturbances drawn from the seed.
    Hunt {
        /// The scenario.
        scenario: Box<Scenario>,
        /// What disturbs the runs.
        profile: Profile,
        /// How many seeds are tried.
        seeds: u32,
    },
}

/// The forms of a run for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// One line for each event.
    Trace,
    /// A picture of the ladder.
    Svg,
    /// A sequence diagram.
    Mermaid,
    /// A sequence diagram.
    PlantUml,
    /// What was on the wire.
    Pcapng,
    /// Everything, one object a line.
    Ndjson,
    /// A scenario, with what was done by hand in its place.
    Scenario,
    /// A test that plays the run.
    Rust,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Scenario,
        Self::Svg,
        Self::Mermaid,
        Self::PlantUml,
        Self::Trace,
        Self::Ndjson,
        Self::Pcapng,
        Self::Rust,
    ];

    /// How files of this form end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Trace => "txt",
            Self::Svg => "svg",
            Self::Mermaid => "mmd",
            Self::PlantUml => "puml",
            Self::Pcapng => "pcapng",
            Self::Ndjson => "ndjson",
            Self::Scenario => "toml",
            Self::Rust => "rs",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Trace | Self::Mermaid | Self::PlantUml | Self::Rust => "text/plain;charset=utf-8",
            Self::Scenario => "application/toml",
            Self::Svg => "image/svg+xml",
            Self::Pcapng => "application/x-pcapng",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// What comes back. Each job ends with a reply that is neither [`Ready`](Self::Ready) nor about its progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The worker listens.
    Ready,
    /// The text is this scenario, or none.
    Read(Result<Box<Scenario>, ScenarioError>),
    /// The link leads to this run, or to none.
    Opened(Result<Box<Shared>, LinkError>),
    /// The text of the link.
    Link(String),
    /// What is in the file.
    Exported(Vec<u8>),
    /// So many percent are done.
    Progress(u8),
    /// When the condition becomes true, and how many events have happened then; `None` if it never does.
    Until(Result<Option<(Micros, EventId)>, ScenarioError>),
    /// The run that fails, where it does, with no more disturbances than that takes; `None` if there is none.
    Hunted(Option<Box<Shared>>),
}

#[cfg(feature = "jobs")]
impl Job {
    /// Does it. What is known before the end is handed to `tell`.
    pub fn run(self, tell: &mut dyn FnMut(Reply)) -> Reply {
        match self {
            Self::Read { text } => Reply::Read(Scenario::parse(&text).map(Box::new)),
            Self::Open { text } => Reply::Opened(Shared::from_text(&text).map(Box::new)),
            Self::Traffic { bytes } => Reply::Read(traffic(&bytes).map(Box::new)),
            Self::Link(shared) => Reply::Link(shared.to_text()),
            Self::Export { shared, format } => {
                let (recording, _) = shared.open();
                Reply::Exported(export(&recording, format))
            }
            Self::Until { shared, text } => Reply::Until(until(*shared, &text, tell)),
            Self::Hunt {
                scenario,
                profile,
                seeds,
            } => Reply::Hunted(hunt(Hunt::new(*scenario, profile), seeds, tell)),
        }
    }
}

/// The scenario that a recording makes; what it is about says whether the recording holds together.
#[cfg(feature = "jobs")]
fn traffic(bytes: &[u8]) -> Result<Scenario, ScenarioError> {
    use crate::recording::Budget;
    use crate::traffic::Traffic;

    let refused = |message: String| ScenarioError {
        message,
        line: 0,
        column: 0,
        width: 0,
        source: String::new(),
        help: None,
    };
    let traffic = Traffic::read(bytes, TRAFFIC_MAX).map_err(|error| refused(error.to_string()))?;
    let mut scenario = traffic.to_scenario();
    let verdict = traffic.replay(Budget::default()).verdict();
    scenario.about += &format!(" {verdict}.");
    scenario
        .check()
        .map_err(|unfit| refused(format!("no scenario can be made of it: {unfit}")))?;
    Ok(scenario)
}

/// Happenings between two words about progress.
#[cfg(feature = "jobs")]
const STEPS: u32 = 512;

#[cfg(feature = "jobs")]
fn until(
    mut shared: Shared,
    text: &str,
    tell: &mut dyn FnMut(Reply),
) -> Result<Option<(Micros, EventId)>, ScenarioError> {
    let condition = shared.scenario.condition(text)?;
    let watched = shared.scenario.watched.len();
    shared.scenario.watched.push(condition);
    let (mut recording, _) = shared.open();
    let (from, end) = (recording.now(), recording.end());
    let mut held = recording.holds(watched);
    let mut steps = 0_u32;
    while recording.step().is_some() {
        let holds = recording.holds(watched);
        if holds && !held {
            return Ok(Some((recording.now(), recording.view().events_done)));
        }
        held = holds;
        steps += 1;
        if steps.is_multiple_of(STEPS) {
            let percent = (recording.now() - from) * 100 / (end - from).max(1);
            tell(Reply::Progress(percent as u8));
        }
    }
    Ok(None)
}

#[cfg(feature = "jobs")]
fn hunt(hunt: Hunt, seeds: u32, tell: &mut dyn FnMut(Reply)) -> Option<Box<Shared>> {
    let mut told = 0;
    for seed in 0..seeds {
        if let Some(finding) = hunt.try_seed(u64::from(seed)) {
            let finding = hunt.shrink(finding);
            return Some(Box::new(failing(&hunt, &finding)));
        }
        let percent = (u64::from(seed) * 100 / u64::from(seeds)) as u8;
        if percent > told {
            told = percent;
            tell(Reply::Progress(percent));
        }
    }
    None
}

#[cfg(feature = "jobs")]
fn failing(hunt: &Hunt, finding: &Finding) -> Shared {
    let mut recording = hunt.replay(finding);
    let failed = finding.failed.iter().filter_map(|failed| failed.at).min();
    recording.seek(failed.unwrap_or(recording.end()));
    Shared {
        scenario: recording.scenario().clone(),
        branch: "what breaks it".to_owned(),
        changes: recording.current_branch().changes.clone(),
        moment: Moment::of(&recording),
    }
}

#[cfg(feature = "jobs")]
fn export(recording: &Recording, format: Format) -> Vec<u8> {
    match format {
        Format::Trace => trace::trace(recording, trace::Options::default()).into_bytes(),
        Format::Svg => svg::svg(recording, ladder::Options::default()).into_bytes(),
        Format::Mermaid => mermaid::mermaid(recording).into_bytes(),
        Format::PlantUml => plantuml::plantuml(recording, ladder::Options::default()).into_bytes(),
        Format::Pcapng => pcapng::pcapng(recording),
        Format::Scenario => recording.to_scenario().to_text().into_bytes(),
        Format::Rust => {
            let source = recording.scenario().to_text();
            rust::rust(recording, &source).into_bytes()
        }
        Format::Ndjson => ndjson::ndjson(recording).into_bytes(),
    }
}

#[cfg(all(test, feature = "jobs"))]
mod tests {
    use super::{Format, Job, Reply};
    use crate::hunt::Profile;
    use crate::link::{Moment, Shared};
    use crate::recording::{Changes, Recording};
    use crate::scenario::Scenario;

    const DUEL: &str = include_str!("../../../lessons/duel/scenario.toml");

    fn shared() -> Box<Shared> {
        let scenario = Scenario::parse(DUEL).expect("the duel is a scenario");
        let mut recording = Recording::new(scenario.clone());
        recording.seek(6_000_000);
        Box::new(Shared {
            scenario,
            branch: "main".to_owned(),
            changes: Changes::default(),
            moment: Moment::of(&recording),
        })
    }

    #[test]
    fn each_form_of_a_run_is_written() {
        for format in Format::ALL {
            let shared = shared();
            let reply = Job::Export { shared, format }.run(&mut |_| {});
            let Reply::Exported(bytes) = reply else {
                unreachable!("{reply:?}")
            };
            assert!(bytes.len() > 100, "{format:?}: {} bytes", bytes.len());
        }
    }

    #[test]
    fn what_is_no_recording_is_said() {
        let bytes = b"MQTTLAB\0\x07\0".to_vec();
        let reply = Job::Traffic { bytes }.run(&mut |_| {});
        let Reply::Read(Err(error)) = reply else {
            unreachable!("{reply:?}")
        };
        assert!(error.message.contains("another version"), "{error:?}");
    }

    #[test]
    fn a_run_is_played_until_a_condition_becomes_true() {
        let until = |text: &str| {
            let shared = shared();
            let text = text.to_owned();
            match (Job::Until { shared, text }).run(&mut |_| {}) {
                Reply::Until(found) => found,
                other => unreachable!("{other:?}"),
            }
        };
        let found = until(r#"state("A") == "connected""#).expect("it is a condition");
        let (at, _) = found.expect("A comes back");
        assert!(at > 6_000_000, "{at}");
        assert_eq!(until(r#"connections("nobody") > 0"#), Ok(None));
        let error = until(r#"connected("C")"#).expect_err("there is no C");
        assert!(error.message.contains("no participant"), "{error}");
    }

    #[test]
    fn a_hunt_finds_what_fails_and_tells_how_far_it_is() {
        let text = format!("{DUEL}\n[[expect]]\nnever = 'resent(\"monitor\") > 1000'\n");
        let hunt = |text: &str| {
            let scenario = Scenario::parse(text).expect("it is a scenario");
            let job = Job::Hunt {
                scenario: Box::new(scenario),
                profile: Profile::default(),
                seeds: 5,
            };
            let mut told = Vec::new();
            (job.run(&mut |reply| told.push(reply)), told)
        };
        let (reply, told) = hunt(&text);
        if reply == Reply::Hunted(None) {
            assert_eq!(told.len(), 4);
        }
        let failing = format!("{DUEL}\n[[expect]]\nnever = 'connected(\"A\")'\n");
        let (reply, _) = hunt(&failing);
        let Reply::Hunted(Some(shared)) = reply else {
            unreachable!("{reply:?}")
        };
        assert!(
            shared.changes.inputs.is_empty(),
            "it fails without any disturbance"
        );
    }

    #[test]
    fn a_link_is_made_and_opened() {
        let Reply::Link(text) = Job::Link(shared()).run(&mut |_| {}) else {
            unreachable!("a link was asked for")
        };
        let reply = Job::Open { text }.run(&mut |_| {});
        assert_eq!(reply, Reply::Opened(Ok(shared())));
    }
}
