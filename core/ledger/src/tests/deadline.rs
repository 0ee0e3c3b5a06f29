//! The deadline, with the sweep early, late, twice and absent.

use expect_test::expect;

use super::check;

#[test]
fn expiry_returns_what_is_free() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / settle C1 / at 1000 / expire H1 / settle E1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            settle C1: settled 20, partially_captured v4 free 40 captured 20
            expire H1: E1 sent 40, settling v5 free 0 captured 20 releasing 40
            settle E1: settled 40, captured v6 free 0 captured 20 released 40
            events H1: hold.placed 60, hold.held 60, capture.sent 20, capture.settled 20, hold.expired 40, release.settled 40, hold.ended
            A 80 · B 20
        "#]],
    );
}

#[test]
fn nothing_captured_is_expired() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / at 1000 / expire H1 / settle E1",
        expect![[r#"
        hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
        settle H1: settled 60, held v2 free 60
        expire H1: E1 sent 60, settling v3 free 0 releasing 60
        settle E1: settled 60, expired v4 free 0 released 60
        A 100 · B 0
    "#]],
    );
}

#[test]
fn an_expiry_while_placing_waits_for_the_rail() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 by 10 / at 10 / expire H1 / capture H1 / settle H1 / release H1 / settle R1 / events H1",
        expect![[r#"
            hold H1 A→B 60 by 10: sent 60, pending v1 free 0 placing 60
            expire H1: E1 settled 0, settling v2 free 0 placing 60
            capture H1: refused hold.expired
            settle H1: settled 60, settling v3 free 60, then release
            release H1: R1 sent 60, settling v4 free 0 releasing 60
            settle R1: settled 60, expired v5 free 0 released 60
            events H1: hold.placed 60, hold.expired 0, hold.held 60, release.sent 60, release.settled 60, hold.ended
            A 100 · B 0
        "#]],
    );
}

#[test]
fn an_expiry_while_placing_ends_with_a_decline() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 by 10 / at 10 / expire H1 / decline H1 / events H1",
        expect![[r#"
            hold H1 A→B 60 by 10: sent 60, pending v1 free 0 placing 60
            expire H1: E1 settled 0, settling v2 free 0 placing 60
            decline H1: failed 60, expired v3 free 0 released 60
            events H1: hold.placed 60, hold.expired 0, hold.failed 60, hold.ended
            A 100 · B 0
        "#]],
    );
}

#[test]
fn an_expiry_while_placing_is_unknown_keeps_the_earmark() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 by 10 / unknown H1 / at 10 / expire H1 / release H1 / settle H1 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60 by 10: sent 60, pending v1 free 0 placing 60
            unknown H1: unknown 60, pending v2 free 0 placing 60
            expire H1: E1 settled 0, settling v3 free 0 placing 60
            release H1: refused hold.nothing_free
            settle H1: settled 60, settling v4 free 60, then release
            release H1: R1 sent 60, settling v5 free 0 releasing 60
            settle R1: settled 60, expired v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_placement_after_the_deadline_is_expired_next() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 by 10 / at 11 / settle H1 / capture H1 / expire H1 / settle E1",
        expect![[r#"
            hold H1 A→B 60 by 10: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60, then expire
            capture H1: refused hold.expired
            expire H1: E1 sent 60, settling v3 free 0 releasing 60
            settle E1: settled 60, expired v4 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn an_expiry_leaves_a_capture_under_way_alone() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / at 1000 / expire H1 / settle E1 / settle C1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            expire H1: E1 sent 40, settling v4 free 0 capturing 20 releasing 40
            settle E1: settled 40, settling v5 free 0 released 40 capturing 20
            settle C1: settled 20, captured v6 free 0 captured 20 released 40
            A 80 · B 20
        "#]],
    );
}

#[test]
fn an_expiry_leaves_a_final_capture_under_way_alone() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 / at 1000 / expire H1 / settle C1 / settle E1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20: C1 sent 20, settling v3 free 40 capturing 20
            expire H1: E1 sent 40, settling v4 free 0 capturing 20 releasing 40
            settle C1: settled 20, settling v5 free 0 captured 20 releasing 40
            settle E1: settled 40, captured v6 free 0 captured 20 released 40
            A 80 · B 20
        "#]],
    );
}

#[test]
fn a_final_capture_declined_after_the_deadline_is_released() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 / at 1000 / expire H1 / decline C1 / settle E1 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20: C1 sent 20, settling v3 free 40 capturing 20
            expire H1: E1 sent 40, settling v4 free 0 capturing 20 releasing 40
            decline C1: failed 20, settling v5 free 20 releasing 40, then release
            settle E1: settled 40, settling v6 free 20 released 40, then release
            release H1: R1 sent 20, settling v7 free 0 released 40 releasing 20
            settle R1: settled 20, expired v8 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_final_capture_declined_after_the_deadline_without_a_sweep() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 / at 1000 / decline C1 / capture H1 / expire H1 / settle E1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20: C1 sent 20, settling v3 free 40 capturing 20
            decline C1: failed 20, held v4 free 60, then expire
            capture H1: refused hold.expired
            expire H1: E1 sent 60, settling v5 free 0 releasing 60
            settle E1: settled 60, expired v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn an_expiry_with_everything_under_way_closes() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 60 more / at 1000 / expire H1 / decline C1 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 60 more: C1 sent 60, settling v3 free 0 capturing 60
            expire H1: E1 settled 0, settling v4 free 0 capturing 60
            decline C1: failed 60, settling v5 free 60, then release
            release H1: R1 sent 60, settling v6 free 0 releasing 60
            settle R1: settled 60, expired v7 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_declined_expiry_is_released_next() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / at 1000 / expire H1 / decline E1 / expire H1 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            expire H1: E1 sent 60, settling v3 free 0 releasing 60
            decline E1: failed 60, settling v4 free 60, then release
            expire H1: refused hold.closed
            release H1: R1 sent 60, settling v5 free 0 releasing 60
            settle R1: settled 60, expired v6 free 0 released 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_release_after_the_deadline_helps() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / at 1000 / release H1 / expire H1 / settle R1 / expire H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            release H1: R1 sent 60, settling v3 free 0 releasing 60
            expire H1: refused hold.closed
            settle R1: settled 60, released v4 free 0 released 60
            expire H1: refused hold.closed
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_partly_settled_capture_after_the_deadline_is_released() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 60 more / at 1000 / expire H1 / settle C1 40 / release H1 / settle R1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 60 more: C1 sent 60, settling v3 free 0 capturing 60
            expire H1: E1 settled 0, settling v4 free 0 capturing 60
            settle C1 40: settled 40, settling v5 free 20 captured 40, then release
            release H1: R1 sent 20, settling v6 free 0 captured 40 releasing 20
            settle R1: settled 20, captured v7 free 0 captured 40 released 20
            A 60 · B 40
        "#]],
    );
}
