//! `/v1/rails/{rail}/notices`: a far end hints that it has news. A hint is never believed: the hub asks the rail now about
//! the operations that it names, instead of when their turn comes.
//!
//! For rails whose plugin cannot be called back. Absent: a provider's own format and its signatures; see `inbound`.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use tebura_hub::sites::Scope;
use tebura_ledger::{OperationId, RailId};

use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, read_body};
use crate::problem::{Problem, ProblemBody};

/// Operations of one notice that are asked about: webhooks name one, batches a few.
const MOST: usize = 16;
/// Digits of an operation's id.
const DIGITS: usize = 32;

/// Takes a provider's webhook as a hint.
///
/// The body may be in any format: every operation id in it (`op_` and 32 hexadecimal digits, the idempotency key that the
/// provider was given) is asked about now if its result is unknown. Needs a key with the scope `notices`, which can do
/// nothing else. The answer says nothing about operations.
#[utoipa::path(
    post,
    path = "/v1/rails/{id}/notices",
    tag = "rails",
    params(("id" = String, Path, description = "The rail")),
    request_body(content = String, description = "As the provider sends it", content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "Heard"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn hear_notice(
    State(app): State<App>,
    principal: Principal,
    Id(rail): Id<RailId>,
    request: Request,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::Notices)?;
    if app.hub.rail(&rail).is_none() {
        return Err(Problem::not_found("rail"));
    }
    let bytes = read_body(&app, request, app.limits.body_bytes).await?;
    for operation in named(&String::from_utf8_lossy(&bytes)) {
        // What the far end would learn from a failure is nothing that it may know; it comes up at the next inquiry.
        if let Err(error) = app.hub.hint(&rail, operation).await {
            tracing::warn!(%operation, %error, "a hint came to nothing; the operation is asked about when its turn comes");
        }
    }
    Ok(StatusCode::ACCEPTED)
}

/// The operations that a text names, wherever in it.
fn named(text: &str) -> BTreeSet<OperationId> {
    let mut found = BTreeSet::new();
    for (place, _) in text.match_indices(OperationId::PREFIX) {
        let id = text.get(place..place + OperationId::PREFIX.len() + DIGITS);
        found.extend(id.and_then(|id| id.parse::<OperationId>().ok()));
        if found.len() == MOST {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_in_any_format() {
        let id = |digit: &str| format!("op_{}", digit.repeat(32));
        let (one, two) = (id("1"), id("a"));
        let text =
            format!("{{\"key\":\"{one}\",\"again\":\"{one}\"}} <op>{two}.3</op> op_1 op_ 山op_{}", "g".repeat(32));
        assert_eq!(named(&text).iter().map(ToString::to_string).collect::<Vec<_>>(), [one, two]);
        let many: String = (0..40).map(|number| format!("op_{number:032x} ")).collect();
        assert_eq!(named(&many).len(), MOST);
    }
}
