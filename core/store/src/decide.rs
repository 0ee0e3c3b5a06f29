//! Decides a batch on the rows that it names. Pure: rows in, answers and rows out, in arrival order.
//!
//! A refused unit leaves nothing behind and spoils nobody. Absent: SQL, waiting.

use std::collections::{BTreeMap, BTreeSet};

use tebura_hub::exchange::Exchange;
use tebura_hub::ids::{CaptureSessionId, ContractId, PaymentId, PersonId, WebhookEndpointId};
use tebura_hub::payment::Payment;
use tebura_hub::ports::{ClaimedKey, CommitError, Committed, Write};
use tebura_hub::recognition::RecognitionWrite;
use tebura_hub::webhooks::WebhookWrite;
use tebura_ledger::{Book, OperationId, Shard};

use crate::entity::idempotency_key;
use crate::lane::{Answer, Job};
use crate::privacy;
use crate::proofings::Known;
use crate::services::Revisions;

/// The rows that a batch names, as they are in the database.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) books: BTreeMap<Shard, Book>,
    pub(crate) keys: BTreeMap<(Shard, String, String), ClaimedKey>,
    /// Revisions of the exchanges that exist.
    pub(crate) exchanges: BTreeMap<OperationId, u32>,
    /// The payments that exist.
    pub(crate) payments: BTreeSet<PaymentId>,
    /// Revisions of the capture sessions that exist.
    pub(crate) sessions: BTreeMap<CaptureSessionId, u32>,
    /// Revisions of the webhook positions that exist.
    pub(crate) webhooks: BTreeMap<WebhookEndpointId, u32>,
    /// Revisions of the contracts that exist.
    pub(crate) contracts: BTreeMap<ContractId, u32>,
    pub(crate) proofings: Known,
    /// Failed tries of PINs.
    pub(crate) tries: BTreeMap<PersonId, u32>,
    /// Of tickets and of requests about people's own data.
    pub(crate) privacy: privacy::Known,
    /// Of services.
    pub(crate) services: Revisions,
}

/// What a batch comes to. The money is in the books' changes.
#[derive(Default)]
pub(crate) struct Decided<'a> {
    /// One for each job, in order.
    pub(crate) answers: Vec<Answer>,
    pub(crate) books: BTreeMap<Shard, Book>,
    pub(crate) keys: Vec<idempotency_key::Model>,
    /// The last version of each, with the revision that was read: `None` for a new one.
    pub(crate) exchanges: BTreeMap<OperationId, (Exchange, Option<u32>)>,
    pub(crate) payments: Vec<(&'a Job, &'a Payment)>,
    /// Everything else, in order, each with the unit that writes it.
    pub(crate) records: Vec<(&'a Job, &'a Write)>,
}

/// Decides all jobs of a batch.
pub(crate) fn decide(snapshot: Snapshot, jobs: &[Job]) -> Decided<'_> {
    let mut table = Table { snapshot, decided: Decided::default() };
    let answers = jobs.iter().map(|job| table.decide(job)).collect();
    Decided { answers, books: table.snapshot.books, ..table.decided }
}

struct Table<'a> {
    snapshot: Snapshot,
    decided: Decided<'a>,
}

impl<'a> Table<'a> {
    fn decide(&mut self, job: &'a Job) -> Answer {
        if let Some(claim) = &job.unit.key {
            let id = (job.home, claim.scope.clone(), claim.key.clone());
            match self.snapshot.keys.get(&id) {
                Some(claimed) if claimed.fingerprint == claim.fingerprint => {
                    return Ok(Committed::Replayed { target: claimed.target.clone() });
                }
                Some(_) => return Err(CommitError::KeyReused),
                None => {}
            }
        }
        self.check(&job.unit.writes)?;
        let book = self.snapshot.books.entry(job.shard).or_insert_with(|| Book::new(job.shard));
        let outcomes = book.apply_all(&job.unit.ledger, job.now)?;
        if let Some(claim) = &job.unit.key {
            let claimed = ClaimedKey { fingerprint: claim.fingerprint, target: claim.target.clone() };
            self.snapshot.keys.insert((job.home, claim.scope.clone(), claim.key.clone()), claimed);
            self.decided.keys.push(idempotency_key::Model::of(job.home, claim, job.now));
        }
        job.unit.writes.iter().for_each(|write| self.accept(job, write));
        Ok(Committed::Done(outcomes))
    }

