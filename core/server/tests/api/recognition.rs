//! How people are known at a till: by face within a rate of errors, by the equal other ways, by guardians; and galleries by
//! rule.

use serde_json::{Value, json};

use crate::world::{World, id};

/// Well after now, and within what anything may last.
fn in_a_year(world: &World) -> String {
    tebura_ledger::instant::rfc3339(world.hub.now().plus_ms(365 * 86_400_000))
}

fn soon(world: &World) -> String {
    tebura_ledger::instant::rfc3339(world.hub.now().plus_ms(60_000))
}

async fn hanako(world: &World) -> String {
    let instrument = world.hanako.0.parse().unwrap();
    world.hub.store().instrument(instrument).await.unwrap().unwrap().person.to_string()
}

async fn code(world: &World, person: &str) -> String {
    let body = json!({"until": soon(world)});
    let reply = world.post(&format!("/v1/people/{person}/passes"), &world.operator, body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["code"].as_str().unwrap().to_owned()
}

fn amount(minor: i64) -> Value {
    json!({"minor": minor, "currency": "JPY"})
}

/// A child of hanako, who was seen to be of age at a counter.
async fn child(world: &World, guardian: &str) -> (String, Value) {
    let licence = json!({
        "document": "driving_licence", "claims": [{"name": "birth_date", "value": "1985-04-01"}],
        "valid_until": in_a_year(world), "agreed": true,
    });
    let seen = world.post(&format!("/v1/people/{guardian}/claims"), &world.operator, licence).await;
    assert_eq!(seen.status, 201, "{}", seen.text);
    let ward = id(&world.post("/v1/people", &world.operator, json!({"name": "子"})).await.json());
    let link = json!({
        "guardian": guardian, "ward": ward, "kind": "child", "born_on": "2016-04-01", "until": in_a_year(world),
    });
    let link = world.post("/v1/guardianships", &world.operator, link).await;
    assert_eq!(link.status, 201, "{}", link.text);
    (ward, link.json())
}

#[tokio::test]
async fn boj_29_each_other_way_pays_like_the_face() {
    let world = World::open().await;
    world.hub.set_pass_key([7; 32]);
    let person = hanako(&world).await;
    let (ward, _) = child(&world, &person).await;
    let by_face = world.pay("hanako", 100).await.json();
    let ways = [
        json!({"by": "pass", "pass": code(&world, &person).await, "amount": amount(100)}),
        json!({"by": "card", "instrument": world.hanako.0, "amount": amount(100)}),
        json!({"by": "staff", "person": person, "amount": amount(100)}),
        json!({"by": "guardian", "person": ward, "pass": code(&world, &person).await, "amount": amount(100)}),
    ];
    assert_eq!(by_face["by"], "face");
    for (count, way) in ways.into_iter().enumerate() {
        let paid = world.post("/v1/payments", &world.till, way.clone()).await;
        assert_eq!(paid.status, 201, "{way}: {}", paid.text);
        let body = paid.json();
        assert_eq!((&body["status"], &body["by"]), (&by_face["status"], &way["by"]));
        assert_eq!(body["hold"]["status"], by_face["hold"]["status"]);
        let left = 10_000 - 100 * (i64::try_from(count).unwrap() + 2);
        assert_eq!(world.available(&world.hanako.1).await, left);
        let read = world.get(&format!("/v1/payments/{}", id(&body)), &world.till).await.json();
        assert_eq!(read["by"], way["by"]);
    }
    let shop =
        world.post("/v1/payments", &world.shop, json!({"by": "staff", "person": person, "amount": amount(1)})).await;
    assert_eq!(shop.problem(), "403 auth.scope_missing", "only a till takes payments");
}

#[tokio::test]
async fn what_is_missing_of_a_way_and_what_is_no_way_is_said() {
    let world = World::open().await;
    let person = hanako(&world).await;
    for (body, problem) in [
        (json!({"by": "pass", "amount": amount(1)}), "422 payment.way_incomplete"),
        (json!({"by": "card", "amount": amount(1)}), "422 payment.way_incomplete"),
        (json!({"by": "guardian", "person": person, "amount": amount(1)}), "422 payment.way_incomplete"),
        (json!({"by": "voice", "amount": amount(1)}), "422 recognition.way_unknown"),
        (json!({"by": "pass", "pass": "TBP1.AAAA", "amount": amount(1)}), "402 pass.no_key"),
    ] {
        assert_eq!(world.post("/v1/payments", &world.till, body.clone()).await.problem(), problem, "{body}");
    }
    world.hub.set_pass_key([7; 32]);
    let unreadable = json!({"by": "pass", "pass": "TBP1.AAAA", "amount": amount(1)});
    let refused = world.post("/v1/payments", &world.till, unreadable).await;
    assert_eq!(refused.problem(), "402 pass.unreadable");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("card") && detail.contains("staff"), "it names the other ways: {detail}");
    let passes = format!("/v1/people/{person}/passes");
    let late = world.post(&passes, &world.operator, json!({"until": in_a_year(&world)})).await;
    assert_eq!(late.problem(), "422 pass.until_invalid");
}

