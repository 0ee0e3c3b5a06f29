//! Commands: everything that can be asked of a book. Plain data; the rules are in `apply/`, one file a command.

use uuid::Uuid;

use crate::{
    AccountId, AtDeadline, Currency, Finality, Floor, HoldId, Leg, Money, OperationId, RailId, Shard, Timestamp,
    TransferId,
};

/// Opens an account in its home shard. Repeating it with the same fields changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAccount {
    /// The account.
    pub id: AccountId,
    /// The one currency of its balances.
    pub currency: Currency,
    /// How low it may go.
    pub floor: Floor,
}

/// Moves money into an account at once, normally from an issuing account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fund {
    /// The operation, in the shard of `to`.
    pub operation: OperationId,
    /// The transfer that is posted, in the shard of `to`.
    pub transfer: TransferId,
    /// The account that loses the amount.
    pub from: AccountId,
    /// The account that gains it.
    pub to: AccountId,
    /// How much; above zero.
    pub amount: Money,
}

/// Asks a rail to reserve money of the payer for the payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The new hold, in the payer's shard.
    pub hold: HoldId,
    /// The operation, in the payer's shard.
    pub operation: OperationId,
    /// The rail that keeps it.
    pub rail: RailId,
    /// Whose money is reserved.
    pub payer: AccountId,
    /// Who may capture it.
    pub payee: AccountId,
    /// How much; above zero.
    pub amount: Money,
    /// What raises may take it to without asking the payer again; at least `amount`, none for just that.
    pub cap: Option<Money>,
    /// From this moment on no capture is accepted; later than now. A repeat must give the same moment.
    pub expires_at: Timestamp,
    /// What happens then to what is free.
    pub at_deadline: AtDeadline,
}

/// Adds to what a hold reserves. Above the cap it waits for the payer: see [`Confirm`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// How much to add; above zero.
    pub amount: Money,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// The payer agrees to a raise above the cap: from now on it goes like any other. The refusal is a
/// [`Settle`] with [`Verdict::Declined`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// The hold.
    pub hold: HoldId,
    /// The raise that waits.
    pub operation: OperationId,
    /// Refuses when the hold has another version, also a repeat: whoever asks the rail next has read that it waits.
    pub expected_version: Option<u32>,
}

/// Moves a hold's deadline to later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extend {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// The new deadline; later than the present one.
    pub until: Timestamp,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// Takes held money for the payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// The transfer that is posted when it settles, in the hold's shard.
    pub transfer: TransferId,
    /// How much, above zero; none for all that is free.
    pub amount: Option<Money>,
    /// Whether more captures may follow. [`Finality::Deadline`] is for a hold that is due and is to be captured then.
    pub finality: Finality,
    /// Parts of the amount for others than the hold's payee, who gets the rest. When the rail takes less than asked, the
    /// legs are served first, in this order.
    pub legs: Vec<Leg>,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// Gives free money back to the payer. Without amount the hold closes for good; while it is being placed that cancels it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// How much, above zero; none for all that is free.
    pub amount: Option<Money>,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// Closes a hold whose deadline passed and gives free money back to the payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expire {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// Refuses when the hold has another version: a rail is told an amount, and it has to be what is reserved here.
    pub expected_version: Option<u32>,
}

/// Gives captured money back to the payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// The transfer that is posted when it settles, in the hold's shard.
    pub transfer: TransferId,
    /// The capture that it undoes, wholly or in part.
    pub capture: OperationId,
    /// How much, above zero; none for all that was not refunded yet.
    pub amount: Option<Money>,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// Takes a whole capture back while its hold is held, as if it had not been made. Settled at once: for a rail that is
/// this ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// The transfers that are posted, in the hold's shard: one for each part that the capture paid.
    pub transfers: Vec<TransferId>,
    /// The capture that it undoes.
    pub capture: OperationId,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// Records that the payer contests a capture. What is contested stays reserved on the payee's account until
/// [`Settle`] says lost ([`Verdict::Settled`]) or won ([`Verdict::Declined`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// The transfer that is posted when it is lost, in the hold's shard.
    pub transfer: TransferId,
    /// The capture that it is about.
    pub capture: OperationId,
    /// How much, above zero; none for all that was not given back yet.
    pub amount: Option<Money>,
    /// Refuses when the hold has another version.
    pub expected_version: Option<u32>,
}

/// Records that a rail contradicts the final state of an operation. It is open until it is settled: by undoing at the
/// rail what came too late, or by people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenException {
    /// The hold.
    pub hold: HoldId,
    /// The exception's own operation, in the hold's shard.
    pub operation: OperationId,
    /// The operation that the rail contradicts.
    pub of: OperationId,
    /// What the rail says: settled or declined.
    pub verdict: Verdict,
}

/// What an operator says of an operation whose result nobody knows. It counts when a second operator says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The hold.
    pub hold: HoldId,
    /// The operation.
    pub operation: OperationId,
    /// Who says it; the second time it has to be somebody else.
    pub by: Uuid,
    /// Settled or declined.
    pub verdict: Verdict,
}

