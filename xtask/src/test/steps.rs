//! The steps: which commands each runs, and what it needs.

use std::cell::OnceCell;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::counted;
use super::tally::Tally;
use crate::setup::{Target, Tool, Tools};
use crate::web::{self, Build};
use crate::{child, clauses, project, tidy};

/// Crates that also run in a browser.
const PAGE_CRATES: &[&str] = &[
    "mqttlab-core",
    "mqttlab-sim",
    "mqttlab-web",
    "mqttlab-worker",
    "mqttlab-sandbox",
    "mqttlab-js",
];
/// Of these, the ones that only make sense there: looked at natively, their dependencies would compile once more.
const PAGE_ONLY: &[&str] = &[
    "mqttlab-web",
    "mqttlab-worker",
    "mqttlab-sandbox",
    "mqttlab-js",
];
/// Crates whose unit tests must hold as WebAssembly too.
const PURE_CRATES: &[&str] = &["mqttlab-core", "mqttlab-sim"];
/// The crate of the lessons: a program that tells about them, and tests that are a step of their own.
const LESSONS: &str = "mqttlab-lessons";
/// The names of tests that drive a browser begin so; they are a step of their own.
const BROWSER_TESTS: &str = "browser::";
/// For how long the broker has to bear everything at once, unless the environment says otherwise.
const SOAK_SECONDS: &str = "180";

/// A step of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// rustfmt
    Fmt,
    /// The house rules
    Tidy,
    /// A test for every normative statement
    Clauses,
    /// The lessons tell what their runs do
    Lessons,
    /// The page's texts in all languages
    Texts,
    /// clippy, native and for the page
    Clippy,
    /// The page builds and keeps its budget
    Web,
    /// Unit tests of all crates
    Unit,
    /// Integration tests over all crates
    Integration,
    /// Documentation builds, its examples run
    Docs,
    /// Tests as WebAssembly, in node and in a browser
    Wasm,
    /// The page in a real browser
    Browser,
}

/// What must be set up before a step.
#[derive(Default)]
pub(super) struct Needs {
    /// rustfmt and clippy.
    pub(super) components: bool,
    /// Packages of the system, as far as they can be had.
    pub(super) packages: bool,
    pub(super) targets: &'static [Target],
    pub(super) tools: &'static [Tool],
}

/// What all steps share.
pub(super) struct Context {
    tools: Tools,
    /// Whether the page was built, once it was tried.
    page: OnceCell<bool>,
    /// For how long the broker has to bear everything at once, in seconds.
    soak: Option<u32>,
}

impl Context {
    pub(super) fn new(tools: Tools, soak: Option<u32>) -> Self {
        Self {
            tools,
            page: OnceCell::new(),
            soak,
        }
    }

    /// Builds the page, once for all steps; says whether there is one.
    fn build_page(&self) -> bool {
        *self.page.get_or_init(|| {
            let built = web::build(&self.tools, Build::Release);
            built
                .inspect_err(|error| eprintln!("error: {error:#}"))
                .is_ok()
        })
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = child::cargo();
        cargo.args(arguments);
        self.tools.on_path(&mut cargo);
        cargo
    }

    /// `cargo test`, with word of where the tools are.
    fn cargo_test(&self, arguments: &[&str]) -> Command {
        let mut cargo = self.cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
        cargo
            .args(arguments)
            // A failure is one line here; where a panic came from is still said.
            .env("RUST_LIB_BACKTRACE", "0")
            .env("MQTTLAB_DIST", web::dist())
            .env("MQTTLAB_SCREENSHOTS", project::target().join("screenshots"))
            .env(
                "MQTTLAB_AXE",
                self.tools
                    .path("npm/axe-core/node_modules/axe-core/axe.min.js"),
            )
            .env(
                "MQTTLAB_NODE_MODULES",
                self.tools.path("npm/mqtt/node_modules"),
            )
            .env("MQTTLAB_PYTHON_PATH", self.tools.path("python"));
        if let Some(seconds) = self.soak {
            cargo.env("MQTTLAB_SOAK_SECONDS", seconds.to_string());
        } else if std::env::var_os("MQTTLAB_SOAK_SECONDS").is_none() {
            cargo.env("MQTTLAB_SOAK_SECONDS", SOAK_SECONDS);
        }
        cargo
    }
}

