//! The equal other ways: codes, cards, staff, guardians. Each pays by the same steps and with the same result.

use tebura_ledger::{Status, Timestamp};

use super::faces::Street;
use super::guardians::{family, person, prove};
use super::world::{key, yen};
use crate::guardians::EndedBy;
use crate::ids::PersonId;
use crate::passes::{MAX_OWN_MS, PassError, PassKind};
use crate::pay_by_face::PaymentAnswer;
use crate::pay_otherwise::{PayOtherwise, PayWay};
use crate::payment::PaymentStatus;
use crate::pin::Pin;
use crate::{Hub, pay_by_face::PayByFaceError};

async fn open() -> Street {
    let street = Street::open(true).await;
    street.hub.set_pass_key([7; 32]);
    street
}

pub(super) fn soon(hub: &Hub) -> Timestamp {
    hub.now().plus_ms(60_000)
}

pub(super) async fn code(hub: &Hub, person: PersonId) -> String {
    hub.issue_pass(person, PassKind::Own, soon(hub)).await.unwrap().code
}

async fn try_pay(
    street: &Street,
    word: &str,
    way: PayWay,
    minor: i64,
    pin: Option<&str>,
) -> Result<PaymentAnswer, PayByFaceError> {
    let pin = pin.map(|digits| Pin::new(digits).unwrap());
    let command = PayOtherwise { till: street.till, amount: yen(minor), way, pin };
    street.hub.pay_otherwise(key(word), command).await
}

async fn pay(street: &Street, word: &str, way: PayWay, minor: i64, pin: Option<&str>) -> PaymentStatus {
    try_pay(street, word, way, minor, pin).await.unwrap().status
}

fn refused(code: &str) -> PaymentStatus {
    PaymentStatus::Refused { code: code.to_owned() }
}

#[tokio::test]
async fn boj_29_vpia_14_every_other_way_pays_by_the_same_steps_and_with_the_same_result_as_the_face() {
    let street = open().await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let instrument = hub.store.instruments(hanako).await.unwrap()[0].id;
    let (taro, _) = family(hub, hanako).await;
    let by_face = street.pay("face", "hanako", 100).await.unwrap();
    let ways = [
        PayWay::Pass { code: code(hub, hanako).await },
        PayWay::Card { instrument },
        PayWay::Staff { person: hanako },
        PayWay::Guardian { ward: taro, code: code(hub, hanako).await },
    ];
    let face_hold = by_face.hold.unwrap();
    for (count, way) in ways.into_iter().enumerate() {
        let word = way.word();
        let answer = try_pay(&street, word, way.clone(), 100, None).await.unwrap();
        assert_eq!((&answer.status, answer.way.as_deref()), (&PaymentStatus::Paid, Some(word)));
        let hold = answer.hold.clone().unwrap();
        assert_eq!((hold.status(), hold.captured()), (Status::Captured, yen(100)), "{word}");
        assert_eq!((hold.payer(), hold.payee()), (face_hold.payer(), face_hold.payee()), "{word}");
        let again = try_pay(&street, word, way, 100, None).await.unwrap();
        assert_eq!((again.replayed, again.payment.id), (true, answer.payment.id), "{word}");
        assert_eq!(street.far_end.wallet().captured, 100 * (i64::try_from(count).unwrap() + 2));
    }
}

#[tokio::test]
async fn a_code_counts_once_for_minutes_and_at_the_hubs_that_have_its_key() {
    let street = open().await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let own = code(hub, hanako).await;
    let way = || PayWay::Pass { code: own.clone() };
    assert_eq!(pay(&street, "1", way(), 100, None).await, PaymentStatus::Paid);
    assert_eq!(pay(&street, "2", way(), 100, None).await, refused("pass.used"));
    let late = code(hub, hanako).await;
    street.clock.jump_ms(60_000);
    assert_eq!(pay(&street, "3", PayWay::Pass { code: late.clone() }, 100, None).await, refused("pass.expired"));
    let fresh = code(hub, hanako).await;
    let mut changed = fresh.clone().into_bytes();
    changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
    for (word, text, refusal) in [
        ("4", String::from_utf8(changed).unwrap(), "pass.not_of_this_hub"),
        ("5", fresh[..fresh.len() - 8].to_owned(), "pass.not_of_this_hub"),
        ("6", "TBP1.AAAA".to_owned(), "pass.unreadable"),
        ("7", "TBP2.AAAA".to_owned(), "pass.unreadable"),
        ("8", String::new(), "pass.unreadable"),
    ] {
        assert_eq!(pay(&street, word, PayWay::Pass { code: text }, 100, None).await, refused(refusal), "{word}");
    }
    let other = open().await;
    assert_eq!(pay(&other, "1", PayWay::Pass { code: fresh }, 100, None).await, PaymentStatus::Paid, "the same key");
    let longer = hub.issue_pass(hanako, PassKind::Own, hub.now().plus_ms(MAX_OWN_MS + 1)).await.unwrap_err();
    assert_eq!(longer, PassError::UntilInvalid);
    let nobody = PersonId::from_uuid(tebura_ledger::Uuid::from_u128(99));
    let missing = hub.issue_pass(nobody, PassKind::Own, soon(hub)).await.unwrap_err();
    assert_eq!(missing, PassError::PersonNotFound(nobody));
    assert!(!format!("{:?}", hub.issue_pass(hanako, PassKind::Own, soon(hub)).await).contains("TBP1"));
}

