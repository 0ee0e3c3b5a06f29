//! The eleven rules of a hold where money goes over a rail, each by number. `house` and `wallet` are the two kinds of rail.

use tebura_ledger::{
    AtDeadline, EventKind, Finality, HoldId, LegKind, Money, OperationId, OperationKind, OperationState, Status,
    Timestamp, Uuid, Verdict,
};

use super::holds::Shop;
use super::world::{Mishap, key, yen};
use crate::capture_hold::{CaptureHold, OverCapture, Share, ShareTo};
use crate::change_hold::ChangeHoldError;
use crate::confirm_raise::{ConfirmRaise, Word};
use crate::create_hold::CreateHold;
use crate::dispute_capture::{DisputeCapture, DisputeEnd};
use crate::extend_hold::ExtendHold;
use crate::ids::{ApiKeyId, InstrumentId};
use crate::perform::{Answer, PerformError};
use crate::pin::Pin;
use crate::ports::{Caller, Page};
use crate::rail::DEADLINE_MARGIN_MS;
use crate::raise_hold::RaiseHold;
use crate::refund_capture::RefundCapture;
use crate::release_hold::ReleaseHold;
use crate::resolve_operation::ResolveOperation;
use crate::reverse_capture::ReverseCapture;

const HOUR_MS: i64 = 3_600_000;

impl Shop {
    fn caller(&self) -> Caller {
        Caller::Merchant(self.merchant)
    }

    async fn hold(&self, word: &str, payer: InstrumentId, minor: i64, cap: i64, at_deadline: AtDeadline) -> HoldId {
        let (amount, cap) = (yen(minor), Some(yen(cap)));
        let command = CreateHold { payer, merchant: self.merchant, amount, cap, expires_in_ms: HOUR_MS, at_deadline };
        self.hub.create_hold(key(word), command).await.unwrap().hold.id()
    }

    async fn raise(&self, word: &str, hold: HoldId, minor: i64) -> Result<Answer, ChangeHoldError> {
        let command = RaiseHold { caller: self.caller(), hold, amount: yen(minor), expected_version: None };
        self.hub.raise_hold(key(word), command).await
    }

    async fn take_more(&self, word: &str, hold: HoldId, minor: i64) -> Result<Answer, ChangeHoldError> {
        let command = CaptureHold {
            caller: self.caller(),
            hold,
            amount: Some(yen(minor)),
            finality: Finality::Final,
            split: vec![],
            over: OverCapture::Raise,
            expected_version: None,
        };
        self.hub.capture_hold(key(word), command).await
    }

    async fn confirm(&self, word: &str, operation: OperationId, pin: &str) -> Result<Answer, ChangeHoldError> {
        let word_of = Word::Payer { instrument: self.house, pin: Some(Pin::new(pin).unwrap()) };
        let command = ConfirmRaise { caller: self.caller(), operation, word: word_of };
        self.hub.confirm_raise(key(word), command).await
    }

    async fn now(&self, hold: HoldId) -> tebura_ledger::Hold {
        self.hub.store().hold(hold).await.unwrap().unwrap()
    }

    async fn operations(&self, hold: HoldId) -> Vec<tebura_ledger::Operation> {
        self.hub.store().operations_of(hold).await.unwrap()
    }
}

fn code(error: ChangeHoldError) -> &'static str {
    match error {
        ChangeHoldError::Perform(PerformError::Refused(refusal)) => refusal.code(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn rule_01_over_capture_is_a_raise_and_a_capture_within_the_cap() {
    let shop = Shop::open().await;
    for payer in [shop.house, shop.wallet] {
        let word = |what: &str| format!("{what} {payer}");
        let hold = shop.hold(&word("h"), payer, 600, 800, AtDeadline::Release).await;
        let taken = shop.take_more(&word("c"), hold, 750).await.unwrap();
        assert_eq!(
            (taken.hold.status(), taken.hold.captured(), taken.hold.cap()),
            (Status::Captured, yen(750), yen(800))
        );
        let again = shop.take_more(&word("c"), hold, 750).await.unwrap();
        assert_eq!((again.operation.id(), again.replayed), (taken.operation.id(), true));
        let kinds: Vec<&str> = shop.operations(hold).await.iter().map(|row| row.kind().name()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "raise").count(), 1, "{kinds:?}");
    }
    assert_eq!(shop.far_end.wallet().captured, 750);
}

#[tokio::test]
async fn rule_01_on_the_house_rail_a_capture_that_cannot_be_made_leaves_no_raise() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.house, 600, 9_000, AtDeadline::Release).await;
    let error = shop.take_more("c", hold, 8_000).await.unwrap_err();
    assert_eq!(code(error), "funds.insufficient");
    let now = shop.now(hold).await;
    assert_eq!((now.authorised(), now.version()), (yen(600), 2));
}

