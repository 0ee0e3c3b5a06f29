//! Statements: what counts, and every way in which one does not. Parties' keys: registered, replaced, revoked.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_contract::{DocumentHash, Event};
use tebura_ledger::{Currency, Uuid};

use super::world::{JumpingClock, hub, key};
use crate::Hub;
use crate::ids::{ContractId, MerchantId, PartyId, PartyKeyId};
use crate::instant::rfc3339;
use crate::parties::{KeyState, MAX_KEYS, MAX_OVERLAP_MS, NewPartyKey, PartyError, PartyKey, Replaces};
use crate::ports::Caller;
use crate::statements::jws::{JwsError, sign};
use crate::statements::{MAX_BYTES, MAX_LIFE_MS, SKEW_MS, Said, SignedStatement, Statement, StatementError};

const NONCE: &str = "n-0123456789abcd";
/// A day in 2026.
const TODAY_MS: i64 = 1_795_332_000_000;
const HOUR_MS: i64 = 3_600_000;

struct Desk {
    hub: Hub,
    clock: Arc<JumpingClock>,
    party: PartyId,
    private: SigningKey,
    kid: PartyKeyId,
}

fn private(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn contract() -> ContractId {
    ContractId::from_uuid(Uuid::from_u128(77 << 8))
}

/// The request that registers a key, signed with it.
fn proof(private: &SigningKey) -> SignedStatement {
    let body = b"{\"party\":\"\"}".to_vec();
    let signature = sign(private, None, &body);
    SignedStatement { body, signature }
}

fn new(party: PartyId, private: &SigningKey) -> NewPartyKey {
    let public_key = private.verifying_key().to_bytes();
    NewPartyKey { party, public_key, valid_from: None, valid_until: None, replaces: None }
}

async fn register(hub: &Hub, word: &str, private: &SigningKey, new: NewPartyKey) -> Result<PartyKey, PartyError> {
    let made = hub.register_party_key(&Caller::Operator, key(word), new, &proof(private)).await?;
    Ok(made.row)
}

impl Desk {
    async fn open() -> Desk {
        let (hub, _, clock) = hub();
        clock.jump_ms(TODAY_MS);
        let party = hub.register_party(key("party"), "メーター", None).await.unwrap().row.id;
        let private = private(1);
        let kid = register(&hub, "first", &private, new(party, &private)).await.unwrap().id;
        Desk { hub, clock, party, private, kid }
    }

    /// A statement that counts for an hour from now.
    fn body(&self, said: Value) -> Value {
        let now = self.hub.now();
        let mut body = json!({
            "contract": contract().to_string(), "by": "meter", "nonce": NONCE,
            "issued_at": rfc3339(now), "expires_at": rfc3339(now.plus_ms(HOUR_MS)),
        });
        for (name, value) in said.as_object().unwrap() {
            match value {
                Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
                value => body[name] = value.clone(),
            }
        }
        body
    }

    fn signed(&self, text: &str) -> SignedStatement {
        let signature = sign(&self.private, Some(&self.kid.to_string()), text.as_bytes());
        SignedStatement { body: text.as_bytes().to_vec(), signature }
    }

    async fn say(&self, said: Value) -> Result<Statement, StatementError> {
        self.verify(&self.signed(&self.body(said).to_string())).await
    }

    async fn verify(&self, signed: &SignedStatement) -> Result<Statement, StatementError> {
        let (statement, key) = self.hub.verify_statement(signed).await?;
        assert_eq!((key.id, key.party), (self.kid, self.party));
        Ok(statement)
    }

    #[track_caller]
    fn refused(result: Result<Statement, StatementError>, code: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test]
async fn each_kind_of_statement_becomes_its_event() {
    let desk = Desk::open().await;
    let (id, by) = (NONCE.to_owned(), "meter".to_owned());
    let act = desk.say(json!({"act": "accept"})).await.unwrap();
    assert_eq!(act.contract, contract());
    assert_eq!(act.event(), Some(Event::Act { id: id.clone(), by: by.clone(), act: "accept".to_owned() }));

    let attest = desk.say(json!({"attest": "meter.final", "fields": {"fare": 4200, "late": -3}})).await.unwrap();
    let fields = BTreeMap::from([("fare".to_owned(), 4_200), ("late".to_owned(), -3)]);
    let expected = Event::Attest { id: id.clone(), by: by.clone(), attest: "meter.final".to_owned(), fields };
    assert_eq!(attest.event(), Some(expected));
    let bare = desk.say(json!({"attest": "arrived"})).await.unwrap();
    assert_eq!(bare.said, Said::Attest { attest: "arrived".to_owned(), fields: BTreeMap::new() });

    let asked = "q-0123456789abcd".to_owned();
    let consent = desk.say(json!({"consent": {"statement": asked, "granted": false}})).await.unwrap();
    assert_eq!(consent.event(), Some(Event::Consent { id, by, statement: asked, granted: false }));

    let hash = DocumentHash::from_bytes([5; 32]);
    let agree = desk.say(json!({"agree": hash.to_string()})).await.unwrap();
    assert_eq!((agree.event(), agree.said), (None, Said::Agree(hash)));
}

#[tokio::test]
async fn what_is_no_statement_is_refused_though_it_is_signed() {
    let desk = Desk::open().await;
    for said in [
        json!({}),
        json!({"act": "accept", "attest": "arrived"}),
        json!({"act": "accept", "fields": {"fare": 1}}),
        json!({"act": "accept", "agree": DocumentHash::from_bytes([5; 32]).to_string()}),
        json!({"act": "Accept"}),
        json!({"act": ""}),
        json!({"act": "a".repeat(65)}),
        json!({"act": "accept", "by": "メーター"}),
        json!({"act": "accept", "note": "hello"}),
        json!({"act": "accept", "nonce": "short"}),
        json!({"act": "accept", "nonce": "n".repeat(65)}),
        json!({"act": "accept", "nonce": "with a space 0123"}),
        json!({"act": "accept", "nonce": null}),
        json!({"act": "accept", "contract": "pay_00000000000000000000000000000000"}),
        json!({"act": "accept", "issued_at": 1_795_332_000_123_i64}),
        json!({"act": "accept", "issued_at": "2026-11-22T07:20:00+09:00"}),
        json!({"attest": "bill", "fields": {"fare": 4200.0}}),
        json!({"attest": "bill", "fields": {"fare": "4200"}}),
        json!({"attest": "bill", "fields": {"fare": 9_007_199_254_740_992_i64}}),
        json!({"attest": "bill", "fields": {"Fare": 1}}),
        json!({"consent": {"statement": NONCE}}),
        json!({"consent": {"statement": NONCE, "granted": true, "why": 1}}),
        json!({"agree": "sha256:00"}),
    ] {
        let text = said.to_string();
        let error = desk.say(said).await.unwrap_err();
        assert_eq!(error.code(), "statement.malformed", "{text}: {error}");
    }
    let body = desk.body(json!({"attest": "bill", "fields": {"fare": 1}})).to_string();
    for twice in [
        body.replacen(r#""fare":1"#, r#""fare":1,"fare":2"#, 1),
        body.replacen(r#""by":"meter""#, r#""by":"meter","by":"taxi""#, 1),
        body.replacen(r#""by":"meter""#, r#""by":"meter","b\u0079":"taxi""#, 1),
        format!("{body}{body}"),
        "[]".to_owned(),
        String::new(),
    ] {
        assert!(twice != body);
        Desk::refused(desk.verify(&desk.signed(&twice)).await, "statement.malformed");
    }
    let large = desk.body(json!({"act": "a".repeat(MAX_BYTES)})).to_string();
    Desk::refused(desk.verify(&desk.signed(&large)).await, "statement.too_large");
}

#[tokio::test]
async fn a_signature_holds_for_these_bytes_and_this_key_only() {
    let desk = Desk::open().await;
    let text = desk.body(json!({"attest": "meter.final", "fields": {"fare": 4200}})).to_string();
    let good = desk.signed(&text);
    desk.verify(&good).await.unwrap();

    // The same meaning in other bytes is another statement.
    let body = text.replace(r#""fare":4200"#, r#""fare": 4200"#).into_bytes();
    Desk::refused(desk.verify(&SignedStatement { body, ..good.clone() }).await, "statement.signature_wrong");
    let body = text.replace("4200", "9200").into_bytes();
    Desk::refused(desk.verify(&SignedStatement { body, ..good.clone() }).await, "statement.signature_wrong");

    let as_kid = |kid: &str, by: &SigningKey| SignedStatement {
        signature: sign(by, Some(kid), text.as_bytes()),
        ..good.clone()
    };
    let kid = desk.kid.to_string();
    Desk::refused(desk.verify(&as_kid(&kid, &private(2))).await, "statement.signature_wrong");
    let unknown = PartyKeyId::from_uuid(Uuid::from_u128(9)).to_string();
    Desk::refused(desk.verify(&as_kid(&unknown, &desk.private)).await, "statement.key_unknown");
    Desk::refused(desk.verify(&as_kid("../../etc", &desk.private)).await, "statement.key_unknown");
    let nameless = SignedStatement { signature: sign(&desk.private, None, text.as_bytes()), ..good.clone() };
    Desk::refused(desk.verify(&nameless).await, "statement.key_id_missing");

    // Every single bit of the signature matters.
    let (header, signature) = good.signature.split_once("..").unwrap();
    for place in 0..signature.len() {
        let mut changed = signature.as_bytes().to_vec();
        changed[place] = if changed[place] == b'A' { b'Q' } else { b'A' };
        let signature = format!("{header}..{}", String::from_utf8(changed).unwrap());
        let error = desk.verify(&SignedStatement { signature, ..good.clone() }).await.unwrap_err();
        assert!(
            ["statement.signature_wrong", "statement.signature_malformed"].contains(&error.code()),
            "{place}: {error}"
        );
    }
}

#[tokio::test]
async fn a_statement_counts_in_its_time() {
    let desk = Desk::open().await;
    let now = desk.hub.now();
    let times = |issued: i64, expires: i64| json!({"act": "accept", "issued_at": rfc3339(now.plus_ms(issued)), "expires_at": rfc3339(now.plus_ms(expires))});
    desk.say(times(0, 1)).await.unwrap();
    desk.say(times(SKEW_MS, SKEW_MS + 1)).await.unwrap();
    desk.say(times(1 - MAX_LIFE_MS, 1)).await.unwrap();
    Desk::refused(desk.say(times(SKEW_MS + 1, HOUR_MS)).await, "statement.not_yet_valid");
    Desk::refused(desk.say(times(-HOUR_MS, 0)).await, "statement.expired");
    Desk::refused(desk.say(times(0, MAX_LIFE_MS + 1)).await, "statement.life_invalid");
    Desk::refused(desk.say(times(0, 0)).await, "statement.life_invalid");
    Desk::refused(desk.say(times(10, -10)).await, "statement.life_invalid");

    let signed = desk.signed(&desk.body(json!({"act": "accept"})).to_string());
    desk.verify(&signed).await.unwrap();
    desk.clock.jump_ms(HOUR_MS);
    Desk::refused(desk.verify(&signed).await, "statement.expired");
    // A clock that was set back makes it count again; that it counts once is for the contract to see.
    desk.clock.jump_ms(-HOUR_MS / 2);
    desk.verify(&signed).await.unwrap();
    desk.clock.jump_ms(-HOUR_MS);
    Desk::refused(desk.verify(&signed).await, "statement.key_not_yet_valid");
}

#[tokio::test]
async fn a_replaced_key_counts_until_its_end_and_a_revoked_one_no_more() {
    let mut desk = Desk::open().await;
    let old = desk.signed(&desk.body(json!({"act": "accept"})).to_string());
    let next = private(2);
    let replaces = Some(Replaces { key: desk.kid, overlap_ms: 1_000 });
    let newer = register(&desk.hub, "second", &next, NewPartyKey { replaces, ..new(desk.party, &next) }).await.unwrap();

    desk.verify(&old).await.unwrap();
    desk.clock.jump_ms(1_000);
    Desk::refused(desk.verify(&old).await, "statement.key_expired");
    (desk.private, desk.kid) = (next, newer.id);
    let signed = desk.signed(&desk.body(json!({"act": "accept"})).to_string());
    desk.verify(&signed).await.unwrap();

    let first = desk.hub.revoke_party_key(&Caller::Operator, desk.party, desk.kid).await.unwrap();
    Desk::refused(desk.verify(&signed).await, "statement.key_revoked");
    desk.clock.jump_ms(5_000);
    let again = desk.hub.revoke_party_key(&Caller::Operator, desk.party, desk.kid).await.unwrap();
    assert_eq!((again.revoked_at, again.state(desk.hub.now())), (first.revoked_at, KeyState::Revoked));
    assert!(first.revoked_at.is_some());

    // Neither key comes back under another name, and an ended one is not replaced.
    for seed in [1, 2] {
        let private = private(seed);
        let word = format!("again {seed}");
        let error = register(&desk.hub, &word, &private, new(desk.party, &private)).await.unwrap_err();
        assert!(matches!(error, PartyError::KeyKnown(_)), "{error}");
    }
    let replaces = Some(Replaces { key: desk.kid, overlap_ms: 0 });
    let third = private(3);
    let error = register(&desk.hub, "third", &third, NewPartyKey { replaces, ..new(desk.party, &third) }).await;
    assert_eq!(error.unwrap_err(), PartyError::ReplacedEnded(desk.kid));
    assert_eq!(desk.hub.store().party_keys(desk.party).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_that_begins_later_leaves_the_one_before_in_place() {
    let desk = Desk::open().await;
    let (next, begins) = (private(2), desk.hub.now().plus_ms(2 * HOUR_MS));
    let replaces = Some(Replaces { key: desk.kid, overlap_ms: HOUR_MS });
    let later = NewPartyKey { replaces, valid_from: Some(begins), ..new(desk.party, &next) };
    let later = register(&desk.hub, "later", &next, later).await.unwrap();
    assert_eq!(later.state(desk.hub.now()), KeyState::NotYet);
    let text = desk.body(json!({"act": "accept"})).to_string();
    let signature = sign(&next, Some(&later.id.to_string()), text.as_bytes());
    let early = SignedStatement { body: text.clone().into_bytes(), signature };
    assert_eq!(desk.hub.verify_statement(&early).await.unwrap_err().code(), "statement.key_not_yet_valid");
    desk.verify(&desk.signed(&text)).await.unwrap();
    let old = desk.hub.store().party_key(desk.kid).await.unwrap().unwrap();
    assert_eq!(old.valid_until, Some(begins.plus_ms(HOUR_MS)));
    desk.clock.jump_ms(2 * HOUR_MS);
    assert_eq!((old.state(desk.hub.now()), later.state(desk.hub.now())), (KeyState::Counts, KeyState::Counts));
}

#[tokio::test]
async fn a_key_is_registered_by_who_has_it() {
    let desk = Desk::open().await;
    let (mine, theirs) = (private(5), private(6));
    let with = async |proof: SignedStatement| {
        let caller = Caller::Operator;
        desk.hub.register_party_key(&caller, key("stolen"), new(desk.party, &theirs), &proof).await.unwrap_err()
    };
    assert_eq!(with(proof(&mine)).await, PartyError::ProofWrong);
    let mut other = proof(&theirs);
    other.body.push(b' ');
    assert_eq!(with(other).await, PartyError::ProofWrong);
    let named = SignedStatement { signature: sign(&theirs, Some("pk_1"), &proof(&theirs).body), ..proof(&theirs) };
    assert_eq!(with(named).await, PartyError::Proof(JwsError::KeyIdRefused));

    // Points of small order verify what nobody signed; bytes that are no point verify nothing.
    let mut one = [0; 32];
    one[0] = 1;
    for public_key in [[0; 32], one, [0xff; 32], [2; 32]] {
        let weak = NewPartyKey { public_key, ..new(desk.party, &mine) };
        let error = register(&desk.hub, "weak", &mine, weak).await.unwrap_err();
        assert_eq!(error, PartyError::PublicKeyInvalid, "{public_key:?}");
    }
}

#[tokio::test]
async fn a_registration_is_checked_and_repeated_under_its_key() {
    let desk = Desk::open().await;
    let mine = private(5);
    let now = desk.hub.now();
    let over = NewPartyKey { valid_until: Some(now), ..new(desk.party, &mine) };
    assert_eq!(register(&desk.hub, "a", &mine, over).await.unwrap_err(), PartyError::ValidityInvalid);
    let long = Some(Replaces { key: desk.kid, overlap_ms: MAX_OVERLAP_MS + 1 });
    let long = NewPartyKey { replaces: long, ..new(desk.party, &mine) };
    assert_eq!(register(&desk.hub, "a", &mine, long).await.unwrap_err(), PartyError::OverlapInvalid);
    let first = register(&desk.hub, "a", &mine, new(desk.party, &mine)).await.unwrap();
    desk.clock.jump_ms(10);
    assert_eq!(register(&desk.hub, "a", &mine, new(desk.party, &mine)).await.unwrap(), first);

    for seed in 0..MAX_KEYS - 2 {
        let mut secret = [9; 32];
        secret[..8].copy_from_slice(&seed.to_be_bytes());
        let one_more = SigningKey::from_bytes(&secret);
        register(&desk.hub, &format!("k{seed}"), &one_more, new(desk.party, &one_more)).await.unwrap();
    }
    let last = private(7);
    let error = register(&desk.hub, "last", &last, new(desk.party, &last)).await.unwrap_err();
    assert_eq!(error, PartyError::TooManyKeys);
}

#[tokio::test]
async fn a_party_is_its_merchants_alone() {
    let desk = Desk::open().await;
    let mut merchants = Vec::new();
    for word in ["shop", "rival"] {
        let made = desk.hub.create_merchant(key(word), word, true, Currency::JPY).await.unwrap();
        merchants.push(made.row.id);
    }
    let (shop, rival) = (Caller::Merchant(merchants[0]), Caller::Merchant(merchants[1]));
    let party = desk.hub.register_party(key("p"), "レジ", Some(merchants[0])).await.unwrap().row.id;
    let mine = private(5);
    let registers = async |caller: &Caller, of: PartyId| {
        let made = desk.hub.register_party_key(caller, key("k"), new(of, &mine), &proof(&mine)).await;
        made.map(|made| made.row.id)
    };
    assert_eq!(registers(&rival, party).await.unwrap_err(), PartyError::PartyNotFound(party));
    assert_eq!(registers(&shop, desk.party).await.unwrap_err(), PartyError::PartyNotFound(desk.party));
    let kid = registers(&shop, party).await.unwrap();
    let revokes = async |caller: &Caller, of: PartyId| desk.hub.revoke_party_key(caller, of, kid).await;
    assert_eq!(revokes(&rival, party).await.unwrap_err(), PartyError::PartyNotFound(party));
    assert_eq!(revokes(&Caller::Operator, desk.party).await.unwrap_err(), PartyError::KeyNotFound(kid));
    assert!(revokes(&shop, party).await.unwrap().revoked_at.is_some());

    let nobody = MerchantId::from_uuid(Uuid::from_u128(1 << 100));
    let error = desk.hub.register_party(key("q"), "x", Some(nobody)).await.unwrap_err();
    assert_eq!(error, PartyError::MerchantNotFound(nobody));
    let error = desk.hub.register_party(key("r"), " \n", None).await.unwrap_err();
    assert_eq!(error, PartyError::LabelInvalid);
}
