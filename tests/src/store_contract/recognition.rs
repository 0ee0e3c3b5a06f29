//! Guardians, rules and terms of galleries, ways of payments, tries of PINs, and what a hub follows of other hubs.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_face::{LivenessClaim, MatchPolicy, Pack, Sample, SampleRefusal, Scope, Template, Worn};
use tebura_hub::gallery_rules::{GalleryRule, NightHour};
use tebura_hub::guardians::{Basis, EndedBy, GuardianLink, Guardianship};
use tebura_hub::ids::{GalleryId, GuardianLinkId, MerchantId, PaymentId, PersonId, ProofingId, ReferenceId, TillId};
use tebura_hub::payment::{Decided, Decision, Payment};
use tebura_hub::people::{FaceReference, Person};
use tebura_hub::ports::{CommitError, Delivery, Egress, FaceEngine, Outgoing, Write};
use tebura_hub::recognition::{FaceChange, Membership, RecognitionWrite};
use tebura_hub::sites::Gallery;
use tebura_hub::{Hub, Ports};
use tebura_ledger::Timestamp;
use tebura_server::clock::{SystemClock, SystemIds};

use super::ground::{Ground, LATER, NOW, yen};

fn person_id(ground: &Ground, shard: u8) -> PersonId {
    PersonId::from_uuid(ground.uuid(shard))
}

async fn person(ground: &Ground) -> PersonId {
    let id = person_id(ground, 1);
    let person = Person { id, name: "花子".to_owned(), pin_hash: None, created_at: NOW };
    ground.write(1, vec![Write::Person(person)]).await.unwrap();
    id
}

fn recognition(write: RecognitionWrite) -> Write {
    Write::Recognition(write)
}

pub(super) async fn a_guardian_link_is_read_back_by_either_of_the_two_and_as_it_ended(ground: &Ground) {
    let (guardian, ward) = (person_id(ground, 1), person_id(ground, 2));
    let link = |shard, basis| GuardianLink {
        id: GuardianLinkId::from_uuid(ground.uuid(shard)),
        guardian,
        ward,
        kind: Guardianship::Child,
        basis,
        until: LATER,
        created_at: NOW,
        ended: None,
    };
    let mut child = link(1, Basis::Proof(ProofingId::from_uuid(ground.uuid(3))));
    let elder = GuardianLink { kind: Guardianship::Elder, guardian: ward, ward: guardian, ..link(1, Basis::Pin) };
    let paper = GuardianLink { kind: Guardianship::Elder, ..link(1, Basis::Paper("委任状 12".to_owned())) };
    for link in [&child, &elder, &paper] {
        ground.write(1, vec![recognition(RecognitionWrite::Guardian(link.clone()))]).await.unwrap();
    }
    let store = &ground.store;
    assert_eq!(store.guardian_link(child.id).await.unwrap(), Some(child.clone()));
    let all = [child.clone(), elder.clone(), paper.clone()];
    assert_eq!(store.guardian_links(guardian).await.unwrap(), all);
    assert_eq!(store.guardian_links(ward).await.unwrap(), all);
    for by in EndedBy::ALL {
        child.ended = Some((LATER, by));
        ground.write(1, vec![recognition(RecognitionWrite::Guardian(child.clone()))]).await.unwrap();
        assert_eq!(store.guardian_link(child.id).await.unwrap(), Some(child.clone()));
    }
    let nobody = person_id(ground, 1);
    assert!(store.guardian_links(nobody).await.unwrap().is_empty());
    assert_eq!(store.guardian_link(GuardianLinkId::from_uuid(ground.uuid(1))).await.unwrap(), None);
}

pub(super) async fn rules_of_galleries_are_read_back(ground: &Ground) {
    let galleries = [1, 1, 1].map(|shard| GalleryId::from_uuid(ground.uuid(shard)));
    let rules = [
        GalleryRule::Day(NightHour::parse("04:30", "-03:30").unwrap()),
        GalleryRule::Claim { name: "municipality".to_owned(), value: "17206".to_owned() },
        GalleryRule::FamilyOf(galleries[0]),
    ];
    for (gallery, rule) in galleries.iter().zip(&rules) {
        let write = RecognitionWrite::Rule { gallery: *gallery, rule: rule.clone() };
        ground.write(1, vec![recognition(write)]).await.unwrap();
    }
    let expected: Vec<_> = galleries.into_iter().zip(rules).collect();
    assert_eq!(ground.store.gallery_rules().await.unwrap(), expected);
}

