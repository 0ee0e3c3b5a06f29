//! `/v1/events/stream`: what a page sees, and that it resumes where it was cut off.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, Request};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(30);

/// A page's end of a stream.
struct Page {
    body: BodyDataStream,
    text: String,
}

/// `id`, `event` and `data` of one message.
struct Message {
    id: String,
    event: String,
    data: Value,
}

impl Page {
    async fn open(world: &World, query: &str, last: Option<&str>) -> (HeaderMap, Page) {
        let mut request = Request::builder().uri(format!("/v1/events/stream{query}"));
        request = request.header("authorization", format!("Bearer {}", world.shop));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        let (parts, body) = response.into_parts();
        (parts.headers, Page { body: body.into_data_stream(), text: String::new() })
    }

    /// The next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (Some(id), Some(event), Some(data)) = (field("id: "), field("event: "), field("data: ")) {
                    return Some(Message { id, event, data: serde_json::from_str(&data).unwrap() });
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("the stream goes on")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_page_sees_what_happens_and_resumes_where_it_was_cut_off() {
    let world = World::open().await;
    world.hold(100).await;
    let (headers, mut page) = Page::open(&world, "", None).await;
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["x-accel-buffering"], "no");
    let hold = world.hold(1_000).await["hold"]["id"].clone();
    let placed = page.next().await.unwrap();
    assert_eq!((placed.event.as_str(), &placed.data["hold"]), ("hold.placed", &hold), "only what is new");
    drop(page);

    let missed = world.post(&format!("/v1/holds/{}/capture", hold.as_str().unwrap()), &world.shop, json!({})).await;
    assert_eq!(missed.status, 201);
    let (_, mut page) = Page::open(&world, "", Some(&placed.id)).await;
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != "hold.ended") {
        seen.push(page.next().await.unwrap().event);
    }
    assert_eq!(seen, ["hold.held", "capture.sent", "capture.settled", "hold.ended"]);

    let cursor = world.get("/v1/events?limit=1", &world.shop).await.json();
    let (_, mut page) = Page::open(&world, &format!("?after={}", cursor["next"].as_str().unwrap()), None).await;
    let second = world.get("/v1/events?limit=2", &world.shop).await.json()["items"][1].clone();
    assert_eq!(page.next().await.unwrap().data, second, "a page of the list and the stream share their cursors");
}

#[tokio::test]
async fn a_stream_ends_when_the_hub_stops_and_when_its_key_is_revoked() {
    let world = World::open().await;
    let (_, mut page) = Page::open(&world, "", None).await;
    world.app.stop();
    assert!(page.next().await.is_none());

    let world = World::open().await;
    let (_, mut page) = Page::open(&world, "", None).await;
    let (_, public) = world.shop.split_once("tb_").unwrap();
    let key = format!("key_{}", public.split_once('_').unwrap().0);
    let revoked = world.post(&format!("/v1/keys/{key}/revoke"), &world.operator, json!({})).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    assert!(page.next().await.is_none());
}

#[tokio::test]
async fn a_stream_needs_a_reader_and_a_cursor_that_is_one() {
    let world = World::open().await;
    assert_eq!(world.get("/v1/events/stream", &world.till).await.problem(), "403 auth.scope_missing");
    let bad = world.get("/v1/events/stream?after=zzz", &world.shop).await;
    assert_eq!(bad.problem(), "422 request.cursor_malformed");
}
