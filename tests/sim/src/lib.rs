//! The hub in a simulated world. One seed drives everything: clocks, the network to the rails, the rails themselves,
//! crashes, sweeps and callers. A model stands beside the store and is compared with it after every commit; at the end
//! everything has to be over, and every book has to agree with every other. In half of the seeds people with keys propose
//! contracts over several rails, and say about them what they may and what they may not.
//!
//! The hub's own code runs as it is, on one thread and without real time: every port ends in a pause, and the dice say
//! who goes on. The same seed gives the same run. What is absent: SQL, Wasm and HTTP, which the tests in `tests` run
//! with real processes; faces, which move nothing.

#![expect(
    missing_docs,
    reason = "types and functions are documented; a field or a variant whose name says it all is not"
)]

pub mod ask;
pub mod books;
pub mod callers;
pub mod check;
pub mod city;
mod compare;
pub mod counting;
pub mod covenants;
pub mod dealings;
pub mod defect;
pub mod dice;
pub mod far_end;
pub mod model;
pub mod nature;
pub mod papers;
pub mod parley;
pub mod plan;
pub mod ports;
pub mod process;
pub mod rails;
pub mod run;
pub mod signers;
pub mod store;
pub mod store_contracts;
pub mod trace;
pub mod words;
pub mod world;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use check::Counts;
use defect::Defect;
use dice::Dice;
use plan::Plan;
use run::Run;
use trace::Trace;
use world::World;

/// A run that went well.
#[derive(Clone, Debug)]
pub struct Report {
    pub counts: Counts,
    /// SHA-256 over the trace.
    pub hash: String,
    /// The last lines of the trace, or all where they were asked for.
    pub trace: Vec<String>,
    /// How often the planted defect showed.
    pub planted: u32,
}

/// A run in which something is wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub what: String,
    pub hash: String,
    pub trace: Vec<String>,
    pub planted: u32,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        self.trace.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        write!(f, "replay it with: cargo run -p tebura-sim -- --seed {} --trace", self.seed)
    }
}

/// How to run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// A defect to plant.
    pub defect: Option<Defect>,
    /// Keep every line of the trace.
    pub whole_trace: bool,
}

/// Runs one seed to its end.
///
/// # Errors
/// The first thing that is wrong, with the end of the trace.
pub fn simulate(seed: u64, options: Options) -> Result<Report, Box<Failure>> {
    let mut dice = Dice::new(seed);
    let many = options.defect.is_some_and(Defect::is_of_contracts);
    let plan = Plan::draw(&mut dice).with_contracts(&mut Dice::new(!seed), many);
    let world = Arc::new(World::new(dice, Trace::new(options.whole_trace), options.defect));
    let mut run = Run::new(Arc::clone(&world), plan);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        run.set_up()?;
        run.bustle()?;
        run.calm_down()?;
        check::everything(&run)
    }));
    let (hash, trace, planted) = world.with(|state| (state.trace.hash(), state.trace.told(), state.planted));
    match ran {
        Ok(Ok(counts)) => Ok(Report { counts, hash, trace, planted }),
        Ok(Err(what)) => Err(Box::new(Failure { seed, what, hash, trace, planted })),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let what = format!("a panic: {}", text.unwrap_or_default());
            Err(Box::new(Failure { seed, what, hash, trace, planted }))
        }
    }
}