pub(super) async fn a_member_whose_term_is_over_goes_and_one_who_came_anew_stays(ground: &Ground) {
    let gallery = GalleryId::from_uuid(ground.uuid(2));
    let [over, anew, kept] = [1, 2, 3].map(|shard| person_id(ground, shard));
    let term = |person, until| recognition(RecognitionWrite::Term { gallery, person, until });
    let member = |person, present| Write::GalleryMember { gallery, person, present };
    let first = NOW.plus_ms(10);
    let all = vec![
        member(over, true),
        term(over, Some(NOW)),
        member(anew, true),
        term(anew, Some(first)),
        member(kept, true),
        term(kept, Some(LATER)),
        term(kept, None),
    ];
    ground.write(2, all).await.unwrap();
    let store = &ground.store;
    assert_eq!(store.gallery_membership(gallery, over).await.unwrap(), Some(Membership { until: Some(NOW) }));
    assert_eq!(store.gallery_membership(gallery, kept).await.unwrap(), Some(Membership { until: None }));
    assert!(store.due_gallery_terms(NOW.plus_ms(-1), 10).await.unwrap().is_empty());
    assert_eq!(store.due_gallery_terms(LATER, 10).await.unwrap(), [(gallery, over), (gallery, anew)]);
    assert_eq!(store.due_gallery_terms(LATER, 1).await.unwrap(), [(gallery, over)]);
    ground.write(2, vec![term(anew, Some(LATER))]).await.unwrap();
    let expire = |person| recognition(RecognitionWrite::Expire { gallery, person, at: first });
    ground.write(2, vec![expire(over), expire(anew), expire(kept)]).await.unwrap();
    assert_eq!(store.gallery_membership(gallery, over).await.unwrap(), None);
    let left = store.gallery_members().await.unwrap();
    assert_eq!(left, [(gallery, anew), (gallery, kept)]);
    // Who is taken out by hand leaves no term behind that would end a later stay.
    ground.write(2, vec![member(anew, false), member(anew, true)]).await.unwrap();
    assert_eq!(store.gallery_membership(gallery, anew).await.unwrap(), Some(Membership { until: None }));
}

pub(super) async fn a_try_of_a_pin_counts_once(ground: &Ground) {
    let id = person(ground).await;
    let tried = |expected, failed| {
        recognition(RecognitionWrite::PinTry { person: id, expected, failed, locked_until: Some(LATER) })
    };
    ground.write(1, vec![tried(0, 1)]).await.unwrap();
    assert_eq!(ground.write(1, vec![tried(0, 1)]).await.unwrap_err(), CommitError::Stale);
    let pin = ground.store.pin(id).await.unwrap().unwrap();
    assert_eq!((pin.failed, pin.locked_until), (1, Some(LATER)));
    let (left, right) = tokio::join!(ground.write(1, vec![tried(1, 2)]), ground.write(1, vec![tried(1, 2)]));
    assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    assert_eq!(ground.store.pin(id).await.unwrap().unwrap().failed, 2);
}

pub(super) async fn a_payments_way_is_read_back(ground: &Ground) {
    let payment = PaymentId::from_uuid(ground.uuid(3));
    assert_eq!(ground.store.payment_way(payment).await.unwrap(), None);
    let way = RecognitionWrite::Way { payment, way: "pass".to_owned() };
    ground.write(3, vec![recognition(way)]).await.unwrap();
    assert_eq!(ground.store.payment_way(payment).await.unwrap().as_deref(), Some("pass"));
}

pub(super) async fn what_was_worn_is_counted_beside_the_decision(ground: &Ground) {
    let till = TillId::from_uuid(ground.uuid(3));
    let refused = |code: &str| Decision::Refused { code: code.to_owned() };
    for (decision, worn) in [
        (refused("face.masked"), vec![Worn::Glasses, Worn::Mask]),
        (refused("face.masked"), vec![Worn::Glasses, Worn::Mask]),
        (refused("face.masked"), vec![Worn::Mask]),
        (refused("face.none"), Vec::new()),
    ] {
        let id = PaymentId::from_uuid(ground.uuid(3));
        let merchant = MerchantId::from_uuid(ground.uuid(3));
        let payment = Payment { id, merchant, till, amount: yen(100), decision, created_at: NOW };
        let mut writes = vec![Write::Payment(payment)];
        if !worn.is_empty() {
            writes.push(recognition(RecognitionWrite::Worn { payment: id, worn }));
        }
        ground.write(3, writes).await.unwrap();
    }
    let counted = ground.store.decisions(till, Timestamp::from_millis(0), LATER).await.unwrap();
    let of = |code: &str, worn: &[Worn]| Decided { code: Some(code.to_owned()), worn: worn.to_vec() };
    let expected = [
        (of("face.masked", &[Worn::Glasses, Worn::Mask]), 2),
        (of("face.masked", &[Worn::Mask]), 1),
        (of("face.none", &[]), 1),
    ];
    assert_eq!(counted, expected.into());
}

