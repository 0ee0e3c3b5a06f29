//! Documents that are refused, each for its own reason; and beside each kind the nearest one that is accepted.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tebura_contract::{Code, check, check_value};

use crate::documents::{rails, text, value};
use crate::mutate::{Change, changed, cut, set};

/// A changed example and the code that it has to give.
type Case = (&'static str, Vec<Change>, Code);

fn findings(example: &str, changes: &[Change]) -> Vec<(Code, String)> {
    let document = changed(value(example), changes);
    let checked = check_value(&document, Some(&rails()));
    checked.findings.iter().map(|finding| (finding.kind(), finding.to_string())).collect()
}

#[track_caller]
fn refused(cases: Vec<Case>) {
    for (example, changes, code) in &cases {
        let found = findings(example, changes);
        assert!(found.iter().any(|(found, _)| found == code), "{example} {changes:?} gives no {code:?} but {found:#?}");
        let document = changed(value(example), changes);
        if !code.as_str().starts_with("contract.w") {
            assert!(check_value(&document, Some(&rails())).contract.is_none(), "{example} {changes:?} is accepted");
        }
    }
}

#[track_caller]
fn accepted(cases: Vec<(&'static str, Vec<Change>)>) {
    for (example, changes) in &cases {
        let document = changed(value(example), changes);
        let checked = check_value(&document, Some(&rails()));
        assert!(checked.contract.is_some(), "{example} {changes:?}: {:#?}", checked.findings);
    }
}

const END: &str = "/states/ride/else";

fn release(leg: &str) -> Value {
    json!({leg: [{"rest": "release"}]})
}

/// A document with one leg of 1,000 yen and one state, whose `on` and `else` are given.
fn small(on: Value, otherwise: Value) -> Value {
    json!({
        "v": "hc/1", "name": "small",
        "parties": {"a": {"role": "payer"}, "b": {"role": "payee"}, "n": {"role": "attestor"}},
        "legs": {"l": {"from": "a", "asset": "JPY", "rail": "cbdc", "hold": 1000}},
        "fund_by": "PT1M", "start": "s",
        "states": {"s": {"by": "PT1H", "on": on, "else": otherwise}}
    })
}

fn on(document: &Value) -> Vec<Code> {
    check_value(document, Some(&rails())).findings.iter().map(|finding| finding.kind()).collect()
}

#[test]
fn c1_shape() {
    refused(vec![
        ("taxi-cap", vec![cut("/fund_by")], Code::C1Missing),
        ("taxi-cap", vec![cut("/legs/fare/rail")], Code::C1Missing),
        ("taxi-cap", vec![set("/legs/fare/colour", "red")], Code::C1UnknownField),
        ("taxi-cap", vec![set("/states/ride/on/0/then", "x")], Code::C1UnknownField),
        ("taxi-cap", vec![set("/v", "hc/2")], Code::C1Value),
        ("taxi-cap", vec![set("/legs/fare/hold", 0)], Code::C1Value),
        ("taxi-cap", vec![set("/legs/fare/hold", -5)], Code::C1Value),
        ("taxi-cap", vec![set("/legs/fare/hold", "5000")], Code::C1Value),
        ("taxi-cap", vec![set("/legs/fare/hold", 9_007_199_254_740_992_i64)], Code::C1Value),
        ("taxi-cap", vec![set("/legs/fare/hold", 5000.0)], Code::C1NotWhole),
        ("taxi-cap", vec![set("/legs/fare/hold", 0.5)], Code::C1NotWhole),
        ("taxi-cap", vec![set("/parties/Rider", json!({"role": "payer"}))], Code::C1Name),
        ("taxi-cap", vec![set("/parties/release", json!({"role": "payer"}))], Code::C1ReservedName),
        ("taxi-cap", vec![set("/states/end", json!({"by": "PT1H", "else": {"go": "end"}}))], Code::C1ReservedName),
        ("taxi-cap", vec![set("/name", "pay\u{202E}er")], Code::C1Text),
        ("taxi-cap", vec![set("/parties/taxi/label", json!({"ja": " ", "en": "taxi"}))], Code::C1Text),
        ("taxi-cap", vec![set("/legs/fare/asset", "JPX")], Code::C1Asset),
        ("taxi-cap", vec![set("/legs/fare/asset", "YEN")], Code::C1Asset),
    ]);
    accepted(vec![
        ("taxi-cap", vec![set("/legs/fare/hold", 1)]),
        ("taxi-cap", vec![set("/name", "a")]),
        ("taxi-cap", vec![set("/legs/fare/asset", "JPY")]),
    ]);
}

#[test]
fn c1_text_level() {
    let taxi = text("taxi-cap");
    let twice = taxi.replacen("\"hold\": 5000", "\"hold\": 5000, \"hold\": 9000", 1);
    let long = format!("{taxi}{}", " ".repeat(40_000));
    let cases = [
        (twice.as_str(), Code::C1DuplicateName),
        (long.as_str(), Code::C1TooLarge),
        (&taxi[..taxi.len() / 2], Code::C1NotJson),
        ("", Code::C1NotJson),
        ("[]", Code::C1Value),
        (&"[".repeat(100), Code::C1TooDeep),
    ];
    for (text, code) in cases {
        let checked = check(text, None);
        assert!(checked.contract.is_none());
        assert!(checked.findings.iter().any(|finding| finding.kind() == code), "{code:?}: {:?}", checked.findings);
    }
}

#[test]
fn c1_references() {
    refused(vec![
        ("taxi-cap", vec![set("/legs/fare/from", "nobody")], Code::C1UnknownParty),
        ("taxi-cap", vec![set("/states/ride/on/2/when/by", "nobody")], Code::C1UnknownParty),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/0/to", "nobody")], Code::C1UnknownParty),
        ("taxi-cap", vec![set(END, json!({"do": release("tip"), "go": "end"}))], Code::C1UnknownLeg),
        ("taxi-cap", vec![set("/states/ride/on/0/raise", json!({"tip": 8000}))], Code::C1UnknownLeg),
        ("taxi-cap", vec![set("/start", "drive")], Code::C1UnknownState),
        ("taxi-cap", vec![set("/fund_at", "drive")], Code::C1UnknownState),
        ("taxi-cap", vec![set("/states/ride/on/2/go", "drive")], Code::C1UnknownState),
        ("restaurant-cancel", vec![set("/states/booked/by/anchor", "chair")], Code::C1UnknownAnchor),
        ("restaurant-cancel", vec![set("/states/booked/on/2/when/before/anchor", "chair")], Code::C1UnknownAnchor),
        ("restaurant-cancel", vec![set("/states/offered/by/1/anchor", "chair")], Code::C1UnknownAnchor),
        ("taxi-cap", vec![set("/fund_by", "2 minutes")], Code::C1Duration),
        ("taxi-cap", vec![set("/states/ride/by", "P1M")], Code::C1Duration),
        ("restaurant-cancel", vec![set("/states/booked/by/off", "1H")], Code::C1Duration),
        ("taxi-cap", vec![cut("/states/ride/on/2/when")], Code::C1Trigger),
        ("taxi-cap", vec![set("/states/ride/on/2/when/attest", "cancelled")], Code::C1Trigger),
        ("taxi-cap", vec![cut("/states/ride/on/2/when/act")], Code::C1Trigger),
        ("taxi-cap", vec![set("/states/ride/on/2/when/fields", json!({"x": {"max": 1}}))], Code::C1FieldsOnAct),
        ("usedcar-dvp", vec![set("/states/agree/on/0/when/by/k", 3)], Code::C1Quorum),
        ("usedcar-dvp", vec![set("/states/agree/on/0/when/by/of/1", "registry")], Code::C1Quorum),
        ("taxi-cap", vec![set("/states/ride/on/2/when/by", "meter")], Code::C1AttestorCommands),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/0/to", "rider")], Code::C1PaysItself),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/1/rest", "rider")], Code::C1PaysItself),
        ("taxi-cap", vec![set("/states/ride/on/1/when/fields/fare/min", 200_000)], Code::C1FieldBounds),
    ]);
    accepted(vec![
        (
            "usedcar-dvp",
            vec![set("/states/agree/on/0/when/by", json!({"k": 3, "of": ["registry", "buyer", "seller"]}))],
        ),
        ("taxi-cap", vec![set("/states/ride/on/1/when/fields/fare/min", 100_000)]),
    ]);
}

