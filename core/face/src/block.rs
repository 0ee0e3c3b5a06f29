//! A stretch of a gallery: rows of codes, each of one subject, some of them free.
//!
//! Absent: which row belongs to whom elsewhere, and who may look at which.

use zeroize::Zeroizing;

use crate::levels::{SHARED, Yardstick, write_levels};
use crate::nearest::Nearest;
use crate::rotation::Rotation;
use crate::sketch::{LANES, Lens, Sketch, Stand, Stands, WORD, Words};
use crate::template::{Similarity, Template};
use crate::wide::{Work, prefetch, with_widest};

/// Rows in one block. A block is allocated once at its full size and never moves, so growing leaves no
/// stray copy of a template in freed memory.
pub(crate) const BLOCK_ROWS: usize = 1_024;

/// A set of a block's rows, one bit each.
pub(crate) type Rows = [u64; BLOCK_ROWS / LANES];

/// The codes of up to [`BLOCK_ROWS`] templates.
pub(crate) struct Block {
    width: usize,
    first: Zeroizing<Vec<Words>>,
    first_stands: Vec<Stands>,
    second: Zeroizing<Vec<u32>>,
    second_stands: Vec<Stand>,
    upper: Zeroizing<Vec<i8>>,
    lower: Zeroizing<Vec<u8>>,
    levels: Vec<f32>,
    subjects: Vec<u128>,
    /// When each row was filled, 0 while it is free.
    filled_at: Vec<u64>,
}

/// A template that goes into a block, coded.
pub(crate) struct Coded {
    sketch: Sketch,
    upper: Zeroizing<Vec<i8>>,
    lower: Zeroizing<Vec<u8>>,
    level: f32,
}

/// A template that is searched for, prepared.
pub(crate) struct Probe {
    lens: Lens,
    yardstick: Yardstick,
}

/// Components of a row, those that only fill up a vector register included.
fn width(dims: usize) -> usize {
    dims.next_multiple_of(2 * WORD)
}

fn rotated(template: &Template, rotation: &Rotation) -> Zeroizing<Vec<f32>> {
    let mut vector = Zeroizing::new(template.values().to_vec());
    rotation.turn(&mut vector);
    vector
}

impl Coded {
    pub(crate) fn new(template: &Template, rotation: &Rotation) -> Self {
        let vector = rotated(template, rotation);
        let width = width(vector.len());
        let sketch = Sketch::new(&vector, width / WORD);
        let mut upper = Zeroizing::new(vec![0; width]);
        let mut lower = Zeroizing::new(vec![0; width / SHARED]);
        let level = write_levels(&vector, &mut upper, &mut lower);
        Self { sketch, upper, lower, level }
    }
}

impl Coded {
    fn nothing(width: usize) -> Self {
        Self {
            sketch: Sketch::nothing(width / WORD),
            upper: Zeroizing::new(vec![0; width]),
            lower: Zeroizing::new(vec![0; width / SHARED]),
            level: 0.0,
        }
    }
}

impl Probe {
    pub(crate) fn new(template: &Template, rotation: &Rotation) -> Self {
        let vector = rotated(template, rotation);
        let width = width(vector.len());
        Self { lens: Lens::new(&vector, width / WORD), yardstick: Yardstick::new(&vector, width) }
    }
}

impl Block {
    pub(crate) fn new(dims: usize) -> Self {
        let width = width(dims);
        Self {
            width,
            first: Zeroizing::new(vec![[0; LANES]; BLOCK_ROWS / LANES * width / WORD]),
            first_stands: vec![Stands { factors: [0.0; LANES], deviations: [0.0; LANES] }; BLOCK_ROWS / LANES],
            second: Zeroizing::new(vec![0; BLOCK_ROWS * width / WORD]),
            second_stands: vec![Stand::default(); BLOCK_ROWS],
            upper: Zeroizing::new(vec![0; BLOCK_ROWS * width]),
            lower: Zeroizing::new(vec![0; BLOCK_ROWS * width / SHARED]),
            levels: vec![0.0; BLOCK_ROWS],
            subjects: vec![0; BLOCK_ROWS],
            filled_at: vec![0; BLOCK_ROWS],
        }
    }

    pub(crate) fn fill(&mut self, row: usize, subject: u128, coded: &Coded, at: u64) {
        let (words, width, shared) = (self.width / WORD, self.width, self.width / SHARED);
        let [first, second] = coded.sketch.stands;
        for (to, word) in self.first[row / LANES * words..].iter_mut().zip(coded.sketch.first.iter()) {
            to[row % LANES] = *word;
        }
        self.first_stands[row / LANES].factors[row % LANES] = first.factor;
        self.first_stands[row / LANES].deviations[row % LANES] = first.deviation;
        self.second[row * words..][..words].copy_from_slice(&coded.sketch.second);
        self.second_stands[row] = second;
        self.upper[row * width..][..width].copy_from_slice(&coded.upper);
        self.lower[row * shared..][..shared].copy_from_slice(&coded.lower);
        self.levels[row] = coded.level;
        self.subjects[row] = subject;
        self.filled_at[row] = at;
    }

    /// Overwrites a row.
    pub(crate) fn clear(&mut self, row: usize) {
        self.fill(row, 0, &Coded::nothing(self.width), 0);
    }

