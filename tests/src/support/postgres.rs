//! A PostgreSQL server of the test process, on a socket in a folder of its own, and a database for each test.
//!
//! Debian's binaries are used as they are. Without them the tests that want PostgreSQL say so and end; with
//! `TEBURA_REQUIRE_POSTGRES=1`, as in CI, they fail instead.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection};

/// Makes a cluster, starts it, says so, and takes everything away when its standard input closes: that happens
/// however the test process ends.
const KEEPER: &str = r#"
set -eu
bin=$1
folder=$(mktemp -d /tmp/tebura-postgres-XXXXXX)
trap '"$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
"$bin/initdb" -D "$folder/data" -U tebura -A trust --no-sync --locale=C -E UTF8 >"$folder/log" 2>&1
"$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -o "-k $folder -c listen_addresses= -c fsync=off -c max_connections=200" start >/dev/null
echo "$folder"
read -r _ || true
"#;

struct Server {
    folder: PathBuf,
    _keeper: Child,
}

/// A new, empty database; `None` when this machine has no PostgreSQL and does not have to.
pub(crate) async fn database() -> Option<Database> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static CREATING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let server = SERVER.get_or_init(start).as_ref()?;
    let database =
        Database { folder: server.folder.clone(), name: format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed)) };
    let _one_at_a_time = CREATING.lock().await;
    let mut maintenance = PgConnection::connect(&server.url("postgres")).await.unwrap();
    let create = format!("CREATE DATABASE {} TEMPLATE template0", database.name);
    maintenance.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
    maintenance.close().await.unwrap();
    Some(database)
}

/// A database on the test process's server.
pub(crate) struct Database {
    folder: PathBuf,
    name: String,
}

impl Database {
    /// Its URL.
    pub(crate) fn url(&self) -> String {
        url(&self.folder, &self.name)
    }

    /// Where the server keeps its files.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Server {
    fn url(&self, database: &str) -> String {
        url(&self.folder, database)
    }
}

fn url(folder: &Path, database: &str) -> String {
    format!("postgres://tebura@localhost/{database}?host={}", folder.display())
}

fn start() -> Option<Server> {
    let Some(bin) = binaries() else {
        let required = std::env::var_os("TEBURA_REQUIRE_POSTGRES").is_some_and(|value| value == "1");
        assert!(!required, "TEBURA_REQUIRE_POSTGRES=1 and no initdb found: apt-get install postgresql-15");
        eprintln!(
            "NOT RUN ON POSTGRESQL: no initdb in PATH or /usr/lib/postgresql/*/bin (apt-get install postgresql-15)"
        );
        return None;
    };
    let mut keeper = as_ordinary_user()
        .args(["sh", "-c", KEEPER, "keeper"])
        .arg(&bin)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell can be started");
    let mut folder = String::new();
    let output = keeper.stdout.take().expect("the keeper's output is piped");
    BufReader::new(output).read_line(&mut folder).expect("the keeper can be read");
    assert!(!folder.is_empty(), "PostgreSQL did not start: its words are above");
    Some(Server { folder: PathBuf::from(folder.trim_end()), _keeper: keeper })
}

fn binaries() -> Option<PathBuf> {
    let has_initdb = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions.into_iter().rev().chain(std::env::split_paths(&path)).find(has_initdb)
}

/// PostgreSQL refuses to run as root.
fn as_ordinary_user() -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return Command::new("env");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = if users.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid"]).arg(group_of(&users, user)).arg("--clear-groups").arg("env");
    command
}

fn group_of(users: &str, user: &str) -> String {
    let line = users.lines().find(|line| line.starts_with(&format!("{user}:")));
    line.and_then(|line| line.split(':').nth(3)).unwrap_or("65534").to_owned()
}
