//! `tebura audit`: whether the logs are whole, and what proves it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tebura_hub::audit::{Log, Unsigned, verify};
use tebura_hub::ports::Clock;

use super::{Outcome, print};
use crate::audit::{heads_of, is_genuine, public_key};
use crate::clock::SystemClock;
use crate::messages::{Language, fill};
use crate::start;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Walk every log, compare it with the signed heads, and the rows with the log. Names the first thing that is wrong.
    Verify(VerifyArguments),
}

#[derive(Args)]
pub(super) struct VerifyArguments {
    /// The data folder of the hub.
    #[arg(long, env = "TEBURA_DATA", default_value = "tebura-data")]
    data: PathBuf,
    /// The database, when it is not the data folder's SQLite file.
    #[arg(long, env = "TEBURA_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The public key, when it is not taken from the data folder: the copy that you kept elsewhere.
    #[arg(long)]
    public: Option<PathBuf>,
    /// Signed heads that were kept elsewhere; the data folder's file when it is left out.
    #[arg(long)]
    heads: Option<PathBuf>,
}

pub(super) async fn run(command: AuditCommand) -> Outcome {
    let AuditCommand::Verify(arguments) = command;
    let public = public_key(arguments.public.as_deref().unwrap_or(&arguments.data))?;
    let mut signed = heads_of(arguments.heads.as_deref().unwrap_or(&arguments.data))?;
    let opened = start::open_store(&arguments.data, arguments.database_url.as_deref()).await?;
    let kept = opened.store.kept_heads().await?;
    signed.extend(kept.into_iter().filter(|kept| !signed.contains(kept)).collect::<Vec<_>>());
    let now = SystemClock::default().now();
    let report = verify(opened.store.as_ref(), &signed, &|head| is_genuine(&public, head), now).await;
    opened.store.close().await;
    let report = report?;
    let (entries, heads, records) = (report.entries.to_string(), report.heads.to_string(), report.records.to_string());
    let values = [("entries", entries.as_str()), ("heads", heads.as_str()), ("records", records.as_str())];
    let language = Language::of_process();
    print::line(&fill(language, "cli.audit_whole", &values));
    for Unsigned { shard, from, to } in report.unsigned {
        let (shard, from, to) = (shard.number().to_string(), from.to_string(), to.to_string());
        let values = [("shard", shard.as_str()), ("from", from.as_str()), ("to", to.as_str())];
        print::line(&fill(language, "cli.audit_unsigned", &values));
    }
    Ok(())
}
