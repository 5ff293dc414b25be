//! What came of the cases of a suite, for people and for programs.

use std::str::FromStr;

use anyhow::{Context, Error, Result};
use serde::Serialize;

/// A suite and what came of its cases.
#[derive(Serialize)]
pub(super) struct Score {
    /// Its name, as `--min` uses it.
    pub(super) suite: &'static str,
    /// How many cases ran.
    pub(super) cases: usize,
    /// Those that did not go as the suite expects.
    pub(super) differences: Vec<Difference>,
    /// What is to be known about the run beside its cases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
}

/// A case that did not go as its suite expects.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    /// The case's name.
    pub(super) case: String,
    /// What went to the broker (or the codec), in order.
    pub(super) sent: Vec<String>,
    /// What should have come back.
    pub(super) expected: String,
    /// What came.
    pub(super) got: String,
}

impl Score {
    pub(super) fn new(suite: &'static str, cases: usize, differences: Vec<Difference>) -> Self {
        Self {
            suite,
            cases,
            differences,
            notes: Vec::new(),
        }
    }

    pub(super) fn passed(&self) -> usize {
        self.cases - self.differences.len()
    }

    /// Remembers that the broker did not last until the end, if so.
    pub(super) fn note_end(&mut self, early_end: Option<String>) {
        self.notes.extend(early_end);
    }
}

/// The score that a suite must reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Minimum {
    pub(super) suite: String,
    pub(super) passed: usize,
}

impl FromStr for Minimum {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (suite, passed) = text
            .split_once('=')
            .context("write SUITE=COUNT, as in mosquitto=1480")?;
        Ok(Self {
            suite: suite.trim().to_owned(),
            passed: passed
                .trim()
                .parse()
                .context("after the = stands a number of cases")?,
        })
    }
}

pub(super) fn print(scores: &[Score], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(scores)?);
        return Ok(());
    }
    for score in scores {
        for difference in &score.differences {
            print_difference(score.suite, difference);
        }
    }
    println!(
        "{:<16} {:>6} {:>7} {:>7}",
        "suite", "cases", "passed", "differ"
    );
    for score in scores {
        println!(
            "{:<16} {:>6} {:>7} {:>7}",
            score.suite,
            score.cases,
            score.passed(),
            score.differences.len()
        );
        for note in &score.notes {
            println!("  note: {note}");
        }
    }
    Ok(())
}

fn print_difference(suite: &str, difference: &Difference) {
    println!("{suite}: {}", difference.case);
    for sent in &difference.sent {
        println!("    sent      {sent}");
    }
    println!("    expected  {}", difference.expected);
    for (index, line) in difference.got.lines().enumerate() {
        let label = if index == 0 { "got" } else { "" };
        println!("    {label:<8}  {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Difference, Minimum, Score};

    #[test]
    fn a_minimum_is_a_suite_and_a_count() {
        let minimum: Minimum = "mosquitto=1480".parse().expect("well written");
        assert_eq!(minimum.suite, "mosquitto");
        assert_eq!(minimum.passed, 1480);
        assert!("1480".parse::<Minimum>().is_err());
        assert!("paho-3=all".parse::<Minimum>().is_err());
    }

    #[test]
    fn what_does_not_differ_has_passed() {
        let difference = Difference {
            case: String::new(),
            sent: Vec::new(),
            expected: String::new(),
            got: String::new(),
        };
        assert_eq!(Score::new("x", 3, vec![difference]).passed(), 2);
    }
}
