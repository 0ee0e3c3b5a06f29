//! A clinic's simulated eligibility terminal on its own: `sandbox-eligibility --folder … --credential …`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use tebura_providers::eligibility::{EligibilityConfig, EligibilityTerminal, Insured};
use tebura_providers::{Credential, system_clock};

/// An eligibility terminal with made-up insured people, for trying out a clinic's reception.
#[derive(Parser)]
struct Options {
    /// Where its connector listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// In which the folders REQ and RES lie.
    #[arg(long)]
    folder: PathBuf,
    /// What callers show as their bearer credential.
    #[arg(long, env = "SANDBOX_ELIGIBILITY_CREDENTIAL", hide_env_values = true)]
    credential: String,
    /// How long it takes, milliseconds.
    #[arg(long, default_value_t = 0)]
    takes_ms: i64,
    /// Somebody insured, `INSURER:SYMBOL:NUMBER:BRANCH:BIRTHDATE:PERCENT[:CHART[:NAME:KANA:SEX:FROM:LIMIT]]`; CHART is the number
    /// that a clinic linked her card to. Parts may be empty. Once for each.
    #[arg(long = "insured", value_parser = insured)]
    insured: Vec<(Insured, Option<String>)>,
}

fn insured(text: &str) -> Result<(Insured, Option<String>), String> {
    let parts: Vec<&str> = text.split(':').collect();
    let ([insurer, symbol, number, branch, birthdate, percent, more @ ..], 6 | 7 | 12) = (&parts[..], parts.len())
    else {
        return Err(
            "write INSURER:SYMBOL:NUMBER:BRANCH:BIRTHDATE:PERCENT[:CHART[:NAME:KANA:SEX:FROM:LIMIT]]".to_owned()
        );
    };
    let burden = percent.parse().map_err(|_| format!("{percent} is not a share in percent"))?;
    let word = |text: &&str| (*text).to_owned();
    let part = |nth: usize| more.get(nth).filter(|text| !text.is_empty()).map(word);
    let insured = Insured {
        insurer: word(insurer),
        symbol: word(symbol),
        number: word(number),
        branch: word(branch),
        birthdate: word(birthdate),
        burden,
        name: part(1).unwrap_or_default(),
        kana: part(2).unwrap_or_default(),
        sex: part(3).unwrap_or_default(),
        from: part(4),
        until: None,
        limit: part(5),
    };
    Ok((insured, part(0)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let terminal = EligibilityTerminal::start(EligibilityConfig {
        bind: options.bind,
        credential: Credential::new(options.credential),
        folder: options.folder,
        clock: system_clock(),
        takes_ms: options.takes_ms,
    })
    .await?;
    for (insured, chart) in options.insured {
        terminal.insure(insured, chart.as_deref());
    }
    #[expect(clippy::print_stdout, reason = "the address is what the person who started it has to know")]
    {
        println!("{}", terminal.origin());
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
