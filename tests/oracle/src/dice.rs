//! Numbers that random things are made of. All zero makes the simplest, so that a failing case shrinks to one that can be read.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A row of random numbers, used one after another; zeros when they run out.
#[derive(Debug, Clone)]
pub struct Dice(std::vec::IntoIter<u16>);

/// Dice with so many numbers.
pub fn any_dice(numbers: usize) -> impl Strategy<Value = Dice> {
    vec(any::<u16>(), numbers).prop_map(|numbers| Dice(numbers.into_iter()))
}

impl Dice {
    /// Dice that show zeros only.
    pub fn zeros() -> Self {
        Self(Vec::new().into_iter())
    }

    /// A number of `0..sides`.
    pub fn below(&mut self, sides: u16) -> u16 {
        self.0.next().unwrap_or(0) % sides
    }

    /// A number of `1..=sides`.
    pub fn number(&mut self, sides: u128) -> u128 {
        u128::from(self.0.next().unwrap_or(0)) % sides + 1
    }

    /// True once in so many.
    pub fn one_in(&mut self, sides: u16) -> bool {
        self.below(sides) == sides - 1
    }

    /// One of these, the first being the simplest.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::from(self.0.next().unwrap_or(0)) % of.len()].clone()
    }

    /// Something, once in so many.
    pub fn some_in<T>(&mut self, sides: u16, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(sides).then(|| make(self))
    }

    /// Up to `most` of something.
    pub fn several<T>(&mut self, most: u16, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }
}

/// Attempts that the random tests ask about by themselves, all together.
pub const ATTEMPTS: usize = 120_000;

/// Proptest's settings for so many cases; as many times more as the variable `PFORTE_ORACLE_CASES` asks for more attempts than
/// [`ATTEMPTS`]. What is not a number is not taken for one. Says the seed
/// by which the same cases come again.
#[expect(clippy::print_stdout, reason = "a failing test must show its seed")]
pub fn cases(usual: usize) -> ProptestConfig {
    let attempts = match std::env::var("PFORTE_ORACLE_CASES") {
        Ok(text) => text.parse().unwrap_or_else(|_| unreadable(&text)),
        Err(_) => ATTEMPTS,
    };
    let cases = (usual * attempts).div_ceil(ATTEMPTS);
    let given = ProptestConfig::default();
    let seed = match given.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(cases),
    };
    // The harness shows this where a test fails.
    println!("PROPTEST_RNG_SEED={seed}");
    // Whoever looks for mutants wants to know that a case fails, not which is the smallest.
    let is_told = std::env::var_os("PROPTEST_MAX_SHRINK_ITERS").is_some();
    ProptestConfig {
        cases: cases as u32,
        max_shrink_iters: if is_told { given.max_shrink_iters } else { 200_000 },
        max_shrink_time: 60_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..given
    }
}

#[expect(clippy::panic, reason = "a test that asked less than it was told to would look like one that passed")]
fn unreadable(text: &str) -> usize {
    panic!("PFORTE_ORACLE_CASES is {text:?}, which is no number of cases")
}
