//! Counts what test runners say they ran.

/// Numbers of tests, or of checks where a command has no tests of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

impl Tally {
    /// One check that did not hold.
    pub(super) const FAILURE: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    /// One check that held.
    pub(super) const SUCCESS: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    /// One check that could not be made here.
    pub(super) const SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Follows the output of a command with test runners in it.
#[derive(Debug, Default)]
pub(super) struct Listener {
    said: Tally,
    /// How many runners closed with their numbers.
    runners: u32,
    /// Tests that skipped themselves, which their runner counts as passed.
    hollow: u32,
}

impl Listener {
    /// Reads one line: a runner's closing line, or a test's word that it skipped itself.
    pub(super) fn line(&mut self, line: &str) {
        let plain = without_colour(line);
        if let Some(counts) = plain.trim_start().strip_prefix("test result: ") {
            self.runners += 1;
            self.said.add(Tally {
                passed: count(counts, " passed"),
                failed: count(counts, " failed"),
                skipped: count(counts, " ignored"),
            });
        } else if plain.starts_with("skipped: ") {
            self.hollow += 1;
        }
    }

    /// The numbers once the command has ended, well or not.
    pub(super) fn tally(&self, success: bool) -> Tally {
        let Tally {
            passed,
            failed,
            skipped,
        } = self.said;
        if !success {
            return Tally {
                passed,
                failed: failed.max(1),
                skipped,
            };
        }
        if self.runners == 0 {
            return Tally::SUCCESS;
        }
        Tally {
            passed: passed.saturating_sub(self.hollow),
            failed,
            skipped: skipped + self.hollow,
        }
    }
}

/// The number before `word`; none is none.
fn count(counts: &str, word: &str) -> u32 {
    let Some(end) = counts.find(word) else {
        return 0;
    };
    let start = counts[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    counts[start..end].parse().unwrap_or(0)
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, text)| text);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::{Listener, Tally};

    fn heard(lines: &[&str], success: bool) -> Tally {
        let mut listener = Listener::default();
        for line in lines {
            listener.line(line);
        }
        listener.tally(success)
    }

    #[test]
    fn closing_lines_add_up() {
        let tally = heard(
            &[
                "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.01s",
                "test result: \u{1b}[31mFAILED\u{1b}[0m. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out",
            ],
            false,
        );
        assert_eq!(
            tally,
            Tally {
                passed: 14,
                failed: 1,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_command_without_runners_is_one_check() {
        assert_eq!(heard(&["Finished"], true), Tally::SUCCESS);
        assert_eq!(heard(&["error: could not compile"], false), Tally::FAILURE);
    }

    #[test]
    fn a_runner_without_tests_proves_nothing() {
        assert_eq!(
            heard(&["test result: ok. 0 passed; 0 failed; 0 ignored"], true),
            Tally::default()
        );
    }

    #[test]
    fn a_failure_after_good_tests_is_not_lost() {
        let tally = heard(
            &[
                "test result: ok. 3 passed; 0 failed; 0 ignored",
                "error: could not compile",
            ],
            false,
        );
        assert_eq!(
            tally,
            Tally {
                passed: 3,
                failed: 1,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_test_that_skipped_itself_has_not_passed() {
        let tally = heard(
            &[
                "skipped: no chromedriver",
                "test result: ok. 3 passed; 0 failed; 0 ignored",
            ],
            true,
        );
        assert_eq!(
            tally,
            Tally {
                passed: 2,
                failed: 0,
                skipped: 1
            }
        );
    }
}
