//! `/v1/events`: everything that happened, once, by cursor.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_reader_misses_nothing_and_sees_nothing_twice() {
    let world = World::open().await;
    let hold = world.hold(1_000).await["hold"]["id"].as_str().unwrap().to_owned();
    let captured = world.post(&format!("/v1/holds/{hold}/capture"), &world.shop, json!({})).await;
    assert_eq!(captured.status, 201);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/events?limit=1{after}"), &world.shop).await.json();
        after = format!("&after={}", page["next"].as_str().unwrap());
        let items = page["items"].as_array().unwrap();
        let Some(event) = items.first() else { break };
        assert_eq!(items.len(), 1);
        if event["hold"] == hold.as_str() {
            seen.push(event["type"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(seen.first().map(String::as_str), Some("hold.placed"), "{seen:?}");
    for wanted in ["hold.held", "capture.sent", "capture.settled", "hold.ended"] {
        assert_eq!(seen.iter().filter(|kind| *kind == wanted).count(), 1, "{wanted} in {seen:?}");
    }
    world.hold(500).await;
    let news = world.get(&format!("/v1/events?limit=100{after}"), &world.shop).await.json();
    assert_eq!(news["items"][0]["type"], "hold.placed", "the cursor goes on where it stopped");
    let bad = world.get("/v1/events?after=zzz", &world.shop).await;
    assert_eq!(bad.problem(), "422 request.cursor_malformed");
}
