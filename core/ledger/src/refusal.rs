//! Refusals: why a command was not applied. A refused command leaves no trace in the book.

use thiserror::Error;

use crate::{AccountId, Currency, HoldId, Money, OperationId, Shard, Status};

/// Why a command was not applied, in the order in which it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// An id in the command belongs to another shard than the command.
    #[error("{id} is not in shard {shard:?}: make the ids of one command with the payer's shard")]
    WrongShard {
        /// The id, as text.
        id: String,
        /// The shard of the book.
        shard: Shard,
    },
    /// The account was opened before with another currency or floor.
    #[error("{account} exists with another {field}: use the account as it is or open one under a new id")]
    AccountExistsWithDifferentFields {
        /// The account.
        account: AccountId,
        /// The first field that differs.
        field: &'static str,
    },
    /// The operation id was used before for something else.
    #[error("{operation} was used before with another {field}: repeat it unchanged or use a new operation id")]
    OperationExistsWithDifferentFields {
        /// The operation.
        operation: OperationId,
        /// The first field that differs.
        field: &'static str,
    },
    /// The amount is zero or negative.
    #[error("the amount is {amount}: give an amount above zero")]
    AmountNotPositive {
        /// The amount.
        amount: Money,
    },
    /// The operation is not known in this shard.
    #[error("{operation} is not known: check the id")]
    OperationNotFound {
        /// The operation.
        operation: OperationId,
    },
    /// The operation belongs to another hold, or to none.
    #[error("{operation} is not an operation of {hold}: give the hold that it changes")]
    OperationOfAnotherHold {
        /// The operation.
        operation: OperationId,
        /// The hold that was given.
        hold: HoldId,
    },
    /// The hold is not known in this shard.
    #[error("{hold} is not known: check the id")]
    HoldNotFound {
        /// The hold.
        hold: HoldId,
    },
    /// Another operation placed a hold with this id.
    #[error("{hold} exists already: place the new hold under a new id")]
    HoldExists {
        /// The hold.
        hold: HoldId,
    },
    /// The account was never opened.
    #[error("{account} is not known: open the account first")]
    AccountNotFound {
        /// The account.
        account: AccountId,
    },
    /// Money would go from an account to itself.
    #[error("{account} cannot pay itself: give two accounts")]
    SameAccount {
        /// The account.
        account: AccountId,
    },
    /// The amount is in another currency than the account or hold.
    #[error("the amount is in {given} but {expected} is needed: give the amount in {expected}")]
    CurrencyMismatch {
        /// Currency of the amount.
        given: Currency,
        /// Currency of the account or hold.
        expected: Currency,
    },
    /// A new hold would be over before it starts.
    #[error("the deadline is not in the future: give a later one")]
    DeadlineInPast,
    /// Somebody else changed the hold since it was read.
    #[error("the hold has version {actual}, not {expected}: read it again, then decide again")]
    HoldVersionConflict {
        /// The version that the caller saw.
        expected: u32,
        /// The version that the hold has.
        actual: u32,
    },
    /// The rail has not answered the placement yet.
    #[error("the hold is still being placed: wait until it is held, or release it without an amount to cancel it")]
    HoldPending {
        /// The hold.
        hold: HoldId,
    },
    /// The deadline passed.
    #[error("the hold's deadline has passed: what is free goes back to the payer, place a new hold")]
    HoldExpired {
        /// The hold.
        hold: HoldId,
    },
    /// The hold accepts no more of this.
    #[error("the hold is {}: read it to see what was captured and released, and place a new hold if one is needed", status.name())]
    HoldClosed {
        /// The hold.
        hold: HoldId,
        /// Its public word.
        status: Status,
    },
    /// The deadline has not come yet.
    #[error("the hold's deadline has not come: release the hold to end it early")]
    HoldNotDue {
        /// The hold.
        hold: HoldId,
    },
    /// Everything is captured, released or under way.
    #[error("nothing of the hold is free: wait for the operations under way")]
    HoldNothingFree {
        /// The hold.
        hold: HoldId,
    },
    /// More was asked than is free.
    #[error(
        "{asked} is more than the {free} that is free in the hold: capture at most that, or hold the difference anew"
    )]
    CaptureExceedsFree {
        /// What was asked.
        asked: Money,
        /// What is free.
        free: Money,
    },
    /// More was asked than is free.
    #[error("{asked} is more than the {free} that is free in the hold: release at most that")]
    ReleaseExceedsFree {
        /// What was asked.
        asked: Money,
        /// What is free.
        free: Money,
    },
    /// A refund names an operation that is not a capture.
    #[error("{operation} is not a capture: name the capture that the refund undoes")]
    RefundOfNoCapture {
        /// The operation that was named.
        operation: OperationId,
    },
    /// The capture has no final result, or failed.
    #[error("{capture} has not captured anything: wait until it is settled; a failed capture needs no refund")]
    RefundOfUnsettledCapture {
        /// The capture.
        capture: OperationId,
    },
    /// All of the capture is refunded or being refunded.
    #[error("{capture} is refunded in full or being refunded: nothing is left to refund")]
    RefundNothingLeft {
        /// The capture.
        capture: OperationId,
    },
    /// More was asked than is left of the capture.
    #[error("{asked} is more than the {refundable} that is left of the capture: refund at most that")]
    RefundExceedsCapture {
        /// What was asked.
        asked: Money,
        /// What is left.
        refundable: Money,
    },
    /// The account does not have that much available.
    #[error("{asked} is needed and {available} is available: fund the account or give a smaller amount")]
    FundsInsufficient {
        /// What was asked.
        asked: Money,
        /// What is available.
        available: Money,
    },
    /// Only a placement waits for the payer.
    #[error("{operation} is not a placement and cannot wait for the payer: report settled, declined or unknown")]
    ActionOnlyWhenPlacing {
        /// The operation.
        operation: OperationId,
    },
    /// The rail reports more than it was asked to do.
    #[error(
        "{settled} was settled where {asked} was asked: the operation stays open, compare it with the rail's statement"
    )]
    SettledMoreThanAsked {
        /// What was asked.
        asked: Money,
        /// What the rail reports.
        settled: Money,
    },
    /// A final result would change.
    #[error(
        "{operation} is already {state} and the new result says otherwise: nothing was changed, compare it with the rail's statement and let a person decide"
    )]
    VerdictContradicts {
        /// The operation.
        operation: OperationId,
        /// The state that it keeps.
        state: &'static str,
    },
    /// A balance would not fit 64 bits.
    #[error("a balance would be beyond what can be counted: use smaller amounts")]
    AmountOverflow,
    /// The rows do not add up. Stored rows are damaged, or the ledger has a defect.
    #[error("the rows of {row} do not add up: nothing was changed, compare the row with its transfers and operations")]
    Imbalance {
        /// The row, as text.
        row: String,
    },
}

