//! What a pack says of itself, as values: for reports that compare and publish it. Nothing is measured here.

use tebura_face::Scope;

use super::ModelPack;

/// A pack's own words and figures.
#[derive(Clone, Debug, PartialEq)]
pub struct PackFacts {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whom it is for.
    pub scope: Scope,
    /// SPDX.
    pub licence: String,
    /// What else the licence asks.
    pub licence_note: Option<String>,
    /// Where it comes from.
    pub source: String,
    /// What it was trained with.
    pub training_data: String,
    /// `none`, `simulated` or `model`.
    pub liveness: &'static str,
    /// What that claim rests on.
    pub liveness_note: Option<String>,
    /// Its rates.
    pub rates: PackRates,
}

/// Error rates that the pack's publisher measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PackRates {
    /// On what.
    pub measured_on: String,
    /// Comparisons of one person with itself.
    pub genuine_pairs: u64,
    /// Comparisons of two people.
    pub impostor_pairs: u64,
    /// The similarity that identifies.
    pub identify: f32,
    /// How much nearer the first has to be than the second.
    pub margin: f32,
    /// Where false matches and false non-matches are equally frequent, 0..=1.
    pub equal_error_rate: f32,
    /// By rising threshold; empty where the publisher gives none.
    pub curve: Vec<RatePoint>,
}

/// The rates at one threshold, each 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePoint {
    /// The similarity from which on two templates match.
    pub threshold: f32,
    /// False matches.
    pub fmr: f32,
    /// False non-matches.
    pub fnmr: f32,
}

impl ModelPack {
    /// Returns what the pack says of itself.
    #[must_use]
    pub fn facts(&self) -> PackFacts {
        let (manifest, thresholds) = (&self.manifest, &self.manifest.thresholds);
        let mut curve: Vec<RatePoint> = thresholds
            .curve
            .iter()
            .map(|point| RatePoint { threshold: point.threshold, fmr: point.fmr, fnmr: point.fnmr })
            .collect();
        curve.sort_by(|one, other| one.threshold.total_cmp(&other.threshold));
        PackFacts {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            scope: self.recipes.scope,
            licence: manifest.licence.clone(),
            licence_note: manifest.licence_note.clone(),
            source: manifest.source.clone(),
            training_data: manifest.training_data.clone(),
            liveness: self.recipes.claim.word(),
            liveness_note: manifest.liveness.as_ref().map(|table| table.note.clone()),
            rates: PackRates {
                measured_on: thresholds.measured_on.clone(),
                genuine_pairs: thresholds.genuine_pairs,
                impostor_pairs: thresholds.impostor_pairs,
                identify: thresholds.identify,
                margin: thresholds.margin,
                equal_error_rate: thresholds.eer,
                curve,
            },
        }
    }
}

impl PackRates {
    /// The point of the curve at the threshold that is used, or the next one below it.
    #[must_use]
    pub fn in_use(&self) -> Option<RatePoint> {
        self.curve.iter().rev().find(|point| point.threshold <= self.identify).copied()
    }
}
