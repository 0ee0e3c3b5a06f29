//! What each command does, on the straight way and beside it.

use expect_test::expect;

use super::check;

#[test]
fn an_account_is_opened_once() {
    check(
        "account A 0 / account A 0 / account A 0 USD / merchant A",
        expect![[r#"
        account A 0: again
        account A 0 USD: refused account.exists_with_different_fields
        merchant A: refused account.exists_with_different_fields
        A 0
    "#]],
    );
}

#[test]
fn funding_moves_money_at_once() {
    check(
        "account A 100 / account C 0 / fund A→C 40 / fund A→C 61 / fund A→C 40 as F1 / fund A→C 41 as F1",
        expect![[r#"
            fund A→C 40: F1 settled 40
            fund A→C 61: refused funds.insufficient
            fund A→C 40 as F1: F1 again, settled 40
            fund A→C 41 as F1: refused operation.exists_with_different_fields
            A 60 · C 40
        "#]],
    );
}

#[test]
fn the_example_of_the_style_guide() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 70 / release H1 / settle R1 / capture H1 60",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 70: refused hold.capture_exceeds_free
            release H1: R1 sent 60, settling v3 free 0 releasing 60
            settle R1: settled 60, released v4 free 0 released 60
            capture H1 60: refused hold.closed
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_hold_is_placed_and_captured_in_full() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 / settle C1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            events H1: hold.placed 60, hold.held 60, capture.sent 60, capture.settled 60, hold.ended
            A 40 · B 60
        "#]],
    );
}

#[test]
fn a_hold_is_declined() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / decline H1 / capture H1 / release H1 / expire H1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            decline H1: failed 60, failed v2 free 0 released 60
            capture H1: refused hold.closed
            release H1: refused hold.closed
            expire H1: refused hold.closed
            events H1: hold.placed 60, hold.failed 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_hold_waits_for_the_payer() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / action H1 / action H1 / capture H1 10 / settle H1 / action H1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            action H1: sent 60, requires_action v2 free 0 placing 60
            action H1: again, sent 60, requires_action v2 free 0 placing 60
            capture H1 10: refused hold.pending
            settle H1: settled 60, held v3 free 60
            action H1: again, settled 60, held v3 free 60
            events H1: hold.placed 60, hold.requires_action 60, hold.held 60
            A 100 held 60 · B 0
        "#]],
    );
}

#[test]
fn a_placement_may_reserve_less_than_asked() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 50 / capture H1 51 / capture H1 50 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1 50: settled 50, held v2 free 50
            capture H1 51: refused hold.capture_exceeds_free
            capture H1 50: C1 sent 50, settling v3 free 0 capturing 50
            settle C1: settled 50, captured v4 free 0 captured 50
            A 50 · B 50
        "#]],
    );
}

#[test]
fn a_placement_stays_unknown_until_somebody_knows() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / unknown H1 / unknown H1 / capture H1 / settle H1 / unknown H1 / capture H1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            unknown H1: unknown 60, pending v2 free 0 placing 60
            unknown H1: again, unknown 60, pending v2 free 0 placing 60
            capture H1: refused hold.pending
            settle H1: settled 60, held v3 free 60
            unknown H1: again, settled 60, held v3 free 60
            capture H1: C1 sent 60, settling v4 free 0 capturing 60
            settle C1: settled 60, captured v5 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn an_unknown_placement_may_turn_out_declined() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / unknown H1 / hold H2 A→B 60 / decline H1 / hold H2 A→B 60",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            unknown H1: unknown 60, pending v2 free 0 placing 60
            hold H2 A→B 60: refused funds.insufficient
            decline H1: failed 60, failed v3 free 0 released 60
            hold H2 A→B 60: sent 60, pending v1 free 0 placing 60
            A 100 held 60 · B 0
        "#]],
    );
}

