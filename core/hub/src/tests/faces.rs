//! Paying by face: who is recognised, who is not, and what stands beside the face.

use tebura_ledger::{AtDeadline, Currency, Finality, RailId, Status};

use super::world::{FarEnd, JumpingClock, RAIL, hub, key, yen};
use crate::capture_hold::{CaptureHold, OverCapture};
use crate::consent::{ConsentActor, ConsentError, ConsentEvent, ConsentState, NewConsent, OWN_PURPOSES};
use crate::create_hold::{CreateHold, CreateHoldError};
use crate::enroll_face::{EnrollFaceError, Enrolled, Frame};
use crate::ids::{GalleryId, PersonId, TillId};
use crate::pay_by_face::{PayByFace, PayByFaceError, PaymentAnswer};
use crate::payment::{Decision, PaymentStatus};
use crate::pin::Pin;
use crate::ports::Caller;
use crate::refund_capture::RefundCapture;
use crate::remove_instrument::RemoveInstrumentError;
use crate::set_up::{Made, NewInstrument, NewTill};
use crate::{HOUSE, Hub};

pub(super) struct Street {
    pub(super) hub: Hub,
    pub(super) far_end: std::sync::Arc<FarEnd>,
    pub(super) clock: std::sync::Arc<JumpingClock>,
    pub(super) till: TillId,
    pub(super) gallery: GalleryId,
    pub(super) hanako: PersonId,
}

/// Enrols a face of a person who agreed.
pub(super) async fn enrol_face(hub: &Hub, person: PersonId, face: &str) {
    capture(hub, person, face).await.unwrap();
}

/// Enrols a person whose face is `name`, with a wallet, at a desk that knows everybody, look-alikes too.
pub(super) async fn enrol(hub: &Hub, name: &str, gallery: GalleryId, pin: Option<&str>) -> PersonId {
    let pin = pin.map(|digits| Pin::new(digits).unwrap());
    let person = hub.register_person(key(name), name, pin).await.unwrap().row.id;
    agree(hub, person, &OWN_PURPOSES).await;
    capture_as(hub, person, name, true).await.unwrap();
    let instrument = NewInstrument {
        person,
        rail: RailId::new(RAIL).unwrap(),
        token: Some(format!("wallet of {name}")),
        label: "wallet".to_owned(),
        is_default: true,
        currency: Currency::JPY,
    };
    hub.add_instrument(key(&format!("{name} wallet")), instrument).await.unwrap();
    hub.set_gallery_member(gallery, person, true).await.unwrap();
    person
}

/// Agrees to purposes, at a desk.
pub(super) async fn agree(hub: &Hub, person: PersonId, purposes: &[&str]) {
    for purpose in purposes {
        say(hub, person, purpose, ConsentState::Given).await.unwrap();
    }
}

/// Says something about a purpose.
pub(super) async fn say(
    hub: &Hub,
    person: PersonId,
    purpose: &str,
    state: ConsentState,
) -> Result<Made<ConsentEvent>, ConsentError> {
    let said = hub.store().consents_of(person).await.unwrap().len();
    let (purpose, language) = (purpose.to_owned(), "ja".to_owned());
    let new = NewConsent { person, purpose, state, actor: ConsentActor::Staff, language };
    hub.record_consent(key(&format!("{person} says {said}")), new).await
}

/// Looks into the camera and does what is asked, until the face is enrolled.
pub(super) async fn capture(hub: &Hub, person: PersonId, face: &str) -> Result<Enrolled, EnrollFaceError> {
    capture_as(hub, person, face, false).await
}

/// The same, where staff know whether it is a look-alike.
pub(super) async fn capture_as(
    hub: &Hub,
    person: PersonId,
    face: &str,
    look_alike: bool,
) -> Result<Enrolled, EnrollFaceError> {
    let word = format!("{person} {face} {look_alike} {}", hub.now().millis());
    let session = hub.open_capture_session(key(&format!("{word} session")), person, look_alike).await?;
    let mut enrolled = None;
    for prompt in session.prompts {
        let picture = format!("{face} {}", prompt.word()).into_bytes();
        match hub.take_frame(key(&format!("{word} {}", prompt.word())), session.id, picture).await? {
            Frame::Next { .. } => {}
            Frame::Enrolled(face) => enrolled = Some(face),
        }
    }
    Ok(enrolled.expect("the last frame enrols"))
}

