//! Attempts to prove something: read back whole, moved on by their revision, and a card that is one person's.

use tebura_hub::exchange::Stage;
use tebura_hub::ids::{PersonId, ProofingId};
use tebura_hub::people::Person;
use tebura_hub::ports::{CommitError, Write};
use tebura_hub::proofing::{Challenge, Proof, Proofing, ProofingStage};
use tebura_hub::rail::{ComponentDigest, Effect, Fault, HttpCall, HttpReply, PluginId, RailEvent};

use super::ground::{Ground, LATER, NOW};

async fn person(ground: &Ground, shard: u8) -> PersonId {
    let id = PersonId::from_uuid(ground.uuid(shard));
    let person = Person { id, name: "加賀 花子".to_owned(), pin_hash: None, created_at: NOW };
    ground.write(shard, vec![Write::Person(person)]).await.unwrap();
    id
}

fn session(ground: &Ground, person: PersonId) -> Proofing {
    Proofing {
        id: ProofingId::from_uuid(ground.uuid(person.shard().number())),
        person,
        plugin: PluginId("jp.tebura.mynumber".to_owned()),
        digest: ComponentDigest([3; 32]),
        purpose: "enrolment".to_owned(),
        claims: vec!["name".to_owned(), "address".to_owned()],
        locale: "ja".to_owned(),
        nonce: [9; 32],
        created_at: NOW,
        expires_at: LATER,
        stage: ProofingStage::Challenged(Challenge {
            kind: "jpki.signature".to_owned(),
            to_sign: vec![1, 2, 3],
            display: vec![("title".to_owned(), "署名してください".to_owned())],
            expires: LATER,
        }),
        state: vec![7; 40],
        ordinal: 1,
        left: false,
        due_at: Some(LATER),
        revision: 1,
    }
}

fn call() -> HttpCall {
    HttpCall {
        endpoint: "platform".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/status".to_owned(),
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: b"{\"serial\":\"01\"}".to_vec(),
        effect: Effect::Read,
        timeout_ms: 5_000,
        stale_after: Some(LATER),
    }
}

fn proof() -> Proof {
    Proof {
        at: NOW,
        ial: 2,
        aal: 2,
        grades: vec![("DS-511/2025".to_owned(), "L3".to_owned())],
        claims: vec![("name".to_owned(), "加賀　花子".to_owned())],
        valid_until: LATER,
        evidence_digest: [4; 32],
        link: Some([5; 32]),
    }
}

async fn put(ground: &Ground, row: &mut Proofing) -> Result<(), CommitError> {
    let expected = row.revision - 1;
    let written = vec![Write::Proofing { proofing: row.clone(), expected }];
    ground.write(row.person.shard().number(), written).await.map(drop)
}

pub(super) async fn every_stage_of_a_proofing_is_read_back(ground: &Ground) {
    let person = person(ground, 1).await;
    let mut row = session(ground, person);
    let fault = || Fault { code: "signature.wrong".to_owned(), message: "署名が違います".to_owned() };
    let event = RailEvent::Reply(HttpReply { status: 200, headers: Vec::new(), body: b"{}".to_vec() });
    let stages = [
        row.stage.clone(),
        ProofingStage::Talking(Stage::Outgoing { call: call(), attempts: 1 }),
        ProofingStage::Talking(Stage::Sending { call: call(), attempts: 2 }),
        ProofingStage::Talking(Stage::Arrived { event, failures: 1 }),
        ProofingStage::Talking(Stage::Waiting),
        ProofingStage::Proven(proof()),
        ProofingStage::Refused(fault()),
        ProofingStage::Undecided(fault()),
        ProofingStage::Expired,
    ];
    for (stage, revision) in stages.into_iter().zip(1..) {
        (row.stage, row.revision, row.left) = (stage, revision, revision % 2 == 0);
        put(ground, &mut row).await.unwrap();
        let read = ground.store.proofing(row.id).await.unwrap().unwrap();
        assert!(read == row, "{read:?}");
    }
    assert!(ground.store.proofing(ProofingId::from_uuid(ground.uuid(1))).await.unwrap().is_none());
    let mut second = session(ground, person);
    put(ground, &mut second).await.unwrap();
    let of: Vec<ProofingId> = ground.store.proofings_of(person).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(of, [row.id, second.id]);
}

pub(super) async fn a_proofing_moves_on_from_where_it_was_read(ground: &Ground) {
    let person = person(ground, 2).await;
    let mut row = session(ground, person);
    put(ground, &mut row).await.unwrap();
    assert_eq!(put(ground, &mut row).await, Err(CommitError::Stale), "twice the first");
    row.revision = 3;
    assert_eq!(put(ground, &mut row).await, Err(CommitError::Stale), "one left out");
    // Of two that read the same row one wins.
    row.revision = 2;
    let (mut one, mut other) = (row.clone(), row.clone());
    let (one, other) = tokio::join!(put(ground, &mut one), put(ground, &mut other));
    assert_eq!(one.is_ok(), other.is_err());
    assert!([one, other].contains(&Err(CommitError::Stale)));
}

pub(super) async fn due_proofings_come_longest_due_first(ground: &Ground) {
    let person = person(ground, 3).await;
    let mut rows = [session(ground, person), session(ground, person), session(ground, person)];
    for (row, due) in rows.iter_mut().zip([Some(NOW.plus_ms(9)), Some(NOW.plus_ms(5)), None]) {
        row.due_at = due;
        put(ground, row).await.unwrap();
    }
    let due = async |now, limit| ground.store.due_proofings(now, limit).await.unwrap();
    assert_eq!(due(NOW, 10).await, []);
    assert_eq!(due(NOW.plus_ms(9), 10).await, [rows[1].id, rows[0].id]);
    assert_eq!(due(NOW.plus_ms(9), 1).await, [rows[1].id]);
}

pub(super) async fn a_card_is_one_persons(ground: &Ground) {
    let (hanako, taro) = (person(ground, 1).await, person(ground, 2).await);
    let link = |person: PersonId| vec![Write::ProofLink { link: [6; 32], person }];
    assert_eq!(ground.store.proof_link(&[6; 32]).await.unwrap(), None);
    let (first, second) = tokio::join!(ground.write(1, link(hanako)), ground.write(2, link(taro)));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let owner = if first.is_ok() { hanako } else { taro };
    assert_eq!(ground.store.proof_link(&[6; 32]).await.unwrap(), Some(owner));
    ground.write(owner.shard().number(), link(owner)).await.unwrap();
    let other = if owner == hanako { taro } else { hanako };
    let refused = ground.write(other.shard().number(), link(other)).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
}
