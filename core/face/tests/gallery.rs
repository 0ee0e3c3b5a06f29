//! The gallery against a model that keeps every template in full and compares everybody with everybody.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod crowd;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tebura_face::{Candidate, Candidates, Gallery, GalleryError, Search, Similarity, Template};

use crowd::{nearly, template};

const DIMS: usize = 96;
/// How far a similarity of codes may be from that of the templates.
const NEAR: f32 = 2e-3;

/// Who is in the gallery, in full.
#[derive(Default)]
struct Model {
    templates: BTreeMap<u128, Vec<Template>>,
    members: BTreeSet<(u128, u128)>,
}

impl Model {
    fn insert(&mut self, gallery: &Gallery, subject: u128, template: &Template) {
        gallery.insert(subject, template).unwrap();
        self.templates.entry(subject).or_default().push(template.clone());
    }

    /// Each subject's best similarity, the best first.
    fn ranked(&self, probe: &Template, among: impl Fn(u128) -> bool) -> Vec<Candidate> {
        let mut ranked: Vec<Candidate> = self
            .templates
            .iter()
            .filter(|(subject, _)| among(**subject))
            .map(|(subject, templates)| Candidate {
                subject: *subject,
                similarity: templates.iter().map(|template| probe.similarity(template)).max().unwrap(),
            })
            .collect();
        ranked.sort_by(|left, right| right.similarity.cmp(&left.similarity).then(left.subject.cmp(&right.subject)));
        ranked
    }
}

/// What was found is as good as what the model ranks first and second, and says so.
#[track_caller]
fn check(found: &Candidates, ranked: &[Candidate]) {
    let exact = |candidate: &Candidate| ranked.iter().find(|ranked| ranked.subject == candidate.subject).unwrap();
    for (found, nth) in [(found.best, 0), (found.second, 1)] {
        let expected = ranked.get(nth).map(|candidate| candidate.similarity.value());
        let similarity = found.map(|candidate| candidate.similarity.value());
        match (similarity, expected) {
            (Some(similarity), Some(expected)) => {
                assert!((similarity - expected).abs() <= NEAR, "{nth}: {similarity} {expected}");
                let truth = exact(&found.unwrap()).similarity.value();
                assert!((similarity - truth).abs() <= NEAR, "{nth}: {similarity} {truth}");
            }
            (None, None) => {}
            other => panic!("{nth}: {other:?}"),
        }
    }
    if let (Some(best), Some(second)) = (found.best, found.second) {
        assert_ne!(best.subject, second.subject);
        assert!(best.similarity >= second.similarity);
    }
}

#[test]
fn finds_nobody_in_an_empty_gallery() {
    let gallery = Gallery::new(DIMS);
    assert_eq!(gallery.search(&template(DIMS, 1), &Search::everybody()), Candidates::default());
    assert_eq!(gallery.search(&template(DIMS, 1), &Search::section(1)), Candidates::default());
    assert!(gallery.search_each(&[], &Search::everybody()).is_empty());
}

#[test]
fn second_is_another_subject() {
    let gallery = Gallery::new(DIMS);
    for seed in 0..200 {
        gallery.insert(7, &nearly(&template(DIMS, 2), 0.8, seed)).unwrap();
    }
    let found = gallery.search(&template(DIMS, 2), &Search::everybody());
    assert_eq!((found.best.unwrap().subject, found.second), (7, None));
    gallery.insert(8, &template(DIMS, 9)).unwrap();
    assert_eq!(gallery.search(&template(DIMS, 2), &Search::everybody()).second.unwrap().subject, 8);
}

#[test]
fn equal_faces_go_to_the_lower_number() {
    let gallery = Gallery::new(DIMS);
    let mut subjects: Vec<u128> = (0..3_000).map(|nth| (nth * 1_237) % 3_001 + 10).collect();
    for subject in &subjects {
        gallery.insert(*subject, &template(DIMS, 5)).unwrap();
    }
    subjects.sort_unstable();
    for threads in [1, 2, 5] {
        let found = gallery.search(&template(DIMS, 5), &Search::everybody().on_threads(threads.try_into().unwrap()));
        assert_eq!((found.best.unwrap().subject, found.second.unwrap().subject), (subjects[0], subjects[1]));
        assert_eq!(found.best.unwrap().similarity, found.second.unwrap().similarity);
    }
}

#[test]
fn refuses_a_template_of_another_pack() {
    let gallery = Gallery::new(DIMS * 2);
    let other = template(DIMS, 1);
    assert_eq!(gallery.insert(1, &other), Err(GalleryError::Dimensions { gallery: DIMS * 2, template: DIMS }));
    assert!(gallery.is_empty());
    gallery.insert(1, &template(DIMS * 2, 1)).unwrap();
    let mixed = gallery.search_each(&[&other, &template(DIMS * 2, 1), &other], &Search::everybody());
    let found: Vec<bool> = mixed.iter().map(|found| found.best.is_some()).collect();
    assert_eq!(found, [false, true, false]);
}

#[test]
fn passes_over_everybody_below_the_floor() {
    let gallery = Gallery::new(512);
    let face = template(512, 1);
    for (subject, cosine) in [(1, 0.9), (2, 0.7), (3, 0.5)] {
        gallery.insert(subject, &nearly(&face, cosine, 77)).unwrap();
    }
    let search = |floor| {
        let found = gallery.search(&face, &Search::everybody().not_below(Similarity::new(floor).unwrap()));
        (found.best.map(|best| best.subject), found.second.map(|second| second.subject))
    };
    assert_eq!(search(0.6), (Some(1), Some(2)));
    assert_eq!(search(0.8), (Some(1), None));
    assert_eq!(search(0.95), (None, None));
}

