//! What of `plugin.toml` matters to a test: commands, listed calls, key header, settle window. The hub checks the rest.

use std::collections::BTreeMap;

use serde::Deserialize;
use tebura_plugin::HttpCall;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    #[serde(default)]
    rail: Commands,
    #[serde(default)]
    identity: Claims,
    #[serde(default)]
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Claims {
    claims: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Commands {
    commands: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Endpoint {
    allow: Vec<String>,
    idempotency_header: Option<String>,
    settle_window: Option<String>,
}

impl Manifest {
    /// Reads `plugin.toml`; panics with the parser's words, as a test should.
    #[track_caller]
    pub(crate) fn read(text: &str) -> Manifest {
        match toml::from_str(text) {
            Ok(manifest) => manifest,
            Err(error) => panic!("plugin.toml cannot be read: {error}"),
        }
    }

    /// Whether the rail says that it has a command.
    pub(crate) fn takes(&self, command: &str) -> bool {
        self.rail.commands.iter().any(|own| own == command)
    }

    /// Whether an identity plugin says that it proves a claim.
    pub(crate) fn proves(&self, claim: &str) -> bool {
        self.identity.claims.iter().any(|own| own == claim)
    }

    /// Where the far end reads the idempotency key.
    pub(crate) fn key_header(&self, endpoint: &str) -> Option<&str> {
        self.endpoints.get(endpoint)?.idempotency_header.as_deref()
    }

    /// Whether a call is listed: same method, and each segment equal or `*`.
    pub(crate) fn allows(&self, call: &HttpCall) -> bool {
        let path = call.path.split('?').next().unwrap_or_default();
        let fits = |pattern: &String| {
            let Some((method, wanted)) = pattern.split_once(' ') else { return false };
            let (wanted, found): (Vec<_>, Vec<_>) = (wanted.split('/').collect(), path.split('/').collect());
            let same = |(want, have): (&&str, &&str)| want == have || (*want == "*" && !have.is_empty());
            method == call.method && wanted.len() == found.len() && wanted.iter().zip(&found).all(same)
        };
        self.endpoints.get(&call.endpoint).is_some_and(|endpoint| endpoint.allow.iter().any(fits))
    }

    /// The longest settle window of all endpoints, milliseconds.
    #[track_caller]
    pub(crate) fn settle_window_ms(&self) -> u64 {
        let windows = self.endpoints.values().filter_map(|endpoint| endpoint.settle_window.as_deref());
        windows.map(milliseconds).max().unwrap_or(0)
    }
}

#[track_caller]
fn milliseconds(text: &str) -> u64 {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => panic!("settle_window {text:?} is a number and ms, s, min, h or d"),
    };
    match number.parse::<u64>() {
        Ok(number) => number * scale,
        Err(_) => panic!("settle_window {text:?} is a number and ms, s, min, h or d"),
    }
}
