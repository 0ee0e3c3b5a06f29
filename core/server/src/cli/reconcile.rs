//! `tebura reconcile`: brings a rail's statement to the hub that runs and shows what is left to do.

use std::path::PathBuf;

use clap::Args;
use reqwest::Client;
use sha2::{Digest, Sha256};

use super::said::good;
use super::{Outcome, print};
use crate::hex;
use crate::messages::{Language, fill, text};
use crate::wire::rail_statements::{RailStatementFindingsBody, RailStatementHeadBody};

/// The command fails when something is left to do: a nightly job says so by itself.
#[derive(Args)]
pub(super) struct ReconcileArguments {
    /// The statement, JSON as in docs/reconciliation.md.
    file: PathBuf,
    /// The rail that it is of.
    #[arg(long)]
    rail: String,
    /// The hub.
    #[arg(long, env = "TEBURA_HUB", default_value = "http://127.0.0.1:8080")]
    hub: String,
    /// The operator's key. Better in the environment than on the command line.
    #[arg(long, env = "TEBURA_OPERATOR_KEY", hide_env_values = true)]
    key: String,
}

pub(super) async fn run(arguments: ReconcileArguments) -> Outcome {
    let language = Language::of_process();
    let path = arguments.file.display().to_string();
    let bytes = std::fs::read(&arguments.file).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let key = hex::encode(&Sha256::digest(&bytes));
    let client = Client::builder().build()?;
    let url = format!("{}/v1/rails/{}/statements", arguments.hub.trim_end_matches('/'), arguments.rail);
    let brought = client
        .post(&url)
        .bearer_auth(&arguments.key)
        .header("idempotency-key", format!("reconcile-{key}"))
        .header("accept-language", language.tag())
        .header("content-type", "application/json")
        .body(bytes)
        .send()
        .await?;
    let head: RailStatementHeadBody = serde_json::from_slice(&good(brought).await?)?;
    let counts = &head.counts;
    let [matched, at_rail, here, differs, awaited] =
        [counts.matched, counts.missing_at_rail, counts.missing_here, counts.amount_differs, counts.awaited]
            .map(|count| count.to_string());
    let values = [
        ("statement", head.id.as_str()),
        ("matched", &matched),
        ("at_rail", &at_rail),
        ("here", &here),
        ("differs", &differs),
        ("awaited", &awaited),
    ];
    print::line(&fill(language, "reconcile.summary", &values));
    let mut open = 0;
    for verdict in ["missing_at_rail", "missing_here", "amount_differs", "awaited"] {
        let mut after = 0;
        loop {
            let page = format!("{url}/{}?verdict={verdict}&after={after}&limit=500", head.id);
            let found = client.get(page).bearer_auth(&arguments.key).send().await?;
            let found: RailStatementFindingsBody = serde_json::from_slice(&good(found).await?)?;
            for finding in &found.findings {
                open += u32::from(verdict != "awaited");
                let operation = finding.operation.as_deref().unwrap_or("-");
                let line = finding.line.as_ref();
                let line = line.map_or_else(String::new, |line| {
                    format!(" {} {} {} {}", line.kind, line.reference, line.amount.minor, line.amount.currency)
                });
                let (step, said) =
                    (format!("reconcile.next.{}", finding.next_step), format!("reconcile.verdict.{verdict}"));
                let (step, said) = (text(language, &step), text(language, &said));
                let exception = finding.exception.as_deref().unwrap_or_default();
                print::line(&format!("{:>6} {said}: {operation}{line}\n       {step} {exception}", finding.number));
            }
            match found.next {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    if open > 0 { Err(fill(language, "reconcile.open", &[("count", &open.to_string())]).into()) } else { Ok(()) }
}
