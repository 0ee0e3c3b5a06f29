//! `/v1/contracts`: hold contracts. Checks a document before anyone consents to it; proposes contracts, tells them what
//! parties have signed, and says how they stand.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tebura_contract::check;
use tebura_hub::contracts::RunningContract;
use tebura_hub::ids::ContractId;
use tebura_hub::ports::Page;
use tebura_hub::sites::Scope;
use tebura_hub::statements::MAX_BYTES;

use super::answers::made;
use super::holds::limit_of;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Asked, Id, Write, parse_id, read_body};
use crate::problem::{Problem, ProblemBody};
use crate::signed::signature_of;
use crate::wire::contracts::ContractReportBody;
use crate::wire::holds::ListQuery;
use crate::wire::running::{
    ProposeBody, RunningContractBody, RunningContractListBody, RunningContractRefBody, ToldBody, status,
};
use crate::wire::time::rfc3339;

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
    let rails = app.hub.contract_rails();
    // The text as it came: a name that is written twice is a finding, and a JSON value would have lost it.
    Ok(Json(ContractReportBody::from(&check(&String::from_utf8_lossy(&bytes), Some(&rails)))))
}

/// Proposes a contract for the merchant of the key, from a document or a template.
///
/// Nothing is held before everybody whose money a leg holds, and who signs with a key, has agreed to the document's hash.
/// Where nobody has to sign first, the holds are placed at once. 201 also for a repeat with the same key.
#[utoipa::path(
    post,
    path = "/v1/contracts",
    tag = "contracts",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = ProposeBody,
    responses(
        (status = 201, description = "Proposed", body = RunningContractBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn propose_contract(State(app): State<App>, write: Write<ProposeBody>) -> Result<Response, Problem> {
    write.principal.may(Scope::Holds)?;
    let proposal = write.body.proposal(write.principal.must_be_merchant()?)?;
    let (hub, key) = (app.hub.clone(), write.key);
    let view = app.run(write.running, async move { Ok(hub.propose_contract(key, proposal).await?) }).await?;
    Ok(made(RunningContractBody::new(&view, app.hub.now()), false))
}

/// Contracts of the merchant of the key, oldest first; the operator sees all.
#[utoipa::path(
    get,
    path = "/v1/contracts",
    tag = "contracts",
    params(ListQuery),
    responses(
        (status = 200, description = "A page", body = RunningContractListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_contracts(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<RunningContractListBody>, Problem> {
    principal.may(Scope::Read)?;
    let limit = limit_of(&query)?;
    let after = query.after.as_deref().map(parse_id::<ContractId>).transpose()?;
    let rows = app.hub.store().running_contracts(&principal.caller(), Page { after, limit }).await?;
    let full = rows.len() == usize::from(limit);
    let next = rows.last().filter(|_| full).map(|row| row.id.to_string());
    let item = |row: &RunningContract| RunningContractRefBody {
        id: row.id.to_string(),
        status: status(&row.progress.stage).to_owned(),
        proposed_at: rfc3339(tebura_ledger::Timestamp::from_millis(row.terms.proposed_at)),
    };
    Ok(Json(RunningContractListBody { items: rows.iter().map(item).collect(), next }))
}

/// How a contract stands: who may say what until when, what is held, what each party can still receive, and everything
/// that happened.
#[utoipa::path(
    get,
    path = "/v1/contracts/{id}",
    tag = "contracts",
    params(("id" = String, Path, description = "`ctr_…`")),
    responses(
        (status = 200, description = "The contract", body = RunningContractBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_contract(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<ContractId>,
) -> Result<Json<RunningContractBody>, Problem> {
    principal.may(Scope::Read)?;
    let view = app.hub.visible_contract(&principal.caller(), id).await?.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "contract.not_found",
            format!("There is no contract {id} of yours. GET /v1/contracts lists them."),
        )
    })?;
    Ok(Json(RunningContractBody::new(&view, app.hub.now())))
}

/// Tells a contract what a party has signed: a command, a statement, a consent or an agreement.
///
/// The body is the statement; the header `Tebura-Signature` has a detached JWS (EdDSA) over its exact bytes, with the
/// `kid` of a registered key. No API key is needed: the signature says who speaks, whoever forwards it. The same bytes
/// again are answered as before and change nothing.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/events",
    tag = "contracts",
    params(
        ("id" = String, Path, description = "`ctr_…`"),
        ("Tebura-Signature" = String, Header, description = "`header..signature`"),
    ),
    request_body(content = serde_json::Value, description = "The statement", content_type = "application/json"),
    responses(
        (status = 200, description = "It counts", body = ToldBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn tell_contract(
    State(app): State<App>,
    Id(id): Id<ContractId>,
    request: Request,
) -> Result<Response, Problem> {
    let signature = signature_of(request.headers())?;
    let bytes = read_body(&app, request, MAX_BYTES).await?;
    let signed = tebura_hub::statements::SignedStatement { body: bytes.to_vec(), signature };
    let hub = app.hub.clone();
    // To its end, though the caller goes away: what was said has an effect or none.
    let told = tokio::spawn(async move { hub.tell_contract(id, &signed).await }).await;
    let told = told.map_err(|_| Problem::internal("a contract was told something and the task did not end"))??;
    let contract = RunningContractBody::new(&told.view, app.hub.now());
    Ok(Json(ToldBody { repeated: told.repeated, contract }).into_response())
}
