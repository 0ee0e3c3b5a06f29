//! Templates: whatever legal arguments they are given, the contract passes and conserves; illegal ones are named.

use serde_json::{Value, json};
use tebura_contract::{Contract, Template, TemplateError};

use crate::conservation::execute;
use crate::hub::Dice;

fn template(arguments: Value) -> Template {
    serde_json::from_value(arguments).expect("the arguments have the right shape")
}

fn seconds(dice: &mut Dice, most: u64) -> String {
    format!("PT{}S", 1 + dice.below(most))
}

/// Legal arguments for each template, chosen at random up to the bounds.
fn arguments(name: &str, dice: &mut Dice) -> Value {
    let sizes = [1, 2, 999, 6_000, 1_000_000, 9_007_199_254_740_991_u64];
    let amount = sizes[usize::try_from(dice.below(6)).unwrap()];
    let some = |value: u64, dice: &mut Dice| if dice.chance(50) { json!(value) } else { Value::Null };
    let year = 366 * 86_400 - 1;
    let mut given =
        json!({"template": name, "name": {"ja": "ひな形", "en": "template"}, "currency": "JPY", "rail": "cbdc"});
    let mut put = |field: &str, value: Value| given[field] = value;
    let cap = (amount + dice.below(amount)).min(9_007_199_254_740_991);
    match name {
        "cap_and_capture" => {
            put("hold", json!(amount));
            put("cap", some(cap, dice));
            put("within", seconds(dice, year).into());
        }
        "maximum_fare" => {
            put("hold", json!(amount));
            put("cap", some(cap, dice));
            put("fare_max", json!(1 + dice.below(amount * 2).min(9_007_199_254_740_990)));
            put("within", seconds(dice, year).into());
        }
        "estimate" => {
            put("estimate", json!(amount));
            put("cap", some(cap, dice));
            put("call_out", some(1 + dice.below(amount), dice));
            put("within", seconds(dice, year).into());
        }
        "escrow" => {
            put("price", json!(amount));
            put("market_fee_bp", some(1 + dice.below(5_000), dice));
            for field in ["deliver_within", "inspect_within", "return_within"] {
                put(field, seconds(dice, year).into());
            }
        }
        "mandate" => {
            put("budget", json!(amount));
            put("each_max", json!(1 + dice.below(amount)));
            put("times", json!(1 + dice.below(100)));
            put("within", seconds(dice, year).into());
        }
        "prepayment_lock" => {
            let parts = 1 + dice.below(100);
            put("parts", json!(parts));
            put("price", json!((amount / parts).max(1) * parts));
            put("within", seconds(dice, year).into());
        }
        "deposit" => {
            let cancel = dice.below(year / 2);
            put("amount", json!(amount));
            put("cancel_until", format!("PT{cancel}S").into());
            put("book_ahead", format!("PT{}S", cancel + 1 + dice.below(year / 2)).into());
            for field in ["late", "review"] {
                put(field, seconds(dice, year).into());
            }
        }
        "reservation_fee" => {
            let steps = 1 + dice.below(8);
            let step =
                |index: u64| json!({"until_before": format!("PT{}H", (steps - 1 - index) * 12), "bp": index * 1_250});
            put("fee", json!(amount));
            put("steps", (0..steps).map(step).collect());
            put("no_show_bp", json!((steps - 1) * 1_250 + dice.below(10_001 - (steps - 1) * 1_250)));
            put("reserve_ahead", format!("PT{}S", 8 * 43_200 + dice.below(year - 8 * 43_200)).into());
            for field in ["accept_within", "late", "grace"] {
                put(field, seconds(dice, year).into());
            }
        }
        "exchange" => {
            given = json!({"template": name, "name": {"ja": "交換", "en": "exchange"},
                "pay_currency": "JPY", "pay_rail": "cbdc", "pay_amount": amount,
                "receive_currency": "KAGAPT", "receive_rail": "house", "receive_amount": 1 + dice.below(amount)});
            for field in ["hold_within", "fulfil_within", "grace"] {
                given[field] = seconds(dice, year).into();
            }
        }
        other => panic!("no arguments for {other}"),
    }
    given
}

#[test]
fn boj_18_every_product_passes_and_conserves() {
    for name in Template::NAMES {
        for seed in 0..150 {
            let mut dice = Dice::new(seed ^ 0x7E_3B);
            let arguments = arguments(name, &mut dice);
            let contract =
                template(arguments.clone()).contract().unwrap_or_else(|error| panic!("{arguments}: {error}"));
            let stored = Contract::parse(contract.canonical()).expect("the document passes when it is read again");
            assert_eq!(stored.hash(), contract.hash());
            if seed % 5 == 0 {
                execute(&contract, seed, 0);
                execute(&contract, seed, 20);
            }
        }
    }
}

