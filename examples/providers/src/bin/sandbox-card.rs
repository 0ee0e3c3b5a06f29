//! A sandbox card acquirer on its own: `sandbox-card --credential sk_… --admin …`.

use std::net::SocketAddr;

use clap::Parser;
use tebura_providers::Credential;
use tebura_providers::card::{CardConfig, CardProvider, Granted, Webhook};

/// A card acquirer with play money in the manner of Stripe, for trying out the card rail.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// The API key that callers of /v1 show.
    #[arg(long, env = "SANDBOX_CARD_CREDENTIAL", hide_env_values = true)]
    credential: String,
    /// What callers of /sandbox show; without it those routes do not exist.
    #[arg(long, env = "SANDBOX_CARD_ADMIN", hide_env_values = true)]
    admin: Option<String>,
    /// An ordinary account: no raises, one capture.
    #[arg(long)]
    ordinary: bool,
    /// Where events go, `http://127.0.0.1:8080/v1/inbound/jp.tebura.card/events`.
    #[arg(long, requires = "webhook_secret")]
    webhook: Option<String>,
    /// What events are signed with.
    #[arg(long, env = "SANDBOX_CARD_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let provider = CardProvider::start(CardConfig {
        bind: options.bind,
        admin: options.admin.map(Credential::new),
        granted: Granted { incremental_authorization: !options.ordinary, multicapture: !options.ordinary },
        webhook: options.webhook.zip(options.webhook_secret).map(|(url, secret)| Webhook { url, secret }),
        ..CardConfig::new(Credential::new(options.credential))
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