/// A shop with a till: hanako and taro are admitted, jiro is enrolled and not here.
pub(super) async fn furnish(hub: &Hub, sandbox: bool, pin: Option<&str>) -> (TillId, GalleryId, PersonId) {
    let merchant = hub.create_merchant(key("m"), "朝市", sandbox, Currency::JPY).await.unwrap().row.id;
    let rail = RailId::new(RAIL).unwrap();
    hub.add_payee(key("p"), merchant, rail, Some("shop-1".to_owned()), Currency::JPY).await.unwrap();
    let gallery = hub.create_gallery(key("g"), "today").await.unwrap().row.id;
    let hanako = enrol(hub, "hanako", gallery, pin).await;
    enrol(hub, "taro", gallery, None).await;
    let jiro = enrol(hub, "jiro", gallery, None).await;
    hub.set_gallery_member(gallery, jiro, false).await.unwrap();
    let till = NewTill { merchant, name: "till 1".to_owned(), gallery, pin_above: 3_000, max_amount: 20_000 };
    (hub.create_till(key("t"), till).await.unwrap().row.id, gallery, hanako)
}

impl Street {
    pub(super) async fn open(sandbox: bool) -> Street {
        let (hub, far_end, clock) = hub();
        Street::with(hub, far_end, clock, sandbox).await
    }

    pub(super) async fn with(
        hub: Hub,
        far_end: std::sync::Arc<FarEnd>,
        clock: std::sync::Arc<JumpingClock>,
        sandbox: bool,
    ) -> Street {
        let (till, gallery, hanako) = furnish(&hub, sandbox, Some("2468")).await;
        Street { hub, far_end, clock, till, gallery, hanako }
    }

    pub(super) async fn pay(&self, word: &str, image: &str, minor: i64) -> Result<PaymentAnswer, PayByFaceError> {
        self.pay_with_pin(word, image, minor, None).await
    }

    pub(super) async fn pay_with_pin(
        &self,
        word: &str,
        image: &str,
        minor: i64,
        pin: Option<&str>,
    ) -> Result<PaymentAnswer, PayByFaceError> {
        let pin = pin.map(|digits| Pin::new(digits).unwrap());
        let command = PayByFace { till: self.till, amount: yen(minor), image: image.as_bytes().to_vec(), pin };
        self.hub.pay_by_face(key(word), command).await
    }

    pub(super) async fn refused(&self, image: &str, minor: i64, pin: Option<&str>) -> String {
        let word = format!("{image} {minor} {pin:?} {}", self.hub.now().millis());
        self.clock.jump_ms(1);
        let answer = self.pay_with_pin(&word, image, minor, pin).await.unwrap();
        assert_eq!(self.far_end.wallet().balance, 10_000, "nothing was taken");
        match answer.status {
            PaymentStatus::Refused { code } => code,
            other => panic!("{image} ended as {other:?}"),
        }
    }
}

#[tokio::test]
async fn expo_12_boj_25_an_enrolled_face_pays_with_the_chosen_wallet() {
    let street = Street::open(true).await;
    let answer = street.pay("1", "hanako", 1_200).await.unwrap();
    assert_eq!(answer.status, PaymentStatus::Paid);
    assert_eq!(answer.masked_name.as_deref(), Some("h＊＊＊＊"));
    let hold = answer.hold.unwrap();
    assert_eq!((hold.status(), hold.captured()), (Status::Captured, yen(1_200)));
    assert_eq!((street.far_end.wallet().balance, street.far_end.wallet().captured), (8_800, 1_200));
}

#[tokio::test]
async fn expo_8_the_newest_default_instrument_pays_from_now_on() {
    let street = Street::open(true).await;
    let house = NewInstrument {
        person: street.hanako,
        rail: RailId::new(HOUSE).unwrap(),
        token: None,
        label: "points".to_owned(),
        is_default: true,
        currency: Currency::JPY,
    };
    let house = street.hub.add_instrument(key("points"), house).await.unwrap().row;
    street.hub.issue(key("issue"), house.account, yen(2_000)).await.unwrap();
    let answer = street.pay("1", "hanako", 1_200).await.unwrap();
    assert_eq!(answer.status, PaymentStatus::Paid);
    assert_eq!(answer.hold.unwrap().payer(), house.account);
    assert_eq!(street.far_end.wallet().balance, 10_000, "the first wallet is left alone");
}

