//! What only a database can promise: restarts, files without clear text, bounded queues, batches that fail.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::Connection;
use tebura_hub::ids::{GalleryId, MerchantId, PersonId, ReferenceId, TillId};
use tebura_hub::people::{FaceReference, Person};
use tebura_hub::ports::{Caller, CommitError, Page, Store, Unit, Write};
use tebura_hub::sites::Till;
use tebura_ledger::{Floor, Shard};
use tebura_store::{FileKek, OpenError, SqlStore, StoreConfig};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::ground::{Ground, NOW, SHARDS, config};
use super::lists::all_events;
use super::records::template;
use crate::support::{postgres as server, until};

/// A database that outlives its stores.
pub(super) struct Site {
    folder: TempDir,
    url: String,
    /// Where the engine keeps its files.
    files: PathBuf,
    _database: Option<server::Database>,
}

impl Site {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("hub.db").display());
        let files = folder.path().to_owned();
        Self { folder, url, files, _database: None }
    }

    pub(super) async fn postgres() -> Option<Self> {
        let database = server::database().await?;
        let folder = tempfile::tempdir().unwrap();
        Some(Self { folder, url: database.url(), files: database.files(), _database: Some(database) })
    }

    fn config(&self) -> StoreConfig {
        config(&self.url, &self.folder)
    }

    pub(super) async fn open(&self) -> (Arc<SqlStore>, Ground) {
        self.open_with(self.config()).await
    }

    async fn open_with(&self, config: StoreConfig) -> (Arc<SqlStore>, Ground) {
        let store = Arc::new(SqlStore::open(config).await.unwrap());
        let ground = Ground::on(Arc::clone(&store) as Arc<dyn Store>, None, None);
        (store, ground)
    }

    /// Folders in which the engine keeps this database and its log.
    async fn files(&self) -> Vec<PathBuf> {
        if self.url.starts_with("sqlite") {
            return vec![self.files.clone()];
        }
        let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
        let question = "SELECT pg_relation_filepath('person')";
        let table: String = sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
        // What is only in the server's memory would not be found.
        sqlx::query("CHECKPOINT").execute(&mut connection).await.unwrap();
        vec![self.files.join(table).parent().unwrap().to_owned(), self.files.join("pg_wal")]
    }

    /// The server's processes that work for a store.
    async fn connections(&self) -> Vec<i32> {
        let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
        let question = "SELECT pid FROM pg_stat_activity \
                        WHERE datname = current_database() AND application_name LIKE 'tebura-%'";
        sqlx::query_scalar(question).fetch_all(&mut connection).await.unwrap()
    }

    /// Sets the link of an entry of shard 1, or of its head, behind the store's back.
    pub(super) async fn set_link(&self, seq: Option<u64>, link: tebura_hub::audit::Link) {
        let text = match seq {
            Some(_) => "UPDATE event SET link = $1 WHERE shard = 1 AND seq = $2",
            None => "UPDATE shard_head SET link = $1 WHERE shard = 1 AND $2 = 0",
        };
        let (link, seq) = (link.0.to_vec(), seq.unwrap_or(0).cast_signed());
        if self.url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query(text).bind(link).bind(seq).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::query(text).bind(link).bind(seq).execute(&mut connection).await.unwrap();
        }
    }

    /// Runs a statement behind the store's back.
    pub(super) async fn sql(&self, text: &'static str) -> Result<u64, sqlx::Error> {
        if self.url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await?;
            Ok(sqlx::query(text).execute(&mut connection).await?.rows_affected())
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.url).await?;
            Ok(sqlx::query(text).execute(&mut connection).await?.rows_affected())
        }
    }
}

macro_rules! on_every_database {
    ($($case:ident,)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(crate::store_contract::durable::Site::sqlite()).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(site) = crate::store_contract::durable::Site::postgres().await {
                        super::$case(site).await;
                    }
                }
            )*
        }
    };
}

pub(super) use on_every_database;

on_every_database! {
    a_restart_loses_nothing,
    closing_finishes_what_was_accepted,
    a_full_queue_says_busy,
    a_poison_unit_sinks_alone,
    a_damaged_row_stops_only_those_who_need_it,
    the_engine_refuses_what_the_ledger_would,
    a_caller_that_gives_up_harms_nobody,
    one_unit_a_transaction_works_as_well,
    two_hubs_share_a_database,
    no_name_and_no_template_lies_in_the_files,
    without_the_key_a_person_is_gone,
    what_a_database_was_created_with_stays,
}

