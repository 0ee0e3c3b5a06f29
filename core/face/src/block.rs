//! A stretch of a gallery's matrix, in full and in one byte a number.
//!
//! Absent: subjects.

use rten_simd::SimdOp;
use zeroize::{Zeroize, Zeroizing};

use crate::bounds::{Bounds, PROBE_LEVELS, ROW_LEVELS, Scale, in_levels};
use crate::template::{Similarity, dot};

/// Rows in one block. A block is allocated once at its full size and never moves, so growing leaves no
/// stray copy of a template in freed memory.
pub(crate) const BLOCK_ROWS: usize = 1_024;

pub(crate) struct Block {
    dims: usize,
    full: Zeroizing<Vec<f32>>,
    levels: Zeroizing<Vec<i8>>,
    scales: Vec<Scale>,
}

/// A template that is searched for.
pub(crate) struct Probe<'a> {
    full: &'a [f32],
    levels: Zeroizing<Vec<i16>>,
    scale: Scale,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(full: &'a [f32]) -> Self {
        let mut levels = Zeroizing::new(Vec::with_capacity(full.len()));
        let scale = in_levels(full, PROBE_LEVELS, |level| levels.push(level));
        Self { full, levels, scale }
    }
}

impl Block {
    pub(crate) fn new(dims: usize) -> Self {
        Self {
            dims,
            full: Zeroizing::new(Vec::with_capacity(BLOCK_ROWS * dims)),
            levels: Zeroizing::new(Vec::with_capacity(BLOCK_ROWS * dims)),
            scales: Vec::with_capacity(BLOCK_ROWS),
        }
    }

    pub(crate) fn push(&mut self, vector: &[f32]) {
        self.full.extend_from_slice(vector);
        let levels = &mut self.levels;
        self.scales.push(in_levels(vector, ROW_LEVELS, |level| levels.push(level as i8)));
    }

    /// Takes the last row off, overwrites it, and returns what it was.
    pub(crate) fn pop(&mut self) -> Zeroizing<Vec<f32>> {
        let from = self.full.len() - self.dims;
        let vector = Zeroizing::new(self.full[from..].to_vec());
        self.full[from..].zeroize();
        self.levels[from..].zeroize();
        self.full.truncate(from);
        self.levels.truncate(from);
        self.scales.pop();
        vector
    }

    pub(crate) fn replace(&mut self, row: usize, vector: &[f32]) {
        let from = row * self.dims;
        self.full[from..from + self.dims].copy_from_slice(vector);
        let mut at = from;
        let levels = &mut self.levels;
        self.scales[row] = in_levels(vector, ROW_LEVELS, |level| {
            levels[at] = level as i8;
            at += 1;
        });
    }

    /// Writes, for each row that is there, a number that its similarity to the probe cannot exceed.
    pub(crate) fn bounds(&self, probe: &Probe<'_>, to: &mut [f32; BLOCK_ROWS]) {
        let (levels, scales) = (&self.levels, &self.scales);
        Bounds { levels, scales, probe: &probe.levels, probe_scale: probe.scale, to }.dispatch();
    }

    pub(crate) fn similarity(&self, row: usize, probe: &Probe<'_>) -> Similarity {
        let from = row * self.dims;
        Similarity::clamped(dot(&self.full[from..from + self.dims], probe.full))
    }
}
