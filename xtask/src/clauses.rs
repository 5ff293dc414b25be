//! Which normative statements of MQTT 3.1.1 and 5.0 a test proves, and which none does.
//!
//! The statements are those of the core's clause table. A test marks what it proves by naming the statement; what
//! cannot apply here is listed with its reason in `clauses.toml`.

mod marks;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::{project, tidy};
use table::Statement;

const TABLE: &str = "crates/mqttlab-core/src/clause/table.rs";
const NOT_APPLICABLE: &str = "crates/mqttlab-core/clauses.toml";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print only what no test proves.
    #[arg(long)]
    missing: bool,
}

/// Prints the coverage; says whether every statement is proven or cannot apply.
///
/// # Errors
/// When the sources cannot be read, a test names a statement that there is not, or a reason is wanting.
pub(crate) fn run(options: &Options) -> Result<bool> {
    print_coverage(options.missing)
}

/// The same for the tests, which tell only of what is missing.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> Result<bool> {
    print_coverage(true)
}

fn print_coverage(only_missing: bool) -> Result<bool> {
    let root = project::root();
    let statements = table::statements(&read(&root, TABLE)?)?;
    let reasons = reasons_in(&read(&root, NOT_APPLICABLE)?)?;
    let mut marks = BTreeMap::<String, BTreeSet<String>>::new();
    for path in tidy::files()? {
        // Deleted but not yet committed, or not text: nothing to read.
        let Ok(text) = fs::read_to_string(root.join(&path)) else {
            continue;
        };
        for variant in marks::marks_in(&path, &text) {
            marks.entry(variant).or_default().insert(path.clone());
        }
    }
    let coverage = Coverage::new(&statements, marks, reasons)?;
    print!("{}", coverage.report(only_missing));
    Ok(coverage.is_complete())
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}

/// Why statements cannot apply, by variant.
fn reasons_in(text: &str) -> Result<BTreeMap<String, String>> {
    let reasons: BTreeMap<String, String> = toml::from_str(text)
        .with_context(|| format!("{NOT_APPLICABLE} is not in the form expected"))?;
    for (variant, reason) in &reasons {
        ensure!(
            !reason.trim().is_empty(),
            "{NOT_APPLICABLE} gives no reason for {variant}"
        );
    }
    Ok(reasons)
}

/// How a statement stands.
enum Standing {
    /// Files with tests that prove it.
    Covered(BTreeSet<String>),
    /// Why it cannot apply.
    NotApplicable(String),
    Missing,
}

struct Coverage<'a> {
    rows: Vec<(&'a Statement, Standing)>,
}

impl<'a> Coverage<'a> {
    fn new(
        statements: &'a [Statement],
        mut marks: BTreeMap<String, BTreeSet<String>>,
        mut reasons: BTreeMap<String, String>,
    ) -> Result<Self> {
        let mut rows = Vec::new();
        for statement in statements {
            let variant = &statement.variant;
            let standing = match (marks.remove(variant), reasons.remove(variant)) {
                (Some(files), Some(_)) => bail!(
                    "{variant} is listed as not applicable, but {} names it",
                    listed(&files)
                ),
                (Some(files), None) => Standing::Covered(files),
                (None, Some(reason)) => Standing::NotApplicable(reason),
                (None, None) => Standing::Missing,
            };
            rows.push((statement, standing));
        }
        if let Some((variant, files)) = marks.first_key_value() {
            bail!(
                "{} names {variant}, which is not in the table",
                listed(files)
            );
        }
        if let Some(variant) = reasons.keys().next() {
            bail!("{NOT_APPLICABLE} names {variant}, which is not in the table");
        }
        Ok(Self { rows })
    }

    fn is_complete(&self) -> bool {
        let mut standings = self.rows.iter().map(|(_, standing)| standing);
        !standings.any(|standing| matches!(standing, Standing::Missing))
    }

