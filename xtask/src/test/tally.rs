//! Counts what test runners say they ran.

/// Numbers of tests, or of checks where a step has no tests of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
    /// Tests that skipped themselves, which their runner counts as passed.
    pub(super) hollow: u32,
}

impl Tally {
    /// One check that did not hold.
    pub(super) fn failure() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    /// One check that held.
    pub(super) fn success() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Reads one line of a runner's output: its closing line, or a test's word that it skipped itself.
    pub(super) fn read(&mut self, line: &str) {
        let plain = without_colour(line);
        if let Some(counts) = plain.trim_start().strip_prefix("test result: ") {
            self.passed += count(counts, " passed");
            self.failed += count(counts, " failed");
            self.skipped += count(counts, " ignored");
        } else if plain.starts_with("skipped: ") {
            self.hollow += 1;
        }
    }

    /// The tally once the command has ended, well or not.
    pub(super) fn closed(mut self, success: bool) -> Self {
        let hollow = std::mem::take(&mut self.hollow);
        self.passed = self.passed.saturating_sub(hollow);
        self.skipped += hollow;
        if !success {
            self.failed = self.failed.max(1);
        } else if self == Self::default() {
            return Self::success();
        }
        self
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
    use super::Tally;

    fn read(lines: &[&str], success: bool) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read(line);
        }
        tally.closed(success)
    }

    #[test]
    fn closing_lines_add_up() {
        let tally = read(
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
                skipped: 1,
                hollow: 0,
            }
        );
    }

    #[test]
    fn a_command_without_tests_is_one_check() {
        assert_eq!(read(&["Finished"], true), Tally::success());
        assert_eq!(read(&["error: could not compile"], false), Tally::failure());
    }

    #[test]
    fn a_test_that_skipped_itself_has_not_passed() {
        let tally = read(
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
                skipped: 1,
                hollow: 0,
            }
        );
    }
}
