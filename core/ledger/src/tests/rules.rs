//! The eleven rules of a hold that this crate keeps, by number. Of rule 3, how the deadline is chosen is the hub's.

use expect_test::expect;

use super::check;

#[test]
fn rule_01_more_than_is_held_is_never_captured_silently() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 61 / capture H1 60 more / settle C1 / capture H1 1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 61: refused hold.capture_exceeds_free
            capture H1 60 more: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            capture H1 1: refused hold.closed
            show H1: captured v4 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_02_at_the_deadline_only_what_is_free_is_released_and_unknown_keeps_its_earmark() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / unknown C1 / at 1000 / capture H1 1 / expire H1 / settle E1 / at 9999999 / release H1 / show H1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            unknown C1: unknown 20, held v4 free 40 capturing 20
            capture H1 1: refused hold.expired
            expire H1: E1 sent 40, settling v5 free 0 capturing 20 releasing 40
            settle E1: settled 40, settling v6 free 0 released 40 capturing 20
            release H1: refused hold.nothing_free
            show H1: settling v6 free 0 released 40 capturing 20
            settle C1: settled 20, captured v7 free 0 captured 20 released 40
            A 80 · B 20
        "#]],
    );
}

#[test]
fn rule_04_a_refund_names_what_it_undoes() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / hold H2 A→B 40 / settle H2 / capture H1 20 more / settle C1 / capture H2 / settle C2 / refund C2 10 of H1 / refund R9 10 of H1 / refund H1 10 / refund C1 21 / refund C1 20 / settle U1 / show H1 / show H2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            hold H2 A→B 40: sent 40, pending v1 free 0 placing 40
            settle H2: settled 40, held v2 free 40
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            settle C1: settled 20, partially_captured v4 free 40 captured 20
            capture H2: C2 sent 40, settling v3 free 0 capturing 40
            settle C2: settled 40, captured v4 free 0 captured 40
            refund C2 10 of H1: refused operation.of_another_hold
            refund R9 10 of H1: refused operation.not_found
            refund H1 10: refused refund.of_no_capture
            refund C1 21: refused refund.exceeds_capture
            refund C1 20: U1 sent 20, partially_captured v5 free 40 captured 20 refunding 20
            settle U1: settled 20, partially_captured v6 free 40 captured 20 refunded 20
            show H1: partially_captured v6 free 40 captured 20 refunded 20
            show H2: captured v4 free 0 captured 40
            A 60 held 40 · B 40
        "#]],
    );
}

#[test]
fn rule_05_terminal_is_terminal() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 / settle C1 / capture H1 1 / release H1 / expire H1 / decline C1 / settle C1 49 / settle C1 ref other / action C1 / decline H1 / settle C1 / unknown C1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50: C1 sent 50, settling v3 free 10 capturing 50
            settle C1: settled 50, captured v4 free 0 captured 50 released 10
            capture H1 1: refused hold.closed
            release H1: refused hold.closed
            expire H1: refused hold.closed
            decline C1: refused verdict.contradicts
            settle C1 49: refused verdict.contradicts
            settle C1 ref other: refused verdict.contradicts
            action C1: refused verdict.action_only_when_placing
            decline H1: refused verdict.contradicts
            settle C1: again, settled 50, captured v4 free 0 captured 50 released 10
            unknown C1: again, settled 50, captured v4 free 0 captured 50 released 10
            show H1: captured v4 free 0 captured 50 released 10
            A 50 · B 50
        "#]],
    );
}

