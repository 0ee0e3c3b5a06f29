//! `/enroll`: the page where a person enrols, changes what is held of her, and leaves. A ticket opens it once; from then
//! on a cookie of this page stands for the enrolment.
//!
//! No external resource, no inline script or style. Absent: accounts and passwords of people.

mod data;
mod steps;

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use tebura_hub::enroll::{Enrolment, EnrolmentError, NewEnrolment, ProofRule};
use tebura_hub::ids::{EnrolmentId, PersonId};
use tebura_hub::perform::KeyRequest;

use crate::app::App;
use crate::auth::bearer;
use crate::extract::{from_value, json_value, read_body};
use crate::idempotency::{self, Running};
use crate::messages::{self, Language};
use crate::problem::{Problem, Retry};
use crate::routes::till_page;
use crate::sessions::Sessions;

/// Scripts, styles, pictures and calls from this hub only; the camera's picture is a blob.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Files of the page: name, type, bytes.
const FILES: [(&str, &str, &str); 6] = [
    ("enroll.css", "text/css; charset=utf-8", include_str!("../page/enroll.css")),
    ("enroll.js", "text/javascript; charset=utf-8", include_str!("../page/enroll.js")),
    ("enroll-api.js", "text/javascript; charset=utf-8", include_str!("../page/enroll-api.js")),
    ("enroll-capture.js", "text/javascript; charset=utf-8", include_str!("../page/enroll-capture.js")),
    ("camera.js", "text/javascript; charset=utf-8", include_str!("../page/camera.js")),
    ("mark.svg", "image/svg+xml", include_str!("../page/mark.svg")),
];

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/enroll", get(page))
        .route("/enroll/{file}", get(file))
        .route("/enroll/words/{language}", get(words))
        .route("/enroll/session", post(open_session))
        .route("/enroll/state", get(steps::state))
        .route("/enroll/person", put(steps::write_details))
        .route("/enroll/consents", post(steps::record_consent))
        .route("/enroll/consents/{id}/receipt", get(steps::receipt))
        .route("/enroll/proofings", post(steps::begin_proofing))
        .route("/enroll/proofings/{id}/evidence", post(steps::give_evidence))
        .route("/enroll/capture", post(steps::open_capture))
        .route("/enroll/capture/{id}/frames", post(steps::take_frame))
        .route("/enroll/instruments", post(steps::add_instrument))
        .route("/enroll/pin", put(steps::set_pin))
        .route("/enroll/export", get(data::export))
        .route("/enroll/requests", post(data::ask))
        .route("/enroll/stop", post(data::stop))
        .route("/enroll/erase", post(data::erase))
        .route("/enroll/finish", post(data::finish))
}

async fn page() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
        // The ticket is behind `#` and goes nowhere by itself; neither does the page's address.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("../page/enroll.html")).into_response()
}

async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    let found = FILES.iter().find(|(known, _, _)| *known == name).ok_or_else(|| Problem::not_found("file"))?;
    Ok(([(header::CONTENT_TYPE, found.1), (header::CACHE_CONTROL, "no-cache")], found.2).into_response())
}

/// The page's words in one language, with those of the problems that it may meet.
async fn words(Path(language): Path<String>) -> Json<BTreeMap<&'static str, &'static str>> {
    let all = messages::catalogue(Language::from_tag(&language)).iter();
    let wanted = |key: &str| key.starts_with("enroll.") || key.starts_with("problem.");
    Json(all.filter(|(key, _)| wanted(key)).map(|(key, text)| (key.as_str(), text.as_str())).collect())
}

/// Opens the page for the ticket that is shown: once.
async fn open_session(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let id = match shown {
        Some(ticket) => app.sessions.enrolment_of(ticket).ok_or(EnrolmentError::NotFound)?,
        None => demo_enrolment(&app, &parts).await?,
    };
    let opened = app.hub.open_enrolment(id).await?;
    let secure = parts.headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let cookie = app.sessions.open_page(id, opened.ends_at, app.hub.now(), secure);
    with_cookie(StatusCode::NO_CONTENT.into_response(), &cookie)
}