#[tokio::test]
async fn rule_01_above_the_cap_nothing_is_taken_until_the_payer_agrees() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.house, 600, 700, AtDeadline::Release).await;
    let asked = shop.take_more("c", hold, 1_000).await.unwrap();
    assert_eq!(*asked.operation.state(), OperationState::RequiresAction);
    assert_eq!((asked.hold.captured(), asked.hold.waiting()), (yen(0), Some(asked.operation.id())));

    let wrong = shop.confirm("w", asked.operation.id(), "1111").await.unwrap_err();
    assert_eq!(wrong, ChangeHoldError::PinRefused { code: "pin.wrong" });
    let other = Word::Payer { instrument: shop.wallet, pin: Some(Pin::new("2468").unwrap()) };
    let command = ConfirmRaise { caller: shop.caller(), operation: asked.operation.id(), word: other };
    assert_eq!(shop.hub.confirm_raise(key("o"), command).await.unwrap_err(), ChangeHoldError::NotThePayer);
    assert_eq!(shop.now(hold).await.authorised(), yen(600));

    let confirmed = shop.confirm("y", asked.operation.id(), "2468").await.unwrap();
    assert_eq!((confirmed.hold.authorised(), confirmed.hold.cap()), (yen(1_000), yen(1_000)));
    let again = shop.confirm("y2", asked.operation.id(), "2468").await.unwrap();
    assert!(again.replayed);
    assert_eq!(shop.take_more("c2", hold, 1_000).await.unwrap().hold.captured(), yen(1_000));
}

#[tokio::test]
async fn rule_01_a_payer_who_refuses_and_a_rail_that_declines_leave_the_hold_as_it_was() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.wallet, 600, 20_000, AtDeadline::Release).await;
    let declined = shop.raise("r", hold, 15_000).await.unwrap();
    assert!(matches!(declined.operation.state(), OperationState::Failed { code, .. } if code == "funds.insufficient"));
    let asked = shop.raise("a", hold, 20_000).await.unwrap();
    let refused = shop.hub.refuse_raise(key("n"), &shop.caller(), asked.operation.id()).await.unwrap();
    assert!(matches!(refused.operation.state(), OperationState::Failed { code, .. } if code == "payer.refused"));
    let now = shop.now(hold).await;
    assert_eq!((now.authorised(), now.cap(), now.free(), now.waiting()), (yen(600), yen(20_000), yen(600), None));
    assert_eq!(shop.far_end.wallet().acts.len(), 2, "the refused raise never left the hub");
}

#[tokio::test]
async fn rule_02_at_the_deadline_an_unknown_capture_keeps_its_earmark() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.wallet, 600, 600, AtDeadline::Release).await;
    shop.far_end.plan(&[Mishap::LostCall; 200]);
    let lost = shop.capture("c", hold, Some(200), Finality::Partial).await.unwrap();
    assert!(matches!(lost.operation.state(), OperationState::Unknown { .. }));
    shop.far_end.plan(&[]);
    // Nobody inquires meanwhile: the deadline comes first.
    shop.clock.jump_ms(HOUR_MS);
    let late = shop.capture("l", hold, Some(1), Finality::Partial).await.unwrap_err();
    assert_eq!(code(late), "hold.expired");
    let due = shop.now(hold).await.follow_up(shop.hub.now()).unwrap();
    shop.hub.follow_up(due).await.unwrap();
    let now = shop.now(hold).await;
    assert_eq!((now.released(), now.parts().capture_in_flight, now.status()), (yen(400), 200, Status::Settling));
}

