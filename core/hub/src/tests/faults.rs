//! Ways in which money could have gone wrong between the hub and a rail, each with what happens instead.

use std::sync::Arc;

use async_trait::async_trait;
use tebura_ledger::{AtDeadline, Currency, Finality, LegKind, OperationState, RailId, Status, Verdict};

use super::holds::Shop;
use super::world::{Mishap, PlainRail, RAIL, key, yen};
use crate::capture_hold::{CaptureHold, OverCapture, Share, ShareTo};
use crate::create_hold::CreateHold;
use crate::exchange::Stage;
use crate::ids::ApiKeyId;
use crate::ports::{Caller, Rail};
use crate::rail::{
    DEADLINE_MARGIN_MS, Next, RailAbilities, RailDescriptor, RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use crate::resolve_operation::ResolveOperation;

/// A settle window, milliseconds.
const WINDOW_MS: i64 = 30_000;

/// More calls than anybody should make.
const CALLS_PLANNED: usize = 5_000;

/// A merchant whose account on the wallet rail is at home in the payer's shard.
async fn neighbour(shop: &Shop) -> (crate::ids::MerchantId, tebura_ledger::AccountId) {
    let payer = shop.hub.store().instrument(shop.wallet).await.unwrap().unwrap().account;
    for number in 0..64 {
        let word = |what: &str| key(&format!("{what} {number}"));
        let merchant = shop.hub.create_merchant(word("m"), "隣", true, Currency::JPY).await.unwrap().row.id;
        let rail = RailId::new(RAIL).unwrap();
        let payee = shop.hub.add_payee(word("p"), merchant, rail, Some("shop-2".to_owned()), Currency::JPY).await;
        let account = payee.unwrap().row.account;
        if account.shard() == payer.shard() {
            return (merchant, account);
        }
    }
    panic!("64 accounts and none in one of three shards");
}

#[tokio::test]
async fn an_account_without_room_leaves_what_the_rail_did_to_people_and_not_open_for_good() {
    let shop = Shop::open().await;
    let (merchant, full) = neighbour(&shop).await;
    let issuer = shop.hub.open_issuer(key("another issuer"), Currency::JPY).await.unwrap();
    shop.hub.fund(key("fill"), issuer, full, yen(i64::MAX - 50)).await.unwrap();
    let command = CreateHold {
        payer: shop.wallet,
        merchant,
        amount: yen(100),
        cap: None,
        expires_in_ms: 3_600_000,
        at_deadline: AtDeadline::Release,
    };
    let hold = shop.hub.create_hold(key("h"), command).await.unwrap().hold.id();
    let capture = CaptureHold {
        caller: Caller::Merchant(merchant),
        hold,
        amount: None,
        finality: Finality::Final,
        split: vec![],
        over: OverCapture::Refuse,
        expected_version: None,
    };
    let captured = shop.hub.capture_hold(key("c"), capture).await.unwrap().operation;
    let reason = |state: &OperationState| match state {
        OperationState::Unknown { code, .. } => code.clone(),
        state => panic!("{state:?}"),
    };
    assert_eq!(reason(captured.state()), "amount.overflow");
    let exchange = shop.hub.store().exchange(captured.id()).await.unwrap().unwrap();
    assert_eq!(exchange.stage, Stage::Stuck);
    shop.clock.jump_ms(60_000);
    assert_eq!(shop.hub.tick().await.unwrap().driven, 0, "nobody tries in vain for ever");

    // Two operators give it up; the rail's word then has it undone there.
    for by in [1, 2] {
        let by = ApiKeyId::from_uuid(tebura_ledger::Uuid::from_u128(by));
        let verdict = Verdict::Declined { code: "operator.no_room".to_owned() };
        let command = ResolveOperation { operation: captured.id(), by, verdict };
        shop.hub.resolve_operation(key(&format!("r {by}")), command).await.unwrap();
    }
    let late = Verdict::Settled { reference: captured.id().to_string(), amount: yen(100) };
    let exception = shop.hub.hear(captured.id(), late).await.unwrap();
    assert!(matches!(exception.operation.state(), OperationState::Settled { .. }));
    assert_eq!((shop.far_end.wallet().captured, shop.far_end.wallet().refunded), (100, 100));
}

#[tokio::test]
async fn an_over_capture_with_a_bad_split_raises_nothing_at_the_rail() {
    let shop = Shop::open().await;
    let shares = |minor: i64| vec![Share { to: ShareTo::Account(shop.issuer), amount: yen(minor), kind: LegKind::Fee }];
    let take = |hold, split| CaptureHold {
        caller: Caller::Merchant(shop.merchant),
        hold,
        amount: Some(yen(800)),
        finality: Finality::Final,
        split,
        over: OverCapture::Raise,
        expected_version: None,
    };
    let command = |cap: i64| CreateHold {
        payer: shop.wallet,
        merchant: shop.merchant,
        amount: yen(600),
        cap: Some(yen(cap)),
        expires_in_ms: 3_600_000,
        at_deadline: AtDeadline::Release,
    };
    let hold = shop.hub.create_hold(key("h"), command(1_000)).await.unwrap().hold;
    // The rail cannot split at all; then it can, and the parts are wrong in each way.
    assert!(shop.hub.capture_hold(key("a"), take(hold.id(), shares(10))).await.is_err());
    shop.hub.add_rail(std::sync::Arc::new(PlainRail::new(false).with(RailAbilities {
        split: true,
        partial_release: true,
        ..RailAbilities::default()
    })));
    let bad = [
        shares(801),
        shares(0),
        [shares(1), shares(2)].concat(),
        vec![Share { to: ShareTo::Account(hold.payee()), amount: yen(1), kind: LegKind::Share }],
        vec![Share { to: ShareTo::Account(hold.payer()), amount: yen(1), kind: LegKind::Share }],
        vec![Share {
            to: ShareTo::Account(tebura_ledger::AccountId::from_uuid(tebura_ledger::Uuid::from_u128(9 << 64))),
            amount: yen(1),
            kind: LegKind::Share,
        }],
    ];
    for (number, split) in bad.into_iter().enumerate() {
        let refused = shop.hub.capture_hold(key(&format!("b {number}")), take(hold.id(), split)).await;
        assert!(refused.is_err(), "{number}");
    }
    let now = shop.hub.store().hold(hold.id()).await.unwrap().unwrap();
    assert_eq!((now.authorised(), now.version()), (yen(600), hold.version()));
    assert_eq!(shop.far_end.wallet().holds.values().sum::<i64>(), 600, "nor at the rail");
    let taken = shop.hub.capture_hold(key("c"), take(hold.id(), shares(30))).await.unwrap();
    assert_eq!((taken.hold.captured(), taken.hold.status()), (yen(800), Status::Captured));
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_does_not_make_silence_a_no() {
    let shop = Shop::open().await;
    shop.hub.add_rail(std::sync::Arc::new(PlainRail::new(false).settling(WINDOW_MS)));
    // The call is on its way for long; the far end does not know of it yet.
    shop.far_end.plan(&[Mishap::LostCall, Mishap::LostCall, Mishap::LostCall, Mishap::LostCall, Mishap::Error500]);
    shop.far_end.after_calls(4, {
        let clock = shop.clock.clone();
        move || clock.jump_ms(24 * 3_600_000)
    });
    let placed = shop.place("h", shop.wallet, 500).await.unwrap();
    let asked_after_ms = |from: tebura_ledger::Timestamp| shop.hub.now().since_ms(from) - 24 * 3_600_000;
    let begun = placed.operation.created_at();
    let mut rounds = 0;
    loop {
        let row = shop.hub.store().operation(placed.operation.id()).await.unwrap().unwrap();
        if row.state().is_final() {
            assert!(matches!(row.state(), OperationState::Failed { .. }), "{row:?}");
            break;
        }
        rounds += 1;
        assert!(rounds < 60, "it ends");
        shop.clock.jump_ms(3_000);
        shop.hub.tick().await.unwrap();
    }
    // Counted without the jump.
    let sends_ms = 200 + 1_000 + 3_000;
    assert!(asked_after_ms(begun) >= sends_ms + WINDOW_MS, "believed after {} ms", asked_after_ms(begun));
}

#[tokio::test]
async fn a_provider_that_is_down_for_an_hour_costs_nobody_money_and_stops_nobody_else() {
    for down in [Mishap::NoConnection, Mishap::Error500, Mishap::LostCall, Mishap::LostReply] {
        let shop = Shop::open().await;
        let held = shop.place("before", shop.wallet, 500).await.unwrap().hold.id();
        shop.far_end.plan(&vec![down; CALLS_PLANNED]);
        let capture = shop.capture("c", held, Some(500), Finality::Final).await.unwrap().operation.id();
        let late = shop.place("meanwhile", shop.wallet, 300).await.unwrap().operation.id();
        for minute in 0..60 {
            shop.clock.jump_ms(60_000);
            shop.hub.tick().await.unwrap();
            let other = shop.place(&format!("other {minute}"), shop.house, 10).await.unwrap();
            assert_eq!(other.hold.status(), Status::Held, "{down:?}, minute {minute}");
        }
        let calls = CALLS_PLANNED - shop.far_end.planned();
        assert!(calls < 120, "{down:?}: {calls} calls in an hour for three operations");

        shop.far_end.plan(&[]);
        for _ in 0..240 {
            shop.clock.jump_ms(60_000);
            shop.hub.tick().await.unwrap();
        }
        let row = async |id| shop.hub.store().operation(id).await.unwrap().unwrap();
        let (capture, late) = (row(capture).await, row(late).await);
        assert!(capture.state().is_final() && late.state().is_final(), "{down:?}: {capture:?} {late:?}");
        let wallet = shop.far_end.wallet();
        let captured = i64::from(matches!(capture.state(), OperationState::Settled { .. })) * 500;
        assert_eq!(wallet.captured, captured, "{down:?}");
        assert_eq!(wallet.balance + wallet.captured - wallet.refunded + wallet.holds.values().sum::<i64>(), 10_000);
        assert!(wallet.acts.values().all(|acts| *acts == 1), "{down:?}: {:?}", wallet.acts);
    }
}

#[tokio::test]
async fn a_rail_without_a_longest_hold_still_keeps_it_past_the_hubs_deadline() {
    let shop = Shop::open().await;
    let rail = PlainRail::new(false);
    assert_eq!(rail.descriptor().max_hold_ms, None);
    let deadline = shop.hub.now().plus_ms(3_600_000);
    assert_eq!(rail.descriptor().keeps_until(deadline), deadline.plus_ms(DEADLINE_MARGIN_MS));
}

#[tokio::test]
async fn a_final_capture_leaves_an_unknown_capture_its_money_at_the_rail() {
    for found in [true, false] {
        let shop = Shop::open().await;
        let hold = shop.place("h", shop.wallet, 500).await.unwrap().hold.id();
        // Its reply is lost, or the call itself; nobody can be asked for now.
        let mut plan = vec![if found { Mishap::Garbled } else { Mishap::Error500 }];
        plan.extend([Mishap::Error500; 60]);
        shop.far_end.plan(&plan);
        let unknown = shop.capture("p", hold, Some(200), Finality::Partial).await.unwrap().operation;
        assert!(matches!(unknown.state(), OperationState::Unknown { .. }));
        shop.far_end.plan(&[]);
        let last = shop.capture("c", hold, Some(100), Finality::Final).await.unwrap();
        assert!(matches!(last.operation.state(), OperationState::Settled { .. }), "{last:?}");
        let now = shop.hub.store().hold(hold).await.unwrap().unwrap();
        assert_eq!(now.parts().capture_in_flight, 200);
        let kept = shop.far_end.wallet().holds.values().sum::<i64>();
        assert!(found || kept >= 200, "the rail keeps {kept} of the unknown 200");
        // What nobody claims goes back, by a release of its own; then the unknown one is found out.
        for _ in 0..12 {
            shop.clock.jump_ms(60_000);
            shop.hub.tick().await.unwrap();
        }
        let ended = shop.hub.store().hold(hold).await.unwrap().unwrap();
        let captured = if found { 300 } else { 100 };
        assert_eq!((ended.status(), ended.captured(), ended.free()), (Status::Captured, yen(captured), yen(0)));
        let wallet = shop.far_end.wallet();
        assert_eq!((wallet.captured, wallet.balance), (captured, 10_000 - captured), "{found}");
        assert_eq!(wallet.holds.values().sum::<i64>(), 0);
    }
}

/// A rail that gives every hold the same name.
struct Forgetful(PlainRail);

#[async_trait]
impl Rail for Forgetful {
    fn descriptor(&self) -> &RailDescriptor {
        self.0.descriptor()
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        self.0.start(operation).await
    }

    async fn resume(&self, operation: &RailOperation, state: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        let mut step = self.0.resume(operation, state, event).await?;
        if let Next::Done(RailOutcome::Settled { reference, .. }) = &mut step.next {
            "the-one-hold".clone_into(reference);
        }
        Ok(step)
    }
}

#[tokio::test]
async fn a_reference_that_names_two_holds_is_not_believed() {
    let shop = Shop::open().await;
    shop.hub.add_rail(Arc::new(Forgetful(PlainRail::new(false))));
    let first = shop.place("first", shop.wallet, 700).await.unwrap();
    assert_eq!(first.hold.status(), Status::Held);
    let second = shop.place("second", shop.wallet, 700).await.unwrap();
    assert!(
        matches!(second.operation.state(), OperationState::Unknown { code, .. } if code == "rail.reference_reused"),
        "{:?}",
        second.operation.state()
    );
    assert_eq!(second.hold.status(), Status::Pending, "nothing can be captured of it, and its money stays reserved");
    let first = shop.hub.store().hold(first.hold.id()).await.unwrap().unwrap();
    assert_eq!((first.status(), first.reference()), (Status::Held, Some("the-one-hold")), "the first is what it was");
}
