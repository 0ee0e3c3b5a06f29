//! `/v1/services`: what a city or a shop offers, and the requests that people make of it.

use axum::Json;
use axum::RequestExt;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tebura_hub::ports::Page;
use tebura_hub::services::{AskService, ConsentAnswer, ServiceAnswer, ServiceStatus, TellService};
use tebura_hub::sites::Scope;

use super::answers::hit;
use super::form::Form;
use super::holds::limit_of;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Asked, Write, from_value, json_from_bytes, parse_id};
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::wire::figures::{PeriodQuery, ServiceFiguresBody};
use crate::wire::holds::ListQuery;
use crate::wire::services::{
    AnswerConsentBody, AskServiceBody, AskServiceForm, ServiceBody, ServiceRequestBody, ServiceRequestListBody,
    ServicesBody, TellServiceBody,
};

/// The services that this key may use.
#[utoipa::path(
    get,
    path = "/v1/services",
    tag = "services",
    responses(
        (status = 200, description = "The services", body = ServicesBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_services(State(app): State<App>, principal: Principal) -> Result<Json<ServicesBody>, Problem> {
    principal.may_any(&[Scope::Read, Scope::Services, Scope::Admin])?;
    let services = app.hub.services(&principal.caller());
    Ok(Json(ServicesBody { services: services.iter().map(|service| ServiceBody::of(&app.hub, service)).collect() }))
}

/// A service with its actions and their schemas.
#[utoipa::path(
    get,
    path = "/v1/services/{id}",
    tag = "services",
    params(("id" = String, Path, description = "The configured name")),
    responses(
        (status = 200, description = "The service", body = ServiceBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_service(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<ServiceBody>, Problem> {
    principal.may_any(&[Scope::Read, Scope::Services, Scope::Admin])?;
    let service = app.hub.visible_service(&principal.caller(), &id)?;
    Ok(Json(ServiceBody::of(&app.hub, &service)))
}

/// What was asked of a service in a period: how much of it was served, and how often each reason refused it — faces that
/// were not known or another person's, attacks on liveness, codes and PINs, and what the service itself says no for —, of
/// all terminals together and of each.
#[utoipa::path(
    get,
    path = "/v1/services/{id}/figures",
    tag = "services",
    params(("id" = String, Path, description = "The configured name"), PeriodQuery),
    responses(
        (status = 200, description = "The figures", body = ServiceFiguresBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_service_figures(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Asked(query): Asked<PeriodQuery>,
) -> Result<Json<ServiceFiguresBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read])?;
    app.hub.visible_service(&principal.caller(), &id)?;
    let (from, until) = query.read()?;
    let counts = app.hub.store().service_counts(&id, from, until).await?;
    Ok(Json(ServiceFiguresBody::new(id, (from, until), counts)))
}

/// Asks something of a service.
///
/// 201: done. 202: the service waits, the person has to agree first, or a rail has not told yet; `status` says which. 422
/// with `subject`: the request failed, and what it held went back. Without a picture the body is JSON; with one it is a form.
#[utoipa::path(
    post,
    path = "/v1/services/{id}/requests",
    tag = "services",
    params(
        ("id" = String, Path, description = "The configured name"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body(content(
        (AskServiceBody = "application/json"),
        (AskServiceForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Done", body = ServiceRequestBody),
        (status = 202, description = "It goes on", body = ServiceRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ask_service(
    State(app): State<App>,
    Path(service): Path<String>,
    mut request: Request,
) -> Result<Response, Problem> {
    let is_form = |value: &header::HeaderValue| value.as_bytes().starts_with(b"multipart/form-data");
    let (principal, key, running, body, image) = if request.headers().get(header::CONTENT_TYPE).is_some_and(is_form) {
        let principal = request.extract_parts_with_state::<Principal, App>(&app).await?;
        idempotency::key_of(request.headers())?;
        let mut form = Form::read(&app, request, &["request", "image"]).await?;
        let asked = json_from_bytes(&form.take("request")?)?;
        let canonical = idempotency::canonical(&asked);
        let body: AskServiceBody = from_value(asked)?;
        let image = form.take_image(&app)?;
        let digest = Sha256::digest(&image);
        let key = idempotency::key_request(&form.head, &principal, &[canonical.as_bytes(), &digest])?;
        let running = app.running.enter(&key)?;
        (principal, key, running, body, Some(image.to_vec()))
    } else {
        let write = Write::<AskServiceBody>::read(request, &app, app.limits.body_bytes).await?;
        (write.principal, write.key, write.running, write.body, None)
    };
    principal.may(Scope::Services)?;
    let (who, instrument) = body.who(image)?;
    let consent = body.consent.as_ref().map(|consent| consent.given()).transpose()?;
    let AskServiceBody { action, input, attested, .. } = body;
    let caller = principal.caller();
    let attested = attested.into_iter().collect();
    let ask = AskService {
        caller,
        service,
        action,
        input: object(input),
        who,
        instrument,
        attested,
        consent,
        happened_at: None,
    };
    let hub = app.hub.clone();
    let answer = app.run(running, async move { Ok(hub.ask_service(key, ask).await?) }).await?;
    Ok(answered(&answer))
}

/// Requests to a service, oldest first: those that the merchant of the key may see. Not for a page's session.
#[utoipa::path(
    get,
    path = "/v1/services/{id}/requests",
    tag = "services",
    params(("id" = String, Path, description = "The configured name"), ListQuery),
    responses(
        (status = 200, description = "A page", body = ServiceRequestListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_service_requests(
    State(app): State<App>,
    principal: Principal,
    Path(service): Path<String>,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<ServiceRequestListBody>, Problem> {
    principal.may_any(&[Scope::Read, Scope::Services])?;
    principal.must_show_a_key()?;
    let limit = limit_of(&query)?;
    let after = query.after.as_deref().map(parse_id).transpose()?;
    let (answers, next) = app.hub.service_requests(&principal.caller(), &service, Page { after, limit }).await?;
    let items = answers.iter().map(ServiceRequestBody::from).collect();
    Ok(Json(ServiceRequestListBody { items, next: next.map(|next| next.to_string()) }))
}

/// A request as it stands now.
#[utoipa::path(
    get,
    path = "/v1/services/{id}/requests/{request}",
    tag = "services",
    params(
        ("id" = String, Path, description = "The configured name"),
        ("request" = String, Path, description = "`req_…`"),
    ),
    responses(
        (status = 200, description = "The request", body = ServiceRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_service_request(
    State(app): State<App>,
    principal: Principal,
    Path((service, request)): Path<(String, String)>,
) -> Result<Json<ServiceRequestBody>, Problem> {
    principal.may_any(&[Scope::Read, Scope::Services])?;
    let answer = app.hub.service_request(&principal.caller(), parse_id(&request)?).await?;
    of_service(&answer, &service)?;
    Ok(Json(ServiceRequestBody::from(&answer)))
}

/// Takes the person's answer to `consent_needed`.
#[utoipa::path(
    post,
    path = "/v1/services/{id}/requests/{request}/consent",
    tag = "services",
    params(
        ("id" = String, Path, description = "The configured name"),
        ("request" = String, Path, description = "`req_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = AnswerConsentBody,
    responses(
        (status = 201, description = "Done", body = ServiceRequestBody),
        (status = 202, description = "It goes on", body = ServiceRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn answer_consent(
    State(app): State<App>,
    Path((service, request)): Path<(String, String)>,
    write: Write<AnswerConsentBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Services)?;
    let answer = match (write.body.agreed, &write.body.consent) {
        (false, _) => ConsentAnswer::Refused,
        (true, Some(consent)) => ConsentAnswer::Agreed(consent.given()?),
        (true, None) => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "consent.malformed",
                "Who agrees says to what: add `consent` with `up_to`.",
            ));
        }
    };
    let (caller, id, hub) = (write.principal.caller(), parse_id(&request)?, app.hub.clone());
    of_service(&app.hub.service_request(&caller, id).await?, &service)?;
    let consent = async move { Ok(hub.consent_to_service(&caller, id, answer).await?) };
    Ok(answered(&app.run(write.running, consent).await?))
}

/// Tells a waiting request something.
#[utoipa::path(
    post,
    path = "/v1/services/{id}/requests/{request}/messages",
    tag = "services",
    params(
        ("id" = String, Path, description = "The configured name"),
        ("request" = String, Path, description = "`req_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = TellServiceBody,
    responses(
        (status = 201, description = "Done", body = ServiceRequestBody),
        (status = 202, description = "It goes on", body = ServiceRequestBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn tell_service(
    State(app): State<App>,
    Path((service, request)): Path<(String, String)>,
    write: Write<TellServiceBody>,
) -> Result<Response, Problem> {
    write.principal.may(Scope::Services)?;
    let (caller, id) = (write.principal.caller(), parse_id(&request)?);
    of_service(&app.hub.service_request(&caller, id).await?, &service)?;
    let TellServiceBody { name, input } = write.body;
    let tell = TellService { caller, request: id, name, input: object(input) };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.tell_service(key, tell).await?) }).await?;
    Ok(answered(&answer))
}

/// What was left out is an object without anything in it.
fn object(input: serde_json::Value) -> serde_json::Value {
    if input.is_null() { serde_json::Value::Object(serde_json::Map::new()) } else { input }
}

/// A request is found under its own service only.
fn of_service(answer: &ServiceAnswer, service: &str) -> Result<(), Problem> {
    if answer.request.service == service { Ok(()) } else { Err(Problem::not_found("request")) }
}

fn answered(answer: &ServiceAnswer) -> Response {
    let body = || Json(ServiceRequestBody::from(answer));
    let response = match &answer.status {
        ServiceStatus::Done => (StatusCode::CREATED, body()).into_response(),
        ServiceStatus::Open | ServiceStatus::Pending | ServiceStatus::ConsentNeeded(_) => {
            (StatusCode::ACCEPTED, body()).into_response()
        }
        ServiceStatus::Failed(fault) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            fault.code.clone(),
            format!(
                "The service failed ({}). What it held went back. Ask again with a new key, or ask the staff.",
                fault.code
            ),
        )
        .about(answer.request.id)
        .into_response(),
    };
    hit(response, answer.replayed)
}
