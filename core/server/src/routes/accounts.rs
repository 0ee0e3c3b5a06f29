//! `/v1/accounts`: balances.

use axum::Json;
use axum::extract::State;
use tebura_hub::sites::Scope;
use tebura_ledger::AccountId;

use crate::app::App;
use crate::auth::Principal;
use crate::extract::Id;
use crate::problem::{Problem, ProblemBody};
use crate::wire::holds::AccountBody;

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
