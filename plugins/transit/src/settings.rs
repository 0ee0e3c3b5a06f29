//! An instance's settings, as `schemas/settings.json` has them.

use serde::{Deserialize, Serialize};
use tebura_fares::{FareTable, Reduction, RoundingTime};

/// When the fare is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Collect {
    Boarding,
    Alighting,
    BothEnds,
}

/// What happens when nobody says where a rider alighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Missed {
    #[default]
    Most,
    Nothing,
}

/// Who pays a child's fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ChildBy {
    Age,
    SchoolYear,
}

/// Who may take an infant along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Companion {
    #[default]
    Child,
    Adult,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Settings {
    pub(crate) collect: Collect,
    pub(crate) fares: FareTable,
    pub(crate) policy: Policy,
    #[serde(default)]
    pub(crate) missed_alighting: Missed,
    #[serde(default = "three_hours")]
    pub(crate) ride_minutes: u64,
    #[serde(default)]
    pub(crate) passes: Vec<Pass>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Policy {
    pub(crate) child_by: ChildBy,
    pub(crate) free_infants: u64,
    #[serde(default)]
    pub(crate) companion: Companion,
    pub(crate) senior_from: Option<i64>,
    pub(crate) senior_of: Option<String>,
    #[serde(default)]
    pub(crate) rounding_time: RoundingTime,
    pub(crate) reductions: Vec<Reduction>,
}

/// A pass that is sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pass {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) yen: u64,
    pub(crate) days: i64,
}

fn three_hours() -> u64 {
    180
}
