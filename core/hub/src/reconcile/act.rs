//! Takes a statement: compares it, does what the hub can do by itself, and keeps the findings.
//!
//! Acting comes before keeping, and every act may be repeated: a statement whose upload was cut off is simply brought
//! again. Kept findings never change; how far an exception is, the exception itself says.

use std::collections::BTreeMap;

use tebura_ledger::{OperationId, OperationKind, OperationState, RailId, Refusal, Verdict};

use super::{
    Act, Counts, DEFAULT_GRACE_MS, Finding, NextStep, Own, Plan, Statement, StatementError, StatementHead, StatementId,
    Window, compare_lines, compare_rest,
};
use crate::change_hold::ChangeHoldError;
use crate::hub::Hub;
use crate::ids::ApiKeyId;
use crate::perform::{KeyRequest, PerformError};
use crate::ports::{CommitError, Committed, KeyClaim, ReadError, Unit, Write};

/// Why a statement was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileError {
    #[error("the rail {0} is not installed; GET /v1/rails lists what is")]
    RailUnknown(RailId),
    #[error("the house rail is this hub's own ledger: there is nobody else's statement to compare with")]
    NoFarEnd,
    #[error(transparent)]
    Statement(#[from] StatementError),
    #[error("a statement {0} of this rail was taken with another content: give the corrected one a name of its own")]
    Exists(StatementId),
    #[error(transparent)]
    Change(#[from] ChangeHoldError),
}

impl From<ReadError> for ReconcileError {
    fn from(error: ReadError) -> Self {
        ReconcileError::Change(error.into())
    }
}

impl From<CommitError> for ReconcileError {
    fn from(error: CommitError) -> Self {
        ReconcileError::Change(error.into())
    }
}

/// A statement that was compared now, or had been before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    pub head: StatementHead,
    pub replayed: bool,
}

impl Hub {
    /// Compares a rail's statement with this hub's operations and acts on what differs.
    pub async fn reconcile(
        &self,
        key: KeyRequest,
        by: ApiKeyId,
        statement: Statement,
    ) -> Result<Reconciled, ReconcileError> {
        let rail = self.rail(&statement.rail).ok_or_else(|| ReconcileError::RailUnknown(statement.rail.clone()))?;
        if rail.descriptor().in_house {
            return Err(ReconcileError::NoFarEnd);
        }
        let now = self.now();
        statement.check(now)?;
        let digest = statement.digest();
        let unit = Unit { key: Some(key.clone().claim(&statement.id)), ..Unit::default() };
        self.store.commit(self.key_shard(&key), now, unit).await?;
        if let Some(known) = self.known(&statement.rail, &statement.id, &digest).await? {
            return Ok(known);
        }
        let settle_window_ms = rail.descriptor().settle_window_ms;
        let grace_ms = statement.grace_ms.unwrap_or(DEFAULT_GRACE_MS.saturating_add(settle_window_ms));
        let window = Window { from: statement.from, until: statement.until, grace_ms };
        let plans = self.plan(&statement, window).await?;
        let mut findings = Vec::with_capacity(plans.len());
        for (number, plan) in (1..).zip(plans) {
            let (next, exception) = self.carry_out(&plan).await?;
            let line = plan.line.and_then(|place| statement.lines.get(place)).cloned();
            findings.push(Finding {
                number,
                line,
                operation: plan.operation,
                compared: plan.compared,
                next,
                exception,
            });
        }
        let Statement { id, rail, from, until, lines, .. } = statement;
        let counts = Counts::of(&findings);
        let lines = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let head = StatementHead { id, rail, from, until, grace_ms, digest, lines, counts, by, at: self.now() };
        self.keep(head, findings).await
    }

    /// The statement when it is known already.
    async fn known(
        &self,
        rail: &RailId,
        id: &StatementId,
        digest: &[u8; 32],
    ) -> Result<Option<Reconciled>, ReconcileError> {
        match self.store.statement(rail, id).await? {
            Some(head) if head.digest == *digest => Ok(Some(Reconciled { head, replayed: true })),
            Some(_) => Err(ReconcileError::Exists(id.clone())),
            None => Ok(None),
        }
    }

    /// Everything that the statement and this hub have to say of each other.
    async fn plan(&self, statement: &Statement, window: Window) -> Result<Vec<Plan>, ReconcileError> {
        let Statement { rail, lines, .. } = statement;
        let (early, late) = (window.from.plus_ms(-window.grace_ms), window.until.plus_ms(window.grace_ms));
        let of_time = self.store.asked_of(rail, early, late).await?;
        let mut own: BTreeMap<OperationId, Own> = of_time.into_iter().map(|own| (own.operation.id(), own)).collect();
        let named = lines.iter().filter_map(|line| line.operation.as_deref()?.parse::<OperationId>().ok());
        for id in named.chain(self.store.awaited(rail).await?) {
            if !own.contains_key(&id)
                && let Some(found) = self.own(rail, id).await?
            {
                own.insert(id, found);
            }
        }
        let (mut plans, found) = compare_lines(lines, &own);
        let mut covered: Vec<_> =
            self.store.statements(rail).await?.into_iter().map(|head| (head.from, head.until)).collect();
        covered.push((window.from, window.until));
        for (id, own) in own.iter().filter(|(id, _)| !found.contains(id)) {
            // Only here is it worth a read: nearly everything has its line.
            let earlier = self.store.findings_of(*id).await?;
            plans.extend(compare_rest(own, window, &covered, &earlier));
        }
        Ok(plans)
    }

