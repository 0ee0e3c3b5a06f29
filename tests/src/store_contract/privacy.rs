//! People's own say: consents, tickets, requests, what is deleted, and that an erased person is nowhere.

use tebura_face::{Prompt, Shot};
use tebura_hub::consent::{ConsentActor, ConsentEvent, ConsentState};
use tebura_hub::enroll::{Enrolment, ProofRule};
use tebura_hub::ids::{
    CaptureSessionId, ConsentId, EnrolmentId, GalleryId, InstrumentId, PersonId, ReferenceId, RightsRequestId,
};
use tebura_hub::people::{CaptureSession, FaceReference, Instrument, Person};
use tebura_hub::ports::{CommitError, Write};
use tebura_hub::privacy::{Kept, Outlived, PrivacyWrite};
use tebura_hub::rights::{RightsKind, RightsRequest, RightsState};
use tebura_ledger::{AccountId, RailId, Timestamp};

use super::ground::{Ground, LATER, NOW};
use super::records::template;

pub(super) async fn person(ground: &Ground, shard: u8) -> PersonId {
    let id = PersonId::from_uuid(ground.uuid(shard));
    let row = Person { id, name: "山田 花子".to_owned(), pin_hash: Some("hash".to_owned()), created_at: NOW };
    ground.write(shard, vec![Write::Person(row)]).await.unwrap();
    id
}

async fn put(ground: &Ground, shard: u8, write: PrivacyWrite) -> Result<(), CommitError> {
    ground.write(shard, vec![Write::Privacy(write)]).await.map(drop)
}

pub(super) fn session(ground: &Ground, person: PersonId, expires_at: Timestamp) -> CaptureSession {
    CaptureSession {
        id: CaptureSessionId::from_uuid(ground.uuid(person.shard().number())),
        person,
        device: [4; 32],
        prompts: Prompt::drawn(3),
        look_alike: true,
        shots: Vec::new(),
        looks: 0,
        expires_at,
        used_at: None,
        revision: 1,
    }
}

fn reference(ground: &Ground, person: PersonId, created_at: Timestamp) -> FaceReference {
    FaceReference {
        id: ReferenceId::from_uuid(ground.uuid(person.shard().number())),
        person,
        pack: "drawn-demo@1".to_owned(),
        template: template(7),
        created_at,
    }
}

/// A card of this person's.
fn link(person: PersonId) -> [u8; 32] {
    let mut link = [0; 32];
    link[..16].copy_from_slice(person.uuid().as_bytes());
    link
}

fn request(ground: &Ground, person: PersonId, due_at: Timestamp) -> RightsRequest {
    RightsRequest {
        id: RightsRequestId::from_uuid(ground.uuid(person.shard().number())),
        person,
        kind: RightsKind::Correction,
        note: Some("名前の字が違います".to_owned()),
        created_at: NOW,
        due_at,
        state: RightsState::Open,
        revision: 1,
    }
}

fn enrolment(ground: &Ground, ends_at: Timestamp) -> Enrolment {
    Enrolment {
        id: EnrolmentId::from_uuid(ground.uuid(1)),
        issuer: "key_1".to_owned(),
        person: None,
        galleries: vec![GalleryId::from_uuid(ground.uuid(1)), GalleryId::from_uuid(ground.uuid(2))],
        proof: ProofRule::Offered,
        created_at: NOW,
        opened_at: None,
        ends_at,
        revision: 1,
    }
}

pub(super) async fn what_a_session_saw_is_read_back_and_moves_by_its_revision(ground: &Ground) {
    let person = person(ground, 1).await;
    let mut row = session(ground, person, LATER);
    let shot = |seed, turn| Shot { template: template(seed), turn, eye_distance_px: 61.5 };
    for (shots, used_at) in
        [(vec![], None), (vec![shot(1, 0.1)], None), (vec![shot(1, 0.1), shot(2, -0.4)], None), (vec![], Some(NOW))]
    {
        (row.shots, row.used_at, row.looks) = (shots, used_at, row.looks + 1);
        let write = Write::CaptureSession { session: row.clone(), expected: row.revision - 1 };
        ground.write(1, vec![write.clone()]).await.unwrap();
        assert_eq!(ground.store.capture_session(row.id).await.unwrap(), Some(row.clone()));
        assert_eq!(ground.write(1, vec![write]).await.unwrap_err(), CommitError::Stale);
        row.revision += 1;
    }
    let stranger = session(ground, PersonId::from_uuid(ground.uuid(1)), LATER);
    let refused = ground.write(1, vec![Write::CaptureSession { session: stranger, expected: 0 }]).await;
    assert!(matches!(refused, Err(CommitError::Rejected { .. })), "{refused:?}");
}

