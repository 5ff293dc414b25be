//! Reads the scenarios that the page opens with, so that it needs no reader of text to show its first picture.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use mqttlab_sim::scenario::Scenario;

/// By name, with the file that it is in.
const SCENARIOS: &[(&str, &str)] = &[("duel", "../../lessons/duel/scenario.toml")];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (name, path) in SCENARIOS {
        println!("cargo::rerun-if-changed={path}");
        let scenario = Scenario::parse(&fs::read_to_string(path)?)
            .map_err(|error| format!("{path}: {error}"))?;
        fs::write(out.join(format!("{name}.scenario")), scenario.pack())?;
    }
    Ok(())
}
