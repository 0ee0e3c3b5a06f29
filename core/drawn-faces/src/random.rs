//! Seeded randomness for drawings: the same seed gives the same numbers on every machine. Not for secrets.

/// A SplitMix64 sequence.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Starts the sequence of `seed`; different `stream`s of one seed are unrelated.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { state: scramble(seed) ^ scramble(stream.wrapping_add(0x6a09_e667_f3bc_c909)) }
    }

    /// Returns the next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.state)
    }

    /// Returns a number in 0..1, on a grid of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        unit_of(self.bits())
    }

    /// Returns a number in `low..high`, all equally likely.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Returns a number in `low..high`, the middle most likely.
    pub fn middle(&mut self, low: f32, high: f32) -> f32 {
        let mean = (self.unit() + self.unit() + self.unit()) / 3.0;
        low + (high - low) * mean
    }

    /// Returns true with probability `p` (0..1).
    pub fn chance(&mut self, p: f32) -> bool {
        self.unit() < p
    }

    /// Returns an index in `0..count`; 0 when `count` is 0.
    pub fn index(&mut self, count: usize) -> usize {
        ((self.unit() * count as f32) as usize).min(count.saturating_sub(1))
    }
}

/// Returns a number in 0..1 that depends only on a grid cell and a seed.
pub(crate) fn cell(x: i32, y: i32, seed: u64) -> f32 {
    let position = (u64::from(x as u32) << 32) | u64::from(y as u32);
    unit_of(scramble(position.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed))
}

fn unit_of(bits: u64) -> f32 {
    (bits >> 40) as f32 / (1u64 << 24) as f32
}

fn scramble(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