impl Refusal {
    /// A stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongShard { .. } => "id.wrong_shard",
            Self::AccountExistsWithDifferentFields { .. } => "account.exists_with_different_fields",
            Self::OperationExistsWithDifferentFields { .. } => "operation.exists_with_different_fields",
            Self::AmountNotPositive { .. } => "amount.not_positive",
            Self::OperationNotFound { .. } => "operation.not_found",
            Self::OperationOfAnotherHold { .. } => "operation.of_another_hold",
            Self::HoldNotFound { .. } => "hold.not_found",
            Self::HoldExists { .. } => "hold.exists",
            Self::AccountNotFound { .. } => "account.not_found",
            Self::SameAccount { .. } => "account.same",
            Self::CurrencyMismatch { .. } => "amount.currency_mismatch",
            Self::DeadlineInPast => "hold.deadline_in_past",
            Self::HoldVersionConflict { .. } => "hold.version_conflict",
            Self::HoldPending { .. } => "hold.pending",
            Self::HoldExpired { .. } => "hold.expired",
            Self::HoldClosed { .. } => "hold.closed",
            Self::HoldNotDue { .. } => "hold.not_due",
            Self::HoldNothingFree { .. } => "hold.nothing_free",
            Self::CaptureExceedsFree { .. } => "hold.capture_exceeds_free",
            Self::ReleaseExceedsFree { .. } => "hold.release_exceeds_free",
            Self::RefundOfNoCapture { .. } => "refund.of_no_capture",
            Self::RefundOfUnsettledCapture { .. } => "refund.of_unsettled_capture",
            Self::RefundNothingLeft { .. } => "refund.nothing_left",
            Self::RefundExceedsCapture { .. } => "refund.exceeds_capture",
            Self::FundsInsufficient { .. } => "funds.insufficient",
            Self::ActionOnlyWhenPlacing { .. } => "verdict.action_only_when_placing",
            Self::SettledMoreThanAsked { .. } => "verdict.settled_more_than_asked",
            Self::VerdictContradicts { .. } => "verdict.contradicts",
            Self::AmountOverflow => "amount.overflow",
            Self::Imbalance { .. } => "ledger.imbalance",
        }
    }

    /// Says whether the same command, unchanged, may be accepted later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::OperationNotFound { .. }
            | Self::HoldNotFound { .. }
            | Self::AccountNotFound { .. }
            | Self::HoldPending { .. }
            | Self::HoldNotDue { .. }
            | Self::HoldNothingFree { .. }
            | Self::CaptureExceedsFree { .. }
            | Self::ReleaseExceedsFree { .. }
            | Self::RefundOfUnsettledCapture { .. }
            | Self::RefundNothingLeft { .. }
            | Self::RefundExceedsCapture { .. }
            | Self::FundsInsufficient { .. } => true,
            Self::WrongShard { .. }
            | Self::AccountExistsWithDifferentFields { .. }
            | Self::OperationExistsWithDifferentFields { .. }
            | Self::AmountNotPositive { .. }
            | Self::OperationOfAnotherHold { .. }
            | Self::HoldExists { .. }
            | Self::SameAccount { .. }
            | Self::CurrencyMismatch { .. }
            | Self::DeadlineInPast
            | Self::HoldVersionConflict { .. }
            | Self::HoldExpired { .. }
            | Self::HoldClosed { .. }
            | Self::RefundOfNoCapture { .. }
            | Self::ActionOnlyWhenPlacing { .. }
            | Self::SettledMoreThanAsked { .. }
            | Self::VerdictContradicts { .. }
            | Self::AmountOverflow
            | Self::Imbalance { .. } => false,
        }
    }
}
