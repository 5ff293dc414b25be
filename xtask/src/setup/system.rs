//! What the system and rustup must have: the WebAssembly target, compiler components, Debian packages.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::is_root;
use crate::{child, project};

/// Makes sure that the toolchain can compile for WebAssembly, and that there is a linker at all.
///
/// # Errors
/// When the target is missing and rustup cannot bring it, or there is no C compiler.
pub(crate) fn wasm_target() -> Result<()> {
    if project::which("cc").is_none() {
        bail!(
            "there is no C compiler, which Rust needs for linking: install one (Debian: apt-get install build-essential) and run it again"
        );
    }
    let sysroot = child::output_of(child::command("rustc").args(["--print", "sysroot"]))
        .context("rustc does not run")?;
    if PathBuf::from(sysroot)
        .join("lib/rustlib/wasm32-unknown-unknown/lib")
        .is_dir()
    {
        return Ok(());
    }
    if project::which("rustup").is_none() {
        bail!(
            "the toolchain has no wasm32-unknown-unknown and there is no rustup to add it: install the target, or rustup from https://rustup.rs"
        );
    }
    child::quietly(
        "adding the WebAssembly target",
        child::command("rustup").args(["target", "add", "wasm32-unknown-unknown"]),
    )
}

/// Makes sure that rustfmt and clippy are there.
///
/// # Errors
/// When one is missing and rustup cannot bring it.
pub(crate) fn components() -> Result<()> {
    for (name, program) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if child::output_of(child::cargo().args([program, "--version"])).is_none() {
            child::quietly(
                &format!("adding {name}"),
                child::command("rustup").args(["component", "add", name]),
            )?;
        }
    }
    Ok(())
}

/// A program that tests use, and the Debian package it is in.
struct Package {
    program: &'static str,
    name: &'static str,
    for_what: &'static str,
}

const PACKAGES: &[Package] = &[
    Package {
        program: "chromium",
        name: "chromium",
        for_what: "tests in a browser",
    },
    Package {
        program: "chromedriver",
        name: "chromium-driver",
        for_what: "tests in a browser",
    },
    Package {
        program: "node",
        name: "nodejs",
        for_what: "tests of the npm package, wasm-opt",
    },
    Package {
        program: "npm",
        name: "npm",
        for_what: "wasm-opt, checks of accessibility, a client in JavaScript",
    },
    Package {
        program: "mosquitto_pub",
        name: "mosquitto-clients",
        for_what: "tests with a real client",
    },
    Package {
        program: "python3",
        name: "python3",
        for_what: "tests with a client in Python",
    },
    Package {
        program: "pip3",
        name: "python3-pip",
        for_what: "tests with a client in Python",
    },
];

/// What of the tests' programs is still missing after the attempt to install them.
pub(crate) struct Packages {
    /// One line for each: the package and what it is for.
    pub(crate) lacking: Vec<String>,
}

/// Installs the programs that tests use: with apt, as root. Elsewhere it says what is missing.
pub(crate) fn packages() -> Packages {
    let missing = || {
        PACKAGES
            .iter()
            .filter(|package| project::which(package.program).is_none())
    };
    let names: Vec<&str> = missing().map(|package| package.name).collect();
    if !names.is_empty() {
        if is_root() && project::which("apt-get").is_some() {
            if let Err(error) = apt_install(&names) {
                eprintln!("{error:#}");
            }
        } else {
            eprintln!(
                "some tests need programs that are not installed; on Debian: apt-get install {}",
                names.join(" ")
            );
        }
    }
    Packages {
        lacking: missing()
            .map(|package| format!("{} ({})", package.name, package.for_what))
            .collect(),
    }
}

fn apt_install(names: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut apt = child::command("apt-get");
        // Another apt may be at work: wait for it rather than fail.
        apt.args(["-o", "DPkg::Lock::Timeout=300", "-q", "-y"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    child::quietly("reading the list of Debian packages", &mut apt(&["update"]))?;
    let title = format!("installing {}", names.join(", "));
    child::quietly(
        &title,
        apt(&["install", "--no-install-recommends"]).args(names),
    )
}