#[test]
fn a_final_capture_of_a_part_returns_the_rest() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 40 / settle C1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 40: C1 sent 40, settling v3 free 20 capturing 40
            settle C1: settled 40, captured v4 free 0 captured 40 released 20
            events H1: hold.placed 60, hold.held 60, capture.sent 40, capture.settled 40, release.settled 20, hold.ended
            A 60 · B 40
        "#]],
    );
}

#[test]
fn partial_captures_come_one_after_the_other() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 10 more / settle C1 / capture H1 20 more / settle C2 / capture H1 30 more / settle C3 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 10 more: C1 sent 10, held v3 free 50 capturing 10
            settle C1: settled 10, partially_captured v4 free 50 captured 10
            capture H1 20 more: C2 sent 20, partially_captured v5 free 30 captured 10 capturing 20
            settle C2: settled 20, partially_captured v6 free 30 captured 30
            capture H1 30 more: C3 sent 30, settling v7 free 0 captured 30 capturing 30
            settle C3: settled 30, captured v8 free 0 captured 60
            events H1: hold.placed 60, hold.held 60, capture.sent 10, capture.settled 10, capture.sent 20, capture.settled 20, capture.sent 30, capture.settled 30, hold.ended
            A 40 · B 60
        "#]],
    );
}

#[test]
fn several_captures_at_once_share_what_is_free() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / capture H1 30 more / capture H1 20 more / settle C2 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            capture H1 30 more: C2 sent 30, held v4 free 10 capturing 50
            capture H1 20 more: refused hold.capture_exceeds_free
            settle C2: settled 30, partially_captured v5 free 10 captured 30 capturing 20
            settle C1: settled 20, partially_captured v6 free 10 captured 50
            A 50 held 10 · B 50
        "#]],
    );
}

#[test]
fn a_final_capture_closes_at_once_and_leaves_others_their_earmark() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / capture H1 30 / capture H1 5 more / settle C2 / settle C1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            capture H1 30: C2 sent 30, settling v4 free 10 capturing 50
            capture H1 5 more: refused hold.closed
            settle C2: settled 30, settling v5 free 0 captured 30 released 10 capturing 20
            settle C1: settled 20, captured v6 free 0 captured 50 released 10
            events H1: hold.placed 60, hold.held 60, capture.sent 20, capture.sent 30, capture.settled 30, release.settled 10, capture.settled 20, hold.ended
            A 50 · B 50
        "#]],
    );
}

#[test]
fn a_declined_final_capture_opens_the_hold_again() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 / capture H1 5 / decline C1 / capture H1 60 / settle C2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50: C1 sent 50, settling v3 free 10 capturing 50
            capture H1 5: refused hold.closed
            decline C1: failed 50, held v4 free 60
            capture H1 60: C2 sent 60, settling v5 free 0 capturing 60
            settle C2: settled 60, captured v6 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn a_declined_partial_capture_returns_its_earmark() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 more / decline C1 / capture H1 60 / settle C2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50 more: C1 sent 50, held v3 free 10 capturing 50
            decline C1: failed 50, held v4 free 60
            capture H1 60: C2 sent 60, settling v5 free 0 capturing 60
            settle C2: settled 60, captured v6 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn a_capture_may_settle_less_than_asked() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 more / settle C1 45 / capture H1 15 / settle C2 10",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50 more: C1 sent 50, held v3 free 10 capturing 50
            settle C1 45: settled 45, partially_captured v4 free 15 captured 45
            capture H1 15: C2 sent 15, settling v5 free 0 captured 45 capturing 15
            settle C2 10: settled 10, captured v6 free 0 captured 55 released 5
            A 45 · B 55
        "#]],
    );
}

#[test]
fn a_capture_that_settles_more_than_asked_stays_open() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 / settle C1 51 / settle C1 50",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50: C1 sent 50, settling v3 free 10 capturing 50
            settle C1 51: refused verdict.settled_more_than_asked
            settle C1 50: settled 50, captured v4 free 0 captured 50 released 10
            A 50 · B 50
        "#]],
    );
}

