//! What is stored of a contract that runs: what was agreed, which never changes; where it stands; and what happened.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tebura_contract::{Effect, Outcome, State};
use tebura_ledger::{HoldId, Timestamp};

use super::account::BoundAccount;
use super::text::Text;
use crate::ids::{ContractId, MerchantId, PartyId};

/// A contract that was proposed, runs, or is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningContract {
    pub id: ContractId,
    /// Who proposed it.
    pub merchant: MerchantId,
    pub terms: ContractTerms,
    pub progress: Progress,
    /// When it has to be looked at again; `None`: never by itself.
    pub due_at: Option<Timestamp>,
    /// Counted up with every write; 0 before the first.
    pub revision: u32,
}

/// What was agreed: written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractTerms {
    /// The document in canonical JSON.
    pub document: String,
    /// Documents that a leg may move to, in canonical JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<String>,
    /// Who the parties are, by their names in the documents.
    pub parties: BTreeMap<String, Bound>,
    /// The anchors' instants, milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub anchors: BTreeMap<String, i64>,
    /// Milliseconds since the Unix epoch.
    pub proposed_at: i64,
    /// Until when everybody has to agree, milliseconds since the Unix epoch.
    pub agree_until: i64,
    /// The contract whose leg moved here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Text<ContractId>>,
}

/// Who a party is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Whose keys sign for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<Text<PartyId>>,
    /// Where it pays from and is paid to, one account a rail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<BoundAccount>,
}

/// Where a contract stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    pub stage: Stage,
    /// The hold of each leg, chosen before it is placed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holds: BTreeMap<String, Text<HoldId>>,
    /// What was decided and is not done yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<OpenGroup>,
    /// How many [`ContractEntry`] there are.
    pub entries: u32,
}

/// How far a contract has got. Without `tag`: serde keeps a tagged value aside as it reads it, and in there the numbers that
/// are keys of the state stay text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing is held before everybody whose money a leg holds has agreed.
    Proposed { agreed: BTreeSet<String> },
    /// Begun; its own state says whether it has ended.
    Running { state: Box<State> },
    /// Not everybody agreed in time, or it could not begin.
    Lapsed,
}

/// Effects that happen together, on their way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenGroup {
    /// The contract's number of it.
    pub number: u32,
    pub effects: Vec<Effect>,
    /// Which of them are done, by place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub done: BTreeSet<usize>,
    /// How often it was tried without an end; paces the next try.
    #[serde(default)]
    pub tries: u32,
    /// How often an effect was declined for good after another one of the group was done, and why last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// When to try again, milliseconds since the Unix epoch.
    pub again_at: i64,
}

/// See [`OpenGroup::declined`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declined {
    pub times: u32,
    pub code: String,
}

/// One thing that happened to a contract: appended, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractEntry {
    pub contract: ContractId,
    /// 1, 2, 3 … without gaps.
    pub number: u32,
    pub at: Timestamp,
    pub happened: Happened,
}

/// What happened. Signed words are kept as they came, so that anybody can check them again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happened {
    Proposed,
    /// A party's signed word that had an effect.
    Said {
        by: String,
        nonce: String,
        key: String,
        body: String,
        signature: String,
    },
    /// A party was asked for its consent to what a statement would do.
    Asked {
        party: String,
        statement: String,
        preview: Vec<Effect>,
    },
    /// The contract went from one state to another; nothing: its beginning or its end.
    Moved {
        from: Option<String>,
        to: Option<String>,
    },
    Held {
        leg: String,
    },
    NotHeld {
        leg: String,
        code: String,
    },
    /// All of a group was done.
    Done {
        group: u32,
    },
    /// Nothing of a group was done, and none of it will be.
    Failed {
        group: u32,
        code: String,
    },
    /// A leg went on under another contract.
    MovedOn {
        leg: String,
        contract: Text<ContractId>,
    },
    Ended {
        outcome: Outcome,
    },
    /// It did not begin.
    Lapsed {
        code: String,
    },
}

impl RunningContract {
    /// The state, once it has begun.
    pub fn state(&self) -> Option<&State> {
        match &self.progress.stage {
            Stage::Running { state } => Some(state),
            Stage::Proposed { .. } | Stage::Lapsed => None,
        }
    }

    /// When it has to be looked at again.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let open = self.progress.open.iter().map(|group| Timestamp::from_millis(group.again_at)).min();
        let own = match &self.progress.stage {
            Stage::Proposed { .. } => Some(Timestamp::from_millis(self.terms.agree_until)),
            Stage::Running { state } => state.deadline(),
            Stage::Lapsed => None,
        };
        open.into_iter().chain(own).min()
    }
}
