//! Proves who somebody is by the signature certificate of a My Number card (JPKI): the chain and the signature are
//! verified here, in the sandbox; whether the certificate is revoked a platform operator says.
//!
//! What the card signs holds the session's nonce, purpose and end. No certificate leaves this plugin or is kept: the
//! platform operator gets the issuer's key identifier and the certificate's number. Without its clear answer nothing is
//! proven. Nothing here knows the Individual Number: the certificate does not have it. Absent: the authentication
//! certificate, the card in a phone's wallet (an mdoc), and updates of attributes.

mod attributes;
mod chain;
mod key;
mod refusal;
mod signed;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tebura_identity::{
    Assertion, Challenge, Evidence, Identity, Session, Turn, challenge, export_identity, proven, refused, undecided,
};
use tebura_plugin::{Call, Field, Reply, Silence, Tag, config, hex};

use crate::attributes::Attributes;
use crate::chain::{Anchors, ends_ms, issuer_key_id};
use crate::refusal::Refusal;
use crate::signed::Signed;

/// This plugin's name: a part of what is signed.
pub const PLUGIN: &str = "jp.tebura.mynumber";
/// The kind of challenge, and the evidence's one part: a CMS message in DER.
pub const KIND: &str = "jpki.signature";
/// The part's name.
pub const PART: &str = "cms";

/// The handle in `plugin.toml`.
const PLATFORM: &str = "platform";
const ASKED: &str = "asked";
const STATUS: &str = "status";
/// A clock at the platform operator may be ahead by this.
const CLOCK_MS: u64 = 5 * 60_000;

/// The My Number card.
#[derive(Clone, Copy, Debug, Default)]
pub struct MyNumber;

/// What is kept while the platform operator is asked: encrypted by the hub, and no certificate.
#[derive(Serialize, Deserialize)]
struct Kept {
    claims: Vec<(String, String)>,
    valid_until: u64,
    digest: Vec<u8>,
    issuer_key_id: String,
    serial: String,
}

#[derive(Serialize)]
struct Asked<'k> {
    issuer_key_id: &'k str,
    serial: &'k str,
}

/// What the platform operator says of a certificate.
#[derive(Deserialize)]
struct Said {
    serial: String,
    status: String,
    /// When its list was made, and until when it is to be believed; milliseconds since 1970.
    this_update_ms: u64,
    next_update_ms: u64,
    /// The holder under this operator's own name for her, the same for all her certificates.
    user_id: Option<String>,
}

impl Identity for MyNumber {
    fn begin(&self, session: &Session) -> Turn {
        if anchors().is_none() {
            return undecided("anchors.missing", "the setting `anchors` holds no readable root certificate");
        }
        let (title, text) = match session.locale.as_str() {
            "en" => ("My Number card", "Sign with your card and the password of 6 to 16 characters."),
            _ => ("マイナンバーカード", "カードと、6〜16文字の署名用パスワードで署名してください。"),
        };
        let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
        let asked = Challenge {
            kind: KIND.to_owned(),
            to_sign: session.statement(PLUGIN),
            display: vec![field("title", title), field("text", text)],
            expires: session.expires,
        };
        challenge(asked, ASKED, &())
    }

    fn on_evidence(&self, session: &Session, at: &Tag, evidence: &Evidence) -> Turn {
        let Some(anchors) = anchors().filter(|_| at.name() == ASKED) else {
            return undecided("anchors.missing", "the setting `anchors` holds no readable root certificate");
        };
        match looked_at(session, &anchors, evidence) {
            Ok(kept) => {
                let asked = Asked { issuer_key_id: &kept.issuer_key_id, serial: &kept.serial };
                Call::post(PLATFORM, "/v1/certificate-status").json(&asked).read().then_with(STATUS, &kept).into()
            }
            Err(refusal) => refused(refusal.code(), refusal.message(&session.locale)),
        }
    }

    fn on_reply(&self, session: &Session, at: &Tag, reply: &Reply) -> Turn {
        let (Ok(kept), STATUS, 200) = (at.value::<Kept>(), at.name(), reply.status()) else {
            return undecided("status.unavailable", format!("the platform operator answered {}", reply.status()));
        };
        let Ok(said) = reply.json::<Said>() else {
            return undecided("status.unreadable", "the platform operator's answer cannot be read");
        };
        if said.serial != kept.serial {
            return undecided("status.other_certificate", "the platform operator spoke of another certificate");
        }
        if said.next_update_ms <= session.now || said.this_update_ms > session.now + CLOCK_MS {
            return undecided("status.stale", "the platform operator's list is not of today");
        }
        match (said.status.as_str(), said.user_id) {
            ("good", Some(user)) if user.len() >= 8 => proven(assertion(kept, &user)),
            ("good", _) => {
                undecided("status.no_user_id", "the platform operator names no user, so nobody can tell cards apart")
            }
            ("revoked", _) => refused(
                "certificate.revoked",
                match session.locale.as_str() {
                    "en" => {
                        "The certificate is revoked, for example after moving house. Renew it at the municipal office."
                    }
                    _ => "電子証明書が失効しています(転居などで失効します)。市区町村の窓口で更新してください。",
                },
            ),
            (_, _) => undecided("status.unknown", "the platform operator does not know the certificate"),
        }
    }

    fn on_silence(&self, _session: &Session, _at: &Tag, _silence: &Silence) -> Turn {
        undecided(
            "status.unavailable",
            "the platform operator did not answer: nobody knows whether the certificate is revoked",
        )
    }
}

fn anchors() -> Option<Anchors> {
    let accept_tests = config::get("profile").as_deref() == Some("test");
    Anchors::read(&config::get("anchors")?, accept_tests)
}

/// Everything that can be seen without asking anybody. What costs most comes last.
fn looked_at(session: &Session, anchors: &Anchors, evidence: &Evidence) -> Result<Kept, Refusal> {
    let message = evidence.part(PART).filter(|_| evidence.kind == KIND).ok_or(Refusal::EvidenceMissing)?;
    let signed = Signed::read(message, &session.statement(PLUGIN))?;
    let certificate = &signed.certificate;
    let key = anchors.check(certificate, session.now)?;
    signed.check(&key)?;
    let attributes = Attributes::of(certificate)?;
    let claims = attributes.claims(&session.claims, session.now);
    Ok(Kept {
        claims: claims.into_iter().map(|claim| (claim.name, claim.value)).collect(),
        valid_until: ends_ms(certificate),
        digest: Sha256::digest(message).to_vec(),
        issuer_key_id: hex(&issuer_key_id(certificate).ok_or(Refusal::UnknownIssuer)?),
        serial: hex(certificate.tbs_certificate().serial_number().as_bytes()),
    })
}

fn assertion(kept: Kept, user: &str) -> Assertion {
    let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
    let link = Sha256::new().chain_update(b"tebura mynumber link 1 ").chain_update(user.as_bytes()).finalize();
    Assertion {
        // A card at home, without anybody who watches: not more than level 2 by NIST's count.
        ial: 2,
        aal: 2,
        grades: vec![field("DS-511/2025", "L3"), field("NIST SP 800-63/4", "IAL2"), field("evidence", "jpki_sign")],
        claims: kept.claims.into_iter().map(|(name, value)| Field { name, value }).collect(),
        valid_until: kept.valid_until,
        evidence_digest: kept.digest,
        link: Some(link.to_vec()),
    }
}

export_identity!(MyNumber);
