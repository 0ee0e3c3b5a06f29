//! The provider over HTTP: who calls, what misbehaviour applies, and the answer's form.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;

use crate::credential::Credential;
use crate::line::Scissors;
use crate::switches::{Misbehaviour, Place, Switches, Target, Treatment};
use crate::wallet::answer::{Answer, unauthorised};
use crate::wallet::books::{Applied, Books};
use crate::wallet::record::{Kind, Problem, Record};
use crate::wallet::request::Order;
use crate::wallet::sandbox::Sandbox;
use crate::wallet::sandbox_routes;
use crate::wallet::signed::{self, Signing};
use crate::wallet::statement::Asked;

/// Requests are a few hundred bytes.
pub(crate) const MAX_BODY: usize = 16 * 1024;

/// What serves the calls.
pub(crate) struct Counter {
    books: Arc<Books>,
    pub(crate) sandbox: Sandbox,
    pub(crate) switches: Switches,
    credential: Credential,
    pub(crate) admin: Option<Credential>,
    /// Keys of calls that are being worked on, with their operations.
    in_work: Mutex<BTreeMap<String, (String, Kind)>>,
    closing: watch::Receiver<bool>,
}

impl Counter {
    pub(crate) fn new(
        books: Arc<Books>,
        switches: Switches,
        credential: Credential,
        admin: Option<Credential>,
        closing: watch::Receiver<bool>,
    ) -> Arc<Counter> {
        let sandbox = Sandbox::new(books.clone());
        Arc::new(Counter { books, sandbox, switches, credential, admin, in_work: Mutex::default(), closing })
    }

    fn in_work(&self) -> MutexGuard<'_, BTreeMap<String, (String, Kind)>> {
        self.in_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn closed(&self) {
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }
}

pub(crate) type Shop = State<Arc<Counter>>;
type Cut = ConnectInfo<Scissors>;

pub(crate) fn router(counter: Arc<Counter>, signing: Option<Signing>) -> Router {
    let calls = Router::new()
        .route("/v1/preauthorizations", post(preauthorize))
        .route("/v1/preauthorizations/{id}/raise", post(raise))
        .route("/v1/preauthorizations/{id}/extend", post(extend))
        .route("/v1/preauthorizations/{id}/captures", post(capture))
        .route("/v1/preauthorizations/{id}/revert", post(revert))
        .route("/v1/captures/{id}/refunds", post(refund))
        .route("/v1/operations/{operation}", get(operation))
        .route("/v1/wallets/{token}", get(wallet))
        .route("/v1/statements", get(statement));
    let calls = match signing {
        Some(signing) => calls.layer(from_fn_with_state(Arc::new(signing), signed::checked)),
        None => calls,
    };
    calls.merge(sandbox_routes::router()).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(counter)
}

async fn preauthorize(shop: Shop, cut: Cut, headers: HeaderMap, body: Bytes) -> Response {
    write(shop, cut, Kind::Preauthorization, String::new(), headers, body).await
}

async fn raise(shop: Shop, cut: Cut, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    write(shop, cut, Kind::Raise, id, headers, body).await
}

async fn extend(shop: Shop, cut: Cut, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    write(shop, cut, Kind::Extend, id, headers, body).await
}

async fn capture(shop: Shop, cut: Cut, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    write(shop, cut, Kind::Capture, id, headers, body).await
}

async fn revert(shop: Shop, cut: Cut, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    write(shop, cut, Kind::Revert, id, headers, body).await
}

async fn refund(shop: Shop, cut: Cut, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    write(shop, cut, Kind::Refund, id, headers, body).await
}

async fn operation(State(counter): Shop, cut: Cut, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let target = Target::Inquiry;
    answer(counter, cut, target, headers, move |counter, _| async move { look_up(&counter, &id).await }).await
}

async fn wallet(State(counter): Shop, cut: Cut, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let look = move |counter: Arc<Counter>, _| async move {
        match counter.sandbox.balance(&token).await {
            Ok(Some(balance)) => Answer::json(200, &balance),
            Ok(None) => Answer::problem(&Problem::new(404, "wallet.not_found", "there is no such wallet")),
            Err(error) => Answer::failed(&error),
        }
    };
    answer(counter, cut, Target::Balance, headers, look).await
}

/// Not asked by the hub's plugin, so that no misbehaviour applies.
async fn statement(State(counter): Shop, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    if !counter.credential.is_shown_by(&headers) {
        return unauthorised();
    }
    let answer = match counter.books.statement(asked).await {
        Ok(statement) => Answer::json(200, &statement),
        Err(error) => Answer::failed(&error),
    };
    answer.into_response()
}

async fn write(State(counter): Shop, cut: Cut, kind: Kind, about: String, headers: HeaderMap, body: Bytes) -> Response {
    let target = match kind {
        Kind::Preauthorization => Target::Preauthorization,
        Kind::Raise => Target::Raise,
        Kind::Extend => Target::Extend,
        Kind::Capture => Target::Capture,
        Kind::Revert => Target::Revert,
        Kind::Refund => Target::Refund,
    };
    let order = Order::read(kind, &about, &headers, &body);
    let work = move |counter: Arc<Counter>, treatment| async move {
        match order {
            Ok(order) => carry_out(&counter, &order, treatment).await,
            Err(problem) => Answer::problem(&problem),
        }
    };
    answer(counter, cut, target, headers, work).await
}

