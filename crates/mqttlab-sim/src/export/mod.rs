//! A run in other forms: text for people, and for other programs.

pub mod ladder;
pub mod mermaid;
pub mod trace;

#[cfg(test)]
mod tests;
