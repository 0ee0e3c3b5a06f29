//! Records what a far end says about a dispute: once for each name that the far end gives it, in whatever order its notices
//! come. A capture that is contested is a fact which only the far end knows; its word is its signature, and it never moves more
//! than the capture still has.

use tebura_ledger::{
    Command, Dispute, Money, Operation, OperationKind, OperationState, RailId, Refusal, Settle, Verdict,
};

use crate::change_hold::ChangeHoldError;
use crate::dispute_capture::WON;
use crate::hub::Hub;
use crate::notices::{Chargeback, Subject};
use crate::perform::derived;
use crate::ports::{CommitError, Unit};

impl Hub {
    /// `lost`: how it ended, if it has. False: the capture is not known yet, or the payee's account cannot cover it yet.
    pub(crate) async fn hear_dispute(
        &self,
        rail: &RailId,
        dispute: &Chargeback,
        lost: Option<bool>,
    ) -> Result<bool, ChangeHoldError> {
        let Some(capture) = self.contested(rail, &dispute.about).await? else { return Ok(true) };
        let [capture] = capture.as_slice() else { return Ok(false) };
        let Some(hold) = capture.hold() else { return Ok(true) };
        // The name makes the id: whatever comes again finds what was made the first time.
        let operation = derived(capture.id(), &format!("dispute {} {}", dispute.id.len(), dispute.id));
        let known = self.store.operation(operation).await?;
        let ended = known.as_ref().is_some_and(|row| row.state().is_final());
        if ended || (known.is_some() && lost.is_none()) {
            return Ok(true);
        }
        let mut ledger = Vec::new();
        let contested = match &known {
            Some(row) => row.amount(),
            None => {
                let Some(amount) = at_most(dispute.amount, capture.refundable()) else {
                    tracing::error!(%rail, capture = %capture.id(), reason = dispute.reason,
                        "a dispute came for a capture of which nothing is left; people have to look");
                    return Ok(true);
                };
                let transfer = self.transfer_id(hold.shard());
                let (capture, amount) = (capture.id(), Some(amount));
                ledger.push(Command::Dispute(Dispute {
                    hold,
                    operation,
                    transfer,
                    capture,
                    amount,
                    expected_version: None,
                }));
                amount.unwrap_or(dispute.amount)
            }
        };
        ledger.extend(lost.map(|lost| {
            let amount = at_most(dispute.amount, contested).unwrap_or(contested);
            let verdict = match lost {
                true => Verdict::Settled { reference: dispute.id.clone(), amount },
                false => Verdict::Declined { code: WON.to_owned() },
            };
            Command::Settle(Settle { hold, operation, verdict })
        }));
        match self.store.commit(hold.shard(), self.now(), Unit { ledger, ..Unit::default() }).await {
            Ok(_) => {
                tracing::warn!(%rail, capture = %capture.id(), dispute = %operation, reason = dispute.reason, ?lost, "a dispute");
                Ok(true)
            }
            // Money that the payee has spent may come back.
            Err(CommitError::Refused(Refusal::FundsInsufficient { .. })) => {
                tracing::error!(%rail, dispute = %operation, "the payee's account does not cover what is contested");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The capture that a dispute is about; none or several: it cannot be told yet. `None`: none of this hub's.
    async fn contested(&self, rail: &RailId, about: &Subject) -> Result<Option<Vec<Operation>>, ChangeHoldError> {
        let Some(named) = self.named_by(rail, about).await? else { return Ok(None) };
        let is_capture = |row: &&Operation| {
            let settled = matches!(row.state(), OperationState::Settled { .. });
            settled && matches!(row.kind(), OperationKind::Capture { .. })
        };
        let captures: Vec<Operation> = named.iter().filter(is_capture).cloned().collect();
        if !captures.is_empty() {
            return Ok(Some(captures));
        }
        // Far ends that know one name for a hold and its capture.
        let mut beside = Vec::new();
        for hold in named.iter().filter_map(Operation::hold).collect::<std::collections::BTreeSet<_>>() {
            beside.extend(self.store.operations_of(hold).await?.iter().filter(is_capture).cloned());
        }
        Ok(Some(beside))
    }
}

/// The lesser of two amounts; the second where they are of two currencies. `None`: that is nothing.
fn at_most(said: Money, left: Money) -> Option<Money> {
    let least = if said.currency() == left.currency() && said.minor() < left.minor() { said } else { left };
    least.is_positive().then_some(least)
}
