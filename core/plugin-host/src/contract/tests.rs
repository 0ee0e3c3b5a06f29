use tebura_hub::rail::Party;
use tebura_ledger::{Currency, Timestamp};

use super::*;
use crate::manifest::tests::WHOLE;

const NOW: Timestamp = Timestamp::from_millis(1_795_300_000_000);

fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

fn operation(command: RailCommand) -> RailOperation {
    RailOperation { id: "op_01".to_owned(), attempt: 1, now: NOW, command }
}

fn hold(amount: Money) -> RailOperation {
    let party = || Party { kind: "wallet".to_owned(), token: "w-1".to_owned() };
    operation(RailCommand::Hold { payer: party(), payee: party(), amount, expires: NOW })
}

fn call() -> HttpCall {
    HttpCall {
        endpoint: "gateway".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/holds?dry=1".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: vec![b'x'; limits::BODY_BYTES],
        effect: Effect::Idempotent { key: "k".repeat(limits::IDEMPOTENCY_KEY_CHARS) },
        timeout_ms: limits::CALL_TIMEOUT_MS,
        stale_after: None,
    }
}

fn step(next: Next) -> Step {
    Step { next, state: Vec::new(), writes: Vec::new() }
}

#[track_caller]
fn checked(operation: &RailOperation, step: &Step, expected: Option<&str>) {
    let manifest = Manifest::parse(WHOLE.as_bytes()).unwrap();
    let code = check(step, operation, manifest.rail().unwrap(), &manifest).err().map(|breach| breach.code());
    assert_eq!(code, expected);
}

#[track_caller]
fn called(edit: impl FnOnce(&mut HttpCall), expected: Option<&str>) {
    let mut call = call();
    edit(&mut call);
    checked(&hold(yen(100)), &step(Next::Call(call)), expected);
}

#[test]
fn a_call_at_its_limits_passes() {
    called(|_| (), None);
    called(|call| call.effect = Effect::Once, None);
    called(|call| call.headers = vec![("x".to_owned(), String::new()); limits::HEADERS], None);
    called(|call| call.path = format!("/v1/holds?{}", "a".repeat(limits::PATH_CHARS - 10)), None);
}

#[test]
fn a_call_beyond_its_limits_does_not() {
    called(|call| call.body.push(0), Some("plugin.answer_too_large"));
    called(
        |call| call.headers = vec![("x".to_owned(), String::new()); limits::HEADERS + 1],
        Some("plugin.answer_too_large"),
    );
    called(|call| call.headers[0].1 = "v".repeat(limits::HEADER_BYTES), Some("plugin.answer_too_large"));
    called(|call| call.path = format!("/v1/holds?{}", "a".repeat(limits::PATH_CHARS)), Some("plugin.answer_too_large"));
    called(|call| call.timeout_ms = 0, Some("plugin.answer_malformed"));
    called(|call| call.effect = Effect::Idempotent { key: String::new() }, Some("plugin.answer_malformed"));
    called(|call| call.effect = Effect::Idempotent { key: "a b".to_owned() }, Some("plugin.answer_malformed"));
    called(|call| call.effect = Effect::Idempotent { key: "k".repeat(129) }, Some("plugin.answer_too_large"));
    called(|call| call.method = "post".to_owned(), Some("plugin.call_not_listed"));
    called(|call| call.endpoint = "Gateway".to_owned(), Some("plugin.endpoint_not_listed"));
}

#[test]
fn headers_of_the_hub_are_refused_in_any_case() {
    for name in ["Host", "COOKIE", "proxy-authorization", "Sec-Fetch-Site", "x-forwarded-for", "idempotency-key", "TE"]
    {
        called(|call| call.headers[0].0 = name.to_owned(), Some("plugin.header_reserved"));
    }
    for name in ["", "a b", "a:b", "é"] {
        called(|call| call.headers[0].0 = name.to_owned(), Some("plugin.answer_malformed"));
    }
    for value in ["a\nb", "a\rb", "a\0b", "é"] {
        called(|call| call.headers[0].1 = value.to_owned(), Some("plugin.answer_malformed"));
    }
}

#[test]
fn what_is_settled_fits_what_was_asked() {
    let settled = |amount| step(Next::Done(RailOutcome::Settled { reference: "h-1".to_owned(), amount }));
    let reference = || "h-1".to_owned();
    let release = operation(RailCommand::Release { reference: reference(), amount: yen(100) });
    for operation in [&hold(yen(100)), &release] {
        checked(operation, &settled(yen(100)), None);
        checked(operation, &settled(yen(1)), None);
        checked(operation, &settled(yen(101)), Some("plugin.settled_otherwise"));
        checked(operation, &settled(yen(0)), Some("plugin.settled_otherwise"));
        checked(operation, &settled(Money::new(100, Currency::new("USD").unwrap())), Some("plugin.settled_otherwise"));
    }
    let of = format!("op_{}", "0".repeat(32)).parse().unwrap();
    let inquiry = operation(RailCommand::Inquire { of, about: "hold", reference: None });
    checked(&inquiry, &settled(yen(100)), None);
    checked(
        &inquiry,
        &settled(Money::new(100, Currency::new("USD").unwrap())),
        Some("plugin.settled_unlisted_currency"),
    );
}