#[track_caller]
fn refused(name: &str, changes: &[(&str, Value)], code: &str) {
    let mut arguments = arguments(name, &mut Dice::new(3));
    changes.iter().for_each(|(field, value)| arguments[*field] = value.clone());
    let error = template(arguments.clone()).contract().expect_err("the arguments are wrong");
    assert_eq!(error.code(), code, "{arguments}: {error}");
    assert!(!matches!(error, TemplateError::Refused { .. }), "{error}");
}

#[test]
fn wrong_arguments_are_named() {
    refused("cap_and_capture", &[("hold", json!(0))], "template.out_of_range");
    refused("cap_and_capture", &[("hold", json!(5)), ("cap", json!(4))], "template.out_of_range");
    refused("cap_and_capture", &[("within", json!("PT0S"))], "template.period_out_of_range");
    refused("cap_and_capture", &[("within", json!("P367D"))], "template.period_out_of_range");
    refused("cap_and_capture", &[("currency", json!("YEN"))], "template.currency");
    refused("cap_and_capture", &[("rail", json!("Rail!"))], "template.rail");
    refused("cap_and_capture", &[("name", json!({"ja": "", "en": "x"}))], "template.text");
    refused("cap_and_capture", &[("name", json!({"ja": "<b>", "en": "x"}))], "template.text");
    refused("maximum_fare", &[("fare_max", json!(-1))], "template.out_of_range");
    refused(
        "estimate",
        &[("estimate", json!(10)), ("cap", json!(10)), ("call_out", json!(11))],
        "template.out_of_range",
    );
    refused("escrow", &[("market_fee_bp", json!(5_001))], "template.out_of_range");
    refused("escrow", &[("inspect_within", json!("PT0S"))], "template.period_out_of_range");
    refused("mandate", &[("times", json!(101))], "template.out_of_range");
    refused("mandate", &[("budget", json!(10)), ("each_max", json!(11))], "template.out_of_range");
    refused("prepayment_lock", &[("price", json!(100)), ("parts", json!(3))], "template.indivisible");
    refused(
        "deposit",
        &[("book_ahead", json!("PT1H")), ("cancel_until", json!("PT2H"))],
        "template.period_out_of_range",
    );
    refused("reservation_fee", &[("steps", json!([]))], "template.count");
    let step = |until: &str, bp: i64| json!({"until_before": until, "bp": bp});
    refused("reservation_fee", &[("steps", json!([step("PT1H", 0), step("PT2H", 10)]))], "template.order");
    refused("reservation_fee", &[("steps", json!([step("PT2H", 10), step("PT1H", 10)]))], "template.order");
    refused(
        "reservation_fee",
        &[("steps", json!([step("PT2H", 9_000)])), ("no_show_bp", json!(8_999))],
        "template.out_of_range",
    );
    refused("reservation_fee", &[("steps", json!([step("P366D", 0)]))], "template.period_out_of_range");
    refused("exchange", &[("receive_currency", json!("JP"))], "template.currency");
}

#[test]
fn arguments_of_another_shape_are_not_read() {
    let wrong = |change: fn(&mut Value)| {
        let mut arguments = arguments("mandate", &mut Dice::new(3));
        change(&mut arguments);
        assert!(serde_json::from_value::<Template>(arguments.clone()).is_err(), "{arguments}");
    };
    wrong(|arguments| arguments["template"] = json!("gift"));
    wrong(|arguments| arguments["colour"] = json!("red"));
    wrong(|arguments| arguments["budget"] = json!("100"));
    wrong(|arguments| arguments["budget"] = json!(100.5));
    wrong(|arguments| arguments["within"] = json!("P1M"));
    wrong(|arguments| drop(arguments.as_object_mut().unwrap().remove("times")));
}

#[test]
fn the_page_about_templates_is_true() {
    let page = include_str!("../../../../specs/contracts/templates.md");
    let mut shown = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let (_, rest) = section.split_once("```json\n").expect("each template has an example");
        let (example, _) = rest.split_once("```").expect("the example ends");
        let arguments: Value = serde_json::from_str(example).expect("the example is JSON");
        shown.push(arguments["template"].as_str().unwrap().to_owned());
        let contract = template(arguments).contract().unwrap_or_else(|error| panic!("{example}: {error}"));
        for edge in contract.trigger_names() {
            assert!(section.contains(edge), "the page does not name `{edge}` of\n{example}");
        }
    }
    assert_eq!(shown, Template::NAMES);
}
