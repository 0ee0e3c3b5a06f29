//! One batch, one transaction: lock the shard's head, read what the units name, decide, write, commit.
//!
//! Locks are taken in one order everywhere (heads by shard, then rows by id), and a head belongs to one writer at a
//! time, so batches of one shard never meet in the middle. Nothing is kept between batches.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sea_orm::Value;
use tebura_hub::ids::{CaptureSessionId, PaymentId};
use tebura_hub::ports::Write;
use tebura_ledger::{AccountId, Book, Command, HoldId, OperationId, Shard};

use crate::contracts;
use crate::database::{Database, Transaction};
use crate::decide::{Decided, Snapshot, decide};
use crate::engine::{Engine, Failure};
use crate::entity::{
    Damaged, account, capture_session, event, exchange, hold, idempotency_key, link, operation, payment, shard_column,
    shard_head, shard_of, transfer,
};
use crate::gathered::Gathered;
use crate::lane::{Answer, Job};
use crate::log::{Logged, Stand};
use crate::privacy;
use crate::proofings;
use crate::recognition;
use crate::records;
use crate::rows::{Conflict, Texts};
use crate::services::Revisions;
use crate::sqlite::File;
use crate::vault::Vault;
use crate::webhooks;
use crate::written::Written;

/// Runs batches, each in a transaction of its own.
pub(crate) struct Writer {
    database: Database,
    vault: Vault,
    heads: Texts<shard_head::Entity>,
    keys: Texts<idempotency_key::Entity>,
    accounts: Texts<account::Entity>,
    holds: Texts<hold::Entity>,
    operations: Texts<operation::Entity>,
    transfers: Texts<transfer::Entity>,
    events: Texts<event::Entity>,
    exchanges: Texts<exchange::Entity>,
    payments: Texts<payment::Entity>,
    sessions: Texts<capture_session::Entity>,
}

/// What is looked up before a batch is decided.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Neither the keys that units claim nor the operations and holds that they make: nearly always they are new. When
    /// one is not, its insert fails; when something is refused, it may be a repeat. Either way the batch is decided again.
    Trusting,
    /// Everything.
    Careful,
}

/// What the guarded rows were when they were read.
#[derive(Default)]
struct Read {
    heads: BTreeMap<Shard, Stand>,
    accounts: BTreeMap<(Shard, AccountId), i64>,
    holds: BTreeMap<HoldId, i64>,
}

