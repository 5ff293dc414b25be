//! The standards, statement by statement: what the broker does, under the sentences that demand it.

mod both;
mod connect;
mod malformed;
mod v5;

use std::fmt::Write;
use std::string::String;

use expect_test::Expect;

use super::run_twice;
use crate::broker::Config;
use crate::clause::Clause;

/// Runs a script and compares what the broker sends, under the statements that this shows to be kept. The broker
/// itself gives those marked `?` as the reason of a decision; the others show in the packets alone.
#[track_caller]
fn shows(clauses: &[Clause], script: &str, expected: Expect) {
    shows_with(&Config::default(), clauses, script, expected);
}

/// The same with a configuration.
#[track_caller]
fn shows_with(config: &Config, clauses: &[Clause], script: &str, expected: Expect) {
    expected.assert_eq(report(config, clauses, script).trim_end());
}

/// The same for both standards, whose statements differ but in their numbers.
#[track_caller]
fn both(v311: &[Clause], v5: &[Clause], script: &str, expected: Expect) {
    both_with(&Config::default(), v311, v5, script, expected);
}

#[track_caller]
fn both_with(config: &Config, v311: &[Clause], v5: &[Clause], script: &str, expected: Expect) {
    let mut text = report(config, v311, script);
    text.push_str(&report(config, v5, &std::format!("version 5\n{script}")));
    expected.assert_eq(text.trim_end());
}

#[track_caller]
fn report(config: &Config, clauses: &[Clause], script: &str) -> String {
    let run = run_twice(config, script);
    let mut text = String::new();
    for clause in clauses {
        let mark = if run.has_reason(*clause) { '?' } else { '=' };
        let (version, summary) = (clause.version(), clause.summary());
        writeln!(text, "{mark} {version} {clause}: {summary}").expect("a string takes all");
    }
    text + &run.output
}