#[test]
fn an_unknown_capture_keeps_its_earmark() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 more / unknown C1 / capture H1 20 / capture H1 10 more / settle C2 / release H1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50 more: C1 sent 50, held v3 free 10 capturing 50
            unknown C1: unknown 50, held v4 free 10 capturing 50
            capture H1 20: refused hold.capture_exceeds_free
            capture H1 10 more: C2 sent 10, settling v5 free 0 capturing 60
            settle C2: settled 10, settling v6 free 0 captured 10 capturing 50
            release H1: refused hold.nothing_free
            settle C1: settled 50, captured v7 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn a_part_is_released_and_the_hold_stays() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / release H1 20 / settle R1 / capture H1 41 / capture H1 40 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            release H1 20: R1 sent 20, held v3 free 40 releasing 20
            settle R1: settled 20, held v4 free 40 released 20
            capture H1 41: refused hold.capture_exceeds_free
            capture H1 40: C1 sent 40, settling v5 free 0 released 20 capturing 40
            settle C1: settled 40, captured v6 free 0 captured 40 released 20
            A 60 · B 40
        "#]],
    );
}

#[test]
fn all_that_is_free_is_released_and_the_hold_ends() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 10 more / settle C1 / release H1 / capture H1 5 / settle R1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 10 more: C1 sent 10, held v3 free 50 capturing 10
            settle C1: settled 10, partially_captured v4 free 50 captured 10
            release H1: R1 sent 50, settling v5 free 0 captured 10 releasing 50
            capture H1 5: refused hold.closed
            settle R1: settled 50, captured v6 free 0 captured 10 released 50
            events H1: hold.placed 60, hold.held 60, capture.sent 10, capture.settled 10, release.sent 50, release.settled 50, hold.ended
            A 90 · B 10
        "#]],
    );
}

#[test]
fn a_part_that_is_all_there_is_ends_the_hold() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / release H1 60 / settle R1",
        expect![[r#"
        hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
        settle H1: settled 60, held v2 free 60
        release H1 60: R1 sent 60, settling v3 free 0 releasing 60
        settle R1: settled 60, released v4 free 0 released 60
        A 100 · B 0
    "#]],
    );
}

#[test]
fn a_declined_release_of_a_part_changes_nothing() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / release H1 20 / decline R1 / capture H1 60 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            release H1 20: R1 sent 20, held v3 free 40 releasing 20
            decline R1: failed 20, held v4 free 60
            capture H1 60: C1 sent 60, settling v5 free 0 capturing 60
            settle C1: settled 60, captured v6 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn a_declined_release_of_all_is_asked_for_again() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / release H1 / decline R1 / capture H1 10 / release H1 / settle R2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            release H1: R1 sent 60, settling v3 free 0 releasing 60
            decline R1: failed 60, settling v4 free 60, then release
            capture H1 10: refused hold.closed
            release H1: R2 sent 60, settling v5 free 0 releasing 60
            settle R2: settled 60, released v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn an_unknown_release_keeps_its_earmark() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / release H1 / unknown R1 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            release H1: R1 sent 60, settling v3 free 0 releasing 60
            unknown R1: unknown 60, settling v4 free 0 releasing 60
            release H1: refused hold.nothing_free
            settle R1: settled 60, released v5 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_release_may_settle_less_than_asked() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / release H1 / settle R1 50 / release H1 / settle R2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            release H1: R1 sent 60, settling v3 free 0 releasing 60
            settle R1 50: settled 50, settling v4 free 10 released 50, then release
            release H1: R2 sent 10, settling v5 free 0 released 50 releasing 10
            settle R2: settled 10, released v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_release_leaves_a_capture_under_way_alone() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / release H1 / settle R1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            release H1: R1 sent 40, settling v4 free 0 capturing 20 releasing 40
            settle R1: settled 40, settling v5 free 0 released 40 capturing 20
            settle C1: settled 20, captured v6 free 0 captured 20 released 40
            A 80 · B 20
        "#]],
    );
}

