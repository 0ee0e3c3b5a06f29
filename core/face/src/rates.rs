//! Error rates of a matcher, from similarities of pairs whose truth is known.
//!
//! Absent: any interpolation. A rate is a count divided by a count.

use crate::template::Similarity;

/// Similarities of genuine pairs (one person) and impostor pairs (two people).
#[derive(Clone, Debug, Default)]
pub struct PairScores {
    genuine: Vec<Similarity>,
    impostor: Vec<Similarity>,
}

/// Rates at one threshold, each 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorRates {
    /// The least similarity of a match.
    pub threshold: Similarity,
    /// Share of impostor pairs that match.
    pub false_match: f64,
    /// Share of genuine pairs that do not.
    pub false_non_match: f64,
}

impl PairScores {
    /// Starts without pairs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one pair.
    pub fn add(&mut self, is_genuine: bool, similarity: Similarity) {
        if is_genuine { self.genuine.push(similarity) } else { self.impostor.push(similarity) }
    }

    /// Returns the numbers of genuine and impostor pairs.
    #[must_use]
    pub fn pairs(&self) -> (usize, usize) {
        (self.genuine.len(), self.impostor.len())
    }

    /// Returns the mean similarities of genuine and impostor pairs; 0 without pairs.
    #[must_use]
    pub fn means(&self) -> (f64, f64) {
        let mean = |scores: &[Similarity]| {
            let sum: f64 = scores.iter().map(|score| f64::from(score.value())).sum();
            sum / scores.len().max(1) as f64
        };
        (mean(&self.genuine), mean(&self.impostor))
    }

    /// Returns both rates at a threshold; 0 without pairs.
    #[must_use]
    pub fn at(&self, threshold: Similarity) -> ErrorRates {
        let share = |scores: &[Similarity], is_error: &dyn Fn(&Similarity) -> bool| {
            scores.iter().filter(|score| is_error(score)).count() as f64 / scores.len().max(1) as f64
        };
        ErrorRates {
            threshold,
            false_match: share(&self.impostor, &|score| *score >= threshold),
            false_non_match: share(&self.genuine, &|score| *score < threshold),
        }
    }

    /// Returns the rates at the threshold, of all similarities seen, where the two rates differ least.
    /// Their mean is the equal error rate. Nothing when one kind of pair is missing.
    #[must_use]
    pub fn equal_error(&self) -> Option<ErrorRates> {
        let mut genuine = self.genuine.clone();
        let mut impostor = self.impostor.clone();
        genuine.sort_unstable();
        impostor.sort_unstable();
        if genuine.is_empty() || impostor.is_empty() {
            return None;
        }
        let mut thresholds: Vec<Similarity> = genuine.iter().chain(&impostor).copied().collect();
        thresholds.sort_unstable();
        thresholds.dedup();
        thresholds
            .into_iter()
            .map(|threshold| {
                let below = |sorted: &[Similarity]| sorted.partition_point(|score| *score < threshold);
                ErrorRates {
                    threshold,
                    false_match: (impostor.len() - below(&impostor)) as f64 / impostor.len() as f64,
                    false_non_match: below(&genuine) as f64 / genuine.len() as f64,
                }
            })
            .min_by(|left, right| left.gap().total_cmp(&right.gap()))
    }
}

impl ErrorRates {
    /// Returns the mean of both rates, which at the point of equal error is the equal error rate.
    #[must_use]
    pub fn mean(&self) -> f64 {
        f64::midpoint(self.false_match, self.false_non_match)
    }

    fn gap(&self) -> f64 {
        (self.false_match - self.false_non_match).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(genuine: &[f32], impostor: &[f32]) -> PairScores {
        let mut scores = PairScores::new();
        for (is_genuine, values) in [(true, genuine), (false, impostor)] {
            for value in values {
                scores.add(is_genuine, Similarity::new(*value).unwrap());
            }
        }
        scores
    }

    #[test]
    fn separable_pairs_have_no_error() {
        let found = scores(&[0.8, 0.9], &[0.1, 0.2]).equal_error().unwrap();
        assert_eq!((found.mean(), found.threshold), (0.0, Similarity::new(0.8).unwrap()));
    }

    #[test]
    fn one_of_four_on_each_side_is_a_quarter() {
        let found = scores(&[0.3, 0.7, 0.8, 0.9], &[0.1, 0.2, 0.25, 0.75]).equal_error().unwrap();
        assert_eq!((found.false_match, found.false_non_match), (0.25, 0.25));
    }

    #[test]
    fn swapped_labels_are_all_errors() {
        assert!(scores(&[0.1], &[0.9]).equal_error().unwrap().mean() >= 0.5);
        assert_eq!(scores(&[0.1], &[]).equal_error(), None);
    }

    #[test]
    fn a_threshold_belongs_to_the_match() {
        let rates = scores(&[0.5], &[0.5]).at(Similarity::new(0.5).unwrap());
        assert_eq!((rates.false_match, rates.false_non_match), (1.0, 0.0));
        assert_eq!(scores(&[0.5, 0.75], &[0.0, -0.5]).means(), (0.625, -0.25));
    }
}
