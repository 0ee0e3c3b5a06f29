//! Refunds: bounded by the capture that they name, never by the hold.

use expect_test::expect;

use super::check;

#[test]
fn a_refund_in_parts_never_exceeds_its_capture() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 / settle C1 / refund C1 20 / settle U1 / refund C1 31 / refund C1 30 / refund C1 / settle U2 / refund C1 / events H1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50: C1 sent 50, settling v3 free 10 capturing 50
            settle C1: settled 50, captured v4 free 0 captured 50 released 10
            refund C1 20: U1 sent 20, captured v5 free 0 captured 50 released 10 refunding 20
            settle U1: settled 20, captured v6 free 0 captured 50 released 10 refunded 20
            refund C1 31: refused refund.exceeds_capture
            refund C1 30: U2 sent 30, captured v7 free 0 captured 50 released 10 refunded 20 refunding 30
            refund C1: refused refund.nothing_left
            settle U2: settled 30, captured v8 free 0 captured 50 released 10 refunded 50
            refund C1: refused refund.nothing_left
            events H1: hold.placed 60, hold.held 60, capture.sent 50, capture.settled 50, release.settled 10, hold.ended, refund.sent 20, refund.settled 20, refund.sent 30, refund.settled 30
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_refund_of_everything_left() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 50 / settle C1 / refund C1 20 / refund C1 / settle U2 / settle U1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 50: C1 sent 50, settling v3 free 10 capturing 50
            settle C1: settled 50, captured v4 free 0 captured 50 released 10
            refund C1 20: U1 sent 20, captured v5 free 0 captured 50 released 10 refunding 20
            refund C1: U2 sent 30, captured v6 free 0 captured 50 released 10 refunding 50
            settle U2: settled 30, captured v7 free 0 captured 50 released 10 refunded 30 refunding 20
            settle U1: settled 20, captured v8 free 0 captured 50 released 10 refunded 50
            A 100 · B 0
        "#]],
    );
}

#[test]
fn each_capture_bounds_its_own_refunds() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / capture H1 30 / settle C1 / settle C2 / refund C1 21 / refund C1 20 / refund C2 30 / settle U1 / settle U2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            capture H1 30: C2 sent 30, settling v4 free 10 capturing 50
            settle C1: settled 20, settling v5 free 10 captured 20 capturing 30
            settle C2: settled 30, captured v6 free 0 captured 50 released 10
            refund C1 21: refused refund.exceeds_capture
            refund C1 20: U1 sent 20, captured v7 free 0 captured 50 released 10 refunding 20
            refund C2 30: U2 sent 30, captured v8 free 0 captured 50 released 10 refunding 50
            settle U1: settled 20, captured v9 free 0 captured 50 released 10 refunded 20 refunding 30
            settle U2: settled 30, captured v10 free 0 captured 50 released 10 refunded 50
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_refund_under_way_counts() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 / settle C1 / refund C1 40 / unknown U1 / refund C1 21 / refund C1 20 / decline U1 / refund C1 40 / settle U2 / settle U3",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            refund C1 40: U1 sent 40, captured v5 free 0 captured 60 refunding 40
            unknown U1: unknown 40, captured v6 free 0 captured 60 refunding 40
            refund C1 21: refused refund.exceeds_capture
            refund C1 20: U2 sent 20, captured v7 free 0 captured 60 refunding 60
            decline U1: failed 40, captured v8 free 0 captured 60 refunding 20
            refund C1 40: U3 sent 40, captured v9 free 0 captured 60 refunding 60
            settle U2: settled 20, captured v10 free 0 captured 60 refunded 20 refunding 40
            settle U3: settled 40, captured v11 free 0 captured 60 refunded 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_refund_may_settle_less_than_asked() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 / settle C1 / refund C1 40 / settle U1 30 / refund C1 / settle U2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            refund C1 40: U1 sent 40, captured v5 free 0 captured 60 refunding 40
            settle U1 30: settled 30, captured v6 free 0 captured 60 refunded 30
            refund C1: U2 sent 30, captured v7 free 0 captured 60 refunded 30 refunding 30
            settle U2: settled 30, captured v8 free 0 captured 60 refunded 60
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_refund_of_a_capture_that_settled_less() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 60 / settle C1 40 / refund C1 41 / refund C1 40 / settle U1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 60: C1 sent 60, settling v3 free 0 capturing 60
            settle C1 40: settled 40, captured v4 free 0 captured 40 released 20
            refund C1 41: refused refund.exceeds_capture
            refund C1 40: U1 sent 40, captured v5 free 0 captured 40 released 20 refunding 40
            settle U1: settled 40, captured v6 free 0 captured 40 released 20 refunded 40
            A 100 · B 0
        "#]],
    );
}

#[test]
fn a_refund_while_the_hold_goes_on() {
    check(
        "account A 100 / merchant B / hold H1 A→B 60 / settle H1 / capture H1 20 more / settle C1 / refund C1 / capture H1 30 more / settle U1 / settle C2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1 20 more: C1 sent 20, held v3 free 40 capturing 20
            settle C1: settled 20, partially_captured v4 free 40 captured 20
            refund C1: U1 sent 20, partially_captured v5 free 40 captured 20 refunding 20
            capture H1 30 more: C2 sent 30, partially_captured v6 free 10 captured 20 capturing 30 refunding 20
            settle U1: settled 20, partially_captured v7 free 10 captured 20 refunded 20 capturing 30
            settle C2: settled 30, partially_captured v8 free 10 captured 50 refunded 20
            A 70 held 10 · B 30
        "#]],
    );
}

#[test]
fn a_floored_payee_pays_refunds_from_what_it_has() {
    check(
        "account A 100 / account B 0 / account C 0 / hold H1 A→B 60 / settle H1 / capture H1 / settle C1 / fund B→C 50 / refund C1 / refund C1 10 / fund B→C 1 / settle U1",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            fund B→C 50: F1 settled 50
            refund C1: refused funds.insufficient
            refund C1 10: U1 sent 10, captured v5 free 0 captured 60 refunding 10
            fund B→C 1: refused funds.insufficient
            settle U1: settled 10, captured v6 free 0 captured 60 refunded 10
            A 50 · B 0 · C 50
        "#]],
    );
}

#[test]
fn a_declined_refund_gives_the_payee_its_balance_back() {
    check(
        "account A 100 / account B 0 / hold H1 A→B 60 / settle H1 / capture H1 / settle C1 / refund C1 / decline U1 / refund C1 10 / settle U2",
        expect![[r#"
            hold H1 A→B 60: sent 60, pending v1 free 0 placing 60
            settle H1: settled 60, held v2 free 60
            capture H1: C1 sent 60, settling v3 free 0 capturing 60
            settle C1: settled 60, captured v4 free 0 captured 60
            refund C1: U1 sent 60, captured v5 free 0 captured 60 refunding 60
            decline U1: failed 60, captured v6 free 0 captured 60
            refund C1 10: U2 sent 10, captured v7 free 0 captured 60 refunding 10
            settle U2: settled 10, captured v8 free 0 captured 60 refunded 10
            A 50 · B 50
        "#]],
    );
}
