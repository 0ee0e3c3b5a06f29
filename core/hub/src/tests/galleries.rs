//! Galleries that fill and empty themselves, and hubs that come to the same ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tebura_face::Pack;

use super::faces::{Street, enrol, enrol_face};
use super::guardians::{family, person, prove};
use super::world::{FarEnd, clock, hub_of, hub_on, key, pack, yen};
use crate::Hub;
use crate::gallery_rules::{GalleryRule, NightHour};
use crate::guardians::EndedBy;
use crate::ids::GalleryId;
use crate::memory::MemoryStore;
use crate::pay_by_face::PayByFace;
use crate::payment::PaymentStatus;
use crate::set_up::{NewTill, SetUpError};
use crate::sites::Till;

const DAY_MS: i64 = 86_400_000;

async fn gallery(hub: &Hub, word: &str, rule: GalleryRule) -> GalleryId {
    hub.create_gallery_by(key(word), word, Some(rule)).await.unwrap().row.id
}

async fn members(hub: &Hub, gallery: GalleryId) -> Vec<crate::ids::PersonId> {
    let all = hub.store.gallery_members().await.unwrap();
    all.into_iter().filter(|(of, _)| *of == gallery).map(|(_, person)| person).collect()
}

/// A till of the street's merchant in another gallery.
async fn till(street: &Street, gallery: GalleryId) -> Till {
    let merchant = street.hub.store.till(street.till).await.unwrap().unwrap().merchant;
    let new = NewTill { merchant, name: "t".to_owned(), gallery, pin_above: 3_000, max_amount: 20_000 };
    street.hub.create_till(key(&format!("till {gallery}")), new).await.unwrap().row
}

async fn pays(hub: &Hub, till: &Till, face: &str) -> String {
    let command = PayByFace { till: till.id, amount: yen(10), image: face.as_bytes().to_vec(), pin: None };
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let word = format!("{face} {}", COUNT.fetch_add(1, Ordering::Relaxed));
    match hub.pay_by_face(key(&word), command).await.unwrap().status {
        PaymentStatus::Paid => "paid".to_owned(),
        PaymentStatus::Refused { code } => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn expo_6_who_was_admitted_today_is_found_until_the_night_and_nobody_else() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let today = gallery(hub, "day", GalleryRule::Day(NightHour::parse("04:00", "+09:00").unwrap())).await;
    let till = till(&street, today).await;
    assert_eq!(pays(hub, &till, "hanako").await, "face.not_recognised", "enrolled, and not admitted today");
    hub.set_gallery_member(today, street.hanako, true).await.unwrap();
    assert_eq!(pays(hub, &till, "hanako").await, "paid");
    assert_eq!(pays(hub, &till, "taro").await, "face.not_recognised");
    street.clock.jump_ms(DAY_MS);
    let tended = hub.tend_galleries().await.unwrap();
    assert_eq!(tended.expired, 1);
    assert_eq!(pays(hub, &till, "hanako").await, "face.not_recognised", "the night has emptied it");
    assert!(members(hub, today).await.is_empty());
    assert!(!members(hub, street.gallery).await.is_empty(), "a gallery by hand is left alone");
}

#[tokio::test]
async fn a_booked_patient_stays_until_the_booking_is_over_and_one_who_is_admitted_anew_stays() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let booked = hub.create_gallery(key("booked"), "予約").await.unwrap().row.id;
    let until = |ms| Some(hub.now().plus_ms(ms));
    let over = hub.set_gallery_member_until(booked, street.hanako, true, until(0)).await.unwrap_err();
    assert_eq!(over, SetUpError::TermOver);
    hub.set_gallery_member_until(booked, street.hanako, true, until(1_000)).await.unwrap();
    street.clock.jump_ms(999);
    assert_eq!(hub.tend_galleries().await.unwrap().expired, 0);
    // Booked again before the first booking is over.
    hub.set_gallery_member_until(booked, street.hanako, true, until(5_000)).await.unwrap();
    street.clock.jump_ms(1_000);
    assert_eq!(hub.tend_galleries().await.unwrap().expired, 0);
    assert_eq!(members(hub, booked).await, [street.hanako]);
    street.clock.jump_ms(4_000);
    assert_eq!(hub.tend_galleries().await.unwrap().expired, 1);
    assert!(members(hub, booked).await.is_empty());
}

#[tokio::test]
async fn expo_7_enrolled_residents_are_in_by_what_they_proved_for_as_long_as_it_counts() {
    let street = Street::open(true).await;
    let hub = &street.hub;
    let (kaga, other) = (("municipality", "17206"), ("municipality", "17201"));
    prove(hub, street.hanako, &[kaga], hub.now().plus_ms(10_000)).await;
    let rule = GalleryRule::Claim { name: kaga.0.to_owned(), value: kaga.1.to_owned() };
    let residents = gallery(hub, "residents", rule).await;
    assert_eq!(members(hub, residents).await, [street.hanako], "filled with who had proven it before");
    let mover = person(hub, "転入者", None).await;
    street.clock.jump_ms(1);
    prove(hub, mover, &[kaga], hub.now().plus_ms(20_000)).await;
    assert_eq!(members(hub, residents).await.len(), 2);
    street.clock.jump_ms(1);
    prove(hub, mover, &[other], hub.now().plus_ms(20_000)).await;
    assert_eq!(members(hub, residents).await, [street.hanako], "who moved away is out");
    let by_hand = hub.set_gallery_member(residents, mover, true).await.unwrap_err();
    assert_eq!(by_hand, SetUpError::GalleryByRule(residents));
    street.clock.jump_ms(10_000);
    hub.tend_galleries().await.unwrap();
    assert!(members(hub, residents).await.is_empty(), "the proof ran out");
}

