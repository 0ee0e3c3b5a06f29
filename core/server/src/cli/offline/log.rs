//! The log itself: signed entries, a line each, linked to the one before.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_hub::ids::{PartyId, PartyKeyId, PersonId};
use tebura_hub::instant::parse_rfc3339;
use tebura_hub::ports::Clock;
use tebura_hub::services::{OfflineEntry, link_after};
use tebura_hub::statements::{SignedStatement, jws};
use tebura_ledger::Timestamp;
use tebura_ledger::instant::rfc3339;

use super::{Failure, Outcome, print};
use crate::clock::SystemClock;
use crate::key_file;
use crate::messages::{Language, fill};
use crate::wire::offline::SignedEntryBody;

#[derive(Args)]
pub(in crate::cli) struct WriteArguments {
    /// The device's log; made when it is not there.
    log: PathBuf,
    #[command(flatten)]
    signer: SignerArguments,
    /// The device's party.
    #[arg(long)]
    device: PartyId,
    /// The service.
    #[arg(long)]
    service: String,
    #[command(flatten)]
    asked: AskedArguments,
    /// Who it is.
    #[arg(long, requires = "by")]
    person: Option<PersonId>,
    /// How the person was known: card, qr, staff.
    #[arg(long)]
    by: Option<String>,
}

/// With which key a device signs.
#[derive(Args)]
pub(in crate::cli) struct SignerArguments {
    /// The device's private key, from `tebura statement keygen`.
    #[arg(long)]
    key: PathBuf,
    /// The id under which the hub registered that key.
    #[arg(long)]
    kid: PartyKeyId,
}

/// What is asked of the service.
#[derive(Args)]
pub(in crate::cli) struct AskedArguments {
    /// What is asked of it.
    #[arg(long)]
    action: String,
    /// The action's input, JSON.
    #[arg(long, default_value = "{}")]
    input: String,
    /// A claim that staff vouch for: `residence=17206`.
    #[arg(long = "attest", value_name = "NAME=VALUE", value_parser = named)]
    attested: Vec<(String, String)>,
}

impl SignerArguments {
    /// Signs as the device.
    pub(super) fn sign(&self, body: Vec<u8>) -> Result<SignedStatement, Failure> {
        let signature = jws::sign(&self.private()?, Some(&self.kid.to_string()), &body);
        Ok(SignedStatement { body, signature })
    }

    fn private(&self) -> Result<SigningKey, Failure> {
        key_file::read(&self.key)?.ok_or_else(|| format!("there is no file {}", self.key.display()).into())
    }
}

/// Who came, and how the person was known.
pub(super) struct Known {
    pub(super) person: Option<PersonId>,
    pub(super) by: Option<String>,
    /// By which a face was recognised.
    pub(super) bundle: Option<String>,
}

pub(super) fn write(arguments: WriteArguments) -> Outcome {
    let WriteArguments { log, signer, device, service, asked, person, by } = arguments;
    let number = append(&log, &signer, (&service, &device.to_string()), &asked, Known { person, by, bundle: None })?;
    print::line(&fill(Language::of_process(), "offline.written", &[("number", &number.to_string())]));
    Ok(())
}

/// Writes an entry behind the last one. Returns its number.
pub(super) fn append(
    log: &Path,
    signer: &SignerArguments,
    (service, device): (&str, &str),
    asked: &AskedArguments,
    known: Known,
) -> Result<usize, Failure> {
    let input: Value = serde_json::from_str(&asked.input).map_err(|error| format!("--input is no JSON: {error}"))?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(log)?;
    // Two clerks at one device write one after the other.
    file.lock()?;
    let entries = read(&mut file, log)?;
    let number = entries.len() + 1;
    let mut body = json!({
        "service": service,
        "device": device,
        "number": number,
        "before": link_after(entries.last()),
        "at": rfc3339(SystemClock::default().now()),
        "action": asked.action,
        "input": input,
        "attested": asked.attested.iter().cloned().collect::<BTreeMap<_, _>>(),
    });
    let person = known.person.map(|person| person.to_string());
    for (name, value) in [("person", person), ("by", known.by), ("bundle", known.bundle)] {
        if let (Value::Object(members), Some(value)) = (&mut body, value) {
            members.insert(name.to_owned(), Value::from(value));
        }
    }
    let SignedStatement { body, signature } = signer.sign(body.to_string().into_bytes())?;
    let line = serde_json::to_string(&SignedEntryBody { body: String::from_utf8(body)?, signature })?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()?;
    Ok(number)
}

/// The device's time, no earlier than what it has written before: a clock that is set back makes nothing last longer.
pub(super) fn now_after(log: &Path) -> Result<Timestamp, Failure> {
    let now = SystemClock::default().now();
    let Ok(mut file) = File::open(log) else { return Ok(now) };
    let last = read(&mut file, log)?.pop();
    let last = last.and_then(|signed| serde_json::from_slice::<OfflineEntry>(&signed.body).ok());
    Ok(last.and_then(|entry| parse_rfc3339(&entry.at)).map_or(now, |at| now.max(at)))
}

/// The entries of a log, each linked to the one before.
pub(super) fn read(file: &mut File, path: &Path) -> Result<Vec<SignedStatement>, Failure> {
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
        let entry: OfflineEntry = serde_json::from_str(&signed.body).map_err(|error| damaged(error.to_string()))?;
        if entry.number != number || entry.before != link_after(entries.last()) {
            return Err(damaged("it does not follow the entry before".to_owned()));
        }
        entries.push(signed.into());
    }
    Ok(entries)
}

pub(super) fn show(log: &Path) -> Outcome {
    let entries = read(&mut File::open(log)?, log)?;
    for signed in &entries {
        let entry: OfflineEntry = serde_json::from_slice(&signed.body)?;
        let who = entry.person.as_deref().or(entry.by.as_deref()).unwrap_or("-");
        print::line(&format!("{:>6} {} {} {who}", entry.number, entry.at, entry.action));
    }
    print::line(&fill(Language::of_process(), "offline.whole", &[("count", &entries.len().to_string())]));
    Ok(())
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