#[test]
fn c2_the_graph_goes_forward() {
    refused(vec![
        (
            "restaurant-cancel",
            vec![set("/states/noshow/on/0", json!({"when": {"act": "waive", "by": "shop"}, "go": "booked"}))],
            Code::C2Cycle,
        ),
        ("usedcar-dvp", vec![set("/states/agree/else", json!({"go": "assess"}))], Code::C2Cycle),
        (
            "c2c-escrow",
            vec![set("/states/returning/on/0", json!({"when": {"attest": "returned", "by": "post"}, "go": "ship"}))],
            Code::C2Cycle,
        ),
        ("taxi-cap", vec![cut("/states/ride/on/0/times")], Code::C2LoopWithoutTimes),
        ("iot-reorder", vec![cut("/states/live/on/0/times")], Code::C2LoopWithoutTimes),
        ("taxi-cap", vec![set("/states/ride/on/1/times", 1)], Code::C2TimesWithoutLoop),
        ("iot-reorder", vec![set("/states/live/on/0/times", 101)], Code::C1Value),
    ]);
    let reorder = |shop: &str| json!({"when": {"attest": format!("reorder.{shop}"), "by": "device"}, "do": {"budget": [{"to": "shop", "amt": 1}, {"rest": "keep"}]}, "go": "live", "times": 100});
    let many: Vec<Value> = ["a", "b", "c", "d", "e"].into_iter().map(reorder).collect();
    refused(vec![("iot-reorder", vec![set("/states/live/on", many.clone())], Code::C2TooManyFirings)]);
    accepted(vec![
        ("iot-reorder", vec![set("/states/live/on", many[..3].to_vec())]),
        ("iot-reorder", vec![set("/states/live/on/0/times", 100)]),
    ]);
}

