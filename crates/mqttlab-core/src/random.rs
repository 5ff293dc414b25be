//! What tests with random input share.

use proptest::test_runner::{Config, RngSeed};

/// Few cases and the same each time, so that a run is short and says the same to everybody; `PROPTEST_CASES` and
/// `PROPTEST_RNG_SEED` in the environment ask for more and for others.
pub(crate) fn config() -> Config {
    const CASES_UNASKED: u32 = 256;
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if config.cases == CASES_UNASKED {
        config.cases = 64;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}
