//! What the terminal shows of a ride.

use serde::{Deserialize, Serialize};

/// As `schemas/ride-output.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) accepted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) yen: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) by: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) free_infants: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pass: Option<String>,
}

pub(crate) fn refused(reason: &str) -> Shown {
    Shown { reason: Some(reason.to_owned()), ..Shown::default() }
}
