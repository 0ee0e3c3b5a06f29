//! The gallery against a model that compares everybody with everybody.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tebura_face::{Candidate, Candidates, Gallery, GalleryError, Template};

const DIMS: usize = 16;

fn template(seed: u64) -> Template {
    long_template(DIMS, seed)
}

fn long_template(dims: usize, seed: u64) -> Template {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let values = (0..dims)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % 2_001) as f32 / 1_000.0 - 1.0
        })
        .collect();
    Template::from_raw(values).unwrap()
}

/// A face that is almost another: closer than one byte a number can tell.
fn nearly(of: &Template, seed: u64) -> Template {
    let noise = long_template(of.dims(), seed);
    Template::from_raw(of.values().iter().zip(noise.values()).map(|(value, noise)| value + noise * 0.01).collect())
        .unwrap()
}

/// Every subject's best similarity, sorted: what a search must find.
fn expected(people: &BTreeMap<u128, Vec<Template>>, probe: &Template, filter: impl Fn(u128) -> bool) -> Candidates {
    let mut ranked: Vec<Candidate> = people
        .iter()
        .filter(|(subject, templates)| !templates.is_empty() && filter(**subject))
        .map(|(subject, templates)| Candidate {
            subject: *subject,
            similarity: templates.iter().map(|template| probe.similarity(template)).max().unwrap(),
        })
        .collect();
    ranked.sort_by(|left, right| right.similarity.cmp(&left.similarity).then(left.subject.cmp(&right.subject)));
    Candidates { best: ranked.first().copied(), second: ranked.get(1).copied() }
}

#[test]
fn finds_nobody_in_an_empty_gallery() {
    let gallery = Gallery::new(DIMS);
    assert_eq!(gallery.search(&template(1), |_| true), Candidates::default());
}

#[test]
fn second_is_another_subject() {
    let mut gallery = Gallery::new(DIMS);
    for seed in [1, 2, 3] {
        gallery.insert(7, &template(seed)).unwrap();
    }
    let found = gallery.search(&template(2), |_| true);
    assert_eq!(found.best.unwrap().subject, 7);
    assert_eq!(found.second, None);
}

#[test]
fn refuses_a_template_of_another_pack() {
    let mut gallery = Gallery::new(DIMS * 2);
    assert_eq!(gallery.insert(1, &template(1)), Err(GalleryError::Dimensions { gallery: DIMS * 2, template: DIMS }));
    assert!(gallery.is_empty());
    assert_eq!(gallery.search(&template(1), |_| true), Candidates::default());
}

#[test]
fn removes_across_blocks() {
    let mut gallery = Gallery::new(DIMS);
    for subject in 0..3_000_u64 {
        gallery.insert(u128::from(subject), &template(subject)).unwrap();
    }
    for subject in (0..3_000_u64).filter(|subject| subject % 3 != 1) {
        assert_eq!(gallery.remove(u128::from(subject)), 1);
    }
    assert_eq!(gallery.len(), 1_000);
    for subject in [1_u64, 1_000, 1_999, 2_998] {
        let found = gallery.search(&template(subject), |_| true).best.unwrap();
        assert_eq!(found.subject, u128::from(subject));
        assert!(found.similarity.value() > 0.9999);
    }
    assert_eq!(gallery.remove(0), 0);
}

/// Thousands of rows whose bounds overlap, in full and short blocks, at each length that has code of its own and one
/// that has not.
#[test]
fn finds_what_comparing_everybody_finds() {
    for dims in [96, 100, 128, 192, 256, 512] {
        let mut gallery = Gallery::new(dims);
        let mut people: BTreeMap<u128, Vec<Template>> = BTreeMap::new();
        for seed in 0..2_300_u64 {
            let subject = u128::from(seed * 7 % 2_000);
            // Ten looks: every subject has hundreds of doubles, and some are equal to the last number.
            let look = long_template(dims, 1_000_000 + seed % 10);
            let template = if seed % 5 == 0 { look } else { nearly(&look, seed) };
            gallery.insert(subject, &template).unwrap();
            people.entry(subject).or_default().push(template);
        }
        for subject in (0..2_000_u128).step_by(9) {
            assert_eq!(gallery.remove(subject), people.remove(&subject).map_or(0, |templates| templates.len()));
        }
        for seed in 0..20 {
            let look = long_template(dims, 1_000_000 + seed % 10);
            let probe = if seed < 10 { look } else { nearly(&look, 77 + seed) };
            for modulus in [1, 2, 3, 1_999] {
                let admitted = |subject: u128| subject.is_multiple_of(modulus);
                assert_eq!(gallery.search(&probe, admitted), expected(&people, &probe, admitted), "{dims} {seed}");
            }
        }
    }
}

#[test]
fn debug_hides_the_faces() {
    let mut gallery = Gallery::new(DIMS);
    gallery.insert(1, &template(1)).unwrap();
    assert_eq!(format!("{gallery:?}"), "Gallery(1 templates of 16 numbers, hidden)");
}

#[derive(Clone, Debug)]
enum Step {
    Insert { subject: u128, seed: u64 },
    Remove { subject: u128 },
    Search { seed: u64, modulus: u128 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(
        prop_oneof![
            4 => (0_u128..12, 0_u64..40).prop_map(|(subject, seed)| Step::Insert { subject, seed }),
            1 => (0_u128..12).prop_map(|subject| Step::Remove { subject }),
            2 => (0_u64..40, 1_u128..4).prop_map(|(seed, modulus)| Step::Search { seed, modulus }),
        ],
        1..80,
    )
}

proptest! {
    #[test]
    fn answers_as_the_model_does(steps in steps()) {
        let mut gallery = Gallery::new(DIMS);
        let mut people: BTreeMap<u128, Vec<Template>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Insert { subject, seed } => {
                    gallery.insert(subject, &template(seed)).unwrap();
                    people.entry(subject).or_default().push(template(seed));
                }
                Step::Remove { subject } => {
                    let held = people.remove(&subject).map_or(0, |templates| templates.len());
                    prop_assert_eq!(gallery.remove(subject), held);
                }
                Step::Search { seed, modulus } => {
                    let probe = template(seed);
                    let admitted = |subject: u128| subject.is_multiple_of(modulus);
                    prop_assert_eq!(gallery.search(&probe, admitted), expected(&people, &probe, admitted));
                }
            }
            prop_assert_eq!(gallery.len(), people.values().map(Vec::len).sum::<usize>());
        }
    }
}
