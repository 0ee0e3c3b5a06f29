//! Places a hold: reserves a payer's money for a merchant, on the rail of the payer's instrument.

use tebura_ledger::{AccountId, AtDeadline, Command, Money, Place, RailId};

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
    #[error("the person removed {0}; ask for another means to pay, GET /v1/people/…/instruments lists them")]
    InstrumentRemoved(InstrumentId),
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
        // What was asked before it was removed is answered again, and goes on.
        if instrument.removed_at.is_some() && self.store.claimed_key(&key.scope, &key.key).await?.is_none() {
            return Err(CreateHoldError::InstrumentRemoved(payer));
        }
        let shard = instrument.account.shard();
        let ids = PlaceIds { hold: self.hold_id(shard), operation: self.operation_id(shard) };
        let terms = Terms { amount, cap, expires_in_ms, at_deadline };
        let work = self.place(ids, &instrument, merchant, terms).await?;
        let answer = self.perform(Some(key), work).await?;
        self.unbound.put(answer.hold.id(), (), self.now());
        Ok(answer)
    }

    /// The work of placing a hold on an instrument for a merchant.
    pub(crate) async fn place(
        &self,
        ids: PlaceIds,
        instrument: &Instrument,
        merchant: MerchantId,
        terms: Terms,
    ) -> Result<Work, CreateHoldError> {
        let payer = Side { account: instrument.account, token: instrument.token.clone() };
        let payee = async {
            let payee = self.payee(merchant, instrument).await?;
            Ok::<_, CreateHoldError>(Side { account: payee.account, token: payee.token })
        };
        self.check_terms(&instrument.rail, terms, MAX_HOLD_MS)?;
        let place = PlaceBetween { rail: instrument.rail.clone(), payer, payee: payee.await?, terms };
        self.place_between(ids, place, MAX_HOLD_MS)
    }

    /// Refuses what no hold on the rail can be. `longest_ms`: the hub's own limit.
    fn check_terms(&self, name: &RailId, terms: Terms, longest_ms: i64) -> Result<(), CreateHoldError> {
        let Terms { amount, cap, expires_in_ms, at_deadline: _ } = terms;
        if amount.minor() <= 0 {
            return Err(CreateHoldError::AmountNotPositive);
        }
        let rail = self.rail(name).ok_or_else(|| PerformError::RailUnknown(name.clone()))?;
        let descriptor = rail.descriptor();
        if !(MIN_HOLD_MS..=longest_ms).contains(&expires_in_ms) {
            return Err(CreateHoldError::DeadlineOutOfRange { limit_ms: longest_ms });
        }
        if cap.is_some_and(|cap| cap.currency() != amount.currency() || cap.minor() < amount.minor()) {
            return Err(CreateHoldError::CapBelowAmount);
        }
        if !descriptor.currencies.iter().any(|code| code == amount.currency().code()) {
            return Err(CreateHoldError::CurrencyNotAccepted {
                rail: name.to_string(),
                accepted: descriptor.currencies.join(", "),
                currency: amount.currency().code().to_owned(),
            });
        }
        match descriptor.max_per_operation.filter(|limit| amount.minor() > *limit) {
            Some(limit) => Err(CreateHoldError::AboveRailLimit { limit }),
            None => Ok(()),
        }
    }

    /// The work of placing a hold between two accounts of a rail. `longest_ms`: the hub's own limit.
    pub(crate) fn place_between(
        &self,
        ids: PlaceIds,
        place: PlaceBetween,
        longest_ms: i64,
    ) -> Result<Work, CreateHoldError> {
        let PlaceBetween { rail: name, payer, payee, terms } = place;
        self.check_terms(&name, terms, longest_ms)?;
        let Terms { amount, cap, expires_in_ms, at_deadline } = terms;
        let rail = self.rail(&name).ok_or_else(|| PerformError::RailUnknown(name.clone()))?;
        let descriptor = rail.descriptor();
        // The rail's hold outlives ours, so that what happens at our deadline still happens there.
        let expires_at = self.now().plus_ms(expires_in_ms.min(descriptor.longest_hold_ms(longest_ms)));
        let PlaceIds { hold, operation } = ids;
        Ok(Work {
            operation,
            hold,
            rail: name.clone(),
            ask: RailCommand::Hold {
                payer: Party { kind: "wallet".to_owned(), token: payer.token },
                payee: Party { kind: "merchant".to_owned(), token: payee.token },
                amount,
                expires: descriptor.keeps_until(expires_at),
            },
            begin: Command::Place(Place {
                hold,
                operation,
                rail: name,
                payer: payer.account,
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

/// An account at a rail.
pub(crate) struct Side {
    pub(crate) account: AccountId,
    /// How the rail's far end names it.
    pub(crate) token: String,
}

/// A hold between two accounts of a rail.
pub(crate) struct PlaceBetween {
    pub(crate) rail: RailId,
    pub(crate) payer: Side,
    pub(crate) payee: Side,
    pub(crate) terms: Terms,
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
