//! `/v1/events/stream`: events as they happen, for pages. Resumes where it was cut off, by `Last-Event-ID`.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use tebura_hub::ids::ApiKeyId;
use tebura_hub::ports::Caller;
use tebura_hub::sites::Scope;
use tebura_ledger::Shard;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::events::{cursor, malformed, positions};
use crate::app::App;
use crate::auth::Principal;
use crate::extract::Asked;
use crate::layers::SHED_RETRY_AFTER_MS;
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{EventBody, StreamQuery};

/// How often the log is looked at: a page does not notice it, and an idle look is one small read.
const LOOK: Duration = Duration::from_millis(500);
/// Proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Events read at a time.
const PAGE: u16 = 100;
/// Keeps a proxy from collecting events before it passes them on.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// Events of the merchant's holds as Server-Sent Events, from now on, or after a cursor.
///
/// Each event's `id` is a cursor: a browser sends it back as `Last-Event-ID` by itself when the connection was cut, and
/// nothing is missed. `data` is an event as `GET /v1/events` has it; `event` is its type.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    tag = "events",
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that was seen."),
    ),
    responses(
        (status = 200, description = "Events, one after the other", body = EventBody, content_type = "text/event-stream"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stream_events(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    principal.may(Scope::Read)?;
    let place = app.streams.clone().try_acquire_owned().map_err(|_| Problem::busy(SHED_RETRY_AFTER_MS))?;
    let last = match headers.get("last-event-id") {
        Some(value) => Some(value.to_str().map_err(|_| malformed())?.to_owned()),
        None => query.after,
    };
    let read = match last {
        Some(cursor) => positions(&cursor).ok_or_else(malformed)?,
        None => app.hub.store().event_heads().await?.into_iter().collect(),
    };
    let stopping = app.stopping();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed {
        app,
        key: principal.key,
        caller: principal.caller(),
        read,
        looked_at: None,
        ready: VecDeque::new(),
        look,
        stopping,
        _place: place,
    };
    let body = Sse::new(events(feed)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok((StatusCode::OK, [UNBUFFERED], body).into_response())
}

struct Feed {
    app: App,
    key: ApiKeyId,
    caller: Caller,
    read: BTreeMap<Shard, u64>,
    /// Where the log ended when everything up to there had been read.
    looked_at: Option<Vec<(Shard, u64)>>,
    ready: VecDeque<Event>,
    look: Interval,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

fn events(feed: Feed) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    })
}

impl Feed {
    /// The next event; `None` when the hub stops, the key was revoked, or the store does not answer: the client comes
    /// back with its cursor.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::select! {
                _ = self.look.tick() => {}
                _ = self.stopping.wait_for(|stop| *stop) => return None,
            }
            let key = self.app.hub.api_key(self.key).await.ok()??;
            if key.revoked_at.is_some() {
                return None;
            }
            if let Err(error) = self.read().await {
                tracing::warn!(%error, "an event stream ends because the store does not answer");
                return None;
            }
        }
    }

    async fn read(&mut self) -> Result<(), tebura_hub::ports::ReadError> {
        let heads = self.app.hub.store().event_heads().await?;
        if self.looked_at.as_ref() == Some(&heads) {
            return Ok(());
        }
        let after: Vec<_> = self.read.iter().map(|(shard, seq)| (*shard, *seq)).collect();
        let page = self.app.hub.store().events(&self.caller, &after, PAGE).await?;
        // A full page may not have been all: the log is looked at again even if it does not grow.
        self.looked_at = (page.len() < usize::from(PAGE)).then_some(heads);
        for stored in page {
            self.read.insert(stored.shard, stored.seq);
            let body = EventBody::from(&stored);
            // Names and numbers always have JSON.
            let event =
                Event::default().id(cursor(&self.read)).event(&body.r#type).json_data(&body).unwrap_or_default();
            self.ready.push_back(event);
        }
        Ok(())
    }
}
