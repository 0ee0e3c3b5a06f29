//! Proving who somebody is: one nonce, one answer, claims that were agreed to, one card for one person, and nothing
//! proven on silence.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::world::{FarEnd, JumpingClock, clock, hub_on, key};
use crate::Hub;
use crate::ids::PersonId;
use crate::memory::MemoryStore;
use crate::ports::{Delivery, Egress, Outgoing};
use crate::proofing::{
    Assertion, Challenge, Evidence, NewProofing, ProofEvent, ProofSession, ProofStep, ProofTurn, ProofVerdict,
    Proofing, ProofingError, ProofingStage, ProofingStatus, Prover, ProverDescriptor,
};
use crate::rail::{ComponentDigest, Effect, Fault, HttpCall, HttpReply, Next, PluginId, RailError, RailEvent, Step};

const PLUGIN: &str = "jp.example.register";
/// Reads as an Individual Number; made up.
const NUMBER: &str = "123456789018";

/// Believes evidence of the form `card;claim=value;…` after the far end has said `good`.
struct Register(ProverDescriptor);

fn next(next: Next<ProofTurn>, state: &[u8]) -> ProofStep {
    Step { next, state: state.to_vec(), writes: Vec::new() }
}

fn ended(verdict: ProofVerdict) -> ProofStep {
    next(Next::Done(ProofTurn::Verdict(verdict)), b"")
}

fn fault(code: &str) -> Fault {
    Fault { code: code.to_owned(), message: format!("about {NUMBER}") }
}

fn proven(session: &ProofSession, state: &[u8]) -> ProofStep {
    let text = String::from_utf8(state.to_vec()).unwrap();
    let mut words = text.split(';');
    let card = words.next().unwrap();
    let claims =
        words.map(|word| word.split_once('=').unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned()));
    ended(ProofVerdict::Proven(Assertion {
        ial: 2,
        aal: if card == "of level nine" { 9 } else { 2 },
        grades: vec![("DS-511/2025".to_owned(), "L3".to_owned())],
        claims: claims.collect(),
        valid_until: session.now.plus_ms(86_400_000),
        evidence_digest: [1; 32],
        link: Some(format!("link of {card:16}").into_bytes()),
    }))
}

#[async_trait]
impl Prover for Register {
    fn descriptor(&self) -> &ProverDescriptor {
        &self.0
    }

    async fn begin(&self, session: &ProofSession) -> Result<ProofStep, RailError> {
        if session.purpose == "hasty" {
            return Ok(proven(session, b"card;name=x"));
        }
        let challenge = Challenge {
            kind: "signature".to_owned(),
            to_sign: session.nonce.to_vec(),
            display: Vec::new(),
            expires: session.now.plus_ms(60_000),
        };
        Ok(next(Next::Done(ProofTurn::Challenge(challenge)), b"began"))
    }

    async fn resume(&self, session: &ProofSession, state: &[u8], event: &ProofEvent) -> Result<ProofStep, RailError> {
        Ok(match event {
            ProofEvent::Evidence(evidence) => {
                assert_eq!(state, b"began");
                let call = HttpCall {
                    endpoint: "platform".to_owned(),
                    method: "GET".to_owned(),
                    path: "/v1/status".to_owned(),
                    headers: Vec::new(),
                    body: Vec::new(),
                    effect: Effect::Read,
                    timeout_ms: 1_000,
                    stale_after: None,
                };
                next(Next::Call(call), &evidence.parts[0].1)
            }
            ProofEvent::Far(RailEvent::Reply(reply)) if reply.body == b"good" => proven(session, state),
            ProofEvent::Far(RailEvent::Reply(_)) => ended(ProofVerdict::Refused(fault("certificate.revoked"))),
            // A plugin that takes silence for consent.
            ProofEvent::Far(_) if state.starts_with(b"gullible") => proven(session, state),
            ProofEvent::Far(_) => ended(ProofVerdict::Undecided(fault("status.unknown"))),
        })
    }
}