#[test]
fn c3_every_wait_ends() {
    refused(vec![
        ("taxi-cap", vec![cut("/states/ride/by")], Code::C3NoDeadline),
        ("clinic", vec![cut("/states/exam/by")], Code::C3NoDeadline),
        ("taxi-cap", vec![cut("/states/ride/else")], Code::C3NoElse),
        ("clinic", vec![cut("/states/exam/else")], Code::C3NoElse),
        ("taxi-cap", vec![set("/states/ride/else/when", json!({"act": "x", "by": "rider"}))], Code::C3ElseAsks),
        ("taxi-cap", vec![set("/states/ride/else/consent", "rider")], Code::C3ElseAsks),
        ("taxi-cap", vec![set("/states/ride/else/raise", json!({"fare": 8000}))], Code::C3ElseAsks),
        ("taxi-cap", vec![set("/states/ride/else", json!({"go": "ride"}))], Code::C3ElseStays),
        ("clinic", vec![set("/states/waiting/else", json!({"go": "waiting"}))], Code::C3ElseStays),
    ]);
    accepted(vec![(
        "taxi-cap",
        vec![cut("/states/ride/on"), cut("/legs/fare/cap"), cut("/parties/meter"), cut("/parties/taxi")],
    )]);
}

#[test]
fn c4_deadlines_go_forward() {
    refused(vec![
        ("taxi-cap", vec![set("/states/ride/by", "PT0S")], Code::C4DeadlinePast),
        ("restaurant-cancel", vec![set("/anchors/table/earliest", "PT2H")], Code::C4DeadlinePast),
        ("public-deposit", vec![set("/states/booked/by/off", "-PT1H")], Code::C4DeadlinePast),
        ("usedcar-dvp", vec![set("/states/agree/by", "P4D")], Code::C4DeadlineBackwards),
        ("restaurant-cancel", vec![set("/states/offered/by", "PT12H")], Code::C4DeadlineBackwards),
        ("restaurant-cancel", vec![set("/states/noshow/by/off", "PT30M")], Code::C4DeadlineBackwards),
        ("restaurant-cancel", vec![set("/anchors/table/latest", "PT1H")], Code::C4AnchorRange),
        ("public-deposit", vec![set("/anchors/slot/earliest", "P31D")], Code::C4AnchorRange),
        ("taxi-cap", vec![set("/fund_by", "PT4H")], Code::C4NoTimeToFund),
        ("taxi-cap", vec![set("/fund_by", "PT0S")], Code::C4NoTimeToFund),
        ("restaurant-cancel", vec![set("/fund_by", "PT4H")], Code::C4NoTimeToFund),
        ("taxi-cap", vec![set("/states/ride/by", "P3650D"), set("/grace", "PT1S")], Code::C4TooLong),
        ("taxi-cap", vec![set("/states/ride/by", "P400D")], Code::C4RailTooShort),
        ("interop", vec![set("/grace", "P90D")], Code::C4RailTooShort),
        ("restaurant-cancel", vec![set("/anchors/table/latest", "P90D")], Code::C4RailTooShort),
    ]);
    accepted(vec![
        ("usedcar-dvp", vec![set("/states/agree/by", "P5D")]),
        ("restaurant-cancel", vec![set("/states/noshow/by/off", "PT1H")]),
        ("taxi-cap", vec![set("/fund_by", "PT3H")]),
        ("taxi-cap", vec![set("/states/ride/by", "P399D"), set("/grace", "PT23H55M")]),
        ("restaurant-cancel", vec![set("/fund_by", "PT3H")]),
    ]);
}