pub(super) async fn consents_are_read_back_in_order(ground: &Ground) {
    let (hanako, taro) = (person(ground, 1).await, person(ground, 2).await);
    let event = |person: PersonId, state, actor, at| ConsentEvent {
        id: ConsentId::from_uuid(ground.uuid(person.shard().number())),
        person,
        purpose: "authenticate".to_owned(),
        version: "1".to_owned(),
        notice_sha256: [9; 32],
        language: "ja".to_owned(),
        state,
        actor,
        at,
    };
    let said = [
        event(hanako, ConsentState::Given, ConsentActor::Person, NOW),
        event(hanako, ConsentState::Withdrawn, ConsentActor::Staff, NOW.plus_ms(1)),
        event(hanako, ConsentState::Refused, ConsentActor::Guardian(taro), NOW.plus_ms(2)),
    ];
    for row in said.iter().rev() {
        put(ground, 1, PrivacyWrite::Consent(row.clone())).await.unwrap();
    }
    put(ground, 2, PrivacyWrite::Consent(event(taro, ConsentState::Given, ConsentActor::Person, NOW))).await.unwrap();
    assert_eq!(ground.store.consents_of(hanako).await.unwrap(), said);
    assert_eq!(ground.store.consents_of(taro).await.unwrap().len(), 1);
}

pub(super) async fn a_ticket_is_opened_once(ground: &Ground) {
    let row = enrolment(ground, LATER);
    put(ground, 1, PrivacyWrite::Enrolment { enrolment: row.clone(), expected: 0 }).await.unwrap();
    assert_eq!(ground.store.enrolment(row.id).await.unwrap(), Some(row.clone()));
    let open = |at| {
        let opened = Enrolment { opened_at: Some(at), revision: 2, ..row.clone() };
        put(ground, 1, PrivacyWrite::Enrolment { enrolment: opened, expected: 1 })
    };
    let (one, other) = tokio::join!(open(NOW), open(NOW.plus_ms(1)));
    assert!(one.is_ok() != other.is_ok());
    assert!([one, other].contains(&Err(CommitError::Stale)));
    let whose = Enrolment { person: Some(person(ground, 1).await), opened_at: Some(NOW), revision: 3, ..row.clone() };
    put(ground, 1, PrivacyWrite::Enrolment { enrolment: whose.clone(), expected: 2 }).await.unwrap();
    assert_eq!(ground.store.enrolment(row.id).await.unwrap(), Some(whose));
    assert_eq!(ground.store.enrolment(EnrolmentId::from_uuid(ground.uuid(1))).await.unwrap(), None);
}

