//! An intermediary over HTTP: who calls, what misbehaviour applies, and the answer's form.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, OriginalUri, Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::cbdc::intermediary::{Ask, Kind, Record, masked};
use crate::cbdc::ledger::Member;
use crate::cbdc::network::Network;
use crate::cbdc::request::{self, Problem};
use crate::cbdc::sandbox_routes;
use crate::cbdc::world::Reply;
use crate::credential::Credential;
use crate::line::Scissors;
use crate::switches::{Misbehaviour, Switches, Target};

/// Requests are a few hundred bytes.
const MAX_BODY: usize = 16 * 1024;

/// What serves the calls of one intermediary.
pub(crate) struct Door {
    pub(crate) member: Member,
    pub(crate) network: Network,
    pub(crate) switches: Switches,
    pub(crate) credential: Credential,
    pub(crate) admin: Option<Credential>,
    pub(crate) closing: watch::Receiver<bool>,
}

pub(crate) type At = State<Arc<Door>>;
type Cut = ConnectInfo<Scissors>;

/// One call, before it is known whether it may be made.
struct Call {
    target: Target,
    method: &'static str,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A status and its bytes, before any misbehaviour.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn json<T: Serialize>(status: u16, value: &T) -> Answer {
        Answer { status, body: serde_json::to_vec(value).unwrap_or_default() }
    }

    fn problem(problem: &Problem) -> Answer {
        Answer::json(problem.status, problem)
    }

    /// The same answer with a record that says something else.
    fn retold(self, lie: impl FnOnce(&mut Record)) -> Answer {
        match serde_json::from_slice::<Record>(&self.body) {
            Ok(mut record) => {
                lie(&mut record);
                Answer::json(self.status, &record)
            }
            Err(_) => self,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}

pub(crate) fn router(door: Arc<Door>) -> Router {
    Router::new()
        .route("/v1/locks", post(lock))
        .route("/v1/locks/{id}/completions", post(complete))
        .route("/v1/locks/{id}/returns", post(give_back))
        .route("/v1/locks/{id}/extend", post(extend))
        .route("/v1/completions/{id}/refunds", post(refund))
        .route("/v1/transfers", post(transfer))
        .route("/v1/requests/{request}", get(look_up))
        .route("/v1/aliases/resolve", post(resolve))
        .route("/v1/accounts/{account}", get(account))
        .route("/v1/statements", get(statement))
        .merge(sandbox_routes::router())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(door)
}

type Asked = (At, Cut, OriginalUri, HeaderMap, Bytes);

async fn lock(at: At, cut: Cut, uri: OriginalUri, headers: HeaderMap, body: Bytes) -> Response {
    write(Kind::Lock, String::new(), (at, cut, uri, headers, body)).await
}

async fn transfer(at: At, cut: Cut, uri: OriginalUri, headers: HeaderMap, body: Bytes) -> Response {
    write(Kind::Transfer, String::new(), (at, cut, uri, headers, body)).await
}

async fn complete(
    at: At,
    cut: Cut,
    uri: OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    write(Kind::Completion, id, (at, cut, uri, headers, body)).await
}

async fn give_back(
    at: At,
    cut: Cut,
    uri: OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    write(Kind::Return, id, (at, cut, uri, headers, body)).await
}

async fn extend(
    at: At,
    cut: Cut,
    uri: OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    write(Kind::Extension, id, (at, cut, uri, headers, body)).await
}

async fn refund(
    at: At,
    cut: Cut,
    uri: OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    write(Kind::Refund, id, (at, cut, uri, headers, body)).await
}

async fn write(kind: Kind, about: String, (State(door), cut, uri, headers, body): Asked) -> Response {
    let target = match kind {
        Kind::Lock => Target::Preauthorization,
        Kind::Completion | Kind::Transfer => Target::Capture,
        Kind::Return => Target::Revert,
        Kind::Extension => Target::Extend,
        Kind::Refund => Target::Refund,
    };
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = request::read(kind, &about, &body).and_then(|(request, ask)| match key {
        Some(key) if key == request => Ok((request, ask)),
        _ => Err(Problem::new(400, "key.missing", "send the request's id as Idempotency-Key, too")),
    });
    let call = Call { target, method: "POST", path: uri.path().to_owned(), headers, body };
    let work = move |door: &Door, service: &str, twice: bool| match &asked {
        Ok((request, ask)) => carry_out(door, service, request, ask, twice),
        Err(problem) => Answer::problem(problem),
    };
    answer(door, cut, call, work).await
}

async fn look_up(State(door): At, cut: Cut, Path(request): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("/v1/requests/{request}");
    let call = Call { target: Target::Inquiry, method: "GET", path, headers, body: Bytes::new() };
    let work = move |door: &Door, service: &str, _: bool| {
        let reply = door.network.with(|world, now| world.look_up(door.member, service, &request, now));
        match reply {
            Reply::Recorded(_, record) => Answer::json(200, &record),
            Reply::Reused | Reply::NotFound => {
                let problem = Problem::new(404, "request.not_found", "no request of this id has arrived");
                Answer::problem(&Problem { request: Some(request.clone()), ..problem })
            }
        }
    };
    answer(door, cut, call, work).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alias {
    alias: String,
}

/// An alias of any intermediary's customer: the other one is asked where this one does not know it.
async fn resolve(State(door): At, cut: Cut, uri: OriginalUri, headers: HeaderMap, body: Bytes) -> Response {
    let asked = request::json::<Alias>(&body);
    let call = Call { target: Target::Balance, method: "POST", path: uri.path().to_owned(), headers, body };
    let work = move |door: &Door, _: &str, _: bool| match &asked {
        Ok(Alias { alias }) => match door.network.resolve(door.member, alias) {
            Some((account, name)) => {
                Answer::json(200, &serde_json::json!({ "alias": alias, "account": account, "name": masked(&name) }))
            }
            None if door.network.all_intermediaries_answer() => {
                Answer::problem(&Problem::new(404, "alias.not_found", "nobody has this alias"))
            }
            None => {
                Answer::problem(&Problem::new(503, "intermediary.offline", "the other intermediary does not answer"))
            }
        },
        Err(problem) => Answer::problem(problem),
    };
    answer(door, cut, call, work).await
}

async fn account(State(door): At, cut: Cut, Path(account): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("/v1/accounts/{account}");
    let call = Call { target: Target::Balance, method: "GET", path, headers, body: Bytes::new() };
    let work = move |door: &Door, service: &str, _: bool| match door.network.balance_for(door.member, service, &account)
    {
        Some(balance) => Answer::json(200, &balance),
        None => Answer::problem(&Problem::new(
            404,
            "account.not_found",
            "no such account of a customer here who let you look",
        )),
    };
    answer(door, cut, call, work).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    from: i64,
    until: i64,
}

/// For the operator's reconciliation, not for the hub's plugin: the credential alone, and no misbehaviour.
async fn statement(State(door): At, headers: HeaderMap, Query(span): Query<Span>) -> Response {
    if !door.credential.is_shown_by(&headers) {
        return unauthorised();
    }
    Answer::json(200, &door.network.statement(door.member, span.from, span.until)).into_response()
}

fn carry_out(door: &Door, service: &str, request: &str, ask: &Ask, twice: bool) -> Answer {
    let perform = || door.network.with(|world, now| world.perform(door.member, service, request, ask.clone(), now));
    let mut reply = perform();
    if twice {
        reply = perform();
    }
    match reply {
        Reply::Recorded(status, record) => Answer::json(status, &record),
        Reply::Reused | Reply::NotFound => {
            let message = "this id belongs to another request; use a new id for a new request";
            Answer::problem(&Problem::new(422, "request.reused", message))
        }
    }
}

/// Checks the caller, misbehaves as told, and does the work in a task of its own: a caller who hangs up does not
/// stop it halfway.
async fn answer<W>(door: Arc<Door>, ConnectInfo(scissors): Cut, call: Call, work: W) -> Response
where
    W: Fn(&Door, &str, bool) -> Answer + Send + 'static,
{
    if !door.network.is_up(door.member) {
        scissors.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !door.credential.is_shown_by(&call.headers) {
        return unauthorised();
    }
    let service = match door.network.service(&call.headers, call.method, &call.path, &call.body) {
        Ok(service) => service,
        Err(problem) => return problem.into_response(),
    };
    if let Some(what) = door.network.halted() {
        return Problem::new(503, "sandbox.halted", what).into_response();
    }
    let treatment = door.switches.take(call.target);
    let misbehaviour = treatment.misbehaviour;
    let working = door.clone();
    let task = tokio::spawn(async move {
        if let Some(pause) = treatment.pause {
            tokio::select! { () = pause.wait() => {}, () = closed(&working) => {} }
        }
        match misbehaviour {
            Some(Misbehaviour::LoseRequest | Misbehaviour::FailBefore) => Answer { status: 500, body: Vec::new() },
            Some(Misbehaviour::Delay { ms }) => {
                delay(&working, ms).await;
                work(&working, &service, false)
            }
            _ => work(&working, &service, misbehaviour == Some(Misbehaviour::ApplyTwice)),
        }
    });
    let mut answer = task.await.unwrap_or(Answer { status: 500, body: Vec::new() });
    match misbehaviour {
        Some(Misbehaviour::LoseRequest | Misbehaviour::LoseReply) => scissors.cut(),
        Some(Misbehaviour::NeverAnswer) => {
            closed(&door).await;
            scissors.cut();
        }
        Some(Misbehaviour::FailAfter) => answer = Answer { status: 500, body: Vec::new() },
        Some(Misbehaviour::Garble) => {
            answer.body.truncate(answer.body.len() / 2);
            answer.body.extend([0xff, 0x00, b'{', 0xfe]);
        }
        Some(Misbehaviour::OverstateAmount) => {
            answer = answer.retold(|record| record.amount = record.amount.map(|yen| yen + 1));
        }
        Some(Misbehaviour::AnswerForAnother) => answer = answer.retold(|record| record.request.push_str("-other")),
        None | Some(Misbehaviour::FailBefore | Misbehaviour::Delay { .. } | Misbehaviour::ApplyTwice) => {}
    }
    answer.into_response()
}

async fn closed(door: &Door) {
    let _ = door.closing.clone().wait_for(|closing| *closing).await;
}

async fn delay(door: &Door, ms: u64) {
    #[expect(clippy::disallowed_methods, reason = "waiting is what this switch is for")]
    let over = tokio::time::sleep(Duration::from_millis(ms));
    tokio::select! { () = over => {}, () = closed(door) => {} }
}

pub(crate) fn unauthorised() -> Response {
    Problem::new(401, "credential.wrong", "show the credential as `authorization: Bearer …`").into_response()
}
