//! What the program does with scenarios beside playing them: the schema, the style, differences.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::{Folder, program, scenarios};
use crate::program::{ended, mqttlab};

fn scenario(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    path.join(name).to_string_lossy().into_owned()
}

fn validator() -> Result<jsonschema::Validator> {
    let (schema, _) = ended(&mqttlab(&["schema"])?, 0)?;
    let schema: Value = serde_json::from_str(&schema)?;
    Ok(jsonschema::validator_for(&schema)?)
}

fn as_json(toml: &str) -> Result<Value> {
    Ok(serde_json::to_value(toml::from_str::<toml::Value>(toml)?)?)
}

#[test]
fn every_scenario_has_the_form_that_the_schema_says() -> Result<()> {
    let validator = validator()?;
    for path in scenarios()? {
        let json = as_json(&fs::read_to_string(&path)?)?;
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        ensure!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
    Ok(())
}

#[test]
fn the_schema_refuses_what_is_no_scenario() -> Result<()> {
    let validator = validator()?;
    let good = fs::read_to_string(scenario("half-open.toml"))?;
    ensure!(validator.is_valid(&as_json(&good)?));
    for (right, wrong) in [
        ("[[client]]\nname", "[[client]]\nnmae"),
        ("act = \"connect\"", "act = \"conect\""),
        ("until = \"", "until = \"x"),
        ("version = 1", "version = \"1\""),
        ("seed = ", "seed = -"),
        ("[scenario]\n", "[extra]\n[scenario]\n"),
    ] {
        ensure!(good.contains(right), "{right}");
        let text = good.replacen(right, wrong, 1);
        ensure!(!validator.is_valid(&as_json(&text)?), "{wrong}");
    }
    Ok(())
}

/// The tests of traces run natively and as WebAssembly, where no folder can be looked through: so their lists are lists.
#[test]
fn every_scenario_has_its_trace_and_is_in_a_list_of_traces() -> Result<()> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let scenarios_played = fs::read_to_string(crates.join("mqttlab-sim/src/golden.rs"))?;
    let lessons_played = fs::read_to_string(crates.join("mqttlab-lessons/src/list.rs"))?;
    for path in scenarios()? {
        let text = path.to_string_lossy();
        let (_, inside) = text.rsplit_once("/../").context("it lies in the project")?;
        let lesson = inside
            .strip_prefix("lessons/")
            .and_then(|rest| rest.strip_suffix("/scenario.toml"));
        let (trace, is_listed) = match lesson {
            Some(id) => (
                path.with_file_name("trace.txt"),
                lessons_played.contains(&format!("\"{id}\"")),
            ),
            None => (
                path.with_extension("txt"),
                scenarios_played.contains(&format!("/{inside}\"")),
            ),
        };
        ensure!(trace.is_file(), "{} is missing", trace.display());
        ensure!(is_listed, "{inside} is not in the list");
    }
    Ok(())
}

#[test]
fn every_scenario_is_in_style() -> Result<()> {
    let paths = scenarios()?;
    let mut check = Command::new(program()?);
    let checked = check.args(["fmt", "--check"]).args(&paths).output()?;
    ended(&checked, 0)?;
    Ok(())
}

#[test]
fn a_file_is_brought_into_style_and_keeps_its_comments() -> Result<()> {
    let folder = Folder::new("style")?;
    let file = folder.path("a.toml");
    fs::write(&file, "[scenario]\n# why\n  id=\"a\" # short\n")?;
    let path = file.to_str().context("a plain path")?;
    let (said, _) = ended(&mqttlab(&["fmt", "--check", path])?, 1)?;
    ensure!(said.contains("not in style"), "{said}");
    let (said, _) = ended(&mqttlab(&["fmt", "--json", path])?, 0)?;
    let said: Value = serde_json::from_str(&said)?;
    ensure!(said[0]["changed"] == true, "{said}");
    ensure!(fs::read_to_string(&file)? == "[scenario]\n# why\nid = \"a\" # short\n");
    ended(&mqttlab(&["fmt", "--check", path])?, 0)?;
    fs::write(&file, "[scenario\n")?;
    let (_, said) = ended(&mqttlab(&["fmt", path])?, 2)?;
    ensure!(said.contains("a.toml") && said.contains("line 1"), "{said}");
    Ok(())
}

