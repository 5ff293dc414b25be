//! Builds the page into `dist/` with Trunk, and measures its first load.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::setup::{Target, Tool, Tools, linker};
use crate::{child, project};

mod glue;
mod policy;

/// What keeps the page for visits without a connection; it is loaded after the page.
const SERVICE_WORKER: &str = "sw.js";

/// What the first load may weigh as brotli, in bytes.
const FIRST_LOAD_MAX: usize = 400 * 1024;

#[derive(Args)]
pub(crate) struct Options {
    /// Leave the size alone and be quick: for work on the page.
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    linker()?;
    Target::Page.ensure()?;
    let tools = Tools::ensure(Tool::WEB)?;
    if options.quick {
        return build(&tools, Build::Quick);
    }
    build(&tools, Build::Release)?;
    check_size()
}

/// How much trouble to take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// As it is shipped.
    Release,
    /// Cargo's dev profile, no `wasm-opt`.
    Quick,
}

/// Builds the page into `dist/`.
///
/// # Errors
/// When it does not compile or Trunk fails.
pub(crate) fn build(tools: &Tools, how: Build) -> Result<()> {
    // Trunk shall fetch nothing itself, and says so to Cargo too: hence the dependencies first.
    let mut fetch = child::cargo();
    fetch.args(["fetch", "--locked"]);
    child::quietly("fetching the crates", &mut fetch)?;
    let mut trunk = child::command(tools.bin().join("trunk"));
    trunk
        .args(["build", "--offline", "--locked", "--dist"])
        .arg(dist());
    match how {
        Build::Release => {
            trunk.args(["--cargo-profile", "web"]);
            if tools.has(Tool::Binaryen) {
                trunk.arg("--release");
            } else {
                // Trunk calls wasm-opt in its release mode only; Cargo's profile is the same without.
                eprintln!("note: without npm there is no wasm-opt; the page works, but is larger");
            }
        }
        Build::Quick => {}
    }
    // Trunk reads NO_COLOR as a truth value and fails on the usual `1`.
    trunk
        .env_remove("NO_COLOR")
        .env("TRUNK_SKIP_VERSION_CHECK", "true");
    tools.on_path(&mut trunk);
    child::quietly("building the page", &mut trunk)?;
    glue::shorten(tools, &dist())?;
    glue::name_worker(&dist())?;
    let mut lessons = child::cargo();
    lessons
        .args([
            "run",
            "--locked",
            "--quiet",
            "--package",
            "mqttlab-lessons",
            "--",
            "--pack",
        ])
        .arg(dist().join("lessons"));
    child::quietly("packing the lessons", &mut lessons)?;
    policy::write(&dist())?;
    let mut texts = texts();
    texts.arg("--pack").arg(dist());
    child::quietly("packing the texts", &mut texts)?;
    keep_offline(&dist())
}

/// The program that tells about the texts of the page in all languages.
pub(crate) fn texts() -> Command {
    let mut texts = child::cargo();
    texts.args([
        "run",
        "--locked",
        "--quiet",
        "--package",
        "mqttlab-texts",
        "--",
    ]);
    texts
}

/// Writes into the service worker what the page is made of, under a name that changes with it.
fn keep_offline(dist: &Path) -> Result<()> {
    let script = dist.join(SERVICE_WORKER);
    let text =
        fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))?;
    let mut files = files_below(dist)?;
    files.remove(SERVICE_WORKER);
    let mut sum = crc32fast::Hasher::new();
    let mut names = vec!["./".to_owned()];
    for (name, bytes) in &files {
        sum.update(name.as_bytes());
        sum.update(bytes);
        if name != "index.html" {
            names.push(format!("./{name}"));
        }
    }
    let list = serde_json::to_string(&names)?;
    let name = format!("mqttlab-{:08x}", sum.finalize());
    let filled = text
        .replacen("\"mqttlab-dev\"", &format!("\"{name}\""), 1)
        .replacen("FILES = []", &format!("FILES = {list}"), 1);
    if !filled.contains(&name) || !filled.contains(&list) {
        bail!("{} has no place for its files", script.display());
    }
    fs::write(&script, filled).with_context(|| format!("cannot write {}", script.display()))
}