#[test]
fn a_step_carries_a_small_state_and_few_writes() {
    let done = || Next::Done(RailOutcome::Declined(clean_fault("a", "b")));
    let with = |state: usize, writes: Vec<KvWrite>| Step { next: done(), state: vec![0; state], writes };
    let write = |key: usize, value: usize| KvWrite { key: "k".repeat(key), value: Some(vec![0; value]) };
    let operation = hold(yen(100));
    checked(&operation, &with(limits::STATE_BYTES, vec![write(128, 4096); 16]), None);
    checked(&operation, &with(limits::STATE_BYTES + 1, Vec::new()), Some("plugin.answer_too_large"));
    checked(&operation, &with(0, vec![write(1, 1); 17]), Some("plugin.answer_too_large"));
    checked(&operation, &with(0, vec![write(129, 1)]), Some("plugin.answer_too_large"));
    checked(&operation, &with(0, vec![write(1, 4097)]), Some("plugin.answer_too_large"));
    checked(&operation, &with(0, vec![write(0, 1)]), Some("plugin.answer_malformed"));
    let wait = |ms| step(Next::WaitUntil(NOW.plus_ms(ms)));
    checked(&operation, &wait(limits::WAIT_MS), None);
    checked(&operation, &wait(limits::WAIT_MS + 1), Some("plugin.answer_malformed"));
    checked(&operation, &step(Next::WaitUntil(Timestamp::from_millis(i64::MAX))), Some("plugin.answer_malformed"));
}

#[test]
fn a_fault_is_fit_for_a_row_and_a_log() {
    let cleaned = |code: &str| clean_fault(code, "m").code;
    assert_eq!(cleaned("funds.insufficient"), "funds.insufficient");
    assert_eq!(cleaned("inquiry.not_found"), "inquiry.not_found");
    for code in ["", ".", "a..b", "Funds", "a b", "plugin.revoked", "a\n", &"a".repeat(65)] {
        assert_eq!(cleaned(code), "plugin.unnamed_fault", "{code}");
    }
    let message = clean_fault("a", &format!("one\ntwo\u{1b}[31m\u{202e}{}", "x".repeat(1000))).message;
    assert!(message.starts_with("one\u{fffd}two\u{fffd}[31m\u{fffd}xxx"), "{message}");
    assert_eq!(message.chars().count(), limits::MESSAGE_CHARS);
}

#[test]
fn an_operation_outside_the_manifest_is_refused_before_the_guest_sees_it() {
    let manifest = Manifest::parse(WHOLE.as_bytes()).unwrap();
    let code =
        |operation: &RailOperation| check_operation(operation, manifest.rail().unwrap()).err().map(|fault| fault.code);
    assert_eq!(code(&hold(yen(100_000))), None);
    assert_eq!(code(&hold(yen(100_001))).as_deref(), Some("rail.amount_over_limit"));
    let dollars = Money::new(1, Currency::new("USD").unwrap());
    assert_eq!(code(&hold(dollars)).as_deref(), Some("rail.currency_unsupported"));
    let fewer = Manifest::parse(WHOLE.replace("\"refund\", ", "").as_bytes()).unwrap();
    let refund = operation(RailCommand::Refund { reference: "c-1".to_owned(), amount: yen(1) });
    assert_eq!(check_operation(&refund, fewer.rail().unwrap()).unwrap_err().code, "rail.command_unsupported");
}

#[test]
fn pay_4_a_card_number_leaves_in_no_part_of_a_step() {
    const NUMBER: &str = "4242424242424242";
    let no = Some("plugin.card_number");
    called(|call| call.path = format!("/v1/holds?card={NUMBER}"), no);
    called(|call| call.path = "/v1/holds?card=4242%204242%204242%204242".to_owned(), no);
    called(|call| call.body = format!("{{\"card\":\"{NUMBER}\"}}").into_bytes(), no);
    called(|call| call.body = b"card=4242+4242+4242+4242".to_vec(), no);
    called(|call| call.headers = vec![("x-card".to_owned(), NUMBER.to_owned())], no);
    called(|call| call.effect = Effect::Idempotent { key: NUMBER.to_owned() }, no);
    called(|call| call.body = b"at=1763821910000&amount=1200&token=pm_1Nv0FGQ9RKHgCVdK".to_vec(), None);
    let settled = Next::Done(RailOutcome::Settled { reference: format!("ch_{NUMBER}"), amount: yen(100) });
    checked(&hold(yen(100)), &step(settled), no);
    let kept = Step { state: NUMBER.as_bytes().to_vec(), ..step(Next::WaitUntil(NOW)) };
    checked(&hold(yen(100)), &kept, no);
    let write = KvWrite { key: "k".to_owned(), value: Some(NUMBER.as_bytes().to_vec()) };
    checked(&hold(yen(100)), &Step { writes: vec![write], ..step(Next::WaitUntil(NOW)) }, no);
    assert_eq!(clean_fault("card.bad", "the card 4242 4242 4242 4242 is bad").message, "the card [card number] is bad");
}
