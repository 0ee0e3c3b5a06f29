//! Whether a search of codes finds whom comparing every template in full finds.

use std::num::NonZeroUsize;
use std::thread;

use tebura_face::{Candidate, Candidates, Gallery, MatchPolicy, Search, Template, decide};

use crate::crowd::{face, genuine, whose};
use crate::{Failure, above};

/// Probes that are compared with everybody in full: 1,200,000 × 500 comparisons take about a minute.
const PROBES: u64 = 500;
/// Scores that are the same but for rounding.
const SAME: f32 = 1e-3;
/// Templates that are made before the probes pass over them.
const CHUNK: u64 = 64;

/// Probes whose person is known without comparing them with everybody: strangers come nowhere near them.
pub(crate) const MORE_PROBES: u64 = 10_000;

/// Shares of the probes, and the largest difference of a score.
pub(crate) struct Agreement {
    pub(crate) probes: u64,
    pub(crate) first: f64,
    /// The second's score is that of the exact second: among strangers many are as near as each other.
    pub(crate) second: f64,
    pub(crate) decided: f64,
    pub(crate) off: f32,
    /// The highest score of anybody whom a probe does not show.
    pub(crate) stranger: f32,
}

pub(crate) fn compare(
    gallery: &Gallery,
    people: u64,
    policy: &MatchPolicy,
    threads: NonZeroUsize,
) -> Result<Agreement, Failure> {
    let probes: Vec<Template> = (0..PROBES).map(|nth| genuine(people, nth)).collect::<Result<_, _>>()?;
    let exact = in_full(&probes, people, threads)?;
    let references: Vec<&Template> = probes.iter().collect();
    let found: Vec<Candidates> = references
        .chunks(16)
        .flat_map(|probes| gallery.search_each(probes, &Search::everybody().on_threads(threads)))
        .collect();
    let above: Vec<Candidates> = references
        .chunks(16)
        .flat_map(|probes| gallery.search_each(probes, &above(policy).on_threads(threads)))
        .collect();
    let share = |agrees: &dyn Fn(&Candidates, &Candidates, &Candidates) -> bool| {
        let agree = exact.iter().zip(&found).zip(&above).filter(|((exact, found), above)| agrees(exact, found, above));
        agree.count() as f64 / PROBES as f64
    };
    let subject = |candidate: Option<Candidate>| candidate.map(|candidate| candidate.subject);
    let score = |candidate: Option<Candidate>| candidate.map_or(-2.0, |candidate| candidate.similarity.value());
    let off = exact.iter().zip(&found).flat_map(|(exact, found)| {
        [(exact.best, found.best), (exact.second, found.second)]
            .map(|(exact, found)| (score(exact) - score(found)).abs())
    });
    let word = |candidates: &Candidates| std::mem::discriminant(&decide(candidates, policy));
    Ok(Agreement {
        probes: PROBES,
        first: share(&|exact, found, _| subject(exact.best) == subject(found.best)),
        second: share(&|exact, found, _| (score(exact.second) - score(found.second)).abs() < SAME),
        decided: share(&|exact, _, above| {
            word(exact) == word(above) && (subject(exact.best) == subject(above.best) || above.best.is_none())
        }),
        off: off.fold(0.0, f32::max),
        stranger: exact.iter().map(|exact| score(exact.second)).fold(-1.0, f32::max),
    })
}

/// How many of many genuine probes find whom they show.
pub(crate) fn found(
    gallery: &Gallery,
    people: u64,
    policy: &MatchPolicy,
    threads: NonZeroUsize,
) -> Result<u64, Failure> {
    let mut right = 0;
    for first in (0..MORE_PROBES).step_by(16) {
        let numbers = first..MORE_PROBES.min(first + 16);
        let probes: Vec<Template> = numbers.clone().map(|nth| genuine(people, nth)).collect::<Result<_, _>>()?;
        let probes: Vec<&Template> = probes.iter().collect();
        let found = gallery.search_each(&probes, &above(policy).on_threads(threads));
        let shown = numbers.map(|nth| Some(u128::from(whose(people, nth))));
        right += found.iter().zip(shown).filter(|(found, shown)| found.best.map(|best| best.subject) == *shown).count();
    }
    Ok(right as u64)
}

/// The two nearest people of every probe, each person's template being made once.
fn in_full(probes: &[Template], people: u64, threads: NonZeroUsize) -> Result<Vec<Candidates>, Failure> {
    let stretch = people.div_ceil(threads.get() as u64);
    let parts: Vec<Vec<Candidates>> = thread::scope(|scope| {
        let comparing: Vec<_> = (0..threads.get() as u64)
            .map(|nth| scope.spawn(move || in_part(probes, nth * stretch, people.min((nth + 1) * stretch))))
            .collect();
        let joined = comparing.into_iter().map(|thread| thread.join().map_err(|_| "a thread that compared stopped")?);
        joined.collect::<Result<_, Failure>>()
    })?;
    let mut nearest = vec![Candidates::default(); probes.len()];
    for part in parts {
        for (nearest, part) in nearest.iter_mut().zip(part) {
            part.best.into_iter().chain(part.second).for_each(|candidate| take(nearest, candidate));
        }
    }
    Ok(nearest)
}

fn in_part(probes: &[Template], first: u64, last: u64) -> Result<Vec<Candidates>, Failure> {
    let mut nearest = vec![Candidates::default(); probes.len()];
    for chunk in (first..last).step_by(CHUNK as usize) {
        let faces: Vec<Template> = (chunk..last.min(chunk + CHUNK)).map(face).collect::<Result<_, _>>()?;
        for (probe, nearest) in probes.iter().zip(&mut nearest) {
            for (person, face) in (chunk..).zip(&faces) {
                take(nearest, Candidate { subject: u128::from(person), similarity: probe.similarity(face) });
            }
        }
    }
    Ok(nearest)
}

/// Everybody has one template here.
fn take(nearest: &mut Candidates, candidate: Candidate) {
    if nearest.best.is_none_or(|best| candidate.similarity > best.similarity) {
        nearest.second = nearest.best.replace(candidate);
    } else if nearest.second.is_none_or(|second| candidate.similarity > second.similarity) {
        nearest.second = Some(candidate);
    }
}