async fn a_restart_loses_nothing(site: Site) {
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 1_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    let placed = ground.place(payer, shop, 400).await.unwrap();
    let before = (ground.hold(placed.hold).await, ground.balances(payer).await);
    let events = all_events(&ground, &Caller::Operator, 100).await.len();
    store.close().await;

    let (store, again) = site.open().await;
    assert_eq!((again.hold(placed.hold).await, again.balances(payer).await), before);
    assert_eq!(all_events(&again, &Caller::Operator, 100).await.len(), events);
    let (_, capture) = ground.capturing(placed.hold, 400);
    again.apply(1, capture).await.unwrap();
    assert_eq!(again.balances(payer).await, (600, 0));
    let last = all_events(&again, &Caller::Operator, 100).await;
    assert!(last.iter().filter(|stored| stored.shard == Shard::new(1)).map(|stored| stored.seq).is_sorted());
    store.close().await;
}

async fn closing_finishes_what_was_accepted(site: Site) {
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 100_000).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let (placed, ledger) = ground.placing(payer, shop, 10);
        let store = Arc::clone(&store);
        let unit = Unit { ledger, ..Unit::default() };
        tasks.spawn(async move { (placed.hold, store.commit(Shard::new(1), NOW, unit).await) });
    }
    store.close().await;
    let answers = tasks.join_all().await;
    let late = store.commit(Shard::new(1), NOW, Unit::default()).await.unwrap_err();
    assert!(matches!(late, CommitError::Unavailable { .. }), "{late:?}");

    let (store, again) = site.open().await;
    for (hold, answer) in answers {
        assert_eq!(again.store.hold(hold).await.unwrap().is_some(), answer.is_ok(), "{answer:?}");
    }
    store.close().await;
}

async fn a_full_queue_says_busy(site: Site) {
    let small = StoreConfig { queue: 2, max_batch: 1, lanes: 1, ..site.config() };
    let (store, ground) = site.open_with(small).await;
    let payer = ground.wallet(1, 1_000_000).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    let mut tasks = JoinSet::new();
    for _ in 0..300 {
        let (_, ledger) = ground.placing(payer, shop, 10);
        let store = Arc::clone(&store);
        let unit = Unit { ledger, ..Unit::default() };
        tasks.spawn(async move { store.commit(Shard::new(1), NOW, unit).await });
    }
    let answers = tasks.join_all().await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    let busy = |answer: &Result<_, CommitError>| matches!(answer, Err(CommitError::Busy { retry_after_ms }) if *retry_after_ms > 0);
    assert_eq!(answers.iter().filter(|answer| busy(answer)).count(), 300 - done);
    assert!(done > 0 && done < 300, "{done} of 300 fitted a queue of two");
    assert_eq!(ground.balances(payer).await, (1_000_000, 10 * i64::try_from(done).unwrap()));
    store.close().await;
}

async fn a_poison_unit_sinks_alone(site: Site) {
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 1_000_000).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    for _ in 0..5 {
        let mut tasks = JoinSet::new();
        for number in 0..40 {
            let (placed, ledger) = ground.placing(payer, shop, 10);
            let poison = number % 8 == 3;
            let till = Till {
                id: TillId::from_uuid(ground.uuid(1)),
                merchant: MerchantId::from_uuid(ground.uuid(1)),
                name: "t".to_owned(),
                gallery: GalleryId::from_uuid(ground.uuid(1)),
                // The hub never says so; the engine's CHECK refuses it.
                pin_above: if poison { -1 } else { 1 },
                max_amount: 1,
            };
            let store = Arc::clone(&store);
            let unit = Unit { ledger, writes: vec![Write::Till(till)], ..Unit::default() };
            tasks.spawn(async move { (poison, placed.hold, store.commit(Shard::new(1), NOW, unit).await) });
        }
        for (poison, hold, answer) in tasks.join_all().await {
            if poison {
                assert!(matches!(answer, Err(CommitError::Rejected { .. })), "{answer:?}");
            } else {
                answer.unwrap();
            }
            assert_eq!(ground.store.hold(hold).await.unwrap().is_some(), !poison);
        }
    }
    assert_eq!(ground.balances(payer).await, (1_000_000, 5 * 35 * 10));
    store.close().await;
}

