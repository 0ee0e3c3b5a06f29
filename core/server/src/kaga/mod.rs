//! A day in Kaga: dozens of drawn people through the services of a city, with an outage of a provider and a crash of the hub in
//! between, and a report in which every yen is accounted for.
//!
//! The hub is a process of its own, reached over HTTP as terminals reach it. The hours are the script's; how long things take is
//! measured. Absent: people who exist, money that is money.

mod accounts;
mod clinic;
mod day;
mod far;
mod outcome;
mod report;
mod script;
mod set_up;
mod svg;

use std::path::PathBuf;

use crate::demo::DemoFileError;

pub(crate) use day::run;

/// What the day needs.
#[derive(Clone, Debug)]
pub(crate) struct KagaDay {
    /// A folder for the hub, made anew.
    pub(crate) data: PathBuf,
    /// Where the report goes.
    pub(crate) out: PathBuf,
    /// The plugins' packages.
    pub(crate) plugins: PathBuf,
    /// The bus line's feed.
    pub(crate) feed: PathBuf,
}

/// Why the day ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KagaError {
    /// A file.
    #[error("a file cannot be used ({0}); run it in a checkout of the repository, or name --plugins and --feed")]
    Io(#[from] std::io::Error),
    /// The demo's own file.
    #[error(transparent)]
    File(#[from] DemoFileError),
    /// HTTP.
    #[error("the hub cannot be asked: {0}")]
    Http(#[from] reqwest::Error),
    /// The hub's process ended before it served.
    #[error("the hub did not start; its log is beside its data folder")]
    NoHub,
    /// The pictures were not drawn.
    #[error("the pictures of the day were not drawn")]
    NoPictures,
    /// The clinic's eligibility terminal.
    #[error("the clinic's eligibility terminal did not start: {0}")]
    Terminal(String),
    /// The hub never answered.
    #[error("the hub does not answer; its log is beside its data folder")]
    Silent,
    /// The hub refused a step of the preparation.
    #[error("{what} was refused: {answer}")]
    Refused {
        /// Which.
        what: String,
        /// What it said.
        answer: String,
    },
    /// The feed.
    #[error("the feed is wrong: {0}")]
    Feed(String),
    /// The books do not agree.
    #[error("the books do not agree: {0}; this is a fault of the hub, report it")]
    Books(String),
}
