//! From the false identifications that an operator accepts to the similarity that a match needs.
//!
//! One transaction compares a probe with every template of a gallery, and each comparison with somebody else may match
//! falsely. Whatever those comparisons have to do with each other, one of them matches at most as often as their rates add
//! up to: so a comparison may match falsely as often as the budget divided by the templates.
//! Absent: interpolation, and rates that were never measured. A rate counts as its upper confidence bound.

use std::fmt;

use crate::decision::{MatchPolicy, PolicyError};
use crate::template::Similarity;

/// The normal quantile of 95 % on one side.
const QUANTILE: f64 = 1.645;

/// Error rates of a pack at some thresholds, from impostor pairs of people that nothing was trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredCurve {
    impostor_pairs: u64,
    points: Vec<CurvePoint>,
}

/// What was measured at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The least similarity of a match.
    pub threshold: Similarity,
    /// Share of impostor pairs that matched, 0..=1.
    pub false_match: f64,
    /// Share of genuine pairs that did not, 0..=1.
    pub false_non_match: f64,
}

/// The largest acceptable rate of false identifications: transactions in which somebody who is not the one before the
/// camera is near enough, of those by people who are not in the gallery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalseMatchBudget(f64);

/// A threshold, and how it follows from a budget, a gallery and a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DerivedThreshold {
    budget: FalseMatchBudget,
    templates: u64,
    impostor_pairs: u64,
    point: CurvePoint,
    shown: f64,
    largest: u64,
}

/// Why there is no threshold.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BudgetError {
    /// The budget is not a rate.
    #[error(
        "the budget {rate} must be above 0 and below 1: 0.001 is one false identification in a thousand transactions"
    )]
    Rate {
        /// What was given.
        rate: f64,
    },
    /// Nothing was measured.
    #[error(
        "the pack has no measured error rates, so no gallery can be justified: install a pack whose manifest has a curve"
    )]
    NoCurve,
    /// A rate is not a rate, or a higher threshold has a higher rate of false matches.
    #[error(
        "the pack's measured error rates contradict each other at the threshold {threshold}: run `tebura pack check`"
    )]
    Curve {
        /// Where.
        threshold: f32,
    },
    /// Nobody can be compared.
    #[error("the gallery is empty: admit somebody first")]
    EmptyGallery,
    /// The pack was not shown to be good enough for so many.
    #[error(
        "{templates} templates are too many for this pack: each comparison may match falsely at a rate of {allowed:.1e}, and its measurements show no less than {shown:.1e}; search among at most {largest}, accept a higher rate, ask for another factor, or install a pack that is better or was measured on more people"
    )]
    GalleryTooLarge {
        /// Templates in the gallery.
        templates: u64,
        /// The most that this pack and this budget allow.
        largest: u64,
        /// The false match rate that a comparison may have.
        allowed: f64,
        /// The least that the pack's measurements show.
        shown: f64,
    },
}

impl BudgetError {
    /// Returns the stable code of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rate { .. } => "budget.not_a_rate",
            Self::NoCurve => "budget.pack_not_measured",
            Self::Curve { .. } => "budget.pack_curve_broken",
            Self::EmptyGallery => "budget.gallery_empty",
            Self::GalleryTooLarge { .. } => "budget.gallery_too_large",
        }
    }
}

impl MeasuredCurve {
    /// Takes what was measured on so many impostor pairs, in any order.
    ///
    /// # Errors
    /// Refuses a curve without points or pairs, and one that contradicts itself.
    pub fn new(impostor_pairs: u64, mut points: Vec<CurvePoint>) -> Result<Self, BudgetError> {
        if impostor_pairs == 0 || points.is_empty() {
            return Err(BudgetError::NoCurve);
        }
        points.sort_by_key(|point| point.threshold);
        let is_rate = |rate: f64| (0.0..=1.0).contains(&rate);
        let mut before = 1.0;
        for point in &points {
            if !is_rate(point.false_match) || !is_rate(point.false_non_match) || point.false_match > before {
                return Err(BudgetError::Curve { threshold: point.threshold.value() });
            }
            before = point.false_match;
        }
        Ok(Self { impostor_pairs, points })
    }

    /// Returns the most templates that a budget allows, at the highest measured threshold.
    #[must_use]
    pub fn largest_gallery(&self, budget: FalseMatchBudget) -> u64 {
        (budget.0 / self.least_shown()) as u64
    }

    /// Returns the highest threshold that was measured: with how many templates ever, nothing falsely matches less.
    #[must_use]
    pub fn strictest(&self) -> Similarity {
        self.points.last().map_or(Similarity::LEAST, |point| point.threshold)
    }

    fn least_shown(&self) -> f64 {
        self.points.iter().map(|point| upper_bound(point.false_match, self.impostor_pairs)).fold(1.0, f64::min)
    }

    /// Derives the lowest measured threshold at which a search among so many templates keeps to the budget.
    ///
    /// # Errors
    /// Refuses an empty gallery, and one that is too large for what the pack was shown to do.
    pub fn derive(&self, budget: FalseMatchBudget, templates: u64) -> Result<DerivedThreshold, BudgetError> {
        if templates == 0 {
            return Err(BudgetError::EmptyGallery);
        }
        let shown = |point: &CurvePoint| upper_bound(point.false_match, self.impostor_pairs);
        let (allowed, largest) = (budget.allowed(templates), self.largest_gallery(budget));
        let point = self.points.iter().find(|point| shown(point) <= allowed);
        let Some(point) = point.copied() else {
            return Err(BudgetError::GalleryTooLarge { templates, largest, allowed, shown: self.least_shown() });
        };
        let impostor_pairs = self.impostor_pairs;
        Ok(DerivedThreshold { budget, templates, impostor_pairs, point, shown: shown(&point), largest })
    }
}

