//! `tebura export`: the books in the formats of others.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Outcome, print};
use crate::journal::hledger;
use crate::start;

#[derive(Subcommand)]
pub(super) enum ExportCommand {
    /// Every transfer as a journal of hledger (https://hledger.org), plain text accounting.
    Hledger(ExportArguments),
}

#[derive(Args)]
pub(super) struct ExportArguments {
    /// The data folder of the hub.
    #[arg(long, env = "TEBURA_DATA", default_value = "tebura-data")]
    data: PathBuf,
    /// The database, when it is not the data folder's SQLite file.
    #[arg(long, env = "TEBURA_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

pub(super) async fn run(command: ExportCommand) -> Outcome {
    let ExportCommand::Hledger(arguments) = command;
    let opened = start::open_store(&arguments.data, arguments.database_url.as_deref()).await?;
    let journal = hledger(&opened.store).await;
    opened.store.close().await;
    print::raw(&journal?);
    Ok(())
}
