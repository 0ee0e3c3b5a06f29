//! How many false identifications are accepted, and what follows: thresholds, refusals, and a PIN beside a near face.

use std::collections::BTreeMap;
use std::sync::Arc;

use tebura_face::{BudgetError, CurvePoint, FalseMatchBudget, MeasuredCurve, Pack, Similarity};

use super::faces::{Street, enrol};
use super::world::{FarEnd, clock, hub_of, pack};
use crate::budgets::{Budgets, Searcher};
use crate::enroll_face::EnrollFaceError;
use crate::memory::MemoryStore;
use crate::payment::PaymentStatus;

fn rate(rate: f64) -> FalseMatchBudget {
    FalseMatchBudget::new(rate).unwrap()
}

/// A hundred of a million pairs match at 0.9, and one at 0.99.
fn curve() -> MeasuredCurve {
    let point = |threshold, false_match| CurvePoint {
        threshold: Similarity::new(threshold).unwrap(),
        false_match,
        false_non_match: 0.01,
    };
    MeasuredCurve::new(1_000_000, vec![point(0.9, 1e-4), point(0.99, 1e-6)]).unwrap()
}

/// hanako and taro are in the gallery.
async fn street(curve: Option<MeasuredCurve>) -> Street {
    let (far_end, clock) = (Arc::new(FarEnd::with_balance(10_000)), clock());
    let pack = Pack { curve, ..pack() };
    let hub = hub_of(pack, Arc::new(MemoryStore::new(3)), far_end.clone(), clock.clone(), false);
    Street::with(hub, far_end, clock, true).await
}

fn threshold(street: &Street) -> f32 {
    let shown = street.hub.show_search(Searcher::Till(street.till), street.gallery);
    shown.rule.unwrap().policy().threshold().value()
}

#[tokio::test]
async fn jpki_30_the_threshold_follows_from_the_rate_and_the_gallery() {
    let street = street(Some(curve())).await;
    assert_eq!(threshold(&street), 0.9, "nothing is said: the pack's own");
    street.hub.set_budgets(Budgets { default: Some(rate(3e-4)), ..Budgets::default() });
    let shown = street.hub.show_default_search(street.gallery);
    assert_eq!((shown.templates, shown.largest()), (2, Some(63)));
    assert_eq!(threshold(&street), 0.9);
    let saburo = enrol(&street.hub, "stranger", street.gallery, None).await;
    assert_eq!(threshold(&street), 0.99, "three are compared with: each comparison may err less");
    street.hub.set_gallery_member(street.gallery, saburo, false).await.unwrap();
    assert_eq!(threshold(&street), 0.9);
    let own = Budgets { default: Some(rate(3e-4)), tills: BTreeMap::from([(street.till, rate(1e-5))]) };
    street.hub.set_budgets(own);
    assert_eq!(threshold(&street), 0.99, "the till's own rate counts before the one for all");
}

#[tokio::test]
async fn a_gallery_that_grew_too_large_for_the_pack_is_not_searched() {
    let street = street(Some(curve())).await;
    street.hub.set_budgets(Budgets { default: Some(rate(1e-5)), ..Budgets::default() });
    assert_eq!(street.pay("1", "hanako", 100).await.unwrap().status, PaymentStatus::Paid);
    let third = enrol(&street.hub, "stranger", street.gallery, None).await;
    let till = street.hub.store().till(street.till).await.unwrap().unwrap();
    let refused = street.hub.check_till_search(&till).unwrap_err();
    assert!(matches!(refused, BudgetError::GalleryTooLarge { templates: 3, largest: 2, .. }), "{refused}");
    let answer = street.pay("2", "hanako", 100).await.unwrap();
    assert_eq!(answer.status, PaymentStatus::Refused { code: "budget.gallery_too_large".to_owned() });
    street.hub.set_gallery_member(street.gallery, third, false).await.unwrap();
    assert_eq!(street.pay("3", "hanako", 100).await.unwrap().status, PaymentStatus::Paid);
}

#[tokio::test]
async fn a_pack_that_was_not_measured_keeps_to_no_rate() {
    let street = street(None).await;
    assert_eq!(street.pay("1", "hanako", 100).await.unwrap().status, PaymentStatus::Paid);
    street.hub.set_budgets(Budgets { default: Some(rate(0.01)), ..Budgets::default() });
    let answer = street.pay("2", "hanako", 100).await.unwrap();
    assert_eq!(answer.status, PaymentStatus::Refused { code: "budget.pack_not_measured".to_owned() });
}

#[tokio::test]
async fn an_empty_gallery_recognises_nobody() {
    let street = street(Some(curve())).await;
    street.hub.set_budgets(Budgets { default: Some(rate(0.01)), ..Budgets::default() });
    for (_, person) in street.hub.store().gallery_members().await.unwrap() {
        street.hub.set_gallery_member(street.gallery, person, false).await.unwrap();
    }
    assert_eq!(street.refused("hanako", 100, None).await, "face.not_recognised");
}

#[tokio::test]
async fn look_alikes_within_the_margin_never_pay_not_even_with_a_pin() {
    let street = Street::open(true).await;
    enrol(&street.hub, "twin", street.gallery, None).await;
    assert_eq!(street.refused("hanako", 100, None).await, "face.ambiguous");
    assert_eq!(street.refused("hanako", 100, Some("2468")).await, "face.ambiguous");
}

#[tokio::test]
async fn who_is_hardly_nearer_than_somebody_else_says_so_with_the_pin() {
    let street = Street::open(true).await;
    assert_eq!(street.pay("clear", "hanako", 100).await.unwrap().status, PaymentStatus::Paid);
    enrol(&street.hub, "cousin", street.gallery, None).await;
    let needed = street.pay("near", "hanako", 100).await.unwrap();
    assert_eq!(needed.status, PaymentStatus::Refused { code: "pin.needed".to_owned() });
    let paid = street.pay_with_pin("with pin", "hanako", 100, Some("2468")).await.unwrap();
    assert_eq!(paid.status, PaymentStatus::Paid);
}

#[tokio::test]
async fn one_face_under_two_names_is_for_the_staff_to_look_at_and_never_pays() {
    let street = Street::open(true).await;
    let person = street.hub.register_person(super::world::key("again"), "花子", None).await.unwrap().row.id;
    super::faces::agree(&street.hub, person, &crate::consent::OWN_PURPOSES).await;
    let refused = super::faces::capture(&street.hub, person, "hanako").await.unwrap_err();
    assert_eq!(refused, EnrollFaceError::FaceKnown);
    assert!(!refused.to_string().contains(&street.hanako.to_string()), "nobody is told whose face it is");
    assert!(street.hub.store().references_of(person).await.unwrap().is_empty());
    street.clock.jump_ms(1);
    super::faces::enrol_face(&street.hub, street.hanako, "hanako").await;
    // Staff say that they are two, or were deceived: neither pays by a face that both have.
    super::faces::capture_as(&street.hub, person, "hanako", true).await.unwrap();
    street.hub.set_gallery_member(street.gallery, person, true).await.unwrap();
    assert_eq!(street.refused("hanako", 100, None).await, "face.ambiguous");
}
