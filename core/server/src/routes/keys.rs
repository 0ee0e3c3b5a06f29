//! `/v1/keys`: API keys of merchants and tills.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::ids::{ApiKeyId, MerchantId, TillId};
use tebura_hub::ports::Ids;
use tebura_hub::sites::Scope;

use super::answers::made;
use crate::app::App;
use crate::auth::KeySecret;
use crate::clock::SystemIds;
use crate::extract::{Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::people::EmptyBody;
use crate::wire::sites::{CreateKeyBody, KeyBody};

/// Makes a key. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "sites",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateKeyBody,
    responses(
        (status = 201, description = "Made", body = KeyBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_key(State(app): State<App>, write: Write<CreateKeyBody>) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let scopes = write.body.scopes()?;
    let merchant = write.body.merchant.as_deref().map(parse_id::<MerchantId>).transpose()?;
    let till = write.body.till.as_deref().map(parse_id::<TillId>).transpose()?;
    check_owner(&app, merchant, till, &scopes).await?;
    let secret = SystemIds.secret();
    let sha256 = KeySecret::sha256_of(&secret);
    let (hub, key) = (app.hub.clone(), write.key);
    let made_key = app
        .run(write.running, async move { Ok(hub.create_api_key(key, sha256, merchant, till, scopes).await?) })
        .await?;
    let shown = (!made_key.replayed).then(|| KeySecret::new(made_key.row.id, secret).reveal().to_string());
    Ok(made(KeyBody::new(&made_key.row, shown), made_key.replayed))
}

/// A till's key belongs to the till's merchant; a merchant's key is never an operator's.
async fn check_owner(
    app: &App,
    merchant: Option<MerchantId>,
    till: Option<TillId>,
    scopes: &[Scope],
) -> Result<(), Problem> {
    let refused = |code: &'static str, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    if merchant.is_some() && scopes.contains(&Scope::Admin) {
        return Err(refused("key.scopes_invalid", "The scope admin is the operator's: leave the merchant out."));
    }
    if till.is_none() && scopes.contains(&Scope::Pay) {
        return Err(refused("key.till_missing", "The scope pay needs a till: name the till that the key is for."));
    }
    if let Some(merchant) = merchant {
        let found = app.hub.store().merchant(merchant).await?;
        found.ok_or_else(|| refused("merchant.not_found", "There is no such merchant; create it first."))?;
    }
    if let Some(till) = till {
        let found = app.hub.store().till(till).await?;
        found
            .filter(|till| merchant == Some(till.merchant))
            .ok_or_else(|| refused("till.not_found", "The merchant has no such till; create it first."))?;
    }
    Ok(())
}

/// Ends a key at once.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/revoke",
    tag = "sites",
    params(
        ("id" = String, Path, description = "`key_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EmptyBody,
    responses(
        (status = 200, description = "Ended", body = KeyBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn revoke_key(
    State(app): State<App>,
    Id(id): Id<ApiKeyId>,
    write: Write<EmptyBody>,
) -> Result<Json<KeyBody>, Problem> {
    write.principal.must_be_operator()?;
    let hub = app.hub.clone();
    let key = app.run(write.running, async move { Ok(hub.revoke_api_key(id).await?) }).await?;
    Ok(Json(KeyBody::new(&key, None)))
}
