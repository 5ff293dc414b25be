//! The program on the command line: what it prints and how it ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use crate::harness::{Folder, program};

pub(crate) fn mqttlab(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(program()?).args(arguments).output()?)
}

/// Checks how it ended and gives what it said: standard output, standard error.
pub(crate) fn ended(output: &Output, code: i32) -> Result<(String, String)> {
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.code() == Some(code),
        "{}: {out}{err}",
        output.status
    );
    Ok((out, err))
}

/// A scenario in a file that goes with the test.
struct ScenarioFile(PathBuf);

impl ScenarioFile {
    fn new(name: &str, rest: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("mqttlab-{}-{name}.toml", std::process::id()));
        let head = "[scenario]\nid = \"t\"\ntitle = \"A test\"\nversion = 1\nuntil = \"3s\"\n";
        fs::write(&path, format!("{head}{rest}"))?;
        Ok(Self(path))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl Drop for ScenarioFile {
    fn drop(&mut self) {
        // It lies in the folder for what may go at any time.
        let _ = fs::remove_file(&self.0);
    }
}

const CONNECT: &str =
    "[[client]]\nname = \"A\"\n[[do]]\nat = \"1s\"\nwho = \"A\"\nact = \"connect\"\n";

#[test]
fn a_scenario_is_played_and_printed() -> Result<()> {
    let file = ScenarioFile::new("play", CONNECT)?;
    let (ladder, _) = ended(&mqttlab(&["run", file.path()])?, 0)?;
    ensure!(ladder.contains("├─CONNECT"), "{ladder}");
    let (diagram, _) = ended(&mqttlab(&["run", file.path(), "--format", "mermaid"])?, 0)?;
    ensure!(diagram.contains("sequenceDiagram"), "{diagram}");
    let play = ["run", file.path(), "--format", "events"];
    let (events, _) = ended(&mqttlab(&play)?, 0)?;
    ensure!(events.contains("A is told to connect"), "{events}");
    ensure!(
        !events.contains('\x1b'),
        "colours are for terminals: {events}"
    );
    let (json, _) = ended(&mqttlab(&["run", file.path(), "--format", "json"])?, 0)?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    ensure!(json["until"] == 3_000_000, "{json:#}");
    ensure!(
        json["flights"]
            .as_array()
            .is_some_and(|flights| !flights.is_empty())
    );
    let (short, _) = ended(&mqttlab(&[&play[..], &["--until", "500ms"]].concat())?, 0)?;
    ensure!(!short.contains("A is told to connect"), "{short}");
    let (seeded, _) = ended(&mqttlab(&[&play[..], &["--seed", "77"]].concat())?, 0)?;
    ensure!(seeded.contains("seed 77"), "{seeded}");
    Ok(())
}

#[test]
fn a_run_is_written_to_a_file_in_each_form() -> Result<()> {
    let file = ScenarioFile::new("forms", CONNECT)?;
    let folder = Folder::new("forms")?;
    for (format, begin) in [
        ("text", "              A"),
        ("ladder", "              A"),
        ("events", "# t: A test"),
        ("json", "{"),
        ("ndjson", "{\"run\":"),
        ("mermaid", "sequenceDiagram"),
        ("plantuml", "@startuml"),
        ("svg", "<svg "),
        ("pcapng", "\n\r\r\n"),
        ("rust", "//! A test."),
    ] {
        let path = folder.path(format);
        let path = path.to_str().unwrap_or_default();
        let run = ["run", file.path(), "--format", format, "-o", path];
        let (printed, _) = ended(&mqttlab(&run)?, 0)?;
        ensure!(printed.is_empty(), "{format}: {printed}");
        let written = fs::read(path)?;
        ensure!(written.starts_with(begin.as_bytes()), "{format}");
    }
    let (wrong, said) = ended(&mqttlab(&["run", file.path(), "--format", "svgg"])?, 2)?;
    ensure!(wrong.is_empty() && said.contains("'svg'"), "{said}");
    let nowhere = ["run", file.path(), "-o", "/nonexistent/run.svg"];
    let (_, said) = ended(&mqttlab(&nowhere)?, 2)?;
    ensure!(said.contains("/nonexistent/run.svg"), "{said}");
    Ok(())
}

#[test]
fn machines_are_answered_in_json() -> Result<()> {
    let holds = ScenarioFile::new(
        "json-holds",
        &format!("{CONNECT}[[expect]]\neventually = 'connected(\"A\")'\n"),
    )?;
    let (said, _) = ended(&mqttlab(&["check", "--json", holds.path()])?, 0)?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    ensure!(said[0]["expectations"][0]["verdict"] == "pass", "{said:#}");
    let (said, _) = ended(&mqttlab(&["run", "--json", holds.path()])?, 0)?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    ensure!(said["participants"][1] == "A", "{said:#}");
    let hunt = [
        "hunt",
        "--json",
        "--seeds",
        "2",
        "--disturbances",
        "0",
        holds.path(),
    ];
    let (said, _) = ended(&mqttlab(&hunt)?, 0)?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    ensure!(said["finding"].is_null() && said["seeds"] == 2, "{said:#}");
    Ok(())
}

#[test]
fn expectations_decide_how_it_ends() -> Result<()> {
    let holds = ScenarioFile::new(
        "holds",
        &format!("{CONNECT}[[expect]]\nnever = 'connected(\"A\")'\nby = \"1s\"\n"),
    )?;
    let fails = ScenarioFile::new(
        "fails",
        &format!("{CONNECT}[[expect]]\neventually = 'connected(\"A\")'\nby = \"1s\"\n"),
    )?;
    ended(&mqttlab(&["check", holds.path()])?, 0)?;
    ended(&mqttlab(&["run", holds.path()])?, 0)?;
    let (said, _) = ended(&mqttlab(&["check", holds.path(), fails.path()])?, 1)?;
    ensure!(
        said.contains("1 of 1 hold") && said.contains("0 of 1 hold"),
        "{said}"
    );
    ensure!(said.contains("FAIL"), "{said}");
    ended(&mqttlab(&["run", fails.path()])?, 1)?;
    Ok(())
}

#[test]
fn what_a_hunt_finds_can_be_played_again() -> Result<()> {
    let fragile = format!("{CONNECT}[[expect]]\nalways = 'connected(\"A\")'\nfrom = \"2s\"\n");
    let file = ScenarioFile::new("fragile", &fragile)?;
    let folder = Folder::new("hunt")?;
    let saved = folder.path("finding.json");
    let saved = saved.to_str().unwrap_or_default();
    let (found, _) = ended(&mqttlab(&["hunt", file.path(), "--save", saved])?, 1)?;
    ensure!(found.contains("# FAIL: always"), "{found}");
    let seed = found
        .split("--seed ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let seed = seed.context("it says how to see it again")?;
    let again = ["run", file.path(), "--seed", seed, "--changes", saved];
    let (again, _) = ended(&mqttlab(&again)?, 1)?;
    ensure!(again.contains("# FAIL: always"), "{again}");
    ended(
        &mqttlab(&["hunt", file.path(), "--seeds", "3", "--disturbances", "0"])?,
        0,
    )?;
    let small = folder.path("small.toml");
    let small = small.to_str().unwrap_or_default();
    let one = ["--threads", "1", "--inevitable", "5", "--output", small];
    let hunt = [&["hunt", file.path()][..], &one].concat();
    let (said, _) = ended(&mqttlab(&hunt)?, 1)?;
    ensure!(said.contains("# inevitable from"), "{said}");
    ensure!(
        said.contains(&format!("# seed {seed},")),
        "however many threads look: {said}"
    );
    let (again, _) = ended(&mqttlab(&["run", small])?, 1)?;
    ensure!(again.contains("# FAIL: always"), "{again}");
    let sound = ScenarioFile::new("sound", CONNECT)?;
    ended(&mqttlab(&["hunt", sound.path(), "--seeds", "20"])?, 0)?;
    Ok(())
}

#[test]
fn a_mistake_in_a_scenario_is_said_with_its_place() -> Result<()> {
    let file = ScenarioFile::new(
        "wrong",
        "[[client]]\nname = \"A\"\n[[do]]\nat = \"1s\"\nwho = \"B\"\nact = \"connect\"\n",
    )?;
    for command in ["run", "check"] {
        let (_, said) = ended(&mqttlab(&[command, file.path()])?, 2)?;
        ensure!(
            said.contains(file.path()) && said.contains("line 10, column 7"),
            "{said}"
        );
    }
    let (_, said) = ended(&mqttlab(&["run", "/nonexistent.toml"])?, 2)?;
    ensure!(said.contains("/nonexistent.toml"), "{said}");
    Ok(())
}

#[test]
fn the_configuration_is_checked_and_printed() -> Result<()> {
    let (printed, _) = ended(&mqttlab(&["broker", "--print-default-config"])?, 0)?;
    let file = std::env::temp_dir().join(format!("mqttlab-{}-config.toml", std::process::id()));
    fs::write(&file, &printed)?;
    let path = file.to_str().unwrap_or_default();
    let good = mqttlab(&["broker", "--config", path, "--check-config"]);
    fs::write(&file, printed.replace("in-flight-max", "inflight-max"))?;
    let bad = mqttlab(&["broker", "--config", path, "--check-config"]);
    fs::remove_file(&file)?;
    ended(&good?, 0)?;
    let (_, said) = ended(&bad?, 2)?;
    ensure!(said.contains("did you mean `in-flight-max`?"), "{said}");
    Ok(())
}

#[test]
fn it_brings_its_manual_and_its_completions() -> Result<()> {
    let (page, _) = ended(&mqttlab(&["man"])?, 0)?;
    ensure!(
        page.contains(".TH mqttlab 1") && page.contains("broker"),
        "{page}"
    );
    let folder = Folder::new("manual")?;
    let to = folder.path("man1");
    let to = to.to_str().unwrap_or_default();
    ended(&mqttlab(&["man", "--to", to])?, 0)?;
    let page = fs::read_to_string(folder.path("man1/mqttlab-broker.1"))?;
    ensure!(page.contains("durability"), "{page}");
    for page in fs::read_dir(to)? {
        let page = fs::read_to_string(page?.path())?;
        ensure!(!page.contains("EXTRA"), "{page}");
    }
    let (page, _) = ended(&mqttlab(&["man", "--configuration"])?, 0)?;
    ensure!(
        page.starts_with(".TH mqttlab-broker 5 ") && page.contains("queue\\-messages\\-max = 1000"),
        "{page}"
    );
    for shell in ["bash", "zsh", "fish"] {
        let (script, _) = ended(&mqttlab(&["completions", shell])?, 0)?;
        ensure!(script.contains("durability"), "{shell}: {script}");
    }
    ended(&mqttlab(&["completions", "sh"])?, 2)?;
    Ok(())
}

#[test]
fn wrong_options_end_with_two() -> Result<()> {
    ended(&mqttlab(&["broker", "--nonsense"])?, 2)?;
    ended(&mqttlab(&["broker", "--log", "loud=quiet"])?, 2)?;
    ended(&mqttlab(&[])?, 2)?;
    let (version, _) = ended(&mqttlab(&["--version"])?, 0)?;
    ensure!(version.starts_with("mqttlab "), "{version}");
    Ok(())
}
