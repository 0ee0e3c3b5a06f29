//! Transfers: the only way posted balances move. A transfer never changes.

use crate::{AccountId, HoldId, Money, OperationId, Timestamp, TransferId};

/// What a transfer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// Money comes into an account from an issuing account.
    Fund,
    /// A captured amount goes from payer to payee.
    Capture,
    /// A refunded amount goes from payee to payer.
    Refund,
    /// A part of a captured amount goes from payer to another payee than the hold's.
    Share,
    /// A fee out of a captured amount.
    Fee,
    /// A reversed capture comes back.
    Reverse,
    /// A lost dispute's amount goes from payee to payer.
    Dispute,
}

impl TransferKind {
    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fund => "fund",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Share => "share",
            Self::Fee => "fee",
            Self::Reverse => "reverse",
            Self::Dispute => "dispute",
        }
    }

    /// The kind that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Fund, Self::Capture, Self::Refund, Self::Share, Self::Fee, Self::Reverse, Self::Dispute]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// One double entry: `debit` loses `amount`, `credit` gains it. Made by the book only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub(crate) id: TransferId,
    pub(crate) operation: OperationId,
    pub(crate) hold: Option<HoldId>,
    pub(crate) debit: AccountId,
    pub(crate) credit: AccountId,
    pub(crate) amount: Money,
    pub(crate) kind: TransferKind,
    pub(crate) at: Timestamp,
}

impl Transfer {
    /// How the posted balance of `account` moves, in minor units.
    pub(crate) fn posted_change(&self, account: AccountId) -> i64 {
        let minor = self.amount.minor();
        if account == self.credit {
            minor
        } else if account == self.debit {
            -minor
        } else {
            0
        }
    }

    /// Says whether it is a part of a capture for another payee than the hold's.
    pub(crate) fn is_leg(&self) -> bool {
        match self.kind {
            TransferKind::Share | TransferKind::Fee => true,
            TransferKind::Fund
            | TransferKind::Capture
            | TransferKind::Refund
            | TransferKind::Reverse
            | TransferKind::Dispute => false,
        }
    }

    /// The id that the command gave.
    pub fn id(&self) -> TransferId {
        self.id
    }

    /// The operation that moved the money.
    pub fn operation(&self) -> OperationId {
        self.operation
    }

    /// The hold, for captures and refunds.
    pub fn hold(&self) -> Option<HoldId> {
        self.hold
    }

    /// The account that loses the amount.
    pub fn debit(&self) -> AccountId {
        self.debit
    }

    /// The account that gains the amount.
    pub fn credit(&self) -> AccountId {
        self.credit
    }

    /// The amount, above zero.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// What the transfer is for.
    pub fn kind(&self) -> TransferKind {
        self.kind
    }

    /// When it was posted.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}