#[test]
fn c5_every_end_disposes_of_every_leg() {
    let accept = json!({"when": {"act": "accept", "by": "shop"}, "do": release("fee"), "go": "booked"});
    let early = json!({"when": {"attest": "exam.start", "by": "receipt"}, "do": release("subsidy"), "go": "exam"});
    refused(vec![
        ("taxi-cap", vec![cut("/states/ride/else/do")], Code::C5LegWithoutDisposal),
        ("usedcar-dvp", vec![cut("/states/agree/on/0/do/title")], Code::C5LegWithoutDisposal),
        ("clinic", vec![cut("/states/exam/on/0/do/subsidy")], Code::C5LegWithoutDisposal),
        ("taxi-cap", vec![cut("/states/ride/on/1/do/fare/1")], Code::C5NoRest),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/0", json!({"rest": "release"}))], Code::C5NoRest),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/-", json!({"to": "taxi", "amt": 1}))], Code::C5NoRest),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/1/rest", "keep")], Code::C5KeepAtEnd),
        ("clinic", vec![set("/states/exam/else/do/subsidy/0/rest", "keep")], Code::C5KeepAtEnd),
        ("iot-reorder", vec![set("/states/live/else/do/budget/0/rest", "keep")], Code::C5KeepAtEnd),
        ("restaurant-cancel", vec![set("/states/offered/on/0", accept)], Code::C5MovesBeforeFunding),
        ("restaurant-cancel", vec![set("/states/offered/on/1/do", release("fee"))], Code::C5MovesBeforeFunding),
        ("restaurant-cancel", vec![set("/states/offered/else/do", release("fee"))], Code::C5MovesBeforeFunding),
        ("clinic", vec![set("/states/waiting/on/1", early)], Code::C5LegAlreadyClosed),
        ("c2c-escrow", vec![set("/states/ship/on/0/do", release("price"))], Code::C5LegAlreadyClosed),
        ("collateral", vec![set("/states/pledged/on/1/do", release("pledge"))], Code::C5LegAlreadyClosed),
        ("iot-reorder", vec![set("/states/live/on/0/do/budget/1/rest", "release")], Code::C5LegMixed),
        ("clinic", vec![set("/states/waiting/else", json!({"do": release("copay"), "go": "exam"}))], Code::C5LegMixed),
        ("restaurant-cancel", vec![set("/states/offered/on/2/go", "noshow")], Code::C5LegMixed),
        ("restaurant-cancel", vec![set("/states/offered/else/go", "booked")], Code::C5FundedBySilence),
        ("taxi-cap", vec![set("/states/ride/on/0/do", json!({"fare": [{"rest": "keep"}]}))], Code::C5AssignedTwice),
    ]);
    let drop_subsidy =
        json!({"when": {"attest": "exam.start", "by": "receipt"}, "do": release("subsidy"), "go": "exam"});
    accepted(vec![(
        "clinic",
        vec![
            set("/states/waiting/on/1", drop_subsidy),
            set(
                "/states/exam/on/0/do",
                json!({"copay": [{"to": "clinic", "amt": {"field": "patient"}}, {"rest": "release"}]}),
            ),
            set("/states/exam/else/do", release("copay")),
        ],
    )]);
}

