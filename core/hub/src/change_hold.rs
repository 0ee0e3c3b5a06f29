//! What the verbs on a placed hold share: who may do it, and what the rail needs to know.

use tebura_ledger::{AccountId, Hold, HoldId, Operation, OperationId, Refusal};

use crate::hub::{HoldFacts, Hub};
use crate::perform::{Answer, KeyRequest, PerformError};
use crate::ports::Caller;

/// Why a hold was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeHoldError {
    /// Also for a hold of another merchant: its existence is not told.
    #[error("there is no hold {0} of yours; GET /v1/holds lists them")]
    HoldNotFound(HoldId),
    #[error("there is no capture {0} of yours; GET /v1/holds/… lists a hold's operations")]
    CaptureNotFound(OperationId),
    #[error("the contract {contract} decides about this hold; POST /v1/contracts/{contract}/events tells it something")]
    UnderContract { contract: crate::ids::ContractId },
    #[error("the hold is not placed yet; repeat when GET /v1/holds/… says held")]
    NotPlaced,
    #[error("there is no operation {0} of yours; GET /v1/holds/… lists a hold's operations")]
    OperationNotFound(OperationId),
    #[error("the rail cannot take part of a hold and keep the rest: capture once, with final: true")]
    SeveralCapturesUnsupported,
    #[error("the rail cannot give back a part and keep the rest: release all, or capture with final: true")]
    PartialReleaseUnsupported,
    #[error("the rail pays one payee a capture: capture without split, and pay the others out of it")]
    SplitUnsupported,
    #[error("{to} cannot be paid on this rail: name a merchant with an account there, or an account of this hub")]
    SplitPayeeUnknown { to: String },
    #[error(
        "a hold on this rail ends at {latest_ms} at the latest, in milliseconds since 1970: ask for that or earlier"
    )]
    ExtendBeyondRail { latest_ms: i64 },
    #[error("the instrument is not the one that pays this hold; name the payer's own")]
    NotThePayer,
    #[error("the payer's word is needed: {code}")]
    PinRefused { code: &'static str },
    #[error(transparent)]
    Perform(#[from] PerformError),
}

impl From<crate::ports::ReadError> for ChangeHoldError {
    fn from(error: crate::ports::ReadError) -> Self {
        ChangeHoldError::Perform(error.into())
    }
}

impl From<crate::ports::CommitError> for ChangeHoldError {
    fn from(error: crate::ports::CommitError) -> Self {
        ChangeHoldError::Perform(error.into())
    }
}

impl From<crate::pin::CheckPinError> for ChangeHoldError {
    fn from(error: crate::pin::CheckPinError) -> Self {
        match error {
            crate::pin::CheckPinError::Read(error) => error.into(),
            crate::pin::CheckPinError::Commit(error) => error.into(),
        }
    }
}

impl ChangeHoldError {
    /// Whether the hold moved on between the hub's own read and its write.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, ChangeHoldError::Perform(PerformError::Refused(Refusal::HoldVersionConflict { .. })))
    }
}

impl From<Refusal> for ChangeHoldError {
    fn from(refusal: Refusal) -> Self {
        ChangeHoldError::Perform(refusal.into())
    }
}

impl Hub {
    /// What never changes of a hold, when the caller may see it.
    pub(crate) async fn hold_facts(&self, caller: &Caller, id: HoldId) -> Result<HoldFacts, ChangeHoldError> {
        let facts = match self.facts.get(id) {
            Some(facts) => facts,
            None => {
                let hold = self.store.hold(id).await?.ok_or(ChangeHoldError::HoldNotFound(id))?;
                self.may_see(caller, hold.payee(), id).await?;
                let reference = hold.reference().ok_or(ChangeHoldError::NotPlaced)?.to_owned();
                let facts = HoldFacts { rail: hold.rail().clone(), payee: hold.payee(), reference };
                self.facts.put(id, facts.clone(), self.now());
                facts
            }
        };
        self.may_see(caller, facts.payee, id).await?;
        Ok(facts)
    }

    /// A hold, when the caller may see it.
    pub async fn visible_hold(&self, caller: &Caller, id: HoldId) -> Result<Hold, ChangeHoldError> {
        let hold = self.store.hold(id).await?.ok_or(ChangeHoldError::HoldNotFound(id))?;
        self.may_see(caller, hold.payee(), id).await?;
        Ok(hold)
    }

    /// An operation and its hold, when the caller may see them.
    pub(crate) async fn visible_operation(
        &self,
        caller: &Caller,
        id: OperationId,
    ) -> Result<(Operation, Hold), ChangeHoldError> {
        let unknown = || ChangeHoldError::OperationNotFound(id);
        let operation = self.store.operation(id).await?.ok_or_else(unknown)?;
        let hold = operation.hold().ok_or_else(unknown)?;
        match self.visible_hold(caller, hold).await {
            Err(ChangeHoldError::HoldNotFound(_)) => Err(unknown()),
            hold => Ok((operation, hold?)),
        }
    }

    /// For a verb whose step at the rail follows from the hold as it was read: it is committed for that version only. When
    /// the caller named another one, a repeat is answered as before and anything else is refused; the hold may have the
    /// caller's version by the time of the commit, but then it is not the one that was read.
    pub(crate) async fn moved_on(
        &self,
        key: &KeyRequest,
        row: &Hold,
        expected: Option<u32>,
    ) -> Result<Option<Answer>, ChangeHoldError> {
        let Some(expected) = expected.filter(|expected| *expected != row.version()) else { return Ok(None) };
        match self.store.claimed_key(&key.scope, &key.key).await? {
            Some(claimed) if key.matches(&claimed) => Ok(Some(self.replay(&claimed.target).await?)),
            Some(_) => Err(PerformError::KeyReused.into()),
            None => Err(Refusal::HoldVersionConflict { expected, actual: row.version() }.into()),
        }
    }

    async fn may_see(&self, caller: &Caller, payee: AccountId, id: HoldId) -> Result<(), ChangeHoldError> {
        let Caller::Merchant(merchant) = caller else { return Ok(()) };
        if self.payees(*merchant).await?.iter().any(|own| own.account == payee) {
            Ok(())
        } else {
            Err(ChangeHoldError::HoldNotFound(id))
        }
    }
}
