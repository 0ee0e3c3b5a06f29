//! Drives an operation at its rail: send what was committed, tell the plugin what came back, commit what it decides.
//! Stops where something has to be waited for; the worker goes on later. Any process may drive any exchange: the
//! row's revision lets one of them win.

use tebura_ledger::{
    Command, Operation, OperationId, OperationKind, OperationState, Outcome, RailId, Refusal, Settle, Timestamp,
    Verdict,
};

use crate::digest;
use crate::exchange::{Exchange, Stage};
use crate::hub::Hub;
use crate::machine;
use crate::notices::NoticeWrite;
use crate::ports::{CommitError, Committed, Outgoing, ReadError, Unit, Write};
use crate::rail::{Effect, Fault, HttpCall, Next, PluginId, RailCommand, RailError, RailEvent, RailOutcome, Step};

/// Why driving stopped before it had to. The exchange stays due; the worker tries again.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    #[error("the rail {0} is not installed any more")]
    RailGone(RailId),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Hub {
    /// Drives an exchange until it ends or has to wait for longer than `patience`.
    ///
    /// The caller holds the newest revision and, for `Sending`, the lease.
    pub(crate) async fn drive(&self, mut exchange: Exchange, patience: Timestamp) -> Result<(), DriveError> {
        loop {
            let now = self.now();
            if !matches!(exchange.stage, Stage::Sending { .. }) && exchange.stage.is_open() && exchange.due_at > now {
                if exchange.due_at > patience {
                    return Ok(());
                }
                self.clock.wait_until(exchange.due_at).await;
                continue;
            }
            let moved = match exchange.stage.clone() {
                Stage::Outgoing { call, attempts } => {
                    if machine::is_stale(&call, now) {
                        machine::drop_stale(&mut exchange, now);
                    } else {
                        machine::lease(&mut exchange, call, attempts + 1, now);
                    }
                    self.put(&mut exchange, None, Vec::new()).await
                }
                Stage::Sending { call, attempts } => self.send(&mut exchange, call, attempts).await,
                Stage::Arrived { event, failures } => self.tell(&mut exchange, event, failures).await,
                Stage::Waiting => self.tell(&mut exchange, RailEvent::Timer, 0).await,
                Stage::Unknown => self.inquire(&mut exchange).await,
                Stage::Stuck | Stage::Finished => return Ok(()),
            };
            match moved {
                Ok(()) => {}
                // Another process drives it.
                Err(DriveError::Commit(CommitError::Stale)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn send(&self, exchange: &mut Exchange, call: HttpCall, attempts: u32) -> Result<(), DriveError> {
        let outgoing = Outgoing { plugin: plugin(&exchange.rail), key: step_key(exchange), call };
        let delivery = self.egress.send(&outgoing).await;
        let must_keep = matches!(outgoing.call.effect, Effect::Once);
        machine::after_delivery(exchange, outgoing.call, attempts, delivery, self.now());
        // What the plugin makes of a reply is committed with the reply, save where the call cannot be repeated: then the
        // reply is kept before anything can fail.
        let arrived = matches!(exchange.stage, Stage::Arrived { .. });
        if arrived && !must_keep { Ok(()) } else { self.put(exchange, None, Vec::new()).await }
    }

    async fn tell(&self, exchange: &mut Exchange, event: RailEvent, failures: u32) -> Result<(), DriveError> {
        let rail = self.rail(&exchange.rail).ok_or_else(|| DriveError::RailGone(exchange.rail.clone()))?;
        let now = self.now();
        let step = rail.resume(&exchange.rail_operation(now), &exchange.state, &event).await;
        exchange.digest = rail.descriptor().digest;
        self.take(exchange, step, event, failures).await
    }

    async fn inquire(&self, exchange: &mut Exchange) -> Result<(), DriveError> {
        let rail = self.rail(&exchange.rail).ok_or_else(|| DriveError::RailGone(exchange.rail.clone()))?;
        let now = self.now();
        machine::begin_inquiry(exchange, now, rail.descriptor().settle_window_ms);
        let step = rail.start(&exchange.rail_operation(now)).await;
        // An inquiry that cannot even start is tried again as an inquiry that failed.
        self.take(exchange, step, RailEvent::Timer, 1).await
    }

    async fn take(
        &self,
        exchange: &mut Exchange,
        step: Result<Step, RailError>,
        event: RailEvent,
        failures: u32,
    ) -> Result<(), DriveError> {
        let now = self.now();
        match step {
            Ok(step) => {
                let writes = self.kv_writes(&exchange.rail, &step);
                let next = machine::take_state(exchange, step);
                let next = self.believed(exchange, next).await?;
                let told = machine::after_step(exchange, Some(&event), next, now);
                self.put(exchange, told, writes).await
            }
            Err(error) => {
                tracing::warn!(operation = %exchange.operation, rail = %exchange.rail, %error, "the plugin gave no step");
                let told = machine::after_failure(exchange, event, failures, &error, now);
                self.put(exchange, told, Vec::new()).await
            }
        }
    }

    /// Commits the exchange with what the ledger is told, and what follows from that.
    pub(crate) async fn put(
        &self,
        exchange: &mut Exchange,
        told: Option<Verdict>,
        mut writes: Vec<Write>,
    ) -> Result<(), DriveError> {
        let expected = exchange.revision;
        exchange.revision += 1;
        writes.extend(self.name_of(exchange, told.as_ref()));
        let kept = writes.clone();
        writes.push(Write::Exchange { exchange: exchange.clone(), expected });
        let (operation, hold) = (exchange.operation, exchange.hold);
        let declined = matches!(told, Some(Verdict::Declined { .. }));
        let ledger: Vec<_> =
            told.clone().into_iter().map(|verdict| Command::Settle(Settle { operation, hold, verdict })).collect();
        let committed = self.store.commit(hold.shard(), self.now(), Unit { key: None, ledger, writes }).await;
        match committed {
            // What was declined is not asked for again at once; the worker waits longer each time.
            Ok(Committed::Done(outcomes)) if !declined => self.follow(&outcomes).await,
            Ok(Committed::Done(_) | Committed::Replayed { .. }) => {}
            // Somebody else ended the operation meanwhile, and the rail says otherwise.
            Err(CommitError::Refused(Refusal::VerdictContradicts { .. })) => {
                self.contradicted(operation, told).await?;
                exchange.stage = Stage::Finished;
                let writes = vec![Write::Exchange { exchange: exchange.clone(), expected }];
                self.store.commit(hold.shard(), self.now(), Unit { writes, ..Unit::default() }).await?;
            }
            Err(CommitError::Refused(refusal)) if matches!(told, Some(Verdict::Settled { .. })) => {
                self.set_aside(exchange, &refusal, kept, expected).await?;
            }
            Err(CommitError::Stale) => {
                self.contradicted(operation, told).await?;
                return Err(CommitError::Stale.into());
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The rail did it and the ledger cannot take it as it stands: an account has no room for the amount. To try again
    /// would fail again, and to give up would be a lie: the operation is visibly unknown, and people decide. What they
    /// decline is undone at the rail when its word comes once more, on a statement.
    async fn set_aside(
        &self,
        exchange: &mut Exchange,
        refusal: &Refusal,
        mut writes: Vec<Write>,
        expected: u32,
    ) -> Result<(), DriveError> {
        let (operation, hold) = (exchange.operation, exchange.hold);
        tracing::error!(%operation, code = refusal.code(), "the rail did what the ledger cannot take; people have to decide");
        exchange.stage = Stage::Stuck;
        writes.push(Write::Exchange { exchange: exchange.clone(), expected });
        let verdict = Verdict::Unknown { code: refusal.code().to_owned() };
        let ledger = vec![Command::Settle(Settle { operation, hold, verdict })];
        self.store.commit(hold.shard(), self.now(), Unit { key: None, ledger, writes }).await?;
        Ok(())
    }

    /// A last word of the rail on an operation that people, or another process, have ended: if it says otherwise, that is
    /// an exception.
    async fn contradicted(&self, operation: OperationId, told: Option<Verdict>) -> Result<(), DriveError> {
        let Some(verdict @ (Verdict::Settled { .. } | Verdict::Declined { .. })) = told else { return Ok(()) };
        let read = |error: crate::ports::ReadError| CommitError::Unavailable { reason: error.reason };
        let Some(row) = self.store.operation(operation).await.map_err(read)? else { return Ok(()) };
        if !row.state().is_final() || !contradicts(&row, &verdict) {
            return Ok(());
        }
        let Some(hold) = row.hold() else { return Ok(()) };
        let Some(hold) = self.store.hold(hold).await.map_err(read)? else { return Ok(()) };
        if let Err(error) = Box::pin(self.open_exception(&row, &hold, verdict)).await {
            // The exchange stays as it is and due: the same word is heard again.
            return Err(CommitError::Unavailable { reason: error.to_string() }.into());
        }
        Ok(())
    }

    /// Does what follows from an outcome. The worker repeats what fails here.
    pub(crate) async fn follow(&self, outcomes: &[Outcome]) {
        for follow_up in outcomes.iter().filter_map(|outcome| outcome.follow_up) {
            if let Err(error) = Box::pin(self.follow_up(follow_up)).await {
                tracing::warn!(?follow_up, %error, "a follow-up has to wait for the worker");
            }
        }
    }

    /// What came of a step. A rail that gives a second hold the name of another is not believed: what is taken of one would
    /// be taken of the other.
    pub(crate) async fn believed(
        &self,
        exchange: &Exchange,
        next: Next<RailOutcome>,
    ) -> Result<Next<RailOutcome>, ReadError> {
        let Next::Done(RailOutcome::Settled { reference, .. }) = &next else { return Ok(next) };
        if !matches!(exchange.command, RailCommand::Hold { .. }) || self.in_house(&exchange.rail) {
            return Ok(next);
        }
        for named in self.store.operations_named(&exchange.rail, reference).await? {
            let other = if named == exchange.operation { None } else { self.store.operation(named).await? };
            if other.is_some_and(|other| matches!(other.kind(), OperationKind::Place { .. })) {
                let message = "the rail named this hold as it named another one".to_owned();
                let fault = Fault { code: "rail.reference_reused".to_owned(), message };
                return Ok(Next::Done(RailOutcome::Unknown(fault)));
            }
        }
        Ok(next)
    }

    /// What the far end calls the operation, to be found by it.
    pub(crate) fn name_of(&self, exchange: &Exchange, told: Option<&Verdict>) -> Option<Write> {
        let Some(Verdict::Settled { reference, .. }) = told else { return None };
        if self.in_house(&exchange.rail) {
            return None;
        }
        let (rail, reference, operation) = (exchange.rail.clone(), reference.clone(), exchange.operation);
        Some(Write::Notice(NoticeWrite::Named { rail, reference, operation }))
    }

    pub(crate) fn kv_writes(&self, rail: &RailId, step: &Step) -> Vec<Write> {
        let plugin = plugin(rail);
        step.writes.iter().map(|write| Write::Kv { plugin: plugin.clone(), write: write.clone() }).collect()
    }
}

/// Whether a verdict is against a final state. What the operation's own first answer repeats is not.
fn contradicts(operation: &Operation, verdict: &Verdict) -> bool {
    match (operation.state(), verdict) {
        (OperationState::Settled { reference, amount, .. }, Verdict::Settled { reference: new, amount: told }) => {
            reference != new || amount != told
        }
        (OperationState::Settled { .. }, Verdict::Declined { .. })
        | (OperationState::Failed { .. }, Verdict::Settled { .. }) => true,
        (_, _) => false,
    }
}

fn plugin(rail: &RailId) -> PluginId {
    PluginId(rail.as_str().to_owned())
}

/// The hub's key for a step: fixed before the step is committed, the same for every resend of its bytes.
fn step_key(exchange: &Exchange) -> String {
    digest::short(format!("tebura step {} {:?} {}", exchange.operation, exchange.purpose, exchange.ordinal))
}
