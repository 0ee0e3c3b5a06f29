//! `tebura operator-key`: the first key of a hub has to come from somewhere. Needs the data folder, not a running hub.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tebura_hub::ids::ApiKeyId;
use tebura_hub::ports::{Clock, Ids, Store, Unit, Write};
use tebura_hub::sites::{ApiKey, Scope};
use tebura_ledger::Shard;

use super::{Outcome, print};
use crate::auth::KeySecret;
use crate::clock::{SystemClock, SystemIds};
use crate::start;

#[derive(Args)]
pub(super) struct OperatorKeyArguments {
    /// The data folder of the hub.
    #[arg(long, env = "TEBURA_DATA", default_value = "tebura-data")]
    data: PathBuf,
    /// The database, when it is not the data folder's SQLite file.
    #[arg(long, env = "TEBURA_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

pub(super) async fn run(arguments: OperatorKeyArguments) -> Outcome {
    let opened = start::open_store(&arguments.data, arguments.database_url.as_deref()).await?;
    let store: Arc<dyn Store> = opened.store.clone();
    let key = KeySecret::new(ApiKeyId::from_uuid(SystemIds.next(Shard::new(0))), SystemIds.secret());
    let row = ApiKey {
        id: key.id(),
        secret_sha256: key.sha256(),
        merchant: None,
        till: None,
        scopes: vec![Scope::Admin, Scope::Read],
        revoked_at: None,
    };
    let unit = Unit { writes: vec![Write::ApiKey(row)], ..Unit::default() };
    store.commit(Shard::new(0), SystemClock::default().now(), unit).await?;
    opened.store.close().await;
    print::line(&key.reveal());
    print::note("This key may set up people, merchants, tills and keys. It is shown once: keep it now.");
    Ok(())
}
