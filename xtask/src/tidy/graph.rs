//! Who may import whom.

use serde::Deserialize;

use super::Finding;

/// Each package of the workspace, and which others it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("mqttlab-core", &[]),
    ("mqttlab-sim", &["mqttlab-core"]),
    ("mqttlab-lessons", &["mqttlab-core", "mqttlab-sim"]),
    ("mqttlab-texts", &[]),
    (
        "mqttlab-web",
        &["mqttlab-lessons", "mqttlab-sim", "mqttlab-texts"],
    ),
    ("mqttlab-worker", &["mqttlab-sim"]),
    (
        "mqttlab-sandbox",
        &["mqttlab-lessons", "mqttlab-sim", "mqttlab-texts"],
    ),
    ("mqttlab-js", &["mqttlab-sim"]),
    ("mqttlab", &["mqttlab-core", "mqttlab-sim"]),
    (
        "mqttlab-tests",
        &[
            "mqttlab-core",
            "mqttlab-sim",
            "mqttlab-lessons",
            "mqttlab-js",
            "mqttlab-texts",
            "mqttlab",
        ],
    ),
    ("mqttlab-bench", &["mqttlab-core", "mqttlab-sim"]),
    ("mqttlab-codecs", &["mqttlab-core"]),
    ("xtask", &[]),
];

/// The part of `cargo metadata` that matters here.
#[derive(Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for a dependency of the package itself.
    kind: Option<String>,
}

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let ours = |name: &str| metadata.packages.iter().any(|package| package.name == name);
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::new(
                &package.name,
                0,
                "a new package: tidy must know whom it may import",
            ));
            continue;
        };
        for dependency in &package.dependencies {
            if ours(&dependency.name)
                && dependency.name != package.name
                && !allowed.contains(&dependency.name.as_str())
            {
                let kind = dependency
                    .kind
                    .as_deref()
                    .map_or(String::new(), |kind| format!(" ({kind})"));
                findings.push(Finding::new(
                    &package.name,
                    0,
                    format!("may not import {}{kind}", dependency.name),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Dependency, Metadata, Package, check};

    fn workspace(packages: &[(&str, &[&str])]) -> Metadata {
        let dependency = |name: &&str| Dependency {
            name: (*name).to_owned(),
            kind: None,
        };
        let package = |(name, imports): &(&str, &[&str])| Package {
            name: (*name).to_owned(),
            dependencies: imports.iter().map(dependency).collect(),
        };
        Metadata {
            packages: packages.iter().map(package).collect(),
        }
    }

    fn findings(packages: &[(&str, &[&str])]) -> Vec<String> {
        check(&workspace(packages))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_planned_graph_is_tidy() {
        let planned: &[(&str, &[&str])] = &[
            ("mqttlab-core", &["bytes"]),
            ("mqttlab-sim", &["mqttlab-core"]),
            ("mqttlab-web", &["mqttlab-sim", "yew"]),
        ];
        assert!(findings(planned).is_empty());
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        let found = findings(&[("mqttlab-core", &["mqttlab-sim"]), ("mqttlab-sim", &[])]);
        assert_eq!(found, ["mqttlab-core: may not import mqttlab-sim"]);
    }

    #[test]
    fn the_page_may_not_reach_past_the_simulator() {
        let found = findings(&[("mqttlab-core", &[]), ("mqttlab-web", &["mqttlab-core"])]);
        assert_eq!(found, ["mqttlab-web: may not import mqttlab-core"]);
    }

    #[test]
    fn nobody_imports_the_chores_and_newcomers_are_named() {
        let found = findings(&[
            ("xtask", &[]),
            ("mqttlab-tests", &["xtask"]),
            ("mqttlab-extra", &[]),
        ]);
        assert_eq!(
            found,
            [
                "mqttlab-tests: may not import xtask",
                "mqttlab-extra: a new package: tidy must know whom it may import"
            ]
        );
    }
}
