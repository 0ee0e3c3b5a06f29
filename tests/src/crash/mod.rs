//! kill -9 of a hub at random moments under load, again and again, on a real SQLite file and on real PostgreSQL.
//!
//! Clients note what they ask before they ask it, and the answer when they have it. After each restart what has no
//! answer is asked again with the same key. In the end the database is read behind the hub's back: what was acknowledged
//! is there, what was refused is not, nothing is there twice, and the money adds up. A checker that finds nothing is
//! worth what it finds in a spoiled database: [`control`] spoils one in many ways.
//!
//! Ten rounds a store; `TEBURA_CRASH_ROUNDS=200 cargo test -p tebura-tests crash` makes more, and `TEBURA_CRASH_SEED`
//! chooses other commands. Absent: loss of power (a killed process loses nothing that the kernel has), kills of PostgreSQL.

mod books;
mod check;
mod city;
mod clients;
mod control;

use tempfile::TempDir;

use self::books::{Books, Database};
use self::city::City;
use self::clients::{Asked, Clients};
use crate::flows::far_end::FarEnd;
use crate::flows::hub::HubProcess;
use crate::support::postgres;

const ROUNDS: u32 = 10;

/// Definite answers in one round at most before the hub dies; at least 1.
const ANSWERS: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_happens_twice_on_sqlite() {
    let folder = TempDir::new().unwrap();
    let run = Run::start(folder, None).await.rounds(number("TEBURA_CRASH_ROUNDS", ROUNDS)).await;
    run.report("SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_happens_twice_on_postgres() {
    let Some(database) = postgres::database().await else { return };
    let folder = TempDir::new().unwrap();
    let run = Run::start(folder, Some(database.url())).await.rounds(number("TEBURA_CRASH_ROUNDS", ROUNDS)).await;
    run.report("PostgreSQL").await;
}

/// A hub that is killed and started again, its far end and its clients.
struct Run {
    folder: TempDir,
    database_url: Option<String>,
    far_end: FarEnd,
    city: City,
    clients: Clients,
    dice: fastrand::Rng,
}

impl Run {
    async fn start(folder: TempDir, database_url: Option<String>) -> Run {
        let far_end = FarEnd::start().await;
        let seed = u64::from(number("TEBURA_CRASH_SEED", 1));
        let city = City::found(folder.path(), database_url.as_deref(), &far_end).await;
        let mut dice = fastrand::Rng::with_seed(seed);
        let clients = Clients::new(&mut dice);
        Run { folder, database_url, far_end, city, clients, dice }
    }

    /// Kills the hub in each round, and lets it finish its work in a last one.
    async fn rounds(mut self, rounds: u32) -> Run {
        for _ in 0..rounds {
            let hub = self.hub();
            let dies_after = self.dice.usize(1..=ANSWERS);
            self.clients.work_until_killed(hub, &self.city, dies_after).await;
        }
        let hub = self.hub();
        self.clients.finish(&hub, &self.city).await;
        hub.kill();
        self
    }

    fn hub(&self) -> HubProcess {
        HubProcess::on(self.folder.path(), self.database_url.as_deref(), &self.far_end.origin())
    }

    fn database(&self) -> Database {
        let file = self.folder.path().join("hub.sqlite");
        self.database_url.clone().map_or(Database::Sqlite(file), Database::Postgres)
    }

    /// What is wrong, in words.
    async fn findings(&self) -> Vec<String> {
        let books = Books::read(&self.database()).await;
        let mut findings = check::findings(&self.clients.log(), &books, &self.city);
        findings.extend(check::far_end(&books, &self.city, &self.far_end).await);
        findings
    }

    async fn report(&self, store: &str) {
        let log = self.clients.log();
        let count = |is: fn(&Asked) -> bool| log.iter().filter(|asked| is(asked)).count();
        let (repeated, refused) = (count(|asked| asked.sent > 1), count(Asked::is_refused));
        eprintln!("{store}: {} commands, {refused} refused, {repeated} asked more than once", log.len());
        let findings = self.findings().await;
        assert!(findings.is_empty(), "{store} is BROKEN\n{}", findings.join("\n"));
        assert!(repeated > 0, "the hub died in the middle of something");
        assert!(refused > 0, "something was refused");
    }
}

/// A number from the environment.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}
