//! `/v1/rails/{rail}/statements`: what a rail says that it did, compared with what it was asked. The operator's.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use tebura_hub::reconcile::{Reconciled, StatementId};
use tebura_ledger::RailId;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Asked, Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::rail_statements::{
    RailFindingsQuery, RailStatementBody, RailStatementFindingsBody, RailStatementHeadBody, RailStatementListBody,
};

/// Largest statement, bytes: 10,000 lines of some 300 bytes, and room.
const STATEMENT_BYTES: usize = 4 * 1024 * 1024;

/// Compares a rail's statement with the hub's operations, does what the hub can do by itself, and keeps the result.
///
/// What a line settles here is settled; what the rail did and the hub had given up is refunded or released at the rail; the
/// rest opens an exception for two operators. The same statement again, under any key, is the same answer; another content
/// under its name is refused. The format, the verdicts and the next steps are in `docs/reconciliation.md`.
#[utoipa::path(
    post,
    path = "/v1/rails/{id}/statements",
    tag = "rails",
    params(
        ("id" = String, Path, description = "The rail"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = RailStatementBody,
    responses(
        (status = 201, description = "Compared", body = RailStatementHeadBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn bring_rail_statement(
    State(app): State<App>,
    Id(rail): Id<RailId>,
    request: Request,
) -> Result<Response, Problem> {
    let write = Write::<RailStatementBody>::read(request, &app, STATEMENT_BYTES).await?;
    write.principal.must_be_operator()?;
    let statement = write.body.statement(rail)?;
    let (hub, key, by) = (app.hub.clone(), write.key, write.principal.key);
    let Reconciled { head, replayed } =
        app.run(write.running, async move { Ok(hub.reconcile(key, by, statement).await?) }).await?;
    Ok(made(RailStatementHeadBody::from(&head), replayed))
}

/// The statements of a rail that were compared.
#[utoipa::path(
    get,
    path = "/v1/rails/{id}/statements",
    tag = "rails",
    params(("id" = String, Path, description = "The rail")),
    responses(
        (status = 200, description = "The statements", body = RailStatementListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_rail_statements(
    State(app): State<App>,
    principal: Principal,
    Id(rail): Id<RailId>,
) -> Result<Json<RailStatementListBody>, Problem> {
    principal.must_be_operator()?;
    let heads = app.hub.store().statements(&rail).await?;
    Ok(Json(RailStatementListBody { items: heads.iter().rev().map(RailStatementHeadBody::from).collect() }))
}

/// A statement with what was found: every line, and every operation without one, with its verdict and its next step.
#[utoipa::path(
    get,
    path = "/v1/rails/{id}/statements/{statement}",
    tag = "rails",
    params(
        ("id" = String, Path, description = "The rail"),
        ("statement" = String, Path, description = "The statement's name"),
        RailFindingsQuery,
    ),
    responses(
        (status = 200, description = "A page", body = RailStatementFindingsBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_rail_statement(
    State(app): State<App>,
    principal: Principal,
    Path((rail, statement)): Path<(String, String)>,
    Asked(query): Asked<RailFindingsQuery>,
) -> Result<Json<RailStatementFindingsBody>, Problem> {
    principal.must_be_operator()?;
    let (rail, id) = (parse_id::<RailId>(&rail)?, parse_id::<StatementId>(&statement)?);
    let (verdict, after, limit) = query.read()?;
    let store = app.hub.store();
    let head = store.statement(&rail, &id).await?.ok_or_else(|| Problem::not_found("rail_statement"))?;
    let findings = store.findings(&rail, &id, verdict, after, limit).await?;
    let full = findings.len() == usize::from(limit);
    Ok(Json(RailStatementFindingsBody::new(&head, &findings, full)))
}
