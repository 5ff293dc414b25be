//! The same for each of several scenarios, with a bar while it takes long.

use std::path::{Path, PathBuf};

use mqttlab_sim::scenario::Scenario;
use serde::Serialize;

use crate::output::{paint, print, print_json, progress};
use crate::{Failure, files};

/// Reads all scenarios, plays them one after the other, and prints what came of each: the words of `play` for people as
/// soon as they are there, or at the end one JSON document for machines.
///
/// # Errors
/// When a file cannot be read or is no scenario; none is played then. When playing one fails, or printing does.
pub(crate) fn each<'a, T: Serialize>(
    paths: &'a [PathBuf],
    for_machines: bool,
    mut play: impl FnMut(&'a Path, Scenario) -> Result<(T, String), Failure>,
) -> Result<Vec<T>, Failure> {
    let read = |path: &'a PathBuf| Ok((path.as_path(), files::scenario(path)?));
    let scenarios = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let bar = progress(scenarios.len() as u64, "playing");
    let mut all = Vec::with_capacity(scenarios.len());
    for (path, scenario) in scenarios {
        let (one, words) = play(path, scenario)?;
        bar.inc(1);
        if !for_machines {
            bar.suspend(|| print(paint(&words)))?;
        }
        all.push(one);
    }
    bar.finish_and_clear();
    if for_machines {
        print_json(&all)?;
    }
    Ok(all)
}
