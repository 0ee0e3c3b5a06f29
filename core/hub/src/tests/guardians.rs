//! Who answers for whom: what a link rests on, what it is refused for, and when it ends.

use tebura_ledger::{Shard, Timestamp, Uuid};

use super::faces::{Street, capture};
use super::world::key;
use crate::Hub;
use crate::consent::{AUTHENTICATE, ConsentActor, ConsentError, ConsentState, NewConsent};
use crate::family::NewChild;
use crate::guardians::{EndedBy, GuardianError, Guardianship, NewGuardianLink};
use crate::ids::{PersonId, ProofingId};
use crate::pin::Pin;
use crate::ports::{Unit, Write};
use crate::proofing::{Proof, Proofing, ProofingStage};
use crate::rail::{ComponentDigest, PluginId};

const YEAR_MS: i64 = 365 * 86_400_000;

/// Somebody proves something, until a moment.
pub(super) async fn prove(hub: &Hub, person: PersonId, claims: &[(&str, &str)], valid_until: Timestamp) {
    let now = hub.now();
    let id =
        Uuid::from_u128(person.uuid().as_u128() ^ (0xfeed << 96) ^ (u128::from(now.millis().unsigned_abs()) << 32));
    let owned = claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let proof = Proof {
        at: now,
        ial: 3,
        aal: 3,
        grades: Vec::new(),
        claims: owned.collect(),
        valid_until,
        evidence_digest: [1; 32],
        link: None,
    };
    let proofing = Proofing {
        id: ProofingId::from_uuid(id),
        person,
        plugin: PluginId("jp.example.card".to_owned()),
        digest: ComponentDigest([0; 32]),
        purpose: "enrol".to_owned(),
        claims: claims.iter().map(|(name, _)| (*name).to_owned()).collect(),
        locale: "ja".to_owned(),
        nonce: [2; 32],
        created_at: now,
        expires_at: now.plus_ms(1),
        stage: ProofingStage::Proven(proof),
        state: Vec::new(),
        ordinal: 1,
        left: false,
        due_at: None,
        revision: 1,
    };
    let writes = vec![Write::Proofing { proofing, expected: 0 }];
    hub.store.commit(Shard::new(0), now, Unit { writes, ..Unit::default() }).await.unwrap();
    hub.follow_claims(person).await.unwrap();
}

pub(super) async fn person(hub: &Hub, name: &str, pin: Option<&str>) -> PersonId {
    let pin = pin.map(|digits| Pin::new(digits).unwrap());
    hub.register_person(key(&format!("register {name}")), name, pin).await.unwrap().row.id
}

pub(super) fn child(hub: &Hub, guardian: PersonId, ward: PersonId) -> NewGuardianLink {
    NewGuardianLink {
        guardian,
        ward,
        kind: Guardianship::Child,
        born_on: Some("1965-05-05".to_owned()),
        pin: None,
        paper: None,
        until: hub.now().plus_ms(YEAR_MS),
    }
}

/// hanako is proven to be of age and has a child.
pub(super) async fn family(hub: &Hub, hanako: PersonId) -> (PersonId, crate::guardians::GuardianLink) {
    prove(hub, hanako, &[("birth_date", "1940-01-01")], hub.now().plus_ms(YEAR_MS)).await;
    let taro = person(hub, "子", None).await;
    let link = hub.link_guardian(key("link"), child(hub, hanako, taro)).await.unwrap();
    (taro, link)
}

#[tokio::test]
async fn kaga_7_jpki_8_a_child_is_linked_under_the_proof_of_a_guardian_of_age() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let taro = person(hub, "子", None).await;
    let unproven = hub.link_guardian(key("1"), child(hub, street.hanako, taro)).await.unwrap_err();
    assert_eq!(unproven, GuardianError::GuardianAgeUnknown);
    prove(hub, street.hanako, &[("birth_date", "1940-01-01")], hub.now().plus_ms(YEAR_MS)).await;
    let link = hub.link_guardian(key("2"), child(hub, street.hanako, taro)).await.unwrap();
    let again = hub.link_guardian(key("2"), child(hub, street.hanako, taro)).await.unwrap();
    assert_eq!(link, again, "a repeat with the same key is the same link");
    assert_eq!(hub.wards_of(street.hanako).await.unwrap(), [taro]);
    assert_eq!(hub.guardians_of(taro).await.unwrap(), [street.hanako]);
    assert_eq!(hub.answers_for(street.hanako, taro).await.unwrap(), Ok(()));
    assert!(hub.is_minor(taro).await.unwrap());
    let grown = NewGuardianLink { until: hub.now().plus_ms(9 * YEAR_MS), ..child(hub, street.hanako, taro) };
    let young = NewGuardianLink { born_on: Some("1953-05-05".to_owned()), ..grown };
    let until = hub.link_guardian(key("3"), young).await.unwrap().until;
    assert!(until < hub.now().plus_ms(2 * YEAR_MS), "a child's link ends when the child is of age");
}

