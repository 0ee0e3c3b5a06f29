//! `/v1/parties`: who signs statements, and with which keys.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::ids::{MerchantId, PartyId, PartyKeyId};
use tebura_hub::sites::Scope;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::signed::SignedWrite;
use crate::wire::parties::{CreatePartyBody, PartyBody, PartyKeyBody, RegisterKeyBody};
use crate::wire::people::EmptyBody;

/// Registers somebody who will sign statements: a person's wallet, a shop, a meter. It has no key yet.
#[utoipa::path(
    post,
    path = "/v1/parties",
    tag = "parties",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreatePartyBody,
    responses(
        (status = 201, description = "Registered", body = PartyBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_party(State(app): State<App>, write: Write<CreatePartyBody>) -> Result<Response, Problem> {
    may_manage(&write.principal)?;
    let named = write.body.merchant.as_deref().map(parse_id::<MerchantId>).transpose()?;
    let merchant = match (write.principal.merchant, named) {
        (Some(own), Some(named)) if own != named => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "party.merchant_foreign",
                "A merchant's key registers its own parties only: leave the merchant out.",
            ));
        }
        (own, named) => own.or(named),
    };
    let (hub, key, label) = (app.hub.clone(), write.key, write.body.label);
    let party = app.run(write.running, async move { Ok(hub.register_party(key, &label, merchant).await?) }).await?;
    let keys = app.hub.store().party_keys(party.row.id).await?;
    Ok(made(PartyBody::new(&party.row, &keys, app.hub.now()), party.replayed))
}

/// A party and every key that it has or had.
#[utoipa::path(
    get,
    path = "/v1/parties/{id}",
    tag = "parties",
    params(("id" = String, Path, description = "`pty_…`")),
    responses(
        (status = 200, description = "The party", body = PartyBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_party(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<PartyId>,
) -> Result<Json<PartyBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read, Scope::Holds])?;
    let party = app.hub.party(&principal.caller(), id).await?;
    let keys = app.hub.store().party_keys(id).await?;
    Ok(Json(PartyBody::new(&party, &keys, app.hub.now())))
}

/// Registers a public key of a party, or replaces one with it. The body is signed with the key itself: the header
/// `Tebura-Signature` has a detached JWS over its exact bytes, with `{"alg":"EdDSA"}` and no `kid`.
#[utoipa::path(
    post,
    path = "/v1/parties/{id}/keys",
    tag = "parties",
    params(
        ("id" = String, Path, description = "`pty_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
        ("Tebura-Signature" = String, Header, description = "`header..signature`"),
    ),
    request_body = RegisterKeyBody,
    responses(
        (status = 201, description = "Registered", body = PartyKeyBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register_party_key(
    State(app): State<App>,
    Id(party): Id<PartyId>,
    write: SignedWrite,
) -> Result<Response, Problem> {
    may_manage(&write.principal)?;
    let new = write.body::<RegisterKeyBody>()?.read(party)?;
    let (hub, caller) = (app.hub.clone(), write.principal.caller());
    let SignedWrite { key, signed, running, .. } = write;
    let work = async move { Ok(hub.register_party_key(&caller, key, new, &signed).await?) };
    let key = app.run(running, work).await?;
    Ok(made(PartyKeyBody::new(&key.row, app.hub.now()), key.replayed))
}

/// Ends a key: the next statement that it signed is refused, also one that was signed before.
#[utoipa::path(
    post,
    path = "/v1/parties/{id}/keys/{kid}/revoke",
    tag = "parties",
    params(
        ("id" = String, Path, description = "`pty_…`"),
        ("kid" = String, Path, description = "`pk_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EmptyBody,
    responses(
        (status = 200, description = "Ended", body = PartyKeyBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn revoke_party_key(
    State(app): State<App>,
    Path((party, key)): Path<(String, String)>,
    write: Write<EmptyBody>,
) -> Result<Json<PartyKeyBody>, Problem> {
    may_manage(&write.principal)?;
    let (party, key) = (parse_id::<PartyId>(&party)?, parse_id::<PartyKeyId>(&key)?);
    let (hub, caller) = (app.hub.clone(), write.principal.caller());
    let row = app.run(write.running, async move { Ok(hub.revoke_party_key(&caller, party, key).await?) }).await?;
    Ok(Json(PartyKeyBody::new(&row, app.hub.now())))
}

/// The operator, or a merchant that may move money.
fn may_manage(principal: &Principal) -> Result<(), Problem> {
    if principal.merchant.is_some() { principal.may(Scope::Holds) } else { principal.must_be_operator() }
}
