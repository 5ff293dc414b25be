//! The rules of the house that compiler and clippy do not know.
//!
//! Each file here is a family of rules. A rule takes text and gives findings, so that it can be tried on
//! samples: a rule that is wrong is worse than none.

mod graph;
mod layers;
mod manifests;
mod proofs;
mod source;
mod text;
mod words;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{child, project};

pub(crate) fn run() -> Result<()> {
    let findings = check(&project::root())?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("one thing is not tidy"),
        count => bail!("{count} things are not tidy"),
    }
}

/// Something that breaks a rule, and where.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1; 0 is the file as a whole.
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what } = self;
        if *line == 0 {
            write!(f, "{path}: {what}")
        } else {
            write!(f, "{path}:{line}: {what}")
        }
    }
}

fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = graph::check(&project::metadata()?);
    findings.extend(manifests::check(root)?);
    let mut tests = proofs::Tests::default();
    let mut documents = Vec::new();
    let classes = words::classes(root)?;
    for path in files()? {
        // Deleted but not yet committed, or not text: nothing to read.
        let Ok(content) = fs::read_to_string(root.join(&path)) else {
            continue;
        };
        findings.extend(text::check(&path, &content));
        if path.ends_with(".md") {
            findings.extend(text::check_links(&path, &content, |target| {
                root.join(target).exists()
            }));
        }
        if path.ends_with(".rs") {
            let code = source::code_of(&content);
            findings.extend(source::check(&path, &content, &code));
            findings.extend(layers::check(&path, &code));
            findings.extend(words::check(&path, &content, &code, &classes));
            tests.read(&path, &content);
        } else if path.ends_with(".md") {
            documents.push((path, content));
        }
    }
    for (path, content) in &documents {
        findings.extend(proofs::check(path, content, &tests));
    }
    Ok(findings)
}

/// What git tracks or would track.
///
/// # Errors
/// When this is no checkout.
pub(crate) fn files() -> Result<Vec<String>> {
    let listed = child::output_of(child::command("git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))
    .context("git does not list the files: a checkout is needed")?;
    Ok(listed
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}
