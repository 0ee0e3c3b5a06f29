//! Sends a log to the hub when there is a network again.

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use reqwest::Client;
use tebura_hub::services::{OfflineEntry, link_after};
use tebura_hub::statements::SignedStatement;

use super::said::{good, said};
use super::{Outcome, log, print};
use crate::messages::{Language, fill};
use crate::wire::offline::{OfflineEntriesBody, SignedEntryBody, TakenBody};

/// Entries that are sent at a time: they fit the hub's limit for a body.
const AT_A_TIME: usize = 50;

#[derive(Args)]
pub(in crate::cli) struct SendArguments {
    /// The device's log.
    log: PathBuf,
    /// The hub.
    #[arg(long, env = "TEBURA_HUB", default_value = "http://127.0.0.1:8080")]
    hub: String,
    /// A key of the service's merchant with the scope `services`. Better in the environment than on the command line.
    #[arg(long, env = "TEBURA_KEY", hide_env_values = true)]
    key: String,
}

pub(super) async fn run(SendArguments { log: path, hub, key }: SendArguments) -> Outcome {
    let language = Language::of_process();
    let entries = log::read(&mut File::open(&path)?, &path)?;
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
        let request = client.post(&url).bearer_auth(&key).header("idempotency-key", once);
        let request = request.header("accept-language", language.tag()).header("content-type", "application/json");
        let answer = request.body(serde_json::to_vec(&body)?).send().await?;
        let TakenBody { taken, stopped } = serde_json::from_slice(&good(answer).await?)?;
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