    /// An operation on the rail, whenever it was made.
    async fn own(&self, rail: &RailId, id: OperationId) -> Result<Option<Own>, ReadError> {
        let Some(operation) = self.store.operation(id).await? else { return Ok(None) };
        let Some(hold) = operation.hold() else { return Ok(None) };
        let hold = self.store.hold(hold).await?.filter(|hold| hold.rail() == rail);
        Ok(hold.map(|hold| Own { operation, hold: hold.reference().map(str::to_owned) }))
    }

    /// Does what a plan says. Returns what is left, and the exception that says more.
    async fn carry_out(&self, plan: &Plan) -> Result<(NextStep, Option<OperationId>), ReconcileError> {
        match (&plan.act, plan.operation) {
            (Act::Hear(verdict), Some(operation)) => self.heard(operation, verdict.clone()).await,
            (Act::Inquire, Some(operation)) => {
                self.make_due(operation).await?;
                Ok((NextStep::Inquiring, None))
            }
            (Act::Nothing, _) => Ok((NextStep::Nothing, None)),
            (Act::Resolve, _) => Ok((NextStep::TwoOperators, None)),
            (Act::Wait, _) => Ok((NextStep::NextStatement, None)),
            (Act::RecordDispute, _) => Ok((NextStep::RecordDispute, None)),
            (Act::AskRail | Act::Hear(_) | Act::Inquire, _) => Ok((NextStep::AskRail, None)),
        }
    }

    async fn heard(
        &self,
        operation: OperationId,
        verdict: Verdict,
    ) -> Result<(NextStep, Option<OperationId>), ReconcileError> {
        let answer = match self.hear(operation, verdict).await {
            Ok(answer) => answer,
            // What the ledger cannot take as it stands is for people.
            Err(ChangeHoldError::Perform(PerformError::Refused(refusal))) => {
                tracing::error!(%operation, code = refusal.code(), "a line of a statement cannot be taken");
                let unasked = matches!(refusal, Refusal::ConfirmationNeeded { .. });
                return Ok((if unasked { NextStep::AskRail } else { NextStep::TwoOperators }, None));
            }
            Err(error) => return Err(error.into()),
        };
        let told = &answer.operation;
        if !matches!(told.kind(), OperationKind::Exception { .. }) || told.id() == operation {
            return Ok((NextStep::Settled, None));
        }
        let next = match told.state() {
            OperationState::RequiresAction | OperationState::Sent => NextStep::Undoing,
            OperationState::Unknown { .. } if self.is_undoing(told.id()).await? => NextStep::Undoing,
            OperationState::Unknown { .. } => NextStep::TwoOperators,
            OperationState::Settled { .. } | OperationState::Failed { .. } => NextStep::Nothing,
        };
        Ok((next, Some(told.id())))
    }

    /// Whether the rail is still being asked about what undoes.
    async fn is_undoing(&self, exception: OperationId) -> Result<bool, ReadError> {
        Ok(self.store.exchange(exception).await?.is_some_and(|exchange| exchange.stage.is_open()))
    }

    /// Keeps the statement. Of two that come at once under one name the first counts.
    async fn keep(&self, head: StatementHead, findings: Vec<Finding>) -> Result<Reconciled, ReconcileError> {
        let (id, rail, digest) = (head.id.clone(), head.rail.clone(), head.digest);
        let name = KeyRequest { scope: format!("statement of {rail}"), key: id.to_string(), fingerprint: digest };
        let shard = self.key_shard(&name);
        let claim: KeyClaim = name.claim(&id);
        let writes = vec![Write::Statement { head: head.clone(), findings }];
        let unit = Unit { key: Some(claim), writes, ..Unit::default() };
        match self.store.commit(shard, self.now(), unit).await {
            Ok(Committed::Done(_)) => Ok(Reconciled { head, replayed: false }),
            Ok(Committed::Replayed { .. }) => {
                let known = self.known(&rail, &id, &digest).await?;
                Ok(known.unwrap_or(Reconciled { head, replayed: true }))
            }
            Err(CommitError::KeyReused) => Err(ReconcileError::Exists(id)),
            Err(error) => Err(error.into()),
        }
    }
}