#[test]
fn a_capture_declined_after_a_release_of_all_is_released_too() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / release H1 / settle R1 / decline C1 / release H1 / settle R2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            release H1: R1 sent 40, settling v4 free 0 capturing 20 releasing 40
            settle R1: settled 40, settling v5 free 0 released 40 capturing 20
            decline C1: failed 20, settling v6 free 20 released 40, then release
            release H1: R2 sent 20, settling v7 free 0 released 40 releasing 20
            settle R2: settled 20, released v8 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_final_capture_declined_after_a_release_of_all_is_released_too() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 / release H1 / decline C1 / settle R1 / release H1 / settle R2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20: C1 sent 20, settling v3 free 40 capturing 20
            release H1: R1 sent 40, settling v4 free 0 capturing 20 releasing 40
            decline C1: failed 20, settling v5 free 20 releasing 40, then release
            settle R1: settled 40, settling v6 free 20 released 40, then release
            release H1: R2 sent 20, settling v7 free 0 released 40 releasing 20
            settle R2: settled 20, released v8 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_release_while_placing_cancels() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / release H1 10 / release H1 / capture H1 / release H1 / settle H1 / release H1 / settle R2 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            release H1 10: refused hold.pending
            release H1: R1 settled 0, settling v2 free 0 placing 60
            capture H1: refused hold.closed
            release H1: refused hold.nothing_free
            settle H1: settled 60, settling v3 free 60, then release
            release H1: R2 sent 60, settling v4 free 0 releasing 60
            settle R2: settled 60, released v5 free 0 released 60
            events H1: hold.placed 60, release.settled 0, hold.held 60, release.sent 60, release.settled 60, hold.ended
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_cancelled_placement_that_is_declined_is_over() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / release H1 / decline H1 / events H1",
        expect![[r#"
        hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
        release H1: R1 settled 0, settling v2 free 0 placing 60
        decline H1: failed 60, released v3 free 0 released 60
        events H1: hold.placed 60, release.settled 0, hold.failed 60, hold.ended
        A 100 · B 0
    "#]],
    );
}

#[test]
fn two_holds_share_a_balance() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / hold H2 A→B 50 / hold H2 A→B 40 / settle H1 / settle H2 / release H1 / settle R1 / capture H2 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            hold H2 A→B 50: refused funds.insufficient
            hold H2 A→B 40: sent 40, pending v1 free 0 placing 40
            settle H1: settled 60, held v2 free 60
            settle H2: settled 40, held v2 free 40
            release H1: R1 sent 60, settling v3 free 0 releasing 60
            settle R1: settled 60, released v4 free 0 released 60
            capture H2: C1 sent 40, settling v3 free 0 capturing 40
            settle C1: settled 40, captured v4 free 0 captured 40
            A 60 · B 40
        "#]],
    );
}

#[test]
fn another_currency_is_another_account() {
    check(
        "account A 100 USD / merchant B USD / merchant C / hold H1 A→B 60 / hold H1 A→C 60 USD / hold H1 A→B 60 USD / settle H1 60 / settle H1 60 USD / capture H1 10 EUR / release H1 10 EUR / capture H1 10 USD more / settle C1 10 EUR / settle C1 10 USD",
        expect![[r#"
            hold H1 A→B 60: refused amount.currency_mismatch
            hold H1 A→C 60 USD: refused amount.currency_mismatch
            hold H1 A→B 60 USD: sent 60, pending v1 free 0 placing 60
            settle H1 60: refused amount.currency_mismatch
            settle H1 60 USD: settled 60, held v2 free 60
            capture H1 10 EUR: refused amount.currency_mismatch
            release H1 10 EUR: refused amount.currency_mismatch
            capture H1 10 USD more: C1 sent 10, held v3 free 50 capturing 10
            settle C1 10 EUR: refused amount.currency_mismatch
            settle C1 10 USD: settled 10, partially_captured v4 free 50 captured 10
            A 90 held 50 · B 10 · C 0
        "#]],
    );
}