#[tokio::test]
async fn park_3_a_family_is_in_while_its_guardian_is_present() {
    let street = Street::open(true).await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let today = hub.create_gallery(key("in the park"), "公園").await.unwrap().row.id;
    let family_of = gallery(hub, "families", GalleryRule::FamilyOf(today)).await;
    let (taro, link) = family(hub, hanako).await;
    assert!(members(hub, family_of).await.is_empty());
    hub.set_gallery_member(today, hanako, true).await.unwrap();
    assert_eq!(members(hub, family_of).await, [taro]);
    hub.set_gallery_member(today, hanako, false).await.unwrap();
    assert!(members(hub, family_of).await.is_empty(), "the guardian has left");
    hub.set_gallery_member(today, hanako, true).await.unwrap();
    hub.end_guardianship(link.id, EndedBy::Operator).await.unwrap();
    assert!(members(hub, family_of).await.is_empty(), "she is no guardian any more");
}

#[tokio::test]
async fn what_one_hub_stores_the_next_look_of_every_other_finds() {
    let (far_end, clock, store) = (Arc::new(FarEnd::with_balance(10_000)), clock(), Arc::new(MemoryStore::new(3)));
    let first = hub_on(store.clone(), far_end.clone(), clock.clone(), false);
    let street = Street::with(first, far_end.clone(), clock.clone(), true).await;
    clock.jump_ms(10_000);
    let second = hub_on(store, far_end, clock.clone(), false);
    second.load_galleries(|_| {}).await.unwrap();
    let till = street.hub.store.till(street.till).await.unwrap().unwrap();
    assert_eq!(pays(&second, &till, "hanako").await, "paid");
    assert_eq!(second.tend_galleries().await.unwrap().followed, 0);

    let stranger = enrol(&street.hub, "stranger", street.gallery, None).await;
    assert_eq!(pays(&second, &till, "stranger").await, "face.not_recognised");
    assert_eq!(second.tend_galleries().await.unwrap().followed, 2, "a face and a member");
    assert_eq!(pays(&second, &till, "stranger").await, "paid");

    street.hub.set_gallery_member(street.gallery, stranger, false).await.unwrap();
    second.tend_galleries().await.unwrap();
    assert_eq!(pays(&second, &till, "stranger").await, "face.not_recognised");
    // What was stored by itself and is seen again changes nothing: nobody is there twice.
    street.hub.tend_galleries().await.unwrap();
    let templates = |hub: &Hub| hub.show_default_search(street.gallery).templates;
    assert_eq!((templates(&street.hub), templates(&second)), (2, 2));
}

#[tokio::test]
async fn what_was_read_of_a_member_before_this_hub_showed_another_word_does_not_count() {
    let street = Street::open(true).await;
    let (hub, today, hanako) = (&street.hub, street.gallery, street.hanako);
    let till = street.hub.store.till(street.till).await.unwrap().unwrap();
    hub.set_gallery_member(today, hanako, false).await.unwrap();
    // The log is followed: she is read as gone, and before that is shown she comes back.
    let shown = hub.galleries.shown();
    hub.set_gallery_member(today, hanako, true).await.unwrap();
    assert!(!hub.galleries.follow_member((today, hanako), false, shown));
    assert_eq!(pays(hub, &till, "hanako").await, "paid");
    hub.tend_galleries().await.unwrap();
    assert_eq!(pays(hub, &till, "hanako").await, "paid", "the log's first word is that she went");
    assert!(hub.galleries.follow_member((today, hanako), false, hub.galleries.shown()));
    assert_eq!(pays(hub, &till, "hanako").await, "face.not_recognised");
}

#[tokio::test]
async fn a_pack_that_was_swapped_finds_nobody_of_the_old_one_and_takes_part_beside_a_hub_that_has_it() {
    let (far_end, clock, store) = (Arc::new(FarEnd::with_balance(10_000)), clock(), Arc::new(MemoryStore::new(3)));
    let old = hub_on(store.clone(), far_end.clone(), clock.clone(), false);
    let street = Street::with(old, far_end.clone(), clock.clone(), true).await;
    clock.jump_ms(10_000);
    let swapped = Pack { version: "2".to_owned(), ..pack() };
    let new = hub_of(swapped, store, far_end, clock.clone(), false);
    let loaded = new.load_galleries(|_| {}).await.unwrap();
    assert_eq!((loaded.searchable, loaded.of_other_packs), (0, 3));
    let till = street.hub.store.till(street.till).await.unwrap().unwrap();
    assert_eq!(pays(&new, &till, "hanako").await, "face.not_recognised", "never compared with the old template");
    enrol_face(&new, street.hanako, "hanako").await;
    assert_eq!(pays(&new, &till, "hanako").await, "paid");
    let templates = |hub: &Hub| hub.show_default_search(street.gallery).templates;
    // The new template stands beside the old one: a hub finds her by that of its own pack.
    street.hub.tend_galleries().await.unwrap();
    assert_eq!(pays(&street.hub, &till, "hanako").await, "paid");
    assert_eq!(pays(&street.hub, &till, "taro").await, "paid");
    assert_eq!((templates(&street.hub), templates(&new)), (2, 1));
}
