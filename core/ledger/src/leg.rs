//! Legs: the parts of a split capture that go to others than the hold's payee.

use crate::{AccountId, Money, Operation, TransferId, TransferKind};

/// What a leg is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LegKind {
    /// Another payee's part.
    Share,
    /// A fee.
    Fee,
}

impl LegKind {
    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Fee => "fee",
        }
    }

    /// The kind that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Share, Self::Fee].into_iter().find(|kind| kind.name() == name)
    }
}

/// A part of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who gets it.
    pub to: AccountId,
    /// How much; above zero.
    pub amount: Money,
    /// The transfer that is posted when the capture settles, in the hold's shard.
    pub transfer: TransferId,
    /// What it is for.
    pub kind: LegKind,
}

impl Leg {
    /// Says whether a repeat asks for the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.to == other.to && self.amount == other.amount && self.kind == other.kind
    }
}

/// What one payee gets of a capture.
pub(crate) struct Part {
    pub(crate) to: AccountId,
    pub(crate) amount: Money,
    pub(crate) transfer: TransferId,
    pub(crate) kind: TransferKind,
}

/// Who gets how much of a capture of which `done` was taken: the legs in order, then the hold's payee. Nobody gets zero.
pub(crate) fn parts(capture: &Operation, payee: AccountId, done: Money) -> Option<Vec<Part>> {
    let mut left = done.minor();
    let mut parts = Vec::with_capacity(1);
    let mut part = |to, most: i64, transfer, kind| {
        let minor = most.min(left);
        left -= minor;
        if minor > 0 {
            parts.push(Part { to, amount: Money::new(minor, done.currency()), transfer, kind });
        }
    };
    for leg in capture.kind().legs() {
        let kind = match leg.kind {
            LegKind::Share => TransferKind::Share,
            LegKind::Fee => TransferKind::Fee,
        };
        part(leg.to, leg.amount.minor(), leg.transfer, kind);
    }
    part(payee, i64::MAX, capture.parts.transfer?, TransferKind::Capture);
    Some(parts)
}
