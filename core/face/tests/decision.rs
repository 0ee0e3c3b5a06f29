//! From similarities to a decision, and from votes to liveness.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use tebura_face::{
    Candidate, Candidates, Decision, Liveness, LivenessPolicy, LivenessRefusal, LivenessVote, MatchPolicy, PolicyError,
    SampleRefusal, Similarity, Template, Verification, decide, fold_liveness, verify,
};

fn candidate(subject: u128, value: f32) -> Candidate {
    Candidate { subject, similarity: Similarity::new(value).unwrap() }
}

#[track_caller]
fn check(best: Option<f32>, second: Option<f32>, expected: &str) {
    let policy = MatchPolicy::new(0.5, 0.1).unwrap();
    let candidates =
        Candidates { best: best.map(|value| candidate(1, value)), second: second.map(|value| candidate(2, value)) };
    let word = match decide(&candidates, &policy) {
        Decision::Recognised { subject: 1, .. } => "recognised",
        Decision::Recognised { .. } => "somebody else",
        Decision::Ambiguous { .. } => "ambiguous",
        Decision::NotRecognised => "nobody",
    };
    assert_eq!(word, expected);
}

#[test]
fn decides_at_the_edges() {
    check(None, None, "nobody");
    check(Some(0.49), None, "nobody");
    check(Some(0.5), None, "recognised");
    check(Some(0.75), Some(0.5), "recognised");
    check(Some(0.75), Some(0.74), "ambiguous");
    // A second below the threshold is still too close to tell apart.
    check(Some(0.5), Some(0.45), "ambiguous");
}

#[test]
fn a_policy_is_checked() {
    assert_eq!(MatchPolicy::new(0.0, 0.0), Err(PolicyError::Threshold { threshold: 0.0 }));
    assert_eq!(MatchPolicy::new(1.0, 0.0), Err(PolicyError::Threshold { threshold: 1.0 }));
    assert!(matches!(MatchPolicy::new(f32::NAN, 0.0), Err(PolicyError::Threshold { .. })));
    assert_eq!(MatchPolicy::new(0.5, -0.1), Err(PolicyError::Margin { margin: -0.1 }));
}

#[test]
fn verifies_against_the_nearest_reference() {
    let axis = |at: usize| {
        let mut values = vec![0.0; 16];
        values[at] = 1.0;
        Template::from_raw(values).unwrap()
    };
    let threshold = Similarity::new(0.5).unwrap();
    let references = [axis(0), axis(1)];
    assert!(matches!(verify(&axis(1), &references, threshold), Verification::Same { .. }));
    assert_eq!(verify(&axis(2), &references, threshold), Verification::Different);
    assert_eq!(verify(&axis(2), &[], threshold), Verification::Different);
}

#[test]
fn folds_liveness() {
    use LivenessVote::{DoesNotFit, Real};
    assert_eq!(fold_liveness(&[], 0.5), Liveness::NotClaimed);
    assert_eq!(fold_liveness(&[Real(1.0), DoesNotFit], 0.5), Liveness::StepBack);
    assert_eq!(fold_liveness(&[Real(1.0), Real(0.25)], 0.5), Liveness::Live { score: 0.625 });
    assert_eq!(fold_liveness(&[Real(0.5), Real(0.25)], 0.5), Liveness::Attack { score: 0.375 });
    assert_eq!(fold_liveness(&[Real(f32::NAN)], 0.5), Liveness::Attack { score: 0.0 });
}

#[test]
fn admits_only_what_the_use_case_asks() {
    use LivenessPolicy::{Required, WhenClaimed};
    assert_eq!(Liveness::Live { score: 0.9 }.admit(Required), Ok(()));
    assert_eq!(Liveness::NotClaimed.admit(WhenClaimed), Ok(()));
    assert_eq!(Liveness::NotClaimed.admit(Required), Err(LivenessRefusal::NotClaimed));
    for policy in [Required, WhenClaimed] {
        assert_eq!(Liveness::Attack { score: 0.1 }.admit(policy), Err(LivenessRefusal::Attack));
        assert_eq!(Liveness::StepBack.admit(policy), Err(LivenessRefusal::StepBack));
    }
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_an_advice() {
    let refusals = [
        SampleRefusal::TooManyBytes { bytes: 2, limit: 1 },
        SampleRefusal::NotAnImage,
        SampleRefusal::TooManyPixels { pixels: 2, limit: 1 },
        SampleRefusal::Truncated,
        SampleRefusal::TooSmall { width: 1, height: 1, least: 2 },
        SampleRefusal::TooDark,
        SampleRefusal::NoFace,
        SampleRefusal::SeveralFaces { count: 2 },
        SampleRefusal::StepCloser { eye_distance_px: 1.0 },
        SampleRefusal::StepBack,
        SampleRefusal::EngineBusy { retry_after_ms: 1 },
        SampleRefusal::Engine("broken".to_owned()),
    ];
    let codes: std::collections::BTreeSet<_> = refusals.iter().map(SampleRefusal::code).collect();
    assert_eq!(codes.len(), refusals.len());
    assert!(refusals.iter().all(|refusal| refusal.advice().ends_with('.')));
    assert_eq!(refusals.iter().filter(|refusal| refusal.is_transient()).count(), 1);
}

proptest! {
    #[test]
    fn a_recognised_subject_is_always_the_nearest_and_far_enough(
        threshold in 0.05_f32..0.95, margin in 0.0_f32..0.3, first in -1.0_f32..1.0, other in -1.0_f32..1.0,
    ) {
        let policy = MatchPolicy::new(threshold, margin).unwrap();
        let (best, second) = if first >= other { (first, other) } else { (other, first) };
        let candidates = Candidates { best: Some(candidate(1, best)), second: Some(candidate(2, second)) };
        match decide(&candidates, &policy) {
            Decision::Recognised { subject, similarity } => {
                prop_assert_eq!(subject, 1);
                prop_assert!(similarity.value() >= threshold && best - second >= margin);
            }
            Decision::Ambiguous { .. } => prop_assert!(best >= threshold && best - second < margin),
            Decision::NotRecognised => prop_assert!(best < threshold),
        }
    }
}
