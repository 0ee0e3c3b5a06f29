//! `tebura offline`: a device's log for the time without a network. It is written on the device and sent later.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use reqwest::Client;
use serde_json::{Value, json};
use tebura_hub::ids::{PartyId, PartyKeyId, PersonId};
use tebura_hub::ports::Clock;
use tebura_hub::services::{OfflineEntry, link_after};
use tebura_hub::statements::{SignedStatement, jws};
use tebura_ledger::instant::rfc3339;

use super::{Failure, Outcome, print};
use crate::clock::SystemClock;
use crate::key_file;
use crate::messages::{Language, fill};
use crate::problem::ProblemBody;
use crate::wire::offline::{OfflineEntriesBody, SignedEntryBody, TakenBody};

/// Entries that are sent at a time: they fit the hub's limit for a body.
const AT_A_TIME: usize = 50;

#[derive(Subcommand)]
pub(super) enum OfflineCommand {
    /// Write one entry behind the last one, signed with the device's key.
    Write(WriteArguments),
    /// Show the entries, and whether the log is whole.
    Show {
        /// The device's log.
        log: PathBuf,
    },
    /// Send the log to the hub. Sending twice does nothing twice.
    Send {
        /// The device's log.
        log: PathBuf,
        /// The hub.
        #[arg(long, env = "TEBURA_HUB", default_value = "http://127.0.0.1:8080")]
        hub: String,
        /// A key of the service's merchant with the scope `services`. Better in the environment than on the command line.
        #[arg(long, env = "TEBURA_KEY", hide_env_values = true)]
        key: String,
    },
}

#[derive(Args)]
pub(super) struct WriteArguments {
    /// The device's log; made when it is not there.
    log: PathBuf,
    /// The device's private key, from `tebura statement keygen`.
    #[arg(long)]
    key: PathBuf,
    /// The id under which the hub registered that key.
    #[arg(long)]
    kid: PartyKeyId,
    /// The device's party.
    #[arg(long)]
    device: PartyId,
    /// The service.
    #[arg(long)]
    service: String,
    /// What is asked of it.
    #[arg(long)]
    action: String,
    /// The action's input, JSON.
    #[arg(long, default_value = "{}")]
    input: String,
    /// Who it is.
    #[arg(long, requires = "by")]
    person: Option<PersonId>,
    /// How the person was known: card, qr, staff.
    #[arg(long)]
    by: Option<String>,
    /// A claim that staff vouch for: `residence=17206`.
    #[arg(long = "attest", value_name = "NAME=VALUE", value_parser = named)]
    attested: Vec<(String, String)>,
}

pub(super) async fn run(command: OfflineCommand) -> Outcome {
    match command {
        OfflineCommand::Write(arguments) => write(arguments),
        OfflineCommand::Show { log } => show(&log),
        OfflineCommand::Send { log, hub, key } => send(&log, &hub, &key).await,
    }
}

fn write(arguments: WriteArguments) -> Outcome {
    let WriteArguments { log, key, kid, device, service, action, input, person, by, attested } = arguments;
    let private = key_file::read(&key)?.ok_or_else(|| format!("there is no file {}", key.display()))?;
    let input: Value = serde_json::from_str(&input).map_err(|error| format!("--input is no JSON: {error}"))?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(&log)?;
    // Two clerks at one device write one after the other.
    file.lock()?;
    let entries = read(&mut file, &log)?;
    let mut body = json!({
        "service": service,
        "device": device.to_string(),
        "number": entries.len() + 1,
        "before": link_after(entries.last()),
        "at": rfc3339(SystemClock::default().now()),
        "action": action,
        "input": input,
        "attested": attested.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    });
    for (name, value) in [("person", person.map(|person| person.to_string())), ("by", by)] {
        if let (Value::Object(members), Some(value)) = (&mut body, value) {
            members.insert(name.to_owned(), Value::from(value));
        }
    }
    let body = body.to_string();
    let signature = jws::sign(&private, Some(&kid.to_string()), body.as_bytes());
    let line = serde_json::to_string(&SignedEntryBody { body, signature })?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()?;
    print::line(&fill(Language::of_process(), "offline.written", &[("number", &(entries.len() + 1).to_string())]));
    Ok(())
}

/// The entries of a log, each linked to the one before.
fn read(file: &mut File, path: &Path) -> Result<Vec<SignedStatement>, Failure> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut entries: Vec<SignedStatement> = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        let damaged = |reason: String| {
            let (path, number) = (path.display().to_string(), number.to_string());
            let values = [("log", path.as_str()), ("number", &number), ("reason", &reason)];
            Failure::from(fill(Language::of_process(), "offline.damaged", &values))
        };
        let signed: SignedEntryBody = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
        let entry = entry(&signed).map_err(|error| damaged(error.to_string()))?;
        if entry.number != number || entry.before != link_after(entries.last()) {
            return Err(damaged("it does not follow the entry before".to_owned()));
        }
        entries.push(signed.into());
    }
    Ok(entries)
}

fn entry(signed: &SignedEntryBody) -> serde_json::Result<OfflineEntry> {
    serde_json::from_str(&signed.body)
}

fn show(log: &Path) -> Outcome {
    let entries = read(&mut File::open(log)?, log)?;
    for signed in &entries {
        let entry: OfflineEntry = serde_json::from_slice(&signed.body)?;
        let who = entry.person.as_deref().or(entry.by.as_deref()).unwrap_or("-");
        print::line(&format!("{:>6} {} {} {who}", entry.number, entry.at, entry.action));
    }
    print::line(&fill(Language::of_process(), "offline.whole", &[("count", &entries.len().to_string())]));
    Ok(())
}

async fn send(log: &Path, hub: &str, key: &str) -> Outcome {
    let language = Language::of_process();
    let entries = read(&mut File::open(log)?, log)?;
    let Some(last) = entries.last() else { return Ok(()) };
    let service = serde_json::from_slice::<OfflineEntry>(&last.body)?.service;
    let url = format!("{}/v1/services/{service}/offline-entries", hub.trim_end_matches('/'));
    let client = Client::builder().build()?;
    let (mut new, mut known, mut refused) = (0, 0, Vec::new());
    for stretch in entries.chunks(AT_A_TIME) {
        let body = |entry: &SignedStatement| SignedEntryBody {
            body: String::from_utf8_lossy(&entry.body).into_owned(),
            signature: entry.signature.clone(),
        };
        let body = OfflineEntriesBody { entries: stretch.iter().map(body).collect() };
        let once = link_after(stretch.last());
        let request = client.post(&url).bearer_auth(key).header("idempotency-key", once);
        let request = request.header("content-type", "application/json").body(serde_json::to_vec(&body)?);
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        if !status.is_success() {
            return Err(said(&serde_json::from_slice(&bytes)?));
        }
        let TakenBody { taken, stopped } = serde_json::from_slice(&bytes)?;
        for entry in taken {
            if entry.replayed {
                known += 1
            } else {
                new += 1
            }
            refused.extend(entry.refused.map(|code| (entry.number, code)));
        }
        if let Some(problem) = stopped {
            return Err(said(&problem));
        }
    }
    for (number, code) in &refused {
        print::line(&fill(language, "offline.refused", &[("number", &number.to_string()), ("code", code)]));
    }
    let values = [("new", new.to_string()), ("known", known.to_string())];
    print::line(&fill(language, "offline.sent", &values.each_ref().map(|(name, value)| (*name, value.as_str()))));
    Ok(())
}

fn said(problem: &ProblemBody) -> Failure {
    format!("{} ({})", problem.detail, problem.code).into()
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
