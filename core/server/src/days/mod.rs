//! Scripted days: drawn people go through the services of a place, with an outage of a provider and a crash of the hub in between,
//! and a report in which every yen is accounted for. [`kaga`] is a city's day, [`expo`] a venue's.
//!
//! The hub is a process of its own, reached over HTTP as terminals reach it. The hours are the script's; how long things take is
//! measured. Absent: people who exist, money that is money.

mod accounts;
mod deed;
pub(crate) mod expo;
mod far;
pub(crate) mod kaga;
mod outcome;
mod page;
mod play;
mod purses;
mod report;
mod site;
mod svg;
mod tickets;

use std::path::PathBuf;

use crate::demo::DemoFileError;

/// What a day needs.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    /// A folder for the hub, made anew.
    pub(crate) data: PathBuf,
    /// Where the report goes.
    pub(crate) out: PathBuf,
    /// The plugins' packages.
    pub(crate) plugins: PathBuf,
}

/// Why the day ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DayError {
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
    /// A far end beside the hub: a provider, a terminal.
    #[error("{what} did not start: {reason}")]
    FarEnd {
        /// Which.
        what: &'static str,
        /// Why.
        reason: String,
    },
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
    /// Something came out otherwise than the script says.
    #[error("{line}: expected {expected}; this is a fault of the hub, report it")]
    Otherwise {
        /// What happened.
        line: String,
        /// What should have.
        expected: String,
    },
    /// The books do not agree.
    #[error("the books do not agree: {0}; this is a fault of the hub, report it")]
    Books(String),
}