#[tokio::test]
async fn a_merchant_issues_tickets_that_say_who_somebody_is_and_never_pay() {
    let world = World::open().await;
    world.hub.set_pass_key([7; 32]);
    let person = hanako(&world).await;
    let key = json!({"merchant": world.merchant, "scopes": ["services"]});
    let key = world.post("/v1/keys", &world.operator, key).await.json()["secret"].as_str().unwrap().to_owned();
    let ticket = world.post(&format!("/v1/people/{person}/passes"), &key, json!({"until": in_a_year(&world)})).await;
    assert_eq!(ticket.status, 201, "{}", ticket.text);
    let pay = json!({"by": "pass", "pass": ticket.json()["code"], "amount": amount(1)});
    assert_eq!(world.post("/v1/payments", &world.till, pay).await.problem(), "402 pass.is_a_ticket");
    let no_scope =
        world.post(&format!("/v1/people/{person}/passes"), &world.shop, json!({"until": soon(&world)})).await;
    assert_eq!(no_scope.problem(), "403 auth.scope_missing");
}

#[tokio::test]
async fn jpki_7_jpki_8_a_guardian_is_linked_read_and_ended_and_a_young_one_is_refused() {
    let world = World::open().await;
    let person = hanako(&world).await;
    let (ward, link) = child(&world, &person).await;
    assert_eq!((&link["kind"], &link["basis"], &link["counts"]), (&json!("child"), &json!("proof"), &json!(true)));
    let listed = world.get(&format!("/v1/people/{ward}/guardianships"), &world.operator).await.json();
    assert_eq!(listed["guardianships"][0]["id"], link["id"]);
    let back =
        json!({"guardian": ward, "ward": person, "kind": "child", "born_on": "2016-04-01", "until": in_a_year(&world)});
    assert_eq!(world.post("/v1/guardianships", &world.operator, back).await.problem(), "409 guardian.age_unknown");
    let path = format!("/v1/guardianships/{}/end", id(&link));
    let ended = world.post(&path, &world.operator, json!({"by": "ward"})).await.json();
    assert_eq!((&ended["counts"], &ended["ended_by"]), (&json!(false), &json!("ward")));
    assert_eq!(
        world.post(&path, &world.operator, json!({"by": "nobody"})).await.problem(),
        "422 guardianship.by_unknown"
    );
    assert_eq!(world.post(&path, &world.shop, json!({"by": "ward"})).await.problem(), "403 auth.scope_missing");
}

#[tokio::test]
async fn expo_7_a_gallery_has_a_rule_and_shows_how_it_is_searched() {
    let world = World::open().await;
    let person = hanako(&world).await;
    let rule = json!({"day": {"empties_at": "04:00", "utc_offset": "+09:00"}});
    let made = world.post("/v1/galleries", &world.operator, json!({"name": "today", "rule": rule})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/v1/galleries/{}", id(&made.json()));
    let member = format!("{path}/members/{person}");
    let put = async |body| world.call("PUT", &member, Some(&world.operator), Some(&world.fresh()), Some(body)).await;
    assert_eq!(put(json!({"until": "2020-01-01T00:00:00Z"})).await.problem(), "422 gallery.term_over");
    assert_eq!(put(json!({"until": in_a_year(&world)})).await.status, 204);
    let shown = world.get(&path, &world.operator).await.json();
    assert_eq!((&shown["rule"], &shown["search"]["templates"]), (&rule, &json!(1)));
    assert_eq!(shown["search"]["threshold"], json!(0.9), "the pack's own: no rate is set");
    let claim = json!({"name": "r", "rule": {"claim": {"name": "municipality", "value": "17206"}}});
    let residents = id(&world.post("/v1/galleries", &world.operator, claim).await.json());
    let by_hand = format!("/v1/galleries/{residents}/members/{person}");
    let by_hand = world.call("PUT", &by_hand, Some(&world.operator), Some(&world.fresh()), Some(json!({}))).await;
    assert_eq!(by_hand.problem(), "409 gallery.by_rule");
    let odd = json!({"name": "x", "rule": {"day": {"empties_at": "25:00", "utc_offset": "+09:00"}}});
    assert_eq!(world.post("/v1/galleries", &world.operator, odd).await.problem(), "422 gallery.hour_malformed");
}

#[tokio::test]
async fn a_locked_pin_is_released_by_the_staff() {
    let world = World::open().await;
    let person = hanako(&world).await;
    let pay = async |pin: &str| {
        let body = json!({"by": "staff", "person": person, "pin": pin, "amount": amount(5_001)});
        world.post("/v1/payments", &world.till, body).await
    };
    for _ in 0..4 {
        assert_eq!(pay("1111").await.problem(), "402 pin.wrong");
    }
    assert_eq!(pay("1111").await.problem(), "402 pin.locked");
    assert_eq!(pay("2718").await.problem(), "402 pin.locked");
    let lock = format!("/v1/people/{person}/pin-lock");
    let released = world.call("DELETE", &lock, Some(&world.operator), Some(&world.fresh()), None).await;
    assert_eq!(released.status, 204, "{}", released.text);
    assert_eq!(pay("2718").await.status, 201);
}
