//! The one way in which an operation is begun: ask the rail for its first step, commit it with the money and the
//! key in one transaction, then drive it. Every verb that moves money ends here.

use tebura_ledger::{
    Command, Hold, HoldId, HoldSnapshot, Operation, OperationId, Outcome, RailId, Refusal, Settle, Verdict,
};

use crate::drive::DriveError;
use crate::exchange::{Exchange, Purpose, Stage};
use crate::hub::{HoldFacts, Hub};
use crate::machine;
use crate::ports::{ClaimedKey, CommitError, Committed, KeyClaim, ReadError, Unit, Write};
use crate::rail::{RailCommand, RailError, RailOperation};

/// How long a request waits for its rail before it answers "not known yet": all resends and three inquiries fit,
/// and a person at a till does not wait longer.
const PATIENCE_MS: i64 = 8_000;

/// A caller's key for a write whose target the hub chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// Who calls: keys of different callers never meet.
    pub scope: String,
    /// As sent.
    pub key: String,
    /// SHA-256 of route and canonical body.
    pub fingerprint: [u8; 32],
}

impl KeyRequest {
    pub(crate) fn claim(self, target: impl ToString) -> KeyClaim {
        let KeyRequest { scope, key, fingerprint } = self;
        KeyClaim { scope, key, fingerprint, target: target.to_string() }
    }

    /// Whether an earlier use of the key was for the same request.
    pub fn matches(&self, claimed: &ClaimedKey) -> bool {
        self.fingerprint == claimed.fingerprint
    }
}

/// Where an operation stands after the hub did what it could within the request.
#[derive(Clone, Debug)]
pub struct Answer {
    pub hold: Hold,
    /// What the hold looked like when the operation became final; as it is now while it is open.
    pub then: HoldSnapshot,
    /// `Sent` or `Unknown` when the rail has not answered for good.
    pub operation: Operation,
    /// The key was used before with the same request: nothing was done again.
    pub replayed: bool,
}

impl Answer {
    fn new(hold: Hold, operation: Operation, replayed: bool) -> Self {
        let then = operation.result().copied().unwrap_or_else(|| hold.snapshot());
        Answer { hold, then, operation, replayed }
    }
}

/// Why an operation was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PerformError {
    #[error("the rail {0} is not installed; GET /v1/rails lists what is")]
    RailUnknown(RailId),
    #[error("the rail {rail} does not take {command}; GET /v1/rails/{rail} lists what it takes")]
    CommandUnsupported { rail: RailId, command: &'static str },
    #[error("this Idempotency-Key was used for another request; choose a new key")]
    KeyReused,
    #[error("a request with this Idempotency-Key is still running; repeat it with the same key in a second")]
    KeyRunning,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the hub is busy; repeat with the same key in {retry_after_ms} ms")]
    Busy { retry_after_ms: u32 },
    #[error("the store refused to write this ({reason}); repeating it will not help, tell the operator")]
    Rejected { reason: String },
    #[error("the store did not answer; repeat with the same key ({reason})")]
    Unavailable { reason: String },
}

impl From<CommitError> for PerformError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::KeyReused => PerformError::KeyReused,
            CommitError::Refused(refusal) => PerformError::Refused(refusal),
            CommitError::Stale => PerformError::KeyRunning,
            CommitError::Busy { retry_after_ms } => PerformError::Busy { retry_after_ms },
            CommitError::Rejected { reason } => PerformError::Rejected { reason },
            CommitError::Unavailable { reason } => PerformError::Unavailable { reason },
        }
    }
}

impl From<ReadError> for PerformError {
    fn from(error: ReadError) -> Self {
        PerformError::Unavailable { reason: error.reason }
    }
}

impl From<DriveError> for PerformError {
    fn from(error: DriveError) -> Self {
        PerformError::Unavailable { reason: error.to_string() }
    }
}

/// An operation to begin.
pub(crate) struct Work {
    pub(crate) operation: OperationId,
    pub(crate) hold: HoldId,
    pub(crate) rail: RailId,
    /// What the rail is asked.
    pub(crate) ask: RailCommand,
    /// What the ledger is told before the rail acts.
    pub(crate) begin: Command,
    /// Ledger commands of the same transaction that come first.
    pub(crate) before: Vec<Command>,
    /// Rows of the same transaction.
    pub(crate) writes: Vec<Write>,
}