#[tokio::test]
async fn rule_02_a_deadline_that_captures_takes_all_that_is_free_once_also_after_downtime() {
    let shop = Shop::open().await;
    let house = shop.hold("h", shop.house, 600, 600, AtDeadline::Capture).await;
    let wallet = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Capture).await;
    let part = shop.capture("p", house, Some(100), Finality::Partial).await.unwrap();
    assert_eq!(part.hold.status(), Status::PartiallyCaptured);
    // The hub was down for a week.
    shop.clock.jump_ms(7 * 24 * HOUR_MS);
    assert_eq!(shop.hub.tick().await.unwrap().expired, 2);
    assert_eq!(shop.hub.tick().await.unwrap().expired, 0);
    for (hold, captured) in [(house, 600), (wallet, 500)] {
        let now = shop.now(hold).await;
        assert_eq!((now.status(), now.captured(), now.free()), (Status::Captured, yen(captured), yen(0)));
    }
    assert_eq!(shop.far_end.wallet().captured, 500);
}

#[tokio::test]
async fn rule_02_a_deadline_capture_leaves_an_unknown_capture_its_money_at_the_rail() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Capture).await;
    shop.far_end.plan(&[Mishap::LostCall; 200]);
    let lost = shop.capture("c", hold, Some(200), Finality::Partial).await.unwrap();
    assert!(matches!(lost.operation.state(), OperationState::Unknown { .. }));
    shop.far_end.plan(&[]);
    shop.clock.jump_ms(HOUR_MS);
    let due = shop.now(hold).await.follow_up(shop.hub.now()).unwrap();
    shop.hub.follow_up(due).await.unwrap();
    let now = shop.now(hold).await;
    assert_eq!((now.captured(), now.parts().capture_in_flight), (yen(300), 200));
    assert_eq!(shop.far_end.wallet().holds.values().sum::<i64>(), 200, "the rail still keeps what may be captured");
}

#[tokio::test]
async fn rule_02_a_deadline_capture_that_the_rail_declines_gives_the_money_back() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Capture).await;
    shop.far_end.give_back_all();
    shop.clock.jump_ms(HOUR_MS);
    for _ in 0..3 {
        shop.hub.tick().await.unwrap();
    }
    let now = shop.now(hold).await;
    assert_eq!((now.status(), now.captured(), now.released()), (Status::Expired, yen(0), yen(500)));
    let kinds: Vec<&str> = shop.operations(hold).await.iter().map(|row| row.kind().name()).collect();
    assert_eq!(kinds, ["place", "capture", "release"]);
}

#[tokio::test]
async fn rule_03_the_deadline_is_what_was_asked_or_the_rails_longest_less_a_margin() {
    let shop = Shop::open_with_longest_hold(Some(2 * HOUR_MS)).await;
    let start = shop.hub.now();
    let place = async |word: &str, payer, expires_in_ms| {
        let command = CreateHold {
            payer,
            merchant: shop.merchant,
            amount: yen(100),
            cap: None,
            expires_in_ms,
            at_deadline: AtDeadline::Release,
        };
        shop.hub.create_hold(key(word), command).await.unwrap().hold
    };
    let short = place("s", shop.wallet, HOUR_MS).await;
    assert_eq!(short.expires_at(), start.plus_ms(HOUR_MS));
    let long = place("l", shop.wallet, 24 * HOUR_MS).await;
    assert_eq!(long.expires_at(), start.plus_ms(2 * HOUR_MS - DEADLINE_MARGIN_MS));
    let house = place("h", shop.house, 24 * HOUR_MS).await;
    assert_eq!(house.expires_at(), start.plus_ms(24 * HOUR_MS));

    let extend =
        |hold, expires_in_ms| ExtendHold { caller: shop.caller(), hold, expires_in_ms, expected_version: None };
    let later = shop.hub.extend_hold(key("e"), extend(short.id(), HOUR_MS + 60_000)).await.unwrap();
    assert_eq!(later.hold.expires_at(), start.plus_ms(HOUR_MS + 60_000));
    shop.clock.jump_ms(58 * 60_000);
    let again = shop.hub.extend_hold(key("e"), extend(short.id(), HOUR_MS + 60_000)).await.unwrap();
    assert_eq!(
        (again.operation.id(), again.replayed),
        (later.operation.id(), true),
        "also when it would be too long now"
    );
    let beyond = shop.hub.extend_hold(key("b"), extend(short.id(), 2 * HOUR_MS)).await.unwrap_err();
    let latest_ms = start.plus_ms(2 * HOUR_MS - DEADLINE_MARGIN_MS).millis();
    assert_eq!(beyond, ChangeHoldError::ExtendBeyondRail { latest_ms });
}

