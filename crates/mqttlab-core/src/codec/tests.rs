mod clauses;
pub(crate) mod notation;
mod tables;
mod vectors;

#[cfg(not(target_family = "wasm"))]
mod random;
