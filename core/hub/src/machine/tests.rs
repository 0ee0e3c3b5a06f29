//! One script in, one transcript out: what the machine does with every effect, delivery and failure.

#![expect(clippy::wildcard_enum_match_arm, reason = "a script names only the cases that it is about")]

use expect_test::{Expect, expect};
use tebura_ledger::{Currency, HoldId, Money, OperationId, RailId, Timestamp, Uuid, Verdict};

use super::*;
use crate::rail::{HttpReply, RailCommand};

const WINDOW_MS: i64 = 90_000;

fn call(effect: Effect) -> HttpCall {
    HttpCall {
        endpoint: "provider".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/holds".to_owned(),
        headers: vec![],
        body: b"{}".to_vec(),
        effect,
        timeout_ms: 3_000,
        stale_after: None,
    }
}

fn fresh() -> Exchange {
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000);
    Exchange {
        operation: OperationId::from_uuid(id),
        hold: HoldId::from_uuid(id),
        rail: RailId::new("jp.tebura.wallet").unwrap(),
        digest: None,
        command: RailCommand::Capture {
            reference: "r1".to_owned(),
            amount: Money::new(1_200, Currency::JPY),
            is_final: true,
        },
        purpose: Purpose::Perform,
        stage: Stage::Finished,
        state: vec![],
        ordinal: 0,
        due_at: Timestamp::from_millis(0),
        last_sent_at: None,
        revision: 1,
    }
}

/// Runs a script such as `once / maybe / trap / trap` and prints the stage and what the ledger is told after each
/// word.
#[track_caller]
fn check(script: &str, expected: Expect) {
    let mut exchange = fresh();
    let mut now = Timestamp::from_millis(1_000);
    let mut transcript = String::new();
    for word in script.split(" / ") {
        let told = play(&mut exchange, word, &mut now);
        let told = match told {
            None => String::new(),
            Some(Verdict::Settled { amount, .. }) => format!(" → settled {}", amount.minor()),
            Some(Verdict::Declined { code }) => format!(" → declined {code}"),
            Some(Verdict::Unknown { code }) => format!(" → unknown {code}"),
            Some(Verdict::RequiresAction) => " → action".to_owned(),
        };
        let wait = exchange.due_at.since_ms(now);
        let sent = if exchange.last_sent_at.is_some() { "" } else { " (nothing sent)" };
        transcript += &format!("{word}: {} in {wait} ms{sent}{told}\n", stage(&exchange.stage));
    }
    expected.assert_eq(&transcript);
}

fn stage(stage: &Stage) -> String {
    match stage {
        Stage::Outgoing { attempts, .. } => format!("outgoing after {attempts}"),
        Stage::Sending { attempts, .. } => format!("sending {attempts}"),
        Stage::Arrived { event: RailEvent::Silence { maybe_delivered, .. }, failures } => {
            format!("silence maybe_delivered={maybe_delivered} failures={failures}")
        }
        Stage::Arrived { failures, .. } => format!("reply failures={failures}"),
        other => other.name().to_owned(),
    }
}

