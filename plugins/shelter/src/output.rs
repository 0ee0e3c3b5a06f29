//! What terminals and staff are shown. Protection is in none of it.

use serde::Serialize;
use tebura_plugin::service::Millis;

use crate::entry::{Details, Entry, Stay};

/// As `schemas/entry-output.json`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Answer {
    pub(crate) accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shelter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) already: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) moved_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) perhaps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full: Option<bool>,
}

impl Answer {
    pub(crate) fn refused(reason: &'static str) -> Answer {
        Answer { reason: Some(reason), ..Answer::default() }
    }
}

/// A page of the register.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    pub(crate) entries: Vec<RegisterLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
}

/// An entry as staff see it: every field but the protection, and not by what name the service knows the person.
#[derive(Debug, Serialize)]
pub(crate) struct RegisterLine {
    entry: u64,
    shelter: String,
    stay: Stay,
    people: u64,
    arrived: Millis,
    by: Vec<String>,
    #[serde(flatten)]
    details: Details,
    disclose: bool,
    consent: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<u64>,
}

impl RegisterLine {
    pub(crate) fn of(entry: Entry) -> RegisterLine {
        RegisterLine {
            entry: entry.number,
            shelter: entry.shelter,
            stay: entry.stay,
            people: entry.people,
            arrived: entry.arrived,
            by: entry.by,
            details: entry.details,
            // A protected person's own yes is not told either: it would tell her from others.
            disclose: entry.disclose && !entry.protect,
            consent: if entry.life_safety { "life-safety" } else { "given" },
            left: entry.left,
            destination: entry.destination,
            merged_into: entry.merged_into,
        }
    }
}

/// What an enquirer is told.
#[derive(Debug, Serialize)]
pub(crate) struct Enquired {
    pub(crate) found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shelter: Option<String>,
}