impl Step {
    pub(super) const ALL: &[Self] = &[
        Self::Fmt,
        Self::Tidy,
        Self::Clauses,
        Self::Lessons,
        Self::Texts,
        Self::Web,
        Self::Clippy,
        Self::Unit,
        Self::Integration,
        Self::Docs,
        Self::Wasm,
        Self::Browser,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Clauses => "clauses",
            Self::Lessons => "lessons",
            Self::Texts => "texts",
            Self::Clippy => "clippy",
            Self::Web => "web",
            Self::Unit => "unit",
            Self::Integration => "integration",
            Self::Docs => "docs",
            Self::Wasm => "wasm",
            Self::Browser => "browser",
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Fmt => "rustfmt",
            Self::Tidy => "the house rules",
            Self::Clauses => "a test for every normative statement",
            Self::Lessons => "the lessons tell what their runs do, natively and as WebAssembly",
            Self::Texts => "the page's texts in all languages",
            Self::Clippy => "clippy, native and for the page",
            Self::Web => "the page builds and keeps its budget",
            Self::Unit => "unit tests of all crates",
            Self::Integration => "integration tests over all crates",
            Self::Docs => "documentation builds, its examples run",
            Self::Wasm => "tests as WebAssembly, in node and in a browser",
            Self::Browser => "the page in a real browser",
        }
    }

    /// What must be set up first.
    pub(super) fn needs(self) -> Needs {
        let nothing = Needs::default();
        match self {
            Self::Fmt => Needs {
                components: true,
                ..nothing
            },
            Self::Tidy | Self::Clauses | Self::Texts | Self::Unit => nothing,
            Self::Docs => Needs {
                targets: &[Target::Page],
                ..nothing
            },
            Self::Lessons => Needs {
                packages: true,
                targets: &[Target::Tests],
                ..nothing
            },
            Self::Clippy => Needs {
                components: true,
                targets: &[Target::Page],
                ..nothing
            },
            Self::Web => Needs {
                targets: &[Target::Page],
                tools: Tool::WEB,
                ..nothing
            },
            Self::Integration => Needs {
                packages: true,
                tools: &[Tool::MqttJs, Tool::Paho],
                ..nothing
            },
            Self::Wasm => Needs {
                packages: true,
                targets: &[Target::Page, Target::Tests],
                tools: &[Tool::WasmBindgen, Tool::WasmPack],
                ..nothing
            },
            Self::Browser => Needs {
                packages: true,
                targets: &[Target::Page],
                tools: &[
                    Tool::WasmBindgen,
                    Tool::Trunk,
                    Tool::Binaryen,
                    Tool::AxeCore,
                ],
                ..nothing
            },
        }
    }

    /// Runs the step and counts.
    ///
    /// # Errors
    /// When one of its programs cannot even be started.
    pub(super) fn run(self, cx: &Context) -> Result<Tally> {
        match self {
            Self::Fmt => counted(&mut cx.cargo(&["fmt", "--all", "--", "--check"])),
            Self::Tidy => tidy::run().map(|()| Tally::SUCCESS),
            Self::Clauses => {
                clauses::check().map(|held| if held { Tally::SUCCESS } else { Tally::FAILURE })
            }
            Self::Lessons => lessons(cx),
            Self::Texts => counted(&mut web::texts()),
            Self::Clippy => clippy(cx),
            Self::Web => web(cx),
            Self::Unit => counted(&mut cx.cargo_test(&["--lib", "--bins", "--exclude", LESSONS])),
            Self::Integration => integration(cx, &["--test", "*", "--", "--skip", BROWSER_TESTS]),
            Self::Docs => docs(cx),
            Self::Wasm => wasm(cx),
            Self::Browser => browser(cx),
        }
    }
}

fn clippy(cx: &Context) -> Result<Tally> {
    // The program's feature `lab` takes in this folder, whatever is there.
    std::fs::create_dir_all(web::dist())?;
    let warnings = ["--", "-D", "warnings"];
    let mut native = cx.cargo(&[
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--features",
        "mqttlab/lab",
    ]);
    let mut page = cx.cargo(&[
        "clippy",
        "--locked",
        "--all-targets",
        "--target",
        Target::Page.triple(),
    ]);
    let mut tally = counted(for_each("--exclude", PAGE_ONLY, &mut native).args(warnings))?;
    tally.add(counted(
        for_each("--package", PAGE_CRATES, &mut page).args(warnings),
    )?);
    Ok(tally)
}

/// Adds `flag` and the name for each of `crates`.
fn for_each<'a>(flag: &str, crates: &[&str], command: &'a mut Command) -> &'a mut Command {
    command.args(crates.iter().flat_map(|name| [flag, name]))
}

