//! Makes what joins the page's script and its module shorter, and names the worker's files by what is in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::child;
use crate::setup::{Tool, Tools};

/// What `wasm-opt` says about the names that it made short.
#[derive(Deserialize)]
struct Names {
    /// Where from, and the long and the short name.
    imports: Vec<(String, String, String)>,
    exports: Vec<(String, String)>,
}

/// Gives what the page's script and its module call each other short names: each is spelled out on both sides, and has
/// a hash in it that does not compress. Without `wasm-opt` they stay as they are.
///
/// # Errors
/// When `wasm-opt` fails or the script is not what `wasm-bindgen` writes.
pub(super) fn shorten(tools: &Tools, dist: &Path) -> Result<()> {
    let module = page_module(dist)?;
    let script = PathBuf::from(module.to_string_lossy().replace("_bg.wasm", ".js"));
    let mut text = read(&script)?;
    if tools.has(Tool::Binaryen) {
        let names = short_names(tools, &module)?;
        text = rename(&text, &names)?;
    }
    fs::write(&script, without_margins(&text)?)
        .with_context(|| format!("cannot write {}", script.display()))
}

/// Names the worker's files by what is in them, so that a page never meets the worker of another one.
///
/// # Errors
/// When the files are not there or the page has no place for the name.
pub(super) fn name_worker(dist: &Path) -> Result<()> {
    const STARTER: &str = "worker.js";
    const PARTS: [(&str, &str); 2] = [("mqttlab-worker", ".js"), ("mqttlab-worker", "_bg.wasm")];
    let mut sum = crc32fast::Hasher::new();
    for (name, end) in PARTS {
        let path = dist.join(format!("{name}{end}"));
        sum.update(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let id = format!("{:08x}", sum.finalize());
    let mut starter = read(&dist.join(STARTER))?;
    for (name, end) in PARTS {
        let (old, new) = (format!("{name}{end}"), format!("{name}-{id}{end}"));
        if !starter.contains(&old) {
            bail!("{STARTER} does not load {old}");
        }
        starter = starter.replace(&old, &new);
        fs::rename(dist.join(&old), dist.join(&new))
            .with_context(|| format!("cannot rename {old}"))?;
    }
    fs::remove_file(dist.join(STARTER)).context("cannot remove the worker's first file")?;
    fs::write(dist.join(format!("worker-{id}.js")), starter)
        .context("cannot write the worker's first file")?;
    let page = dist.join("index.html");
    let text = read(&page)?;
    // A minified page has no quotes.
    let places = ["data-worker=\"dev\"", "data-worker=dev"];
    let Some(place) = places.into_iter().find(|place| text.contains(place)) else {
        bail!("the page has no place for the name of its worker");
    };
    fs::write(
        &page,
        text.replacen(place, &format!("data-worker=\"{id}\""), 1),
    )
    .context("cannot write the page")
}

/// The page's module: the one whose name has a hash in it and is not the worker's.
fn page_module(dist: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(dist).with_context(|| format!("cannot read {}", dist.display()))?;
    for file in files {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("mqttlab-web") && name.ends_with("_bg.wasm") {
            return Ok(path);
        }
    }
    bail!("there is no module of the page in {}", dist.display())
}

fn short_names(tools: &Tools, module: &Path) -> Result<Names> {
    let mut command: Command = child::command(tools.bin().join("wasm-opt"));
    command
        .arg(module)
        .arg("--minify-imports-and-exports-and-modules")
        .arg("-o")
        .arg(module);
    let output = command.output().context("cannot start wasm-opt")?;
    if !output.status.success() {
        bail!(
            "wasm-opt cannot make names short: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("wasm-opt says something else about its names")
}

/// The script with the short names.
fn rename(script: &str, names: &Names) -> Result<String> {
    let Some((module, _, _)) = names.imports.first() else {
        bail!("the module imports nothing");
    };
    let mut renamed = String::with_capacity(script.len());
    let mut found = 0;
    let mut rest = script;
    while let Some(start) = rest.find(is_of_name) {
        let (before, at) = rest.split_at(start);
        renamed.push_str(before);
        let end = at.find(|letter| !is_of_name(letter)).unwrap_or(at.len());
        let (name, after) = at.split_at(end);
        let of_module = renamed.ends_with("wasm.");
        let imported = || names.imports.iter().find(|(_, long, _)| long == name);
        let exported = || names.exports.iter().find(|(long, _)| long == name);
        let short = if of_module {
            exported().map(|(_, short)| short)
        } else {
            imported().map(|(_, _, short)| short)
        };
        found += usize::from(short.is_some() && !of_module);
        renamed.push_str(short.map_or(name, |short| short));
        rest = after;
    }
    renamed.push_str(rest);
    if found != names.imports.len() {
        bail!(
            "the script has {found} of the {} functions that its module imports",
            names.imports.len()
        );
    }
    let quoted = format!("\"{module}\"");
    if !renamed.contains(&quoted) {
        bail!("the script does not name itself {quoted}");
    }
    // All short names are in one module.
    Ok(renamed.replace(&quoted, "\"a\""))
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Without comments on lines of their own, empty lines and what is left of the others.
fn without_margins(script: &str) -> Result<String> {
    let mut lines = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines() {
        // A text over several lines would lose its spaces.
        if line.matches('`').count() % 2 == 1 {
            bail!("a text in the script goes over several lines: {line}");
        }
        let line = line.trim();
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            lines.push_str(line);
            lines.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    Ok(lines)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Names, rename, without_margins};

    #[test]
    fn names_become_short_on_the_side_that_they_are_from() {
        let names = Names {
            imports: vec![("./x_bg.js".into(), "__wbg_a_1".into(), "b".into())],
            exports: vec![("memory".into(), "c".into())],
        };
        let script = "const memory = { __wbg_a_1: () => wasm.memory, \"./x_bg.js\": 1 };";
        let renamed = rename(script, &names).expect("it has all names");
        assert_eq!(renamed, "const memory = { b: () => wasm.c, \"a\": 1 };");
        rename("const x = 1", &names).expect_err("a function is missing");
    }

    #[test]
    fn margins_and_comments_go() {
        let script =
            "/**\n * What it is.\n */\nfunction a() {\n\n    // One.\n    return `b`;\n}\n";
        let short = without_margins(script).expect("it has no long texts");
        assert_eq!(short, "function a() {\nreturn `b`;\n}\n");
        without_margins("`a\n  b`").expect_err("its spaces would be lost");
    }
}