#[test]
fn c6_promises_are_covered() {
    let pay = |amounts: &[Value]| {
        let mut list: Vec<Value> = amounts.iter().map(|amount| json!({"to": "taxi", "amt": amount})).collect();
        list.push(json!({"rest": "release"}));
        Value::Array(list)
    };
    refused(vec![
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare", pay(&[json!(5001)]))], Code::C6MoreThanLeft),
        (
            "taxi-cap",
            vec![set("/states/ride/on/1/do/fare", pay(&[json!({"bp": 6000}), json!({"bp": 4001})]))],
            Code::C6MoreThanLeft,
        ),
        (
            "taxi-cap",
            vec![set("/states/ride/on/1/do/fare", pay(&[json!({"field": "fare"}), json!(1)]))],
            Code::C6MoreThanLeft,
        ),
        ("prepay-protect", vec![set("/states/term/on/0/times", 11)], Code::C6MoreThanLeft),
        ("prepay-protect", vec![set("/states/term/on/0/do/fee/0/amt", json!({"bp": 1001}))], Code::C6MoreThanLeft),
        (
            "iot-reorder",
            vec![set("/states/live/on/1/do/budget", json!([{"to": "shop", "amt": 1}, {"rest": "release"}]))],
            Code::C6MoreThanLeft,
        ),
        ("taxi-cap", vec![set("/states/ride/on/0/raise/fare", 8001)], Code::C6RaiseAboveCap),
        ("taxi-cap", vec![cut("/legs/fare/cap")], Code::C6RaiseAboveCap),
        ("taxi-cap", vec![set("/states/ride/on/0/raise/fare", 5000)], Code::C6RaiseNotAbove),
        ("emergency-repair", vec![set("/legs/job/cap", 20_000)], Code::C6CapBelowHold),
        (
            "usedcar-dvp",
            vec![set(
                "/states/agree/on/0/do/title",
                json!([{"to": "buyer", "amt": {"bp": 5000}}, {"rest": "release"}]),
            )],
            Code::C6ShareOfThing,
        ),
    ]);
    accepted(vec![
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare", pay(&[json!(5000)])), cut("/states/ride/on/1/when/fields")]),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare", pay(&[json!({"bp": 6000}), json!({"bp": 4000})]))]),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare", pay(&[json!(1), json!({"field": "fare"})]))]),
        ("taxi-cap", vec![set("/states/ride/on/0/raise/fare", 5001)]),
    ]);
}