async fn a_damaged_row_stops_only_those_who_need_it(site: Site) {
    let (store, ground) = site.open().await;
    let broken = ground.wallet(1, 100).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    let lost = ground.place(broken, shop, 50).await.unwrap();
    assert_eq!(site.sql("UPDATE hold SET phase = 'nonsense'").await.unwrap(), 1);
    let sound = ground.wallet(1, 100).await;
    let read = ground.store.hold(lost.hold).await.unwrap_err();
    assert!(read.reason.contains("damaged"), "{read}");

    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let ledger = if number % 2 == 0 { vec![ground.release(lost.hold)] } else { ground.placing(sound, shop, 1).1 };
        let unit = Unit { ledger, ..Unit::default() };
        let store = Arc::clone(&store);
        tasks.spawn(async move { (number, store.commit(Shard::new(1), NOW, unit).await) });
    }
    for (number, answer) in tasks.join_all().await {
        assert_eq!(answer.is_ok(), number % 2 == 1, "{answer:?}");
    }
    assert_eq!(ground.balances(sound).await, (100, 10));
    store.close().await;
}

async fn the_engine_refuses_what_the_ledger_would(site: Site) {
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 100).await;
    let shop = ground.open(1, Floor::Unlimited).await;
    ground.place(payer, shop, 50).await.unwrap();
    for wrong in [
        "UPDATE account SET posted = held - 1 WHERE floor = 'zero'",
        "UPDATE account SET held = -1",
        "UPDATE hold SET captured = authorised, released = 1",
        "UPDATE hold SET authorised = cap + 1",
        "UPDATE hold SET refunded = captured + 1",
        "UPDATE operation SET settled_amount = amount + 1",
        "UPDATE transfer SET amount = 0",
        "UPDATE transfer SET credit = debit",
        "UPDATE event SET seq = 0",
        "INSERT INTO event SELECT * FROM event",
    ] {
        let refused = site.sql(wrong).await.unwrap_err();
        assert!(refused.as_database_error().is_some(), "{wrong}: {refused}");
    }
    assert_eq!(ground.balances(payer).await, (100, 50));
    store.close().await;
}

/// An HTTP client that hangs up drops its handler, and with it the future of the commit.
async fn a_caller_that_gives_up_harms_nobody(site: Site) {
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 10_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    let mut placed = Vec::new();
    for number in 0..200 {
        let (hold, ledger) = ground.placing(payer, shop, 10);
        let key = super::ground::claim(&format!("k{number}"), 1, &hold.operation.to_string());
        let unit = Unit { key: Some(key), ledger, writes: vec![] };
        let committing = {
            let (store, unit) = (Arc::clone(&store), unit.clone());
            tokio::spawn(async move { store.commit(Shard::new(1), NOW, unit).await })
        };
        if number % 3 > 0 {
            tokio::task::yield_now().await;
        }
        committing.abort();
        placed.push((hold.hold, unit));
    }
    for (hold, unit) in placed {
        store.commit(Shard::new(1), NOW, unit).await.unwrap();
        assert!(store.hold(hold).await.unwrap().is_some());
    }
    assert_eq!(ground.balances(payer).await, (10_000, 2_000));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_replaced() {
    let Some(site) = Site::postgres().await else {
        return;
    };
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 10_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    for _ in 0..5 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name LIKE 'tebura-%'";
        site.sql(cut).await.unwrap();
        let placed = ground.place(payer, shop, 10).await.unwrap();
        assert_eq!(ground.hold(placed.hold).await.authorised().minor(), 10);
    }
    assert_eq!(ground.balances(payer).await, (10_000, 50));
    store.close().await;
}

/// The check that a pooled connection is outside a transaction must let a sound one pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_used_again() {
    let Some(site) = Site::postgres().await else {
        return;
    };
    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 100_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    let mut connections = BTreeSet::new();
    for _ in 0..20 {
        let placed = ground.place(payer, shop, 10).await.unwrap();
        ground.hold(placed.hold).await;
        connections.extend(site.connections().await);
    }
    assert!(connections.len() <= 8, "four that write and four that read, not {}", connections.len());
    store.close().await;
}

