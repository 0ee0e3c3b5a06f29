//! `/v1/payments`: pays by face.

use axum::Json;
use axum::RequestExt;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tebura_hub::ids::PaymentId;
use tebura_hub::pay_by_face::PayByFace;
use tebura_hub::payment::PaymentStatus;
use tebura_hub::pin::Pin;
use tebura_hub::sites::Scope;

use super::answers::{declined, hit};
use super::form::Form;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, from_value, json_from_bytes};
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::wire::payments::{PayByFaceBody, PayByFaceForm, PaymentBody};

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
    let response = match &answer.status {
        PaymentStatus::Paid => (StatusCode::CREATED, Json(PaymentBody::from(&answer))).into_response(),
        PaymentStatus::Pending | PaymentStatus::Unknown => {
            (StatusCode::ACCEPTED, Json(PaymentBody::from(&answer))).into_response()
        }
        PaymentStatus::Refused { code } => declined(code).about(answer.payment.id).into_response(),
    };
    Ok(hit(response, answer.replayed))
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