#[test]
fn c7_nobody_pays_himself() {
    let claim = json!({"when": {"act": "claim", "by": "b"}, "do": {"l": [{"rest": "b"}]}, "go": "end"});
    let mut consented = claim.clone();
    consented["consent"] = json!("a");
    assert!(on(&small(json!([claim]), json!({"do": release("l"), "go": "end"}))).contains(&Code::C7PaysItsSigners));
    assert!(
        !on(&small(json!([consented]), json!({"do": release("l"), "go": "end"}))).contains(&Code::C7PaysItsSigners)
    );
    refused(vec![
        ("emergency-repair", vec![cut("/states/visit/on/2/agreed")], Code::C7PaysItsSigners),
        ("emergency-repair", vec![set("/states/visit/on/1/when/by/k", 1)], Code::C7PaysItsSigners),
        ("taxi-cap", vec![set("/states/ride/on/1/when/by", "taxi")], Code::C7PaysItsSigners),
        (
            "usedcar-dvp",
            vec![set("/states/agree/on/0/when/by", json!({"k": 1, "of": ["registry", "buyer"]}))],
            Code::C7PaysItsSigners,
        ),
        (
            "usedcar-dvp",
            vec![set("/states/agree/on/0/when/by", json!({"k": 2, "of": ["seller", "buyer"]}))],
            Code::C7PaysItsSigners,
        ),
        ("emergency-repair", vec![cut("/states/visit/on/0/consent")], Code::C7RaiseWithoutPayer),
        ("taxi-cap", vec![set("/states/ride/on/0/when/by", "taxi")], Code::C7RaiseWithoutPayer),
        (
            "emergency-repair",
            vec![cut("/states/visit/on/0/consent"), set("/states/visit/on/0/agreed", "home")],
            Code::C7RaiseWithoutPayer,
        ),
        ("hold-to-collateral", vec![set("/states/held/on/0/when/by", "bank")], Code::C7ReholdWithoutPayer),
        ("hold-to-collateral", vec![set("/states/held/on/0/when/by", "landlord")], Code::C7ReholdWithoutPayer),
        ("hold-to-collateral", vec![set("/states/held/on/0/when/by/k", 1)], Code::C7ReholdWithoutPayer),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/0/to", "meter")], Code::C7AttestorWithStake),
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/1/rest", "meter")], Code::C7AttestorWithStake),
        ("taxi-cap", vec![set("/legs/fare/from", "meter")], Code::C7AttestorWithStake),
        ("emergency-repair", vec![set("/states/visit/on/0/consent", "fixer")], Code::C7ConsentOfStranger),
        ("emergency-repair", vec![set("/states/visit/on/2/agreed", "fixer")], Code::C7ConsentOfStranger),
        ("clinic", vec![set("/states/waiting/on/0/consent", "clinic")], Code::C7ConsentOfStranger),
    ]);
    let late = |extra: Value| {
        let mut document = small(
            json!([{"when": {"act": "claim", "by": "b"}, "go": "wait"}]),
            json!({"do": release("l"), "go": "end"}),
        );
        document["states"]["wait"] =
            json!({"by": {"within": "P3D"}, "on": extra, "else": {"do": {"l": [{"rest": "b"}]}, "go": "end"}});
        document
    };
    let yes = json!([{"when": {"act": "agree", "by": "a"}, "do": {"l": [{"rest": "b"}]}, "go": "end"}]);
    let no = json!([{"when": {"act": "object", "by": "a"}, "do": release("l"), "go": "end"}]);
    assert!(on(&late(json!([]))).contains(&Code::C7ClaimWithoutAnswer));
    assert!(on(&late(yes)).contains(&Code::C7ClaimWithoutAnswer));
    assert!(
        on(&late(json!([{"when": {"act": "waive", "by": "b"}, "do": release("l"), "go": "end"}])))
            .contains(&Code::C7ClaimWithoutAnswer)
    );
    let objectable = on(&late(no));
    assert!(objectable.iter().all(|code| code.as_str().starts_with("contract.w")), "{objectable:?}");
    accepted(vec![
        ("emergency-repair", vec![set("/states/visit/on/2/consent", "home"), cut("/states/visit/on/2/agreed")]),
        (
            "usedcar-dvp",
            vec![set("/states/agree/on/0/when/by", json!({"k": 2, "of": ["registry", "seller", "assessor"]}))],
        ),
    ]);
}

#[test]
fn c8_numbers_are_known() {
    let skip = json!({"when": {"attest": "skipped", "by": "assessor"}, "go": "agree"});
    refused(vec![
        ("taxi-cap", vec![set("/states/ride/on/1/do/fare/0/amt/field", "price")], Code::C8UnknownField),
        ("usedcar-dvp", vec![set("/states/assess/on/0/bind/price", "worth")], Code::C8UnknownField),
        ("iot-reorder", vec![set("/states/live/on/0/when/if", json!([["cost", "<", 5]]))], Code::C8UnknownField),
        ("usedcar-dvp", vec![set("/states/agree/on/0/do/money/0/amt/var", "worth")], Code::C8UnboundVariable),
        ("usedcar-dvp", vec![set("/states/assess/on/-", skip)], Code::C8UnboundVariable),
        ("usedcar-dvp", vec![cut("/states/assess/on/0/bind")], Code::C8UnboundVariable),
        ("usedcar-dvp", vec![set("/start", "agree")], Code::C8UnboundVariable),
    ]);
    let again = json!({"when": {"attest": "reassessed", "by": "assessor", "fields": {"sum": {"max": 5}}}, "bind": {"price": "sum"}, "go": "agree"});
    accepted(vec![("usedcar-dvp", vec![set("/states/assess/on/-", again)])]);
}

