//! A city's templates through the store: enrolling them, and filling the galleries from the sealed rows at start-up.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tebura_face::Template;
use tebura_hub::ids::{PersonId, ReferenceId};
use tebura_hub::people::{FaceReference, Person};
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Clock, Ids, Store, Unit, Write as Row};
use tebura_hub::{Hub, Ports};
use tebura_ledger::Shard;
use tebura_store::{FileKek, SqlStore, StoreConfig};
use tokio::time::interval;

use super::BenchError;
use super::quiet::{NoEgress, NoFaces};
use crate::clock::{SystemClock, SystemIds};
use crate::clockwork::Clockwork;
use crate::start::worker::Worker;

/// People in one unit when a city is brought over.
const IN_BULK: usize = 250;
/// Units that are under way at once.
const AT_ONCE: usize = 8;
/// People who enrol one by one, for the rate.
const ONE_BY_ONE: usize = 2_000;
/// Changes whose way to another hub is measured.
const CHANGES: usize = 40;
/// Clients that enrol them.
const CLIENTS: usize = 64;

/// What to measure.
pub struct GalleriesBench {
    /// Where the SQLite file goes; it takes about 3 KB a person.
    pub directory: PathBuf,
    /// How many people, one template each.
    pub people: usize,
    /// Numbers in a template.
    pub dims: usize,
}

