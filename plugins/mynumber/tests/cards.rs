//! Cards of both kinds prove what they should; every other card is refused, each for its own reason (JPKI-1…16, TPKI-5,
//! TPKI-6).
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tebura_identity::{Assertion, Evidence};
use tebura_plugin::NativeHost;
use tebura_plugin_mynumber::{KIND, MyNumber, PART};
use tebura_plugin_test::{IdentityHarness, NOW, Proofed, identity_conformance, post};
use tebura_providers::jpki::{Algorithm, Card, CardPlan, Certifier, CertifierPlan, Holder, SignPlan};

const MANIFEST: &str = include_str!("../plugin.toml");
const CLAIMS: [&str; 8] =
    ["name", "name_substituted", "sex", "birth_date", "age_over_18", "address", "address_substituted", "municipality"];
const BOTH: [Algorithm; 2] = [Algorithm::Rsa2048, Algorithm::P384];
const YEAR_MS: i64 = 365 * 86_400_000;

fn now() -> i64 {
    i64::try_from(NOW).unwrap()
}

fn root(algorithm: Algorithm) -> Certifier {
    Certifier::new(&CertifierPlan::new(algorithm, now()))
}

/// The operator trusts these roots.
fn trust(roots: &[&Certifier], profile: &str) {
    let anchors: Vec<String> = roots.iter().map(|root| STANDARD.encode(root.certificate())).collect();
    NativeHost::with(|host| {
        host.config.insert("anchors".to_owned(), anchors.join("\n"));
        host.config.insert("profile".to_owned(), profile.to_owned());
    });
}

fn evidence(cms: Vec<u8>) -> Evidence {
    Evidence { kind: KIND.to_owned(), parts: vec![(PART.to_owned(), cms)] }
}

fn harness() -> IdentityHarness<MyNumber> {
    IdentityHarness::of(MyNumber, &CLAIMS).manifest(MANIFEST)
}

fn said(serial: &str, status: &str, user: Option<&str>) -> Value {
    let day = 86_400_000;
    json!({"serial": serial, "status": status, "this_update_ms": NOW - 1_000, "next_update_ms": NOW + day, "user_id": user})
}

/// A card signs the challenge, and the platform operator says that it is good.
fn proofed(card: &Card, plan: &SignPlan, serial: &str) -> Proofed {
    let mut hub = harness();
    let challenge = hub.begin();
    hub.expect(post("/v1/certificate-status")).reply(200, said(serial, "good", Some("user-0001")));
    hub.give(evidence(card.sign(&challenge.to_sign, plan)))
}

/// A card signs the challenge, and nobody is asked.
#[track_caller]
fn refused(card: &Card, plan: &SignPlan, code: &str) {
    let mut hub = harness();
    let challenge = hub.begin();
    let ended = hub.give(evidence(card.sign(&challenge.to_sign, plan)));
    assert_eq!(ended, Proofed::Refused { code: code.to_owned() });
}

fn card(root: &Certifier, change: impl FnOnce(&mut CardPlan)) -> Card {
    let mut plan = CardPlan::new(Algorithm::Rsa2048, 17, now());
    change(&mut plan);
    root.issue(&Holder::hanako(), &plan)
}

fn proven(ended: Proofed) -> Assertion {
    let Proofed::Proven(assertion) = ended else { panic!("{ended:?}") };
    assertion
}

fn claim<'a>(assertion: &'a Assertion, name: &str) -> Option<&'a str> {
    assertion.claims.iter().find(|claim| claim.name == name).map(|claim| claim.value.as_str())
}

#[test]
fn jpki_16_cards_of_both_kinds_prove_who_somebody_is() {
    for algorithm in BOTH {
        let root = root(algorithm);
        trust(&[&root], "test");
        let card = root.issue(&Holder::hanako(), &CardPlan::new(algorithm, 17, now()));
        for detached in [false, true] {
            let plan = SignPlan { detached, ..SignPlan::default() };
            let assertion = proven(proofed(&card, &plan, "11"));
            let values = CLAIMS.map(|name| claim(&assertion, name).unwrap());
            let address = "石川県加賀市大聖寺南町ニ41";
            let expected =
                ["加賀　花子", "false", "female", "1985-04-01", "true", address, "false", "Ishikawa-ken Kaga-shi"];
            assert_eq!(values, expected);
            assert_eq!((assertion.ial, assertion.aal), (2, 2));
            assert_eq!(assertion.valid_until, u64::try_from(now() + 4 * YEAR_MS).unwrap());
        }
    }
}

