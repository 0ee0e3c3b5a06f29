//! `[identity]` of `plugin.toml`: what a plugin can prove, and for how long a person may take.

use std::time::Duration;

use serde::Deserialize;

use super::Checker;

/// Session of a manifest that names none.
const SESSION: Duration = Duration::from_secs(600);
/// Longest session: whoever looked away begins a new one.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What a plugin can prove.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdentityPart {
    /// The claims that it may say, such as `name` or `address`.
    pub claims: Vec<String>,
    /// How long a challenge can be answered.
    pub session: Duration,
}

/// `[identity]` after the schema has passed it.
#[derive(Deserialize)]
pub(super) struct WireIdentity {
    claims: Vec<String>,
    session: Option<String>,
}

impl Checker<'_> {
    pub(super) fn identity(&mut self, wire: WireIdentity) -> IdentityPart {
        let session = wire.session.as_deref().map(|text| self.duration("/identity/session", text));
        if session.is_some_and(|session| session > LONGEST) {
            self.problem("/identity/session", "is out of range", "write at most 60 min".to_owned());
        }
        IdentityPart { claims: wire.claims, session: session.unwrap_or(SESSION) }
    }
}