impl Writer {
    pub(crate) fn new(database: Database, vault: Vault) -> Self {
        let engine = database.engine();
        Self {
            database,
            vault,
            heads: Texts::of(engine),
            keys: Texts::of(engine),
            accounts: Texts::of(engine),
            holds: Texts::of(engine),
            operations: Texts::of(engine),
            transfers: Texts::of(engine),
            events: Texts::of(engine),
            exchanges: Texts::of(engine),
            payments: Texts::of(engine),
            sessions: Texts::of(engine),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.database.engine()
    }

    /// The database's file where commits are made durable apart.
    pub(crate) fn synced_apart(&self) -> Option<&File> {
        self.database.synced_apart()
    }

    /// Decides, writes and commits a batch. Returns the answers, and whether anything was written; on SQLite it is not
    /// durable yet.
    pub(crate) async fn transact(&self, jobs: &[Job]) -> Result<(Vec<Answer>, bool), Failure> {
        match self.attempt(jobs, Look::Trusting).await {
            Err(Failure::Conflict { .. }) => self.attempt(jobs, Look::Careful).await,
            result => result,
        }
    }

    async fn attempt(&self, jobs: &[Job], look: Look) -> Result<(Vec<Answer>, bool), Failure> {
        let tx = self.database.begin().await?;
        match self.decide_and_write(&tx, jobs, look).await {
            Ok((answers, false)) => {
                tx.rollback().await?;
                Ok((answers, false))
            }
            Ok((answers, true)) => {
                tx.commit().await?;
                if let Some(file) = self.synced_apart() {
                    file.tend();
                }
                Ok((answers, true))
            }
            Err(failure) => {
                // The connection may be what failed; dropping the transaction rolls back as well.
                let _ = tx.rollback().await;
                Err(failure)
            }
        }
    }

    /// The answers, and whether anything was written.
    async fn decide_and_write(
        &self,
        tx: &Transaction<'_>,
        jobs: &[Job],
        look: Look,
    ) -> Result<(Vec<Answer>, bool), Failure> {
        let mut read = Read { heads: self.lock_heads(tx, jobs).await?, ..Read::default() };
        let mut decided = self.decide(tx, jobs, look, &mut read).await?;
        if look == Look::Trusting && decided.answers.iter().any(Result::is_err) {
            decided = self.decide(tx, jobs, Look::Careful, &mut read).await?;
        }
        self.write(tx, decided, &read).await
    }

    async fn decide<'a>(
        &self,
        tx: &Transaction<'_>,
        jobs: &'a [Job],
        look: Look,
        read: &mut Read,
    ) -> Result<Decided<'a>, Failure> {
        let snapshot = self.load(tx, jobs, look, read).await?;
        // A panic is a defect of the ledger's; one unit must not take the lane with it.
        let decided = catch_unwind(AssertUnwindSafe(|| decide(snapshot, jobs)));
        decided.map_err(|_| Failure::Broken { reason: "the decision did not come out".to_owned() })
    }

    async fn lock_heads(&self, tx: &Transaction<'_>, jobs: &[Job]) -> Result<BTreeMap<Shard, Stand>, Failure> {
        let shards: BTreeSet<Shard> = jobs.iter().map(|job| job.shard).collect();
        let keys = shards.iter().map(|shard| vec![Value::from(shard_column(*shard))]).collect();
        let rows = tx.select(&self.heads, keys).await?;
        let mut stands = BTreeMap::new();
        for row in rows {
            let stand = Stand { seq: row.seq, link: link("shard_head", &row.link)? };
            stands.insert(shard_of("shard_head", row.shard)?, stand);
        }
        Ok(stands)
    }

    async fn load(&self, tx: &Transaction<'_>, jobs: &[Job], look: Look, read: &mut Read) -> Result<Snapshot, Failure> {
        let mut snapshot = Snapshot::default();
        if look == Look::Careful {
            self.load_keys(tx, jobs, &mut snapshot).await?;
        }
        self.load_money(tx, jobs, look, &mut snapshot.books, read).await?;
        self.load_records(tx, jobs, &mut snapshot).await?;
        Ok(snapshot)
    }

    async fn load_keys(&self, tx: &Transaction<'_>, jobs: &[Job], snapshot: &mut Snapshot) -> Result<(), Failure> {
        let claims = jobs.iter().filter_map(|job| {
            let claim = job.unit.key.as_ref()?;
            Some((job.home, claim.scope.as_str(), claim.key.as_str()))
        });
        let claims: BTreeMap<_, _> = claims.map(|claim| (claim, ())).collect();
        let key = |(shard, scope, key): &(Shard, &str, &str)| {
            vec![Value::from(shard_column(*shard)), Value::from(*scope), Value::from(*key)]
        };
        for row in tx.select(&self.keys, claims.keys().map(key).collect()).await? {
            let shard = claims.keys().map(|(shard, ..)| *shard).find(|shard| shard_column(*shard) == row.shard);
            if let Some(shard) = shard {
                snapshot.keys.insert((shard, row.scope.clone(), row.key.clone()), row.domain()?);
            }
        }
        Ok(())
    }

    async fn load_money(
        &self,
        tx: &Transaction<'_>,
        jobs: &[Job],
        look: Look,
        books: &mut BTreeMap<Shard, Book>,
        read: &mut Read,
    ) -> Result<(), Failure> {
        for job in jobs {
            books.entry(job.shard).or_insert_with(|| Book::new(job.shard));
        }
        let mut accounts = BTreeSet::new();
        let mut holds = BTreeSet::new();
        let mut operations = BTreeSet::new();
        for (shard, command) in commands(jobs) {
            let keys = command.keys();
            accounts.extend(keys.accounts.into_iter().map(|id| (shard, id)));
            holds.extend(keys.holds);
            operations.extend(keys.operations);
        }
        if look == Look::Trusting {
            for (hold, operation) in commands(jobs).filter_map(|(_, command)| made(command)) {
                operations.remove(&operation);
                if let Some(hold) = hold {
                    holds.remove(&hold);
                }
            }
        }
        for row in tx.select(&self.holds, holds.iter().map(|id| key(id.shard(), id.uuid())).collect()).await? {
            let hold = row.domain()?;
            read.holds.insert(hold.id(), row.version);
            if let Some(book) = books.get_mut(&hold.id().shard()) {
                book.insert_hold(hold);
            }
        }
        self.load_operations(tx, &operations, books).await?;
        let mut further = BTreeSet::new();
        for (shard, command) in commands(jobs) {
            if let Some(book) = books.get(&shard) {
                let keys = book.further_keys(command);
                accounts.extend(keys.accounts.into_iter().map(|id| (shard, id)));
                further.extend(keys.operations);
            }
        }
        self.load_operations(tx, &further, books).await?;
        self.load_accounts(tx, &accounts, books, read).await
    }

    async fn load_operations(
        &self,
        tx: &Transaction<'_>,
        ids: &BTreeSet<OperationId>,
        books: &mut BTreeMap<Shard, Book>,
    ) -> Result<(), Failure> {
        let keys = ids.iter().map(|id| key(id.shard(), id.uuid())).collect();
        for row in tx.select(&self.operations, keys).await? {
            let operation = row.domain()?;
            if let Some(book) = books.get_mut(&operation.id().shard()) {
                book.insert_operation(operation);
            }
        }
        Ok(())
    }

    /// Accounts in the shard of their unit, and for those at home elsewhere the row there as well: a first movement
    /// makes a sub-balance with the currency and floor of home.
    async fn load_accounts(
        &self,
        tx: &Transaction<'_>,
        ids: &BTreeSet<(Shard, AccountId)>,
        books: &mut BTreeMap<Shard, Book>,
        read: &mut Read,
    ) -> Result<(), Failure> {
        let homes = ids.iter().map(|(_, id)| (id.shard(), *id));
        let wanted: BTreeSet<(Shard, AccountId)> = ids.iter().copied().chain(homes).collect();
        let keys = wanted.iter().map(|(shard, id)| key(*shard, id.uuid())).collect();
        for row in tx.select(&self.accounts, keys).await? {
            let account = row.domain()?;
            let id = account.id();
            for (shard, book) in books.iter_mut() {
                if shard_column(*shard) == row.shard {
                    read.accounts.insert((*shard, id), row.version);
                    book.insert_account(account.clone());
                } else if shard_column(id.shard()) == row.shard {
                    book.declare_foreign(id, account.currency(), account.floor());
                }
            }
        }
        Ok(())
    }

    async fn load_records(&self, tx: &Transaction<'_>, jobs: &[Job], snapshot: &mut Snapshot) -> Result<(), Failure> {
        let mut exchanges = BTreeSet::new();
        let mut payments = BTreeSet::new();
        let mut sessions = BTreeSet::new();
        for write in jobs.iter().flat_map(|job| &job.unit.writes) {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the other writes expect nothing of what is stored")]
            match write {
                Write::Exchange { exchange, .. } => drop(exchanges.insert(exchange.operation)),
                Write::Payment(payment) => drop(payments.insert(payment.id)),
                Write::CaptureSession { session, .. } => drop(sessions.insert(session.id)),
                _ => {}
            }
        }
        let keys = exchanges.iter().map(|id| key(id.shard(), id.uuid())).collect();
        for row in tx.select(&self.exchanges, keys).await? {
            let revision = u32::try_from(row.revision).map_err(|_| Damaged::new("exchange", "revision"))?;
            snapshot.exchanges.insert(OperationId::from_uuid(row.operation), revision);
        }
        let keys = payments.iter().map(|id| key(id.shard(), id.uuid())).collect();
        for row in tx.select(&self.payments, keys).await? {
            snapshot.payments.insert(PaymentId::from_uuid(row.id));
        }
        let keys = sessions.iter().map(|id| vec![Value::from(id.uuid())]).collect();
        for row in tx.select(&self.sessions, keys).await? {
            let revision = u32::try_from(row.revision).map_err(|_| Damaged::new("capture_session", "revision"))?;
            snapshot.sessions.insert(CaptureSessionId::from_uuid(row.id), revision);
        }
        snapshot.webhooks = webhooks::revisions(tx, jobs.iter().flat_map(|job| &job.unit.writes)).await?;
        snapshot.contracts = contracts::revisions(tx, jobs.iter().flat_map(|job| &job.unit.writes)).await?;
        snapshot.proofings = proofings::known(tx, jobs.iter().flat_map(|job| &job.unit.writes)).await?;
        snapshot.tries = recognition::tries(tx, jobs.iter().flat_map(|job| &job.unit.writes)).await?;
        snapshot.privacy = privacy::known(tx, jobs.iter().flat_map(|job| &job.unit.writes)).await?;
        snapshot.services = Revisions::read(tx, jobs.iter().flat_map(|job| &job.unit.writes)).await?;
        Ok(())
    }

    async fn write(
        &self,
        tx: &Transaction<'_>,
        mut decided: Decided<'_>,
        read: &Read,
    ) -> Result<(Vec<Answer>, bool), Failure> {
        let mut changes = Written::default();
        for (shard, book) in &mut decided.books {
            changes.add(*shard, book.take_changes(), &read.accounts, &read.holds);
        }
        let mut writes = Gathered::new(tx);
        writes.insert(&self.keys, &decided.keys)?;
        writes.insert(&self.accounts, &changes.new_accounts)?;
        writes.update(&self.accounts, &changes.accounts)?;
        writes.insert(&self.holds, &changes.new_holds)?;
        writes.update(&self.holds, &changes.holds)?;
        writes.insert(&self.operations, &changes.new_operations)?;
        writes.update(&self.operations, &changes.operations)?;
        writes.insert(&self.transfers, &changes.transfers)?;
        self.write_exchanges(&mut writes, &decided)?;
        let payments: Vec<payment::Model> =
            decided.payments.iter().map(|(_, payment)| payment::Model::of(payment)).collect();
        writes.insert(&self.payments, &payments)?;
        for ((job, _), row) in decided.payments.iter().zip(&payments) {
            changes.entries.record(job.shard, job.now, Logged::row(row, &[payment::Column::Id]));
        }
        for (job, write) in &decided.records {
            if let Write::Event(event) = write {
                changes.entries.events(job.shard, vec![event.clone()]);
            }
            for logged in records::write(tx, &self.vault, write).await? {
                changes.entries.record(job.shard, job.now, logged);
            }
        }
        let wrote = !(changes.is_empty()
            && decided.keys.is_empty()
            && decided.exchanges.is_empty()
            && payments.is_empty()
            && decided.records.is_empty());
        let log = changes.entries.linked(&read.heads)?;
        writes.insert(&self.events, &log.entries)?;
        writes.update(&self.heads, &log.heads)?;
        writes.finish().await?.map_err(|Conflict| moved())?;
        Ok((decided.answers, wrote))
    }

    fn write_exchanges(&self, writes: &mut Gathered<'_, '_>, decided: &Decided<'_>) -> Result<(), Failure> {
        let mut new = Vec::new();
        let mut changed = Vec::new();
        for (exchange, read) in decided.exchanges.values() {
            match read {
                None => new.push(exchange::Model::of(exchange)),
                Some(revision) => changed.push((exchange::Model::of(exchange), i64::from(*revision))),
            }
        }
        writes.insert(&self.exchanges, &new)?;
        writes.update(&self.exchanges, &changed)
    }
}