pub(super) async fn requests_are_read_back_and_the_open_ones_by_their_deadline(ground: &Ground) {
    let person = person(ground, 1).await;
    let mut first = request(ground, person, LATER);
    let second = request(ground, person, LATER.plus_ms(-5));
    for row in [&first, &second] {
        put(ground, 1, PrivacyWrite::Request { request: row.clone(), expected: 0 }).await.unwrap();
    }
    let open = async || {
        let open = ground.store.open_rights_requests(10).await.unwrap();
        open.into_iter().filter(|row| row.person == person).map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(open().await, [second.id, first.id]);
    first.state = RightsState::Refused { at: NOW, reason: "別の方の記録です".to_owned() };
    first.revision = 2;
    let moved = PrivacyWrite::Request { request: first.clone(), expected: 1 };
    put(ground, 1, moved.clone()).await.unwrap();
    assert_eq!(put(ground, 1, moved).await, Err(CommitError::Stale));
    assert_eq!(open().await, [second.id]);
    assert_eq!(ground.store.rights_request(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(ground.store.rights_requests_of(person).await.unwrap(), [first, second]);
}

pub(super) async fn what_has_outlived_its_time_is_found_and_forgotten(ground: &Ground) {
    let person = person(ground, 1).await;
    let (old, young) = (NOW, NOW.plus_ms(100));
    let (first, second) = (session(ground, person, old), session(ground, person, young));
    for row in [&first, &second] {
        ground.write(1, vec![Write::CaptureSession { session: row.clone(), expected: 0 }]).await.unwrap();
    }
    let (ticket, later) = (enrolment(ground, old), enrolment(ground, young));
    for row in [&ticket, &later] {
        put(ground, 1, PrivacyWrite::Enrolment { enrolment: row.clone(), expected: 0 }).await.unwrap();
    }
    let (face, fresh) = (reference(ground, person, old), reference(ground, person, young));
    for row in [&face, &fresh] {
        ground.write(1, vec![Write::FaceReference(row.clone())]).await.unwrap();
    }
    let gone = [
        (Kept::CaptureSession, Outlived::CaptureSession(first.id)),
        (Kept::Enrolment, Outlived::Enrolment(ticket.id)),
        (Kept::Template, Outlived::Template { person, reference: face.id }),
    ];
    for (kept, row) in gone {
        let outlived = async || {
            let rows = ground.store.outlived(kept, NOW.plus_ms(50), 100).await.unwrap();
            rows.into_iter().filter(|found| *found == row).count()
        };
        assert_eq!(outlived().await, 1, "{kept:?}");
        assert!(ground.store.outlived(kept, NOW.plus_ms(50), 1).await.unwrap().len() == 1);
        put(ground, 1, PrivacyWrite::Forget(row)).await.unwrap();
        assert_eq!(outlived().await, 0, "{kept:?}");
        put(ground, 1, PrivacyWrite::Forget(row)).await.unwrap();
    }
    assert!(ground.store.capture_session(second.id).await.unwrap().is_some());
    assert!(ground.store.enrolment(later.id).await.unwrap().is_some());
    let left: Vec<ReferenceId> =
        ground.store.references_of(person).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(left, [fresh.id]);
}

pub(super) async fn an_erased_person_is_nowhere(ground: &Ground) {
    let (hanako, taro) = (person(ground, 1).await, person(ground, 1).await);
    let gallery = GalleryId::from_uuid(ground.uuid(1));
    for person in [hanako, taro] {
        let instrument = Instrument {
            id: InstrumentId::from_uuid(ground.uuid(1)),
            person,
            rail: RailId::new("house").unwrap(),
            account: AccountId::from_uuid(ground.uuid(1)),
            token: "token".to_owned(),
            label: "花子の財布".to_owned(),
            is_default: true,
            removed_at: None,
        };
        let writes = vec![
            Write::FaceReference(reference(ground, person, NOW)),
            Write::Instrument(instrument),
            Write::GalleryMember { gallery, person, present: true },
            Write::PinTries { person, failed: 2, locked_until: None },
            Write::CaptureSession { session: session(ground, person, LATER), expected: 0 },
            Write::ProofLink { link: link(person), person },
        ];
        ground.write(1, writes).await.unwrap();
    }
    let asked = request(ground, hanako, LATER);
    put(ground, 1, PrivacyWrite::Request { request: asked.clone(), expected: 0 }).await.unwrap();

    put(ground, 1, PrivacyWrite::Erase(hanako)).await.unwrap();
    assert!(ground.store.person(hanako).await.unwrap().is_none());
    assert!(ground.store.pin(hanako).await.unwrap().is_none());
    assert!(ground.store.references_of(hanako).await.unwrap().is_empty());
    let all = ground.store.face_references(None, 1_000).await.unwrap();
    assert!(all.rows.iter().all(|row| row.person != hanako) && all.damaged.is_empty());
    assert!(ground.store.gallery_members().await.unwrap().iter().all(|(_, member)| *member != hanako));
    assert_eq!(ground.store.proof_link(&link(hanako)).await.unwrap(), None, "her card may be somebody's anew");
    assert_eq!(ground.store.proof_link(&link(taro)).await.unwrap(), Some(taro));
    assert!(ground.store.instruments(hanako).await.unwrap().iter().all(|row| row.label.is_empty()));
    let kept = ground.store.rights_request(asked.id).await.unwrap().unwrap();
    assert_eq!((kept.kind, kept.note), (RightsKind::Correction, None), "that she asked stays, her words do not");
    let again = ground.write(1, vec![Write::FaceReference(reference(ground, hanako, NOW))]).await;
    assert!(matches!(again, Err(CommitError::Rejected { .. })), "{again:?}");

    assert_eq!(ground.store.person(taro).await.unwrap().unwrap().name, "山田 花子");
    assert_eq!(ground.store.references_of(taro).await.unwrap().len(), 1);
    assert!(ground.store.gallery_members().await.unwrap().contains(&(gallery, taro)));
    assert_eq!(ground.store.instruments(taro).await.unwrap()[0].label, "花子の財布");
}
