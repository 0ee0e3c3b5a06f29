//! The session of a till's or terminal's page: a cookie that stands for its key for half a day.
//!
//! The cookie is `<key id>.<end>.<MAC>`; the MAC key is derived from the operator's key, so nothing is stored, every
//! hub process accepts it, and revoking the till's key ends it. `HttpOnly` and `SameSite=Strict`: no script reads it
//! and no other site can use it. What opens the enrolment page is in `enroll.rs`.

use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tebura_hub::ids::ApiKeyId;
use tebura_hub::sites::{ApiKey, Scope};
use tebura_ledger::Timestamp;
use zeroize::Zeroizing;

use crate::app::App;
use crate::auth::unknown_key;
use crate::problem::Problem;

mod enroll;

/// The cookie's name.
const COOKIE: &str = "tebura_till";
/// Half a day: a shift, so that a till asks for its key at most once a shift.
pub const LASTS_MS: i64 = 12 * 3_600_000;

/// Makes and checks session cookies.
pub struct Sessions {
    mac_key: Zeroizing<[u8; 32]>,
}

impl Sessions {
    /// Derives the MAC key from the operator's key; knowing one session tells nothing of either.
    pub fn new(operator_key: &[u8]) -> Sessions {
        Sessions { mac_key: Zeroizing::new(mac(operator_key, b"tebura till session 1")) }
    }

    /// What a hub's pass codes are signed with: the same for every hub that has the operator's key.
    pub fn pass_seed(operator_key: &[u8]) -> [u8; 32] {
        mac(operator_key, b"tebura pass codes 1")
    }

    /// The `Set-Cookie` value of a new session. `secure`: the page came over TLS.
    pub fn issue(&self, key: ApiKeyId, now: Timestamp, secure: bool) -> String {
        let end = now.plus_ms(LASTS_MS).millis();
        let signed = format!("{}.{end}", key.uuid().as_simple());
        let tag = URL_SAFE_NO_PAD.encode(mac(self.mac_key.as_slice(), signed.as_bytes()));
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={signed}.{tag}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", LASTS_MS / 1000)
    }

    /// The key that a cookie value stands for, while the session lasts.
    pub fn key_of(&self, value: &str, now: Timestamp) -> Option<ApiKeyId> {
        let (signed, tag) = value.rsplit_once('.')?;
        let (id, end) = signed.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        let checker = Hmac::<Sha256>::new_from_slice(self.mac_key.as_slice()).ok()?;
        checker.chain_update(signed.as_bytes()).verify_slice(&tag).ok()?;
        (now.millis() < end.parse().ok()?).then_some(())?;
        format!("{}{id}", ApiKeyId::PREFIX).parse().ok()
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so this never takes the second branch.
    Hmac::<Sha256>::new_from_slice(key)
        .map_or([0; 32], |hmac| hmac.chain_update(message).finalize().into_bytes().into())
}

/// The key behind a request's session cookie.
///
/// # Errors
/// 401 when there is no session, it ended, or its key was revoked.
pub(crate) async fn key_of_session(app: &App, parts: &Parts) -> Result<ApiKey, Problem> {
    let foreign = parts.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
    if foreign {
        return Err(unknown_key());
    }
    let id = cookie(parts).and_then(|value| app.sessions.key_of(value, app.hub.now())).ok_or_else(unknown_key)?;
    let key = app.hub.api_key(id).await.map_err(|error| crate::refusals::unavailable(&error.reason))?;
    // A till's, or a terminal's of a merchant: nobody is the operator by a cookie.
    let is_place =
        |key: &ApiKey| key.till.is_some() || (key.merchant.is_some() && key.scopes.contains(&Scope::Services));
    key.filter(|key| key.revoked_at.is_none() && is_place(key)).ok_or_else(unknown_key)
}

fn cookie(parts: &Parts) -> Option<&str> {
    cookie_of(parts, COOKIE)
}

fn cookie_of<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use tebura_hub::ports::Ids;
    use tebura_ledger::Shard;

    use super::*;
    use crate::clock::SystemIds;

    fn value(cookie: &str) -> &str {
        cookie.split_once('=').unwrap().1.split_once(';').unwrap().0
    }

    #[test]
    fn a_session_lasts_half_a_day_and_not_longer() {
        let sessions = Sessions::new(b"operator");
        let key = ApiKeyId::from_uuid(SystemIds.next(Shard::new(3)));
        let now = Timestamp::from_millis(1_000);
        let cookie = sessions.issue(key, now, false);
        assert_eq!(sessions.key_of(value(&cookie), now), Some(key));
        assert_eq!(sessions.key_of(value(&cookie), now.plus_ms(LASTS_MS - 1)), Some(key));
        assert_eq!(sessions.key_of(value(&cookie), now.plus_ms(LASTS_MS)), None);
        assert!(!cookie.contains("Secure") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        assert!(sessions.issue(key, now, true).ends_with("; Secure"));
    }

    #[test]
    fn a_changed_or_foreign_session_is_nothing() {
        let sessions = Sessions::new(b"operator");
        let key = ApiKeyId::from_uuid(SystemIds.next(Shard::new(3)));
        let now = Timestamp::from_millis(1_000);
        let cookie = sessions.issue(key, now, false);
        let longer = value(&cookie).replacen('.', ".9", 1);
        assert_eq!(sessions.key_of(&longer, now), None);
        assert_eq!(Sessions::new(b"other").key_of(value(&cookie), now), None);
        for odd in ["", ".", "a.b.c", "…"] {
            assert_eq!(sessions.key_of(odd, now), None);
        }
    }
}
