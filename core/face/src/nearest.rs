//! The two nearest subjects of a search.
//!
//! Absent: what follows from them.

use std::cmp::Reverse;

use crate::template::Similarity;

/// One subject and its best similarity to the probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The subject, as it was inserted.
    pub subject: u128,
    /// The highest similarity among the subject's templates.
    pub similarity: Similarity,
}

/// The two nearest subjects of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Candidates {
    /// The nearest subject; nothing when there is nobody near enough.
    pub best: Option<Candidate>,
    /// The nearest of all other subjects.
    pub second: Option<Candidate>,
}

/// Candidates while they are being looked for.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    found: Candidates,
    floor: Similarity,
}

impl Nearest {
    pub(crate) fn new(floor: Similarity) -> Self {
        Self { found: Candidates::default(), floor }
    }

    pub(crate) fn found(&self) -> Candidates {
        self.found
    }

    /// The least similarity that can change the answer. A tie goes to the lower subject, so drawing level can.
    #[inline(always)]
    pub(crate) fn wanted(&self) -> f32 {
        self.found.second.map_or(self.floor, |second| second.similarity).value()
    }

    #[inline(always)]
    pub(crate) fn offer(&mut self, subject: u128, similarity: Similarity) {
        if similarity.value() >= self.wanted() {
            self.take(Candidate { subject, similarity });
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for candidate in [other.found.best, other.found.second].into_iter().flatten() {
            self.offer(candidate.subject, candidate.similarity);
        }
    }

    #[inline(never)]
    fn take(&mut self, candidate: Candidate) {
        let Candidates { best, second } = &mut self.found;
        let is_best_subject = best.is_some_and(|best| best.subject == candidate.subject);
        if candidate.beats(best.as_ref()) {
            if !is_best_subject {
                *second = *best;
            }
            *best = Some(candidate);
        } else if !is_best_subject && candidate.beats(second.as_ref()) {
            *second = Some(candidate);
        }
    }
}

impl Candidate {
    fn beats(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| (self.similarity, Reverse(self.subject)) > (other.similarity, Reverse(other.subject)))
    }
}
