//! What came of commands: the answer to one, and the rows that a batch of them changed.

use crate::{Account, Event, Hold, HoldId, Operation, Transfer};

/// What the hub should ask for next, because nobody else will.
///
/// It is a function of the hold and the time ([`Hold::follow_up`]), so one that was lost in a crash is found again by a
/// sweep over open holds. After a decline wait before asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// The deadline passed: apply [`Expire`](crate::Expire).
    Expire {
        /// The hold.
        hold: HoldId,
    },
    /// The deadline passed and the hold was placed to be captured then: apply [`Capture`](crate::Capture) without an
    /// amount and with [`Finality::Deadline`](crate::Finality::Deadline).
    CaptureDue {
        /// The hold.
        hold: HoldId,
    },
    /// The hold closed and money in it became free, for example by a late placement: apply
    /// [`Release`](crate::Release) without an amount.
    ReleaseRest {
        /// The hold.
        hold: HoldId,
    },
}

/// The answer to an accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The operation as it is now; none for `OpenAccount`.
    pub operation: Option<Operation>,
    /// The hold as it is now; none for `OpenAccount` and `Fund`.
    pub hold: Option<Hold>,
    /// The command said nothing new: nothing was changed and nothing must be sent again on its account.
    pub replayed: bool,
    /// What the hub should ask for next.
    pub follow_up: Option<FollowUp>,
}

/// A changed row and whether the store has seen it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// The row as it is now.
    pub row: T,
    /// True: insert it. False: it was loaded, update it.
    pub is_new: bool,
}

/// Everything that a store writes after a batch. Rows in id order, transfers and events in the order they happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changed account rows, all of the book's shard.
    pub accounts: Vec<Change<Account>>,
    /// Changed holds.
    pub holds: Vec<Change<Hold>>,
    /// Changed operations.
    pub operations: Vec<Change<Operation>>,
    /// New transfers; never updated.
    pub transfers: Vec<Transfer>,
    /// New events; the store numbers them.
    pub events: Vec<Event>,
}

impl Changes {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.holds.is_empty()
            && self.operations.is_empty()
            && self.transfers.is_empty()
            && self.events.is_empty()
    }
}
