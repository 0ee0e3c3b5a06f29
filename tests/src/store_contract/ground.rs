//! What a case stands on: a store with four shards, fresh ids, and the words to set up accounts and holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tebura_hub::memory::MemoryStore;
use tebura_hub::ports::{CommitError, Committed, KeyClaim, Store, Unit, Write};
use tebura_ledger::{
    AccountId, AtDeadline, Capture, Command, Currency, Finality, Floor, Fund, Hold, HoldId, Money, OpenAccount,
    OperationId, Outcome, Place, RailId, Release, Settle, Shard, Timestamp, TransferId, Uuid, Verdict,
};
use tebura_store::{FileKek, SqlStore, StoreConfig};
use tempfile::TempDir;

use crate::support::postgres;

pub(super) const SHARDS: u16 = 4;

/// The cases' present.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A deadline an hour later.
pub(super) const LATER: Timestamp = NOW.plus_ms(3_600_000);

/// A store and a source of ids.
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    sql: Option<Arc<SqlStore>>,
    ids: AtomicU64,
    _folder: Option<TempDir>,
}

/// A hold that a rail has placed.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub(super) hold: HoldId,
    pub(super) operation: OperationId,
}

impl Ground {
    pub(super) fn memory() -> Self {
        Self::on(Arc::new(MemoryStore::new(SHARDS)), None, None)
    }