/// What the tests of the lessons say, after a line about each.
fn lessons(cx: &Context) -> Result<Tally> {
    let told = counted(&mut cx.cargo(&["run", "--locked", "--quiet", "--package", LESSONS]))?;
    if told.failed > 0 {
        return Ok(told);
    }
    let mut tests = cx.cargo(&[
        "test",
        "--locked",
        "--no-fail-fast",
        "--lib",
        "--package",
        LESSONS,
    ]);
    let mut tally = counted(&mut tests)?;
    match project::which("node") {
        Some(node) => tally.add(counted(&mut tests_in_node(cx, &node, &[LESSONS]))?),
        None => tally.add(skip("the lessons as WebAssembly: node is not installed")),
    }
    Ok(tally)
}

fn web(cx: &Context) -> Result<Tally> {
    if !cx.build_page() {
        return Ok(Tally::FAILURE);
    }
    web::check_size().map(|()| Tally::SUCCESS)
}

/// Tests that use the program, which has the page in it as far as that is built.
fn integration(cx: &Context, tests: &[&str]) -> Result<Tally> {
    std::fs::create_dir_all(web::dist())?;
    // All packages, so that what they share is the same build that the tests are made of.
    let build = [
        "build",
        "--locked",
        "--workspace",
        "--bin",
        "mqttlab",
        "--features",
        "mqttlab/lab",
    ];
    let built = counted(&mut cx.cargo(&build))?;
    if built.failed > 0 {
        return Ok(built);
    }
    counted(
        cx.cargo_test(tests)
            .env("MQTTLAB_BIN", project::target().join("debug/mqttlab")),
    )
}

/// Needs the page of these sources, not one that an earlier build left.
fn browser(cx: &Context) -> Result<Tally> {
    if !cx.build_page() {
        bail!("there is no page to test");
    }
    integration(cx, &["--test", "it", "--", BROWSER_TESTS])
}

fn docs(cx: &Context) -> Result<Tally> {
    let mut native = cx.cargo(&["doc", "--locked", "--no-deps", "--workspace"]);
    let mut page = cx.cargo(&[
        "doc",
        "--locked",
        "--no-deps",
        "--target",
        Target::Page.triple(),
    ]);
    let mut tally = Tally::default();
    for doc in [
        for_each("--exclude", PAGE_ONLY, &mut native),
        for_each("--package", PAGE_ONLY, &mut page),
    ] {
        tally.add(counted(doc.env("RUSTDOCFLAGS", "-D warnings"))?);
    }
    tally.add(counted(&mut cx.cargo_test(&["--doc"]))?);
    Ok(tally)
}

fn wasm(cx: &Context) -> Result<Tally> {
    let mut tally = Tally::default();
    match project::which("node") {
        Some(node) => {
            tally.add(counted(&mut tests_in_node(cx, &node, PURE_CRATES))?);
            tally.add(counted(&mut pack_test(cx, &["--node"]))?);
        }
        None => tally.add(skip("tests as WebAssembly in node: node is not installed")),
    }
    match project::which("chromedriver") {
        Some(driver) => {
            let driver = driver.to_string_lossy();
            tally.add(counted(&mut pack_test(
                cx,
                &["--headless", "--chrome", "--chromedriver", &driver],
            ))?);
        }
        None => tally.add(skip(
            "the npm package's tests in a browser: chromedriver is not installed",
        )),
    }
    Ok(tally)
}

/// The unit tests of crates, as they are, compiled for WebAssembly.
fn tests_in_node(cx: &Context, node: &Path, crates: &[&str]) -> Command {
    let runner = project::root().join("xtask/wasi-runner.mjs");
    let mut cargo = cx.cargo(&[
        "test",
        "--locked",
        "--no-fail-fast",
        "--lib",
        "--target",
        Target::Tests.triple(),
    ]);
    for_each("--package", crates, &mut cargo);
    let runner = format!("{} --no-warnings {}", node.display(), runner.display());
    cargo.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner);
    cargo
}

/// The tests of the npm package, by the tool that builds it.
fn pack_test(cx: &Context, where_to: &[&str]) -> Command {
    let mut pack = child::command(cx.tools.bin().join("wasm-pack"));
    pack.args(["test", "--mode", "no-install"])
        .args(where_to)
        .arg("crates/mqttlab-js");
    cx.tools.on_path(&mut pack);
    pack
}

/// Says that something is not run, and counts it.
fn skip(what: &str) -> Tally {
    eprintln!("skipped: {what}");
    Tally::SKIPPED
}