#[test]
fn rule_05_a_late_success_is_never_dropped() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 by 10 / unknown H1 / at 10 / expire H1 / at 500 / settle H1 / release H1 / settle R1 / show H1",
        expect![[r#"
            hold H1 A→B 60 by 10: sent 60, pending v1 free 0 placing 60
            unknown H1: unknown 60, pending v2 free 0 placing 60
            expire H1: E1 settled 0, settling v3 free 0 placing 60
            settle H1: settled 60, settling v4 free 60, then release
            release H1: R1 sent 60, settling v5 free 0 releasing 60
            settle R1: settled 60, expired v6 free 0 released 60
            show H1: expired v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_06_a_retry_has_the_same_operation_and_does_nothing_twice() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / unknown C1 / capture H1 20 more as C1 / settle C1 / capture H1 20 more as C1 / settle C1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            unknown C1: unknown 20, held v4 free 40 capturing 20
            capture H1 20 more as C1: C1 again, unknown 20, held v4 free 40 capturing 20
            settle C1: settled 20, partially_captured v5 free 40 captured 20
            capture H1 20 more as C1: C1 again, settled 20, partially_captured v5 free 40 captured 20
            settle C1: again, settled 20, partially_captured v5 free 40 captured 20
            show H1: partially_captured v5 free 40 captured 20
            A 80 held 40 · B 20
        "#]],
    );
}

#[test]
fn rule_07_two_captures_of_all_at_once_one_wins() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 60 v2 / capture H1 60 v2 / settle C1 / capture H1 60 v2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 60 v2: C1 sent 60, settling v3 free 0 capturing 60
            capture H1 60 v2: refused hold.version_conflict
            settle C1: settled 60, captured v4 free 0 captured 60
            capture H1 60 v2: refused hold.version_conflict
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_07_two_captures_without_a_version_share_what_is_free() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 40 more / capture H1 40 more / settle C1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 40 more: C1 sent 40, held v3 free 20 capturing 40
            capture H1 40 more: refused hold.capture_exceeds_free
            settle C1: settled 40, partially_captured v4 free 20 captured 40
            show H1: partially_captured v4 free 20 captured 40
            A 60 held 20 · B 40
        "#]],
    );
}

#[test]
fn rule_07_a_release_with_an_old_version_is_refused() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 10 more / release H1 v2 / release H1 v3 / settle R1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 10 more: C1 sent 10, held v3 free 50 capturing 10
            release H1 v2: refused hold.version_conflict
            release H1 v3: R1 sent 50, settling v4 free 0 capturing 10 releasing 50
            settle R1: settled 50, settling v5 free 0 released 50 capturing 10
            settle C1: settled 10, captured v6 free 0 captured 10 released 50
            A 90 · B 10
        "#]],
    );
}

#[test]
fn rule_08_already_done_is_the_success_of_the_one_who_did_it() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 60 / settle C1 / capture H1 60 as C1 / settle C1 / release H1 / refund C1 / settle U1 / refund C1 as U1 / settle U1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 60: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            capture H1 60 as C1: C1 again, settled 60, captured v4 free 0 captured 60
            settle C1: again, settled 60, captured v4 free 0 captured 60
            release H1: refused hold.closed
            refund C1: U1 sent 60, captured v5 free 0 captured 60 refunding 60
            settle U1: settled 60, captured v6 free 0 captured 60 refunded 60
            refund C1 as U1: U1 again, settled 60, captured v6 free 0 captured 60 refunded 60
            settle U1: again, settled 60, captured v6 free 0 captured 60 refunded 60
            show H1: captured v6 free 0 captured 60 refunded 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_09_a_hold_never_draws_credit() {
    check(
        "account A 100 / merchant B / hold H1 A→B 101 / hold H1 A→B 60 / hold H2 A→B 41 / hold H2 A→B 40 / fund A→B 1",
        expect![[r#"
            hold H1 A→B 101: refused funds.insufficient
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            hold H2 A→B 41: refused funds.insufficient
            hold H2 A→B 40: sent 40, pending v1 free 0 placing 40
            fund A→B 1: refused funds.insufficient
            A 100 held 100 · B 0
        "#]],
    );
}

#[test]
fn rule_10_expiry_is_one_operation_and_one_event() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / at 1000 / expire H1 / expire H1 as E1 / expire H1 / settle E1 / expire H1 as E1 / expire H1 / operation E1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            expire H1: E1 sent 60, settling v3 free 0 releasing 60
            expire H1 as E1: E1 again, sent 60, settling v3 free 0 releasing 60
            expire H1: refused hold.closed
            settle E1: settled 60, expired v4 free 0 released 60
            expire H1 as E1: E1 again, settled 60, expired v4 free 0 released 60
            expire H1: refused hold.closed
            operation E1: settled 60
            events H1: hold.placed 60, hold.held 60, hold.expired 60, release.settled 60, hold.ended
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_11_the_sweep_is_early() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / at 999 / expire H1 / capture H1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            expire H1: refused hold.not_due
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_11_the_sweep_is_late() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / at 5000 / settle C1 / expire H1 / settle E1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            settle C1: settled 20, partially_captured v4 free 40 captured 20, then expire
            expire H1: E1 sent 40, settling v5 free 0 captured 20 releasing 40
            settle E1: settled 40, captured v6 free 0 captured 20 released 40
            A 80 · B 20
        "#]],
    );
}

