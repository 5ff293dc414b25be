//! Integration tests over all crates, in one binary: one link, one list of tests.