#[test]
fn only_what_was_agreed_to_is_said() {
    let root = root(Algorithm::Rsa2048);
    trust(&[&root], "test");
    let card = card(&root, |_| {});
    let mut hub = IdentityHarness::of(MyNumber, &["age_over_18"]).manifest(MANIFEST);
    let challenge = hub.begin();
    hub.expect(post("/v1/certificate-status")).reply(200, said("11", "good", Some("user-0001")));
    let assertion = proven(hub.give(evidence(card.sign(&challenge.to_sign, &SignPlan::default()))));
    assert_eq!(assertion.claims.len(), 1);
    assert_eq!(claim(&assertion, "age_over_18"), Some("true"));
}

#[test]
fn jpki_13_the_link_is_the_holders_and_not_the_certificates() {
    let root = root(Algorithm::P384);
    trust(&[&root], "test");
    let links = [17_u64, 18].map(|serial| {
        let card = card(&root, |plan| plan.serial = serial);
        proven(proofed(&card, &SignPlan::default(), &format!("{serial:x}"))).link.unwrap()
    });
    assert_eq!(links[0], links[1], "a renewed card is the same person's");
}

#[test]
fn jpki_2_several_generations_of_roots_count_each_for_its_time() {
    let plan = |from_ms: i64, until_ms: i64| CertifierPlan {
        from_ms: now() + from_ms,
        until_ms: now() + until_ms,
        ..CertifierPlan::new(Algorithm::Rsa2048, now())
    };
    let [old, present, next] = [(-9 * YEAR_MS, -1_000), (-YEAR_MS, YEAR_MS), (1_000, 9 * YEAR_MS)]
        .map(|(from_ms, until_ms)| Certifier::new(&plan(from_ms, until_ms)));
    trust(&[&old, &present, &next], "test");
    assert_eq!(proofed(&card(&present, |_| {}), &SignPlan::default(), "11").code(), None);
    refused(&card(&old, |_| {}), &SignPlan::default(), "anchor.expired");
    refused(&card(&next, |_| {}), &SignPlan::default(), "anchor.not_yet_valid");
}

#[test]
fn tpki_5_jpki_3_certificates_that_prove_nothing() {
    let root = root(Algorithm::Rsa2048);
    trust(&[&root], "test");
    let plain = SignPlan::default();
    refused(&card(&root, |plan| plan.until_ms = now() - 1_000), &plain, "certificate.expired");
    refused(&card(&root, |plan| plan.from_ms = now() + 1_000), &plain, "certificate.not_yet_valid");
    refused(&card(&root, |plan| plan.is_ca = true), &plain, "certificate.is_a_ca");
    refused(&card(&root, |plan| plan.for_logging_in = true), &plain, "certificate.not_for_signing");
    refused(&card(&root, |plan| plan.forged = true), &plain, "chain.signature_wrong");
    refused(&card(&root, |plan| plan.weak_key = true), &plain, "key.too_weak");
    refused(&card(&root, |plan| plan.unknown_critical = true), &plain, "certificate.unknown_critical_extension");
    // A person's card that certifies another.
    let plan = CardPlan::new(Algorithm::Rsa2048, 18, now());
    refused(&card(&root, |_| {}).certifies(&Holder::hanako(), &plan), &plain, "chain.unknown_issuer");
    // A root of the same name with another key.
    refused(&card(&self::root(Algorithm::Rsa2048), |_| {}), &plain, "chain.unknown_issuer");
}