    /// Says whether every write of a unit meets the row that its writer read, before anything is changed.
    fn check(&self, writes: &[Write]) -> Result<(), CommitError> {
        let mut revisions: BTreeMap<OperationId, u32> = BTreeMap::new();
        let mut payments: BTreeSet<PaymentId> = BTreeSet::new();
        for write in writes {
            match write {
                Write::Exchange { exchange, expected } => {
                    let id = exchange.operation;
                    let stored = || self.snapshot.exchanges.get(&id).copied().unwrap_or(0);
                    if revisions.get(&id).copied().unwrap_or_else(stored) != *expected {
                        return Err(CommitError::Stale);
                    }
                    revisions.insert(id, expected + 1);
                }
                Write::Payment(payment) => {
                    if self.snapshot.payments.contains(&payment.id) || !payments.insert(payment.id) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::CaptureSession { session, expected } => {
                    if self.snapshot.sessions.get(&session.id).copied().unwrap_or(0) != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Privacy(write) => {
                    if self.snapshot.privacy.is_stale(write) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Webhook(WebhookWrite::Progress { progress, expected }) => {
                    if self.snapshot.webhooks.get(&progress.endpoint).copied().unwrap_or(0) != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Contract { contract, expected } => {
                    if self.snapshot.contracts.get(&contract.id).copied().unwrap_or(0) != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Service(write) => {
                    if self.snapshot.services.is_stale(write) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Proofing { proofing, expected } => {
                    if self.snapshot.proofings.revisions.get(&proofing.id).copied().unwrap_or(0) != *expected {
                        return Err(CommitError::Stale);
                    }
                }
                Write::ProofLink { link, person } => {
                    if self.snapshot.proofings.links.get(link).is_some_and(|known| known != person) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Recognition(RecognitionWrite::PinTry { person, expected, .. }) => {
                    // Of nobody there is no row, which the write itself says.
                    if self.snapshot.tries.get(person).is_some_and(|failed| failed != expected) {
                        return Err(CommitError::Stale);
                    }
                }
                Write::Webhook(_)
                | Write::Recognition(_)
                | Write::ContractEntry(_)
                | Write::Kv { .. }
                | Write::Person(_)
                | Write::Instrument(_)
                | Write::FaceReference(_)
                | Write::Template(_)
                | Write::Merchant(_)
                | Write::Payee(_)
                | Write::Till(_)
                | Write::Gallery(_)
                | Write::GalleryMember { .. }
                | Write::ApiKey(_)
                | Write::Party(_)
                | Write::Event(_)
                | Write::AuditHead(_)
                | Write::Statement { .. }
                | Write::Notice(_)
                | Write::PinTries { .. } => {}
            }
        }
        Ok(())
    }

    fn accept(&mut self, job: &'a Job, write: &'a Write) {
        match write {
            Write::Exchange { exchange, expected } => {
                let id = exchange.operation;
                let stored = self.snapshot.exchanges.insert(id, expected + 1);
                let read = self.decided.exchanges.get(&id).map_or(stored, |(_, read)| *read);
                let exchange = Exchange { revision: expected + 1, ..exchange.clone() };
                self.decided.exchanges.insert(id, (exchange, read));
            }
            Write::Payment(payment) => {
                self.snapshot.payments.insert(payment.id);
                self.decided.payments.push((job, payment));
            }
            Write::CaptureSession { session, .. } => {
                self.snapshot.sessions.insert(session.id, session.revision);
                self.decided.records.push((job, write));
            }
            Write::Webhook(record) => {
                if let WebhookWrite::Progress { progress, expected } = record {
                    self.snapshot.webhooks.insert(progress.endpoint, expected + 1);
                }
                self.decided.records.push((job, write));
            }
            Write::Contract { contract, .. } => {
                self.snapshot.contracts.insert(contract.id, contract.revision);
                self.decided.records.push((job, write));
            }
            Write::Proofing { proofing, .. } => {
                self.snapshot.proofings.revisions.insert(proofing.id, proofing.revision);
                self.decided.records.push((job, write));
            }
            // Said before: nothing to write.
            Write::ProofLink { link, person } => {
                if self.snapshot.proofings.links.insert(*link, *person).is_none() {
                    self.decided.records.push((job, write));
                }
            }
            Write::Privacy(record) => {
                self.snapshot.privacy.accept(record);
                self.decided.records.push((job, write));
            }
            Write::Service(record) => {
                self.snapshot.services.accept(record);
                self.decided.records.push((job, write));
            }
            Write::Recognition(record) => {
                if let RecognitionWrite::PinTry { person, failed, .. } = record {
                    self.snapshot.tries.insert(*person, *failed);
                }
                self.decided.records.push((job, write));
            }
            Write::Kv { .. }
            | Write::ContractEntry(_)
            | Write::Person(_)
            | Write::Instrument(_)
            | Write::FaceReference(_)
            | Write::Template(_)
            | Write::Merchant(_)
            | Write::Payee(_)
            | Write::Till(_)
            | Write::Gallery(_)
            | Write::GalleryMember { .. }
            | Write::ApiKey(_)
            | Write::Party(_)
            | Write::Event(_)
            | Write::AuditHead(_)
            | Write::Statement { .. }
            | Write::Notice(_)
            | Write::PinTries { .. } => self.decided.records.push((job, write)),
        }
    }
}
