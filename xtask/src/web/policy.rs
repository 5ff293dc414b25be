//! What the page may load and run: its own files, and the scripts that stand in it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Where the policy goes: nothing that it is about stands before it.
const AFTER: &str = "<meta charset=utf-8>";

/// Writes the policy into the page, so that it holds wherever its files are served from.
///
/// # Errors
/// When the page cannot be read or written, or has no place for it.
pub(super) fn write(dist: &Path) -> Result<()> {
    let page = dist.join("index.html");
    let text =
        fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let place = [AFTER, "<meta charset=\"utf-8\">"]
        .iter()
        .find_map(|meta| Some(text.find(meta)? + meta.len()))
        .context("the page does not say its encoding")?;
    let (head, rest) = text.split_at(place);
    ensure!(
        !head.contains("<script"),
        "a script stands before the encoding"
    );
    let policy = policy(&text)?;
    let filled =
        format!("{head}<meta http-equiv=content-security-policy content=\"{policy}\">{rest}");
    fs::write(&page, filled).with_context(|| format!("cannot write {}", page.display()))
}

fn policy(page: &str) -> Result<String> {
    let mut scripts = String::new();
    for text in scripts_in(page)? {
        scripts.push_str(" 'sha256-");
        scripts.push_str(&STANDARD.encode(Sha256::digest(text)));
        scripts.push('\'');
    }
    // Styles are set by the program on what it draws; pictures of a run are made in memory.
    Ok(format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'"
    ))
}

/// The text of each script that stands in the page itself.
fn scripts_in(page: &str) -> Result<Vec<&str>> {
    let mut texts = Vec::new();
    for part in page.split("<script").skip(1) {
        let (attributes, rest) = part.split_once('>').context("a tag ends")?;
        let (text, _) = rest.split_once("</script>").context("a script ends")?;
        if !attributes.contains("src=") {
            texts.push(text);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn the_scripts_of_the_page_are_named_by_what_is_in_them() {
        let page = "<script>a()</script><script src=x.js></script><script type=module>b()</script>";
        let policy = policy(page).expect("a good page");
        assert_eq!(policy.matches("sha256-").count(), 2);
        // printf 'a()' | openssl dgst -sha256 -binary | base64
        assert!(
            policy.contains("'sha256-qVpDBgj7bpq5hMAcGp3AOc79J3Y1Z4HvySTwKrWDoy4='"),
            "{policy}"
        );
        super::scripts_in("<script>a()").expect_err("it does not end");
    }
}