#[tokio::test]
async fn expo_8_a_removed_instrument_pays_nothing_new_and_what_it_holds_goes_on() {
    let street = Street::open(true).await;
    let wallet = street.hub.store().instruments(street.hanako).await.unwrap().remove(0);
    let merchant = street.hub.store().till(street.till).await.unwrap().unwrap().merchant;
    let hold = |name: &'static str| {
        let (payer, amount) = (wallet.id, yen(500));
        let at_deadline = AtDeadline::Release;
        let command = CreateHold { payer, merchant, amount, cap: None, expires_in_ms: 60_000, at_deadline };
        street.hub.create_hold(key(name), command)
    };
    let held = hold("before").await.unwrap();
    let house = NewInstrument {
        person: street.hanako,
        rail: RailId::new(HOUSE).unwrap(),
        token: None,
        label: "points".to_owned(),
        is_default: false,
        currency: Currency::JPY,
    };
    let house = street.hub.add_instrument(key("points"), house).await.unwrap().row;
    street.hub.issue(key("issue"), house.account, yen(1_000)).await.unwrap();
    let full = street.hub.remove_instrument(street.hanako, house.id).await.unwrap_err();
    assert_eq!(full, RemoveInstrumentError::MoneyLeft(house.account));
    let jiro = street.hub.register_person(key("another"), "another", None).await.unwrap().row.id;
    let foreign = street.hub.remove_instrument(jiro, wallet.id).await.unwrap_err();
    assert_eq!(foreign, RemoveInstrumentError::NotFound(wallet.id), "as if there were none");

    let removed = street.hub.remove_instrument(street.hanako, wallet.id).await.unwrap();
    let again = street.hub.remove_instrument(street.hanako, wallet.id).await.unwrap();
    assert!(removed.removed_at.is_some());
    assert_eq!(removed, again, "twice is once");
    assert_eq!(hold("after").await.unwrap_err(), CreateHoldError::InstrumentRemoved(wallet.id));
    assert_eq!(hold("before").await.unwrap().hold.id(), held.hold.id(), "a repeat is answered as before");
    let capture = CaptureHold {
        caller: Caller::Operator,
        hold: held.hold.id(),
        amount: None,
        finality: Finality::Final,
        split: Vec::new(),
        over: OverCapture::Refuse,
        expected_version: None,
    };
    let captured = street.hub.capture_hold(key("capture"), capture).await.unwrap();
    assert_eq!(captured.hold.captured(), yen(500), "no money that was held is lost");

    let paid = street.pay("1", "hanako", 1_000).await.unwrap();
    assert_eq!(paid.hold.unwrap().payer(), house.account, "what is left pays");
    street.hub.remove_instrument(street.hanako, house.id).await.unwrap();
    let none = street.pay("2", "hanako", 100).await.unwrap().status;
    assert_eq!(none, PaymentStatus::Refused { code: "instrument.none".to_owned() });
}

#[tokio::test]
async fn vpia_15_a_payment_by_face_is_given_back_in_full() {
    let street = Street::open(true).await;
    let paid = street.pay("1", "hanako", 1_200).await.unwrap();
    let Decision::Recognised(payer) = &paid.payment.decision else { panic!("{:?}", paid.payment.decision) };
    let refund =
        RefundCapture { caller: Caller::Operator, capture: payer.capture, amount: None, expected_version: None };
    let refunded = street.hub.refund_capture(key("wrong person"), refund).await.unwrap();
    assert_eq!((refunded.hold.captured(), refunded.hold.refunded()), (yen(1_200), yen(1_200)));
    assert_eq!(street.far_end.wallet().balance, 10_000);
}

#[tokio::test]
async fn a_repeat_pays_once_and_looks_at_no_picture() {
    let street = Street::open(true).await;
    let first = street.pay("1", "hanako", 1_200).await.unwrap();
    let again = street.pay("1", "nobody", 1_200).await.unwrap();
    assert_eq!((again.replayed, again.payment.id, again.status), (true, first.payment.id, PaymentStatus::Paid));
    assert_eq!(street.far_end.wallet().captured, 1_200);
}

#[tokio::test]
async fn expo_6_a_person_outside_the_gallery_is_never_matched() {
    let street = Street::open(true).await;
    assert_eq!(street.refused("stranger", 100, None).await, "face.not_recognised");
    assert_eq!(street.refused("jiro", 100, None).await, "face.not_recognised", "enrolled, but not in the gallery");
    street.hub.set_gallery_member(street.gallery, street.hanako, false).await.unwrap();
    assert_eq!(street.refused("hanako", 100, None).await, "face.not_recognised");
}