/// In the demo city a ticket for whoever sits at this machine: nobody is at its desk.
async fn demo_enrolment(app: &App, parts: &Parts) -> Result<EnrolmentId, Problem> {
    let demo = app.demo.as_ref().filter(|_| till_page::is_local(parts)).ok_or_else(no_page)?;
    let till = app.hub.api_key(demo.till_key).await?.and_then(|key| key.till);
    let till = match till {
        Some(till) => app.hub.store().till(till).await?,
        None => None,
    };
    let galleries = till.into_iter().map(|till| till.gallery).collect();
    let key =
        KeyRequest { scope: "demo desk".to_owned(), key: idempotency::key_of(&parts.headers)?, fingerprint: [0; 32] };
    let new = NewEnrolment { person: None, galleries, proof: ProofRule::Offered };
    Ok(app.hub.issue_enrolment(key, new).await?.row.id)
}

/// An answer that sets the page's cookie.
fn with_cookie(mut response: Response, cookie: &str) -> Result<Response, Problem> {
    let cookie = HeaderValue::from_str(cookie).map_err(|_| Problem::internal("a cookie is not a header value"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// An answer after which the page is closed.
fn closed(response: Response) -> Result<Response, Problem> {
    with_cookie(response, &Sessions::close_page())
}

/// The enrolment whose page asks.
struct Visitor(Enrolment);

impl Visitor {
    /// Whose page it is, once there is a name.
    fn person(&self) -> Result<PersonId, Problem> {
        Ok(self.0.person.ok_or(EnrolmentError::NoPersonYet)?)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Problem> {
        let id = app.sessions.page_of(parts, app.hub.now()).ok_or_else(no_page)?;
        // Who holds a page may call it as often as a key may be called.
        app.inbound_rates.admit(id.to_string()).map_err(Problem::busy)?;
        Ok(Visitor(app.hub.open_page(id).await?))
    }
}

/// 401: one answer for no cookie, an old one and a forged one.
fn no_page() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "enrolment.no_page",
        "No enrolment page is open in this browser. Open a ticket from the desk.",
    )
    .retry(Retry::Never)
}

/// A write of the page: whose it is, under which key, and what is asked.
struct Step<T> {
    visitor: Visitor,
    key: KeyRequest,
    running: Running,
    body: T,
}

impl<T: DeserializeOwned + 'static> FromRequest<App> for Step<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Step<T>, Problem> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        idempotency::key_of(&parts.headers)?;
        let bytes = read_body(app, Request::from_parts(parts.clone(), body), app.limits.body_bytes).await?;
        let value = json_value(&parts.headers, &bytes)?;
        let canonical = idempotency::canonical(&value);
        let key = visitor_key(&parts, &visitor, &[canonical.as_bytes()])?;
        let running = app.running.enter(&key)?;
        Ok(Step { visitor, key, running, body: from_value(value)? })
    }
}

/// The key of a page's request: pages never meet, nor do they meet API keys.
fn visitor_key(parts: &Parts, visitor: &Visitor, digests: &[&[u8]]) -> Result<KeyRequest, Problem> {
    idempotency::key_request_of(parts, &visitor.0.id.to_string(), digests)
}

/// A file to keep.
fn download(name: &str, json: &impl serde::Serialize) -> Result<Response, Problem> {
    let text = serde_json::to_vec_pretty(json).map_err(|error| Problem::internal(&error.to_string()))?;
    let attachment = format!("attachment; filename=\"{name}\"");
    let attachment =
        HeaderValue::from_str(&attachment).map_err(|_| Problem::internal("a file's name is not a header value"))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_DISPOSITION, attachment);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok((headers, Bytes::from(text)).into_response())
}
