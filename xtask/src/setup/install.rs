//! Installs one tool: first into the staging folder, then by rename into its place.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::pins::{Registry, Tool};
use crate::{child, project};

/// Installs `tool` into `tools`, by way of `staging`.
pub(super) fn install(tool: Tool, staging: &Path, tools: &Path) -> Result<()> {
    match tool.registry() {
        Registry::Cargo {
            locked,
            default_features,
        } => {
            let mut flags = Vec::new();
            if locked {
                flags.push("--locked");
            }
            if !default_features {
                flags.push("--no-default-features");
            }
            from_crates_io(tool, &flags, staging, tools)
        }
        Registry::Npm => from_npm(tool, staging, tools),
        Registry::Pypi => from_pypi(tool, staging, tools),
    }
}

/// Builds with everything switched off that costs time: these programs run for seconds.
fn from_crates_io(tool: Tool, flags: &[&str], staging: &Path, tools: &Path) -> Result<()> {
    let version = tool.version()?;
    let root = staging.join(tool.name());
    let mut cargo = child::cargo();
    cargo
        .args(["install", tool.name(), "--version", &version, "--no-track", "--root"])
        .arg(&root)
        .args(flags)
        // One folder for all tools, so that what they have in common compiles once. It goes with the staging folder.
        .env("CARGO_TARGET_DIR", staging.join("target"))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .env("CARGO_PROFILE_RELEASE_PANIC", "unwind")
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET");
    child::quietly(&format!("installing {} {version}", tool.name()), &mut cargo)?;
    let built = root.join("bin");
    for entry in fs::read_dir(&built).with_context(|| format!("cannot read {}", built.display()))? {
        let entry = entry?;
        let place = tools.join("bin").join(entry.file_name());
        fs::rename(entry.path(), &place)
            .with_context(|| format!("cannot write {}", place.display()))?;
    }
    Ok(())
}

fn from_npm(tool: Tool, staging: &Path, tools: &Path) -> Result<()> {
    let Some(npm) = project::which("npm") else {
        bail!("npm is not installed (Debian: apt-get install npm)");
    };
    let version = tool.version()?;
    let root = staging.join(tool.name());
    fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
    let mut install = child::command(npm);
    install
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--no-save",
            "--prefix",
        ])
        .arg(&root)
        .arg(format!("{}@{version}", tool.name()))
        .current_dir(&root);
    child::quietly(
        &format!("installing {} {version}", tool.name()),
        &mut install,
    )?;
    move_into(&root, &tools.join("npm").join(tool.name()))?;
    if tool == Tool::Binaryen {
        link_wasm_opt(tools)?;
    }
    Ok(())
}

fn link_wasm_opt(tools: &Path) -> Result<()> {
    let link = tools.join("bin/wasm-opt");
    // From an installation that was killed before its stamp was written.
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink("../npm/binaryen/node_modules/binaryen/bin/wasm-opt", &link)
        .with_context(|| format!("cannot write {}", link.display()))
}

fn from_pypi(tool: Tool, staging: &Path, tools: &Path) -> Result<()> {
    let python = project::which("python3")
        .context("python3 is not installed (Debian: apt-get install python3)")?;
    if child::output_of(child::command(&python).args(["-m", "pip", "--version"])).is_none() {
        bail!("python3 has no pip (Debian: apt-get install python3-pip)");
    }
    let version = tool.version()?;
    let root = staging.join(tool.name());
    let mut install = child::command(python);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--target",
        ])
        .arg(&root)
        .arg(format!("{}=={version}", tool.name()));
    child::quietly(
        &format!("installing {} {version}", tool.name()),
        &mut install,
    )?;
    move_into(&root, &tools.join("python"))
}

/// Renames `from` to `to`, in place of what an installation without a stamp left there.
fn move_into(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
    }
    fs::rename(from, to).with_context(|| format!("cannot write {}", to.display()))
}