#[test]
fn tpki_5_roots_that_prove_nothing() {
    let no_ca = Certifier::new(&CertifierPlan { is_ca: false, ..CertifierPlan::new(Algorithm::P384, now()) });
    trust(&[&no_ca], "test");
    refused(&card(&no_ca, |_| {}), &SignPlan::default(), "anchor.not_a_ca");
    let root = root(Algorithm::P384);
    trust(&[&root], "production");
    refused(&card(&root, |_| {}), &SignPlan::default(), "anchor.test_only");
}

#[test]
fn tpki_5_messages_that_prove_nothing() {
    for algorithm in BOTH {
        let root = root(algorithm);
        trust(&[&root], "test");
        let card = root.issue(&Holder::hanako(), &CardPlan::new(algorithm, 17, now()));
        let wrong = |change: fn(&mut SignPlan), code: &str| {
            let mut plan = SignPlan::default();
            change(&mut plan);
            refused(&card, &plan, code);
        };
        wrong(|plan| plan.by_key_id = true, "cms.signer_by_key_id");
        wrong(|plan| plan.twice = true, "cms.not_one_signer");
        wrong(|plan| plan.no_attributes = true, "cms.no_signed_attributes");
        wrong(|plan| plan.other_digest = true, "cms.digest_mismatch");
        wrong(|plan| plan.old_hash = true, "algorithm.refused");
        wrong(|plan| plan.no_certificate = true, "cms.certificate_missing");
        // One bit of the signature, which ends the message.
        let mut hub = harness();
        let mut cms = card.sign(&hub.begin().to_sign, &SignPlan::default());
        *cms.last_mut().unwrap() ^= 1;
        assert_eq!(hub.give(evidence(cms)).code(), Some("signature.wrong"));
    }
}

#[test]
fn tpki_6_a_signature_is_for_one_session_one_purpose_and_one_time() {
    let root = root(Algorithm::P384);
    trust(&[&root], "test");
    let card = card(&root, |plan| plan.algorithm = Algorithm::P384);
    let signed = card.sign(&harness().begin().to_sign, &SignPlan::default());
    let detached = card.sign(&harness().begin().to_sign, &SignPlan { detached: true, ..SignPlan::default() });
    for change in [
        |hub: &mut IdentityHarness<MyNumber>| hub.session().nonce[0] ^= 1,
        |hub: &mut IdentityHarness<MyNumber>| hub.session().purpose = "payment".to_owned(),
        |hub: &mut IdentityHarness<MyNumber>| hub.session().expires += 1,
        |hub: &mut IdentityHarness<MyNumber>| hub.session().id.push('0'),
    ] {
        for (message, code) in [(&signed, "content.other"), (&detached, "cms.digest_mismatch")] {
            let mut hub = harness();
            change(&mut hub);
            hub.begin();
            assert_eq!(hub.give(evidence(message.clone())).code(), Some(code));
        }
    }
}

#[test]
fn jpki_5_jpki_6_jpki_7_attributes_are_what_the_register_writes() {
    let root = root(Algorithm::P384);
    trust(&[&root], "test");
    let holder = |change: fn(&mut Holder)| {
        let mut holder = Holder::hanako();
        change(&mut holder);
        root.issue(&holder, &CardPlan::new(Algorithm::P384, 17, now()))
    };
    for change in [
        |holder: &mut Holder| holder.name_flags = "0000".to_owned(),
        |holder: &mut Holder| holder.name_flags = "00002".to_owned(),
        |holder: &mut Holder| holder.sex = "4".to_owned(),
        |holder: &mut Holder| holder.birth = "19850401".to_owned(),
        |holder: &mut Holder| holder.birth = "619850401".to_owned(),
        |holder: &mut Holder| holder.address = "x".repeat(201),
        |holder: &mut Holder| holder.address_flags.clear(),
    ] {
        let code = harness_code(&holder(change));
        assert!(["attributes.malformed", "attributes.missing"].contains(&code.as_str()), "{code}");
    }
    // JPKI-6: a substituted character is told.
    let substituted =
        proven(proofed(&holder(|holder| holder.name_flags = "01000".to_owned()), &SignPlan::default(), "11"));
    assert_eq!(claim(&substituted, "name_substituted"), Some("true"));
    // JPKI-7: an unknown date is no age.
    let unknown = proven(proofed(&holder(|holder| holder.birth = "319850000".to_owned()), &SignPlan::default(), "11"));
    assert_eq!((claim(&unknown, "birth_date"), claim(&unknown, "age_over_18")), (Some("1985"), None));
    let young = proven(proofed(&holder(|holder| holder.birth = "520200401".to_owned()), &SignPlan::default(), "11"));
    assert_eq!(claim(&young, "age_over_18"), Some("false"));
}

