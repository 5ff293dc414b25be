//! Rules for the packages' own files: Cargo.toml and clippy.toml.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Finding;

/// What every package takes from the workspace.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let read = |path: &str| {
        fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
    };
    let thresholds = read("clippy.toml")?;
    let mut findings = Vec::new();
    for folder in packages(root)? {
        let manifest = format!("{folder}/Cargo.toml");
        findings.extend(check_manifest(
            &manifest,
            &parse(&manifest, &read(&manifest)?)?,
        ));
        let lints = format!("{folder}/clippy.toml");
        if root.join(&lints).is_file() {
            findings.extend(check_clippy(
                &lints,
                &parse("clippy.toml", &thresholds)?,
                &parse(&lints, &read(&lints)?)?,
            ));
        }
    }
    Ok(findings)
}

fn packages(root: &Path) -> Result<Vec<String>> {
    let mut folders = vec!["tests".to_owned(), "xtask".to_owned()];
    for entry in fs::read_dir(root.join("crates")).context("cannot read crates")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // A folder that only another branch has a package in may hold build output.
        if root.join("crates").join(&name).join("Cargo.toml").is_file() {
            folders.push(format!("crates/{name}"));
        }
    }
    folders.sort();
    Ok(folders)
}

fn parse(path: &str, text: &str) -> Result<Table> {
    text.parse().with_context(|| format!("{path} is not TOML"))
}

fn check_manifest(path: &str, manifest: &Table) -> Vec<Finding> {
    let from_workspace = |value: Option<&Value>| {
        value
            .and_then(|value| value.get("workspace"))
            .and_then(Value::as_bool)
            == Some(true)
    };
    let mut findings = Vec::new();
    if !from_workspace(manifest.get("lints")) {
        findings.push(Finding::new(path, 0, "needs [lints] workspace = true"));
    }
    let package = manifest.get("package");
    for field in INHERITED {
        if !from_workspace(package.and_then(|package| package.get(field))) {
            findings.push(Finding::new(
                path,
                0,
                format!("needs {field}.workspace = true"),
            ));
        }
    }
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let dependencies = manifest.get(kind).and_then(Value::as_table);
        for (name, dependency) in dependencies.into_iter().flatten() {
            if !from_workspace(Some(dependency)) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("the version of {name} belongs into the workspace's Cargo.toml"),
                ));
            }
        }
    }
    findings
}

/// A package's clippy.toml replaces the root's: what the root sets must stand there too.
fn check_clippy(path: &str, root: &Table, own: &Table) -> Vec<Finding> {
    root.iter()
        .filter(|(key, value)| own.get(*key) != Some(value))
        .map(|(key, value)| {
            Finding::new(
                path,
                0,
                format!("needs {key} = {value}, as in the root's clippy.toml"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{check_clippy, check_manifest, parse};

    fn findings(manifest: &str) -> Vec<String> {
        let manifest = parse("Cargo.toml", manifest).expect("the sample is TOML");
        check_manifest("Cargo.toml", &manifest)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const TIDY: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n";

    #[test]
    fn a_package_takes_what_is_common_from_the_workspace() {
        assert!(findings(TIDY).is_empty());
        assert_eq!(
            findings(&TIDY.replace("license.workspace = true\n", "")),
            ["Cargo.toml: needs license.workspace = true"]
        );
        assert_eq!(
            findings(&TIDY.replace("[lints]\nworkspace = true\n", "")),
            ["Cargo.toml: needs [lints] workspace = true"]
        );
    }

    #[test]
    fn versions_are_set_in_one_place() {
        let found = findings(&format!(
            "{TIDY}[dependencies]\nbytes.workspace = true\nserde = \"1\"\n"
        ));
        assert_eq!(
            found,
            ["Cargo.toml: the version of serde belongs into the workspace's Cargo.toml"]
        );
    }

    #[test]
    fn thresholds_are_repeated() {
        let root = parse("clippy.toml", "lines = 70\n").expect("the sample is TOML");
        let own = parse("clippy.toml", "lines = 90\n").expect("the sample is TOML");
        assert_eq!(check_clippy("a/clippy.toml", &root, &own).len(), 1);
        assert!(check_clippy("a/clippy.toml", &root, &root).is_empty());
    }
}
