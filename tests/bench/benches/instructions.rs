//! How many instructions the broker core takes, which is the same on a busy machine and on an idle one.
//!
//! For each [`Work`] this program runs itself under Valgrind's Callgrind, which counts only inside [`measured`].
//! `cargo bench -p mqttlab-bench --bench instructions -- [NAME]` runs those whose name has NAME in it.
//!
//! Nobody traces, except where the name says so. That this is as cheap as if decisions could not be traced at all shows
//! a build without any of these calls: `RUSTFLAGS="--cfg mqttlab_without_why"` in front of the command.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::env;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use mqttlab_bench::{Prepared, Work};

/// In front of the name of work whose decisions are all looked at.
const TRACED: &str = "traced/";
/// Steps that grow buffers to their size, and are not counted.
const WARM_UP: usize = 100;
/// Steps that are counted.
const STEPS: usize = 64;

fn main() -> ExitCode {
    // Cargo adds --bench.
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [flag, name] = &args[..]
        && flag == "--inside"
    {
        run(name);
        return ExitCode::SUCCESS;
    }
    println!("{:<28} {:>12} {:>12}", "work", "a step", "each");
    let runs = Work::ALL.iter().map(|work| (work, ""));
    let traced = Work::TRACED.iter().map(|work| (work, TRACED));
    for (work, traced) in runs.chain(traced) {
        let name = format!("{traced}{work}");
        if !args.iter().all(|text| name.contains(text)) {
            continue;
        }
        match count(&name) {
            Ok(instructions) => {
                let step = instructions as f64 / STEPS as f64;
                let each = step / work.units() as f64;
                println!("{name:<28} {step:>12.1} {each:>12.1}");
            }
            Err(error) => {
                eprintln!("error: {name}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// What Callgrind sees.
fn run(name: &str) {
    match name.strip_prefix(TRACED) {
        Some(name) => run_prepared(Prepared::<true>::new(find(name))),
        None => run_prepared(Prepared::<false>::new(find(name))),
    }
}

fn find(name: &str) -> Work {
    let found = Work::ALL.iter().find(|work| work.to_string() == name);
    *found.expect("the parent names one of them")
}

fn run_prepared<const TRACE: bool>(mut prepared: Prepared<TRACE>) {
    for _ in 0..WARM_UP {
        prepared.ready();
        prepared.step();
    }
    for _ in 0..STEPS {
        prepared.ready();
        measured(&mut prepared);
    }
}

#[inline(never)]
fn measured<const TRACE: bool>(prepared: &mut Prepared<TRACE>) {
    black_box(prepared).step();
}

/// Instructions of all [`STEPS`] together.
fn count(work: &str) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let file = format!("callgrind.{}.out", work.replace('/', "-"));
    let out = program.parent().unwrap_or(Path::new(".")).join(file);
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--toggle-collect=*instructions*measured*",
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(&program)
        .args(["--inside", work])
        .output()
        .map_err(|error| format!("cannot start valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("it failed under valgrind:\n{said}"));
    }
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, number) = collected.ok_or_else(|| format!("valgrind gives no count:\n{said}"))?;
    let number: u64 = number
        .trim()
        .parse()
        .map_err(|error| format!("{number}: {error}"))?;
    (number > 0)
        .then_some(number)
        .ok_or_else(|| "valgrind did not see the function that is measured".to_owned())
}
