//! `mqttlab replay`: what a broker has recorded, played again by the same core.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mqttlab_sim::export::{ladder, mermaid, ndjson, pcapng, plantuml, svg, trace};
use mqttlab_sim::recording::Budget;
use mqttlab_sim::traffic::Traffic;

use crate::output::{paint, write};
use crate::{Failure, files};

pub(crate) const HELP: &str = "\
Examples:
  mqttlab broker --record traffic.mqttlab
  mqttlab replay traffic.mqttlab
  mqttlab replay traffic.mqttlab --format pcapng | wireshark -k -i -
  mqttlab replay traffic.mqttlab --format scenario -o traffic.toml

A scenario has clients that do what the recorded ones did, to be played and changed; the other forms show what was \
recorded, as it was.

Exit codes:
  0  handed the same, the broker sends the same bytes
  1  it does something else: it was recorded by another version, or altered
  2  the file cannot be read, or is no recording";

/// The longest file that is read, in bytes.
const FILE_MAX: usize = 1 << 30;
/// What may be kept of it.
const BUDGET: Budget = Budget {
    happenings: 20_000_000,
    bytes: 2 << 30,
};

/// Options of `mqttlab replay`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// What `mqttlab broker --record` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Write to this file in place of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// In ladders, also SYN and ACK of TCP
    #[arg(long)]
    tcp: bool,

    /// In ladders, also PINGREQ and PINGRESP
    #[arg(long)]
    pings: bool,
}

/// In which form a recording is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A ladder of text: one column for each participant, time downwards, one arrow for each packet
    #[default]
    #[value(alias = "text")]
    Ladder,
    /// One line for each thing that happened, with the reasons
    Events,
    /// Only whether the same came of the same
    Check,
    /// Everything, one JSON object a line
    Ndjson,
    /// A sequence diagram for Mermaid
    Mermaid,
    /// A sequence diagram for PlantUML
    Plantuml,
    /// A ladder as a picture
    Svg,
    /// A capture of what was on the wire, for Wireshark
    Pcapng,
    /// A scenario with clients that do what these did
    Scenario,
}

/// Plays a recording again and prints it.
///
/// # Errors
/// When the file cannot be read or is no recording.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let complain = |why: String| Failure::usage(format!("{}: {why}", options.file.display()));
    let bytes = files::bytes(&options.file)?;
    let traffic = Traffic::read(&bytes, FILE_MAX).map_err(|error| complain(error.to_string()))?;
    let replayed = traffic.replay(BUDGET);
    let recording = &replayed.recording;
    let mut verdict = format!("# {}\n", replayed.verdict());
    if traffic.is_cut {
        verdict += "# the file ends in the middle of an entry\n";
    }
    if let Some(why) = &replayed.ended {
        verdict += &format!("# the recording ended because {why}\n");
    }
    let drawn = ladder::Options {
        tcp: options.tcp,
        pings: options.pings,
    };
    let is_printed = options.output.is_none();
    let painted = |text: String| if is_printed { paint(&text) } else { text };
    let bytes = match options.format {
        Format::Ladder => (ladder::ladder(recording, drawn) + &verdict).into_bytes(),
        Format::Events => {
            let events = trace::trace(recording, trace::Options::default());
            painted(events + &verdict).into_bytes()
        }
        Format::Check => verdict.clone().into_bytes(),
        Format::Ndjson => ndjson::ndjson(recording).into_bytes(),
        Format::Mermaid => mermaid::mermaid(recording).into_bytes(),
        Format::Plantuml => plantuml::plantuml(recording, drawn).into_bytes(),
        Format::Svg => svg::svg(recording, drawn).into_bytes(),
        Format::Pcapng => pcapng::pcapng(recording),
        Format::Scenario => traffic.to_scenario().to_text().into_bytes(),
    };
    write(options.output.as_deref(), &bytes)?;
    Ok(ExitCode::from(u8::from(replayed.difference.is_some())))
}