#[test]
fn rule_11_the_sweep_comes_twice() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / at 1000 / expire H1 / expire H1 / settle E1 / expire H1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            expire H1: E1 sent 60, settling v3 free 0 releasing 60
            expire H1: refused hold.closed
            settle E1: settled 60, expired v4 free 0 released 60
            expire H1: refused hold.closed
            show H1: expired v4 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_11_the_sweep_is_absent() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / at 5000 / capture H1 10 / settle C1 / capture H1 / release H1 / settle R1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            capture H1 10: refused hold.expired
            settle C1: settled 20, partially_captured v4 free 40 captured 20, then expire
            capture H1: refused hold.expired
            release H1: R1 sent 40, settling v5 free 0 captured 20 releasing 40
            settle R1: settled 40, captured v6 free 0 captured 20 released 40
            show H1: captured v6 free 0 captured 20 released 40
            A 80 · B 20
        "#]],
    );
}

#[test]
fn rule_01_a_raise_within_the_cap_and_a_capture_take_more_than_was_held() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 cap 80 / settle H1 / raise H1 20 / capture H1 80 / settle A1 / capture H1 80 / settle C1 / events H1",
        expect![[r#"
            hold H1 A→B 60 cap 80: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            raise H1 20: A1 sent 20, held v3 free 60 raising 20
            capture H1 80: refused hold.capture_exceeds_free
            settle A1: settled 20, held v4 free 80
            capture H1 80: C1 sent 80, settling v5 free 0 capturing 80
            settle C1: settled 80, captured v6 free 0 captured 80
            events H1: hold.placed 60, hold.held 60, raise.sent 20, raise.settled 20, capture.sent 80, capture.settled 80, hold.ended
            A 20 · B 80
        "#]],
    );
}

#[test]
fn rule_01_a_declined_raise_leaves_the_hold_as_it_was() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 cap 80 / settle H1 / raise H1 20 / decline A1 / show H1 / raise H1 10 / unknown A2 / capture H1 / settle C1 / settle A2 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60 cap 80: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            raise H1 20: A1 sent 20, held v3 free 60 raising 20
            decline A1: failed 20, held v4 free 60
            show H1: held v4 free 60
            raise H1 10: A2 sent 10, held v5 free 60 raising 10
            unknown A2: unknown 10, held v6 free 60 raising 10
            capture H1: C1 sent 60, settling v7 free 0 raising 10 capturing 60
            settle C1: settled 60, settling v8 free 0 captured 60 raising 10
            settle A2: settled 10, settling v9 free 10 captured 60, then release
            release H1: R1 sent 10, settling v10 free 0 captured 60 releasing 10
            settle R1: settled 10, captured v11 free 0 captured 60 released 10
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_01_above_the_cap_the_payer_is_asked_and_nothing_is_reserved_before() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 cap 80 / settle H1 / raise H1 21 / show H1 / raise H1 22 / confirm A1 / settle A1 / show H1 / raise H1 15 / decline A2 / show H1",
        expect![[r#"
            hold H1 A→B 60 cap 80: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            raise H1 21: A1 requires action 21, held v3 free 60
            show H1: held v3 free 60
            raise H1 22: refused confirmation.pending
            confirm A1: sent 21, held v4 free 60 raising 21
            settle A1: settled 21, held v5 free 81
            show H1: held v5 free 81
            raise H1 15: A2 requires action 15, held v6 free 81
            decline A2: failed 15, held v7 free 81
            show H1: held v7 free 81
            A 100 held 81 · B 0
        "#]],
    );
}

