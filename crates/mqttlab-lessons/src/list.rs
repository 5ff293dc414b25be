//! Which lessons there are, in the order in which they build on each other.

use crate::Source;

macro_rules! lessons {
    (@case) => { false };
    (@case case) => { true };
    ($($($case:ident)? $id:literal $([$($snippet:literal),+])?;)+) => {
        /// All lessons, in the order in which they build on each other, and then the cases.
        pub const LESSONS: &[Source] = &[$(
            Source {
                id: $id,
                is_case: lessons!(@case $($case)?),
                text: include_str!(concat!("../../../lessons/", $id, "/lesson.md")),
                scenario: include_str!(concat!("../../../lessons/", $id, "/scenario.toml")),
                trace: include_str!(concat!("../../../lessons/", $id, "/trace.txt")),
                snippets: &[$($(($snippet, include_str!(concat!("../../../lessons/", $id, "/", $snippet)))),+)?],
            },
        )+];
    };
}

lessons! {
    "knock" ["knock.py"];
    "keep-alive";
    "pulled-cable";
    "duel";
    "offline" ["offline.py"];
    "silent" ["silent.py"];
    "per-hop";
    "loss";
    "duplicates";
    "exactly-once";
    "last-will" ["last_will.py"];
    "retained" ["retained.py"];
    "no-yesterday";
    case "case-listener";
    case "case-dose";
    case "case-screen";
    case "case-script";
}
