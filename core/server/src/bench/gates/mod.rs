//! A venue's gates under load: each has a key of its own and asks once a second whether the ticket before it belongs to the face
//! before it. People come when they come: what a check waits for the one before it counts.
//!
//! All of it is the hub's own way: HTTP, a form with the ticket and the face, the gate plugin in its sandbox, and the entry on the
//! disk before the gate opens. Only the picture is not looked at: what arrives in its place is the embedding. What looking costs is
//! `tebura bench faces`.

mod venue;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::BenchError;
use super::load::Client;
use crate::app::{App, Limits};
use crate::serve::serve;
use crate::sessions::Sessions;
use venue::{Check, SERVICE, Venue};

/// Checks one after the other before anything counts, and as many that are counted as the baseline.
const ALONE: usize = 200;
/// What a check may take, 99 in 100.
const GOAL_MS: f64 = 300.0;
/// Who is asked for patience was refused for load.
const FOR_LOAD: [u16; 3] = [409, 429, 503];

/// What to measure.
#[derive(Clone, Debug)]
pub struct GatesBench {
    /// Where the SQLite file goes: the disk whose fsync counts.
    pub directory: PathBuf,
    /// The gate plugin's package.
    pub plugin: PathBuf,
    /// How many gates.
    pub gates: usize,
    /// People with a pass that is bound to them and a face that is enrolled.
    pub passes: usize,
    /// Seconds counted for each line.
    pub seconds: usize,
    /// Numbers in a template.
    pub dims: usize,
}

/// When people come to the gates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrivals {
    /// The gates take turns within the second.
    InTurns,
    /// At all gates at the same instant.
    AtOnce,
}

/// What was seen at the gates.
#[derive(Default)]
struct Seen {
    /// Microseconds from when somebody came to the answer.
    micros: Vec<u64>,
    refused_for_load: usize,
}

impl GatesBench {
    /// How many people come: nobody comes twice.
    fn comers(&self) -> usize {
        2 * ALONE + 2 * self.gates * self.seconds
    }
}

/// Measures and returns the table as Markdown.
///
/// # Errors
/// [`BenchError`]; also when a gate answers wrongly.
pub async fn gates(bench: &GatesBench) -> Result<String, BenchError> {
    let folder = tempfile::tempdir_in(&bench.directory)?;
    let venue = Venue::open(folder.path(), bench).await?;
    let app = App::new(venue.hub.clone(), Sessions::new(&[7; 32]), Limits::default(), None);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move { serve(app, listener, async move { drop(stopped.await) }).await });
    let measured = measure(bench, &venue, address).await;
    let _ = stop.send(());
    server.await?;
    venue.store.close().await;
    measured
}

async fn measure(bench: &GatesBench, venue: &Venue, address: SocketAddr) -> Result<String, BenchError> {
    let mut checks = venue.checks(bench)?.into_iter();
    let mut take = |count: usize| checks.by_ref().take(count).collect::<Vec<Check>>();
    one_by_one(address, venue, take(ALONE)).await?;
    let mut alone = one_by_one(address, venue, take(ALONE)).await?;
    let all = bench.gates * bench.seconds;
    let mut turns = drive(address, venue, bench, take(all), Arrivals::InTurns).await?;
    let mut at_once = drive(address, venue, bench, take(all), Arrivals::AtOnce).await?;
    alone.micros.sort_unstable();
    let unloaded = alone.ms(99);
    let mut table = String::new();
    let _ = writeln!(table, "{} passes, {} gates, {} numbers a face, SQLite:\n", bench.passes, bench.gates, bench.dims);
    let _ =
        writeln!(table, "| checks | | p50 / p99 / max ms | p99, of alone | refused for load |\n|--:|---|--:|--:|--:|");
    let each = |when: &str| format!("one a second at each gate, {when}");
    let lines = [
        ("one after the other, nobody else".to_owned(), &mut alone),
        (each("gate by gate"), &mut turns),
        (each("all at the same instant"), &mut at_once),
    ];
    let mut reached = true;
    for (what, seen) in lines {
        seen.micros.sort_unstable();
        let (count, half, most, last) = (seen.micros.len(), seen.ms(50), seen.ms(99), seen.ms(100));
        let (ratio, refused) = (most / unloaded, seen.refused_for_load);
        reached &= most < GOAL_MS && refused == 0;
        let _ = writeln!(table, "| {count} | {what} | {half:.1} / {most:.1} / {last:.1} | {ratio:.1} | {refused} |");
    }
    let word = if reached { "reached" } else { "not reached" };
    let _ = writeln!(table, "\nGoal, p99 under {GOAL_MS:.0} ms and none refused for load: {word}.");
    let _ = writeln!(table, "{} passes were bound in {:.0} s.", bench.passes, venue.bound_in.as_secs_f64());
    Ok(table)
}

impl Seen {
    fn ms(&self, hundredths: usize) -> f64 {
        let at = self.micros.len().saturating_sub(1) * hundredths / 100;
        self.micros.get(at).map_or(0.0, |micros| *micros as f64 / 1_000.0)
    }

