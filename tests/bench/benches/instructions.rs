//! How many instructions the broker core takes, which is the same on a busy machine and on an idle one.
//!
//! For each [`Work`] this program runs itself under Valgrind's Callgrind, which counts only inside [`measured`].
//! `cargo bench -p mqttlab-bench --bench instructions -- [NAME]` runs those whose name has NAME in it.
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
    let wanted = |work: &&Work| args.iter().all(|text| work.to_string().contains(text));
    println!("{:<28} {:>12} {:>12}", "work", "a step", "each");
    for work in Work::ALL.iter().filter(wanted) {
        match count(*work) {
            Ok(instructions) => {
                let step = instructions as f64 / STEPS as f64;
                let each = step / work.units() as f64;
                println!("{:<28} {step:>12.1} {each:>12.1}", work.to_string());
            }
            Err(error) => {
                eprintln!("error: {work}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// What Callgrind sees.
fn run(name: &str) {
    let found = Work::ALL.iter().find(|work| work.to_string() == name);
    let mut prepared = Prepared::new(*found.expect("the parent names one of them"));
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
fn measured(prepared: &mut Prepared) {
    black_box(prepared).step();
}

/// Instructions of all [`STEPS`] together.
fn count(work: Work) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let file = format!("callgrind.{}.out", work.to_string().replace('/', "-"));
    let out = program.parent().unwrap_or(Path::new(".")).join(file);
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--toggle-collect=*instructions*measured*",
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(&program)
        .args(["--inside", &work.to_string()])
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
