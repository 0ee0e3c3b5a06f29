//! `/v1/payments`: pays by face.

use axum::Json;
use axum::RequestExt;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tebura_hub::ids::{PaymentId, PersonId};
use tebura_hub::passes::PassKind;
use tebura_hub::pay_by_face::{PayByFace, PaymentAnswer};
use tebura_hub::pay_otherwise::PayOtherwise;
use tebura_hub::payment::PaymentStatus;
use tebura_hub::pin::Pin;
use tebura_hub::sites::Scope;

use super::answers::{declined, hit};
use super::form::Form;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, from_value, json_from_bytes};
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::wire::guardians::parse_time;
use crate::wire::payments::{IssuePassBody, PassBody, PayBody, PayByFaceBody, PayByFaceForm, PaymentBody};
use crate::wire::time::rfc3339;

/// Pays by face at the till of the key: look, decide, hold, capture.
///
/// 201: paid. 202: the wallet has not said for good; the money stays held, ask again. 402: nothing was taken and
/// nothing will be; `code` says why and `subject` is the payment.
#[utoipa::path(
    post,
    path = "/v1/payments/face",
    tag = "payments",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body(content = PayByFaceForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Paid", body = PaymentBody),
        (status = 202, description = "Not known yet", body = PaymentBody),
        (status = 402, description = "Nothing was taken", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn pay_by_face(State(app): State<App>, mut request: Request) -> Result<Response, Problem> {
    let principal = request.extract_parts_with_state::<Principal, App>(&app).await?;
    let till = principal.must_be_till()?;
    idempotency::key_of(request.headers())?;
    let mut form = Form::read(&app, request, &["payment", "image"]).await?;
    let asked = json_from_bytes(&form.take("payment")?)?;
    let canonical = idempotency::canonical(&asked);
    let body: PayByFaceBody = from_value(asked)?;
    let amount = body.amount.money()?;
    let pin = body.pin.as_deref().map(Pin::new).transpose()?;
    let image = form.take_image(&app)?;
    let digest = Sha256::digest(&image);
    let key = idempotency::key_request(&form.head, &principal, &[canonical.as_bytes(), &digest])?;
    let running = app.running.enter(&key)?;
    let command = PayByFace { till, amount, image: image.to_vec(), pin };
    let hub = app.hub.clone();
    let answer = app.run(running, async move { Ok(hub.pay_by_face(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Pays at the till of the key without a face: with a code, a card, named by the staff, or approved by a guardian.
///
/// The same payment as by face: 201 paid, 202 not known yet, 402 nothing was taken.
#[utoipa::path(
    post,
    path = "/v1/payments",
    tag = "payments",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = PayBody,
    responses(
        (status = 201, description = "Paid", body = PaymentBody),
        (status = 202, description = "Not known yet", body = PaymentBody),
        (status = 402, description = "Nothing was taken", body = ProblemBody, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn pay_otherwise(State(app): State<App>, write: Write<PayBody>) -> Result<Response, Problem> {
    let till = write.principal.must_be_till()?;
    let pin = write.body.pin.as_deref().map(Pin::new).transpose()?;
    let command = PayOtherwise { till, amount: write.body.amount.money()?, way: write.body.way()?, pin };
    let (hub, key) = (app.hub.clone(), write.key);
    let answer = app.run(write.running, async move { Ok(hub.pay_otherwise(key, command).await?) }).await?;
    Ok(answered(&answer))
}

/// Issues a code for a person: her own with the operator's key, a ticket of its own with a merchant's.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/passes",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction. A repeat issues another code."),
    ),
    request_body = IssuePassBody,
    responses(
        (status = 201, description = "Issued", body = PassBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn issue_pass(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<IssuePassBody>,
) -> Result<Response, Problem> {
    let kind = match write.principal.merchant {
        Some(merchant) => {
            write.principal.may(Scope::Services)?;
            PassKind::Ticket(merchant)
        }
        None => {
            write.principal.must_be_operator()?;
            PassKind::Own
        }
    };
    let (hub, until) = (app.hub.clone(), parse_time(&write.body.until)?);
    let pass = app.run(write.running, async move { Ok(hub.issue_pass(person, kind, until).await?) }).await?;
    let body = PassBody { code: pass.code, until: rfc3339(pass.until) };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// A payment as it stands now.
#[utoipa::path(
    get,
    path = "/v1/payments/{id}",
    tag = "payments",
    params(("id" = String, Path, description = "`pay_…`")),
    responses(
        (status = 200, description = "The payment", body = PaymentBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_payment(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<PaymentId>,
) -> Result<Json<PaymentBody>, Problem> {
    principal.may_any(&[Scope::Read, Scope::Pay])?;
    let answer = app.hub.payment(&principal.caller(), id).await?;
    let other_till = principal.till.is_some_and(|till| till != answer.payment.till);
    if other_till {
        return Err(Problem::not_found("payment"));
    }
    Ok(Json(PaymentBody::from(&answer)))
}

/// 201 paid, 202 not known yet, 402 nothing was taken.
fn answered(answer: &PaymentAnswer) -> Response {
    let response = match &answer.status {
        PaymentStatus::Paid => (StatusCode::CREATED, Json(PaymentBody::from(answer))).into_response(),
        PaymentStatus::Pending | PaymentStatus::Unknown => {
            (StatusCode::ACCEPTED, Json(PaymentBody::from(answer))).into_response()
        }
        PaymentStatus::Refused { code } => declined(code).about(answer.payment.id).into_response(),
    };
    hit(response, answer.replayed)
}
