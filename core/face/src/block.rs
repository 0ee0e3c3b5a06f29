//! A stretch of a gallery's matrix, in full and in 16-bit integers.
//!
//! Absent: subjects.

use zeroize::{Zeroize, Zeroizing};

use crate::template::{Similarity, dot};

/// Rows in one block. A block is allocated once at its full size and never moves, so growing leaves no
/// stray copy of a template in freed memory.
pub(crate) const BLOCK_ROWS: usize = 1_024;
/// Rounding of a sum of thousands of f32 products of unit vectors stays below this.
const ROUNDING: f32 = 1e-5;
/// The largest level on both sides of zero: 4,096 products of two of them still fit i32.
const LEVELS: f32 = 511.0;

pub(crate) struct Block {
    dims: usize,
    full: Zeroizing<Vec<f32>>,
    levels: Zeroizing<Vec<i16>>,
    rows: Vec<Row>,
}

/// What turns a row's levels back into numbers, and how far off they are.
#[derive(Clone, Copy)]
struct Row {
    /// One level, in units of the vector.
    level: f32,
    /// Norm of what the levels leave out.
    left_out: f32,
}

/// A template that is searched for.
pub(crate) struct Probe<'a> {
    full: &'a [f32],
    levels: Zeroizing<Vec<i16>>,
    row: Row,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(full: &'a [f32]) -> Self {
        let mut levels = Zeroizing::new(Vec::with_capacity(full.len()));
        let row = in_levels(full, |level| levels.push(level));
        Self { full, levels, row }
    }
}

impl Block {
    pub(crate) fn new(dims: usize) -> Self {
        Self {
            dims,
            full: Zeroizing::new(Vec::with_capacity(BLOCK_ROWS * dims)),
            levels: Zeroizing::new(Vec::with_capacity(BLOCK_ROWS * dims)),
            rows: Vec::with_capacity(BLOCK_ROWS),
        }
    }

    pub(crate) fn push(&mut self, vector: &[f32]) {
        self.full.extend_from_slice(vector);
        let levels = &mut self.levels;
        self.rows.push(in_levels(vector, |level| levels.push(level)));
    }

    /// Takes the last row off, overwrites it, and returns what it was.
    pub(crate) fn pop(&mut self) -> Zeroizing<Vec<f32>> {
        let from = self.full.len() - self.dims;
        let vector = Zeroizing::new(self.full[from..].to_vec());
        self.full[from..].zeroize();
        self.levels[from..].zeroize();
        self.full.truncate(from);
        self.levels.truncate(from);
        self.rows.pop();
        vector
    }

    pub(crate) fn replace(&mut self, row: usize, vector: &[f32]) {
        let from = row * self.dims;
        self.full[from..from + self.dims].copy_from_slice(vector);
        let mut at = from;
        let levels = &mut self.levels;
        self.rows[row] = in_levels(vector, |level| {
            levels[at] = level;
            at += 1;
        });
    }

    /// Returns a number that the similarity of this row cannot exceed.
    ///
    /// With t = l·q + e and p = l′·q′ + e′: t·p = l·l′·(q·q′) + (l·q)·e′ + e·p, and both rests are bounded by
    /// the norms (Cauchy and Schwarz), where |p| = 1 and |l·q| ≤ 1 + |e|.
    pub(crate) fn bound(&self, row: usize, probe: &Probe<'_>) -> f32 {
        let of = self.rows[row];
        let from = row * self.dims;
        let product = dot_levels(&self.levels[from..from + self.dims], &probe.levels);
        let rest = of.left_out + (1.0 + of.left_out) * probe.row.left_out + ROUNDING;
        product as f32 * of.level * probe.row.level + rest
    }

    pub(crate) fn similarity(&self, row: usize, probe: &Probe<'_>) -> Similarity {
        let from = row * self.dims;
        Similarity::clamped(dot(&self.full[from..from + self.dims], probe.full))
    }
}

/// Rounds a unit vector to levels of a 511th of its largest component.
fn in_levels(vector: &[f32], mut put: impl FnMut(i16)) -> Row {
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let level = largest / LEVELS;
    let mut left_out = 0.0_f32;
    for value in vector {
        let rounded = (value / level).round().clamp(-LEVELS, LEVELS);
        left_out += (value - rounded * level).powi(2);
        put(rounded as i16);
    }
    Row { level, left_out: left_out.sqrt() }
}

/// Multiplies levels. Nothing can overflow; wrapping arithmetic lets checked builds use vector instructions too.
fn dot_levels(row: &[i16], probe: &[i16]) -> i32 {
    row.iter()
        .zip(probe)
        .map(|(left, right)| i32::from(*left).wrapping_mul(i32::from(*right)))
        .fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Template;

    #[test]
    fn the_bound_is_never_below_and_close_above() {
        let mut state = 7_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut template = |dims: usize| Template::from_raw((0..dims).map(|_| random()).collect()).unwrap();
        for dims in [16, 96, 128, 130, 512] {
            let probe = template(dims);
            let probe = Probe::new(probe.values());
            let mut block = Block::new(dims);
            for row in 0..200 {
                block.push(template(dims).values());
                let exact = block.similarity(row, &probe).value();
                let bound = block.bound(row, &probe);
                assert!(bound >= exact && bound < exact + 0.02, "{dims}: {exact} {bound}");
            }
        }
    }

    #[test]
    fn the_longest_templates_do_not_overflow() {
        let vector = vec![1.0 / 64.0; 4_096];
        let mut block = Block::new(4_096);
        block.push(&vector);
        assert!((block.bound(0, &Probe::new(&vector)) - 1.0).abs() < 1e-3);
    }
}