#[tokio::test]
async fn rule_03_an_extension_that_the_rail_declines_leaves_the_deadline() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Release).await;
    let deadline = shop.now(hold).await.expires_at();
    shop.far_end.keep_until(deadline.millis());
    let command = ExtendHold { caller: shop.caller(), hold, expires_in_ms: 2 * HOUR_MS, expected_version: None };
    let declined = shop.hub.extend_hold(key("e"), command).await.unwrap();
    assert!(matches!(declined.operation.state(), OperationState::Failed { .. }));
    assert_eq!((declined.hold.expires_at(), declined.hold.status()), (deadline, Status::Held));
}

#[tokio::test]
async fn rule_04_reverse_refund_and_dispute_name_their_capture() {
    let shop = Shop::open().await;
    let house = shop.hold("h", shop.house, 600, 600, AtDeadline::Release).await;
    let part = shop.capture("p", house, Some(200), Finality::Partial).await.unwrap().operation.id();
    let reverse = |capture| ReverseCapture { caller: shop.caller(), capture, expected_version: None };
    let reversed = shop.hub.reverse_capture(key("r"), reverse(part)).await.unwrap();
    assert!(matches!(reversed.operation.kind(), OperationKind::Reverse { capture, .. } if *capture == part));
    assert_eq!((reversed.hold.captured(), reversed.hold.free()), (yen(0), yen(600)));
    assert_eq!(shop.hub.reverse_capture(key("r"), reverse(part)).await.unwrap().operation, reversed.operation);

    // Elsewhere, and once the hold is over, it is a refund.
    let wallet = shop.hold("w", shop.wallet, 600, 600, AtDeadline::Release).await;
    let part = shop.capture("q", wallet, Some(200), Finality::Partial).await.unwrap().operation.id();
    let all = shop.capture("a", house, None, Finality::Final).await.unwrap().operation.id();
    for capture in [part, all] {
        let back = shop.hub.reverse_capture(key(&format!("x {capture}")), reverse(capture)).await.unwrap();
        assert!(matches!(back.operation.kind(), OperationKind::Refund { capture: of, .. } if *of == capture));
        assert!(back.hold.refunded().is_positive());
    }
    assert_eq!(shop.far_end.wallet().refunded, 200);
    let placed = shop.operations(house).await[0].id();
    let no_capture = shop.hub.reverse_capture(key("n"), reverse(placed)).await.unwrap_err();
    assert_eq!(no_capture, ChangeHoldError::CaptureNotFound(placed));
    let twice = shop.hub.reverse_capture(key("t"), reverse(all)).await.unwrap_err();
    assert_eq!(code(twice), "refund.nothing_left");
}

#[tokio::test]
async fn rule_04_refunds_disputes_and_losses_together_never_exceed_the_capture() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.house, 600, 600, AtDeadline::Release).await;
    let capture = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
    let dispute = |minor: i64| DisputeCapture { capture, amount: Some(yen(minor)), expected_version: None };
    let refund =
        |minor: i64| RefundCapture { caller: shop.caller(), capture, amount: Some(yen(minor)), expected_version: None };
    let lost = shop.hub.dispute_capture(key("d"), dispute(300)).await.unwrap().operation.id();
    let won = shop.hub.dispute_capture(key("e"), dispute(200)).await.unwrap().operation.id();
    assert_eq!(code(shop.hub.refund_capture(key("f"), refund(101)).await.unwrap_err()), "refund.exceeds_capture");
    let end = DisputeEnd::Lost { amount: Some(yen(250)) };
    shop.hub.end_dispute(key("g"), lost, end).await.unwrap();
    shop.hub.end_dispute(key("i"), won, DisputeEnd::Won).await.unwrap();
    let now = shop.hub.refund_capture(key("j"), refund(350)).await.unwrap().hold;
    assert_eq!((now.refunded(), now.lost(), now.disputed(), now.refundable()), (yen(350), yen(250), yen(0), yen(0)));
}