    /// Takes an answer. What is neither an open gate nor load is no measurement.
    fn take(&mut self, took: Duration, check: &Check, (status, body): (u16, &[u8])) -> Result<(), BenchError> {
        if FOR_LOAD.contains(&status) {
            self.refused_for_load += 1;
            return Ok(());
        }
        let opened = serde_json::from_slice::<serde_json::Value>(body)
            .is_ok_and(|body| body["output"]["admitted"] == true && body["output"]["pays_by_face"] == true);
        if status != 202 || !opened {
            let body = String::from_utf8_lossy(body).into_owned();
            return Err(BenchError::Answer { status, path: check.word.clone(), body });
        }
        self.micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        Ok(())
    }
}

async fn one_by_one(address: SocketAddr, venue: &Venue, checks: Vec<Check>) -> Result<Seen, BenchError> {
    let (mut client, mut seen) = (Client::connect(address).await?, Seen::default());
    for check in checks {
        let came = Instant::now();
        let answer = ask(&mut client, venue.key(0), &check).await?;
        seen.take(came.elapsed(), &check, answer)?;
    }
    Ok(seen)
}

async fn ask<'c>(client: &'c mut Client, key: &str, check: &Check) -> Result<(u16, &'c [u8]), BenchError> {
    let path = format!("/v1/services/{SERVICE}/requests");
    client.send(&path, (key, &check.word), "multipart/form-data; boundary=e", &check.form).await
}

/// Somebody comes to each gate once a second, whatever became of those before.
async fn drive(
    address: SocketAddr,
    venue: &Venue,
    bench: &GatesBench,
    checks: Vec<Check>,
    arrivals: Arrivals,
) -> Result<Seen, BenchError> {
    let second = Duration::from_secs(1);
    let opens = Instant::now() + second;
    let gates = u32::try_from(bench.gates).unwrap_or(u32::MAX);
    let gate = |nth: u32, checks: Vec<Check>| {
        let key = Arc::clone(venue.key(nth as usize));
        let turn = if arrivals == Arrivals::InTurns { second * nth / gates } else { Duration::ZERO };
        tokio::spawn(async move {
            let (mut client, mut seen) = (Client::connect(address).await?, Seen::default());
            let mut arrivals = interval_at(opens + turn, second);
            arrivals.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for check in checks {
                let came = arrivals.tick().await;
                let answer = ask(&mut client, &key, &check).await?;
                seen.take(came.elapsed(), &check, answer)?;
            }
            Ok::<Seen, BenchError>(seen)
        })
    };
    let mut of_gates: Vec<Vec<Check>> = (0..bench.gates).map(|_| Vec::new()).collect();
    for (nth, check) in checks.into_iter().enumerate() {
        if let Some(own) = of_gates.get_mut(nth % bench.gates) {
            own.push(check);
        }
    }
    let tasks: Vec<_> = (0_u32..).zip(of_gates).map(|(nth, own)| gate(nth, own)).collect();
    let mut all = Seen::default();
    for task in tasks {
        let Seen { mut micros, refused_for_load } = task.await??;
        all.micros.append(&mut micros);
        all.refused_for_load += refused_for_load;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tebura_hub::ids::ApiKeyId;

    use super::*;
    use crate::auth::KeySecret;

    fn small(directory: &Path) -> GatesBench {
        let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/gate");
        let (gates, seconds) = (51, 1);
        let passes = 2 * ALONE + 2 * gates * seconds;
        GatesBench { directory: directory.to_owned(), plugin, gates, passes, seconds, dims: 64 }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn expo_4_fifty_one_gates_open_at_once_and_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let table = gates(&small(folder.path())).await.unwrap();
        let counted: Vec<&str> = table.lines().filter(|line| line.ends_with("| 0 |")).collect();
        assert_eq!(counted.len(), 3, "{table}");
        assert!(counted[1].starts_with("| 51 | one a second at each gate, gate by gate"), "{table}");
        assert!(counted[2].starts_with("| 51 | one a second at each gate, all at the same instant"), "{table}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn expo_4_a_gates_key_is_its_own_and_one_gate_is_revoked_alone() {
        let folder = tempfile::tempdir().unwrap();
        let bench = GatesBench { gates: 3, passes: 2 * ALONE + 6, ..small(folder.path()) };
        let venue = Venue::open(folder.path(), &bench).await.unwrap();
        let app = App::new(venue.hub.clone(), Sessions::new(&[7; 32]), Limits::default(), None);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move { serve(app, listener, async move { drop(stopped.await) }).await });
        let ids: Vec<ApiKeyId> = (0..3).map(|nth| KeySecret::parse(venue.key(nth)).unwrap().id()).collect();
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
        venue.hub.revoke_api_key(ids[1]).await.unwrap();
        let checks = venue.checks(&bench).unwrap();
        let mut client = Client::connect(address).await.unwrap();
        let mut statuses = Vec::new();
        for (nth, check) in checks.iter().take(3).enumerate() {
            statuses.push(ask(&mut client, venue.key(nth), check).await.unwrap().0);
        }
        assert_eq!(statuses, [202, 401, 202]);
        stop.send(()).unwrap();
        server.await.unwrap();
        venue.store.close().await;
    }
}