impl FalseMatchBudget {
    /// Takes a rate per transaction, above 0 and below 1.
    ///
    /// # Errors
    /// Refuses every other number.
    pub fn new(rate: f64) -> Result<Self, BudgetError> {
        if rate > 0.0 && rate < 1.0 { Ok(Self(rate)) } else { Err(BudgetError::Rate { rate }) }
    }

    /// Returns the rate.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.0
    }

    fn allowed(self, templates: u64) -> f64 {
        self.0 / templates as f64
    }
}

impl DerivedThreshold {
    /// Returns the least similarity of a match.
    #[must_use]
    pub fn threshold(&self) -> Similarity {
        self.point.threshold
    }

    /// Returns what was measured at that threshold.
    #[must_use]
    pub fn point(&self) -> CurvePoint {
        self.point
    }

    /// Returns the false match rate that a comparison may have.
    #[must_use]
    pub fn allowed(&self) -> f64 {
        self.budget.allowed(self.templates)
    }

    /// Returns the false match rate that a comparison has, as its upper confidence bound.
    #[must_use]
    pub fn shown(&self) -> f64 {
        self.shown
    }

    /// Returns the most templates that this budget allows with this pack, at its highest measured threshold.
    #[must_use]
    pub fn largest_gallery(&self) -> u64 {
        self.largest
    }

    /// Returns the policy of a search, with the lead that the pack asks for.
    ///
    /// # Errors
    /// Refuses a threshold or margin that decides nothing; see [`MatchPolicy::new`].
    pub fn policy(&self, margin: f32) -> Result<MatchPolicy, PolicyError> {
        MatchPolicy::new(self.point.threshold.value(), margin)
    }

    /// Shows the arithmetic in Japanese, a step a line.
    #[must_use]
    pub fn in_japanese(&self) -> Vec<String> {
        let Figures { budget, templates, allowed, errors, pairs, measured, shown, threshold, product, missed, largest } =
            Figures::of(self);
        vec![
            format!("許容する誤識別率（1取引あたり）: {budget}"),
            format!("照合するテンプレート数: {templates}"),
            format!("1照合あたりに許される誤合致率: {budget} ÷ {templates} = {allowed}"),
            format!("しきい値 {threshold} での実測: 他人どうし {pairs} 組のうち {errors} 組が合致（{measured}）"),
            format!("統計的な上限（片側95 %）: {shown} ≤ {allowed}"),
            format!("1取引あたりの誤識別率の上限: {templates} × {shown} = {product} ≤ {budget}"),
            format!("このしきい値で本人が見つからない割合（実測）: {missed}"),
            format!("この顔モデルと許容率で照合できる上限: {largest} テンプレート"),
        ]
    }

    /// Shows the arithmetic in English, a step a line.
    #[must_use]
    pub fn in_english(&self) -> Vec<String> {
        let Figures { budget, templates, allowed, errors, pairs, measured, shown, threshold, product, missed, largest } =
            Figures::of(self);
        vec![
            format!("Accepted false identifications per transaction: {budget}"),
            format!("Templates that a probe is compared with: {templates}"),
            format!("False match rate that a comparison may have: {budget} ÷ {templates} = {allowed}"),
            format!(
                "Measured at the threshold {threshold}: {errors} of {pairs} pairs of two people matched ({measured})"
            ),
            format!("Upper bound of that rate (95 %, one side): {shown} ≤ {allowed}"),
            format!("Upper bound per transaction: {templates} × {shown} = {product} ≤ {budget}"),
            format!("People who are not found at this threshold, as measured: {missed}"),
            format!("Most templates that this pack and this budget allow: {largest}"),
        ]
    }
}

/// The figures of an explanation, as people write them.
struct Figures {
    budget: Share,
    templates: u64,
    allowed: Share,
    errors: u64,
    pairs: u64,
    measured: Share,
    shown: Share,
    threshold: f32,
    product: Share,
    missed: Share,
    largest: u64,
}

impl Figures {
    fn of(derived: &DerivedThreshold) -> Self {
        let DerivedThreshold { budget, templates, impostor_pairs, point, shown, largest } = *derived;
        Self {
            budget: Share(budget.0),
            templates,
            allowed: Share(derived.allowed()),
            errors: errors(point.false_match, impostor_pairs),
            pairs: impostor_pairs,
            measured: Share(point.false_match),
            shown: Share(shown),
            threshold: point.threshold.value(),
            product: Share(templates as f64 * shown),
            missed: Share(point.false_non_match),
            largest,
        }
    }
}

/// A rate in per cent with as many places as three digits need.
#[derive(Clone, Copy)]
struct Share(f64);

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.0 * 100.0;
        let places = if percent > 0.0 { (2 - percent.log10().floor() as i32).clamp(0, 12) as usize } else { 0 };
        let text = format!("{percent:.places$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        write!(formatter, "{text} %")
    }
}

fn errors(rate: f64, pairs: u64) -> u64 {
    (rate * pairs as f64).round() as u64
}

/// The rate that the true one exceeds in one of twenty measurements like this: of a Poisson count, by Wilson and Hilferty's
/// approximation. Without any error among n pairs it is 3 / n.
fn upper_bound(rate: f64, pairs: u64) -> f64 {
    let count = errors(rate, pairs) as f64 + 1.0;
    let bound = count * (1.0 - 1.0 / (9.0 * count) + QUANTILE / (3.0 * count.sqrt())).powi(3);
    (bound / pairs as f64).min(1.0)
}
