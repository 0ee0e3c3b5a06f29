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
    /// The cap is below the amount.
    #[error("the cap {cap} is below the amount {amount}: give at least the amount, or no cap")]
    CapBelowAmount {
        /// The cap.
        cap: Money,
        /// The amount.
        amount: Money,
    },
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
    /// The deadline takes what is free instead of giving it back.
    #[error("the hold was placed to be captured at its deadline: capture it, with the deadline as the reason")]
    HoldCapturesAtDeadline {
        /// The hold.
        hold: HoldId,
    },
    /// The hold was not placed to be captured at its deadline.
    #[error("the hold's deadline gives back what is free: capture before it, or place the hold with another choice")]
    HoldReleasesAtDeadline {
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
    /// The legs of a split capture are more than the capture.
    #[error("the legs of the capture are {legs} and the capture is {captured}: make them at most that together")]
    SplitExceedsCapture {
        /// The legs together, in minor units.
        legs: Money,
        /// What is captured.
        captured: Money,
    },
    /// A leg goes to the hold's payee, or two go to one account.
    #[error("{account} is named twice: give each other payee one leg; the hold's payee gets the rest by itself")]
    SplitPayeeRepeated {
        /// The account.
        account: AccountId,
    },
    /// The new deadline is not later.
    #[error("the hold ends at the given time or later already: give a later deadline")]
    ExtendNotLater {
        /// The hold.
        hold: HoldId,
    },
    /// Another raise waits for the payer.
    #[error("{operation} waits for the payer: have it confirmed or refused first")]
    ConfirmationPending {
        /// The raise.
        operation: OperationId,
    },
    /// The operation waits for the payer; nobody else can have done it.
    #[error("{operation} waits for the payer: confirm or refuse it, then report what the rail did")]
    ConfirmationNeeded {
        /// The raise.
        operation: OperationId,
    },
    /// The operation is not one that a payer confirms.
    #[error("{operation} needs no word of the payer: confirm only what waits for it")]
    ConfirmationNotNeeded {
        /// The operation.
        operation: OperationId,
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
    /// Part of the capture went back already.
    #[error("{capture} was given back in part or is contested: refund what is left instead")]
    ReverseOfRefundedCapture {
        /// The capture.
        capture: OperationId,
    },
    /// The capture paid more parts than there are transfer ids.
    #[error("the capture paid {needed} parts: give a transfer id for each")]
    ReverseTransfersMissing {
        /// How many.
        needed: usize,
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
    /// What the rail says is what is known.
    #[error("{operation} has no other result than the rail says, or none yet: there is no exception to open")]
    ExceptionOfNothing {
        /// The operation.
        operation: OperationId,
    },
    /// An operator resolves what is not unknown.
    #[error("{operation} is {state}: only an operation whose result is unknown is resolved by people")]
    ResolutionNotNeeded {
        /// The operation.
        operation: OperationId,
        /// Its state.
        state: &'static str,
    },
    /// A resolution says neither yes nor no.
    #[error("say settled or declined: a resolution ends the operation")]
    ResolutionNotFinal,
    /// One operator would be both.
    #[error("{operation} was proposed with this key: a second operator has to confirm it with another key")]
    ResolutionBySameOperator {
        /// The operation.
        operation: OperationId,
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
            Self::CapBelowAmount { .. } => "hold.cap_below_amount",
            Self::HoldVersionConflict { .. } => "hold.version_conflict",
            Self::HoldPending { .. } => "hold.pending",
            Self::HoldExpired { .. } => "hold.expired",
            Self::HoldClosed { .. } => "hold.closed",
            Self::HoldCapturesAtDeadline { .. } => "hold.captures_at_deadline",
            Self::HoldReleasesAtDeadline { .. } => "hold.releases_at_deadline",
            Self::HoldNotDue { .. } => "hold.not_due",
            Self::HoldNothingFree { .. } => "hold.nothing_free",
            Self::CaptureExceedsFree { .. } => "hold.capture_exceeds_free",
            Self::SplitExceedsCapture { .. } => "split.exceeds_capture",
            Self::SplitPayeeRepeated { .. } => "split.payee_repeated",
            Self::ExtendNotLater { .. } => "extend.not_later",
            Self::ConfirmationPending { .. } => "confirmation.pending",
            Self::ConfirmationNeeded { .. } => "confirmation.needed",
            Self::ConfirmationNotNeeded { .. } => "confirmation.not_needed",
            Self::ReleaseExceedsFree { .. } => "hold.release_exceeds_free",
            Self::RefundOfNoCapture { .. } => "refund.of_no_capture",
            Self::RefundOfUnsettledCapture { .. } => "refund.of_unsettled_capture",
            Self::RefundNothingLeft { .. } => "refund.nothing_left",
            Self::RefundExceedsCapture { .. } => "refund.exceeds_capture",
            Self::ReverseOfRefundedCapture { .. } => "reverse.of_refunded_capture",
            Self::ReverseTransfersMissing { .. } => "reverse.transfers_missing",
            Self::FundsInsufficient { .. } => "funds.insufficient",
            Self::ActionOnlyWhenPlacing { .. } => "verdict.action_only_when_placing",
            Self::SettledMoreThanAsked { .. } => "verdict.settled_more_than_asked",
            Self::ExceptionOfNothing { .. } => "exception.of_nothing",
            Self::ResolutionNotNeeded { .. } => "resolution.not_needed",
            Self::ResolutionNotFinal => "resolution.not_final",
            Self::ResolutionBySameOperator { .. } => "resolution.same_operator",
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
            | Self::ConfirmationPending { .. }
            | Self::ConfirmationNeeded { .. }
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
            | Self::CapBelowAmount { .. }
            | Self::HoldCapturesAtDeadline { .. }
            | Self::HoldReleasesAtDeadline { .. }
            | Self::SplitExceedsCapture { .. }
            | Self::SplitPayeeRepeated { .. }
            | Self::ExtendNotLater { .. }
            | Self::ConfirmationNotNeeded { .. }
            | Self::ReverseOfRefundedCapture { .. }
            | Self::ReverseTransfersMissing { .. }
            | Self::ExceptionOfNothing { .. }
            | Self::ResolutionNotNeeded { .. }
            | Self::ResolutionNotFinal
            | Self::ResolutionBySameOperator { .. }
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
