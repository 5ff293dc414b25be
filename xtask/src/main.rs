//! The project's chores: set up what is missing, build, run, test, and check the house rules.
//!
//! Each chore is a file here. What they share: [`project`] knows where things are, [`child`] runs
//! other programs and shows how far they are, [`setup`] brings tools into a folder of the project's own.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

mod bench;
mod child;
mod clauses;
mod conformance;
mod failure;
mod lessons;
mod project;
mod run;
mod setup;
mod test;
mod tidy;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of MQTT Lab.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Set up what is missing, build the page and the program, and start the broker with the Lab.
    Run(run::Options),
    /// Set up what the tests need and run them all, or only the steps that are named.
    Test(test::Options),
    /// Build the page into dist/ and say how large its first load is.
    Web(web::Options),
    /// Check the rules that compiler and clippy do not know.
    Tidy,
    /// Say which statements of the standards a test proves, and which none does.
    Clauses(clauses::Options),
    /// Say what the lessons tell, and whether their runs do it.
    Lessons(lessons::Options),
    /// Run suites that others wrote against the broker, and say where it differs.
    Conformance(conformance::Options),
    /// Measure what the core costs: instructions, bytes, and with --time also time.
    Bench(bench::Options),
    /// Install the pinned tools, and say where they are.
    Setup(setup::Options),
}

fn main() -> ExitCode {
    let held = |()| true;
    let result = match Cli::parse().chore {
        Chore::Run(options) => run::run(options).map(held),
        Chore::Test(options) => test::run(&options),
        Chore::Web(options) => web::run(&options).map(held),
        Chore::Tidy => tidy::run().map(held),
        Chore::Clauses(options) => clauses::run(&options),
        Chore::Lessons(options) => lessons::run(&options),
        Chore::Conformance(options) => conformance::run(&options).map(held),
        Chore::Bench(options) => bench::run(&options).map(held),
        Chore::Setup(options) => setup::run(&options).map(held),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
