//! Where a running contract stands. It names its document by hash and carries nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tebura_ledger::Timestamp;

use super::event::Outcome;
use crate::contract::Contract;
use crate::hash::DocumentHash;
use crate::model::{LegIx, PartyIx, StateIx};

/// The version of the stored form; counted up when its meaning changes.
pub(super) const STATE_VERSION: u8 = 1;

/// The state of one instance of a contract; stored as JSON by serde.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub(super) v: u8,
    pub(super) document: DocumentHash,
    /// The beginning, in milliseconds; everything relative counts from it.
    pub(super) begun: i64,
    /// The anchors' instants, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) anchors: Vec<i64>,
    /// The latest time that an event came with: time does not go back in a contract.
    pub(super) latest: i64,
    /// Counted up with every change.
    pub(super) version: u32,
    pub(super) at: Place,
    pub(super) legs: Vec<LegState>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) vars: Vec<Option<i64>>,
    /// How often each repeating edge of the present state has fired.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) used: BTreeMap<usize, u16>,
    /// Commands and statements towards edges that need several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) collected: Vec<Collected>,
    /// Consents that are awaited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) asked: Vec<Asked>,
    /// Of each party, the ids of its events that had an effect.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) seen: BTreeMap<PartyIx, BTreeSet<Mark>>,
    /// The number of the last group.
    pub(super) group: u32,
    /// Groups whose outcome is not reported yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<OpenGroup>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// The holds are being placed.
    Funding {
        state: StateIx,
        until: i64,
    },
    Waiting {
        state: StateIx,
        until: i64,
    },
    Ended {
        at: i64,
        outcome: Outcome,
    },
}

/// What a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its hold is not asked for yet.
    Unplaced,
    /// Its hold was asked for, and the rail has not answered.
    Placing,
    /// Held.
    Held,
    /// Everything of it was disposed of.
    Closed,
    /// The rail declined to hold it.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegState {
    pub(super) standing: Standing,
    pub(super) authorised: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) captured: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) released: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) moved: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) raising: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Collected {
    pub(super) edge: usize,
    pub(super) by: PartyIx,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) edge: usize,
    pub(super) statement: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenGroup {
    pub(super) number: u32,
    pub(super) last: bool,
    pub(super) legs: Vec<OpenLeg>,
}

/// What a group does with a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenLeg {
    pub(super) leg: LegIx,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) captured: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) released: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) moved: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) raise: Option<i64>,
}

/// Half of the SHA-256 of an event's id: enough that no two ids of one contract meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn of(id: &str) -> Self {
        Self(Sha256::digest(id.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

impl LegState {
    /// What is neither captured, released nor moved.
    pub(super) fn left(&self) -> i64 {
        self.authorised - self.captured - self.released - self.moved
    }
}

impl State {
    /// The document that the state belongs to.
    pub const fn document(&self) -> DocumentHash {
        self.document
    }

    /// Counted up with every change.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// When the instance began.
    pub const fn begun(&self) -> Timestamp {
        Timestamp::from_millis(self.begun)
    }

    /// When something happens by itself, if nothing else does before; nothing after the end.
    pub const fn deadline(&self) -> Option<Timestamp> {
        match &self.at {
            Place::Funding { until, .. } | Place::Waiting { until, .. } => Some(Timestamp::from_millis(*until)),
            Place::Ended { .. } => None,
        }
    }

    /// True while the holds are being placed.
    pub const fn is_funding(&self) -> bool {
        matches!(self.at, Place::Funding { .. })
    }

    /// How and when it ended.
    pub const fn ended(&self) -> Option<(Timestamp, &Outcome)> {
        match &self.at {
            Place::Ended { at, outcome } => Some((Timestamp::from_millis(*at), outcome)),
            Place::Funding { .. } | Place::Waiting { .. } => None,
        }
    }

    /// Numbers of the groups whose outcome is not reported yet.
    pub fn open_groups(&self) -> impl Iterator<Item = u32> {
        self.open.iter().map(|group| group.number)
    }

    /// Says whether this crate wrote the state, for this document.
    pub(super) fn fits(&self, contract: &Contract) -> bool {
        let document = &contract.document;
        let place = match &self.at {
            Place::Funding { state, .. } | Place::Waiting { state, .. } => *state < document.states.len(),
            Place::Ended { .. } => true,
        };
        let legs = self.open.iter().flat_map(|group| &group.legs);
        self.v == STATE_VERSION
            && self.document == contract.hash()
            && place
            && self.legs.len() == document.legs.len()
            && self.anchors.len() == document.anchors.len()
            && self.vars.len() == document.vars.len()
            && legs.map(|leg| leg.leg).all(|leg| leg < document.legs.len())
    }
}
