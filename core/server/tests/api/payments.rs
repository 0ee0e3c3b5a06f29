//! `/v1/payments/face`: who pays, and each way in which nobody does.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_known_face_pays() {
    let world = World::open().await;
    let paid = world.pay("hanako", 1_200).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let body = paid.json();
    assert_eq!((&body["status"], &body["masked_name"]), (&json!("paid"), &json!("h＊＊＊＊")));
    assert_eq!((&body["hold"]["status"], &body["hold"]["captured"]["minor"]), (&json!("captured"), &json!(1_200)));
    assert_eq!((world.available(&world.hanako.1).await, world.available(&world.payee_account).await), (8_800, 1_200));
    let read = world.get(&format!("/v1/payments/{}", body["id"].as_str().unwrap()), &world.till).await.json();
    assert_eq!(read["status"], "paid");
    assert!(!paid.text.contains("hanako"), "a till sees a masked name only: {}", paid.text);
}

#[tokio::test]
async fn each_face_that_does_not_pay_says_why_and_moves_nothing() {
    let world = World::open().await;
    for (face, code) in [
        ("stranger", "402 face.not_recognised"),
        ("hanako on a screen", "402 liveness.attack"),
        ("nobody", "402 face.none"),
        ("two people", "402 face.several"),
        ("night", "402 face.too_dark"),
        ("far", "402 face.step_closer"),
        ("cut off", "422 image.truncated"),
        ("a bomb", "422 image.too_many_pixels"),
        ("not an image", "422 image.not_an_image"),
        ("busy", "503 engine.busy"),
    ] {
        let reply = world.pay(face, 1_200).await;
        assert_eq!(reply.problem(), code, "{face}");
        assert_eq!(reply.headers.contains_key("retry-after"), face == "busy");
    }
    assert_eq!(world.pay("tiny", 1_200).await.json()["code"], "image.too_small");
    assert_eq!(world.available(&world.hanako.1).await, 10_000);
}

#[tokio::test]
async fn a_repeat_of_a_refused_payment_is_refused_alike() {
    let world = World::open().await;
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let parts = [("payment", payment.as_str()), ("image", "stranger")];
    let first = world.form_again("/v1/payments/face", &world.till, "once", &parts).await;
    let again = world.form_again("/v1/payments/face", &world.till, "once", &parts).await;
    assert_eq!(first.problem(), again.problem());
    assert_eq!(first.json()["subject"], again.json()["subject"]);
    assert!(again.is_hit() && !first.is_hit());
    let other = [("payment", payment.as_str()), ("image", "hanako")];
    let other = world.form_again("/v1/payments/face", &world.till, "once", &other).await;
    assert_eq!(other.problem(), "422 idempotency.key_reused", "another picture is another request");
}

#[tokio::test]
async fn a_form_that_is_not_as_described_is_refused() {
    let world = World::open().await;
    let payment = json!({"amount": {"minor": 100, "currency": "JPY"}}).to_string();
    let form = async |parts: &[(&str, &str)]| world.form("/v1/payments/face", &world.till, parts).await.problem();
    assert_eq!(form(&[("image", "hanako")]).await, "422 body.part_missing");
    assert_eq!(form(&[("payment", &payment)]).await, "422 body.part_missing");
    assert_eq!(form(&[("payment", "{"), ("image", "hanako")]).await, "400 body.malformed");
    assert_eq!(form(&[("payment", &payment), ("image", "a"), ("image", "b")]).await, "400 body.form_malformed");
    assert_eq!(form(&[("payment", &payment), ("image", "a"), ("extra", "b")]).await, "400 body.form_malformed");
    let json = world.post("/v1/payments/face", &world.till, json!({})).await;
    assert_eq!(json.problem(), "415 body.not_a_form");
}

#[tokio::test]
async fn a_panic_in_the_engine_is_a_500_and_the_hub_goes_on() {
    let world = World::open().await;
    let reply = world.pay("panic", 100).await;
    assert_eq!(reply.problem(), "500 hub.internal");
    assert_eq!(world.pay("hanako", 100).await.status, 201);
}
