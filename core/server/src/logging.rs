//! Structured logs on standard error, as text or JSON. `RUST_LOG` chooses what; secrets, faces and names are never in it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts logging. `quiet`: warnings only, unless `RUST_LOG` says otherwise. A second call changes nothing.
pub fn start(format: LogFormat, quiet: bool) {
    let default = if quiet { "warn,tebura_server=warn" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    // Only a second start in one process fails, and the first one goes on.
    drop(started);
}