pub(super) async fn two_hubs_on_one_store_come_to_the_same_gallery(ground: &Ground) {
    let hubs = [0, 1].map(|_| hub_on(ground));
    for hub in &hubs {
        hub.load_galleries(|_| {}).await.unwrap();
    }
    let [first, second] = &hubs;
    let (id, gallery) = (person(ground).await, GalleryId::from_uuid(ground.uuid(1)));
    let rows = Gallery { id: gallery, name: "today".to_owned() };
    ground.write(1, vec![Write::Gallery(rows), Write::FaceReference(reference(ground, id))]).await.unwrap();
    let templates = |hub: &Hub| hub.show_default_search(gallery).templates;
    first.set_gallery_member(gallery, id, true).await.unwrap();
    for hub in &hubs {
        hub.tend_galleries().await.unwrap();
        assert_eq!(templates(hub), 1, "who was enrolled and admitted by one is found by both");
    }
    second.set_gallery_member(gallery, id, false).await.unwrap();
    assert_eq!((templates(first), templates(second)), (1, 0));
    first.tend_galleries().await.unwrap();
    assert_eq!(templates(first), 0);
    // She comes back in one shard and had gone in another, whose log is read later.
    let member = |present| Write::GalleryMember { gallery, person: id, present };
    ground.write(2, vec![member(false)]).await.unwrap();
    ground.write(1, vec![member(true)]).await.unwrap();
    for hub in &hubs {
        hub.tend_galleries().await.unwrap();
        assert_eq!(templates(hub), 1, "the store knows which of two shards spoke last");
    }
    second.set_gallery_member(gallery, id, false).await.unwrap();
    // A hub that starts now reads what the others followed.
    second.set_gallery_member(gallery, id, true).await.unwrap();
    let third = hub_on(ground);
    let loaded = third.load_galleries(|_| {}).await.unwrap();
    assert_eq!((loaded.searchable, templates(&third)), (1, 1));
    assert_eq!(third.tend_galleries().await.unwrap().followed, 0);
}

fn reference(ground: &Ground, person: PersonId) -> FaceReference {
    FaceReference {
        id: ReferenceId::from_uuid(ground.uuid(1)),
        person,
        pack: "words@1".to_owned(),
        template: Template::from_raw((1..=16_u8).map(f32::from).collect()).unwrap(),
        created_at: NOW,
    }
}

fn hub_on(ground: &Ground) -> Hub {
    let policy = MatchPolicy::new(0.9, 0.05).unwrap();
    let pack = Pack {
        name: "words".to_owned(),
        version: "1".to_owned(),
        scope: Scope::DrawnFacesOnly,
        template_dims: 16,
        policy,
        curve: None,
        verify: policy.threshold(),
        liveness: LivenessClaim::None,
        licence: "Apache-2.0".to_owned(),
        engine: "words".to_owned(),
    };
    Hub::new(Ports {
        store: Arc::clone(&ground.store),
        faces: Arc::new(Blind(pack)),
        egress: Arc::new(NoWire),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
    })
}

/// Has a pack and looks at nothing.
struct Blind(Pack);

#[async_trait]
impl FaceEngine for Blind {
    fn pack(&self) -> &Pack {
        &self.0
    }

    async fn examine(&self, _: Vec<u8>) -> Result<Sample, SampleRefusal> {
        Err(SampleRefusal::NoFace)
    }
}

struct NoWire;

#[async_trait]
impl Egress for NoWire {
    async fn send(&self, _: &Outgoing) -> Delivery {
        Delivery::NotDelivered { reason: "there is no wire here".to_owned() }
    }
}

pub(super) async fn who_follows_sees_each_change_once_and_in_order(ground: &Ground) {
    let store = &ground.store;
    let (id, gallery) = (person(ground).await, GalleryId::from_uuid(ground.uuid(1)));
    let start = store.face_changes(None).await.unwrap();
    assert!(start.changes.is_empty());
    let none = store.face_changes(Some(&start.heads)).await.unwrap();
    assert_eq!((none.changes.len(), none.more), (0, false));
    let reference = reference(ground, id);
    let member = |present| Write::GalleryMember { gallery, person: id, present };
    ground.write(1, vec![Write::FaceReference(reference.clone()), member(true)]).await.unwrap();
    ground.write(1, vec![member(false)]).await.unwrap();
    let seen = store.face_changes(Some(&start.heads)).await.unwrap();
    let expected = [
        FaceChange::Enrolled(reference.id),
        FaceChange::Member { gallery, person: id },
        FaceChange::Member { gallery, person: id },
    ];
    assert_eq!(seen.changes, expected);
    assert!(store.face_changes(Some(&seen.heads)).await.unwrap().changes.is_empty());
    let one = store.face_reference(reference.id).await.unwrap();
    assert_eq!(one.rows.iter().map(|row| row.person).collect::<Vec<_>>(), [id]);
    let own = store.face_references_of(id).await.unwrap();
    assert_eq!(own.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [reference.id]);
    let nobody = ReferenceId::from_uuid(ground.uuid(1));
    assert!(store.face_reference(nobody).await.unwrap().rows.is_empty());
}