#[tokio::test]
async fn park_2_a_childs_residence_is_its_guardians_and_ends_with_the_proof_or_the_guardianship() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let (taro, link) = family(hub, street.hanako).await;
    let lives = async |person| {
        let claims = hub.claims_with_family(person).await.unwrap();
        claims.into_iter().find(|claim| claim.name == "municipality")
    };
    assert_eq!(lives(taro).await, None, "nobody has proven where the guardian lives");
    street.clock.jump_ms(1);
    let month = hub.now().plus_ms(YEAR_MS / 12);
    prove(hub, street.hanako, &[("municipality", "17206")], month).await;
    let derived = lives(taro).await.unwrap();
    assert_eq!((derived.value.as_str(), derived.derived_from), ("17206", Some(street.hanako)));
    assert_eq!(derived.valid_until, month, "as long as the guardian's proof");
    assert_eq!(lives(street.hanako).await.unwrap().derived_from, None);
    assert!(hub.claims(taro).await.unwrap().is_empty(), "it is no proof of the child's own");
    // What services are told: the residence by their word for it, and how many children a guardian has here.
    let told = |name: &'static str, person| async move {
        let told = hub.claims_for_services(person).await.unwrap();
        told.into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    };
    assert_eq!(told("residence", taro).await.as_deref(), Some("17206"));
    assert_eq!(told("linked-children", street.hanako).await.as_deref(), Some("1"));
    assert_eq!(told("linked-children", taro).await, None);

    // A proof that lasts longer than the guardianship: the link's end counts. The child's own proof comes first.
    street.clock.jump_ms(1);
    prove(hub, street.hanako, &[("municipality", "17204")], hub.now().plus_ms(9 * YEAR_MS)).await;
    let moved = lives(taro).await.unwrap();
    assert_eq!((moved.value.as_str(), moved.valid_until), ("17204", link.until));
    prove(hub, taro, &[("municipality", "13104")], hub.now().plus_ms(1_000)).await;
    let own = lives(taro).await.unwrap();
    assert_eq!((own.value.as_str(), own.derived_from), ("13104", None));
    street.clock.jump_ms(1_000);
    assert_eq!(lives(taro).await.unwrap().value, "17204");
    hub.end_guardianship(link.id, EndedBy::Guardian).await.unwrap();
    assert_eq!((lives(taro).await, told("residence", taro).await), (None, None));
    assert_eq!(told("linked-children", street.hanako).await, None);
}

#[tokio::test]
async fn a_guardian_who_is_under_age_or_whose_age_nobody_knows_is_refused() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let taro = person(hub, "子", None).await;
    for (claim, refused) in [
        (("birth_date", "1955-01-01"), GuardianError::GuardianUnderAge),
        (("age_over_18", "false"), GuardianError::GuardianUnderAge),
        (("birth_date", "1940-01"), GuardianError::GuardianAgeUnknown),
        (("municipality", "17206"), GuardianError::GuardianAgeUnknown),
    ] {
        let guardian = person(hub, claim.1, None).await;
        prove(hub, guardian, &[claim], hub.now().plus_ms(YEAR_MS)).await;
        let word = format!("{claim:?}");
        assert_eq!(hub.link_guardian(key(&word), child(hub, guardian, taro)).await.unwrap_err(), refused, "{word}");
    }
}

#[tokio::test]
async fn links_that_make_no_sense_are_refused_each_with_its_reason() {
    let street = Street::open(true).await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let (taro, _) = family(hub, hanako).await;
    let new = |change: &dyn Fn(&mut NewGuardianLink)| {
        let mut new = child(hub, hanako, taro);
        change(&mut new);
        new
    };
    let cases = [
        (new(&|new| new.ward = hanako), GuardianError::SamePerson),
        (new(&|new| new.born_on = None), GuardianError::BirthDateUnknown),
        (new(&|new| new.born_on = Some("1965-05-00".to_owned())), GuardianError::BirthDateUnknown),
        (new(&|new| new.born_on = Some("1940-05-05".to_owned())), GuardianError::WardOfAge),
        (new(&|new| new.until = hub.now()), GuardianError::UntilInvalid),
        (new(&|new| new.until = hub.now().plus_ms(11 * 366 * 86_400_000)), GuardianError::UntilInvalid),
    ];
    for (number, (new, refused)) in cases.into_iter().enumerate() {
        let word = format!("case {number}");
        assert_eq!(hub.link_guardian(key(&word), new).await.unwrap_err(), refused, "{word}");
    }
    prove(hub, taro, &[("age_over_18", "true")], hub.now().plus_ms(YEAR_MS)).await;
    let back = NewGuardianLink { kind: Guardianship::Elder, ..child(hub, taro, hanako) };
    assert_eq!(hub.link_guardian(key("back"), back).await.unwrap_err(), GuardianError::Circular);
}

