//! How often a search of codes finds who a search of the full templates finds, and how far its scores are off: 20,000
//! people, 512 numbers.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod crowd;

use tebura_face::{Gallery, MatchPolicy, Search, Template, decide};

use crowd::{nearly, normal, template};

const DIMS: usize = 512;
const PEOPLE: u64 = 20_000;
const PROBES: u64 = 200;
/// How far a score may be off.
const NEAR: f32 = 2e-3;

/// The nearest and the next subject in full.
fn in_full(faces: &[(u128, Template)], probe: &Template) -> [(u128, f32); 2] {
    let mut best: [(u128, f32); 2] = [(u128::MAX, -2.0); 2];
    for (subject, face) in faces {
        let score = probe.similarity(face).value();
        if *subject == best[0].0 {
            best[0].1 = best[0].1.max(score);
        } else if score > best[0].1 {
            best = [(*subject, score), best[0]];
        } else if score > best[1].1 {
            best[1] = (*subject, score);
        }
    }
    best
}

/// Searches for every probe, and compares who was found, at which scores, and what is decided.
#[track_caller]
fn check(faces: &[(u128, Template)], probes: &[Template], policy: &MatchPolicy) {
    let gallery = Gallery::new(DIMS);
    for (subject, face) in faces {
        gallery.insert(*subject, face).unwrap();
    }
    let probes: Vec<&Template> = probes.iter().collect();
    let found = gallery.search_each(&probes, &Search::everybody());
    let above = gallery.search_each(&probes, &Search::everybody().not_below(policy.floor()));
    for ((probe, found), above) in probes.iter().zip(&found).zip(&above) {
        let [best, second] = in_full(faces, probe);
        let found_scores = [found.best, found.second].map(|candidate| candidate.unwrap().similarity.value());
        assert!((found_scores[0] - best.1).abs() <= NEAR, "best {found_scores:?} {best:?}");
        assert!((found_scores[1] - second.1).abs() <= NEAR, "second {found_scores:?} {second:?}");
        // Two that differ less than the codes can tell may change places; nobody else may.
        if best.1 - second.1 > 2.0 * NEAR {
            assert_eq!(found.best.unwrap().subject, best.0);
        }
        // A search that passes over what the policy does not ask about leads to the same decision.
        assert_eq!(decide(found, policy), decide(above, policy));
    }
}

fn policy() -> MatchPolicy {
    MatchPolicy::new(0.35, 0.05).unwrap()
}

#[test]
fn genuine_faces_from_far_to_near() {
    let faces: Vec<_> = (0..PEOPLE).map(|seed| (u128::from(seed), template(DIMS, seed))).collect();
    let probes: Vec<_> = (0..PROBES)
        .map(|nth| nearly(&faces[(nth * 49) as usize].1, 0.5 + 0.4 * nth as f32 / PROBES as f32, nth))
        .collect();
    check(&faces, &probes, &policy());
}

#[test]
fn strangers() {
    let faces: Vec<_> = (0..PEOPLE).map(|seed| (u128::from(seed), template(DIMS, seed))).collect();
    let probes: Vec<_> = (0..PROBES).map(|seed| template(DIMS, 9_000_000 + seed)).collect();
    check(&faces, &probes, &policy());
}

/// A model of which a few directions carry most: people are alike in them, and differ in the rest.
#[test]
fn faces_of_a_lopsided_model() {
    let lopsided = |seed: u64| {
        let values = normal(DIMS, seed).into_iter().enumerate().map(|(nth, value)| value / (1.0 + nth as f32 / 16.0));
        Template::from_raw(values.collect()).unwrap()
    };
    let faces: Vec<_> = (0..PEOPLE).map(|seed| (u128::from(seed), lopsided(seed))).collect();
    let probes: Vec<_> = (0..PROBES).map(|nth| nearly(&faces[(nth * 31) as usize].1, 0.8, nth)).collect();
    check(&faces, &probes, &MatchPolicy::new(0.6, 0.05).unwrap());
}

/// Families of forty who are nearly one face, and four templates of each person: the second must be another person.
#[test]
fn look_alikes_with_several_templates_each() {
    let mut faces = Vec::new();
    for person in 0..PEOPLE / 4 {
        let family = template(DIMS, person / 40);
        let face = nearly(&family, 0.93, 50_000 + person);
        for picture in 0..4 {
            faces.push((u128::from(person), nearly(&face, 0.9, 100_000 + person * 4 + picture)));
        }
    }
    let probes: Vec<_> = (0..PROBES).map(|nth| nearly(&faces[(nth * 41) as usize].1, 0.85, nth)).collect();
    check(&faces, &probes, &policy());
}
