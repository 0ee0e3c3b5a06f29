//! `/v1/accounts`: balances, and what the operator issues.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use tebura_hub::sites::Scope;
use tebura_ledger::AccountId;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write};
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::{AccountBody, FundBody};

/// An account's balances: its own for a merchant, any for the operator.
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}",
    tag = "accounts",
    params(("id" = String, Path, description = "`acct_…`")),
    responses(
        (status = 200, description = "The account", body = AccountBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_account(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<AccountId>,
) -> Result<Json<AccountBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read])?;
    let store = app.hub.store();
    let missing = || Problem::not_found("account");
    if let Some(merchant) = principal.merchant {
        let owner = store.merchant_of_account(id).await?;
        if owner != Some(merchant) {
            return Err(missing());
        }
    }
    Ok(Json(AccountBody::from(&store.account(id).await?.ok_or_else(missing)?)))
}

/// Issues money or things of the hub's own books into a wallet that it keeps: regional money, points, titles.
///
/// The operator's books say who issued it: an issuing account goes down by the same amount. An account that mirrors one
/// at a rail is refused, because only the rail knows what is in it.
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/fund",
    tag = "accounts",
    params(
        ("id" = String, Path, description = "`acct_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = FundBody,
    responses(
        (status = 201, description = "Issued; the account as it is now", body = AccountBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn fund_account(
    State(app): State<App>,
    Id(id): Id<AccountId>,
    write: Write<FundBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let amount = write.body.amount.money()?;
    let (hub, key) = (app.hub.clone(), write.key);
    app.run(write.running, async move { Ok(hub.issue(key, id, amount).await?) }).await?;
    let account = app.hub.store().account(id).await?.ok_or_else(|| Problem::not_found("account"))?;
    Ok(made(AccountBody::from(&account), false))
}
