//! A run in other forms: text for people, and for other programs.

pub mod ladder;
pub mod mermaid;
#[cfg(feature = "ndjson")]
pub mod ndjson;
#[cfg(feature = "pcapng")]
pub mod pcapng;
pub mod plantuml;
mod rows;
pub mod rust;
pub mod svg;
pub mod trace;

#[cfg(test)]
mod tests;
