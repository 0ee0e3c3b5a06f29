//! Structured logs on standard error, as text or JSON. `RUST_LOG` chooses what; secrets, faces and names are never in it,
//! and a card number that got into a line is taken out of it.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use tebura_hub::card_number::mask;
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
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Masked(io::stderr()));
    let started = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init(),
    };
    // Only a second start in one process fails, and the first one goes on.
    drop(started);
}

/// Writes lines without card numbers. A line arrives as one write.
struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let masked = std::str::from_utf8(line).map(mask);
        match masked {
            Ok(Cow::Owned(masked)) => self.0.write_all(masked.as_bytes())?,
            Ok(Cow::Borrowed(_)) | Err(_) => self.0.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn pay_4_a_card_number_does_not_get_into_a_line_of_any_form() {
        for (json, ansi) in [(true, false), (false, false), (false, true)] {
            let lines = Lines::default();
            let kept = lines.clone();
            let builder = tracing_subscriber::fmt().with_writer(move || Masked(kept.clone()));
            let log = || {
                tracing::warn!(token = "4242424242424242", at = 1_763_821_910_000_u64, "paid with 4111 1111 1111 1111");
            };
            if json {
                tracing::subscriber::with_default(builder.json().flatten_event(true).finish(), log);
            } else {
                tracing::subscriber::with_default(builder.with_ansi(ansi).finish(), log);
            }
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.matches("[card number]").count(), 2, "{text}");
            assert!(text.contains("1763821910000") && !text.contains("4242") && !text.contains("1111"), "{text}");
        }
    }
}