/// A plan that was made while the tables were empty must not scan them when they are full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_finds_every_row_by_its_key() {
    let Some(site) = Site::postgres().await else {
        return;
    };
    let scans = async || {
        let mut connection = sqlx::PgConnection::connect(&site.url).await.unwrap();
        let hot = "SELECT sum(seq_scan)::bigint, sum(idx_scan)::bigint FROM pg_stat_user_tables WHERE relname IN \
                   ('account', 'hold', 'operation', 'transfer', 'event', 'idempotency_key', 'exchange', 'payment')";
        sqlx::query_as::<_, (i64, i64)>(hot).fetch_one(&mut connection).await.unwrap()
    };
    let (store, _) = site.open().await;
    store.close().await;
    // A connection that ends hands its counters in a little later; the first opening creates the tables and scans them.
    until("the first opening's connections have ended", async || site.connections().await.is_empty()).await;
    let before = scans().await;

    let (store, ground) = site.open().await;
    let payer = ground.wallet(1, 100_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    for number in 0..20 {
        let (placed, ledger) = ground.placing(payer, shop, 10);
        let row = super::records::exchange(&ground, placed.operation, placed.hold);
        let key = super::ground::claim(&format!("k{number}"), 1, &placed.operation.to_string());
        let writes = vec![Write::Exchange { exchange: row.clone(), expected: 0 }];
        ground.commit(1, Unit { key: Some(key), ledger, writes }).await.unwrap();
        let (_, ledger) = ground.capturing(placed.hold, 10);
        let writes = vec![Write::Exchange { exchange: row, expected: 1 }];
        ground.commit(1, Unit { key: None, ledger, writes }).await.unwrap();
    }
    store.close().await;
    let mut after = before;
    until("the counters have arrived", async || {
        after = scans().await;
        after.1 > before.1 + 100
    })
    .await;
    assert_eq!(after.0, before.0, "a hot table was scanned from end to end");
}

async fn one_unit_a_transaction_works_as_well(site: Site) {
    let (store, ground) = site.open_with(StoreConfig { max_batch: 1, ..site.config() }).await;
    super::races::of_two_captures_at_once_one_wins(&ground).await;
    super::keys::fifty_at_once_have_one_effect(&ground).await;
    store.close().await;
}

/// Two processes on one PostgreSQL, or (by mistake) on one SQLite file: slower, never wrong.
async fn two_hubs_share_a_database(site: Site) {
    let (first, ground) = site.open().await;
    let (second, _) = site.open().await;
    let payer = ground.wallet(1, 1_500).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let (placed, ledger) = ground.placing(payer, shop, 10);
        for store in [&first, &second] {
            // Both are asked the same, under the same key, at the same time.
            let key = super::ground::claim(&format!("k{number}"), 1, &placed.operation.to_string());
            let unit = Unit { key: Some(key), ledger: ledger.clone(), writes: vec![] };
            let store = Arc::clone(store);
            tasks.spawn(async move { store.commit(Shard::new(1), NOW, unit).await });
        }
    }
    for answer in tasks.join_all().await {
        answer.unwrap();
    }
    assert_eq!(ground.balances(payer).await, (1_500, 1_000));
    let holds = ground.store.holds(&Caller::Operator, Page { after: None, limit: 1_000 }).await.unwrap();
    assert_eq!(holds.len(), 100);
    let events = all_events(&ground, &Caller::Operator, 50).await;
    let of_shard: Vec<u64> =
        events.iter().filter(|stored| stored.shard == Shard::new(1)).map(|stored| stored.seq).collect();
    assert_eq!(of_shard, (1..=u64::try_from(of_shard.len()).unwrap()).collect::<Vec<_>>());
    first.close().await;
    second.close().await;
}

