//! Places a hold: reserves a payer's money for a merchant, on the rail of the payer's instrument.

use tebura_ledger::{AtDeadline, Command, Money, Place};

use crate::hub::Hub;
use crate::ids::{InstrumentId, MerchantId};
use crate::people::Instrument;
use crate::perform::{Answer, KeyRequest, PerformError, Work};
use crate::rail::{Party, RailCommand};
use crate::sites::Payee;

/// Longest hold that the hub takes: 30 days, the longest window among the card and wallet rails.
pub const MAX_HOLD_MS: i64 = 30 * 24 * 3_600_000;
/// Shortest hold: the rail's answer has to arrive within it.
pub const MIN_HOLD_MS: i64 = 60_000;

/// A hold to place.
#[derive(Clone, Debug)]
pub struct CreateHold {
    pub payer: InstrumentId,
    pub merchant: MerchantId,
    pub amount: Money,
    /// What the hold may be raised to without asking the payer again; `None`: just the amount.
    pub cap: Option<Money>,
    /// The deadline, from now, in milliseconds. A rail that holds for less long gives an earlier one.
    pub expires_in_ms: i64,
    /// What happens then to what is free.
    pub at_deadline: AtDeadline,
}

/// Why no hold was placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateHoldError {
    #[error("the amount must be a positive whole number of minor units")]
    AmountNotPositive,
    #[error("a hold lasts between {MIN_HOLD_MS} and {limit_ms} milliseconds")]
    DeadlineOutOfRange { limit_ms: i64 },
    #[error("the cap must be at least the amount, in the same currency")]
    CapBelowAmount,
    #[error("there is no instrument {0}; GET /v1/people/…/instruments lists a person's")]
    InstrumentNotFound(InstrumentId),
    #[error("the merchant is not paid on the rail {rail}; add a payee for it, or use another instrument")]
    PayeeNotFound { rail: String },
    #[error("the rail {rail} takes {accepted}, not {currency}")]
    CurrencyNotAccepted { rail: String, accepted: String, currency: String },
    #[error("the rail takes at most {limit} in one operation")]
    AboveRailLimit { limit: i64 },
    #[error(transparent)]
    Perform(#[from] PerformError),
}

impl From<crate::ports::ReadError> for CreateHoldError {
    fn from(error: crate::ports::ReadError) -> Self {
        CreateHoldError::Perform(error.into())
    }
}

impl Hub {
    /// Places a hold. A refusal by the rail is an answer whose operation failed, not an error.
    pub async fn create_hold(&self, key: KeyRequest, command: CreateHold) -> Result<Answer, CreateHoldError> {
        let CreateHold { payer, merchant, amount, cap, expires_in_ms, at_deadline } = command;
        let instrument = self.instrument(payer).await?.ok_or(CreateHoldError::InstrumentNotFound(payer))?;
        let shard = instrument.account.shard();
        let ids = PlaceIds { hold: self.hold_id(shard), operation: self.operation_id(shard) };
        let terms = Terms { amount, cap, expires_in_ms, at_deadline };
        let work = self.place(ids, &instrument, merchant, terms).await?;
        Ok(self.perform(Some(key), work).await?)
    }

    /// The work of placing a hold.
    pub(crate) async fn place(
        &self,
        ids: PlaceIds,
        instrument: &Instrument,
        merchant: MerchantId,
        terms: Terms,
    ) -> Result<Work, CreateHoldError> {
        let Terms { amount, cap, expires_in_ms, at_deadline } = terms;
        if amount.minor() <= 0 {
            return Err(CreateHoldError::AmountNotPositive);
        }
        let rail = self.rail(&instrument.rail).ok_or_else(|| PerformError::RailUnknown(instrument.rail.clone()))?;
        let descriptor = rail.descriptor();
        if !(MIN_HOLD_MS..=MAX_HOLD_MS).contains(&expires_in_ms) {
            return Err(CreateHoldError::DeadlineOutOfRange { limit_ms: MAX_HOLD_MS });
        }
        if cap.is_some_and(|cap| cap.currency() != amount.currency() || cap.minor() < amount.minor()) {
            return Err(CreateHoldError::CapBelowAmount);
        }
        if !descriptor.currencies.iter().any(|code| code == amount.currency().code()) {
            return Err(CreateHoldError::CurrencyNotAccepted {
                rail: instrument.rail.to_string(),
                accepted: descriptor.currencies.join(", "),
                currency: amount.currency().code().to_owned(),
            });
        }
        if let Some(limit) = descriptor.max_per_operation.filter(|limit| amount.minor() > *limit) {
            return Err(CreateHoldError::AboveRailLimit { limit });
        }
        let payee = self.payee(merchant, instrument).await?;
        // The rail's hold outlives ours, so that what happens at our deadline still happens there.
        let expires_at = self.now().plus_ms(expires_in_ms.min(descriptor.longest_hold_ms(MAX_HOLD_MS)));
        let PlaceIds { hold, operation } = ids;
        Ok(Work {
            operation,
            hold,
            rail: instrument.rail.clone(),
            ask: RailCommand::Hold {
                payer: Party { kind: "wallet".to_owned(), token: instrument.token.clone() },
                payee: Party { kind: "merchant".to_owned(), token: payee.token },
                amount,
                expires: descriptor.keeps_until(expires_at),
            },
            begin: Command::Place(Place {
                hold,
                operation,
                rail: instrument.rail.clone(),
                payer: instrument.account,
                payee: payee.account,
                amount,
                cap,
                expires_at,
                at_deadline,
            }),
            before: Vec::new(),
            writes: Vec::new(),
        })
    }

    async fn payee(&self, merchant: MerchantId, instrument: &Instrument) -> Result<Payee, CreateHoldError> {
        let payees = self.payees(merchant).await?;
        payees
            .into_iter()
            .find(|payee| payee.rail == instrument.rail)
            .ok_or_else(|| CreateHoldError::PayeeNotFound { rail: instrument.rail.to_string() })
    }
}

/// What is asked of the payer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) amount: Money,
    pub(crate) cap: Option<Money>,
    pub(crate) expires_in_ms: i64,
    pub(crate) at_deadline: AtDeadline,
}

/// Ids of a hold to place, chosen before anything is asked.
pub(crate) struct PlaceIds {
    pub(crate) hold: tebura_ledger::HoldId,
    pub(crate) operation: tebura_ledger::OperationId,
}