/// Measures and returns the table as Markdown.
///
/// # Errors
/// [`BenchError`].
pub async fn galleries(bench: &GalleriesBench) -> Result<String, BenchError> {
    let folder = tempfile::tempdir_in(&bench.directory)?;
    let store = open(folder.path()).await?;
    let started = now();
    for chunk in (0..ONE_BY_ONE).collect::<Vec<_>>().chunks(CLIENTS) {
        try_join_all(chunk.iter().map(|nth| enrol(&store, *nth..nth + 1, bench.dims))).await?;
    }
    let one_by_one = per_second(ONE_BY_ONE, started.elapsed());
    let started = now();
    let rest: Vec<usize> = (ONE_BY_ONE..bench.people).step_by(IN_BULK).collect();
    for chunk in rest.chunks(AT_ONCE) {
        let unit = |from: usize| enrol(&store, from..(from + IN_BULK).min(bench.people), bench.dims);
        try_join_all(chunk.iter().copied().map(unit)).await?;
    }
    let in_bulk = per_second(bench.people.saturating_sub(ONE_BY_ONE), started.elapsed());
    store.close().await;

    let store = open(folder.path()).await?;
    let started = now();
    let mut after = None;
    loop {
        let page = store.face_references(after, 1_000).await?;
        match page.last {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    let opened = started.elapsed();
    let hub = hub(Arc::clone(&store), bench.dims).map_err(std::io::Error::other)?;
    let (before, started) = (resident_mib(), now());
    let loaded = hub.load_galleries(|_| ()).await?;
    let filled = started.elapsed();
    let grown = resident_mib().saturating_sub(before);
    let seen = propagation(&hub, folder.path(), bench.dims).await?;
    store.close().await;

    let mut table = String::new();
    let _ = writeln!(table, "{} templates of {} numbers on SQLite:\n", loaded.searchable, bench.dims);
    let _ = writeln!(table, "| | |\n|---|--:|");
    let _ = writeln!(table, "| enrolled one by one, {CLIENTS} at once | {one_by_one:.0} a second |");
    let _ = writeln!(table, "| enrolled in units of {IN_BULK} | {in_bulk:.0} a second |");
    let _ = writeln!(table, "| read and opened, nothing else | {:.1} s |", opened.as_secs_f64());
    let ratio = filled.as_secs_f64() / opened.as_secs_f64();
    let _ = writeln!(table, "| galleries filled | {:.1} s, {ratio:.2} of it |", filled.as_secs_f64());
    let _ = writeln!(table, "| memory for them | {grown} MiB |");
    let [half, most] = [seen.len() / 2, seen.len() - 1].map(|nth| seen[nth].as_millis());
    let _ = writeln!(
        table,
        "| a change of one hub is searched in another after | {half} ms, {most} ms at most of {CHANGES} |"
    );
    Ok(table)
}

/// How long it takes until a second hub on the same database searches what the first one changed; shortest first.
async fn propagation(hub: &Hub, folder: &Path, dims: usize) -> Result<Vec<Duration>, BenchError> {
    let failed = |error: &dyn std::error::Error| BenchError::from(std::io::Error::other(error.to_string()));
    let store = open(folder).await?;
    let other = Arc::new(self::hub(Arc::clone(&store), dims).map_err(|error| failed(&error))?);
    other.load_galleries(|_| ()).await?;
    let clockwork = Clockwork::start(Worker(Arc::clone(&other)));
    let once = KeyRequest { scope: "bench".to_owned(), key: "gallery".to_owned(), fingerprint: [0; 32] };
    let gallery = hub.create_gallery(once, "bench").await.map_err(|error| failed(&error))?.row.id;
    let people = store.face_references(None, u16::try_from(CHANGES).unwrap_or(u16::MAX)).await?.rows;
    let (mut seen, mut look) = (Vec::with_capacity(people.len()), interval(Duration::from_millis(1)));
    for (nth, row) in (1..).zip(people) {
        let started = now();
        hub.set_gallery_member(gallery, row.person, true).await.map_err(|error| failed(&error))?;
        while other.show_default_search(gallery).templates < nth {
            look.tick().await;
        }
        seen.push(started.elapsed());
    }
    clockwork.stop().await;
    store.close().await;
    seen.sort_unstable();
    Ok(seen)
}

async fn open(folder: &Path) -> Result<Arc<SqlStore>, BenchError> {
    let kek = Arc::new(FileKek::open_or_create(&folder.join("key"))?);
    let url = format!("sqlite://{}?mode=rwc", folder.join("bench.sqlite").display());
    Ok(Arc::new(SqlStore::open(StoreConfig::new(url, kek)).await?))
}

fn hub(store: Arc<SqlStore>, dims: usize) -> Result<Hub, tebura_face::PolicyError> {
    Ok(Hub::new(Ports {
        store,
        faces: Arc::new(NoFaces::of(dims)?),
        egress: Arc::new(NoEgress),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
    }))
}

async fn enrol(store: &SqlStore, people: std::ops::Range<usize>, dims: usize) -> Result<(), BenchError> {
    let (shard, at) = (Shard::new(0), SystemClock::default().now());
    let mut writes = Vec::with_capacity(2 * people.len());
    for nth in people {
        let person = PersonId::from_uuid(SystemIds.next(shard));
        writes.push(Row::Person(Person { id: person, name: format!("{nth}"), pin_hash: None, created_at: at }));
        writes.push(Row::FaceReference(FaceReference {
            id: ReferenceId::from_uuid(SystemIds.next(shard)),
            person,
            pack: NoFaces::PACK.to_owned(),
            template: template(nth as u64, dims).map_err(std::io::Error::other)?,
            created_at: at,
        }));
    }
    let unit = Unit { writes, ..Unit::default() };
    store.commit(shard, at, unit).await.map(drop).map_err(|error| std::io::Error::other(error).into())
}

/// A direction that no other person has.
pub(super) fn template(person: u64, dims: usize) -> Result<Template, tebura_face::TemplateError> {
    let mut state = person.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let number = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    Template::from_raw(std::iter::repeat_with(number).take(dims).collect())
}

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Resident memory of this process.
fn resident_mib() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4 / 1_024
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn expo_5_a_city_is_enrolled_and_its_galleries_filled_with_rate_time_and_memory_measured() {
        let folder = tempfile::tempdir().unwrap();
        let people = ONE_BY_ONE + IN_BULK;
        let bench = GalleriesBench { directory: folder.path().to_owned(), people, dims: 64 };
        let table = galleries(&bench).await.unwrap();
        assert!(table.starts_with(&format!("{people} templates of 64 numbers")), "nobody is lost: {table}");
        for what in ["enrolled one by one", "enrolled in units of 250", "galleries filled", "memory for them"] {
            let line = table.lines().find(|line| line.contains(what)).unwrap_or_default();
            assert!(line.bytes().any(|byte| byte.is_ascii_digit()), "{what}: {table}");
        }
    }
}
