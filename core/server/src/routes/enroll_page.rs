//! `/enroll`: the page where a person enrols, changes what is held of her, and leaves. A ticket opens it once; from then
//! on a cookie of this page stands for the enrolment.
//!
//! Absent: accounts and passwords of people.

mod data;
mod family;
mod steps;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tebura_hub::consent::ConsentActor;
use tebura_hub::enroll::{Enrolment, EnrolmentError, NewEnrolment, ProofRule};
use tebura_hub::guardians::{GuardianLink, Guardianship};
use tebura_hub::ids::{EnrolmentId, PersonId};
use tebura_hub::perform::KeyRequest;

use crate::app::App;
use crate::auth::bearer;
use crate::extract::{from_value, json_value, parse_id, read_body};
use crate::idempotency::{self, Running};
use crate::problem::{Problem, Retry};
use crate::routes::{page_files, till_page};
use crate::sessions::Sessions;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/enroll", get(page))
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
        .route("/enroll/instruments/{id}/remove", post(steps::remove_instrument))
        .route("/enroll/pin", put(steps::set_pin))
        .route("/enroll/family", post(family::register_child))
        .route("/enroll/family/{id}/end", post(family::end))
        .route("/enroll/export", get(data::export))
        .route("/enroll/requests", post(data::ask))
        .route("/enroll/stop", post(data::stop))
        .route("/enroll/erase", post(data::erase))
        .route("/enroll/finish", post(data::finish))
}

async fn page() -> Response {
    page_files::html(include_str!("../page/enroll.html"))
}

/// The page's words in one language, with those of the problems that it may meet.
async fn words(Path(language): Path<String>) -> Json<page_files::Words> {
    page_files::words(&language, &["enroll.", "problem."])
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
struct Visitor {
    enrolment: Enrolment,
    /// For whom the guardian acts whose page it is: `?for=person_…`.
    ward: Option<GuardianLink>,
}

/// For whom a call is made, when it is not for oneself.
#[derive(Deserialize)]
struct ActingFor {
    r#for: Option<String>,
}

impl Visitor {
    /// Whose page it is, once there is a name.
    fn own(&self) -> Result<PersonId, Problem> {
        Ok(self.enrolment.person.ok_or(EnrolmentError::NoPersonYet)?)
    }

    /// For whom it is: oneself, or a ward.
    fn person(&self) -> Result<PersonId, Problem> {
        self.ward.as_ref().map_or_else(|| self.own(), |link| Ok(link.ward))
    }

    /// Who says it.
    fn actor(&self) -> ConsentActor {
        self.ward.as_ref().map_or(ConsentActor::Person, |link| ConsentActor::Guardian(link.guardian))
    }

    /// What nobody does for another.
    fn herself(&self) -> Result<PersonId, Problem> {
        if self.ward.is_some() { Err(only_herself()) } else { self.own() }
    }

    /// What a guardian does for a child, and nobody for an elder.
    fn or_child(&self) -> Result<PersonId, Problem> {
        match &self.ward {
            Some(GuardianLink { kind: Guardianship::Elder, .. }) => Err(only_herself()),
            Some(GuardianLink { kind: Guardianship::Child, .. }) | None => self.person(),
        }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Problem> {
        let id = app.sessions.page_of(parts, app.hub.now()).ok_or_else(no_page)?;
        // Who holds a page may call it as often as a key may be called.
        app.inbound_rates.admit(id.to_string()).map_err(Problem::busy)?;
        let enrolment = app.hub.open_page(id).await?;
        let mut visitor = Visitor { enrolment, ward: None };
        let asked = Query::<ActingFor>::try_from_uri(&parts.uri).ok().and_then(|asked| asked.0.r#for);
        if let Some(ward) = asked {
            let acting = app.hub.acting(visitor.own()?, parse_id(&ward)?).await?;
            visitor.ward = Some(acting.map_err(not_a_guardian)?);
        }
        Ok(visitor)
    }
}

/// 403: one answer for no link, one that ended, and a guardian who is none any more.
fn not_a_guardian(code: &'static str) -> Problem {
    let detail = "You do not answer for this person, or not any more. Ask at the desk.";
    Problem::new(StatusCode::FORBIDDEN, code, detail).retry(Retry::Never)
}

/// 403: a page for another is not for everything.
fn only_herself() -> Problem {
    let detail = "Nobody does this for another. Let the person do it on a page of her own, or ask at the desk.";
    Problem::new(StatusCode::FORBIDDEN, "enrolment.only_herself", detail).retry(Retry::Never)
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
    let ward = visitor.ward.as_ref().map(|link| link.ward.to_string()).unwrap_or_default();
    let digests: Vec<&[u8]> = [ward.as_bytes()].into_iter().chain(digests.iter().copied()).collect();
    idempotency::key_request_of(parts, &visitor.enrolment.id.to_string(), &digests)
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
