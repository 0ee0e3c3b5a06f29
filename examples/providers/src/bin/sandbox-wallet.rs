//! A sandbox wallet provider on its own: `sandbox-wallet --credential … --admin …`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use tebura_providers::Credential;
use tebura_providers::wallet::{Database, WalletConfig, WalletProvider};

/// A wallet provider with play money, for trying out the wallet rail.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// SQLite file; without it the money is gone when the provider stops.
    #[arg(long)]
    database: Option<PathBuf>,
    /// What callers of /v1 show as their bearer credential.
    #[arg(long, env = "SANDBOX_WALLET_CREDENTIAL", hide_env_values = true)]
    credential: String,
    /// Above this many yen the payer is asked first: POST /sandbox/operations/{operation}/confirm says yes for them.
    #[arg(long)]
    confirm_above: Option<i64>,
    /// What callers of /v1 sign their requests with; without it nobody signs.
    #[arg(long, env = "SANDBOX_WALLET_REQUEST_SECRET", hide_env_values = true)]
    request_secret: Option<String>,
    /// What callers of /sandbox show; without it those routes do not exist.
    #[arg(long, env = "SANDBOX_WALLET_ADMIN", hide_env_values = true)]
    admin: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let provider = WalletProvider::start(WalletConfig {
        bind: options.bind,
        database: options.database.map_or(Database::Memory, Database::File),
        confirm_above: options.confirm_above,
        request_secret: options.request_secret.map(Credential::new),
        admin: options.admin.map(Credential::new),
        ..WalletConfig::new(Credential::new(options.credential))
    })
    .await?;
    #[expect(clippy::print_stdout, reason = "the address is what the person who started it has to know")]
    {
        println!("{}", provider.origin());
    }
    tokio::signal::ctrl_c().await?;
    provider.shutdown().await;
    Ok(())
}
