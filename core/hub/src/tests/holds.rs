//! Holds on the house rail and on a plugin's rail, verb by verb.

use tebura_ledger::{AtDeadline, Currency, Finality, HoldId, OperationState, RailId, Status};

use super::world::{FarEnd, JumpingClock, Mishap, PlainRail, RAIL, hub, key, yen};
use crate::capture_hold::{CaptureHold, OverCapture};
use crate::change_hold::ChangeHoldError;
use crate::create_hold::{CreateHold, CreateHoldError};
use crate::ids::{InstrumentId, MerchantId};
use crate::perform::{Answer, PerformError};
use crate::pin::Pin;
use crate::ports::Caller;
use crate::refund_capture::RefundCapture;
use crate::release_hold::ReleaseHold;
use crate::set_up::NewInstrument;
use crate::{HOUSE, Hub};

/// A merchant, and a payer with a wallet at the far end and one in the house.
pub(super) struct Shop {
    pub(super) hub: Hub,
    pub(super) far_end: std::sync::Arc<FarEnd>,
    pub(super) clock: std::sync::Arc<JumpingClock>,
    pub(super) merchant: MerchantId,
    pub(super) wallet: InstrumentId,
    pub(super) house: InstrumentId,
    pub(super) issuer: tebura_ledger::AccountId,
}

impl Shop {
    pub(super) async fn open() -> Shop {
        Shop::open_with_longest_hold(None).await
    }

    pub(super) async fn open_with_longest_hold(max_hold_ms: Option<i64>) -> Shop {
        let (hub, far_end, clock) = hub();
        hub.add_rail(std::sync::Arc::new(PlainRail::new(false).keeping(max_hold_ms)));
        let merchant = hub.create_merchant(key("open m"), "朝市", true, Currency::JPY).await.unwrap().row.id;
        let rail = RailId::new(RAIL).unwrap();
        hub.add_payee(key("open p"), merchant, rail.clone(), Some("shop-1".to_owned()), Currency::JPY).await.unwrap();
        let person =
            hub.register_person(key("open a"), "山田 花子", Some(Pin::new("2468").unwrap())).await.unwrap().row.id;
        let instrument = |rail: RailId, token: Option<&str>| NewInstrument {
            person,
            rail,
            token: token.map(str::to_owned),
            label: "wallet".to_owned(),
            is_default: true,
            currency: Currency::JPY,
        };
        let wallet = hub.add_instrument(key("open w"), instrument(rail, Some("w-1"))).await.unwrap().row;
        let house = hub.add_instrument(key("open h"), instrument(RailId::new(HOUSE).unwrap(), None)).await.unwrap().row;
        let issuer = hub.open_issuer(key("open i"), Currency::JPY).await.unwrap();
        hub.fund(key("open f"), issuer, house.account, yen(5_000)).await.unwrap();
        Shop { hub, far_end, clock, merchant, wallet: wallet.id, house: house.id, issuer }
    }

    pub(super) async fn place(&self, word: &str, payer: InstrumentId, minor: i64) -> Result<Answer, CreateHoldError> {
        let command = CreateHold {
            payer,
            merchant: self.merchant,
            amount: yen(minor),
            cap: None,
            expires_in_ms: 3_600_000,
            at_deadline: AtDeadline::Release,
        };
        self.hub.create_hold(key(word), command).await
    }

    pub(super) async fn capture(
        &self,
        word: &str,
        hold: HoldId,
        minor: Option<i64>,
        finality: Finality,
    ) -> Result<Answer, ChangeHoldError> {
        let caller = Caller::Merchant(self.merchant);
        let command = CaptureHold {
            caller,
            hold,
            amount: minor.map(yen),
            finality,
            split: vec![],
            over: OverCapture::Refuse,
            expected_version: None,
        };
        self.hub.capture_hold(key(word), command).await
    }
}