#[test]
fn c9_at_most_one_leg_cannot_be_pinned() {
    let three = json!({"from": "payer", "asset": "JPY", "rail": "emoney", "hold": 5});
    let on = |document: &Value, unpinned: &[&str]| {
        let mut rails = rails();
        for name in unpinned {
            rails.get_mut(*name).unwrap().pin = false;
        }
        let findings = check_value(document, Some(&rails)).findings;
        findings.iter().filter(|finding| finding.kind() == Code::C9TwoUnpinned).count()
    };
    assert_eq!(on(&value("interop"), &["cbdc", "emoney"]), 1);
    assert_eq!(on(&value("usedcar-dvp"), &["cbdc", "asset"]), 1);
    assert_eq!(on(&value("clinic"), &["deposit", "emoney"]), 1);
    let more = changed(
        value("interop"),
        &[
            set("/legs/fee", three),
            set("/states/both_held/on/0/do/fee", json!([{"rest": "lp"}])),
            set("/states/both_held/else/do/fee", json!([{"rest": "release"}])),
        ],
    );
    assert_eq!(on(&more, &["emoney"]), 1);
    for (document, unpinned) in
        [("interop", "emoney"), ("interop", "cbdc"), ("usedcar-dvp", "asset"), ("clinic", "deposit")]
    {
        assert_eq!(
            on(&value(document), &[unpinned, "emoney"]).min(1),
            usize::from(document == "interop" && unpinned == "cbdc" || document == "clinic")
        );
    }
}

#[test]
fn c10_rails_can_do_what_is_asked() {
    let part = json!([{"release": 1}, {"to": "shop", "amt": {"field": "price"}}, {"rest": "keep"}]);
    let split = json!([{"to": "fixer", "amt": 1}, {"to": "home2", "amt": 1}, {"rest": "release"}]);
    refused(vec![
        ("taxi-cap", vec![set("/legs/fare/rail", "gold")], Code::C10UnknownRail),
        ("interop", vec![set("/legs/emoney/rail", "card")], Code::C10UnknownRail),
        ("clinic", vec![set("/legs/copay/rail", "cash")], Code::C10UnknownRail),
        ("taxi-cap", vec![set("/legs/fare/asset", "USD")], Code::C10Asset),
        ("usedcar-dvp", vec![set("/legs/title/asset", "house:1")], Code::C10Asset),
        ("usedcar-dvp", vec![set("/legs/title/rail", "cbdc")], Code::C10Asset),
        ("c2c-escrow", vec![set("/legs/price/hold", 100_001)], Code::C10Amount),
        (
            "iot-reorder",
            vec![set("/legs/budget/rail", "asset"), set("/legs/budget/asset", "vehicle:1")],
            Code::C10SeveralCaptures,
        ),
        ("iot-reorder", vec![set("/legs/budget/rail", "asset")], Code::C10PartialCapture),
        (
            "iot-reorder",
            vec![set("/legs/budget/rail", "deposit"), set("/states/live/on/0/do/budget", part)],
            Code::C10PartialRelease,
        ),
        ("emergency-repair", vec![set("/legs/job/rail", "emoney")], Code::C10Raise),
        ("taxi-cap", vec![set("/legs/fare/rail", "deposit")], Code::C10Raise),
        ("taxi-cap", vec![set("/legs/fare/rail", "asset")], Code::C10Raise),
        ("hold-to-collateral", vec![set("/legs/dep/rail", "deposit")], Code::C10Extend),
        ("hold-to-collateral", vec![set("/legs/dep/rail", "emoney")], Code::C10Extend),
        ("c2c-escrow", vec![set("/legs/price/rail", "asset")], Code::C10Split),
        // Several captures do not help: a hold names its payee when it is placed.
        ("c2c-escrow", vec![set("/legs/price/rail", "deposit")], Code::C10Split),
        (
            "emergency-repair",
            vec![
                set("/legs/job/rail", "asset"),
                set("/parties/home2", json!({"role": "payee"})),
                set("/states/visit/on/2/do/job", split),
            ],
            Code::C10Split,
        ),
    ]);
    accepted(vec![
        ("c2c-escrow", vec![set("/legs/price/hold", 100_000)]),
        ("iot-reorder", vec![set("/legs/budget/rail", "deposit")]),
    ]);
}

