//! Searching a gallery: one probe or several, the whole gallery or a section, on one thread or more.
//!
//! Each row is looked at twice at most: first at one bit a component, which rules out nearly everybody, then at ten.
//! Absent: the decision.

use std::num::NonZeroUsize;
use std::sync::PoisonError;
use std::thread;

use crate::block::{BLOCK_ROWS, Probe, Rows};
use crate::gallery::{Gallery, Snapshot};
use crate::nearest::{Candidates, Nearest};
use crate::sketch::LANES;
use crate::template::{Similarity, Template};

const ALL_ROWS: Rows = [u64::MAX; BLOCK_ROWS / LANES];

/// Among whom to look, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    section: Option<u128>,
    floor: Similarity,
    threads: NonZeroUsize,
}

impl Search {
    /// Looks among everybody in the gallery.
    #[must_use]
    pub fn everybody() -> Self {
        Self { section: None, floor: Similarity::LEAST, threads: NonZeroUsize::MIN }
    }

    /// Looks among the members of a section; a section without members finds nobody.
    #[must_use]
    pub fn section(section: u128) -> Self {
        Self { section: Some(section), ..Self::everybody() }
    }

    /// Passes over everybody who is less similar than this, which is faster the higher it is. What a policy does not ask
    /// about is below [`MatchPolicy::floor`](crate::MatchPolicy::floor).
    #[must_use]
    pub fn not_below(self, floor: Similarity) -> Self {
        Self { floor, ..self }
    }

    /// Divides the gallery among threads that live as long as the search; one unless told otherwise.
    #[must_use]
    pub fn on_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }
}

impl Gallery {
    /// Finds the two subjects nearest to the probe.
    ///
    /// Equal similarities go to the lower subject number. A probe of another length than the gallery's finds nobody.
    #[must_use]
    pub fn search(&self, probe: &Template, search: &Search) -> Candidates {
        self.search_each(&[probe], search).pop().unwrap_or_default()
    }

    /// Finds the two subjects nearest to each of several probes, reading the gallery once.
    #[must_use]
    pub fn search_each(&self, probes: &[&Template], search: &Search) -> Vec<Candidates> {
        let fits = |template: &&&Template| template.dims() == self.dims();
        let fitting: Vec<Probe> =
            probes.iter().filter(fits).map(|template| Probe::new(template, self.rotation())).collect();
        let snapshot = self.snapshot(search.section);
        let blocks: Vec<(usize, &Rows)> = match &snapshot.section {
            Some(section) => section.iter().map(|(block, rows)| (*block, rows)).collect(),
            None => (0..snapshot.blocks.len()).map(|block| (block, &ALL_ROWS)).collect(),
        };
        let stretch = blocks.len().div_ceil(search.threads.get()).max(1);
        let scan = |blocks: &[(usize, &Rows)]| snapshot.scan(blocks, &fitting, search.floor);
        let mut stretches = blocks.chunks(stretch);
        let first = stretches.next().unwrap_or_default();
        let mut nearest = Vec::new();
        thread::scope(|scope| {
            let others: Vec<_> = stretches.map(|blocks| scope.spawn(move || scan(blocks))).collect();
            nearest = scan(first);
            for other in others {
                match other.join() {
                    Ok(found) => nearest.iter_mut().zip(&found).for_each(|(nearest, found)| nearest.merge(found)),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        let mut found = nearest.iter().map(Nearest::found);
        probes.iter().map(|template| if fits(&template) { found.next() } else { None }.unwrap_or_default()).collect()
    }
}

impl Snapshot {
    fn scan(&self, blocks: &[(usize, &Rows)], probes: &[Probe], floor: Similarity) -> Vec<Nearest> {
        let mut nearest = vec![Nearest::new(floor); probes.len()];
        for (block, rows) in blocks {
            let block = self.blocks[*block].read().unwrap_or_else(PoisonError::into_inner);
            block.scan(rows, self.began, probes, &mut nearest);
        }
        nearest
    }
}
