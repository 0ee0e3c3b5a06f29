//! Every choice of a run, from one seed.

/// A seeded source of choices. The same seed and the same questions give the same answers.
pub struct Dice(fastrand::Rng);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u64) -> Self {
        Dice(fastrand::Rng::with_seed(seed))
    }

    /// True in `permille` of 1000 throws.
    pub fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.0.u32(0..1000) < permille
    }

    /// A number of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.i64(low..=high.max(low))
    }

    /// A place in a list of `len` entries; `len` is at least 1.
    pub fn place(&mut self, len: usize) -> usize {
        self.0.usize(0..len.max(1))
    }

    /// One entry of a list that is not empty.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.place(choices.len())]
    }
}
