//! What PostgreSQL does with functions written by hand: two PL/pgSQL functions, driven by pgbench over 32 connections. The
//! yardstick of the house rail on PostgreSQL.
//!
//! The functions do the same two durable and idempotent writes: a key is claimed, the payer's balance is checked and
//! reserved, a hold is kept; a capture moves the money under row locks and keeps a transfer. There is no HTTP, no caller
//! to authenticate and no log: what a team would write first. Absent: PostgreSQL itself, which has to run.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::Url;
use tokio::process::Command;

use super::BenchError;

/// As many as serve it best on a small machine; with 256 the server spends its time on switching.
const CLIENTS: &str = "32";
const SET_UP: &str = include_str!("functions/set_up.sql");
const PAIR: &str = include_str!("functions/pair.sql");
const CHECK: &str = include_str!("functions/check.sql");
const CLEAN_UP: &str = include_str!("functions/clean_up.sql");

/// Why the functions were not measured.
#[derive(Debug, thiserror::Error)]
pub enum FunctionsError {
    /// pgbench is not there.
    #[error("pgbench is not installed: it comes with PostgreSQL's server (Debian: apt-get install postgresql)")]
    NoPgbench,
    /// The URL cannot be read.
    #[error("the database URL cannot be read: it looks like postgres://user:password@host:5432/database")]
    Url,
    /// pgbench ended with an error.
    #[error("pgbench failed: {0}")]
    Failed(String),
    /// pgbench printed something else than a rate.
    #[error("pgbench printed no rate: {0}")]
    NoRate(String),
}

/// Pairs a second of the functions.
pub(super) async fn run_functions(
    url: &str,
    merchants: usize,
    payers: usize,
    funds: i64,
    seconds: u64,
) -> Result<f64, BenchError> {
    let pgbench = Pgbench { program: find_pgbench()?, connection: connection(url)?, merchants, payers, funds };
    let once = ["--transactions=1"];
    pgbench.run(CLEAN_UP, &once).await?;
    pgbench.run(SET_UP, &once).await?;
    let warm_up = ["--time=1", "--client", CLIENTS, "--jobs=2", "--protocol=prepared"];
    pgbench.run(PAIR, &warm_up).await?;
    let time = format!("--time={seconds}");
    let printed = pgbench.run(PAIR, &[&time, "--client", CLIENTS, "--jobs=2", "--protocol=prepared"]).await?;
    pgbench.run(CHECK, &once).await?;
    pgbench.run(CLEAN_UP, &once).await?;
    rate(&printed).ok_or_else(|| FunctionsError::NoRate(printed).into())
}

struct Pgbench {
    program: PathBuf,
    connection: Vec<(&'static str, String)>,
    merchants: usize,
    payers: usize,
    funds: i64,
}

impl Pgbench {
    /// Runs a script. Returns what was printed.
    async fn run(&self, script: &str, how: &[&str]) -> Result<String, BenchError> {
        let file = tempfile::NamedTempFile::new()?;
        tokio::fs::write(file.path(), script).await?;
        let done = Command::new(&self.program)
            .envs(self.connection.iter().map(|(name, value)| (name, value)))
            .args(["--no-vacuum", "--file"])
            .arg(file.path())
            .args(how)
            .args(["--define", &format!("merchants={}", self.merchants)])
            .args(["--define", &format!("payers={}", self.payers)])
            .args(["--define", &format!("funds={}", self.funds)])
            .stdin(Stdio::null())
            .output()
            .await?;
        // A client whose command fails ends, and the others go on: that is no measurement.
        let errors = String::from_utf8_lossy(&done.stderr);
        if !done.status.success() || errors.contains("aborted") {
            return Err(FunctionsError::Failed(errors.trim().to_owned()).into());
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

/// `tps = 2041.4 (without initial connection time)`.
fn rate(printed: &str) -> Option<f64> {
    printed.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
}

/// What libpq reads from the environment: a password does not belong on a command line.
fn connection(url: &str) -> Result<Vec<(&'static str, String)>, FunctionsError> {
    let url = Url::parse(url).map_err(|_| FunctionsError::Url)?;
    let socket = url.query_pairs().find(|(name, _)| name == "host").map(|(_, value)| value.into_owned());
    let host = socket.or_else(|| url.host_str().map(str::to_owned)).ok_or(FunctionsError::Url)?;
    let mut connection = vec![("PGHOST", host), ("PGDATABASE", url.path().trim_start_matches('/').to_owned())];
    connection.extend(url.port().map(|port| ("PGPORT", port.to_string())));
    let user = (!url.username().is_empty()).then(|| ("PGUSER", url.username().to_owned()));
    connection.extend(user);
    connection.extend(url.password().map(|password| ("PGPASSWORD", password.to_owned())));
    Ok(connection)
}

/// In the path, or where Debian keeps the newest server's programs.
fn find_pgbench() -> Result<PathBuf, FunctionsError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join("pgbench"));
    let mut versions: Vec<PathBuf> = std::fs::read_dir(Path::new("/usr/lib/postgresql"))
        .map(|versions| versions.flatten().map(|version| version.path().join("bin/pgbench")).collect())
        .unwrap_or_default();
    versions.sort();
    in_path.chain(versions.into_iter().rev()).find(|file| file.is_file()).ok_or(FunctionsError::NoPgbench)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_what_libpq_reads() {
        let of = |url: &str| connection(url).unwrap();
        assert_eq!(
            of("postgres://hub:s3cret@db.example:6432/money"),
            [
                ("PGHOST", "db.example".to_owned()),
                ("PGDATABASE", "money".to_owned()),
                ("PGPORT", "6432".to_owned()),
                ("PGUSER", "hub".to_owned()),
                ("PGPASSWORD", "s3cret".to_owned()),
            ]
        );
        let socket = of("postgres://tebura@localhost/test?host=/tmp/socket");
        assert_eq!(socket[0], ("PGHOST", "/tmp/socket".to_owned()));
        assert!(connection("nothing").is_err());
    }

    #[test]
    fn the_rate_is_read() {
        let printed = "latency average = 15.6 ms\ninitial connection time = 40 ms\ntps = 2041.4 (without initial connection time)\n";
        assert_eq!(rate(printed), Some(2041.4));
        assert_eq!(rate("nothing"), None);
    }
}
