//! The provider over HTTP: who calls, what misbehaviour applies, and the answer's form.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::card::call::Call;
use crate::card::counter::{Answer, Counter};
use crate::card::refusal::Refusal;
use crate::card::sandbox_routes;
use crate::line::Scissors;
use crate::switches::{Misbehaviour, Place, Treatment};

/// Requests are a few hundred bytes.
const MAX_BODY: usize = 16 * 1024;

pub(crate) fn router(counter: Arc<Counter>) -> Router {
    Router::new()
        .merge(sandbox_routes::router())
        .fallback(serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(counter)
}

/// Checks the caller, misbehaves as told, and does the work in a task of its own: a caller who hangs up does not stop it
/// halfway.
async fn serve(
    State(counter): State<Arc<Counter>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !counter.config.credential.is_shown_by(&headers) {
        return respond(&Answer::of(Err(Refusal::unauthorised())));
    }
    let Some(call) = Call::read(method.as_str(), uri.path()) else {
        return respond(&Answer::of(Err(Refusal::missing("url"))));
    };
    let text = if call.writes() {
        String::from_utf8_lossy(&body).into_owned()
    } else {
        uri.query().unwrap_or_default().to_owned()
    };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let treatment = counter.switches.take(call.target());
    let misbehaviour = treatment.misbehaviour;
    let task = tokio::spawn(work(counter.clone(), call, text, key, treatment));
    let answer = task.await.unwrap_or_else(|_| Answer::failed());
    match misbehaviour {
        Some(Misbehaviour::LoseRequest | Misbehaviour::LoseReply) => {
            scissors.cut();
            respond(&answer)
        }
        Some(Misbehaviour::Garble) => {
            let mut bytes = answer.body.to_string().into_bytes();
            bytes.truncate(bytes.len() / 2);
            bytes.extend([0xff, 0x00, b'{', 0xfe]);
            (status(answer.status), bytes).into_response()
        }
        Some(Misbehaviour::OverstateAmount) => respond(&overstated(answer)),
        Some(Misbehaviour::AnswerForAnother) => respond(&for_another(answer)),
        Some(Misbehaviour::NeverAnswer) => {
            counter.closed().await;
            scissors.cut();
            respond(&answer)
        }
        None
        | Some(
            Misbehaviour::FailBefore | Misbehaviour::FailAfter | Misbehaviour::Delay { .. } | Misbehaviour::ApplyTwice,
        ) => respond(&answer),
    }
}

/// The work itself: one call at a time for each key.
async fn work(
    counter: Arc<Counter>,
    call: Call,
    text: String,
    key: Option<String>,
    mut treatment: Treatment,
) -> Answer {
    if let Some(pause) = treatment.pause.take_if(|pause| pause.place == Place::Door) {
        tokio::select! { () = pause.wait() => {}, () = counter.closed() => {} }
    }
    match treatment.misbehaviour {
        Some(Misbehaviour::LoseRequest | Misbehaviour::FailBefore) => return Answer::failed(),
        Some(Misbehaviour::Delay { ms }) => {
            #[expect(clippy::disallowed_methods, reason = "waiting is what this switch is for")]
            let over = tokio::time::sleep(Duration::from_millis(ms));
            tokio::select! { () = over => {}, () = counter.closed() => {} }
        }
        _ => {}
    }
    let key = key.as_deref();
    let Some(_busy) = counter.begin(key.filter(|_| call.writes())) else {
        let message = "a request with this key is being worked on; repeat it later";
        return Answer::of(Err(Refusal::of_key(409, Some("idempotency_key_in_use"), message)));
    };
    if let Some(pause) = treatment.pause {
        tokio::select! { () = pause.wait() => {}, () = counter.closed() => {} }
    }
    let fails = treatment.misbehaviour == Some(Misbehaviour::FailAfter);
    let answer = counter.carry_out(&call, &text, key, fails);
    if treatment.misbehaviour == Some(Misbehaviour::ApplyTwice) {
        return counter.carry_out(&call, &text, key, fails);
    }
    answer
}

fn overstated(mut answer: Answer) -> Answer {
    for field in ["amount", "amount_received"] {
        if let Some(amount) = answer.body[field].as_i64() {
            answer.body[field] = (amount + 1).into();
        }
    }
    answer
}

fn for_another(mut answer: Answer) -> Answer {
    if let Some(id) = answer.body["id"].as_str().map(|id| format!("{id}other")) {
        answer.body["id"] = id.into();
    }
    if let Some(metadata) = answer.body["metadata"].as_object_mut() {
        *metadata = metadata.iter().map(|(name, value)| (format!("{name}_other"), value.clone())).collect();
    }
    answer
}

pub(crate) fn respond(answer: &Answer) -> Response {
    let replayed = answer.replayed.then_some(("idempotent-replayed", "true"));
    let mut response =
        (status(answer.status), [(CONTENT_TYPE, "application/json")], answer.body.to_string()).into_response();
    if let Some((name, value)) = replayed {
        response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
