//! `/v1/contracts`: hold contracts. Checks a document before anyone consents to it; nothing is stored.

use axum::Json;
use axum::extract::{Request, State};
use tebura_contract::{Rails, check};

use crate::app::App;
use crate::auth::Principal;
use crate::extract::read_body;
use crate::problem::{Problem, ProblemBody};
use crate::wire::contracts::ContractReportBody;

/// Checks a hold contract against its rules and against the rails of this hub.
///
/// Always 200 for a caller with a key: the report says whether the document is accepted, what is wrong and how to mend
/// it, what each party can receive over all paths, and what people will be asked to agree to. Moves nothing and needs no
/// `Idempotency-Key`. The format is in `specs/contracts/hc-1.md`.
#[utoipa::path(
    post,
    path = "/v1/contracts:check",
    tag = "contracts",
    request_body(content = serde_json::Value, description = "The document", content_type = "application/json"),
    responses(
        (status = 200, description = "The report", body = ContractReportBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn check_contract(
    State(app): State<App>,
    _: Principal,
    request: Request,
) -> Result<Json<ContractReportBody>, Problem> {
    let bytes = read_body(&app, request, app.limits.body_bytes).await?;
    let rails: Rails = app
        .hub
        .rails()
        .iter()
        .map(|rail| (rail.descriptor().rail.to_string(), rail.descriptor().contract_facts()))
        .collect();
    // The text as it came: a name that is written twice is a finding, and a JSON value would have lost it.
    Ok(Json(ContractReportBody::from(&check(&String::from_utf8_lossy(&bytes), Some(&rails)))))
}
