//! Parties and their keys: who registers what, and what a signature has to be.

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tebura_hub::statements::jws::sign;

use crate::world::{Reply, World, id};

fn private(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn registration(party: &str, private: &SigningKey) -> Value {
    json!({"party": party, "public_key": URL_SAFE_NO_PAD.encode(private.verifying_key().as_bytes())})
}

/// Posts a body with a signature header for each signature.
async fn send(world: &World, path: &str, key: &str, idempotency: &str, body: &str, signatures: &[&str]) -> Reply {
    let mut request = Request::builder()
        .method("POST")
        .uri(path)
        .header("authorization", format!("Bearer {key}"))
        .header("idempotency-key", idempotency)
        .header("content-type", "application/json");
    for signature in signatures {
        request = request.header("tebura-signature", *signature);
    }
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn register(world: &World, party: &str, private: &SigningKey, body: &Value) -> Reply {
    let (path, body) = (format!("/v1/parties/{party}/keys"), body.to_string());
    let signature = sign(private, None, body.as_bytes());
    send(world, &path, &world.operator, &world.fresh(), &body, &[&signature]).await
}

async fn party(world: &World) -> String {
    let made = world.post("/v1/parties", &world.operator, json!({"label": "メーター 17"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    id(&made.json())
}

#[tokio::test]
async fn a_key_is_registered_replaced_and_revoked() {
    let world = World::open().await;
    let party = party(&world).await;
    let first = register(&world, &party, &private(1), &registration(&party, &private(1))).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let first = first.json();
    assert_eq!((&first["state"], &first["party"]), (&json!("counts"), &json!(party)));

    let mut next = registration(&party, &private(2));
    next["replaces"] = first["id"].clone();
    next["overlap_seconds"] = json!(0);
    let next = register(&world, &party, &private(2), &next).await.json();
    let path = format!("/v1/parties/{party}");
    let keys = world.get(&path, &world.operator).await.json()["keys"].clone();
    assert_eq!((&keys[0]["state"], &keys[1]["state"]), (&json!("over"), &json!("counts")), "{keys}");
    assert_eq!(keys[0]["valid_until"], keys[1]["valid_from"]);

    let revoke = format!("{path}/keys/{}/revoke", id(&next));
    let revoked = world.post(&revoke, &world.operator, json!({})).await.json();
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(world.post(&revoke, &world.operator, json!({})).await.json(), revoked);
    let again = register(&world, &party, &private(2), &registration(&party, &private(2))).await;
    assert_eq!(again.problem(), "409 party.key_known");
}

#[tokio::test]
async fn a_registration_is_signed_by_the_key_and_names_its_party() {
    let world = World::open().await;
    let (party, other) = (party(&world).await, party(&world).await);
    let mine = private(1);
    let body = registration(&party, &mine);
    assert_eq!(register(&world, &other, &mine, &body).await.problem(), "422 party.other_in_body");
    assert_eq!(register(&world, &party, &private(2), &body).await.problem(), "403 party.proof_wrong");
    let weak = json!({"party": party, "public_key": URL_SAFE_NO_PAD.encode([0; 32])});
    assert_eq!(register(&world, &party, &mine, &weak).await.problem(), "422 party.public_key_invalid");
    let short = json!({"party": party, "public_key": "AAAA"});
    assert_eq!(register(&world, &party, &mine, &short).await.problem(), "422 party.public_key_invalid");
    for (member, value, problem) in [
        ("valid_until", json!("2020-01-01T00:00:00Z"), "422 party.validity_invalid"),
        ("valid_until", json!("tomorrow"), "422 time.malformed"),
        ("overlap_seconds", json!(5), "422 party.overlap_invalid"),
        ("replaces", json!("pk_1"), "422 request.id_malformed"),
        ("replaces", json!("pk_00000000000000000000000000000001"), "404 party.key_not_found"),
        ("kid", json!("pk_1"), "422 body.invalid"),
    ] {
        let mut body = body.clone();
        body[member] = value;
        assert_eq!(register(&world, &party, &mine, &body).await.problem(), problem, "{body}");
    }

    let (path, text) = (format!("/v1/parties/{party}/keys"), body.to_string());
    let good = sign(&mine, None, text.as_bytes());
    let named = sign(&mine, Some("pk_1"), text.as_bytes());
    for (signatures, problem) in [
        (vec![], "400 statement.signature_missing"),
        (vec![good.as_str(), good.as_str()], "400 statement.signature_missing"),
        (vec!["x"], "400 statement.signature_malformed"),
        (vec![named.as_str()], "400 statement.key_id_refused"),
    ] {
        let reply = send(&world, &path, &world.operator, &world.fresh(), &text, &signatures).await;
        assert_eq!(reply.problem(), problem, "{signatures:?}");
    }
    let spaced = text.replacen(':', ": ", 1);
    let reply = send(&world, &path, &world.operator, &world.fresh(), &spaced, &[&good]).await;
    assert_eq!(reply.problem(), "403 party.proof_wrong");
    let twice = text.replacen('{', "{\"party\":\"x\",", 1);
    let signature = sign(&mine, None, twice.as_bytes());
    let reply = send(&world, &path, &world.operator, &world.fresh(), &twice, &[&signature]).await;
    assert_eq!(reply.problem(), "422 body.invalid");

    let once = send(&world, &path, &world.operator, "once", &text, &[&good]).await;
    let again = send(&world, &path, &world.operator, "once", &text, &[&good]).await;
    assert_eq!((once.status, again.status, once.is_hit(), again.is_hit()), (201, 201, false, true));
    assert_eq!(once.json(), again.json());
    let reused = send(&world, &path, &world.operator, "once", &spaced, &[&sign(&mine, None, spaced.as_bytes())]).await;
    assert_eq!(reused.problem(), "422 idempotency.key_reused");
}

#[tokio::test]
async fn a_merchant_manages_its_own_parties_and_sees_no_others() {
    let world = World::open().await;
    let foreign = party(&world).await;
    let own = id(&world.post("/v1/parties", &world.shop, json!({"label": "レジ"})).await.json());
    let seen = world.get(&format!("/v1/parties/{own}"), &world.shop).await.json();
    assert_eq!((&seen["merchant"], &seen["keys"]), (&json!(world.merchant), &json!([])));
    assert_eq!(world.get(&format!("/v1/parties/{foreign}"), &world.shop).await.problem(), "404 party.not_found");
    assert_eq!(world.get(&format!("/v1/parties/{own}"), &world.operator).await.status, 200);
    let revoke = format!("/v1/parties/{foreign}/keys/pk_00000000000000000000000000000001/revoke");
    assert_eq!(world.post(&revoke, &world.shop, json!({})).await.problem(), "404 party.not_found");
    let other = json!({"label": "x", "merchant": "mrc_00000000000000000000000000000001"});
    assert_eq!(world.post("/v1/parties", &world.shop, other.clone()).await.problem(), "422 party.merchant_foreign");
    assert_eq!(world.post("/v1/parties", &world.operator, other).await.problem(), "422 merchant.not_found");
    assert_eq!(world.post("/v1/parties", &world.till, json!({"label": "x"})).await.problem(), "403 auth.scope_missing");
    assert_eq!(
        world.post("/v1/parties", &world.shop, json!({"label": "\u{7}"})).await.problem(),
        "422 party.label_invalid"
    );
}
