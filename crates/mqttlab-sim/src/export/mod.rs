//! A run in other forms: text for people, and for other programs.

pub mod trace;
