//! `tebura bench`: what the hub does in a second here, always beside a baseline from the same run.
//!
//! Machines are noisy: the ratios are the claim, the absolute figures are an observation.

mod contracts;
mod faces;
mod functions;
mod galleries;
mod gates;
mod holds;
mod load;
mod plugins;
pub mod quiet;
mod raw;

pub use contracts::contracts;
pub use faces::{FaceBenchError, faces};
pub use functions::FunctionsError;
pub use galleries::{GalleriesBench, galleries};
pub use gates::{GatesBench, gates};
pub use holds::{HoldsBench, holds};
pub use plugins::{PluginBenchError, plugins};

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Files, sockets.
    #[error("the benchmark needs files and sockets on this machine: {0}")]
    Io(#[from] std::io::Error),
    /// The store did not open.
    #[error(transparent)]
    Open(#[from] tebura_store::OpenError),
    /// The key file.
    #[error(transparent)]
    Kek(#[from] tebura_store::FileKekError),
    /// Setting up merchants and payers failed.
    #[error("the benchmark could not set up its shop: {0}")]
    SetUp(#[from] tebura_hub::set_up::SetUpError),
    /// Reading the result failed.
    #[error("the benchmark could not read its result: {0}")]
    Read(#[from] tebura_hub::ports::ReadError),
    /// The functions written by hand were not measured.
    #[error(transparent)]
    Functions(#[from] FunctionsError),
    /// There is no venue to measure.
    #[error("the benchmark could not build its venue: {0}")]
    Venue(String),
    /// The hub answered something else than success.
    #[error("the hub answered {status} where {path} should have succeeded: {body}")]
    Answer {
        /// HTTP status.
        status: u16,
        /// Which request.
        path: String,
        /// What it said.
        body: String,
    },
    /// Money was made or lost: no figure is worth anything then.
    #[error("{merchants} yen arrived at merchants and {captured} were captured: the books are wrong")]
    Books {
        /// Sum of merchants' balances.
        merchants: i64,
        /// Sum of acknowledged captures.
        captured: i64,
    },
    /// A client task died.
    #[error("a client stopped: {0}")]
    Client(#[from] tokio::task::JoinError),
}

/// The middle of sorted values, and the value that 99 in 100 stay under.
pub(crate) fn median_and_p99<T: Copy + Ord + Default>(values: &mut [T]) -> (T, T) {
    values.sort_unstable();
    let at = |share: usize| values.get(values.len().saturating_sub(1) * share / 100).copied().unwrap_or_default();
    (at(50), at(99))
}