async fn no_name_and_no_template_lies_in_the_files(site: Site) {
    let (store, ground) = site.open().await;
    let name = "Hanako Clear-Text Yamada 山田花子";
    let (person, faces) = enrol(&ground, name).await;
    let marker = Till {
        id: TillId::from_uuid(ground.uuid(1)),
        merchant: MerchantId::from_uuid(ground.uuid(1)),
        name: "A till's name is not a secret".to_owned(),
        gallery: GalleryId::from_uuid(ground.uuid(1)),
        pin_above: 0,
        max_amount: 0,
    };
    ground.write(1, vec![Write::Till(marker.clone())]).await.unwrap();
    let mut needles: Vec<Vec<u8>> = vec![name.as_bytes().to_vec(), "Clear-Text".as_bytes().to_vec()];
    for face in &faces {
        let bytes = face.template.to_bytes();
        needles.push(bytes[..16].to_vec());
        needles.push(bytes[bytes.len() - 16..].to_vec());
        needles.push(bytes[..16].iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
    }
    let marker = marker.name.into_bytes();
    needles.push(marker.clone());
    // While open the log counts as well; after closing everything is in the main file.
    for closed in [false, true] {
        let mut found = BTreeSet::new();
        for folder in site.files().await {
            search(&folder, &needles, &mut found);
        }
        assert!(found.remove(&marker), "the search does not see what is there (closed: {closed})");
        assert!(
            found.is_empty(),
            "in the files: {:?}",
            found.iter().map(|text| String::from_utf8_lossy(text)).collect::<Vec<_>>()
        );
        store.close().await;
    }
    let (store, again) = site.open().await;
    assert_eq!(again.store.person(person).await.unwrap().unwrap().name, name);
    store.close().await;
}

async fn without_the_key_a_person_is_gone(site: Site) {
    let (store, ground) = site.open().await;
    let (erased, _) = enrol(&ground, "消える 人").await;
    site.sql("DELETE FROM person_key").await.unwrap();
    let (kept, faces) = enrol(&ground, "残る 人").await;
    assert_eq!(ground.store.person(erased).await.unwrap(), None);
    assert_eq!(ground.store.person(kept).await.unwrap().unwrap().name, "残る 人");
    let left = ground.store.face_references(None, 10).await.unwrap();
    assert_eq!((left.rows.len(), left.damaged.len()), (faces.len(), 0));
    assert!(left.rows.iter().all(|face| face.person == kept));

    // A row under another person's name does not open there, and stops nobody else.
    site.sql("UPDATE face_reference SET person = (SELECT person FROM person_key)").await.unwrap();
    let moved = ground.store.face_references(None, 10).await.unwrap();
    assert_eq!((moved.rows.len(), moved.damaged.len()), (faces.len(), 2));
    store.close().await;
}

async fn what_a_database_was_created_with_stays(site: Site) {
    let (store, _) = site.open().await;
    store.close().await;
    let other = StoreConfig { shards: Some(SHARDS * 2), ..site.config() };
    let Err(OpenError::ShardsDiffer { stored: SHARDS, asked }) = SqlStore::open(other).await else {
        panic!("another number of shards was taken");
    };
    assert_eq!(asked, SHARDS * 2);
    let kek = FileKek::open_or_create(&site.folder.path().join("another-kek")).unwrap();
    let other = StoreConfig { kek: Arc::new(kek), ..site.config() };
    assert!(matches!(SqlStore::open(other).await, Err(OpenError::OtherKek { .. })));
    let unsaid = StoreConfig { shards: None, ..site.config() };
    let store = SqlStore::open(unsaid).await.unwrap();
    assert_eq!(store.shards(), SHARDS);
    store.close().await;
}

#[tokio::test]
async fn a_store_is_not_opened_on_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (url, shards, expected) in [
        ("mysql://localhost/x", Some(4), "must start with sqlite:// or postgres://"),
        ("sqlite::memory:", Some(4), "keeps nothing"),
        ("sqlite://x.db", Some(0), "1 to 256 shards"),
        ("sqlite://x.db", Some(257), "1 to 256 shards"),
        ("sqlite:///nowhere/at/all/x.db?mode=rwc", None, "cannot be reached"),
        ("postgres://u:secret@127.0.0.1:1/x", None, "cannot be reached"),
    ] {
        let refused = SqlStore::open(StoreConfig { shards, ..config(url, &folder) }).await.err().unwrap();
        let text = format!("{refused} {refused:?}");
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

pub(super) async fn enrol(ground: &Ground, name: &str) -> (PersonId, Vec<FaceReference>) {
    let id = PersonId::from_uuid(ground.uuid(1));
    let person = Person { id, name: name.to_owned(), pin_hash: None, created_at: NOW };
    let face = |seed| FaceReference {
        id: ReferenceId::from_uuid(ground.uuid(1)),
        person: id,
        pack: "drawn-demo@1.0.0".to_owned(),
        template: template(seed),
        created_at: NOW,
    };
    let faces: Vec<FaceReference> = (0..2).map(face).collect();
    let mut writes = vec![Write::Person(person)];
    writes.extend(faces.iter().cloned().map(Write::FaceReference));
    ground.write(1, writes).await.unwrap();
    (id, faces)
}

/// Adds the needles that lie in some file of a folder.
fn search(folder: &Path, needles: &[Vec<u8>], found: &mut BTreeSet<Vec<u8>>) {
    let mut starts = [false; 256];
    needles.iter().for_each(|needle| starts[usize::from(needle[0])] = true);
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let bytes = fs::read(entry.path()).unwrap_or_default();
        for (position, _) in bytes.iter().enumerate().filter(|(_, byte)| starts[usize::from(**byte)]) {
            let rest = &bytes[position..];
            found.extend(needles.iter().filter(|needle| rest.starts_with(needle)).cloned());
        }
    }
}