#[tokio::test]
async fn boj_27_a_screen_no_face_and_two_faces_do_not_pay() {
    let street = Street::open(true).await;
    assert_eq!(street.refused("hanako on a screen", 100, None).await, "liveness.attack");
    assert_eq!(street.refused("nobody", 100, None).await, "face.none");
    assert_eq!(street.refused("two people", 100, None).await, "face.several");
    let not_an_image = PayByFace { till: street.till, amount: yen(100), image: vec![0xff, 0xfe], pin: None };
    let error = street.hub.pay_by_face(key("x"), not_an_image).await.unwrap_err();
    assert!(matches!(error, PayByFaceError::Image(_)));
    let busy = street.pay("busy", "a busy engine", 100).await.unwrap_err();
    assert_eq!(busy, PayByFaceError::EngineBusy { retry_after_ms: 40 });
    let later = street.pay("busy", "hanako", 100).await.unwrap();
    assert_eq!(later.status, PaymentStatus::Paid, "a busy engine does not use up the key");
}

#[tokio::test]
async fn jpki_30_above_the_cap_a_pin_stands_beside_the_face() {
    let street = Street::open(true).await;
    assert_eq!(street.refused("hanako", 3_001, None).await, "pin.needed");
    assert_eq!(street.refused("hanako", 3_001, Some("1111")).await, "pin.wrong");
    assert_eq!(street.refused("taro", 3_001, Some("1111")).await, "pin.none_chosen");
    let paid = street.pay_with_pin("ok", "hanako", 3_001, Some("2468")).await.unwrap();
    assert_eq!(paid.status, PaymentStatus::Paid);
    let above = street.pay("cap", "hanako", 20_001).await.unwrap_err();
    assert_eq!(above, PayByFaceError::AboveTillLimit { limit: 20_000 });
}

#[tokio::test]
async fn five_wrong_pins_lock_for_half_an_hour() {
    let street = Street::open(true).await;
    for _ in 0..4 {
        assert_eq!(street.refused("hanako", 3_001, Some("1111")).await, "pin.wrong");
    }
    assert_eq!(street.refused("hanako", 3_001, Some("1111")).await, "pin.locked");
    assert_eq!(street.refused("hanako", 3_001, Some("2468")).await, "pin.locked", "even the right one");
    street.clock.jump_ms(30 * 60_000);
    let paid = street.pay_with_pin("ok", "hanako", 3_001, Some("2468")).await.unwrap();
    assert_eq!(paid.status, PaymentStatus::Paid);
}

#[tokio::test]
async fn a_pack_for_drawings_serves_sandbox_merchants_only() {
    let street = Street::open(false).await;
    assert_eq!(street.refused("hanako", 100, None).await, "face.pack_is_for_drawings");
}

#[tokio::test]
async fn a_capture_that_the_wallet_refuses_frees_the_money() {
    let street = Street::open(true).await;
    let wallet = street.far_end.clone();
    *street.far_end.after_act.lock().unwrap() = Some(std::sync::Arc::new(move || wallet.give_back_all()));
    let answer = street.pay("1", "hanako", 500).await.unwrap();
    assert_eq!(answer.status, PaymentStatus::Refused { code: "hold.closed".to_owned() });
}

#[tokio::test]
async fn many_wrong_pins_at_once_are_as_many_tries() {
    let street = Street::open(true).await;
    let tries = (0..12).map(|n| {
        let street = &street;
        async move { street.pay_with_pin(&format!("try {n}"), "hanako", 3_001, Some("1111")).await }
    });
    let answers = futures_join(tries).await;
    let wrong = answers
        .iter()
        .flatten()
        .filter(|answer| matches!(&answer.status, PaymentStatus::Refused { code } if code == "pin.wrong"));
    assert!(wrong.count() <= 4, "the fifth locks");
    assert_eq!(street.refused("hanako", 3_001, Some("2468")).await, "pin.locked");
    street.hub.release_pin(street.hanako).await.unwrap();
    let paid = street.pay_with_pin("released", "hanako", 3_001, Some("2468")).await.unwrap();
    assert_eq!(paid.status, PaymentStatus::Paid, "staff have seen who it is");
}

/// Waits for all of them together.
async fn futures_join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if waiting.iter().all(|(_, output)| output.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