fn commands(jobs: &[Job]) -> impl Iterator<Item = (Shard, &Command)> {
    jobs.iter().flat_map(|job| job.unit.ledger.iter().map(|command| (job.shard, command)))
}

fn key(shard: Shard, id: tebura_ledger::Uuid) -> Vec<Value> {
    vec![Value::from(shard_column(shard)), Value::from(id)]
}

fn moved() -> Failure {
    Failure::Conflict { reason: "a row moved between read and write".to_owned() }
}

/// The operation that a command makes, with the hold where it makes that as well. A repeat names the same ones again.
fn made(command: &Command) -> Option<(Option<HoldId>, OperationId)> {
    match command {
        Command::Place(place) => Some((Some(place.hold), place.operation)),
        Command::Fund(fund) => Some((None, fund.operation)),
        Command::Raise(raise) => Some((None, raise.operation)),
        Command::Extend(extend) => Some((None, extend.operation)),
        Command::Capture(capture) => Some((None, capture.operation)),
        Command::Release(release) => Some((None, release.operation)),
        Command::Expire(expire) => Some((None, expire.operation)),
        Command::Refund(refund) => Some((None, refund.operation)),
        Command::Reverse(reverse) => Some((None, reverse.operation)),
        Command::Dispute(dispute) => Some((None, dispute.operation)),
        Command::OpenAccount(_)
        | Command::Confirm(_)
        | Command::OpenException(_)
        | Command::Resolve(_)
        | Command::Settle(_) => None,
    }
}

impl From<Damaged> for Failure {
    fn from(damaged: Damaged) -> Self {
        Self::Broken { reason: damaged.to_string() }
    }
}
