//! A template: what is refused, what is kept, what is hidden.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use tebura_face::{Similarity, Template, TemplateError};

fn template(values: &[f32]) -> Template {
    Template::from_raw(values.to_vec()).unwrap()
}

#[test]
fn refuses_what_has_no_direction() {
    let nan = [&[1.0; 31][..], &[f32::NAN]].concat();
    assert_eq!(Template::from_raw(nan), Err(TemplateError::NotFinite));
    assert_eq!(Template::from_raw(vec![f32::INFINITY; 32]), Err(TemplateError::NotFinite));
    assert_eq!(Template::from_raw(vec![0.0; 32]), Err(TemplateError::Zero));
    assert_eq!(Template::from_raw(vec![1.0; 15]), Err(TemplateError::Dimensions { dims: 15 }));
    assert_eq!(Template::from_raw(vec![1.0; 4_097]), Err(TemplateError::Dimensions { dims: 4_097 }));
}

#[test]
fn survives_numbers_whose_squares_do_not_fit() {
    let huge = template(&[3.0e38; 16]);
    let small = template(&[2.0e-38; 16]);
    assert!((huge.similarity(&small).value() - 1.0).abs() < 1e-6);
}

#[test]
fn refuses_damaged_bytes() {
    let bytes = template(&[1.0; 32]).to_bytes();
    assert_eq!(Template::from_bytes(&bytes[..127]), Err(TemplateError::Bytes { bytes: 127 }));
    assert_eq!(Template::from_bytes(&bytes[..32]), Err(TemplateError::Dimensions { dims: 8 }));
    assert_eq!(Template::from_bytes(&bytes[..64]), Err(TemplateError::NotUnit));
    let mut nan = bytes.to_vec();
    nan[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(Template::from_bytes(&nan), Err(TemplateError::NotFinite));
}

#[test]
fn debug_hides_the_face() {
    let shown = format!("{:?}", template(&[0.25; 16]));
    assert_eq!(shown, "Template(16 numbers, hidden)");
}

#[test]
fn other_models_have_nothing_in_common() {
    let similarity = template(&[1.0; 16]).similarity(&template(&[1.0; 32]));
    assert_eq!(similarity, Similarity::new(0.0).unwrap());
}

#[test]
fn a_similarity_is_a_number_of_the_range() {
    assert!(Similarity::new(f32::NAN).is_none());
    assert!(Similarity::new(1.01).is_none());
    assert_eq!(Similarity::new(-0.0), Similarity::new(0.0));
    assert_eq!(Similarity::new(-0.0).cmp(&Similarity::new(0.0)), std::cmp::Ordering::Equal);
}

fn raw() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-10.0_f32..10.0, 16..200)
        .prop_filter("has a direction", |values| values.iter().any(|value| value.abs() > 1e-3))
}

proptest! {
    #[test]
    fn is_a_unit_vector_and_returns_from_bytes(values in raw()) {
        let made = template(&values);
        let norm: f64 = made.values().iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        prop_assert!((norm - 1.0).abs() < 1e-5);
        prop_assert_eq!(&Template::from_bytes(&made.to_bytes()).unwrap(), &made);
    }

    #[test]
    fn similarity_is_symmetric_bounded_and_blind_to_scale(values in raw(), scale in 0.1_f32..10.0, seed in any::<u64>()) {
        let other: Vec<f32> = values.iter().enumerate()
            .map(|(index, value)| value * if (seed >> (index % 64)) & 1 == 1 { -1.0 } else { 1.0 })
            .collect();
        let (left, right) = (template(&values), template(&other));
        prop_assert_eq!(left.similarity(&right), right.similarity(&left));
        prop_assert!((-1.0..=1.0).contains(&left.similarity(&right).value()));
        let scaled = template(&values.iter().map(|value| value * scale).collect::<Vec<_>>());
        prop_assert!(left.similarity(&scaled).value() > 0.99999);
    }
}
