//! `/v1/purposes` and `/v1/people/{id}/consents`: what is declared, and what people said about it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::consent::{ConsentActor, ConsentError, NewConsent};
use tebura_hub::ids::{ConsentId, PersonId};

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::desk::ReceiptDocument;
use crate::extract::{Id, Write, parse_id};
use crate::hex;
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::refusals::problem;
use crate::wire::consents::{
    ConsentBody, PurposeBody, PurposeListBody, RecordConsentBody, StandingBody, StandingListBody,
};

/// What personal data is used for here, one purpose at a time.
#[utoipa::path(
    get,
    path = "/v1/purposes",
    tag = "people",
    responses(
        (status = 200, description = "The purposes", body = PurposeListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_purposes(State(app): State<App>) -> Result<Json<PurposeListBody>, Problem> {
    let notice = &app.desk()?.notice;
    let items = notice.purposes.iter().map(PurposeBody::from).collect();
    Ok(Json(PurposeListBody { notice_sha256: hex::encode(&notice.sha256()), items }))
}

/// Records what a person said at a desk, or a guardian for her, about one purpose. A withdrawal counts at the next search
/// of every process; who takes back `authenticate` loses her template in the same transaction.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/consents",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = RecordConsentBody,
    responses(
        (status = 201, description = "Recorded", body = ConsentBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn record_consent(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<RecordConsentBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (state, actor) = (write.body.state()?, write.body.actor(ConsentActor::Staff)?);
    let RecordConsentBody { purpose, language, .. } = write.body;
    let new = NewConsent { person, purpose, state, actor, language };
    let (hub, key) = (app.hub.clone(), write.key);
    let said = app.run(write.running, async move { Ok(hub.record_consent(key, new).await?) }).await?;
    Ok(made(ConsentBody::from(&said.row), said.replayed))
}

/// Where a person stands on every purpose.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/consents",
    tag = "people",
    params(("id" = String, Path, description = "`person_…`")),
    responses(
        (status = 200, description = "The last word on each purpose", body = StandingListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_consents(
    State(app): State<App>,
    principal: Principal,
    Id(person): Id<PersonId>,
) -> Result<Json<StandingListBody>, Problem> {
    principal.must_be_operator()?;
    let items = app.hub.consents(person).await?.iter().map(StandingBody::of).collect();
    Ok(Json(StandingListBody { items }))
}

/// The signed receipt of what a person said, after ISO/IEC TS 27560.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/consents/{consent}/receipt",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("consent" = String, Path, description = "`cns_…`"),
    ),
    responses(
        (status = 200, description = "The receipt", body = ReceiptDocument),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_receipt(
    State(app): State<App>,
    principal: Principal,
    Path((person, consent)): Path<(String, String)>,
) -> Result<Json<ReceiptDocument>, Problem> {
    principal.must_be_operator()?;
    receipt(&app, parse_id(&person)?, parse_id(&consent)?).await.map(Json)
}

/// The receipt of a consent, with everything that was said about its purpose until then.
pub(super) async fn receipt(app: &App, person: PersonId, consent: ConsentId) -> Result<ReceiptDocument, Problem> {
    let all = app.hub.store().consents_of(person).await?;
    let missing = || Problem::not_found("consent");
    let place = all.iter().position(|row| row.id == consent).ok_or_else(missing)?;
    let purpose = all.get(place).ok_or_else(missing)?.purpose.clone();
    let said: Vec<_> = all.into_iter().take(place + 1).filter(|row| row.purpose == purpose).collect();
    let desk = app.desk()?;
    desk.receipts.receipt(&desk.notice, &said).ok_or_else(missing)
}

impl From<ConsentError> for Problem {
    fn from(error: ConsentError) -> Problem {
        let invalid = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            ConsentError::PurposeUndeclared(_) => problem(invalid, "consent.purpose_undeclared", &error),
            ConsentError::LanguageInvalid => problem(invalid, "consent.language_invalid", &error),
            ConsentError::PersonNotFound(_) => problem(StatusCode::NOT_FOUND, "person.not_found", &error),
            ConsentError::GuardianOfHerself(_) => problem(invalid, "consent.guardian_of_herself", &error),
            ConsentError::GuardianRefused { code } => problem(StatusCode::FORBIDDEN, code, &error),
            ConsentError::NotGiven(_) => problem(StatusCode::CONFLICT, "consent.not_given", &error),
            ConsentError::KeyReused => idempotency::key_reused(),
            ConsentError::Commit(inner) => inner.into(),
            ConsentError::Read(inner) => inner.into(),
        }
    }
}