#[test]
fn rule_01_a_question_to_the_payer_lapses_with_the_hold() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / raise H1 21 / capture H1 / operation A1 / confirm A1 / settle C1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            raise H1 21: A1 requires action 21, held v3 free 60
            capture H1: C1 sent 60, settling v4 free 0 capturing 60
            operation A1: failed 21
            confirm A1: again, failed 21, settling v4 free 0 capturing 60
            settle C1: settled 60, captured v5 free 0 captured 60
            show H1: captured v5 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_02_at_the_deadline_a_hold_may_be_captured_once() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 due / settle H1 / capture H1 20 more / unknown C1 / at 1000 / capture H1 / expire H1 / capture H1 due / settle C2 / capture H1 due / settle C1 / show H1 / events H1",
        expect![[r#"
            hold H1 A→B 60 due: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            unknown C1: unknown 20, held v4 free 40 capturing 20
            capture H1: refused hold.expired
            expire H1: refused hold.captures_at_deadline
            capture H1 due: C2 sent 40, settling v5 free 0 capturing 60
            settle C2: settled 40, settling v6 free 0 captured 40 capturing 20
            capture H1 due: refused hold.closed
            settle C1: settled 20, captured v7 free 0 captured 60
            show H1: captured v7 free 0 captured 60
            events H1: hold.placed 60, hold.held 60, capture.sent 20, capture.unknown 20, hold.expired 40, capture.sent 40, capture.settled 40, capture.settled 20, hold.ended
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_02_a_deadline_capture_that_is_declined_gives_the_money_back() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 due / settle H1 / at 1000 / capture H1 due / decline C1 / capture H1 due / expire H1 / release H1 / settle R1 / show H1 / events H1",
        expect![[r#"
            hold H1 A→B 60 due: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 due: C1 sent 60, settling v3 free 0 capturing 60
            decline C1: failed 60, settling v4 free 60, then release
            capture H1 due: refused hold.closed
            expire H1: refused hold.closed
            release H1: R1 sent 60, settling v5 free 0 releasing 60
            settle R1: settled 60, expired v6 free 0 released 60
            show H1: expired v6 free 0 released 60
            events H1: hold.placed 60, hold.held 60, hold.expired 60, capture.sent 60, capture.failed 60, release.sent 60, release.settled 60, hold.ended
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_03_a_deadline_moves_only_when_the_rail_agrees_and_only_to_later() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / extend H1 2000 / decline X1 / extend H1 900 / extend H1 3000 / at 1500 / capture H1 / settle X2 / capture H1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            extend H1 2000: X1 sent 60, held v3 free 60
            decline X1: failed 60, held v4 free 60
            extend H1 900: refused extend.not_later
            extend H1 3000: X2 sent 60, held v5 free 60
            capture H1: refused hold.expired
            settle X2: settled 60, held v6 free 60
            capture H1: C1 sent 60, settling v7 free 0 capturing 60
            settle C1: settled 60, captured v8 free 0 captured 60
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_03_an_extension_that_comes_after_the_end_moves_nothing() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / extend H1 3000 / at 1000 / expire H1 / settle X1 / settle E1 / show H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            extend H1 3000: X1 sent 60, held v3 free 60
            expire H1: E1 sent 60, settling v4 free 0 releasing 60
            settle X1: settled 60, settling v5 free 0 releasing 60
            settle E1: settled 60, expired v6 free 0 released 60
            show H1: expired v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_04_a_reversal_names_a_capture_and_makes_it_free_again() {
    check(
        "account A 100 / merchant B / merchant D / hold H1 A→B 60 / settle H1 / capture H1 30 more fee D 3 / settle C1 / reverse C1 / show H1 / refund C1 / reverse C1 / capture H1 50 / settle C2 / reverse C2 / refund C2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 30 more fee D 3: C1 sent 30, held v3 free 30 capturing 30
            settle C1: settled 30, partially_captured v4 free 30 captured 30
            reverse C1: V1 settled 30, held v5 free 60
            show H1: held v5 free 60
            refund C1: refused refund.nothing_left
            reverse C1: refused refund.nothing_left
            capture H1 50: C2 sent 50, settling v6 free 10 capturing 50
            settle C2: settled 50, captured v7 free 0 captured 50 released 10
            reverse C2: refused hold.closed
            refund C2: U1 sent 50, captured v8 free 0 captured 50 released 10 refunding 50
            A 50 · B 50 held 50 · D 0
        "#]],
    );
}

#[test]
fn rule_04_a_dispute_names_a_capture_and_shares_its_amount_with_refunds() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 / settle C1 / refund C1 10 / settle U1 / dispute C1 30 / refund C1 21 / dispute C1 / settle D1 25 / decline D2 / show H1 / refund C1 26 / refund C1 25",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            refund C1 10: U1 sent 10, captured v5 free 0 captured 60 refunding 10
            settle U1: settled 10, captured v6 free 0 captured 60 refunded 10
            dispute C1 30: D1 sent 30, captured v7 free 0 captured 60 refunded 10 disputed 30
            refund C1 21: refused refund.exceeds_capture
            dispute C1: D2 sent 20, captured v8 free 0 captured 60 refunded 10 disputed 50
            settle D1 25: settled 25, captured v9 free 0 captured 60 refunded 10 disputed 20 lost 25
            decline D2: failed 20, captured v10 free 0 captured 60 refunded 10 lost 25
            show H1: captured v10 free 0 captured 60 refunded 10 lost 25
            refund C1 26: refused refund.exceeds_capture
            refund C1 25: U2 sent 25, captured v11 free 0 captured 60 refunded 10 lost 25 refunding 25
            A 75 · B 25 held 25
        "#]],
    );
}

#[test]
fn rule_05_terminal_is_terminal_and_what_the_rail_says_later_is_an_exception() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 / decline C1 / release H1 / settle R1 / settle C1 / exception C1 / exception C1 as Q1 / decline Q1 / show H1 / settle Q1 / exception C1 as Q1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            decline C1: failed 60, held v4 free 60
            release H1: R1 sent 60, settling v5 free 0 releasing 60
            settle R1: settled 60, released v6 free 0 released 60
            settle C1: refused verdict.contradicts
            exception C1: Q1 sent 60, released v7 free 0 released 60
            exception C1 as Q1: Q1 again, sent 60, released v7 free 0 released 60
            decline Q1: unknown 60, released v8 free 0 released 60
            show H1: released v8 free 0 released 60
            settle Q1: settled 60, released v9 free 0 released 60
            exception C1 as Q1: Q1 again, settled 60, released v9 free 0 released 60
            events H1: hold.placed 60, hold.held 60, capture.sent 60, capture.failed 60, release.sent 60, release.settled 60, hold.ended, exception.opened 60, exception.unresolved 60, exception.resolved 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn rule_05_an_unknown_result_is_resolved_by_two_operators() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 / resolve C1 me ann / unknown C1 / resolve C1 me ann / resolve C1 me ann / resolve C1 no me bob / resolve C1 50 me ann / resolve C1 50 me bob / resolve C1 50 me bob / show H1 / settle C1 / exception C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            resolve C1 me ann: refused resolution.not_needed
            unknown C1: unknown 60, settling v4 free 0 capturing 60
            resolve C1 me ann: unknown 60, settling v5 free 0 capturing 60
            resolve C1 me ann: refused resolution.same_operator
            resolve C1 no me bob: unknown 60, settling v6 free 0 capturing 60
            resolve C1 50 me ann: unknown 60, settling v7 free 0 capturing 60
            resolve C1 50 me bob: settled 50, captured v8 free 0 captured 50 released 10
            resolve C1 50 me bob: again, settled 50, captured v8 free 0 captured 50 released 10
            show H1: captured v8 free 0 captured 50 released 10
            settle C1: refused verdict.contradicts
            exception C1: Q1 sent 60, captured v9 free 0 captured 50 released 10
            A 50 · B 50
        "#]],
    );
}

