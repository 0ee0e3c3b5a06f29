//! `/v1/tills`: where people pay.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use tebura_hub::budgets::Searcher;
use tebura_hub::ids::TillId;
use tebura_hub::set_up::NewTill;
use tebura_hub::sites::Scope;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Asked, Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::figures::{FiguresBody, PeriodQuery};
use crate::wire::sites::{CreateTillBody, TillBody};

/// Sets up a till. Make a key for it with `POST /v1/keys`.
#[utoipa::path(
    post,
    path = "/v1/tills",
    tag = "sites",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateTillBody,
    responses(
        (status = 201, description = "Set up", body = TillBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_till(State(app): State<App>, write: Write<CreateTillBody>) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let CreateTillBody { merchant, name, gallery, pin_above, max_amount } = write.body;
    let (merchant, gallery) = (parse_id(&merchant)?, parse_id(&gallery)?);
    let new = NewTill { merchant, name, gallery, pin_above, max_amount };
    let (hub, key) = (app.hub.clone(), write.key);
    let till = app.run(write.running, async move { Ok(hub.create_till(key, new).await?) }).await?;
    Ok(made(TillBody::from(&till.row), till.replayed))
}

/// A till.
#[utoipa::path(
    get,
    path = "/v1/tills/{id}",
    tag = "sites",
    params(("id" = String, Path, description = "`till_…`")),
    responses(
        (status = 200, description = "The till", body = TillBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_till(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<TillId>,
) -> Result<Json<TillBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read, Scope::Pay])?;
    let found = app.hub.store().till(id).await?.filter(|till| principal.sees(till.merchant));
    let till = found.ok_or_else(|| Problem::not_found("till"))?;
    let search = app.hub.show_search(Searcher::Till(till.id), till.gallery);
    Ok(Json(TillBody { search: Some((&search).into()), ..TillBody::from(&till) }))
}

/// What came of the payments that were asked for at a till in a period: how many people were known, and how often each reason kept
/// one from paying — attacks on liveness, look-alikes, strangers, wrong PINs.
#[utoipa::path(
    get,
    path = "/v1/tills/{id}/figures",
    tag = "sites",
    params(("id" = String, Path, description = "`till_…`"), PeriodQuery),
    responses(
        (status = 200, description = "The figures", body = FiguresBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_figures(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<TillId>,
    Asked(query): Asked<PeriodQuery>,
) -> Result<Json<FiguresBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read])?;
    let found = app.hub.store().till(id).await?.filter(|till| principal.sees(till.merchant));
    let till = found.ok_or_else(|| Problem::not_found("till"))?;
    let (from, until) = query.read()?;
    let counted = app.hub.store().decisions(till.id, from, until).await?;
    Ok(Json(FiguresBody::new(till.id, (from, until), counted)))
}
