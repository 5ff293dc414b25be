//! The marks that tests leave: which statements a file proves.

use std::collections::BTreeSet;

/// The variants of the statements that the tests in a file name.
///
/// In Rust `Clause::V5_…` counts where it is in a test, and in the scripts of `v311.rs` and `v5.rs` the statements that
/// the expected decisions end with. In the codec's vectors it is the clause of each refusal.
pub(super) fn marks_in(path: &str, text: &str) -> BTreeSet<String> {
    if path.starts_with("xtask/") {
        // The samples of the chores prove nothing about MQTT.
        BTreeSet::new()
    } else if path.ends_with("codec/tests/invalid.txt") {
        text.lines().flat_map(refusal).collect()
    } else if path.ends_with(".rs") {
        let tests = tests_of(path, text);
        let mut marks = named_in(tests);
        let prefix = match path.rsplit_once("/client/tests/") {
            Some((_, "v311.rs")) => "V311_",
            Some((_, "v5.rs")) => "V5_",
            Some((_, part)) if part.starts_with("v5/") => "V5_",
            Some(_) | None => return marks,
        };
        marks.extend(tests.lines().flat_map(|line| expected(line, prefix)));
        marks
    } else {
        BTreeSet::new()
    }
}

/// The part of a source file that is tests: all of a file among tests, or what follows `mod tests {`.
fn tests_of<'a>(path: &str, text: &'a str) -> &'a str {
    let is_test = path
        .split('/')
        .any(|part| part == "tests" || part == "tests.rs");
    if is_test {
        text
    } else {
        text.split_once("\nmod tests {")
            .map_or("", |(_, tests)| tests)
    }
}

fn named_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split("Clause::")
        .skip(1)
        .map(|rest| &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())])
        .filter(|name| name.starts_with("V311_") || name.starts_with("V5_"))
        .map(str::to_owned)
        .collect()
}

/// The statement at the end of a line of expected output: `> PINGREQ`, but `? sends PINGREQ [MQTT-3.1.2-23]`.
fn expected(line: &str, prefix: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with(['?', '*']) {
        return None;
    }
    let (_, rest) = line.split_once("[MQTT-")?;
    let (id, _) = rest.split_once(']')?;
    Some(variant(prefix, id))
}

/// The statements of a row of vectors: `VERSIONS DIRECTION BYTES ! KIND @POSITION CLAUSE REASON`, and for a CONNECT that
/// is answered `-> VERSION`.
fn refusal(row: &str) -> Vec<String> {
    let Some((head, outcome)) = row.split_once(" ! ").filter(|_| !row.starts_with('#')) else {
        return Vec::new();
    };
    let versions = head.split(' ').next().unwrap_or_default();
    let clause = outcome.split(' ').nth(2).unwrap_or("-");
    let (old, new) = clause.split_once('|').unwrap_or((clause, clause));
    let mut versions: Vec<&str> = versions.split(',').collect();
    if versions == ["all"] {
        versions = vec!["3.1.1", "5"];
    }
    // A CONNECT says itself of which version it is.
    if let Some((_, version)) = outcome.split_once(" -> ") {
        versions = vec![version.strip_suffix(".0").unwrap_or(version)];
    }
    versions
        .into_iter()
        .filter_map(|version| match version {
            "3.1.1" => Some(("V311_", old)),
            "5" => Some(("V5_", new)),
            // 3.1 has no numbered statements.
            _ => None,
        })
        .filter(|(_, id)| *id != "-")
        .map(|(prefix, id)| variant(prefix, id))
        .collect()
}

/// `3.1.2-23` as a name in the code.
fn variant(prefix: &str, id: &str) -> String {
    format!("{prefix}{}", id.replace(['.', '-'], "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(path: &str, text: &str) -> Vec<String> {
        marks_in(path, text).into_iter().collect()
    }

    #[test]
    fn names_count_in_tests_only() {
        let text = "why!(Clause::V5_1_1);\n#[cfg(test)]\nmod tests {\n    because(&[Clause::V5_1_2, Clause::ALL]);\n}\n";
        assert_eq!(marks("crates/a/src/link.rs", text), ["V5_1_2"]);
        assert_eq!(
            marks("crates/a/src/link/tests.rs", text),
            ["V5_1_1", "V5_1_2"]
        );
        assert_eq!(
            marks("crates/a/src/b/tests/c.rs", text),
            ["V5_1_1", "V5_1_2"]
        );
        assert_eq!(marks("tests/it/c.rs", text), ["V5_1_1", "V5_1_2"]);
        assert_eq!(marks("xtask/src/tests.rs", text), [""; 0]);
        assert_eq!(marks("README.md", text), [""; 0]);
    }

    #[test]
    fn expected_decisions_count_in_the_clients_scripts() {
        let text = "/// [MQTT-1.1-1]\n? sends PINGREQ [MQTT-3.1.2-23]\n* disconnected: [MQTT-3.2.0-1], again\n> PINGREQ\n";
        let expected = ["V311_3_1_2_23", "V311_3_2_0_1"];
        assert_eq!(marks("crates/c/src/client/tests/v311.rs", text), expected);
        let expected = ["V5_3_1_2_23", "V5_3_2_0_1"];
        assert_eq!(
            marks("crates/c/src/client/tests/v5/auth.rs", text),
            expected
        );
        assert_eq!(marks("crates/c/src/client/tests/policy.rs", text), [""; 0]);
    }

    #[test]
    fn refusals_of_the_codec_count_for_the_versions_of_their_row() {
        let rows = "# 5 > 00 ! A @0 1.1-1 81\n\
                    all > 00 ! ReservedType @0 4.8.0-1|4.13.1-1 81\n\
                    3.1,3.1.1 > 00 ! A @0 2.2.2-2 81\n\
                    5 > 00 ! A @0 - 81\n\
                    all > 18 ! ReservedFlags @0 2.1.3-1 81 -> 5.0\n\
                    all > 00 ! A @0 -|1.5.5-1 81\n\
                    5 > 00 = PINGREQ\n";
        let path = "crates/c/src/codec/tests/invalid.txt";
        assert_eq!(
            marks(path, rows),
            [
                "V311_2_2_2_2",
                "V311_4_8_0_1",
                "V5_1_5_5_1",
                "V5_2_1_3_1",
                "V5_4_13_1_1"
            ]
        );
    }
}