#[tokio::test]
async fn hold_capture_and_refund_on_both_rails() {
    let shop = Shop::open().await;
    for payer in [shop.house, shop.wallet] {
        let word = |what: &str| format!("{what} {payer}");
        let held = shop.place(&word("place"), payer, 1_000).await.unwrap();
        assert_eq!(held.hold.status(), Status::Held);
        let part = shop.capture(&word("part"), held.hold.id(), Some(300), Finality::Partial).await.unwrap();
        assert_eq!(part.hold.status(), Status::PartiallyCaptured);
        let rest = shop.capture(&word("final"), held.hold.id(), Some(500), Finality::Final).await.unwrap();
        assert_eq!(
            (rest.hold.status(), rest.hold.captured(), rest.hold.released()),
            (Status::Captured, yen(800), yen(200))
        );
        let refund = RefundCapture {
            caller: Caller::Operator,
            capture: part.operation.id(),
            amount: None,
            expected_version: None,
        };
        let refunded = shop.hub.refund_capture(key(&word("refund")), refund).await.unwrap();
        assert_eq!(refunded.hold.refunded(), yen(300));
        let account = shop.hub.store().account(held.hold.payee()).await.unwrap().unwrap();
        assert_eq!((account.posted(), account.held()), (yen(500), yen(0)));
    }
    assert_eq!(shop.far_end.wallet().balance, 10_000 - 500);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_does_nothing_again_and_answers_the_same() {
    let shop = Shop::open().await;
    let first = shop.place("k", shop.wallet, 700).await.unwrap();
    let again = shop.place("k", shop.wallet, 700).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!((again.operation.id(), again.then), (first.operation.id(), first.then));
    let captured = shop.capture("c", first.hold.id(), None, Finality::Final).await.unwrap();
    let again = shop.capture("c", first.hold.id(), None, Finality::Final).await.unwrap();
    assert_eq!((again.replayed, again.then), (true, captured.then));
    let held_again = shop.place("k", shop.wallet, 700).await.unwrap();
    assert_eq!(held_again.then, first.then, "the first answer does not change with the hold");
    assert_eq!(shop.far_end.wallet().captured, 700);
}

#[tokio::test]
async fn a_key_for_another_request_is_refused() {
    let shop = Shop::open().await;
    shop.place("k", shop.house, 700).await.unwrap();
    let mut other = key("k");
    other.fingerprint = [8; 32];
    let command = CreateHold {
        payer: shop.house,
        merchant: shop.merchant,
        amount: yen(701),
        cap: None,
        expires_in_ms: 3_600_000,
        at_deadline: AtDeadline::Release,
    };
    let error = shop.hub.create_hold(other, command).await.unwrap_err();
    assert_eq!(error, CreateHoldError::Perform(PerformError::KeyReused));
}

#[tokio::test]
async fn a_rail_that_declines_leaves_nothing_held() {
    let shop = Shop::open().await;
    let declined = shop.place("k", shop.wallet, 10_001).await.unwrap();
    assert!(matches!(declined.operation.state(), OperationState::Failed { code, .. } if code == "funds.insufficient"));
    let payer = shop.hub.store().account(declined.hold.payer()).await.unwrap().unwrap();
    assert_eq!((declined.hold.status(), payer.held()), (Status::Failed, yen(0)));
}

#[tokio::test]
async fn two_captures_of_all_at_once_take_the_money_once() {
    let shop = Shop::open().await;
    let held = shop.place("k", shop.house, 900).await.unwrap().hold.id();
    let (one, two) =
        tokio::join!(shop.capture("1", held, None, Finality::Final), shop.capture("2", held, None, Finality::Final));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let hold = shop.hub.store().hold(held).await.unwrap().unwrap();
    assert_eq!(hold.captured(), yen(900));
}

#[tokio::test]
async fn capture_above_the_hold_and_after_the_deadline_is_refused() {
    let shop = Shop::open().await;
    let held = shop.place("k", shop.house, 900).await.unwrap().hold.id();
    let above = shop.capture("1", held, Some(901), Finality::Final).await.unwrap_err();
    let code = |error: ChangeHoldError| match error {
        ChangeHoldError::Perform(PerformError::Refused(refusal)) => refusal.code(),
        other => panic!("{other}"),
    };
    assert_eq!(code(above), "hold.capture_exceeds_free");
    shop.clock.jump_ms(3_600_000);
    let late = shop.capture("2", held, Some(900), Finality::Final).await.unwrap_err();
    assert_eq!(code(late), "hold.expired");
}

#[tokio::test]
async fn pay_1_a_deadline_gives_the_money_back_by_itself_once() {
    let shop = Shop::open().await;
    let house = shop.place("h", shop.house, 900).await.unwrap().hold.id();
    let wallet = shop.place("w", shop.wallet, 800).await.unwrap().hold.id();
    shop.clock.jump_ms(3_600_000);
    assert_eq!(shop.hub.tick().await.unwrap().expired, 2);
    assert_eq!(shop.hub.tick().await.unwrap().expired, 0);
    for hold in [house, wallet] {
        let hold = shop.hub.store().hold(hold).await.unwrap().unwrap();
        assert_eq!((hold.status(), hold.free()), (Status::Expired, yen(0)));
    }
    assert_eq!(shop.far_end.wallet().balance, 10_000);
}

#[tokio::test]
async fn a_release_gives_back_what_is_free() {
    let shop = Shop::open().await;
    let held = shop.place("w", shop.wallet, 800).await.unwrap().hold.id();
    let release =
        || ReleaseHold { caller: Caller::Merchant(shop.merchant), hold: held, amount: None, expected_version: None };
    let released = shop.hub.release_hold(key("r"), release()).await.unwrap();
    assert_eq!((released.hold.status(), shop.far_end.wallet().balance), (Status::Released, 10_000));
    let again = shop.hub.release_hold(key("r"), release()).await.unwrap();
    assert!(again.replayed);
}

#[tokio::test]
async fn the_hold_of_another_merchant_is_not_found() {
    let shop = Shop::open().await;
    let held = shop.place("w", shop.wallet, 800).await.unwrap().hold.id();
    let other = shop.hub.create_merchant(key("m2"), "隣", true, Currency::JPY).await.unwrap().row.id;
    let release = ReleaseHold { caller: Caller::Merchant(other), hold: held, amount: None, expected_version: None };
    let error = shop.hub.release_hold(key("r"), release).await.unwrap_err();
    assert_eq!(error, ChangeHoldError::HoldNotFound(held));
}

#[tokio::test]
async fn a_lost_reply_is_found_again_within_the_request() {
    let shop = Shop::open().await;
    shop.far_end.plan(&[Mishap::LostReply]);
    let held = shop.place("w", shop.wallet, 800).await.unwrap();
    assert_eq!(held.hold.status(), Status::Held);
    assert_eq!(shop.far_end.wallet().acts.values().sum::<u32>(), 1);
}

#[tokio::test]
async fn bad_amounts_and_deadlines_are_refused_before_anything_happens() {
    let shop = Shop::open().await;
    for minor in [0, -1, i64::MIN] {
        let error = shop.place("k", shop.house, minor).await.unwrap_err();
        assert_eq!(error, CreateHoldError::AmountNotPositive);
    }
    let above = shop.place("k", shop.wallet, 100_001).await.unwrap_err();
    assert_eq!(above, CreateHoldError::AboveRailLimit { limit: 100_000 });
    let usd = tebura_ledger::Money::new(5, Currency::new("USD").unwrap());
    let command = CreateHold {
        payer: shop.house,
        merchant: shop.merchant,
        amount: usd,
        cap: None,
        expires_in_ms: 3_600_000,
        at_deadline: AtDeadline::Release,
    };
    let error = shop.hub.create_hold(key("k"), command).await.unwrap_err();
    assert!(matches!(error, CreateHoldError::CurrencyNotAccepted { .. }));
    let command = CreateHold {
        payer: shop.house,
        merchant: shop.merchant,
        amount: yen(5),
        cap: None,
        expires_in_ms: 10,
        at_deadline: AtDeadline::Release,
    };
    let error = shop.hub.create_hold(key("k"), command).await.unwrap_err();
    assert!(matches!(error, CreateHoldError::DeadlineOutOfRange { .. }));
}
