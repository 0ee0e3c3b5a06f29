//! What follows from similarities: recognised, ambiguous or not.
//!
//! Absent: liveness and amounts. A face that is recognised here still needs both answered.

use crate::nearest::{Candidate, Candidates};
use crate::template::{Similarity, Template};

/// How near a face must be, and how clearly nearer than anybody else's, to select a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatchPolicy {
    threshold: Similarity,
    margin: f32,
}

/// Why two numbers are not a policy.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// The threshold would accept anybody or nobody.
    #[error("the threshold {threshold} must be above 0 and below 1: take it from the pack's measured curve")]
    Threshold {
        /// The threshold that was given.
        threshold: f32,
    },
    /// The margin is not a small positive number.
    #[error("the margin {margin} must be 0 or more and below 1: 0 turns the test for look-alikes off")]
    Margin {
        /// The margin that was given.
        margin: f32,
    },
}

impl MatchPolicy {
    /// Takes the least similarity of a match (0..1, both excluded) and the least lead over the second
    /// subject (0..1, 0 included).
    ///
    /// # Errors
    /// Refuses numbers outside these ranges, NaN included.
    pub fn new(threshold: f32, margin: f32) -> Result<Self, PolicyError> {
        if !(threshold > 0.0 && threshold < 1.0) {
            return Err(PolicyError::Threshold { threshold });
        }
        if !(0.0..1.0).contains(&margin) {
            return Err(PolicyError::Margin { margin });
        }
        Ok(Self { threshold: Similarity::clamped(threshold), margin })
    }

    /// Returns the least similarity of a match.
    #[must_use]
    pub fn threshold(&self) -> Similarity {
        self.threshold
    }

    /// Returns the least lead over the second subject.
    #[must_use]
    pub fn margin(&self) -> f32 {
        self.margin
    }

    /// Returns the least similarity that can change a decision: of a second subject just too close to a best one that is
    /// just near enough.
    #[must_use]
    pub fn floor(&self) -> Similarity {
        Similarity::clamped(self.threshold.value() - self.margin)
    }
}

/// The answer to "who is this?".
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// One subject is near enough, and clearly nearer than the rest.
    Recognised {
        /// The subject.
        subject: u128,
        /// Its similarity to the probe.
        similarity: Similarity,
    },
    /// Two subjects are near enough and too close to each other: another factor must tell them apart.
    Ambiguous {
        /// The nearest.
        best: Candidate,
        /// The next.
        second: Candidate,
    },
    /// Nobody in the gallery is near enough.
    NotRecognised,
}

/// The answer to "is this that person?".
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verification {
    /// At least as similar as the threshold asks.
    Same {
        /// The similarity that was found.
        similarity: Similarity,
    },
    /// Less similar than that.
    Different,
}

/// Decides a search (1:N).
#[must_use]
pub fn decide(candidates: &Candidates, policy: &MatchPolicy) -> Decision {
    let Some(best) = candidates.best.filter(|best| best.similarity >= policy.threshold) else {
        return Decision::NotRecognised;
    };
    match candidates.second {
        Some(second) if best.similarity.value() - second.similarity.value() < policy.margin => {
            Decision::Ambiguous { best, second }
        }
        Some(_) | None => Decision::Recognised { subject: best.subject, similarity: best.similarity },
    }
}

/// Decides a comparison (1:1) against the subject's references; the nearest counts.
#[must_use]
pub fn verify(probe: &Template, references: &[Template], threshold: Similarity) -> Verification {
    references
        .iter()
        .map(|reference| probe.similarity(reference))
        .max()
        .filter(|similarity| *similarity >= threshold)
        .map_or(Verification::Different, |similarity| Verification::Same { similarity })
}