#[tokio::test]
async fn rule_05_a_late_success_opens_an_exception_and_is_refunded_by_itself() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Release).await;
    // The far end captures; the hub hears "declined", and gives the rest back.
    shop.far_end.plan(&[Mishap::LostReply; 4]);
    let capture = shop.capture("c", hold, None, Finality::Final).await.unwrap();
    let (id, reference) = match capture.operation.state() {
        OperationState::Settled { reference, .. } => (capture.operation.id(), reference.clone()),
        state => panic!("{state:?}"),
    };
    // The same by a refusal that turns out to be wrong.
    let other = shop.hold("w2", shop.wallet, 400, 400, AtDeadline::Release).await;
    shop.far_end.plan(&[Mishap::LostCall; 200]);
    let lost = shop.capture("c2", other, None, Finality::Final).await.unwrap().operation.id();
    shop.far_end.plan(&[]);
    let no = Verdict::Declined { code: "operator.declined".to_owned() };
    resolve(&shop, lost, &no, [1, 2]).await;
    let late = Verdict::Settled { reference: "late-1".to_owned(), amount: yen(400) };
    let exception = shop.hub.hear(lost, late.clone()).await.unwrap();
    assert!(matches!(exception.operation.kind(), OperationKind::Exception { of, .. } if *of == lost));
    assert!(matches!(exception.operation.state(), OperationState::Settled { amount, .. } if *amount == yen(400)));
    assert_eq!(shop.far_end.wallet().refunded, 400, "the far end was told to give it back");
    let again = shop.hub.hear(lost, late).await.unwrap();
    assert_eq!((again.operation.id(), shop.far_end.wallet().refunded), (exception.operation.id(), 400));

    // What is known is not changed by it, and what agrees with it opens nothing.
    assert!(matches!(shop.hub.store().operation(lost).await.unwrap().unwrap().state(), OperationState::Failed { .. }));
    let same = Verdict::Settled { reference, amount: yen(500) };
    assert_eq!(shop.hub.hear(id, same).await.unwrap().operation.id(), id);
    let listed = shop.hub.store().exceptions(Page { after: None, limit: 10 }).await.unwrap();
    assert_eq!(listed.iter().map(tebura_ledger::Operation::id).collect::<Vec<_>>(), [exception.operation.id()]);
}

#[tokio::test]
async fn rule_05_a_denial_after_the_end_waits_for_two_operators() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Release).await;
    let capture = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
    let denied = shop.hub.hear(capture, Verdict::Declined { code: "bank.says_no".to_owned() }).await.unwrap();
    assert!(
        matches!(denied.operation.state(), OperationState::Unknown { code, .. } if code == "exception.needs_a_person")
    );
    assert_eq!((denied.hold.status(), denied.hold.captured()), (Status::Captured, yen(500)), "terminal is terminal");
    let done = Verdict::Settled { reference: "by hand".to_owned(), amount: yen(500) };
    resolve(&shop, denied.operation.id(), &done, [1, 2]).await;
    let resolved = shop.hub.store().operation(denied.operation.id()).await.unwrap().unwrap();
    assert!(resolved.state().is_final());
}

async fn resolve(shop: &Shop, operation: OperationId, verdict: &Verdict, by: [u128; 2]) {
    for (number, by) in by.into_iter().enumerate() {
        let by = ApiKeyId::from_uuid(Uuid::from_u128(by));
        let command = ResolveOperation { operation, by, verdict: verdict.clone() };
        shop.hub.resolve_operation(key(&format!("resolve {operation} {number}")), command).await.unwrap();
    }
}

#[tokio::test]
async fn rule_06_an_unknown_result_is_asked_about_before_anything_is_sent_again() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 800, AtDeadline::Release).await;
    shop.far_end.plan(&[Mishap::Garbled]);
    let raised = shop.raise("r", hold, 300).await.unwrap();
    assert!(matches!(raised.operation.state(), OperationState::Settled { .. }));
    let acts = shop.far_end.wallet().acts;
    assert_eq!(acts.get(&raised.operation.id().to_string()), Some(&1), "one raise, found by an inquiry: {acts:?}");
    assert_eq!(shop.now(hold).await.authorised(), yen(800));
}

