//! `/v1/people` and `/v1/capture-sessions`: the only way in for a face.

use serde_json::json;

use crate::world::{World, id, nobody};

#[tokio::test]
async fn a_session_enrols_once() {
    let world = World::open().await;
    let person = id(&world.post("/v1/people", &world.operator, json!({"name": "太郎"})).await.json());
    let open = format!("/v1/people/{person}/capture-sessions");
    assert_eq!(world.post(&open, &world.operator, json!({})).await.problem(), "409 consent.needed");
    world.agree(&person, "authenticate").await;
    let opened = world.post(&open, &world.operator, json!({})).await.json();
    assert_eq!((&opened["prompt"], &opened["taken"], &opened["of"]), (&json!("look_straight"), &json!(0), &json!(3)));
    let path = format!("/v1/capture-sessions/{}/frames", id(&opened));
    let image = async |word: &str| world.form(&path, &world.operator, &[("image", word)]).await;
    assert_eq!(image("nobody").await.problem(), "422 face.none");
    assert_eq!(image("two people").await.problem(), "422 face.several");
    assert_eq!(image("hanako on a screen").await.problem(), "422 liveness.attack");
    assert_eq!(image("taro turn_left").await.problem(), "422 frame.look_straight");
    let mut next = image("taro look_straight").await;
    assert_eq!((next.status, &next.json()["taken"]), (200, &json!(1)));
    assert_eq!(image("taro look_straight").await.problem(), "422 frame.repeated");
    let second = next.json()["prompt"].as_str().unwrap().to_owned();
    assert_eq!(image(&format!("hanako {second}")).await.problem(), "422 frame.other_person");
    next = image(&format!("taro {second}")).await;
    let third = next.json()["prompt"].as_str().unwrap().to_owned();
    let word = format!("taro {third}");
    let enrol = async || world.form_again(&path, &world.operator, "face-of-taro", &[("image", &word)]).await;
    let (enrolled, again) = (enrol().await, enrol().await);
    assert_eq!((enrolled.status, &enrolled.json()["pack"]), (201, &json!("words@1")));
    assert_eq!((again.json(), again.is_hit(), enrolled.is_hit()), (enrolled.json(), true, false));
    assert_eq!(image("taro look_straight").await.problem(), "409 capture_session.over");
}

#[tokio::test]
async fn expo_14_nobody_is_enrolled_without_a_session_or_by_a_shop() {
    let world = World::open().await;
    let open = format!("/v1/people/{}/capture-sessions", nobody());
    assert_eq!(world.post(&open, &world.operator, json!({})).await.problem(), "404 person.not_found");
    let path = "/v1/capture-sessions/cap_00000000000070008000000000000001/frames";
    let unknown = world.form(path, &world.operator, &[("image", "taro")]).await;
    assert_eq!(unknown.problem(), "404 capture_session.not_found");
    let shop = world.form(path, &world.shop, &[("image", "taro")]).await;
    assert_eq!(shop.problem(), "403 auth.scope_missing");
    let upload =
        world.form("/v1/capture-sessions/cap_00000000000070008000000000000001/image", &world.operator, &[]).await;
    assert_eq!(upload.problem(), "404 route.not_found", "there is no way in for one picture");
}

#[tokio::test]
async fn a_person_and_a_pin_are_the_operators() {
    let world = World::open().await;
    let made = world.post("/v1/people", &world.operator, json!({"name": "山田 花子"})).await.json();
    assert_eq!((&made["masked_name"], &made["has_pin"]), (&json!("山＊＊＊"), &json!(false)));
    let path = format!("/v1/people/{}/pin", id(&made));
    let set = world.call("PUT", &path, Some(&world.operator), Some("p"), Some(json!({"pin": "1234"}))).await;
    assert_eq!((set.status, &set.json()["has_pin"]), (201, &json!(true)));
    let again = world.call("PUT", &path, Some(&world.operator), Some("p"), Some(json!({"pin": "9999"}))).await;
    assert_eq!(again.problem(), "422 idempotency.key_reused");
    assert!(!set.text.contains("1234") && !set.text.contains("argon2"));
    let read = world.get(&format!("/v1/people/{}", id(&made)), &world.shop).await;
    assert_eq!(read.problem(), "403 auth.scope_missing");
}

#[tokio::test]
async fn pay_4_a_card_number_is_not_taken_as_a_token() {
    let world = World::open().await;
    let person = id(&world.post("/v1/people", &world.operator, json!({"name": "x"})).await.json());
    let path = format!("/v1/people/{person}/instruments");
    let card = json!({"rail": "house", "token": "4111 1111 1111 1111", "label": "card", "currency": "JPY"});
    assert_eq!(world.post(&path, &world.operator, card).await.problem(), "422 request.card_number");
    // Nobody issues such, but a token it is not.
    let digits = json!({"rail": "house", "token": "9999999999999995", "label": "card", "currency": "JPY"});
    assert_eq!(world.post(&path, &world.operator, digits).await.problem(), "422 token.is_card_number");
    let nowhere = json!({"rail": "nowhere", "label": "x", "currency": "JPY"});
    assert_eq!(world.post(&path, &world.operator, nowhere).await.problem(), "422 rail.not_found");
}
