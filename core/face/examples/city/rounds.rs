//! Searches beside a read of the float32 gallery, by turns, so that whatever else the machine does falls on all of them.

use tebura_face::{Gallery, MatchPolicy, Search, Template};

use crate::crowd::{face, genuine};
use crate::{Failure, above, spent_ms};

const ROUNDS: u64 = 25;
const BATCH: u64 = 16;

/// Milliseconds of every round.
#[derive(Default)]
pub(crate) struct Rounds {
    read: Vec<f64>,
    single: Vec<f64>,
    single_above: Vec<f64>,
    batch: Vec<f64>,
    batch_above: Vec<f64>,
    right: u64,
}

impl Rounds {
    pub(crate) fn measure(gallery: &Gallery, people: u64, policy: &MatchPolicy) -> Result<Self, Failure> {
        let mut in_full: Vec<f32> = Vec::new();
        for person in 0..people {
            in_full.extend_from_slice(face(person)?.values());
        }
        let batch: Vec<Template> = (0..BATCH).map(|nth| genuine(people, 1_000 + nth)).collect::<Result<_, _>>()?;
        let batch: Vec<&Template> = batch.iter().collect();
        let (all, above) = (Search::everybody(), above(policy));
        let mut rounds = Self::default();
        for round in 0..ROUNDS {
            let probe = genuine(people, 2_000 + round)?;
            time(&mut rounds.read, || read(&in_full));
            time(&mut rounds.single, || gallery.search(&probe, &all));
            let found = time(&mut rounds.single_above, || gallery.search(&probe, &above));
            let whose = u128::from(crate::crowd::whose(people, 2_000 + round));
            rounds.right += u64::from(found.best.is_some_and(|best| best.subject == whose));
            time(&mut rounds.batch, || gallery.search_each(&batch, &all));
            time(&mut rounds.batch_above, || gallery.search_each(&batch, &above));
        }
        Ok(rounds)
    }

    /// Median milliseconds of one search of everybody.
    pub(crate) fn single_ms(&self) -> f64 {
        median(&mut self.single.clone())
    }

    /// Median milliseconds of one search above the policy's floor.
    pub(crate) fn above_ms(&self) -> f64 {
        median(&mut self.single_above.clone())
    }

    pub(crate) fn print(&self) {
        let read = median(&mut self.read.clone());
        println!("| one read of the float32 gallery, one thread | {read:.1} ms | |");
        for (what, single) in [("above the policy's floor", &self.single_above), ("everybody, no floor", &self.single)]
        {
            let (middle, least) = (median(&mut single.clone()), least(single));
            println!("| one search, one thread, {what} | {middle:.1} ms (least {least:.1}) | |");
            let beside = by_rounds(single, &self.read);
            let at_best = least / self::least(&self.read);
            println!("| … beside one read | **{beside:.3}** (least by least {at_best:.3}) | ≤ 0.1 |");
        }
        for (what, batch, single) in [
            ("above the floor", &self.batch_above, &self.single_above),
            ("everybody, no floor", &self.batch, &self.single),
        ] {
            let each = median(&mut batch.clone()) / BATCH as f64;
            let gain = BATCH as f64 / by_rounds(batch, single);
            println!("| a search in a batch of {BATCH}, {what} | {each:.1} ms, ×{gain:.1} of single | ≥ ×3 |");
        }
        println!("| timed searches that found whom the probe shows | {} of {ROUNDS} | |", self.right);
    }
}

/// The median of what one takes beside the other in the same round.
fn by_rounds(one: &[f64], other: &[f64]) -> f64 {
    median(&mut one.iter().zip(other).map(|(one, other)| one / other).collect::<Vec<_>>())
}

/// Adds every word up, as fast as memory gives them.
fn read(numbers: &[f32]) -> u32 {
    let mut sums = [0_u32; 32];
    for numbers in numbers.as_chunks::<32>().0 {
        for (number, sum) in numbers.iter().zip(&mut sums) {
            *sum = sum.wrapping_add(number.to_bits());
        }
    }
    sums.iter().fold(0, |all, sum| all ^ sum)
}

fn time<T>(to: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let before = spent_ms();
    let result = std::hint::black_box(work());
    to.push(spent_ms() - before);
    result
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
