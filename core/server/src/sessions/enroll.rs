//! Enrolment tickets and the page that one opens: `tbe_<id>_<MAC>` once, then a cookie until the page is over.
//!
//! Nothing secret is stored: both are MACs under the operator's key. That a ticket opens one page once is the hub's.

use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tebura_hub::ids::EnrolmentId;
use tebura_ledger::Timestamp;

use super::{Sessions, cookie_of, mac};

/// The cookie's name.
const COOKIE: &str = "tebura_enroll";
/// What a ticket starts with, so that a leaked one is found by scanners.
const PREFIX: &str = "tbe_";
/// What is under a ticket's MAC, before the id.
const TICKET: &[u8] = b"tebura enrolment ticket 1 ";
/// What is under a page's MAC, before the id and the end.
const PAGE: &[u8] = b"tebura enrolment page 1 ";

impl Sessions {
    /// The ticket of an enrolment, as it is written on a slip or behind a `#`.
    pub fn ticket(&self, id: EnrolmentId) -> String {
        let id = id.uuid().as_simple().to_string();
        let tag = URL_SAFE_NO_PAD.encode(mac(self.mac_key.as_slice(), &[TICKET, id.as_bytes()].concat()));
        format!("{PREFIX}{id}_{tag}")
    }

    /// The enrolment of a ticket that this hub issued.
    pub fn enrolment_of(&self, ticket: &str) -> Option<EnrolmentId> {
        let (id, tag) = ticket.trim().strip_prefix(PREFIX)?.split_once('_')?;
        self.is_genuine(TICKET, id, tag).then_some(())?;
        format!("{}{id}", EnrolmentId::PREFIX).parse().ok()
    }

    /// The `Set-Cookie` value of a page that is open until `end`. `secure`: it came over TLS.
    pub fn open_page(&self, id: EnrolmentId, end: Timestamp, now: Timestamp, secure: bool) -> String {
        let signed = format!("{}.{}", id.uuid().as_simple(), end.millis());
        let tag = URL_SAFE_NO_PAD.encode(mac(self.mac_key.as_slice(), &[PAGE, signed.as_bytes()].concat()));
        let seconds = end.millis().saturating_sub(now.millis()).max(0) / 1_000;
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={signed}.{tag}; Path=/enroll; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
    }

    /// The `Set-Cookie` value that forgets the page.
    pub fn close_page() -> String {
        format!("{COOKIE}=; Path=/enroll; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    /// The enrolment whose page a request comes from; `None` from anywhere else, another site's page too.
    pub fn page_of(&self, parts: &Parts, now: Timestamp) -> Option<EnrolmentId> {
        let foreign = parts.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
        let (signed, tag) = cookie_of(parts, COOKIE)?.rsplit_once('.')?;
        let (id, end) = signed.split_once('.')?;
        let lasts = now.millis() < end.parse().ok()?;
        (!foreign && lasts && self.is_genuine(PAGE, signed, tag)).then_some(())?;
        format!("{}{id}", EnrolmentId::PREFIX).parse().ok()
    }

    fn is_genuine(&self, what: &[u8], signed: &str, tag: &str) -> bool {
        let checker = Hmac::<Sha256>::new_from_slice(self.mac_key.as_slice()).ok();
        let tag = URL_SAFE_NO_PAD.decode(tag).ok();
        checker.zip(tag).is_some_and(|(checker, tag)| {
            checker.chain_update(what).chain_update(signed.as_bytes()).verify_slice(&tag).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tebura_hub::ports::Ids;
    use tebura_ledger::Shard;

    use super::*;
    use crate::clock::SystemIds;

    fn parts(cookie: &str, site: &str) -> Parts {
        let pair = cookie.split(';').next().unwrap();
        let request = Request::get("/enroll/state").header("cookie", pair).header("sec-fetch-site", site);
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_ticket_is_this_hubs_and_a_page_is_no_ticket() {
        let sessions = Sessions::new(b"operator");
        let id = EnrolmentId::from_uuid(SystemIds.next(Shard::new(2)));
        let ticket = sessions.ticket(id);
        assert_eq!(sessions.enrolment_of(&format!(" {ticket}\n")), Some(id));
        assert_eq!(Sessions::new(b"other").enrolment_of(&ticket), None);
        for odd in ["", "tbe_", "tbe_a_b", "tbe_a", &ticket.replace("tbe_", "tb_"), &ticket[..ticket.len() - 1]] {
            assert_eq!(sessions.enrolment_of(odd), None, "{odd}");
        }
        let now = Timestamp::from_millis(1_000);
        let cookie = sessions.open_page(id, now.plus_ms(5_000), now, true);
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("Path=/enroll;") && cookie.contains("Max-Age=5; Secure")
        );
        let forged = cookie.replacen(&now.plus_ms(5_000).millis().to_string(), "99999999999999", 1);
        assert_eq!(sessions.page_of(&parts(&forged, "same-origin"), now), None);
        assert_eq!(sessions.page_of(&parts(&cookie, "same-origin"), now), Some(id));
        assert_eq!(sessions.page_of(&parts(&cookie, "cross-site"), now), None);
        assert_eq!(sessions.page_of(&parts(&cookie, "same-origin"), now.plus_ms(5_000)), None);
    }
}
