//! Who calls: bearer keys, a till's session, and what each may do.
//!
//! A key reads `tb_<key id>_<secret>`: 32 hexadecimal digits and 43 characters of base64url. Only the SHA-256 of the
//! secret is stored, and it is compared in constant time. Absent: passwords and accounts of people.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tebura_hub::ids::{ApiKeyId, MerchantId, TillId};
use tebura_hub::ports::Caller;
use tebura_hub::sites::{ApiKey, Scope};
use zeroize::Zeroizing;

use crate::app::App;
use crate::problem::{Problem, Retry};

/// What a key starts with, so that a leaked one is found by scanners.
const PREFIX: &str = "tb_";

/// A key as its owner holds it. Neither printed nor logged.
pub struct KeySecret {
    id: ApiKeyId,
    secret: Zeroizing<[u8; 32]>,
}

impl KeySecret {
    /// A key from its parts.
    pub fn new(id: ApiKeyId, secret: [u8; 32]) -> KeySecret {
        KeySecret { id, secret: Zeroizing::new(secret) }
    }

    /// Reads `tb_<key id>_<secret>`; `None` for anything else.
    pub fn parse(text: &str) -> Option<KeySecret> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let id = format!("{}{id}", ApiKeyId::PREFIX).parse().ok()?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
        let secret = <[u8; 32]>::try_from(bytes.as_slice()).ok()?;
        Some(KeySecret::new(id, secret))
    }

    /// The public id.
    pub fn id(&self) -> ApiKeyId {
        self.id
    }

    /// What is stored.
    pub fn sha256(&self) -> [u8; 32] {
        KeySecret::sha256_of(&self.secret)
    }

    /// What is stored of a secret whose key has no id yet.
    pub fn sha256_of(secret: &[u8; 32]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }

    /// The text that the owner keeps: shown once.
    pub fn reveal(&self) -> Zeroizing<String> {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.as_slice()));
        Zeroizing::new(format!("{PREFIX}{}_{}", self.id.uuid().as_simple(), secret.as_str()))
    }
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The key that it showed.
    pub key: ApiKeyId,
    /// `None`: the operator.
    pub merchant: Option<MerchantId>,
    /// Set for a till's key.
    pub till: Option<TillId>,
    scopes: Vec<Scope>,
    /// By a page's session, which whoever stands before the page may use.
    by_session: bool,
}

impl Principal {
    /// What a key makes of its holder.
    pub fn of(key: &ApiKey) -> Principal {
        Principal { key: key.id, merchant: key.merchant, till: key.till, scopes: key.scopes.clone(), by_session: false }
    }

    /// Refuses a caller whose key lacks a scope.
    pub fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "auth.scope_missing",
            format!("This key lacks the scope '{}'. Use a key that has it, or ask the operator for one.", scope.name()),
        ))
    }

    /// Refuses a caller that has none of several scopes.
    pub fn may_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.scopes.contains(scope)) {
            return Ok(());
        }
        let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "auth.scope_missing",
            format!("This key needs one of the scopes {}. Use a key that has one.", names.join(", ")),
        ))
    }

    /// Refuses a merchant's key where only the operator may act.
    pub fn must_be_operator(&self) -> Result<(), Problem> {
        self.may(Scope::Admin)?;
        match self.merchant {
            None => Ok(()),
            Some(_) => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "auth.operator_only",
                "Only the operator's key may do this; this key belongs to a merchant.",
            )),
        }
    }

    /// Refuses a page's session where other people's records would be shown: a stand is in everybody's reach.
    pub fn must_show_a_key(&self) -> Result<(), Problem> {
        if !self.by_session {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "auth.key_needed",
            "A page's session sees only the requests that it made; send `Authorization: Bearer tb_…`.",
        ))
    }

    /// Whether this caller may see records of a merchant.
    pub fn sees(&self, merchant: MerchantId) -> bool {
        self.merchant.is_none_or(|own| own == merchant)
    }

    /// The merchant of this key.
    pub fn must_be_merchant(&self) -> Result<MerchantId, Problem> {
        self.merchant.ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "auth.merchant_only",
                "This needs a merchant's key; the operator's key moves no money.",
            )
        })
    }

    /// The till of this key.
    pub fn must_be_till(&self) -> Result<TillId, Problem> {
        self.may(Scope::Pay)?;
        self.till.ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "auth.till_only",
                "Paying by face needs a till's key: the till decides among whom it looks.",
            )
        })
    }

    /// As the hub's use cases name a caller.
    pub fn caller(&self) -> Caller {
        self.merchant.map_or(Caller::Operator, Caller::Merchant)
    }
}

impl FromRequestParts<App> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Principal, Problem> {
        let (key, by_session) = match parts.headers.get(header::AUTHORIZATION) {
            Some(value) => {
                let shown = value.to_str().ok().and_then(bearer).and_then(KeySecret::parse).ok_or_else(unknown_key)?;
                (known_key(app, &shown).await?, false)
            }
            None => (crate::sessions::key_of_session(app, parts).await?, true),
        };
        app.rates.admit(key.id)?;
        tracing::debug!(key = %key.id, "authenticated");
        Ok(Principal { by_session, ..Principal::of(&key) })
    }
}

/// The token of `Bearer <token>`.
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The stored key that matches the one that was shown.
pub(crate) async fn known_key(app: &App, shown: &KeySecret) -> Result<ApiKey, Problem> {
    let stored = app.hub.api_key(shown.id()).await.map_err(|error| crate::refusals::unavailable(&error.reason))?;
    let stored_hash = stored.as_ref().map_or([0; 32], |key| key.secret_sha256);
    let same = bool::from(stored_hash.ct_eq(&shown.sha256()));
    match stored {
        Some(key) if same && key.revoked_at.is_none() => Ok(key),
        Some(_) | None => Err(unknown_key()),
    }
}

/// One answer for a key that is malformed, unknown, wrong or revoked: it tells a stranger nothing.
pub(crate) fn unknown_key() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "auth.key_unknown",
        "Send `Authorization: Bearer tb_…` with a key of this hub that was not revoked.",
    )
    .retry(Retry::Never)
}

#[cfg(test)]
mod tests {
    use tebura_hub::ports::Ids;
    use tebura_ledger::Shard;

    use super::*;
    use crate::clock::SystemIds;

    #[test]
    fn a_key_survives_its_text() {
        let key = KeySecret::new(ApiKeyId::from_uuid(SystemIds.next(Shard::new(0))), SystemIds.secret());
        let read = KeySecret::parse(&key.reveal()).unwrap();
        assert_eq!((read.id(), read.sha256()), (key.id(), key.sha256()));
    }

    #[test]
    fn what_is_not_a_key_is_none() {
        for text in ["", "tb_", "tb_0_x", "key_00000000000000000000000000000000_AAAA", "tb_é_é"] {
            assert!(KeySecret::parse(text).is_none(), "{text}");
        }
        assert_eq!(bearer("Bearer  abc"), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
    }
}
