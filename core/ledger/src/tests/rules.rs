//! The rules of a hold that this crate keeps, by number. Rule 3, how the deadline is chosen, is the hub's.

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