#[tokio::test]
async fn rule_06_two_operators_settle_what_nobody_can_tell_and_the_same_key_does_not_count_twice() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Release).await;
    shop.far_end.plan(&[Mishap::LostCall; 200]);
    let lost = shop.capture("c", hold, None, Finality::Final).await.unwrap().operation.id();
    let say = async |word: &str, by: u128, verdict: &Verdict| {
        let by = ApiKeyId::from_uuid(Uuid::from_u128(by));
        let command = ResolveOperation { operation: lost, by, verdict: verdict.clone() };
        shop.hub.resolve_operation(key(word), command).await
    };
    let no = Verdict::Declined { code: "operator.declined".to_owned() };
    let proposed = say("1", 1, &no).await.unwrap();
    assert!(matches!(proposed.operation.state(), OperationState::Unknown { .. }));
    assert_eq!(code(say("2", 1, &no).await.unwrap_err()), "resolution.same_operator");
    let resolved = say("3", 2, &no).await.unwrap();
    assert!(matches!(resolved.operation.state(), OperationState::Failed { .. }));
    assert_eq!((resolved.hold.status(), resolved.hold.free()), (Status::Held, yen(500)));
    // Nobody asks the rail about it any more.
    shop.clock.jump_ms(HOUR_MS / 2);
    assert_eq!(shop.hub.tick().await.unwrap().driven, 0);
}

#[tokio::test]
async fn rule_07_two_raises_at_once_never_pass_the_cap_together() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.house, 600, 800, AtDeadline::Release).await;
    let (one, two) = tokio::join!(shop.raise("1", hold, 150), shop.raise("2", hold, 150));
    let states = [one.unwrap(), two.unwrap()].map(|answer| answer.operation.state().name());
    assert_eq!(states.iter().filter(|state| **state == "settled").count(), 1, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == "requires_action").count(), 1, "{states:?}");
    let stale = RaiseHold { caller: shop.caller(), hold, amount: yen(1), expected_version: Some(2) };
    assert_eq!(code(shop.hub.raise_hold(key("3"), stale).await.unwrap_err()), "hold.version_conflict");
}

#[tokio::test]
async fn rule_08_already_done_is_asked_about_and_never_compensated() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Release).await;
    // The far end captures, answers a resend with "already done", and the inquiry says that it was this operation.
    shop.far_end.plan(&[Mishap::LostReply]);
    shop.far_end.say_already_done();
    let captured = shop.capture("c", hold, None, Finality::Final).await.unwrap();
    assert!(matches!(captured.operation.state(), OperationState::Settled { amount, .. } if *amount == yen(500)));
    assert_eq!((captured.hold.status(), shop.far_end.wallet().refunded), (Status::Captured, 0));
}

#[tokio::test]
async fn rule_09_a_raise_never_draws_credit() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.house, 4_900, 9_000, AtDeadline::Release).await;
    assert_eq!(code(shop.raise("r", hold, 101).await.unwrap_err()), "funds.insufficient");
    assert_eq!(shop.raise("s", hold, 100).await.unwrap().hold.authorised(), yen(5_000));
}

#[tokio::test]
async fn rule_10_a_deadline_is_one_event_with_its_own_operation() {
    let shop = Shop::open().await;
    let holds = [
        shop.hold("h", shop.house, 100, 100, AtDeadline::Release).await,
        shop.hold("w", shop.wallet, 100, 100, AtDeadline::Capture).await,
    ];
    shop.clock.jump_ms(2 * HOUR_MS);
    for _ in 0..3 {
        shop.hub.tick().await.unwrap();
    }
    let events = shop.hub.store().events(&Caller::Operator, &[], 500).await.unwrap();
    for hold in holds {
        let expired: Vec<_> = events
            .iter()
            .filter(|stored| stored.event.hold == Some(hold) && stored.event.kind == EventKind::HoldExpired)
            .collect();
        assert_eq!(expired.len(), 1);
        let operation = expired[0].event.operation.unwrap();
        assert!(shop.hub.store().operation(operation).await.unwrap().unwrap().state().is_final());
    }
}

#[tokio::test]
async fn rule_11_the_sweep_may_be_early_late_doubled_or_absent() {
    let shop = Shop::open().await;
    let hold = shop.hold("w", shop.wallet, 500, 500, AtDeadline::Capture).await;
    assert_eq!(shop.hub.tick().await.unwrap().expired, 0, "early");
    shop.clock.jump_ms(HOUR_MS);
    // Absent: the deadline is kept without it.
    assert_eq!(code(shop.capture("c", hold, None, Finality::Final).await.unwrap_err()), "hold.expired");
    shop.clock.jump_ms(100 * HOUR_MS);
    let (one, two) = tokio::join!(shop.hub.tick(), shop.hub.tick());
    assert!(one.is_ok() && two.is_ok());
    let now = shop.now(hold).await;
    assert_eq!((now.captured(), shop.far_end.wallet().captured), (yen(500), 500), "once");
}