/// What an operator said of an operation, and who agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Who said it first.
    pub by: Uuid,
    /// What.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
    /// Who agreed; none while it only stands proposed.
    pub confirmed_by: Option<Uuid>,
}

/// What became known of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rail did it.
    Settled {
        /// The rail's name of what it did; for a placement, of the hold. Empty where it gives none.
        reference: String,
        /// How much it did, above zero. Less than asked for is a partial success; more is refused.
        amount: Money,
    },
    /// The rail certainly did not do it.
    Declined {
        /// The rail's reason.
        code: String,
    },
    /// Nobody knows. The money stays reserved.
    Unknown {
        /// What is known about the silence.
        code: String,
    },
    /// The rail waits for the payer; only for a placement, which stays open.
    RequiresAction,
}

/// Records what became known of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// The hold.
    pub hold: HoldId,
    /// The operation, in the hold's shard.
    pub operation: OperationId,
    /// What became known.
    pub verdict: Verdict,
}

/// Anything that can be asked of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens an account.
    OpenAccount(OpenAccount),
    /// Moves money in.
    Fund(Fund),
    /// Asks for a hold.
    Place(Place),
    /// Adds to a hold.
    Raise(Raise),
    /// Records the payer's word for a raise.
    Confirm(Confirm),
    /// Moves a deadline.
    Extend(Extend),
    /// Takes held money.
    Capture(Capture),
    /// Gives free money back.
    Release(Release),
    /// Closes after the deadline.
    Expire(Expire),
    /// Gives captured money back.
    Refund(Refund),
    /// Takes a capture back.
    Reverse(Reverse),
    /// Records a dispute.
    Dispute(Dispute),
    /// Records that a rail contradicts what is known.
    OpenException(OpenException),
    /// Records what an operator says of an unknown result.
    Resolve(Resolve),
    /// Records a result.
    Settle(Settle),
}

/// The rows that a command names, for a store that loads before it applies. Not sorted, without repeats for one command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Accounts, to load in the command's shard. For one that is missing there and at home elsewhere see
    /// [`Book::declare_foreign`](crate::Book::declare_foreign).
    pub accounts: Vec<AccountId>,
    /// Holds.
    pub holds: Vec<HoldId>,
    /// Operations.
    pub operations: Vec<OperationId>,
}

impl Command {
    /// The shard whose book applies the command.
    pub fn shard(&self) -> Shard {
        match self {
            Self::OpenAccount(open) => open.id.shard(),
            Self::Fund(fund) => fund.to.shard(),
            Self::Place(place) => place.payer.shard(),
            Self::Raise(raise) => raise.hold.shard(),
            Self::Confirm(confirm) => confirm.hold.shard(),
            Self::Extend(extend) => extend.hold.shard(),
            Self::Capture(capture) => capture.hold.shard(),
            Self::Release(release) => release.hold.shard(),
            Self::Expire(expire) => expire.hold.shard(),
            Self::Refund(refund) => refund.hold.shard(),
            Self::Reverse(reverse) => reverse.hold.shard(),
            Self::Dispute(dispute) => dispute.hold.shard(),
            Self::OpenException(exception) => exception.hold.shard(),
            Self::Resolve(resolve) => resolve.hold.shard(),
            Self::Settle(settle) => settle.hold.shard(),
        }
    }

    /// The rows that the command itself names. Rows that those name in turn (a hold's accounts, a refund's capture) are
    /// told by [`Book::further_keys`](crate::Book::further_keys) after these are loaded.
    pub fn keys(&self) -> Keys {
        let (accounts, hold, operations) = match self {
            Self::OpenAccount(open) => (vec![open.id], None, vec![]),
            Self::Fund(fund) => (vec![fund.from, fund.to], None, vec![fund.operation]),
            Self::Place(place) => (vec![place.payer, place.payee], Some(place.hold), vec![place.operation]),
            Self::Raise(raise) => (vec![], Some(raise.hold), vec![raise.operation]),
            Self::Confirm(confirm) => (vec![], Some(confirm.hold), vec![confirm.operation]),
            Self::Extend(extend) => (vec![], Some(extend.hold), vec![extend.operation]),
            Self::Capture(capture) => {
                (capture.legs.iter().map(|leg| leg.to).collect(), Some(capture.hold), vec![capture.operation])
            }
            Self::Release(release) => (vec![], Some(release.hold), vec![release.operation]),
            Self::Expire(expire) => (vec![], Some(expire.hold), vec![expire.operation]),
            Self::Refund(refund) => (vec![], Some(refund.hold), vec![refund.operation, refund.capture]),
            Self::Reverse(reverse) => (vec![], Some(reverse.hold), vec![reverse.operation, reverse.capture]),
            Self::Dispute(dispute) => (vec![], Some(dispute.hold), vec![dispute.operation, dispute.capture]),
            Self::OpenException(open) => (vec![], Some(open.hold), vec![open.operation, open.of]),
            Self::Resolve(resolve) => (vec![], Some(resolve.hold), vec![resolve.operation]),
            Self::Settle(settle) => (vec![], Some(settle.hold), vec![settle.operation]),
        };
        Keys { accounts, holds: hold.into_iter().collect(), operations }
    }
}