fn play(exchange: &mut Exchange, word: &str, now: &mut Timestamp) -> Told {
    let yen = |minor| Money::new(minor, Currency::JPY);
    let fault = |code: &str| Fault { code: code.to_owned(), message: String::new() };
    let event = match &exchange.stage {
        Stage::Arrived { event, .. } => Some(event.clone()),
        _ => None,
    };
    let mut step = |next| after_step(exchange, event.as_ref(), next, *now);
    match word {
        "read" => step(Next::Call(call(Effect::Read))),
        "idempotent" => step(Next::Call(call(Effect::Idempotent { key: "k".to_owned() }))),
        "once" => step(Next::Call(call(Effect::Once))),
        "settled" => step(Next::Done(RailOutcome::Settled { reference: "c1".to_owned(), amount: yen(1_200) })),
        "settled too much" => step(Next::Done(RailOutcome::Settled { reference: "c1".to_owned(), amount: yen(1_201) })),
        "declined" => step(Next::Done(RailOutcome::Declined(fault("funds.insufficient")))),
        "not found" => step(Next::Done(RailOutcome::Declined(fault(NOT_FOUND)))),
        "cannot tell" => step(Next::Done(RailOutcome::Unknown(fault("reply.garbled")))),
        "wait" => step(Next::WaitUntil(now.plus_ms(700))),
        "send" => {
            let Stage::Outgoing { call, attempts } = exchange.stage.clone() else { panic!("nothing to send") };
            *now = (*now).max(exchange.due_at);
            lease(exchange, call, attempts + 1, *now);
            None
        }
        "inquire" => {
            *now = (*now).max(exchange.due_at);
            begin_inquiry(exchange, *now, WINDOW_MS);
            None
        }
        "its turn comes" => {
            *now = exchange.due_at;
            None
        }
        "a day passes" => {
            *now = now.plus_ms(86_400_000);
            None
        }
        "trap" | "fault" | "busy" | "revoked" => {
            let (event, failures) = match exchange.stage.clone() {
                Stage::Arrived { event, failures } => (event, failures),
                _ => (RailEvent::Timer, 0),
            };
            let error = match word {
                "trap" => RailError::Trapped { code: "plugin.trapped", message: String::new() },
                "fault" => RailError::Fault(fault("plugin.fault")),
                "revoked" => RailError::Revoked { reason: String::new() },
                _ => RailError::Busy { retry_after_ms: 50 },
            };
            after_failure(exchange, event, failures, &error, *now)
        }
        _ => {
            let Stage::Sending { call, attempts } = exchange.stage.clone() else { panic!("{word}: nothing is sent") };
            let reason = String::new();
            let delivery = match word {
                "reply" => Delivery::Reply(HttpReply { status: 200, headers: vec![], body: vec![] }),
                "no connection" => Delivery::NotDelivered { reason },
                "maybe" => Delivery::MaybeDelivered { reason },
                "refused" => Delivery::Refused { code: "egress.path", reason },
                _ => panic!("unknown word {word}"),
            };
            after_delivery(exchange, call, attempts, delivery, *now);
            None
        }
    }
}

