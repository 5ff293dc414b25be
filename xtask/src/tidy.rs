//! The rules of the house that compiler and clippy do not know.

use anyhow::Result;

pub(crate) fn run() -> Result<()> {
    Ok(())
}
