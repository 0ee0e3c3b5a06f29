//! Every example is accepted, on its rails too, and the ranges are those that people are promised.

use expect_test::expect;
use tebura_contract::{Contract, check, check_value};

use crate::documents::{EXAMPLES, contract, rails, text, value};

#[test]
fn boj_2_boj_24_every_use_case_is_accepted_on_its_rails() {
    for (name, text) in EXAMPLES {
        let checked = check(text, Some(&rails()));
        assert!(checked.contract.is_some(), "{name}: {:#?}", checked.findings);
    }
}

#[test]
fn a_document_has_one_hash_however_it_is_written() {
    for (name, text) in EXAMPLES {
        let (contract, spaced) = (contract(name), serde_json::to_string_pretty(&value(name)).unwrap());
        assert_eq!(contract.hash(), Contract::parse(&spaced).unwrap().hash(), "{name}");
        assert_eq!(contract.hash(), Contract::parse(contract.canonical()).unwrap().hash(), "{name}");
        assert_eq!(contract.hash(), check_value(&serde_json::from_str(text).unwrap(), None).contract.unwrap().hash());
    }
    let pledged = contract("collateral").hash().to_string();
    assert!(text("hold-to-collateral").contains(&pledged), "the deposit names the pledge by its hash, {pledged}");
}

#[test]
fn ranges_are_those_that_people_are_promised() {
    let mut lines = String::new();
    for (name, _) in EXAMPLES {
        let payoff = contract(name).payoff();
        lines.push_str(&format!("{name} ({} h)\n", payoff.longest_ms / 3_600_000));
        for leg in payoff.legs {
            let each = leg.received.iter().map(|(party, range)| format!("{party} {}..{}", range.min, range.max));
            let each: Vec<String> = each.collect();
            let moved =
                if leg.moved.max > 0 { format!(", moved {}..{}", leg.moved.min, leg.moved.max) } else { String::new() };
            let (back, most) = (leg.returned, leg.most_held);
            lines.push_str(&format!(
                "  {} of {} (at most {most}): {}; back {}..{}{moved}\n",
                leg.leg,
                leg.from,
                each.join(", "),
                back.min,
                back.max
            ));
        }
    }
    expect![[r#"
        c2c-escrow (552 h)
          price of buyer (at most 12000): market 0..1200, seller 0..12000; back 0..12000
        clinic (30 h)
          copay of patient (at most 10000): clinic 0..10000; back 0..10000
          subsidy of city (at most 3000): clinic 0..3000; back 0..3000
        collateral (4656 h)
          pledge of owner (at most 300000): bank 0..300000; back 0..300000
        emergency-repair (4 h)
          job of home (at most 60000): fixer 0..60000; back 0..60000
        hold-to-collateral (2160 h)
          dep of owner (at most 300000): landlord 0..300000; back 0..300000, moved 0..300000
        interop (0 h)
          cbdc of payer (at most 3000): lp 0..3000; back 0..3000
          emoney of lp (at most 2990): shop 0..2990; back 0..2990
        iot-reorder (720 h)
          budget of owner (at most 6000): shop 0..6000; back 0..6000
        prepay-protect (2880 h)
          fee of student (at most 50000): school 0..50000; back 0..50000
        public-deposit (792 h)
          deposit of family (at most 1000): city 0..1000; back 0..1000
        restaurant-cancel (1464 h)
          fee of guest (at most 6000): shop 0..6000; back 0..6000
        taxi-cap (3 h)
          fare of rider (at most 8000): taxi 0..8000; back 0..8000
        usedcar-dvp (288 h)
          money of buyer (at most 1800000): seller 0..1800000; back 0..1800000
          title of seller (at most 1): buyer 0..1; back 0..1
    "#]]
    .assert_eq(&lines);
}

#[test]
fn warnings_are_few_and_meant() {
    let mut lines = String::new();
    for (name, _) in EXAMPLES {
        for warning in contract(name).warnings() {
            lines.push_str(&format!("{name} {} {}\n", warning.code(), warning.path()));
        }
    }
    expect![[r#"
        c2c-escrow contract.w1_silence_pays /states/inspect/else
        c2c-escrow contract.w1_silence_pays /states/inspect/else
        c2c-escrow contract.w1_silence_pays /states/returning/else
        c2c-escrow contract.w1_silence_pays /states/returning/else
        collateral contract.w1_silence_pays /states/cure/else
        emergency-repair contract.w3_taken_alone /states/visit/on/2
        emergency-repair contract.w4_may_fall_short /states/visit/on/1/do/job
        public-deposit contract.w1_silence_pays /states/noshow/else
        restaurant-cancel contract.w1_silence_pays /states/noshow/else
        taxi-cap contract.w4_may_fall_short /states/ride/on/1/do/fare
    "#]]
    .assert_eq(&lines);
}
