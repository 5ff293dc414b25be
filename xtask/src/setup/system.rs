//! What the system and rustup must have: the WebAssembly target, compiler components, Debian packages.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{child, failure, project};

/// What the toolchain compiles for beside this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module of a page.
    Page,
    /// A WebAssembly program with arguments, output and files, as test binaries are.
    Tests,
}

impl Target {
    pub(crate) const ALL: &[Self] = &[Self::Page, Self::Tests];

    /// Its name in Cargo and rustup.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Page => "wasm32-unknown-unknown",
            Self::Tests => "wasm32-wasip1",
        }
    }

    /// Makes sure that the toolchain can compile for it.
    ///
    /// # Errors
    /// When the target is missing and rustup cannot bring it.
    pub(crate) fn ensure(self) -> Result<()> {
        let triple = self.triple();
        let sysroot = child::output_of(child::command("rustc").args(["--print", "sysroot"]))
            .context("rustc does not run")?;
        if PathBuf::from(sysroot)
            .join("lib/rustlib")
            .join(triple)
            .join("lib")
            .is_dir()
        {
            return Ok(());
        }
        if project::which("rustup").is_none() {
            bail!(
                "the toolchain has no {triple} and there is no rustup to add it: install the target, or rustup (https://rustup.rs)"
            );
        }
        child::quietly(
            &format!("adding {triple}"),
            child::command("rustup").args(["target", "add", triple]),
        )
    }
}

/// Makes sure that there is a linker, before minutes of compiling end for want of one.
///
/// # Errors
/// When there is no C compiler.
pub(crate) fn linker() -> Result<()> {
    if project::which("cc").is_none() {
        bail!("{}", failure::NO_COMPILER);
    }
    Ok(())
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
        program: "mosquitto",
        name: "mosquitto",
        for_what: "tests against another broker",
    },
    Package {
        program: "tshark",
        name: "tshark",
        for_what: "tests of captures",
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

/// Installs the programs that tests use: with apt, as root. Elsewhere it says what to install.
///
/// What is still missing then is returned, one line each: the package and what it is for.
pub(crate) fn packages() -> Vec<String> {
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
    missing()
        .map(|package| format!("{} ({})", package.name, package.for_what))
        .collect()
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

/// Whether this user may install packages of the system.
fn is_root() -> bool {
    child::output_of(child::command("id").arg("-u")).is_some_and(|id| id == "0")
}
