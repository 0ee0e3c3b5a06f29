//! A sandbox CBDC on its own: ledger, bank and two intermediaries, each on a port of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use tebura_providers::Credential;
use tebura_providers::cbdc::{CbdcConfig, CbdcNetwork};

/// A CBDC with play money, for trying out the cbdc rail.
#[derive(Parser)]
struct Options {
    /// Where the ledger listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    ledger: SocketAddr,
    /// Where the bank listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    bank: SocketAddr,
    /// Where the intermediary East listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    east: SocketAddr,
    /// Where the intermediary West listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    west: SocketAddr,
    /// What callers of East show as their bearer credential.
    #[arg(long, env = "SANDBOX_CBDC_EAST", hide_env_values = true)]
    east_credential: String,
    /// What callers of West show.
    #[arg(long, env = "SANDBOX_CBDC_WEST", hide_env_values = true)]
    west_credential: String,
    /// What callers of /sandbox, and those who look at ledger and bank, show; without it those routes are closed.
    #[arg(long, env = "SANDBOX_CBDC_ADMIN", hide_env_values = true)]
    admin: Option<String>,
    /// A service and its ed25519 public key: `tebura-hub=64 hex digits`.
    #[arg(long = "service", value_name = "NAME=KEY", value_parser = service)]
    services: Vec<(String, [u8; 32])>,
    /// Any text of yours: makes account ids unguessable.
    #[arg(long, env = "SANDBOX_CBDC_SALT", hide_env_values = true, default_value = "")]
    salt: String,
}

fn service(text: &str) -> Result<(String, [u8; 32]), String> {
    let parts = text.split_once('=').ok_or("write NAME=KEY")?;
    let digit = |at: usize| parts.1.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..parts.1.len()).step_by(2).map(digit).collect();
    let key = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or("a key is 64 hexadecimal digits")?;
    Ok((parts.0.to_owned(), key))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let options = Options::parse();
    let credentials = [options.east_credential, options.west_credential].map(Credential::new);
    let [east, west] = credentials;
    let mut salt = [0; 32];
    for (at, byte) in options.salt.bytes().enumerate() {
        salt[at % 32] ^= byte;
    }
    let running = CbdcNetwork::start(CbdcConfig {
        bind: [options.ledger, options.bank, options.east, options.west],
        admin: options.admin.map(Credential::new),
        services: BTreeMap::from_iter(options.services),
        salt,
        ..CbdcConfig::new(east, west)
    })
    .await?;
    #[expect(clippy::print_stdout, reason = "the addresses are what the person who started it has to know")]
    {
        println!("east   {}", running.east.origin());
        println!("west   {}", running.west.origin());
        println!("ledger http://{}", running.ledger);
        println!("bank   http://{}", running.bank);
    }
    let code = tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.map(|()| ExitCode::SUCCESS)?,
        () = running.network.until_halted() => ExitCode::from(70),
    };
    running.shutdown().await;
    Ok(code)
}