fn harness_code(card: &Card) -> String {
    let mut hub = harness();
    let challenge = hub.begin();
    hub.give(evidence(card.sign(&challenge.to_sign, &SignPlan::default()))).code().unwrap_or_default().to_owned()
}

#[test]
fn jpki_11_without_a_clear_word_of_the_platform_operator_nothing_is_proven() {
    let root = root(Algorithm::P384);
    trust(&[&root], "test");
    let card = card(&root, |plan| plan.algorithm = Algorithm::P384);
    let answered = |status: u16, body: Value| {
        let mut hub = harness();
        let challenge = hub.begin();
        hub.expect(post("/v1/certificate-status")).reply(status, body);
        hub.give(evidence(card.sign(&challenge.to_sign, &SignPlan::default())))
    };
    let code = |status, body| answered(status, body).code().map(str::to_owned);
    let user = Some("user-0001");
    assert_eq!(answered(200, said("11", "revoked", user)), Proofed::Refused { code: "certificate.revoked".to_owned() });
    assert_eq!(code(200, said("11", "unknown", None)).as_deref(), Some("status.unknown"));
    assert_eq!(code(200, said("12", "good", user)).as_deref(), Some("status.other_certificate"));
    assert_eq!(code(200, said("11", "good", None)).as_deref(), Some("status.no_user_id"));
    let mut stale = said("11", "good", user);
    stale["next_update_ms"] = json!(NOW);
    assert_eq!(code(200, stale).as_deref(), Some("status.stale"));
    assert_eq!(code(200, json!({})).as_deref(), Some("status.unreadable"));
    assert_eq!(code(503, said("11", "good", user)).as_deref(), Some("status.unavailable"));
    let mut hub = harness();
    let challenge = hub.begin();
    hub.expect(post("/v1/certificate-status")).lost();
    let silent = hub.give(evidence(card.sign(&challenge.to_sign, &SignPlan::default())));
    assert_eq!(silent, Proofed::Undecided { code: "status.unavailable".to_owned() });
}

#[test]
fn jpki_12_no_certificate_leaves_the_plugin() {
    // The harness looks at every call and every state; here is what is sent.
    let root = root(Algorithm::Rsa2048);
    trust(&[&root], "test");
    let card = card(&root, |_| {});
    let mut hub = harness();
    let challenge = hub.begin();
    let info = root.certificate();
    let key_id = info.windows(2).position(|window| window == [0x04, 0x14]).map(|at| &info[at + 2..at + 22]).unwrap();
    let key_id: String = key_id.iter().map(|byte| format!("{byte:02x}")).collect();
    hub.expect(post("/v1/certificate-status").json(json!({"issuer_key_id": key_id, "serial": "11"}))).status(404);
    hub.give(evidence(card.sign(&challenge.to_sign, &SignPlan::default())));
}

#[test]
fn a_plugin_without_roots_begins_nothing() {
    let mut hub = IdentityHarness::of(MyNumber, &CLAIMS);
    NativeHost::with(|host| host.config.clear());
    let begun = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hub.begin()));
    assert!(begun.is_err());
}

#[test]
fn it_conforms() {
    trust(&[&root(Algorithm::P384)], "test");
    let replies = [(200, said("11", "good", Some("user-0001"))), (200, said("11", "revoked", None))];
    let report = identity_conformance(MyNumber::default, MANIFEST, &CLAIMS, &replies);
    assert!(report.paths > 20, "the suite reached {} paths", report.paths);
    report.assert_clean();
}
