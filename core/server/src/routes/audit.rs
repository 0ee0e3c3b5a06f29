//! `/v1/audit`: signed heads of the logs, for a witness who keeps them elsewhere.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tebura_hub::audit::{HeadPlace, SignedHead};
use tebura_hub::sites::Scope;
use tebura_ledger::{Shard, Timestamp};

use super::holds::limit_of;
use crate::app::App;
use crate::audit::{Heads, SigningError};
use crate::auth::Principal;
use crate::extract::{Asked, Write};
use crate::problem::{Problem, ProblemBody};
use crate::wire::audit::{HeadBody, HeadListBody};
use crate::wire::holds::ListQuery;
use crate::wire::people::EmptyBody;

/// Signed heads, the newest first. Whoever keeps them can show later that nothing before them was changed: `tebura audit
/// verify --heads FILE` takes the `items`, one a line.
///
/// For the operator's keys, and for a witness: a key with the scope `read` and without a merchant.
#[utoipa::path(
    get,
    path = "/v1/audit/heads",
    tag = "audit",
    params(ListQuery),
    responses(
        (status = 200, description = "A page", body = HeadListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_heads(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<ListQuery>,
) -> Result<Json<HeadListBody>, Problem> {
    principal.may_any(&[Scope::Admin, Scope::Read])?;
    if principal.merchant.is_some() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "auth.operator_only",
            "Heads tell how much all merchants do together. Ask the operator for a witness's key.",
        ));
    }
    let limit = limit_of(&query)?;
    let after = query.after.as_deref().map(|cursor| place(cursor).ok_or_else(super::events::malformed)).transpose()?;
    let heads = heads(&app)?;
    let latest = heads.latest(after, limit).await?;
    let next = latest.last().filter(|_| latest.len() == usize::from(limit)).map(cursor);
    Ok(Json(body(heads, &latest, next)))
}

/// Signs every head that moved, instead of waiting for the next minute. Answers with the last head of each log: together
/// they cover everything that was written before.
#[utoipa::path(
    post,
    path = "/v1/audit/heads:sign",
    tag = "audit",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = EmptyBody,
    responses(
        (status = 200, description = "Signed", body = HeadListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sign_heads(State(app): State<App>, write: Write<EmptyBody>) -> Result<Json<HeadListBody>, Problem> {
    write.principal.must_be_operator()?;
    let heads = heads(&app)?.clone();
    let signing = heads.clone();
    let signed = app.run(write.running, async move { signing.sign().await.map_err(Problem::from) }).await?;
    Ok(Json(body(&heads, &signed, None)))
}

fn heads(app: &App) -> Result<&Arc<Heads>, Problem> {
    app.heads().ok_or_else(|| {
        Problem::new(StatusCode::NOT_IMPLEMENTED, "audit.off", "This hub signs no heads; ask the operator.")
    })
}

fn body(heads: &Heads, signed: &[SignedHead], next: Option<String>) -> HeadListBody {
    let public_key = STANDARD.encode(heads.public_key().as_bytes());
    HeadListBody { items: signed.iter().map(HeadBody::from).collect(), next, public_key }
}

/// The place of a page's last head.
fn cursor(last: &SignedHead) -> String {
    let HeadPlace { at, shard, seq } = last.head.place();
    format!("{}-{}-{seq}", at.millis(), shard.number())
}

fn place(cursor: &str) -> Option<HeadPlace> {
    let (at, rest) = cursor.split_once('-')?;
    let (shard, seq) = rest.split_once('-')?;
    Some(HeadPlace {
        at: Timestamp::from_millis(at.parse().ok()?),
        shard: Shard::new(shard.parse().ok()?),
        seq: seq.parse().ok()?,
    })
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Problem {
        match error {
            SigningError::Read(inner) => inner.into(),
            SigningError::Commit(inner) => inner.into(),
            SigningError::File { .. }
            | SigningError::KeyFile(_)
            | SigningError::Key { .. }
            | SigningError::Line { .. } => Problem::internal(&error.to_string()),
        }
    }
}