/// Rows that fill several blocks, at lengths that do and do not fill words, with look-alikes, doubles, several templates a
/// subject, and people who left.
#[test]
fn finds_what_comparing_everybody_finds() {
    for dims in [16, 33, 96, 100, 128, 192, 512] {
        let (gallery, mut model) = (Gallery::new(dims), Model::default());
        for seed in 0..2_300_u64 {
            let subject = u128::from(seed * 7 % 2_000);
            let look = template(dims, 1_000_000 + seed % 200);
            let face = match seed % 10 {
                0 => look,
                1..5 => nearly(&look, 0.97, seed),
                _ => template(dims, seed),
            };
            model.insert(&gallery, subject, &face);
            if subject % 3 == 0 {
                gallery.admit(9, subject);
            }
        }
        for subject in (0..2_000_u128).step_by(9) {
            let held = model.templates.remove(&subject).map_or(0, |templates| templates.len());
            assert_eq!(gallery.remove(subject), held);
        }
        let probes: Vec<Template> =
            (0..20).map(|seed| nearly(&template(dims, 1_000_000 + seed % 200), 0.9, 77 + seed)).collect();
        let probes: Vec<&Template> = probes.iter().collect();
        let (everybody, section) = (Search::everybody().on_threads(2.try_into().unwrap()), Search::section(9));
        let (all, members) = (gallery.search_each(&probes, &everybody), gallery.search_each(&probes, &section));
        for ((probe, all), members) in probes.iter().zip(&all).zip(&members) {
            check(all, &model.ranked(probe, |_| true));
            check(members, &model.ranked(probe, |subject| subject % 3 == 0));
            assert_eq!(&gallery.search(probe, &Search::everybody()), all);
        }
    }
}

#[test]
fn debug_hides_the_faces() {
    let gallery = Gallery::new(DIMS);
    gallery.insert(1, &template(DIMS, 1)).unwrap();
    assert_eq!(format!("{gallery:?}"), "Gallery(1 templates of 96 numbers, hidden)");
}

/// Somebody outside the section, who looks exactly like the probe, comes and goes through the rows that its members leave.
#[test]
fn a_search_never_finds_who_came_into_a_freed_row() {
    let gallery = Gallery::new(DIMS);
    let (wanted, members) = (template(DIMS, 1), 300_u128);
    for member in 0..members {
        gallery.admit(5, member);
        gallery.insert(member, &template(DIMS, 1_000 + member as u64)).unwrap();
    }
    std::thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            for round in 0..2_000_u128 {
                let member = round % members;
                gallery.remove(member);
                gallery.insert(1_000_000, &wanted).unwrap();
                gallery.remove(1_000_000);
                gallery.insert(member, &template(DIMS, 1_000 + member as u64)).unwrap();
            }
        });
        let mut searches = 0;
        while !traffic.is_finished() || searches < 100 {
            let found = gallery.search(&wanted, &Search::section(5));
            assert!(found.best.unwrap().subject < members && found.second.unwrap().subject < members);
            searches += 1;
        }
    });
    assert_eq!(gallery.len(), 300);
}

#[derive(Clone, Debug)]
enum Step {
    Insert { subject: u128, seed: u64 },
    Remove { subject: u128 },
    Admit { section: u128, subject: u128 },
    Dismiss { section: u128, subject: u128 },
    Search { seed: u64, section: Option<u128> },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (subject, section, seed) = (0_u128..12, 0_u128..3, 0_u64..40);
    prop::collection::vec(
        prop_oneof![
            4 => (subject.clone(), seed.clone()).prop_map(|(subject, seed)| Step::Insert { subject, seed }),
            1 => subject.clone().prop_map(|subject| Step::Remove { subject }),
            2 => (section.clone(), subject.clone()).prop_map(|(section, subject)| Step::Admit { section, subject }),
            1 => (section.clone(), subject).prop_map(|(section, subject)| Step::Dismiss { section, subject }),
            3 => (seed, prop::option::of(section)).prop_map(|(seed, section)| Step::Search { seed, section }),
        ],
        1..80,
    )
}

proptest! {
    #[test]
    fn answers_as_the_model_does(steps in steps()) {
        let (gallery, mut model) = (Gallery::new(DIMS), Model::default());
        for step in steps {
            match step {
                Step::Insert { subject, seed } => model.insert(&gallery, subject, &template(DIMS, seed)),
                Step::Remove { subject } => {
                    let held = model.templates.remove(&subject).map_or(0, |templates| templates.len());
                    prop_assert_eq!(gallery.remove(subject), held);
                }
                Step::Admit { section, subject } => {
                    prop_assert_eq!(gallery.admit(section, subject), model.members.insert((section, subject)));
                }
                Step::Dismiss { section, subject } => {
                    prop_assert_eq!(gallery.dismiss(section, subject), model.members.remove(&(section, subject)));
                }
                Step::Search { seed, section } => {
                    let probe = template(DIMS, seed);
                    let search = section.map_or(Search::everybody(), Search::section);
                    let among = |subject| section.is_none_or(|section| model.members.contains(&(section, subject)));
                    check(&gallery.search(&probe, &search), &model.ranked(&probe, among));
                }
            }
            prop_assert_eq!(gallery.len(), model.templates.values().map(Vec::len).sum::<usize>());
        }
    }
}