#[test]
fn rule_09_a_raise_never_draws_credit() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 cap 200 / settle H1 / raise H1 41 / raise H1 40 / hold H2 A→B 1 / settle A1",
        expect![[r#"
            hold H1 A→B 60 cap 200: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            raise H1 41: refused funds.insufficient
            raise H1 40: A1 sent 40, held v3 free 60 raising 40
            hold H2 A→B 1: refused funds.insufficient
            settle A1: settled 40, held v4 free 100
            A 100 held 100 · B 0
        "#]],
    );
}

#[test]
fn rule_10_a_deadline_that_captures_is_one_expiry_too() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 due / settle H1 / at 1000 / capture H1 due / capture H1 due / settle C1 / expire H1 / capture H1 due as C1 / events H1",
        expect![[r#"
            hold H1 A→B 60 due: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 due: C1 sent 60, settling v3 free 0 capturing 60
            capture H1 due: refused hold.closed
            settle C1: settled 60, captured v4 free 0 captured 60
            expire H1: refused hold.closed
            capture H1 due as C1: C1 again, settled 60, captured v4 free 0 captured 60
            events H1: hold.placed 60, hold.held 60, hold.expired 60, capture.sent 60, capture.settled 60, hold.ended
            A 40 · B 60
        "#]],
    );
}

