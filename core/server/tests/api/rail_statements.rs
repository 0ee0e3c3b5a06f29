//! `/v1/rails/{rail}/statements` and `…/notices`: who may bring them, and what is refused. What they do is tested in
//! `tests/src/flows/reconciliation.rs`, with a rail behind them.

use serde_json::{Value, json};
use tebura_hub::reconcile::{LineKind, MAX_GRACE_MS, MAX_LINES};
use tebura_server::wire::amount::MAX_MINOR;
use tebura_server::wire::rail_statements::RailStatementBody;

use crate::world::World;

const SCHEMA: &str = include_str!("../../../../specs/schemas/rail-statement-1.json");

fn statement() -> Value {
    json!({
        "id": "2026-01-05",
        "from": "2026-01-05T00:00:00+09:00",
        "until": "2026-01-06T00:00:00+09:00",
        "grace_ms": 0,
        "lines": [{
            "kind": "capture", "reference": "cp_1", "hold": "pa_1", "operation": null,
            "amount": { "minor": 700, "currency": "JPY" }, "at": "2026-01-05T12:00:00.5+09:00",
        }],
    })
}

async fn check(world: &World, change: impl FnOnce(&mut Value), expected: &str) {
    let mut body = statement();
    change(&mut body);
    let reply = world.post("/v1/rails/house/statements", &world.operator, body.clone()).await;
    assert_eq!(reply.problem(), expected, "{body}");
}

#[tokio::test]
async fn only_the_operator_brings_and_reads_statements() {
    let world = World::open().await;
    for key in [&world.shop, &world.till] {
        let brought = world.post("/v1/rails/house/statements", key, statement()).await;
        assert_eq!(brought.problem(), "403 auth.scope_missing");
        assert_eq!(world.get("/v1/rails/house/statements", key).await.problem(), "403 auth.scope_missing");
        assert_eq!(world.get("/v1/rails/house/statements/x", key).await.problem(), "403 auth.scope_missing");
    }
    let none = world.get("/v1/rails/house/statements", &world.operator).await;
    assert_eq!(none.json(), json!({ "items": [] }));
    let missing = world.get("/v1/rails/house/statements/2026-01-05", &world.operator).await;
    assert_eq!(missing.problem(), "404 rail_statement.not_found");
    let query = world.get("/v1/rails/house/statements/x?verdict=fine", &world.operator).await;
    assert_eq!(query.problem(), "422 request.query_invalid");
}

#[tokio::test]
async fn a_bad_statement_is_refused_by_its_fault() {
    let world = World::open().await;
    check(&world, |_| {}, "422 rail.no_far_end").await;
    let unknown = world.post("/v1/rails/jp.example.none/statements", &world.operator, statement()).await;
    assert_eq!(unknown.problem(), "404 rail.not_found");
    check(&world, |body| body["id"] = json!("a b"), "422 rail_statement.id_malformed").await;
    check(&world, |body| body["from"] = json!("yesterday"), "422 rail_statement.malformed").await;
    check(&world, |body| body["lines"][0]["at"] = json!("2026-01-05"), "422 rail_statement.malformed").await;
    check(&world, |body| body["lines"][0]["kind"] = json!("paid"), "422 rail_statement.malformed").await;
    check(&world, |body| body["lines"][0]["amount"]["minor"] = json!(0), "422 amount.zero").await;
    check(&world, |body| body["lines"][0]["amount"]["minor"] = json!(1.5), "422 amount.not_whole").await;
    check(&world, |body| body["lines"][0]["colour"] = json!("red"), "422 body.invalid").await;
    check(&world, |body| drop(body.as_object_mut().unwrap().remove("until")), "422 body.invalid").await;
}

#[tokio::test]
async fn a_notice_needs_its_own_kind_of_key() {
    let world = World::open().await;
    for key in [&world.shop, &world.operator] {
        let reply = world.post("/v1/rails/house/notices", key, json!({})).await;
        assert_eq!(reply.problem(), "403 auth.scope_missing");
    }
    let key = world.post("/v1/keys", &world.operator, json!({ "scopes": ["notices"] })).await.json();
    let key = key["secret"].as_str().unwrap().to_owned();
    let reply = world.post("/v1/rails/house/notices", &key, json!({ "of": format!("op_{}", "0".repeat(32)) })).await;
    assert_eq!((reply.status, reply.text.as_str()), (202, ""));
    let reply = world.post("/v1/rails/jp.example.none/notices", &key, json!({})).await;
    assert_eq!(reply.problem(), "404 rail.not_found");
}

#[test]
fn the_schema_takes_what_the_hub_takes() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let line = &schema["$defs"]["line"]["properties"];
    assert_eq!(line["kind"]["enum"], json!(LineKind::ALL.map(LineKind::name)));
    assert_eq!(schema["properties"]["lines"]["maxItems"], MAX_LINES);
    assert_eq!(schema["properties"]["grace_ms"]["maximum"], MAX_GRACE_MS);
    assert_eq!(line["amount"]["properties"]["minor"]["maximum"], MAX_MINOR);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let rail = tebura_ledger::RailId::new("jp.example.rail").unwrap();
    let read = |value: &Value| {
        let body: Option<RailStatementBody> = serde_json::from_value(value.clone()).ok();
        body.is_some_and(|body| body.statement(rail.clone()).is_ok())
    };
    let both = |value: &Value| (validator.is_valid(value), read(value));
    assert_eq!(both(&statement()), (true, true));
    let changes: [fn(&mut Value); 10] = [
        |body| body["id"] = json!(""),
        |body| body["from"] = json!("2026-01-05T00:00:00"),
        |body| body["grace_ms"] = json!("1"),
        |body| body["more"] = json!(1),
        |body| body["lines"] = json!({}),
        |body| body["lines"][0]["kind"] = json!("extend"),
        |body| body["lines"][0]["reference"] = json!(7),
        |body| body["lines"][0]["amount"]["minor"] = json!(-1),
        |body| body["lines"][0]["amount"]["minor"] = json!("700"),
        |body| body["lines"][0]["at"] = json!("2026-01-05T12:00:00.1234Z"),
    ];
    for change in changes {
        let mut body = statement();
        change(&mut body);
        assert_eq!(both(&body), (false, false), "{body}");
    }
}