#[tokio::test]
async fn a_ticket_says_who_somebody_is_to_its_merchant_and_never_pays() {
    let street = open().await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let merchant = hub.store.till(street.till).await.unwrap().unwrap().merchant;
    let season = hub.now().plus_ms(90 * 86_400_000);
    let ticket = hub.issue_pass(hanako, PassKind::Ticket(merchant), season).await.unwrap().code;
    assert_eq!(pay(&street, "1", PayWay::Pass { code: ticket }, 100, None).await, refused("pass.is_a_ticket"));
    let other = crate::ids::MerchantId::from_uuid(tebura_ledger::Uuid::from_u128(7));
    let foreign = hub.issue_pass(hanako, PassKind::Ticket(other), season).await.unwrap().code;
    assert_eq!(pay(&street, "2", PayWay::Pass { code: foreign }, 100, None).await, refused("pass.other_merchant"));
}

#[tokio::test]
async fn cards_and_staff_ask_for_the_pin_above_the_cap_and_staff_name_only_who_is_here() {
    let street = open().await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let instrument = hub.store.instruments(hanako).await.unwrap()[0].id;
    for (word, way) in [("card", PayWay::Card { instrument }), ("staff", PayWay::Staff { person: hanako })] {
        let pay = async |step: &str, pin| pay(&street, &format!("{word} {step}"), way.clone(), 3_001, pin).await;
        assert_eq!(pay("1", None).await, refused("pin.needed"));
        assert_eq!(pay("2", Some("1111")).await, refused("pin.wrong"));
        assert_eq!(pay("3", Some("2468")).await, PaymentStatus::Paid);
    }
    // A code is another factor already.
    let own = code(hub, hanako).await;
    assert_eq!(pay(&street, "pass", PayWay::Pass { code: own }, 3_001, None).await, PaymentStatus::Paid);
    hub.set_gallery_member(street.gallery, hanako, false).await.unwrap();
    let away = pay(&street, "away", PayWay::Staff { person: hanako }, 100, None).await;
    assert_eq!(away, refused("person.not_admitted"));
    let unknown = crate::ids::InstrumentId::from_uuid(tebura_ledger::Uuid::from_u128(9));
    assert_eq!(pay(&street, "x", PayWay::Card { instrument: unknown }, 100, None).await, refused("card.not_known"));
}

#[tokio::test]
async fn boj_31_a_minor_pays_with_the_pin_or_with_a_guardian_who_still_is_one() {
    let street = open().await;
    let (hub, hanako) = (&street.hub, street.hanako);
    let (taro, link) = family(hub, hanako).await;
    let stranger = person(hub, "他人", None).await;
    let guardian = |code| PayWay::Guardian { ward: taro, code };
    let by_stranger = guardian(code(hub, stranger).await);
    assert_eq!(pay(&street, "1", by_stranger, 100, None).await, refused("guardian.not_linked"));
    let own = PayWay::Pass { code: code(hub, taro).await };
    assert_eq!(pay(&street, "2", own, 100, None).await, refused("pin.none_chosen"), "a child alone says so with a PIN");
    assert_eq!(pay(&street, "3", guardian(code(hub, hanako).await), 100, None).await, PaymentStatus::Paid);
    street.clock.jump_ms(1);
    prove(hub, hanako, &[("age_over_18", "false"), ("birth_date", "1960-01-01")], soon(hub)).await;
    let young = guardian(code(hub, hanako).await);
    assert_eq!(pay(&street, "4", young, 100, None).await, refused("guardian.under_age"));
    hub.end_guardianship(link.id, EndedBy::Guardian).await.unwrap();
    let late = guardian(code(hub, hanako).await);
    assert_eq!(pay(&street, "5", late, 100, None).await, refused("guardian.no_longer"));
}

#[tokio::test]
async fn boj_31_a_face_of_a_minor_asks_for_the_pin_below_the_cap_too() {
    let street = open().await;
    let hub = &street.hub;
    prove(hub, street.hanako, &[("age_over_18", "false")], soon(hub)).await;
    assert_eq!(street.refused("hanako", 100, None).await, "pin.needed");
    let paid = street.pay_with_pin("pin", "hanako", 100, Some("2468")).await.unwrap();
    assert_eq!(paid.status, PaymentStatus::Paid);
}

#[tokio::test]
async fn who_is_taken_out_in_the_middle_of_a_payment_pays_what_was_decided_and_is_not_found_again() {
    let street = open().await;
    let hub = std::sync::Arc::new(street.hub);
    let (inner, gallery, hanako) = (hub.clone(), street.gallery, street.hanako);
    // While the far end acts on the hold.
    *street.far_end.after_act.lock().unwrap() =
        Some(std::sync::Arc::new(move || inner.galleries.set_member(gallery, hanako, false)));
    let command =
        |pin| crate::pay_by_face::PayByFace { till: street.till, amount: yen(100), image: b"hanako".to_vec(), pin };
    let paid = hub.pay_by_face(key("1"), command(None)).await.unwrap();
    assert_eq!(paid.status, PaymentStatus::Paid, "one hold, one capture, nothing left hanging");
    assert_eq!(street.far_end.wallet().captured, 100);
    let again = hub.pay_by_face(key("2"), command(None)).await.unwrap();
    assert_eq!(again.status, refused("face.not_recognised"));
}
