//! Brings the pinned tools into a folder of the project's own, so that nobody's own tools are touched.
//!
//! The folder is under the user's cache directory and its name changes with the pinned versions; a second
//! clone finds it. A tool counts as installed when its stamp is there, and the stamp is written last. A lock
//! beside the folder keeps two installations apart. Everything comes from the package registries.

mod install;
mod pins;
mod system;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

pub(crate) use pins::Tool;
pub(crate) use system::{Target, components, linker, packages};

#[derive(Args)]
pub(crate) struct Options {
    /// Also what the tests need: a browser and its driver, real clients, wasm-pack.
    #[arg(long)]
    tests: bool,
}

/// Installs what is missing and says where it is.
pub(crate) fn run(options: &Options) -> Result<()> {
    linker()?;
    Target::Page.ensure()?;
    if options.tests {
        components()?;
        Target::Tests.ensure()?;
        for lack in packages() {
            eprintln!("missing: {lack}");
        }
    }
    let tools = Tools::ensure(if options.tests { Tool::ALL } else { Tool::WEB })?;
    for lack in &tools.lacking {
        eprintln!("missing: {lack}");
    }
    println!("{}", tools.bin().display());
    Ok(())
}

/// The folder with the installed tools.
pub(crate) struct Tools {
    dir: PathBuf,
    /// What could not be had here and why; each is optional.
    pub(crate) lacking: Vec<String>,
}

impl Tools {
    /// Makes sure that `wanted` are installed.
    ///
    /// # Errors
    /// When a tool that cannot be done without does not install.
    pub(crate) fn ensure(wanted: &[Tool]) -> Result<Self> {
        let cache = crate::project::cache()?;
        let dir = cache.join(format!("tools-{}", pins::fingerprint()?));
        fs::create_dir_all(dir.join("bin"))
            .with_context(|| format!("cannot create {}", dir.display()))?;
        let mut tools = Self {
            dir,
            lacking: Vec::new(),
        };
        if wanted.iter().all(|&tool| tools.has(tool)) {
            return Ok(tools);
        }
        let _lock = lock(&tools.dir.with_extension("lock"))?;
        // Another xtask may have installed some while this one waited for the lock.
        let missing: Vec<Tool> = wanted
            .iter()
            .copied()
            .filter(|&tool| !tools.has(tool))
            .collect();
        let staging = Staging::create(&tools.dir)?;
        for tool in missing {
            match install::install(tool, &staging.dir, &tools.dir) {
                Ok(()) => {
                    let stamp = tools.stamp(tool);
                    File::create(&stamp)
                        .with_context(|| format!("cannot write {}", stamp.display()))?;
                }
                Err(error) if tool.is_optional() => {
                    tools.lacking.push(format!("{}: {error:#}", tool.name()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(tools)
    }

    /// The folder to put first on PATH.
    pub(crate) fn bin(&self) -> PathBuf {
        self.dir.join("bin")
    }

    /// Whether `tool` is completely installed.
    pub(crate) fn has(&self, tool: Tool) -> bool {
        self.stamp(tool).is_file()
    }

    /// A folder below the tools' own, such as `npm/axe-core`.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.join(below)
    }

    /// Puts the tools first on the PATH of `command`.
    pub(crate) fn on_path(&self, command: &mut Command) {
        let mut path = OsString::from(self.bin());
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        command.env("PATH", path);
    }

    fn stamp(&self, tool: Tool) -> PathBuf {
        self.dir.join(format!(".{}-installed", tool.name()))
    }
}

/// A folder for half-finished things, beside their place so that a rename brings them there; removed at the end.
struct Staging {
    dir: PathBuf,
}

impl Staging {
    fn create(tools: &Path) -> Result<Self> {
        let dir = tools.join("staging");
        // What a killed installation left. The lock is ours, so nobody uses it.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(Self { dir })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Holds the lock until the returned file is dropped; the system frees it when this program dies.
fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("another xtask is installing the tools: waiting for it");
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Staging, lock};

    #[test]
    fn leftovers_of_a_killed_installation_are_removed() {
        let tools = std::env::temp_dir().join(format!("mqttlab-staging-{}", std::process::id()));
        fs::create_dir_all(tools.join("staging/bin")).expect("a temporary folder can be made");
        fs::write(tools.join("staging/bin/half"), "").expect("and written to");
        let staging = Staging::create(&tools).expect("staging is made anew");
        assert_eq!(fs::read_dir(&staging.dir).expect("it is there").count(), 0);
        drop(staging);
        assert!(!tools.join("staging").exists());
        fs::remove_dir_all(&tools).expect("the temporary folder goes");
    }

    #[test]
    fn the_lock_keeps_a_second_one_out_until_it_is_dropped() {
        let path = std::env::temp_dir().join(format!("mqttlab-lock-{}", std::process::id()));
        let first = lock(&path).expect("nobody holds it");
        let second = fs::File::open(&path).expect("the file is there");
        assert!(second.try_lock().is_err());
        drop(first);
        assert!(second.try_lock().is_ok());
        fs::remove_file(&path).expect("the temporary file goes");
    }
}
