//! What a contract is told, and what it tells the hub to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tebura_ledger::Timestamp;

use super::refusal::StepRefusal;
use super::state::State;
use crate::hash::DocumentHash;

/// Something that happened. The hub has checked signatures, keys and expiry; the contract checks the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A signed command of a party.
    Act {
        /// The command's own id: the same id again changes nothing.
        id: String,
        /// The party that signed.
        by: String,
        /// The command's name, as the document has it.
        act: String,
    },
    /// A signed statement.
    Attest {
        /// The statement's own id: the same id again changes nothing.
        id: String,
        /// The party that signed.
        by: String,
        /// The statement's name, as the document has it.
        attest: String,
        /// The numbers that it states; others than the document asks for are ignored.
        fields: BTreeMap<String, i64>,
    },
    /// The answer of a party that was asked by [`Effect::AskConsent`].
    Consent {
        /// The answer's own id.
        id: String,
        /// The party that signed.
        by: String,
        /// The command or statement that asked.
        statement: String,
        /// Yes or no.
        granted: bool,
    },
    /// Nothing happened and time passed. Fires what is due; refused when nothing is.
    Deadline,
    /// The rail has placed the hold of a leg.
    LegHeld {
        /// The leg's name.
        leg: String,
    },
    /// The rail has declined to place the hold of a leg.
    LegFailed {
        /// The leg's name.
        leg: String,
    },
    /// Everything in a group of effects is done.
    GroupDone {
        /// The group's number.
        group: u32,
    },
    /// Nothing in a group of effects was done, and none of it will be.
    GroupFailed {
        /// The group's number.
        group: u32,
    },
}

/// A payment to one party out of a capture, in the asset's smallest units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The party's name.
    pub party: String,
    /// What it gets; above zero.
    pub amount: i64,
    /// What it should have got besides, had the leg held more.
    pub short: i64,
}

/// Something that the hub has to do. Amounts are in the asset's smallest units and above zero. Stored as JSON by serde.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Place the hold of a leg; report `LegHeld` or `LegFailed`.
    Place {
        /// The leg's name.
        leg: String,
        /// What to reserve.
        amount: i64,
        /// What it may be raised to later.
        cap: i64,
        /// How long it has to stand: the last possible deadline of this instance, and the grace.
        #[serde(with = "millis")]
        until: Timestamp,
    },
    /// Raise the hold of a leg.
    Raise {
        /// The leg's name.
        leg: String,
        /// The whole amount after the raise.
        to: i64,
    },
    /// Capture part of a leg.
    Capture {
        /// The leg's name.
        leg: String,
        /// Who gets how much.
        splits: Vec<Split>,
        /// True when nothing of the leg stays held.
        is_final: bool,
        /// What a final capture gives back to the payer.
        returns: i64,
    },
    /// Give back part of a leg without a capture.
    Release {
        /// The leg's name.
        leg: String,
        /// How much.
        amount: i64,
        /// True when nothing of the leg stays held.
        is_final: bool,
    },
    /// Keep the rest of a leg held, for a new instance of another contract.
    Rehold {
        /// The leg's name.
        leg: String,
        /// How much.
        amount: i64,
        /// The other contract's document.
        contract: DocumentHash,
        /// How long the hold has to stand.
        #[serde(with = "millis")]
        until: Timestamp,
    },
    /// Ask a party whether this may happen; its answer is [`Event::Consent`].
    AskConsent {
        /// The party's name.
        party: String,
        /// The command or statement that the answer has to name.
        statement: String,
        /// What happens on a yes, as things stand.
        preview: Vec<Effect>,
    },
    /// The contract has decided everything; effects may still be under way.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// How a contract ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// By an edge.
    Fired {
        /// The state that it left.
        state: String,
        /// Its place under `on`; nothing for the `else`.
        edge: Option<usize>,
    },
    /// The holds were not all placed in time, and what was placed is released.
    Unfunded,
    /// The last group failed, and everything is released.
    Unwound,
}

/// Effects that happen all or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Counted up from 1 in each contract; what `GroupDone` and `GroupFailed` name.
    pub number: u32,
    /// At least one; in the order of the legs' names, [`Effect::Ended`] last.
    pub effects: Vec<Effect>,
}

/// What an event led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The next state. Equal to the one before when the event was a repetition.
    pub state: State,
    /// What to do, group after group.
    pub groups: Vec<Group>,
    /// Deadlines were due and have fired, and after them the event has no place: tell whoever sent it.
    pub refused: Option<StepRefusal>,
}

/// Points in time in stored effects: milliseconds since the Unix epoch.
mod millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use tebura_ledger::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}