    pub(super) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("hub.db").display());
        Self::sql(&url, folder).await
    }

    pub(super) async fn postgres() -> Option<Self> {
        let database = postgres::database().await?;
        Some(Self::sql(&database.url(), tempfile::tempdir().unwrap()).await)
    }

    async fn sql(url: &str, folder: TempDir) -> Self {
        let store = Arc::new(SqlStore::open(config(url, &folder)).await.unwrap());
        Self::on(Arc::clone(&store) as Arc<dyn Store>, Some(store), Some(folder))
    }

    /// On a store that a case opened itself.
    pub(super) fn on(store: Arc<dyn Store>, sql: Option<Arc<SqlStore>>, folder: Option<TempDir>) -> Self {
        Self { store, sql, ids: AtomicU64::new(1), _folder: folder }
    }

    pub(super) async fn close(&self) {
        if let Some(store) = &self.sql {
            store.close().await;
        }
    }

    /// A fresh id of a shard; later ones sort behind earlier ones.
    pub(super) fn uuid(&self, shard: u8) -> Uuid {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number) << 64 | u128::from(shard))
    }

    pub(super) fn account_id(&self, shard: u8) -> AccountId {
        AccountId::from_uuid(self.uuid(shard))
    }

    pub(super) fn hold_id(&self, shard: u8) -> HoldId {
        HoldId::from_uuid(self.uuid(shard))
    }

    pub(super) fn operation_id(&self, shard: u8) -> OperationId {
        OperationId::from_uuid(self.uuid(shard))
    }

    pub(super) fn transfer_id(&self, shard: u8) -> TransferId {
        TransferId::from_uuid(self.uuid(shard))
    }

    pub(super) async fn commit(&self, shard: u8, unit: Unit) -> Result<Committed, CommitError> {
        self.store.commit(Shard::new(shard), NOW, unit).await
    }

    pub(super) async fn apply(&self, shard: u8, ledger: Vec<Command>) -> Result<Vec<Outcome>, CommitError> {
        self.apply_at(shard, NOW, ledger).await
    }

    pub(super) async fn apply_at(
        &self,
        shard: u8,
        now: Timestamp,
        ledger: Vec<Command>,
    ) -> Result<Vec<Outcome>, CommitError> {
        match self.store.commit(Shard::new(shard), now, Unit { ledger, ..Unit::default() }).await? {
            Committed::Done(outcomes) => Ok(outcomes),
            Committed::Replayed { target } => panic!("no key was given, yet {target} is repeated"),
        }
    }

    pub(super) async fn write(&self, shard: u8, writes: Vec<Write>) -> Result<(), CommitError> {
        self.commit(shard, Unit { writes, ..Unit::default() }).await.map(drop)
    }

    /// Opens an account in its shard.
    pub(super) async fn open(&self, shard: u8, floor: Floor) -> AccountId {
        let id = self.account_id(shard);
        let open = Command::OpenAccount(OpenAccount { id, currency: Currency::JPY, floor });
        self.apply(shard, vec![open]).await.unwrap();
        id
    }

    /// Opens a wallet with money in it, which comes from a new issuing account.
    pub(super) async fn wallet(&self, shard: u8, minor: i64) -> AccountId {
        let issue = self.open(shard, Floor::Unlimited).await;
        let wallet = self.open(shard, Floor::Zero).await;
        self.apply(shard, vec![self.fund(issue, wallet, minor)]).await.unwrap();
        wallet
    }

    pub(super) fn fund(&self, from: AccountId, to: AccountId, minor: i64) -> Command {
        let shard = to.shard().number();
        Command::Fund(Fund {
            operation: self.operation_id(shard),
            transfer: self.transfer_id(shard),
            from,
            to,
            amount: yen(minor),
        })
    }

    /// The commands that place a hold at a rail which says yes, and the names they use.
    pub(super) fn placing(&self, payer: AccountId, payee: AccountId, minor: i64) -> (Placed, Vec<Command>) {
        let shard = payer.shard().number();
        let placed = Placed { hold: self.hold_id(shard), operation: self.operation_id(shard) };
        let place = Command::Place(Place {
            hold: placed.hold,
            operation: placed.operation,
            rail: RailId::new("house").unwrap(),
            payer,
            payee,
            amount: yen(minor),
            cap: None,
            expires_at: LATER,
            at_deadline: AtDeadline::Release,
        });
        (placed, vec![place, settled(placed.hold, placed.operation, minor)])
    }

    /// Places a hold at a rail which says yes.
    pub(super) async fn place(&self, payer: AccountId, payee: AccountId, minor: i64) -> Result<Placed, CommitError> {
        let (placed, commands) = self.placing(payer, payee, minor);
        self.apply(payer.shard().number(), commands).await.map(|_| placed)
    }

    /// The commands that take all of a hold at a rail which says yes.
    pub(super) fn capturing(&self, hold: HoldId, minor: i64) -> (OperationId, Vec<Command>) {
        let shard = hold.shard().number();
        let operation = self.operation_id(shard);
        let capture = Command::Capture(Capture {
            hold,
            operation,
            transfer: self.transfer_id(shard),
            amount: Some(yen(minor)),
            finality: Finality::Final,
            legs: vec![],
            expected_version: None,
        });
        (operation, vec![capture, settled(hold, operation, minor)])
    }

    pub(super) fn release(&self, hold: HoldId) -> Command {
        let operation = self.operation_id(hold.shard().number());
        Command::Release(Release { hold, operation, amount: None, expected_version: None })
    }

    pub(super) async fn hold(&self, id: HoldId) -> Hold {
        self.store.hold(id).await.unwrap().unwrap()
    }

    /// Posted and held, over all shards.
    pub(super) async fn balances(&self, id: AccountId) -> (i64, i64) {
        let account = self.store.account(id).await.unwrap().unwrap();
        (account.posted().minor(), account.held().minor())
    }
}

/// What the contract's databases are opened with.
pub(super) fn config(url: &str, folder: &TempDir) -> StoreConfig {
    let kek = FileKek::open_or_create(&folder.path().join("kek")).unwrap();
    StoreConfig { shards: Some(SHARDS), ..StoreConfig::new(url, Arc::new(kek)) }
}

pub(super) fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

pub(super) fn settled(hold: HoldId, operation: OperationId, minor: i64) -> Command {
    let verdict = Verdict::Settled { reference: format!("ref-{operation}"), amount: yen(minor) };
    Command::Settle(Settle { hold, operation, verdict })
}

/// A claim of `key` for a request that `fingerprint` stands for.
pub(super) fn claim(key: &str, fingerprint: u8, target: &str) -> KeyClaim {
    KeyClaim {
        scope: "key_a".to_owned(),
        key: key.to_owned(),
        fingerprint: [fingerprint; 32],
        target: target.to_owned(),
    }
}
