//! Where the project and its caches are on this machine.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::child;

/// The root of the checkout, also when called from one of its subfolders.
pub(crate) fn root() -> PathBuf {
    // Set by `cargo run`. The program started by hand looks upwards for its own folder.
    if let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR") {
        let manifest = PathBuf::from(manifest);
        if manifest.ends_with("xtask")
            && let Some(root) = manifest.parent()
        {
            return root.to_owned();
        }
    }
    let here = env::current_dir().unwrap_or_default();
    here.ancestors()
        .find(|dir| dir.join("xtask/Cargo.toml").is_file())
        .unwrap_or(&here)
        .to_owned()
}

/// Cargo's build folder, wherever the user's own configuration puts it.
pub(crate) fn target() -> PathBuf {
    #[derive(Deserialize)]
    struct Folders {
        target_directory: PathBuf,
    }
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    let asked = || metadata().map(|folders: Folders| folders.target_directory);
    TARGET
        .get_or_init(|| asked().unwrap_or_else(|_| root().join("target")))
        .clone()
}

/// The part of `cargo metadata` that `T` names.
///
/// # Errors
/// When Cargo cannot read the workspace, or says something else.
pub(crate) fn metadata<T: DeserializeOwned>() -> Result<T> {
    let mut cargo = child::cargo();
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata = child::output_of(&mut cargo).context("cargo metadata fails")?;
    serde_json::from_str(&metadata).context("cargo metadata is not in the form expected")
}

/// The project's folder under the user's cache directory.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` says where that is.
pub(crate) fn cache() -> Result<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let user =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    Ok(user
        .context("neither XDG_CACHE_HOME nor HOME is set: cannot tell where to keep the tools")?
        .join("mqttlab"))
}

/// The version of `package` that Cargo.lock holds.
///
/// # Errors
/// When the lock file cannot be read, or holds the package not at all or in several versions.
pub(crate) fn locked_version(package: &str) -> Result<String> {
    let path = root().join("Cargo.lock");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    locked_version_in(&text, package)
}

fn locked_version_in(lock: &str, package: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
    }
    let lock: Lock = toml::from_str(lock).context("Cargo.lock is not in the form expected")?;
    let mut versions = lock
        .package
        .into_iter()
        .filter(|locked| locked.name == package)
        .map(|locked| locked.version);
    match (versions.next(), versions.next()) {
        (Some(version), None) => Ok(version),
        (None, _) => bail!("Cargo.lock does not mention {package}"),
        (Some(one), Some(other)) => {
            bail!("Cargo.lock holds {package} twice ({one}, {other}): only one can match the tool")
        }
    }
}

/// The first file called `name` in the folders of PATH.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    // Debian puts servers where only root's PATH leads.
    env::split_paths(&env::var_os("PATH")?)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join(name))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::locked_version_in;

    #[test]
    fn the_locked_version_is_found() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n[[package]]\nname = \"b\"\nversion = \"4.0.0\"\n";
        assert_eq!(locked_version_in(lock, "b").expect("b is there"), "4.0.0");
    }

    #[test]
    fn a_package_locked_twice_or_never_is_an_error() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert!(locked_version_in(lock, "a").is_err());
        assert!(locked_version_in(lock, "c").is_err());
    }
}