/// Says what it is told to; `None`: nothing arrives.
struct Platform(Mutex<Option<&'static str>>);

#[async_trait]
impl Egress for Platform {
    async fn send(&self, _: &Outgoing) -> Delivery {
        match *self.0.lock().unwrap() {
            Some(word) => Delivery::Reply(HttpReply { status: 200, headers: vec![], body: word.into() }),
            None => Delivery::MaybeDelivered { reason: "cut".to_owned() },
        }
    }
}

struct Office {
    hub: Hub,
    clock: Arc<JumpingClock>,
    platform: Arc<Platform>,
    hanako: PersonId,
}

async fn office() -> Office {
    let (clock, platform) = (clock(), Arc::new(Platform(Mutex::new(Some("good")))));
    let far_end = Arc::new(FarEnd::with_balance(0));
    let mut hub = hub_on(Arc::new(MemoryStore::new(3)), far_end, clock.clone(), false);
    hub.egress = platform.clone();
    hub.add_prover(Arc::new(Register(ProverDescriptor {
        plugin: PluginId(PLUGIN.to_owned()),
        version: "1.0.0".to_owned(),
        title: None,
        digest: ComponentDigest([2; 32]),
        claims: ["name", "address"].map(str::to_owned).to_vec(),
        session_ms: 600_000,
    })));
    let hanako = hub.register_person(key("hanako"), "加賀 花子", None).await.unwrap().row.id;
    Office { hub, clock, platform, hanako }
}

impl Office {
    fn asked(&self, purpose: &str, claims: &[&str]) -> NewProofing {
        NewProofing {
            person: self.hanako,
            plugin: PluginId(PLUGIN.to_owned()),
            purpose: purpose.to_owned(),
            claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
            locale: "ja".to_owned(),
        }
    }

    async fn begin(&self, word: &str) -> Proofing {
        self.hub.begin_proofing(key(word), self.asked("enrolment", &["name"])).await.unwrap().row
    }

    async fn give(&self, word: &str, row: &Proofing, text: &str) -> Result<Proofing, ProofingError> {
        self.hub.give_evidence(key(word), row.id, evidence(text)).await.map(|made| made.row)
    }
}

fn evidence(text: &str) -> Evidence {
    Evidence { kind: "signature".to_owned(), parts: vec![("statement".to_owned(), text.into())] }
}

fn code(row: &Proofing) -> (ProofingStatus, String, String) {
    let (ProofingStage::Refused(fault) | ProofingStage::Undecided(fault)) = &row.stage else { panic!("{row:?}") };
    (row.status(), fault.code.clone(), fault.message.clone())
}

#[tokio::test]
async fn jpki_20_what_is_proven_is_claimed_with_its_grade_until_it_ends() {
    let office = office().await;
    let begun = office.begin("b").await;
    let ProofingStage::Challenged(challenge) = &begun.stage else { panic!("{begun:?}") };
    assert_eq!(challenge.to_sign, begun.nonce);
    assert!(office.hub.claims(office.hanako).await.unwrap().is_empty());
    let done = office.give("g", &begun, "card-1;name=加賀　花子").await.unwrap();
    assert_eq!(done.status(), ProofingStatus::Proven);
    assert!(done.state.is_empty() && done.due_at.is_none());
    let claims = office.hub.claims(office.hanako).await.unwrap();
    let [claim] = claims.as_slice() else { panic!("{claims:?}") };
    assert_eq!((claim.name.as_str(), claim.value.as_str()), ("name", "加賀　花子"));
    assert_eq!((claim.source.0.as_str(), claim.ial, claim.proofing), (PLUGIN, 2, done.id));
    assert_eq!((claim.evidence_digest, &claim.grades[0].1[..]), ([1; 32], "L3"));
    office.clock.jump_ms(86_400_001);
    assert!(office.hub.claims(office.hanako).await.unwrap().is_empty());
    // No log line about any of it names her.
    assert!(!format!("{done:?} {claims:?}").contains("加賀"));
}

#[tokio::test]
async fn tpki_6_a_nonce_is_drawn_for_each_session_and_answered_once() {
    let office = office().await;
    let (one, two) = (office.begin("1").await, office.begin("2").await);
    assert_ne!(one.nonce, two.nonce);
    assert_eq!(office.begin("1").await.id, one.id, "a repeat begins nothing");
    office.give("g", &one, "card-1;name=x").await.unwrap();
    let again = office.give("another key", &one, "card-1;name=y").await;
    assert_eq!(again.unwrap_err(), ProofingError::EvidenceGiven(ProofingStatus::Proven));
    let repeat = office.hub.give_evidence(key("g"), one.id, evidence("card-1;name=x")).await.unwrap();
    assert!(repeat.replayed && repeat.row.status() == ProofingStatus::Proven);
}

#[tokio::test]
async fn a_challenge_that_nobody_answers_ends() {
    let office = office().await;
    let row = office.begin("b").await;
    office.clock.jump_ms(60_000);
    assert!(matches!(office.give("g", &row, "card-1;name=x").await, Err(ProofingError::Expired(_))));
    office.clock.jump_ms(5_000);
    office.hub.tick().await.unwrap();
    assert_eq!(office.hub.proofing(row.id).await.unwrap().status(), ProofingStatus::Expired);
    assert!(matches!(office.give("h", &row, "card-1;name=x").await, Err(ProofingError::Expired(_))));
}

#[tokio::test]
async fn a_card_enrols_one_person() {
    let office = office().await;
    let row = office.begin("b").await;
    office.give("g", &row, "card-1;name=x").await.unwrap();
    // The same person again, with the same card: a renewal.
    let row = office.begin("b2").await;
    assert_eq!(office.give("g2", &row, "card-1;name=x").await.unwrap().status(), ProofingStatus::Proven);
    let taro = office.hub.register_person(key("taro"), "多摩 太郎", None).await.unwrap().row.id;
    let new = NewProofing { person: taro, ..office.asked("enrolment", &["name"]) };
    let row = office.hub.begin_proofing(key("b3"), new).await.unwrap().row;
    let done = office.give("g3", &row, "card-1;name=x").await.unwrap();
    assert_eq!(code(&done).1, "proofing.already_another_person");
    assert!(office.hub.claims(taro).await.unwrap().is_empty());
}

#[tokio::test]
async fn jpki_11_nothing_is_proven_on_silence_or_without_evidence() {
    let office = office().await;
    *office.platform.0.lock().unwrap() = None;
    let row = office.begin("b").await;
    let done = office.give("g", &row, "card-1;name=x").await.unwrap();
    let (status, code_of, message) = code(&done);
    assert_eq!((status, code_of.as_str()), (ProofingStatus::Undecided, "status.unknown"));
    assert!(!message.contains(NUMBER) && message.starts_with("about "), "{message}");
    let row = office.begin("b2").await;
    let done = office.give("g2", &row, "gullible;name=x").await.unwrap();
    assert_eq!(code(&done).1, "plugin.proven_on_silence");
    let hasty = office.hub.begin_proofing(key("h"), office.asked("hasty", &["name"])).await.unwrap().row;
    assert_eq!(code(&hasty).1, "plugin.proven_without_evidence");
    *office.platform.0.lock().unwrap() = Some("revoked");
    let row = office.begin("b3").await;
    let done = office.give("g3", &row, "card-1;name=x").await.unwrap();
    assert_eq!(code(&done).0, ProofingStatus::Refused);
    assert!(office.hub.claims(office.hanako).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_plugin_says_no_more_than_was_agreed() {
    let office = office().await;
    for (number, (text, expected)) in [
        ("card-1;name=x;address=y", "plugin.claim_not_agreed"),
        ("card-1;name=x;name=y", "plugin.claim_not_agreed"),
        ("of level nine;name=x", "plugin.answer_malformed"),
        ("card-1;name=", "plugin.answer_malformed"),
    ]
    .into_iter()
    .enumerate()
    {
        let row = office.begin(&format!("b{number}")).await;
        let done = office.give(&format!("g{number}"), &row, text).await.unwrap();
        assert_eq!(code(&done).1, expected, "{text}");
    }
    assert!(office.hub.claims(office.hanako).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_begin_says_why() {
    let office = office().await;
    let begin = async |new: NewProofing| office.hub.begin_proofing(key("k"), new).await.unwrap_err();
    let nobody = PersonId::from_uuid(tebura_ledger::Uuid::from_u128(1 << 9));
    let good = || office.asked("enrolment", &["name"]);
    let other = PluginId("jp.example.other".to_owned());
    assert_eq!(begin(NewProofing { person: nobody, ..good() }).await, ProofingError::PersonNotFound(nobody));
    assert!(matches!(begin(NewProofing { plugin: other, ..good() }).await, ProofingError::PluginNotFound(_)));
    assert_eq!(begin(office.asked("En rolment", &["name"])).await, ProofingError::PurposeInvalid);
    assert_eq!(begin(NewProofing { locale: "fr".to_owned(), ..good() }).await, ProofingError::LocaleInvalid);
    assert_eq!(begin(office.asked("enrolment", &[])).await, ProofingError::ClaimsInvalid);
    assert_eq!(begin(office.asked("enrolment", &["name", "name"])).await, ProofingError::ClaimsInvalid);
    let unoffered = begin(office.asked("enrolment", &["sex"])).await;
    assert!(
        matches!(unoffered, ProofingError::ClaimNotOffered { claim, offered } if claim == "sex" && offered == "name, address")
    );
    assert_eq!(begin(office.asked(NUMBER, &["name"])).await, ProofingError::IndividualNumber);
}

#[tokio::test]
async fn law_1_an_individual_number_stops_at_the_door() {
    let office = office().await;
    let row = office.begin("b").await;
    let given = office.give("g", &row, &format!("card-1;name={NUMBER}")).await;
    assert_eq!(given.unwrap_err(), ProofingError::IndividualNumber);
    // Nothing was used up.
    assert_eq!(office.give("g", &row, "card-1;name=x").await.unwrap().status(), ProofingStatus::Proven);
}

#[tokio::test]
async fn a_hub_that_stopped_while_asking_asks_again() {
    let office = office().await;
    *office.platform.0.lock().unwrap() = None;
    let row = office.begin("b").await;
    // What a process leaves behind that ends during the send.
    let mut cut = office.hub.proofing(row.id).await.unwrap();
    let step = office.hub.prover(&cut.plugin).unwrap();
    let event = ProofEvent::Evidence(evidence("card-1;name=x"));
    let step = step.resume(&cut.session(office.hub.now()), &cut.state, &event).await.unwrap();
    let Next::Call(call) = step.next else { panic!() };
    cut.stage = ProofingStage::Talking(crate::exchange::Stage::Sending { call, attempts: 1 });
    (cut.state, cut.due_at, cut.revision) = (step.state, Some(office.hub.now()), 2);
    let write = crate::ports::Write::Proofing { proofing: cut, expected: 1 };
    let unit = crate::ports::Unit { writes: vec![write], ..Default::default() };
    office.hub.store().commit(office.hanako.shard(), office.hub.now(), unit).await.unwrap();
    *office.platform.0.lock().unwrap() = Some("good");
    for _ in 0..3 {
        office.clock.jump_ms(10_000);
        office.hub.tick().await.unwrap();
    }
    assert_eq!(office.hub.proofing(row.id).await.unwrap().status(), ProofingStatus::Proven);
}
