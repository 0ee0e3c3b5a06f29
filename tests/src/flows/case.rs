//! The six writes on a hold that reach the provider, where each begins, and what both books say when it is over.

use serde_json::{Value, json};
use tebura_providers::Target;

use super::far_end::{FarEnd, WALLET};
use super::hub::{Api, HubProcess, Shop};
use crate::support::until;

const HELD: i64 = 1_200;
const CAP: i64 = 1_600;
const RAISED: i64 = 400;
const CAPTURED: i64 = 700;
const REFUNDED: i64 = 300;

/// What the hub is asked to do when it dies, and what both sides must hold in the end.
pub(super) struct Case {
    pub(super) target: Target,
    pub(super) kind: &'static str,
    /// The hold's status afterwards.
    status: &'static str,
    /// Yen at the merchant afterwards.
    at_shop: i64,
    /// Yen set aside afterwards.
    set_aside: i64,
}

pub(super) const PLACE: Case =
    Case { target: Target::Preauthorization, kind: "place", status: "held", at_shop: 0, set_aside: HELD };
pub(super) const RAISE: Case =
    Case { target: Target::Raise, kind: "raise", status: "held", at_shop: 0, set_aside: HELD + RAISED };
pub(super) const EXTEND: Case =
    Case { target: Target::Extend, kind: "extend", status: "held", at_shop: 0, set_aside: HELD };
pub(super) const CAPTURE: Case =
    Case { target: Target::Capture, kind: "capture", status: "captured", at_shop: CAPTURED, set_aside: 0 };
pub(super) const RELEASE: Case =
    Case { target: Target::Revert, kind: "release", status: "released", at_shop: 0, set_aside: 0 };
pub(super) const REFUND: Case =
    Case { target: Target::Refund, kind: "refund", status: "captured", at_shop: CAPTURED - REFUNDED, set_aside: 0 };

/// Brings a hold to where the case begins; answers the write of the case.
pub(super) async fn prepare(case: &Case, shop: &Shop, merchant: &Api) -> (String, Value) {
    let place = json!({ "payer": shop.payer, "amount": yen(HELD), "cap": yen(CAP) });
    if case.kind == "place" {
        return ("/v1/holds".to_owned(), place);
    }
    let placed = merchant.post("/v1/holds", "place", &place).await;
    let hold = placed["hold"]["id"].as_str().unwrap().to_owned();
    let capture = (format!("/v1/holds/{hold}/capture"), json!({ "amount": yen(CAPTURED) }));
    match case.kind {
        "raise" => (format!("/v1/holds/{hold}/raise"), json!({ "amount": yen(RAISED) })),
        "extend" => (format!("/v1/holds/{hold}/extend"), json!({ "expires_in_ms": 172_800_000 })),
        "capture" => capture,
        "release" => (format!("/v1/holds/{hold}/release"), json!({})),
        _ => {
            let captured = merchant.post(&capture.0, "capture", &capture.1).await;
            let operation = captured["operation"]["id"].as_str().unwrap();
            (format!("/v1/captures/{operation}/refund"), json!({ "amount": yen(REFUNDED) }))
        }
    }
}

/// Repeats the request until it has its answer, and looks at both books.
pub(super) async fn finish(case: &Case, hub: &HubProcess, shop: &Shop, far_end: &FarEnd, path: &str, body: &Value) {
    let merchant = hub.with_key(&shop.key);
    until("the repeat is answered for good", async || {
        let (status, answer) = merchant.try_post(path, "the-key", body).await.expect("the hub answers");
        assert!(matches!(status, 201 | 202 | 409 | 503), "{status} {answer}");
        status == 201
    })
    .await;
    let (_, again) = merchant.try_post(path, "the-key", body).await.expect("the hub answers");
    assert_eq!((&again["operation"]["kind"], &again["operation"]["state"]), (&json!(case.kind), &json!("settled")));
    assert_eq!(again["hold"]["status"], json!(case.status), "{again}");

    let hold = merchant.get(&format!("/v1/holds/{}", again["hold"]["id"].as_str().unwrap())).await;
    let operations = hold["operations"].as_array().unwrap();
    let of_kind = operations.iter().filter(|operation| operation["kind"] == case.kind).count();
    assert_eq!(of_kind, 1, "nothing was done twice: {hold}");
    assert!(operations.iter().all(|operation| operation["state"] == "settled"), "{hold}");

    let operator = hub.operator();
    let payer = operator.get(&format!("/v1/accounts/{}", shop.payer_account)).await;
    let payee = operator.get(&format!("/v1/accounts/{}", shop.payee_account)).await;
    let ours = (minor(&payer["posted"]), minor(&payer["held"]), minor(&payee["posted"]));
    assert_eq!(ours, (-case.at_shop, case.set_aside, case.at_shop), "the hub's books");
    let theirs = far_end.books().await;
    assert_eq!(theirs, (WALLET - case.at_shop, case.set_aside, case.at_shop), "the provider's books");
    let audit = far_end.provider().sandbox.audit().await.unwrap();
    assert_eq!(audit.faults, Vec::<String>::new());
}

fn yen(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "JPY" })
}

/// The number in an amount of the API.
pub(super) fn minor(money: &Value) -> i64 {
    money["minor"].as_i64().unwrap_or_else(|| panic!("an amount: {money}"))
}
