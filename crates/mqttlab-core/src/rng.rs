//! Randomness that is the same everywhere.

/// A small seeded generator (xoshiro256++, seeded by SplitMix64).
///
/// The stream for a seed is part of the crate's behaviour: recordings depend on it. It is not fit for secrets.
///
/// ```
/// use mqttlab_core::rng::Rng;
/// let mut a = Rng::new(7);
/// let mut b = Rng::new(7);
/// assert_eq!(a.next_u64(), b.next_u64());
/// // A fork depends on the label alone, so adding one reader does not reshuffle the others.
/// assert_eq!(Rng::new(7).fork(3).next_u64(), Rng::new(7).fork(3).next_u64());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rng {
    state: [u64; 4],
    seed: u64,
}

impl Rng {
    /// The generator for `seed`; every seed is as good as another.
    pub fn new(seed: u64) -> Self {
        let mut mix = seed;
        let state = core::array::from_fn(|_| split_mix(&mut mix));
        Self { state, seed }
    }

    /// A generator of its own for the thing called `label`, whatever was drawn from this one before.
    #[must_use]
    pub fn fork(&self, label: u64) -> Self {
        let mut mix = self.seed ^ label.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Self::new(split_mix(&mut mix))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
        let t = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= t;
        *s3 = s3.rotate_left(45);
        result
    }

    /// A number from 0 up to but without `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of the multiply-shift is below 2^-32 for every bound that is used here.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `numerator` of `denominator` cases.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