#[test]
fn an_answered_call_settles() {
    check(
        "idempotent / reply / settled",
        expect![[r#"
            idempotent: sending 1 in 8000 ms (nothing sent)
            reply: reply failures=0 in 0 ms
            settled: finished in 0 ms → settled 1200
        "#]],
    );
}

#[test]
fn silence_repeats_the_same_bytes_only_where_a_repeat_is_safe() {
    check(
        "idempotent / maybe / send / maybe / send / maybe / send / maybe / cannot tell",
        expect![[r#"
            idempotent: sending 1 in 8000 ms (nothing sent)
            maybe: outgoing after 1 in 200 ms
            send: sending 2 in 8000 ms
            maybe: outgoing after 2 in 1000 ms
            send: sending 3 in 8000 ms
            maybe: outgoing after 3 in 3000 ms
            send: sending 4 in 8000 ms
            maybe: silence maybe_delivered=true failures=0 in 0 ms
            cannot tell: unknown in 500 ms → unknown reply.garbled
        "#]],
    );
    check(
        "read / maybe / send / reply",
        expect![[r#"
        read: sending 1 in 8000 ms (nothing sent)
        maybe: outgoing after 1 in 200 ms
        send: sending 2 in 8000 ms
        reply: reply failures=0 in 0 ms
    "#]],
    );
    check(
        "once / send / maybe / cannot tell",
        expect![[r#"
        once: outgoing after 0 in 0 ms (nothing sent)
        send: sending 1 in 8000 ms (nothing sent)
        maybe: silence maybe_delivered=true failures=0 in 0 ms
        cannot tell: unknown in 500 ms → unknown reply.garbled
    "#]],
    );
}

#[test]
fn a_call_that_never_left_is_not_maybe_delivered() {
    check(
        "once / send / no connection / send / no connection / send / no connection / send / no connection / declined",
        expect![[r#"
            once: outgoing after 0 in 0 ms (nothing sent)
            send: sending 1 in 8000 ms (nothing sent)
            no connection: outgoing after 1 in 200 ms (nothing sent)
            send: sending 2 in 8000 ms (nothing sent)
            no connection: outgoing after 2 in 1000 ms (nothing sent)
            send: sending 3 in 8000 ms (nothing sent)
            no connection: outgoing after 3 in 3000 ms (nothing sent)
            send: sending 4 in 8000 ms (nothing sent)
            no connection: silence maybe_delivered=false failures=0 in 0 ms (nothing sent)
            declined: finished in 0 ms (nothing sent) → declined funds.insufficient
        "#]],
    );
    check(
        "idempotent / refused / declined",
        expect![[r#"
        idempotent: sending 1 in 8000 ms (nothing sent)
        refused: silence maybe_delivered=false failures=0 in 0 ms (nothing sent)
        declined: finished in 0 ms (nothing sent) → declined funds.insufficient
    "#]],
    );
    check(
        "idempotent / maybe / send / no connection / send / no connection / send / no connection",
        expect![[r#"
        idempotent: sending 1 in 8000 ms (nothing sent)
        maybe: outgoing after 1 in 200 ms
        send: sending 2 in 8000 ms
        no connection: outgoing after 2 in 1000 ms
        send: sending 3 in 8000 ms
        no connection: outgoing after 3 in 3000 ms
        send: sending 4 in 8000 ms
        no connection: silence maybe_delivered=true failures=0 in 0 ms
    "#]],
    );
}

#[test]
fn a_plugin_that_traps_after_a_send_is_told_once_more_and_then_the_outcome_is_unknown() {
    check(
        "idempotent / reply / trap / trap",
        expect![[r#"
        idempotent: sending 1 in 8000 ms (nothing sent)
        reply: reply failures=0 in 0 ms
        trap: reply failures=1 in 0 ms
        trap: unknown in 500 ms → unknown plugin.trapped
    "#]],
    );
    check(
        "idempotent / reply / trap / settled",
        expect![[r#"
        idempotent: sending 1 in 8000 ms (nothing sent)
        reply: reply failures=0 in 0 ms
        trap: reply failures=1 in 0 ms
        settled: finished in 0 ms → settled 1200
    "#]],
    );
    check(
        "idempotent / reply / busy / revoked",
        expect![[r#"
        idempotent: sending 1 in 8000 ms (nothing sent)
        reply: reply failures=0 in 0 ms
        busy: reply failures=0 in 50 ms
        revoked: unknown in 500 ms → unknown plugin.revoked
    "#]],
    );
}

#[test]
fn a_plugin_that_fails_before_anything_left_declines() {
    check(
        "wait / trap / trap",
        expect![[r#"
        wait: waiting in 700 ms (nothing sent)
        trap: reply failures=1 in 0 ms (nothing sent)
        trap: finished in 0 ms (nothing sent) → declined plugin.trapped
    "#]],
    );
    check(
        "wait / fault",
        expect![[r#"
        wait: waiting in 700 ms (nothing sent)
        fault: finished in 700 ms (nothing sent) → declined plugin.fault
    "#]],
    );
}

#[test]
fn a_rail_that_settles_more_than_asked_is_not_believed() {
    check(
        "idempotent / reply / settled too much",
        expect![[r#"
        idempotent: sending 1 in 8000 ms (nothing sent)
        reply: reply failures=0 in 0 ms
        settled too much: unknown in 500 ms → unknown rail.settled_otherwise
    "#]],
    );
}

#[test]
fn a_plugin_that_takes_silence_for_a_refusal_is_not_believed() {
    check(
        "once / send / maybe / declined",
        expect![[r#"
        once: outgoing after 0 in 0 ms (nothing sent)
        send: sending 1 in 8000 ms (nothing sent)
        maybe: silence maybe_delivered=true failures=0 in 0 ms
        declined: unknown in 500 ms → unknown rail.declined_on_silence
    "#]],
    );
}

/// A script that inquires so often, each time when its turn has come, and is told that there is no such operation.
fn asked(times: usize) -> String {
    "idempotent / reply / cannot tell".to_owned()
        + &" / its turn comes / inquire / read / reply / not found".repeat(times)
}

fn after(script: &str) -> Exchange {
    let mut exchange = fresh();
    let mut now = Timestamp::from_millis(1_000);
    for word in script.split(" / ") {
        play(&mut exchange, word, &mut now);
    }
    exchange
}

#[test]
fn not_found_counts_only_after_the_settle_window() {
    // Half a second, 1, 2, 5, 15, 60 seconds: less than the window of 90.
    assert_eq!(after(&asked(6)).stage, Stage::Unknown);
    assert_eq!(after(&asked(7)).stage, Stage::Finished);
}

#[test]
fn a_clock_that_jumps_ahead_ends_no_settle_window() {
    let after_a_jump = |times: usize| {
        let rest = " / its turn comes / inquire / read / reply / not found".repeat(times);
        after(&format!("{} / a day passes / inquire / read / reply / not found{rest}", asked(1))).stage
    };
    assert_eq!([0, 1, 4].map(after_a_jump), [Stage::Unknown, Stage::Unknown, Stage::Unknown]);
    assert_eq!(after_a_jump(5), Stage::Finished);
}

#[test]
fn not_found_within_the_settle_window_does_not_count_either_when_it_is_looked_at_later() {
    check(
        "idempotent / reply / cannot tell / inquire / read / reply / a day passes / not found",
        expect![[r#"
            idempotent: sending 1 in 8000 ms (nothing sent)
            reply: reply failures=0 in 0 ms
            cannot tell: unknown in 500 ms → unknown reply.garbled
            inquire: unknown in 0 ms
            read: sending 1 in 8000 ms
            reply: reply failures=0 in 0 ms
            a day passes: reply failures=0 in -86400000 ms
            not found: unknown in 1000 ms
        "#]],
    );
}

#[test]
fn the_settle_window_counts_from_the_last_resend() {
    let mut exchange = fresh();
    let mut now = Timestamp::from_millis(1_000);
    for word in ["idempotent", "maybe", "send", "maybe", "send", "maybe", "send"] {
        play(&mut exchange, word, &mut now);
    }
    now = now.plus_ms(2 * WINDOW_MS);
    for word in ["maybe", "cannot tell", "inquire"] {
        play(&mut exchange, word, &mut now);
    }
    assert!(matches!(exchange.purpose, Purpose::Inquire { attempt: 1, conclusive: false, waited_ms: 0, .. }));
}

#[test]
fn an_inquiry_that_says_declined_for_a_reason_is_believed_at_once() {
    check(
        "once / send / maybe / cannot tell / inquire / read / reply / declined",
        expect![[r#"
        once: outgoing after 0 in 0 ms (nothing sent)
        send: sending 1 in 8000 ms (nothing sent)
        maybe: silence maybe_delivered=true failures=0 in 0 ms
        cannot tell: unknown in 500 ms → unknown reply.garbled
        inquire: unknown in 0 ms
        read: sending 1 in 8000 ms
        reply: reply failures=0 in 0 ms
        declined: finished in 0 ms → declined funds.insufficient
    "#]],
    );
}

#[test]
fn an_inquiry_that_fails_is_made_again() {
    check(
        "once / send / maybe / cannot tell / inquire / fault / inquire / read / reply / settled",
        expect![[r#"
        once: outgoing after 0 in 0 ms (nothing sent)
        send: sending 1 in 8000 ms (nothing sent)
        maybe: silence maybe_delivered=true failures=0 in 0 ms
        cannot tell: unknown in 500 ms → unknown reply.garbled
        inquire: unknown in 0 ms
        fault: unknown in 1000 ms
        inquire: unknown in 0 ms
        read: sending 1 in 8000 ms
        reply: reply failures=0 in 0 ms
        settled: finished in 0 ms → settled 1200
    "#]],
    );
}

#[test]
fn inquiries_end_with_a_person() {
    let mut exchange = fresh();
    exchange.purpose = Purpose::Inquire {
        attempt: MAX_INQUIRIES,
        conclusive: true,
        waited_ms: 0,
        asked_at: Timestamp::from_millis(0),
    };
    exchange.last_sent_at = Some(Timestamp::from_millis(0));
    let outcome = RailOutcome::Unknown(Fault { code: "x".to_owned(), message: String::new() });
    let told = after_step(&mut exchange, None, Next::Done(outcome), Timestamp::from_millis(1));
    assert_eq!((told, exchange.stage), (None, Stage::Stuck));
}