#[tokio::test]
async fn an_elder_is_answered_for_with_her_own_pin_or_a_paper() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let son = person(hub, "息子", None).await;
    prove(hub, son, &[("age_over_18", "true")], hub.now().plus_ms(YEAR_MS)).await;
    let elder = |pin: Option<&str>, paper: Option<&str>| NewGuardianLink {
        kind: Guardianship::Elder,
        born_on: None,
        pin: pin.map(|digits| Pin::new(digits).unwrap()),
        paper: paper.map(str::to_owned),
        ..child(hub, son, street.hanako)
    };
    let refused = |code| GuardianError::ElderDidNotAgree { code };
    assert_eq!(hub.link_guardian(key("1"), elder(None, None)).await.unwrap_err(), refused("pin.needed"));
    assert_eq!(hub.link_guardian(key("2"), elder(Some("1111"), None)).await.unwrap_err(), refused("pin.wrong"));
    hub.link_guardian(key("3"), elder(Some("2468"), None)).await.unwrap();
    hub.link_guardian(key("4"), elder(None, Some("委任状 12"))).await.unwrap();
    assert!(!hub.is_minor(street.hanako).await.unwrap(), "who is answered for is no child");
}

#[tokio::test]
async fn a_link_ends_by_its_date_or_by_either_of_the_two_and_then_nobody_answers() {
    let street = Street::open(true).await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let (taro, link) = family(hub, hanako).await;
    let stranger = person(hub, "他人", None).await;
    assert_eq!(hub.answers_for(stranger, taro).await.unwrap(), Err("guardian.not_linked"));
    let ended = hub.end_guardianship(link.id, EndedBy::Ward).await.unwrap();
    street.clock.jump_ms(5);
    assert_eq!(hub.end_guardianship(link.id, EndedBy::Operator).await.unwrap(), ended, "it ends once");
    assert_eq!(hub.answers_for(hanako, taro).await.unwrap(), Err("guardian.no_longer"));
    assert!(hub.wards_of(hanako).await.unwrap().is_empty() && !hub.is_minor(taro).await.unwrap());
    let again = hub.link_guardian(key("again"), child(hub, hanako, taro)).await.unwrap();
    assert_eq!(hub.answers_for(hanako, taro).await.unwrap(), Ok(()));
    street.clock.jump_ms(again.until.millis() - hub.now().millis());
    assert_eq!(hub.answers_for(hanako, taro).await.unwrap(), Err("guardian.no_longer"));
    assert_eq!(hub.guardian_links(taro).await.unwrap().len(), 2, "what was stays on record");
}

#[tokio::test]
async fn kaga_7_a_guardian_registers_her_child_and_speaks_for_it_as_long_as_the_link_counts() {
    let street = Street::open(true).await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let child = |name: &str, born_on: &str| NewChild { guardian: hanako, name: name.into(), born_on: born_on.into() };
    let refused = hub.register_child(key("early"), child("次郎", "1965-05-05")).await.unwrap_err();
    assert_eq!(refused, GuardianError::GuardianAgeUnknown);
    prove(hub, hanako, &[("age_over_18", "true")], hub.now().plus_ms(20 * YEAR_MS)).await;
    for (name, born_on, wrong) in [
        ("", "1965-05-05", GuardianError::NameInvalid),
        ("次郎 123456789018", "1965-05-05", GuardianError::IndividualNumber),
        ("次郎", "1965", GuardianError::BirthDateUnknown),
        ("次郎", "1995-05-05", GuardianError::BirthDateUnknown),
        ("次郎", "1940-01-01", GuardianError::WardOfAge),
    ] {
        assert_eq!(
            hub.register_child(key("wrong"), child(name, born_on)).await.unwrap_err(),
            wrong,
            "{name} {born_on}"
        );
    }
    let made = hub.register_child(key("child"), child("次郎", "1965-05-05")).await.unwrap();
    let again = hub.register_child(key("child"), child("次郎", "1965-05-05")).await.unwrap();
    assert_eq!((&again.row, made.replayed, again.replayed), (&made.row, false, true));
    let link = made.row;
    assert_eq!(hub.acting(hanako, link.ward).await.unwrap(), Ok(link.clone()));
    assert_eq!(hub.acting(link.ward, hanako).await.unwrap(), Err("guardian.not_linked"));
    let agrees = || NewConsent {
        person: link.ward,
        purpose: AUTHENTICATE.to_owned(),
        state: ConsentState::Given,
        actor: ConsentActor::Guardian(hanako),
        language: "ja".to_owned(),
    };
    hub.record_consent(key("agrees"), agrees()).await.unwrap();
    capture(hub, link.ward, "saburo").await.unwrap();
    hub.end_guardianship(link.id, EndedBy::Guardian).await.unwrap();
    assert_eq!(hub.acting(hanako, link.ward).await.unwrap(), Err("guardian.no_longer"));
    let late = hub.record_consent(key("late"), agrees()).await.unwrap_err();
    assert_eq!(late, ConsentError::GuardianRefused { code: "guardian.no_longer" });
}