    fn report(&self, only_missing: bool) -> String {
        let mut out = String::new();
        for standard in ["3.1.1", "5.0"] {
            let rows = self
                .rows
                .iter()
                .filter(|(statement, _)| statement.standard == standard);
            let mut total = Total::default();
            for (statement, standing) in rows {
                total.add(standing);
                if matches!(standing, Standing::Missing) || !only_missing {
                    let Statement { id, summary, .. } = statement;
                    let line = match standing {
                        Standing::Covered(files) => listed(files),
                        Standing::NotApplicable(reason) => format!("not applicable: {reason}"),
                        Standing::Missing => format!("MISSING: {summary}"),
                    };
                    // Writing to a string cannot fail.
                    let _ = writeln!(out, "{standard:5} {id:13} {line}");
                }
            }
            let _ = writeln!(out, "MQTT {standard}: {total}");
        }
        out
    }
}

/// Files in a line, without the folders that they share.
fn listed(files: &BTreeSet<String>) -> String {
    let short = |path: &String| path.trim_start_matches("crates/").to_owned();
    files.iter().map(short).collect::<Vec<_>>().join(", ")
}

#[derive(Default)]
struct Total {
    covered: usize,
    not_applicable: usize,
    missing: usize,
}

impl Total {
    fn add(&mut self, standing: &Standing) {
        match standing {
            Standing::Covered(_) => self.covered += 1,
            Standing::NotApplicable(_) => self.not_applicable += 1,
            Standing::Missing => self.missing += 1,
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            covered,
            not_applicable,
            missing,
        } = self;
        let all = covered + not_applicable + missing;
        write!(
            f,
            "{all} statements, {covered} covered, {not_applicable} not applicable, {missing} missing"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        V311_1_1 V3_1_1 "MQTT-1-1" Both "First.";
        V311_1_2 V3_1_1 "MQTT-1-2" Both "Second.";
        V5_1_1 V5 "MQTT-1-1" Server "Third.";
    "#;

    fn coverage<'a>(
        statements: &'a [Statement],
        marks: &[&str],
        reasons: &str,
    ) -> Result<Coverage<'a>> {
        let files = BTreeSet::from(["crates/x/src/tests.rs".to_owned()]);
        let marks = marks.iter().map(|mark| ((*mark).to_owned(), files.clone()));
        Coverage::new(statements, marks.collect(), reasons_in(reasons)?)
    }

    fn failure(marks: &[&str], reasons: &str) -> String {
        let statements = table::statements(SAMPLE).expect("the sample is in order");
        let result = coverage(&statements, marks, reasons);
        format!("{:#}", result.err().expect("this is refused"))
    }

    #[test]
    fn each_statement_stands_where_it_belongs() {
        let statements = table::statements(SAMPLE).expect("the sample is in order");
        let marks = ["V311_1_1"];
        let coverage = coverage(&statements, &marks, "V5_1_1 = 'there is none'").expect("in order");
        assert!(!coverage.is_complete());
        assert_eq!(
            coverage.report(false),
            "3.1.1 MQTT-1-1      x/src/tests.rs\n\
             3.1.1 MQTT-1-2      MISSING: Second.\n\
             MQTT 3.1.1: 2 statements, 1 covered, 0 not applicable, 1 missing\n\
             5.0   MQTT-1-1      not applicable: there is none\n\
             MQTT 5.0: 1 statements, 0 covered, 1 not applicable, 0 missing\n"
        );
        assert_eq!(
            coverage.report(true).lines().next(),
            Some("3.1.1 MQTT-1-2      MISSING: Second.")
        );
    }

    #[test]
    fn nothing_missing_is_complete() {
        let statements = table::statements(SAMPLE).expect("the sample is in order");
        let marks = ["V311_1_1", "V311_1_2", "V5_1_1"];
        assert!(
            coverage(&statements, &marks, "")
                .expect("in order")
                .is_complete()
        );
    }

    #[test]
    fn contradictions_and_unknown_names_are_refused() {
        assert!(failure(&["V5_1_1"], "V5_1_1 = 'no'").contains("listed as not applicable"));
        assert!(failure(&[], "V5_1_1 = ' '").contains("gives no reason for V5_1_1"));
        assert!(failure(&["V5_9_9"], "").contains("not in the table"));
        assert!(failure(&[], "V5_9_9 = 'no'").contains("not in the table"));
    }
}