#[tokio::test]
async fn a_capture_is_split_in_one_operation_on_the_house_rail_only() {
    let shop = Shop::open().await;
    let neighbour = shop.hub.create_merchant(key("n"), "隣", true, tebura_ledger::Currency::JPY).await.unwrap().row.id;
    let split = |amounts: [i64; 2]| {
        let to = ShareTo::Merchant(neighbour);
        vec![
            Share { to, amount: yen(amounts[0]), kind: LegKind::Share },
            Share { to: ShareTo::Account(shop.issuer), amount: yen(amounts[1]), kind: LegKind::Fee },
        ]
    };
    let take = |hold, split| CaptureHold {
        caller: shop.caller(),
        hold,
        amount: Some(yen(500)),
        finality: Finality::Final,
        split,
        over: OverCapture::Refuse,
        expected_version: None,
    };
    let hold = shop.hold("h", shop.house, 600, 600, AtDeadline::Release).await;
    let too_much = shop.hub.capture_hold(key("t"), take(hold, split([480, 21]))).await.unwrap_err();
    assert_eq!(code(too_much), "split.exceeds_capture");
    let taken = shop.hub.capture_hold(key("c"), take(hold, split([180, 20]))).await.unwrap();
    assert_eq!((taken.hold.captured(), taken.hold.released()), (yen(500), yen(100)));
    let payee = shop.hub.store().account(taken.hold.payee()).await.unwrap().unwrap();
    assert_eq!(payee.posted(), yen(300));
    let wallet = shop.hold("w", shop.wallet, 600, 600, AtDeadline::Release).await;
    let refused = shop.hub.capture_hold(key("x"), take(wallet, split([180, 20]))).await.unwrap_err();
    assert_eq!(refused, ChangeHoldError::SplitUnsupported);
}

#[tokio::test]
async fn a_part_is_released_and_the_rest_stays_held() {
    let shop = Shop::open().await;
    for payer in [shop.house, shop.wallet] {
        let hold = shop.hold(&format!("h {payer}"), payer, 600, 600, AtDeadline::Release).await;
        let release =
            |amount: Option<Money>| ReleaseHold { caller: shop.caller(), hold, amount, expected_version: None };
        let part = shop.hub.release_hold(key(&format!("p {payer}")), release(Some(yen(200)))).await.unwrap();
        assert_eq!((part.hold.status(), part.hold.free()), (Status::Held, yen(400)));
        let above = shop.hub.release_hold(key(&format!("a {payer}")), release(Some(yen(401)))).await.unwrap_err();
        assert_eq!(code(above), "hold.release_exceeds_free");
        let rest = shop.hub.release_hold(key(&format!("r {payer}")), release(None)).await.unwrap();
        assert_eq!((rest.hold.status(), rest.hold.released()), (Status::Released, yen(600)));
    }
    assert_eq!(shop.far_end.wallet().balance, 10_000);
}

#[tokio::test]
async fn a_hold_tells_who_may_do_what() {
    let shop = Shop::open().await;
    let hold = shop.hold("h", shop.house, 600, 700, AtDeadline::Release).await;
    shop.raise("r", hold, 500).await.unwrap();
    let rail = shop.hub.rail(&tebura_ledger::RailId::new(crate::HOUSE).unwrap()).unwrap();
    let told = async |now: Timestamp| {
        let rights = crate::hold_rights::rights(&shop.now(hold).await, rail.descriptor(), now);
        let word = |right: &crate::hold_rights::Right| {
            let most = right.most.map_or(String::new(), |most| format!(" {}", most.minor()));
            format!("{} {}{most}", right.who.name(), right.may)
        };
        rights.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    let now = shop.hub.now();
    expect_test::expect![[
        r#"payee capture 600, payee raise 100, payer confirm, payer refuse, payee extend, payee release 600"#
    ]]
    .assert_eq(&told(now).await);
    expect_test::expect![[r#"payee release 600"#]].assert_eq(&told(now.plus_ms(2 * HOUR_MS)).await);
    shop.capture("c", hold, Some(400), Finality::Final).await.unwrap();
    expect_test::expect![[r#"payee refund 400, operator dispute 400"#]].assert_eq(&told(now).await);
}
