//! The false-match budget on the figures of the demo pack.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use tebura_face::{BudgetError, CurvePoint, FalseMatchBudget, MeasuredCurve, Similarity};

fn point(threshold: f32, false_match: f64) -> CurvePoint {
    CurvePoint { threshold: Similarity::new(threshold).unwrap(), false_match, false_non_match: 0.0 }
}

/// `packs/drawn-demo/pack.toml`.
fn drawn_demo() -> MeasuredCurve {
    let points = vec![
        point(0.330, 0.010_426),
        point(0.474, 0.000_860),
        point(0.574, 0.000_094),
        point(0.639, 0.000_052),
        point(0.669, 0.000_050),
    ];
    MeasuredCurve::new(497_500, points).unwrap()
}

fn budget(rate: f64) -> FalseMatchBudget {
    FalseMatchBudget::new(rate).unwrap()
}

#[track_caller]
fn check(rate: f64, templates: u64, expected: Result<f32, u64>) {
    let derived = drawn_demo().derive(budget(rate), templates);
    let found = match derived {
        Ok(derived) => Ok(derived.threshold().value()),
        Err(BudgetError::GalleryTooLarge { largest, .. }) => Err(largest),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_larger_gallery_needs_a_higher_threshold() {
    check(0.01, 1, Ok(0.474));
    check(0.02, 1, Ok(0.330));
    check(0.01, 10, Ok(0.474));
    check(0.01, 11, Ok(0.574));
    check(0.01, 80, Ok(0.574));
    check(0.01, 100, Ok(0.639));
    check(0.01, 140, Ok(0.669));
}

#[test]
fn a_gallery_too_large_for_the_pack_is_refused() {
    check(0.01, 1_000, Err(142));
    check(0.001, 100, Err(14));
    let refused = drawn_demo().derive(budget(0.001), 100_000).unwrap_err();
    assert_eq!(refused.code(), "budget.gallery_too_large");
    assert!(refused.to_string().starts_with("100000 templates are too many for this pack: each comparison may match falsely at a rate of 1.0e-8, and its measurements show no less than 7.0e-5; search among at most 14,"), "{refused}");
    // One more than the largest is refused, the largest is not.
    check(0.01, 142, Ok(0.669));
    check(0.01, 143, Err(142));
}

#[test]
fn pairs_without_an_error_show_no_less_than_three_by_their_number() {
    let curve = MeasuredCurve::new(1_000, vec![point(0.5, 0.0)]).unwrap();
    let derived = curve.derive(budget(0.01), 3).unwrap();
    assert!((derived.shown() - 0.003).abs() < 0.000_1, "{}", derived.shown());
    assert_eq!(derived.largest_gallery(), 3);
    assert!(matches!(curve.derive(budget(0.01), 4), Err(BudgetError::GalleryTooLarge { largest: 3, .. })));
}

#[test]
fn shows_the_arithmetic() {
    let derived = drawn_demo().derive(budget(0.01), 100).unwrap();
    assert_eq!(
        derived.in_english(),
        [
            "Accepted false identifications per transaction: 1 %",
            "Templates that a probe is compared with: 100",
            "False match rate that a comparison may have: 1 % ÷ 100 = 0.01 %",
            "Measured at the threshold 0.639: 26 of 497500 pairs of two people matched (0.0052 %)",
            "Upper bound of that rate (95 %, one side): 0.00725 % ≤ 0.01 %",
            "Upper bound per transaction: 100 × 0.00725 % = 0.725 % ≤ 1 %",
            "People who are not found at this threshold, as measured: 0 %",
            "Most templates that this pack and this budget allow: 142",
        ]
    );
    assert_eq!(derived.in_japanese()[2], "1照合あたりに許される誤合致率: 1 % ÷ 100 = 0.01 %");
    assert_eq!(derived.in_japanese().len(), derived.in_english().len());
    assert_eq!(derived.policy(0.03).unwrap().threshold(), derived.threshold());
}

#[test]
fn refuses_what_is_no_budget_and_no_curve() {
    for rate in [0.0, 1.0, -0.1, f64::NAN] {
        assert_eq!(FalseMatchBudget::new(rate).unwrap_err().code(), "budget.not_a_rate");
    }
    assert_eq!(MeasuredCurve::new(0, vec![point(0.5, 0.1)]), Err(BudgetError::NoCurve));
    assert_eq!(MeasuredCurve::new(10, Vec::new()), Err(BudgetError::NoCurve));
    let rising = vec![point(0.6, 0.2), point(0.5, 0.1)];
    assert_eq!(MeasuredCurve::new(10, rising), Err(BudgetError::Curve { threshold: 0.6 }));
    assert_eq!(MeasuredCurve::new(10, vec![point(0.6, f64::NAN)]), Err(BudgetError::Curve { threshold: 0.6 }));
    assert_eq!(drawn_demo().derive(budget(0.5), 0), Err(BudgetError::EmptyGallery));
}

proptest! {
    #[test]
    fn never_promises_more_than_the_budget(rate in 1e-6_f64..0.5, templates in 1_u64..2_000_000) {
        match drawn_demo().derive(budget(rate), templates) {
            Ok(derived) => {
                prop_assert!(derived.shown() >= derived.point().false_match);
                prop_assert!(templates as f64 * derived.shown() <= rate * (1.0 + 1e-12));
                prop_assert!(templates <= derived.largest_gallery());
            }
            Err(BudgetError::GalleryTooLarge { largest, .. }) => prop_assert!(templates > largest),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
