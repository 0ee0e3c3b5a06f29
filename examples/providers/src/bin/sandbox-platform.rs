//! A platform operator for My Number cards of a sandbox on its own: `sandbox-platform --credential … --admin …`.

use std::net::SocketAddr;

use clap::Parser;
use tebura_providers::jpki::Platform;
use tebura_providers::system_clock;

/// Says of certificates of `tebura sandbox card` whether they are revoked.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// What callers of /v1 show as their bearer credential.
    #[arg(long, env = "SANDBOX_PLATFORM_CREDENTIAL", hide_env_values = true)]
    credential: String,
    /// What callers of /sandbox show; without it those routes do not exist.
    #[arg(long, env = "SANDBOX_PLATFORM_ADMIN", hide_env_values = true)]
    admin: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Options { bind, credential, admin } = Options::parse();
    let platform = Platform::start(bind, &credential, admin.as_deref(), system_clock()).await?;
    #[expect(clippy::print_stdout, reason = "the address is what the person who started it has to know")]
    {
        println!("{}", platform.origin());
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