    /// Offers to each probe's nearest every row that may be one of them, of those in `rows` that were there at `began`.
    pub(crate) fn scan(&self, rows: &Rows, began: u64, probes: &[Probe], nearest: &mut [Nearest]) {
        with_widest(Scan { block: self, rows, began, probes, nearest });
    }

    /// Looks again at the rows that a first look left, and compares those that are left then.
    #[inline(always)]
    fn look_again(&self, left: &Left, probe: &Probe, began: u64, nearest: &mut Nearest) {
        for lane in ones(left.lanes) {
            let row = left.group * LANES + lane;
            let bound = probe.lens.look_again(self.second(row), self.second_stands[row], left.products[lane]);
            let filled_at = self.filled_at[row];
            if bound >= nearest.wanted() && filled_at != 0 && filled_at <= began {
                nearest.offer(self.subjects[row], self.similarity(row, probe));
            }
        }
    }

    #[inline(always)]
    fn second(&self, row: usize) -> &[u32] {
        let words = self.width / WORD;
        &self.second[row * words..][..words]
    }

    #[inline(always)]
    fn similarity(&self, row: usize, probe: &Probe) -> Similarity {
        let (upper, lower) = (self.width, self.width / SHARED);
        let upper = &self.upper[row * upper..][..upper];
        let lower = &self.lower[row * lower..][..lower];
        Similarity::clamped(probe.yardstick.product(upper, lower, self.levels[row]))
    }
}

/// The places of the bits that are 1.
#[inline(always)]
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        (bits != 0).then(|| {
            bits &= bits - 1;
            place
        })
    })
}

struct Scan<'a> {
    block: &'a Block,
    rows: &'a Rows,
    began: u64,
    probes: &'a [Probe],
    nearest: &'a mut [Nearest],
}

/// The rows of a group that a first look left.
#[derive(Clone)]
struct Left {
    group: usize,
    lanes: u64,
    products: [f32; LANES],
}

impl Work for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { block, rows, began, probes, nearest } = self;
        let groups = || block.first.chunks_exact(block.width / WORD);
        let mut next = groups().skip(1);
        let mut left = vec![Left { group: 0, lanes: 0, products: [0.0; LANES] }; probes.len()];
        for (nth, group) in groups().enumerate() {
            if let Some(next) = next.next() {
                prefetch(next.as_flattened());
            }
            if rows[nth] == 0 {
                continue;
            }
            for ((probe, nearest), left) in probes.iter().zip(&mut *nearest).zip(&mut left) {
                // What is left of the group before has come from memory by now.
                block.look_again(left, probe, began, nearest);
                left.group = nth;
                left.lanes =
                    rows[nth] & probe.lens.look(group, &block.first_stands[nth], nearest.wanted(), &mut left.products);
                for lane in ones(left.lanes) {
                    let row = nth * LANES + lane;
                    prefetch(block.second(row));
                    prefetch(std::slice::from_ref(&block.second_stands[row]));
                }
            }
        }
        for ((probe, nearest), left) in probes.iter().zip(nearest).zip(&left) {
            block.look_again(left, probe, began, nearest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(dims: usize, seed: usize) -> Template {
        let value = |nth: usize| ((seed * 7_919 + nth * nth * 31 + nth * seed * 17) % 997) as f32 - 498.0;
        Template::from_raw((0..dims).map(value).collect()).unwrap()
    }

    fn block(dims: usize) -> Block {
        let mut block = Block::new(dims);
        for row in 0..BLOCK_ROWS {
            block.fill(row, row as u128, &Coded::new(&template(dims, row), &Rotation::known(dims)), row as u64 + 1);
        }
        block
    }

    /// Whatever instructions a processor has, the answer is the same.
    #[test]
    fn every_width_finds_the_same() {
        for dims in [16, 96, 512] {
            let block = block(dims);
            let probes: Vec<Probe> =
                (0..10).map(|seed| Probe::new(&template(dims, seed * 100 + 3), &Rotation::known(dims))).collect();
            let scan = |run: fn(Scan<'_>)| {
                let mut nearest = vec![Nearest::new(Similarity::LEAST); probes.len()];
                let rows = [u64::MAX; BLOCK_ROWS / LANES];
                run(Scan { block: &block, rows: &rows, began: u64::MAX, probes: &probes, nearest: &mut nearest });
                nearest.iter().map(Nearest::found).collect::<Vec<_>>()
            };
            assert_eq!(scan(|work| with_widest(work)), scan(|work| work.run()));
        }
    }

    #[test]
    fn a_cleared_row_keeps_nothing_of_a_face() {
        let mut block = block(96);
        for row in 0..BLOCK_ROWS {
            block.clear(row);
        }
        assert!(block.first.as_flattened().iter().chain(block.second.iter()).all(|word| *word == 0));
        assert!(block.upper.iter().all(|level| *level == 0) && block.lower.iter().all(|level| *level == 0));
        assert!(block.subjects.iter().all(|subject| *subject == 0));
    }

    #[test]
    fn a_row_that_was_filled_later_is_not_found() {
        let block = block(96);
        let found = |began| {
            let mut nearest = [Nearest::new(Similarity::LEAST)];
            block.scan(
                &[u64::MAX; BLOCK_ROWS / LANES],
                began,
                &[Probe::new(&template(96, 40), &Rotation::known(96))],
                &mut nearest,
            );
            nearest[0].found().best.unwrap().subject
        };
        assert_eq!(found(41), 40);
        assert_ne!(found(40), 40);
    }
}
