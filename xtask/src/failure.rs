//! Turns the output of a failed program into one line that says what to do.

use std::path::Path;

use anyhow::{Error, anyhow};

/// A known cause: signs of it in the output, and what to do about it.
struct Cause {
    signs: &'static [&'static str],
    advice: &'static str,
}

/// What to do where nothing can be linked.
pub(crate) const NO_COMPILER: &str = "there is no C compiler, which Rust needs for linking: install one (Debian: apt-get install build-essential) and run it again";

const CAUSES: &[Cause] = &[
    Cause {
        signs: &["No space left on device", "ENOSPC"],
        advice: "the disk is full: make room and run it again",
    },
    Cause {
        signs: &[
            "linker `cc` not found",
            "Is `cc` installed",
            "failed to find tool \"cc\"",
            "failed to find tool \"c++\"",
            "cc: not found",
        ],
        advice: NO_COMPILER,
    },
    Cause {
        signs: &["Missing dependency: cmake", "is `cmake` not installed"],
        advice: "cmake is missing: install it (Debian: apt-get install cmake) and run it again",
    },
    Cause {
        signs: &["can't find crate for `core`", "target may not be installed"],
        advice: "the WebAssembly target is missing: run `rustup target add wasm32-unknown-unknown`",
    },
    Cause {
        signs: &["address already in use", "Address already in use"],
        advice: "a port is taken by another program: stop that one, or choose another port",
    },
    Cause {
        signs: &[
            "failed to download",
            "failed downloading",
            "download of config.json failed",
            "could not download",
            "Could not resolve host",
            "Couldn't resolve host",
            "Could not connect to server",
            "Couldn't connect to server",
            "Temporary failure in name resolution",
            "Temporary failure resolving",
            "network failure seems to have happened",
            "Failed to fetch",
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ETIMEDOUT",
            "NewConnectionError",
            "error: could not download file",
        ],
        advice: "a download failed: check the connection (and the proxy settings), then run it again; what has been fetched is kept",
    },
    Cause {
        signs: &[
            "needs to be updated but --locked was passed",
            "cannot update the lock file",
        ],
        advice: "Cargo.lock does not fit Cargo.toml: run `cargo check` once and commit Cargo.lock",
    },
];

/// Explains why `title` failed, from the end of its output.
///
/// Where the cause is not a known one, the last lines are part of the message.
pub(crate) fn explain(title: &str, tail: &[String], log: &Path) -> Error {
    match CAUSES.iter().find(|cause| {
        cause
            .signs
            .iter()
            .any(|sign| tail.iter().any(|line| line.contains(sign)))
    }) {
        Some(cause) => anyhow!("{title}: {} (its output: {})", cause.advice, log.display()),
        None => {
            let last: Vec<&str> = tail
                .iter()
                .rev()
                .take(25)
                .rev()
                .map(String::as_str)
                .collect();
            anyhow!(
                "{title} failed; the whole output is in {}, its end:\n{}",
                log.display(),
                last.join("\n")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::explain;

    fn said(output: &str) -> String {
        let tail: Vec<String> = output.lines().map(str::to_owned).collect();
        explain("installing trunk", &tail, Path::new("x.log")).to_string()
    }

    #[test]
    fn a_missing_linker_is_one_line_with_the_package() {
        let said = said(
            "error: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)",
        );
        assert!(
            said.contains("build-essential") && !said.contains('\n'),
            "{said}"
        );
    }

    #[test]
    fn a_failed_download_is_one_line() {
        let said = said(
            "error: failed to get `anyhow`\nCaused by:\n  [6] Could not resolve host: index.crates.io",
        );
        assert!(
            said.contains("check the connection") && !said.contains('\n'),
            "{said}"
        );
    }

    #[test]
    fn an_unknown_cause_shows_the_end_of_the_output() {
        let said = said("error[E0308]: mismatched types\n --> src/lib.rs:1:1");
        assert!(
            said.contains("mismatched types") && said.contains("x.log"),
            "{said}"
        );
    }
}
