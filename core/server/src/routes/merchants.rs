//! `/v1/merchants`: who is paid.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use tebura_hub::ids::MerchantId;
use tebura_hub::sites::Scope;

use super::answers::made;
use super::instruments::currency_of;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::sites::{AddPayeeBody, CreateMerchantBody, MerchantBody, PayeeBody};

/// Sets up a merchant, paid on the house rail.
#[utoipa::path(
    post,
    path = "/v1/merchants",
    tag = "sites",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateMerchantBody,
    responses(
        (status = 201, description = "Set up", body = MerchantBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_merchant(
    State(app): State<App>,
    write: Write<CreateMerchantBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let CreateMerchantBody { name, sandbox, currency } = write.body;
    let currency = currency_of(&currency)?;
    let (hub, key) = (app.hub.clone(), write.key);
    let merchant =
        app.run(write.running, async move { Ok(hub.create_merchant(key, &name, sandbox, currency).await?) }).await?;
    let payees = app.hub.store().payees(merchant.row.id).await?;
    Ok(made(MerchantBody::new(&merchant.row, &payees), merchant.replayed))
}

/// A merchant and its account on each rail.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}",
    tag = "sites",
    params(("id" = String, Path, description = "`mrc_…`")),
    responses(
        (status = 200, description = "The merchant", body = MerchantBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_merchant(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<MerchantId>,
) -> Result<Json<MerchantBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read])?;
    let found = app.hub.store().merchant(id).await?.filter(|merchant| principal.sees(merchant.id));
    let merchant = found.ok_or_else(|| Problem::not_found("merchant"))?;
    let payees = app.hub.store().payees(id).await?;
    Ok(Json(MerchantBody::new(&merchant, &payees)))
}

/// Adds a merchant's account on one more rail.
#[utoipa::path(
    post,
    path = "/v1/merchants/{id}/payees",
    tag = "sites",
    params(
        ("id" = String, Path, description = "`mrc_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = AddPayeeBody,
    responses(
        (status = 201, description = "Added", body = PayeeBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add_payee(
    State(app): State<App>,
    Id(merchant): Id<MerchantId>,
    write: Write<AddPayeeBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let AddPayeeBody { rail, token, currency } = write.body;
    let (rail, currency) = (parse_id(&rail)?, currency_of(&currency)?);
    let (hub, key) = (app.hub.clone(), write.key);
    let payee =
        app.run(write.running, async move { Ok(hub.add_payee(key, merchant, rail, token, currency).await?) }).await?;
    Ok(made(PayeeBody::from(&payee.row), payee.replayed))
}