impl Hub {
    /// Begins an operation and drives it as far as it goes now.
    pub(crate) async fn perform(&self, key: Option<KeyRequest>, work: Work) -> Result<Answer, PerformError> {
        let Work { operation, hold, rail: name, ask, begin, before, mut writes } = work;
        let shard = hold.shard();
        let rail = self.rail(&name).ok_or_else(|| PerformError::RailUnknown(name.clone()))?;
        if !rail.descriptor().takes(ask.name()) {
            return Err(PerformError::CommandUnsupported { rail: name, command: ask.name() });
        }
        let now = self.now();
        let asked = RailOperation { id: operation.to_string(), attempt: 1, now, command: ask.clone() };
        let mut exchange = Exchange {
            operation,
            hold,
            rail: name,
            digest: rail.descriptor().digest,
            command: ask,
            purpose: Purpose::Perform,
            stage: Stage::Finished,
            state: Vec::new(),
            ordinal: 0,
            due_at: now,
            last_sent_at: None,
            revision: 1,
        };
        let first = match self.stops(&exchange.rail, &asked.command) {
            Some(reason) => Err(RailError::Stopped { reason }),
            None => rail.start(&asked).await,
        };
        let told = match first {
            Ok(step) => {
                writes.extend(self.kv_writes(&exchange.rail, &step));
                let next = machine::take_state(&mut exchange, step);
                let next = self.believed(&exchange, next).await?;
                machine::after_step(&mut exchange, None, next, now)
            }
            Err(RailError::Busy { retry_after_ms }) => return Err(PerformError::Busy { retry_after_ms }),
            Err(error) => {
                tracing::warn!(%operation, rail = %exchange.rail, %error, "the first step failed; nothing was sent");
                Some(Verdict::Declined { code: machine::fault_of(&error).code })
            }
        };
        writes.extend(self.name_of(&exchange, told.as_ref()));
        let mut ledger = before;
        ledger.push(begin);
        ledger.extend(told.map(|verdict| Command::Settle(Settle { operation, hold, verdict })));
        if exchange.stage != Stage::Finished {
            writes.push(Write::Exchange { exchange: exchange.clone(), expected: 0 });
        }
        let unit = Unit { key: key.map(|key| key.claim(operation)), ledger, writes };
        match self.store.commit(shard, now, unit).await? {
            // What a new operation of the hub's own ledger never needs is boxed: it would make every request's future large.
            Committed::Replayed { target } => Box::pin(self.replay(&target)).await,
            Committed::Done(outcomes) => {
                let answer = last_answer(outcomes);
                if exchange.stage.is_open() {
                    Box::pin(self.drive(exchange, now.plus_ms(PATIENCE_MS))).await?;
                    return Box::pin(self.answer(operation, false)).await;
                }
                match answer {
                    Some(answer) => Ok(self.remember(answer)),
                    None => Box::pin(self.answer(operation, false)).await,
                }
            }
        }
    }

    /// The answer that a key had before.
    pub(crate) async fn replay(&self, target: &str) -> Result<Answer, PerformError> {
        let operation = target.parse::<OperationId>().map_err(|_| PerformError::KeyReused)?;
        let answer = self.answer(operation, true).await?;
        if !answer.operation.state().is_final() {
            let exchange = self.store.exchange(operation).await?;
            if exchange.is_some_and(|exchange| !matches!(exchange.stage, Stage::Unknown | Stage::Stuck)) {
                return Err(PerformError::KeyRunning);
            }
        }
        Ok(answer)
    }

    /// An operation and its hold as they are now.
    pub(crate) async fn answer(&self, operation: OperationId, replayed: bool) -> Result<Answer, PerformError> {
        let missing = |what: &str| PerformError::Unavailable { reason: format!("{what} of {operation} is missing") };
        let operation = self.store.operation(operation).await?.ok_or_else(|| missing("the row"))?;
        let hold = operation.hold().ok_or_else(|| missing("the hold's id"))?;
        let hold = self.store.hold(hold).await?.ok_or_else(|| missing("the hold"))?;
        Ok(self.remember(Answer::new(hold, operation, replayed)))
    }

    /// Keeps what never changes of a hold.
    fn remember(&self, answer: Answer) -> Answer {
        if let Some(reference) = answer.hold.reference()
            && self.facts.get(answer.hold.id()).is_none()
        {
            let facts = HoldFacts {
                rail: answer.hold.rail().clone(),
                payee: answer.hold.payee(),
                reference: reference.to_owned(),
            };
            self.facts.put(answer.hold.id(), facts, self.now());
        }
        answer
    }
}

/// An operation id that follows from another one, so that whoever asks again finds what was made the first time. Keeps
/// the moment and the shard.
pub(crate) fn derived(of: OperationId, word: &str) -> OperationId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("tebura {word} of {of}"));
    let mut bytes = *of.uuid().as_bytes();
    bytes[7] = digest[7];
    bytes[9..15].copy_from_slice(&digest[9..15]);
    OperationId::from_uuid(uuid::Uuid::from_bytes(bytes))
}

fn last_answer(outcomes: Vec<Outcome>) -> Option<Answer> {
    let outcome = outcomes.into_iter().next_back()?;
    Some(Answer::new(outcome.hold?, outcome.operation?, outcome.replayed))
}