/// Where the built page is.
pub(crate) fn dist() -> PathBuf {
    project::root().join("dist")
}

/// Prints the size of the first load, and fails when it is over the budget.
///
/// # Errors
/// When the page is not built, or too large.
pub(crate) fn check_size() -> Result<()> {
    let files = first_load(&dist())?;
    let mut total = Size::default();
    println!(
        "{:>10} {:>10} {:>10}  first load",
        "bytes", "gzip", "brotli"
    );
    for (name, bytes) in &files {
        let size = Size::of(bytes)?;
        println!("{size}  {name}");
        total.add(&size);
    }
    println!("{total}  in all, of {FIRST_LOAD_MAX} allowed as brotli");
    for (name, bytes) in &files_below(&dist())? {
        if !files.contains_key(name) {
            println!("{}  {name}, later", Size::of(bytes)?);
        }
    }
    if total.brotli > FIRST_LOAD_MAX {
        bail!(
            "the page's first load is {} bytes over its budget",
            total.brotli - FIRST_LOAD_MAX
        );
    }
    Ok(())
}

#[derive(Default)]
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Size {
    fn of(bytes: &[u8]) -> Result<Self> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
        brotli.write_all(bytes)?;
        brotli.flush()?;
        Ok(Self {
            raw: bytes.len(),
            gzip: gzip.finish()?.len(),
            brotli: brotli.into_inner().len(),
        })
    }

    fn add(&mut self, other: &Self) {
        self.raw += other.raw;
        self.gzip += other.gzip;
        self.brotli += other.brotli;
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>10} {:>10} {:>10}", self.raw, self.gzip, self.brotli)
    }
}

/// The page and every file whose name it, its scripts or its styles mention.
fn first_load(dist: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut others = files_below(dist)?;
    let page = others
        .remove("index.html")
        .with_context(|| format!("there is no page in {}", dist.display()))?;
    others.remove(SERVICE_WORKER);
    let mut unread = vec![("index.html".to_owned(), page)];
    let mut loaded = BTreeMap::new();
    while let Some((name, bytes)) = unread.pop() {
        if [".html", ".js", ".css"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            let text = String::from_utf8_lossy(&bytes);
            let mentioned: Vec<String> = others
                .keys()
                .filter(|other| text.contains(file_name(other)))
                .cloned()
                .collect();
            unread.extend(
                mentioned
                    .into_iter()
                    .filter_map(|other| others.remove_entry(&other)),
            );
        }
        loaded.insert(name, bytes);
    }
    Ok(loaded)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn files_below(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut unread = vec![dir.to_owned()];
    while let Some(folder) = unread.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                unread.push(path);
            } else {
                let name = path
                    .strip_prefix(dir)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .into_owned();
                files.insert(
                    name,
                    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?,
                );
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Size, first_load};

    #[test]
    fn the_first_load_is_what_the_page_leads_to() {
        let dist = std::env::temp_dir().join(format!("mqttlab-dist-{}", std::process::id()));
        fs::create_dir_all(dist.join("lessons")).expect("a temporary folder can be made");
        for (name, text) in [
            ("index.html", "<script src=/app-1.js>"),
            (
                "app-1.js",
                "fetch('/app-1_bg.wasm'); // reads lessons later",
            ),
            ("app-1_bg.wasm", "other.css"),
            ("other.css", ""),
            ("lessons/duel.toml", ""),
        ] {
            fs::write(dist.join(name), text).expect("and written to");
        }
        let files = first_load(&dist).expect("there is a page");
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            ["app-1.js", "app-1_bg.wasm", "index.html"]
        );
        fs::remove_dir_all(&dist).expect("the temporary folder goes");
    }

    #[test]
    fn sizes_are_those_of_the_compressed_bytes() {
        let size = Size::of(&[b'a'; 10_000]).expect("memory can be compressed");
        assert_eq!(size.raw, 10_000);
        assert!(size.gzip < 200 && size.brotli < 200);
    }
}
