//! What plugins cost, each figure beside its baseline from the same run.
//!
//! `cargo bench -p tebura-tests --bench plugins --features bare`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark stops at the first surprise, and prints")]

mod beside;
#[path = "../../src/evil/guest.rs"]
mod guest;
mod holds;
mod instance;
mod native;

use std::time::{Duration, Instant};

use tebura_hub::rail::{Party, RailCommand, RailOperation};
use tebura_ledger::{Currency, Money, Timestamp};

fn main() {
    instance::measure();
    beside::measure();
    holds::measure();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn clock() -> Instant {
    Instant::now()
}

fn today() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "signatures are valid today or not")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// A hold of ¥1,200 whose payer's token has so many characters.
fn hold(token: usize) -> RailOperation {
    let party = |kind: &str, token: String| Party { kind: kind.to_owned(), token };
    RailOperation {
        id: format!("op_{}", "0".repeat(32)),
        attempt: 1,
        now: today(),
        command: RailCommand::Hold {
            payer: party("wallet", "x".repeat(token)),
            payee: party("merchant", "merchant-1".to_owned()),
            amount: Money::new(1_200, Currency::JPY),
            expires: today().plus_ms(300_000),
        },
    }
}

/// Median and 99th percentile, microseconds.
fn micros(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
    (at(50), at(99))
}
