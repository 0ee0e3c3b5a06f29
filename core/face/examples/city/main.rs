//! Face search at the size of a city, every figure beside its baseline from the same run:
//! `city [people] [python with faiss-cpu]`
//!
//! Everything is done by one thread, and milliseconds are its processor time, in which waits for memory count and other work on
//! the machine does not. Enrolling alone is by the clock.
//! Absent: real faces. Templates are random directions, which is the hardest case there is for a first look at few bits:
//! everybody is equally far from everybody.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

mod crowd;
mod exact;
mod rounds;
mod venue;

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use tebura_face::{Gallery, MatchPolicy, Search};

use crowd::{DIMS, face, genuine};
use rounds::{Rounds, median};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The section that holds everybody whose number is a multiple of twelve: a venue inside the city.
const VENUE: u128 = 1;
/// The section of four people: a family.
const FAMILY: u128 = 2;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let people: u64 = args.next().map_or(Ok(1_200_000), |text| text.parse())?;
    let python = args.next();
    // As a policy for people would be: what is below 0.3 cannot matter.
    let policy = MatchPolicy::new(0.35, 0.05)?;
    let threads = thread::available_parallelism()?;

    let before = resident_mb()?;
    let started = now();
    let gallery = fill(people, threads)?;
    let seconds = started.elapsed().as_secs_f64();
    let held = resident_mb()? - before;
    println!("{people} templates of {DIMS} numbers, {threads} processors\n");
    println!("| what | figure | goal |\n|---|--:|--:|");
    println!("| enrolled, {threads} threads | {:.0} a second | |", people as f64 / seconds);
    println!("| resident memory | {held:.0} MB | < 1,200 |");

    let found = exact::compare(&gallery, people, &policy, threads)?;
    println!("| rank-1 agreement with float32, {} genuine probes | {:.4} | ≥ 0.9999 |", found.probes, found.first);
    let right = exact::found(&gallery, people, &policy, threads)?;
    println!("| genuine probes that find whom they show, of {} | {right} | ≥ 9,999 |", exact::MORE_PROBES);
    println!("| nearest stranger to any of the probes | {:.3} | |", found.stranger);
    println!("| second subject as near as the exact second | {:.4} | |", found.second);
    println!("| same decision above the policy's floor | {:.4} | |", found.decided);
    println!("| largest difference of a score | {:.5} | < 0.002 |", found.off);

    let measured = Rounds::measure(&gallery, people, &policy)?;
    measured.print();
    venue::print(&gallery, people, &policy)?;
    if let Some(python) = python {
        faiss(&python, people, &measured)?;
    }
    Ok(())
}

/// Enrols everybody on all threads, and admits the members of two sections.
fn fill(people: u64, threads: NonZeroUsize) -> Result<Gallery, Failure> {
    let gallery = Gallery::new(DIMS);
    for person in (0..people).step_by(12) {
        gallery.admit(VENUE, u128::from(person));
    }
    for person in 0..4 {
        gallery.admit(FAMILY, u128::from(people / 5 * person));
    }
    let stretch = people.div_ceil(threads.get() as u64);
    thread::scope(|scope| {
        let enrolling: Vec<_> = (0..threads.get() as u64)
            .map(|nth| {
                let (gallery, last) = (&gallery, people.min((nth + 1) * stretch));
                scope.spawn(move || {
                    (nth * stretch..last).try_for_each(|person| -> Result<(), Failure> {
                        Ok(gallery.insert(u128::from(person), &face(person)?)?)
                    })
                })
            })
            .collect();
        enrolling.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread that enrolled stopped")?)
    })?;
    Ok(gallery)
}

/// Times faiss-cpu's flat index over the same templates and probes, on one thread, and our search right after it.
fn faiss(python: &str, people: u64, measured: &Rounds) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("tebura-city-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = faiss_over(python, people, measured, &folder);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn faiss_over(python: &str, people: u64, measured: &Rounds, folder: &Path) -> Result<(), Failure> {
    crowd::write(&folder.join("faces.f32"), (0..people).map(face))?;
    crowd::write(&folder.join("probes.f32"), (0..20).map(|nth| genuine(people, nth)))?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/city/faiss_flat.py");
    let output = Command::new(python).arg(script).arg(folder).arg(DIMS.to_string()).output()?;
    if !output.status.success() {
        return Err(format!("faiss was not measured: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut times: Vec<f64> = String::from_utf8(output.stdout)?.lines().map(str::parse).collect::<Result<_, _>>()?;
    let flat = median(&mut times);
    println!("| faiss-cpu IndexFlatIP, one query, one thread | {flat:.1} ms | |");
    println!("| … beside one search above the floor | ×{:.1} | ≥ 10 |", flat / measured.above_ms());
    println!("| … beside one search of everybody | ×{:.1} | |", flat / measured.single_ms());
    Ok(())
}

/// The memory that this process holds, in units of 1,000,000 bytes.
pub(crate) fn resident_mb() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/self/status")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1.024e-3)
}

pub(crate) fn above(policy: &MatchPolicy) -> Search {
    Search::everybody().not_below(policy.floor())
}

/// Milliseconds that this thread has been on a processor.
pub(crate) fn spent_ms() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
