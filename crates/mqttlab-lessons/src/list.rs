//! Which lessons there are, in the order in which they build on each other.

use crate::Source;

macro_rules! lessons {
    ($($id:literal $([$($snippet:literal),+])?;)+) => {
        /// All lessons, in the order in which they build on each other.
        pub const LESSONS: &[Source] = &[$(
            Source {
                id: $id,
                text: include_str!(concat!("../../../lessons/", $id, "/lesson.md")),
                scenario: include_str!(concat!("../../../lessons/", $id, "/scenario.toml")),
                trace: include_str!(concat!("../../../lessons/", $id, "/trace.txt")),
                snippets: &[$($(($snippet, include_str!(concat!("../../../lessons/", $id, "/", $snippet)))),+)?],
            },
        )+];
    };
}

lessons! {
    "knock";
    "keep-alive";
    "pulled-cable";
    "duel";
    "offline";
    "silent";
    "per-hop";
    "loss";
    "duplicates";
    "exactly-once";
    "last-will";
    "retained";
    "no-yesterday";
}