#[test]
fn two_runs_are_laid_side_by_side() -> Result<()> {
    let (a, b) = (
        scenario("qos2-cut-after-publish.toml"),
        scenario("qos2-cut-after-pubrel.toml"),
    );
    let (same, _) = ended(&mqttlab(&["diff", &a, &a])?, 0)?;
    ensure!(same.starts_with("the runs are the same"), "{same}");
    let (said, _) = ended(&mqttlab(&["diff", &a, &b])?, 1)?;
    let has = |parts: &[&str]| {
        let mut lines = said.lines();
        lines.any(|line| parts.iter().all(|part| line.contains(part)))
    };
    ensure!(said.starts_with("they differ from event "), "{said}");
    ensure!(has(&["PUBREC id 1 ╳", " ~ "]), "{said}");
    ensure!(has(&["the cable of pump is pulled", " <"]), "{said}");
    ensure!(has(&["> ", "PUBREL id 1 ╳"]), "{said}");
    ensure!(!said.contains('\x1b'), "colours are for terminals: {said}");

    let folder = Folder::new("runs")?;
    let run = folder.path("a.json");
    let run = run.to_str().context("a plain path")?;
    ended(&mqttlab(&["run", &a, "--json", "-o", run])?, 0)?;
    ended(&mqttlab(&["diff", run, &a])?, 0)?;
    let (said, _) = ended(&mqttlab(&["diff", "--json", run, &b])?, 1)?;
    let said: Value = serde_json::from_str(&said)?;
    ensure!(said["first_difference"]["event"].is_number());
    ensure!(said["rows"][0]["how"] == "same", "{said:#}");
    ended(&mqttlab(&["diff", &a])?, 2)?;
    ended(&mqttlab(&["diff", &a, "--seed", "99"])?, 0)?;
    Ok(())
}

#[test]
fn who_got_a_message_and_who_did_not() -> Result<()> {
    let queue = scenario("offline-queue.toml");
    let (all, _) = ended(&mqttlab(&["run", &queue, "--why-not"])?, 0)?;
    for said in [
        "#1  news/1 \"first\" (QoS 1, id 1) from writer at 4 s\n  yes  display has it at 10.08 s, for news/#",
        "  no   it was dropped for display at 5.02 s: QoS 0 messages do not wait",
        "   -   writer published it and does not subscribe to it",
    ] {
        ensure!(all.contains(said), "{all}");
    }
    // By number and by topic, for one client, and at an earlier moment.
    let two = ["run", &queue, "--why-not", "#2", "display"];
    let (by_number, _) = ended(&mqttlab(&two)?, 0)?;
    ensure!(by_number.lines().count() == 2, "{by_number}");
    let (by_topic, _) = ended(
        &mqttlab(&["run", &queue, "--why-not", "news/2", "display"])?,
        0,
    )?;
    ensure!(by_topic == by_number, "{by_topic}");
    let early = ["run", &queue, "--until", "5s", "--why-not", "news/1"];
    let (early, _) = ended(&mqttlab(&early)?, 0)?;
    ensure!(
        early.contains("...  it waits in the session of display"),
        "{early}"
    );
    let (json, _) = ended(
        &mqttlab(&["run", &queue, "--json", "--why-not", "2", "display"])?,
        0,
    )?;
    let json: Value = serde_json::from_str(&json)?;
    ensure!(
        json[0]["number"] == 2 && json[0]["from"] == "writer",
        "{json:#}"
    );
    ensure!(
        json[0]["rows"][0]["outcome"]["outcome"] == "dropped",
        "{json:#}"
    );
    for (wrong, advice) in [
        (&["news/22"][..], "did you mean `news/2`?"),
        (&["9"], "3 were published"),
        (&["1", "dispay"], "did you mean `display`?"),
    ] {
        let run = [&["run", &queue, "--why-not"][..], wrong].concat();
        let (_, said) = ended(&mqttlab(&run)?, 2)?;
        ensure!(said.contains(advice), "{said}");
    }
    Ok(())
}

#[test]
fn what_must_always_hold_is_looked_at_when_asked() -> Result<()> {
    let one = scenario("qos2-cut-after-publish.toml");
    let checked = ["run", &one, "--check-invariants", "--json"];
    let (checked, said) = ended(&mqttlab(&checked)?, 0)?;
    ensure!(said.is_empty(), "{said}");
    let checked: Value = serde_json::from_str(&checked)?;
    let (plain, _) = ended(&mqttlab(&["run", &one, "--json"])?, 0)?;
    let plain: Value = serde_json::from_str(&plain)?;
    ensure!(checked == plain && plain["violation"].is_null());
    ended(&mqttlab(&["check", "--check-invariants", &one])?, 0)?;
    let hunt = [
        "hunt",
        "--check-invariants",
        "--seeds",
        "20",
        "--disturbances",
        "0",
        &one,
    ];
    ended(&mqttlab(&hunt)?, 0)?;
    for command in ["run", "check", "hunt"] {
        let (help, _) = ended(&mqttlab(&[command, "--help"])?, 0)?;
        ensure!(help.contains("3  with --check-invariants"), "{help}");
    }
    Ok(())
}

/// What was played by hand stands in a scenario with its place in its moment; it is part of the run like all else.
#[test]
fn what_was_done_by_hand_is_played_too() -> Result<()> {
    let folder = Folder::new("by-hand")?;
    let file = folder.path("a.toml");
    fs::write(
        &file,
        "[scenario]\nid = \"a\"\ntitle = \"A\"\nversion = 1\nuntil = \"3s\"\n[[client]]\nname = \"A\"\n\
         [[do]]\nat = \"1s\"\nnth = 0\nwho = \"A\"\nact = \"connect\"\n\
         [[expect]]\neventually = 'connected(\"A\")'\n",
    )?;
    let path = file.to_str().context("a plain path")?;
    for command in ["check", "run"] {
        ended(&mqttlab(&[command, path])?, 0)?;
    }
    ended(&mqttlab(&["diff", path, "--seed", "1"])?, 0)?;
    Ok(())
}