/// Checks the caller, misbehaves as told, and does the work in a task of its own: a caller who hangs up does not
/// stop it halfway.
async fn answer<W, F>(
    counter: Arc<Counter>,
    ConnectInfo(scissors): Cut,
    target: Target,
    headers: HeaderMap,
    work: W,
) -> Response
where
    W: FnOnce(Arc<Counter>, Treatment) -> F + Send + 'static,
    F: Future<Output = Answer> + Send,
{
    if !counter.credential.is_shown_by(&headers) {
        return unauthorised();
    }
    let mut treatment = counter.switches.take(target);
    let misbehaviour = treatment.misbehaviour;
    let working = counter.clone();
    let task = tokio::spawn(async move {
        if let Some(pause) = treatment.pause.take_if(|pause| pause.place == Place::Door) {
            tokio::select! { () = pause.wait() => {}, () = working.closed() => {} }
        }
        match misbehaviour {
            Some(Misbehaviour::LoseRequest) => Answer::plain(500, "lost"),
            Some(Misbehaviour::FailBefore) => Answer::plain(500, "told to fail"),
            Some(Misbehaviour::Delay { ms }) => {
                delay(&working, ms).await;
                work(working, treatment).await
            }
            _ => work(working, treatment).await,
        }
    });
    let answer = task.await.unwrap_or_else(|_| Answer::plain(500, "the provider failed"));
    match misbehaviour {
        Some(Misbehaviour::LoseRequest | Misbehaviour::LoseReply) => {
            scissors.cut();
            answer.into_response()
        }
        Some(Misbehaviour::FailAfter) => Answer::plain(500, "told to fail").into_response(),
        Some(Misbehaviour::Garble) => answer.garbled().into_response(),
        Some(Misbehaviour::OverstateAmount) => answer.retold(|record| record.amount = record.amount.map(|yen| yen + 1)),
        Some(Misbehaviour::AnswerForAnother) => answer.retold(|record| record.operation.push_str("-other")),
        Some(Misbehaviour::NeverAnswer) => {
            counter.closed().await;
            scissors.cut();
            answer.into_response()
        }
        None | Some(Misbehaviour::FailBefore | Misbehaviour::Delay { .. } | Misbehaviour::ApplyTwice) => {
            answer.into_response()
        }
    }
}

/// The work itself: one call at a time for each key.
async fn carry_out(counter: &Counter, order: &Order, treatment: Treatment) -> Answer {
    let Some(_busy) = Busy::take(counter, order) else {
        let message = "a request with this key is being worked on; repeat it later";
        return Answer::problem(&Problem::new(409, "key.in_work", message));
    };
    if let Some(pause) = treatment.pause {
        tokio::select! { () = pause.wait() => {}, () = counter.closed() => {} }
    }
    let mut applied = counter.books.apply(order).await;
    if treatment.misbehaviour == Some(Misbehaviour::ApplyTwice) && applied.is_ok() {
        applied = counter.books.apply(order).await;
    }
    match applied {
        Ok(Applied::Recorded { http_status, record }) => Answer::json(http_status, &record),
        Ok(Applied::Waiting { record }) => Answer::json(202, &record),
        Ok(Applied::KeyReused) => {
            let message = "this key belongs to another request; use a new key for a new request";
            Answer::problem(&Problem::new(422, "key.reused", message))
        }
        Ok(Applied::OperationExists) => {
            let message = "this operation was ordered under another key; ask for it at /v1/operations";
            Answer::problem(&Problem::new(409, "operation.exists", message))
        }
        Err(error) => Answer::failed(&error),
    }
}

async fn look_up(counter: &Counter, id: &str) -> Answer {
    // Read before the books: an operation that ends in between is found there.
    let in_work = counter.in_work().values().find(|(operation, _)| operation == id).map(|(_, kind)| *kind);
    match counter.books.operation(id).await {
        Ok(Some(record)) => Answer::json(200, &record),
        Ok(None) => {
            if let Some(kind) = in_work {
                return Answer::json(200, &Record::pending(id, kind));
            }
            let problem = Problem::new(404, "operation.not_found", "no operation of this id has arrived");
            Answer::problem(&Problem { operation: Some(id.to_owned()), ..problem })
        }
        Err(error) => Answer::failed(&error),
    }
}

async fn delay(counter: &Counter, ms: u64) {
    #[expect(clippy::disallowed_methods, reason = "waiting is what this switch is for")]
    let over = tokio::time::sleep(Duration::from_millis(ms));
    tokio::select! { () = over => {}, () = counter.closed() => {} }
}

/// A key that is being worked on, until dropped.
struct Busy<'a> {
    counter: &'a Counter,
    key: &'a str,
}

impl<'a> Busy<'a> {
    fn take(counter: &'a Counter, order: &'a Order) -> Option<Busy<'a>> {
        let mut in_work = counter.in_work();
        if in_work.contains_key(&order.key) {
            return None;
        }
        in_work.insert(order.key.clone(), (order.operation.clone(), order.work.kind()));
        Some(Busy { counter, key: &order.key })
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.counter.in_work().remove(self.key);
    }
}