#[test]
fn c11_everything_can_happen() {
    let stray = json!({"by": "PT4H", "else": {"do": release("fare"), "go": "end"}});
    let guest = |before: Value| json!({"when": {"act": "cancel", "by": "guest", "before": before}, "do": release("fee"), "go": "end"});
    refused(vec![
        ("taxi-cap", vec![set("/states/stray", stray)], Code::C11UnreachableState),
        (
            "restaurant-cancel",
            vec![set("/states/booked/else", json!({"do": release("fee"), "go": "end"}))],
            Code::C11UnreachableState,
        ),
        ("c2c-escrow", vec![cut("/states/inspect/on/1")], Code::C11UnreachableState),
        (
            "restaurant-cancel",
            vec![set("/states/booked/on/4/when/after", json!({"anchor": "table", "off": "PT1H"}))],
            Code::C11NeverOpen,
        ),
        ("taxi-cap", vec![set("/states/ride/on/2/when/after", "PT3H")], Code::C11NeverOpen),
        ("taxi-cap", vec![set("/states/ride/on/2/when/before", "PT0S")], Code::C11NeverOpen),
        (
            "taxi-cap",
            vec![set("/states/ride/on/2/when/before", "PT1H"), set("/states/ride/on/2/when/after", "PT1H")],
            Code::C11NeverOpen,
        ),
        ("iot-reorder", vec![set("/states/live/on/0/when/if", json!([["price", ">", 2000]]))], Code::C11NeverOpen),
        (
            "iot-reorder",
            vec![set("/states/live/on/0/when/if", json!([["price", "<", 10], ["price", ">=", 10]]))],
            Code::C11NeverOpen,
        ),
        (
            "restaurant-cancel",
            vec![set("/states/booked/on/3", guest(json!({"anchor": "table", "off": "-P4D"})))],
            Code::C11Shadowed,
        ),
        (
            "taxi-cap",
            vec![set(
                "/states/ride/on/-",
                json!({"when": {"act": "cancel", "by": "taxi"}, "do": release("fare"), "go": "end"}),
            )],
            Code::C11Shadowed,
        ),
        ("usedcar-dvp", vec![set("/states/agree/on/2/when/by", "buyer")], Code::C11Shadowed),
    ]);
    accepted(vec![
        ("taxi-cap", vec![set("/states/ride/on/2/when/after", "PT2H59M")]),
        ("taxi-cap", vec![set("/states/ride/on/2/when/before", "PT1S")]),
        ("iot-reorder", vec![set("/states/live/on/0/when/if", json!([["price", ">=", 2000]]))]),
    ]);
}

#[test]
fn warnings_do_not_refuse() {
    let cases: Vec<Case> = vec![
        ("taxi-cap", vec![set(END, json!({"do": {"fare": [{"rest": "taxi"}]}, "go": "end"}))], Code::W1SilencePays),
        ("taxi-cap", vec![set("/parties/idle", json!({"role": "payee"}))], Code::W2Unused),
        ("taxi-cap", vec![set("/anchors", json!({"noon": {"earliest": "PT1H", "latest": "PT2H"}}))], Code::W2Unused),
        ("collateral", vec![set("/legs/pledge/cap", 400_000)], Code::W2Unused),
        ("emergency-repair", vec![], Code::W3TakenAlone),
        ("taxi-cap", vec![], Code::W4MayFallShort),
    ];
    for (example, changes, code) in &cases {
        assert!(findings(example, changes).iter().any(|(found, _)| found == code), "{example} {code:?}");
    }
    accepted(cases.into_iter().map(|(example, changes, _)| (example, changes)).collect());
}

#[test]
fn every_code_is_given_by_some_test() {
    let source = include_str!("refusals.rs");
    let named: BTreeSet<Code> =
        Code::ALL.iter().copied().filter(|code| source.contains(&format!("Code::{code:?}"))).collect();
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !named.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_finding_says_where_and_how_in_both_languages() {
    use tebura_contract::Language;
    let document = changed(value("taxi-cap"), &[cut("/states/ride/else/do")]);
    let finding = check_value(&document, None).findings.remove(0);
    assert_eq!(finding.path(), "/states/ride/else");
    assert_eq!(
        finding.message(Language::En),
        "the contract ends here and nothing says what becomes of leg `fare`: add it under `do`, ending in `rest`"
    );
    assert_eq!(
        finding.message(Language::Ja),
        "ここで契約が終わるのに、区分 `fare` の扱いがありません。`do` に加え、最後に `rest` を書いてください"
    );
}
