//! Smaller galleries: a venue of 100,000 while people are enrolled, sections of the city, and the demo pack's size.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use tebura_face::{Gallery, MatchPolicy, Search, Template};

use crate::crowd::{DIMS, face, genuine, whose};
use crate::{FAMILY, Failure, VENUE, now, spent_ms};

const PEOPLE: u64 = 100_000;
const SEARCHES: u64 = 400;
/// Numbers in a template of the demo pack.
const DEMO_DIMS: usize = 96;

pub(crate) fn print(city: &Gallery, people: u64, policy: &MatchPolicy) -> Result<(), Failure> {
    let venue = Gallery::new(DIMS);
    for person in 0..PEOPLE {
        venue.insert(u128::from(person), &face(person)?)?;
    }
    let probes: Vec<Template> = (0..SEARCHES).map(|nth| genuine(PEOPLE, nth)).collect::<Result<_, _>>()?;
    row("a venue of 100,000, nothing else going on", &searches(&venue, &probes, &Search::everybody()));
    let (stop, changes) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let enrolling = scope.spawn(|| -> Result<(), Failure> {
            for person in PEOPLE.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                venue.insert(u128::from(person), &face(person)?)?;
                venue.remove(u128::from(person));
                changes.fetch_add(2, Ordering::Relaxed);
            }
            Ok(())
        });
        let started = now();
        let times = searches(&venue, &probes, &Search::everybody());
        let rate = changes.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        row(&format!("… while {rate:.0} a second enrol or leave"), &times);
        enrolling.join().map_err(|_| "the thread that enrolled stopped")?
    })?;
    let members = (0..SEARCHES).map(|nth| genuine(people, nth)).collect::<Result<Vec<_>, _>>()?;
    let section = |section| Search::section(section).not_below(policy.floor());
    row("a section of a twelfth of the city, above the floor", &searches(city, &members, &section(VENUE)));
    row("a section of four people, above the floor", &searches(city, &members, &section(FAMILY)));
    let outsiders = (0..SEARCHES).filter(|nth| !whose(people, *nth).is_multiple_of(12));
    let found = outsiders.zip(&members).filter(|(nth, _)| {
        let found = city.search(&members[*nth as usize], &Search::section(VENUE));
        found.best.is_some_and(|best| !best.subject.is_multiple_of(12))
    });
    println!("| people outside a section who were found in it | {} | 0 |", found.count());
    demo_size()
}

/// The demo pack's templates are shorter; its policy's floor is 0.639.
fn demo_size() -> Result<(), Failure> {
    let short = |face: Template| Template::from_raw(face.values()[..DEMO_DIMS].to_vec());
    let gallery = Gallery::new(DEMO_DIMS);
    for person in 0..PEOPLE {
        gallery.insert(u128::from(person), &short(face(person)?)?)?;
    }
    let probes =
        (0..SEARCHES).map(|nth| Ok(short(genuine(PEOPLE, nth)?)?)).collect::<Result<Vec<Template>, Failure>>()?;
    let floor = tebura_face::Similarity::new(0.639).ok_or("0.639 is a similarity")?;
    row("100,000 of 96 numbers, everybody", &searches(&gallery, &probes, &Search::everybody()));
    row("100,000 of 96 numbers, above 0.639", &searches(&gallery, &probes, &Search::everybody().not_below(floor)));
    Ok(())
}

/// Milliseconds of each search, the shortest first.
fn searches(gallery: &Gallery, probes: &[Template], search: &Search) -> Vec<f64> {
    let mut times: Vec<f64> = probes
        .iter()
        .map(|probe| {
            let before = spent_ms();
            std::hint::black_box(gallery.search(probe, search));
            spent_ms() - before
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn row(what: &str, times: &[f64]) {
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("| {what}: median / p99 | {:.2} / {:.2} ms | p99 < 10 |", at(50), at(99));
}