#[test]
fn rule_11_a_deadline_that_captures_is_met_early_late_twice_or_never() {
    check(
        "account A 100 / merchant B / hold H1 A→B 20 due / settle H1 / hold H2 A→B 20 due / settle H2 / at 999 / capture H1 due / at 9999 / capture H1 due / capture H1 due / settle C1 / capture H2 / release H2 / settle R1 / capture H2 due",
        expect![[r#"
            hold H1 A→B 20 due: sent 20, pending v1 free 0 placing 20
            settle H1: settled 20, held v2 free 20
            hold H2 A→B 20 due: sent 20, pending v1 free 0 placing 20
            settle H2: settled 20, held v2 free 20
            capture H1 due: refused hold.not_due
            capture H1 due: C1 sent 20, settling v3 free 0 capturing 20
            capture H1 due: refused hold.closed
            settle C1: settled 20, captured v4 free 0 captured 20
            capture H2: refused hold.expired
            release H2: R1 sent 20, settling v3 free 0 releasing 20
            settle R1: settled 20, released v4 free 0 released 20
            capture H2 due: refused hold.closed
            A 80 · B 20
        "#]],
    );
}

#[test]
fn a_split_capture_is_one_operation_and_pays_every_leg() {
    check(
        "account A 100 / merchant B / merchant D / merchant E / hold H1 A→B 60 / settle H1 / capture H1 50 to D 20 fee E 5 / settle C1 22 / show H1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50 to D 20 fee E 5: C1 sent 50, settling v3 free 10 capturing 50
            settle C1 22: settled 22, captured v4 free 0 captured 22 released 38
            show H1: captured v4 free 0 captured 22 released 38
            events H1: hold.placed 60, hold.held 60, capture.sent 50, capture.settled 22, release.settled 38, hold.ended, capture.shared 20, capture.shared 2
            A 78 · B 0 · D 20 · E 2
        "#]],
    );
}
