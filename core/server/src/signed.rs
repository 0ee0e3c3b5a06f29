//! Signed requests: a body whose exact bytes somebody signed, with the detached JWS in the header `Tebura-Signature`.
//!
//! The caller's key says who forwards; the signature says who speaks. Here are the header, the extractor, and the
//! problems; what a signature is worth is the hub's.

use axum::RequestExt;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use serde::de::DeserializeOwned;
use tebura_hub::parties::PartyError;
use tebura_hub::perform::KeyRequest;
use tebura_hub::statements::jws::JwsError;
use tebura_hub::statements::{SignedStatement, StatementError};

use crate::app::App;
use crate::auth::Principal;
use crate::extract::{json_value, read_body};
use crate::idempotency::{self, Running};
use crate::problem::Problem;
use crate::refusals::problem;

/// The request header: `header..signature`.
pub const SIGNATURE: HeaderName = HeaderName::from_static("tebura-signature");

/// A write that somebody signed.
pub struct SignedWrite {
    /// Who forwards it.
    pub principal: Principal,
    /// The forwarder's key, bound to this request.
    pub key: KeyRequest,
    /// Marks the key as running until it is dropped.
    pub running: Running,
    /// The body's bytes as they came, and the signature.
    pub signed: SignedStatement,
}

impl SignedWrite {
    /// The body in its shape; members named twice are refused.
    ///
    /// # Errors
    /// 422 when it has another shape.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.signed.body).map_err(|error| {
            let detail = format!("The body does not have the shape in the API description: {error}.");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body.invalid", detail)
        })
    }
}

impl FromRequest<App> for SignedWrite {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<SignedWrite, Problem> {
        let principal = request.extract_parts_with_state::<Principal, App>(app).await?;
        idempotency::key_of(request.headers())?;
        let (parts, body) = request.into_parts();
        let signature = signature_of(&parts.headers)?;
        let bytes = read_body(app, Request::from_parts(parts.clone(), body), app.limits.body_bytes).await?;
        // Only looked at: what counts are the bytes.
        json_value(&parts.headers, &bytes)?;
        let key = idempotency::key_request(&parts, &principal, &[&bytes])?;
        let running = app.running.enter(&key)?;
        Ok(SignedWrite { principal, key, running, signed: SignedStatement { body: bytes.to_vec(), signature } })
    }
}

/// The one signature of a request.
///
/// # Errors
/// 400 when there is none, or more than one.
pub fn signature_of(headers: &HeaderMap) -> Result<String, Problem> {
    let mut signatures = headers.get_all(&SIGNATURE).iter();
    match (signatures.next().map(|value| value.to_str()), signatures.next()) {
        (Some(Ok(signature)), None) => Ok(signature.to_owned()),
        (Some(Err(_)), None) => Err(JwsError::Malformed.into()),
        (None, _) | (_, Some(_)) => Err(unsigned()),
    }
}

fn unsigned() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "statement.signature_missing",
        "Send the signature of the body's exact bytes once, in the header Tebura-Signature: header..signature. \
         `tebura statement sign` prints it.",
    )
}

impl From<JwsError> for Problem {
    fn from(error: JwsError) -> Problem {
        problem(StatusCode::BAD_REQUEST, error.code(), &error)
    }
}

impl From<StatementError> for Problem {
    fn from(error: StatementError) -> Problem {
        let status = match error {
            StatementError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            StatementError::Signature(inner) => return inner.into(),
            StatementError::KeyUnknown
            | StatementError::KeyRevoked { .. }
            | StatementError::KeyNotYetValid { .. }
            | StatementError::KeyExpired { .. }
            | StatementError::SignatureWrong { .. } => StatusCode::FORBIDDEN,
            StatementError::Malformed { .. }
            | StatementError::LifeInvalid
            | StatementError::NotYetValid { .. }
            | StatementError::Expired { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            StatementError::Read(inner) => return inner.into(),
        };
        problem(status, error.code(), &error)
    }
}

impl From<PartyError> for Problem {
    fn from(error: PartyError) -> Problem {
        let invalid = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            PartyError::LabelInvalid => problem(invalid, "party.label_invalid", &error),
            PartyError::MerchantNotFound(_) => problem(invalid, "merchant.not_found", &error),
            PartyError::PartyNotFound(_) => problem(StatusCode::NOT_FOUND, "party.not_found", &error),
            PartyError::KeyNotFound(_) => problem(StatusCode::NOT_FOUND, "party.key_not_found", &error),
            PartyError::PublicKeyInvalid => problem(invalid, "party.public_key_invalid", &error),
            PartyError::ValidityInvalid => problem(invalid, "party.validity_invalid", &error),
            PartyError::OverlapInvalid => problem(invalid, "party.overlap_invalid", &error),
            PartyError::ReplacedEnded(_) => problem(StatusCode::CONFLICT, "party.replaced_key_ended", &error),
            PartyError::KeyKnown(_) => problem(StatusCode::CONFLICT, "party.key_known", &error),
            PartyError::TooManyKeys => problem(StatusCode::CONFLICT, "party.too_many_keys", &error),
            PartyError::Proof(inner) => inner.into(),
            PartyError::ProofWrong => problem(StatusCode::FORBIDDEN, "party.proof_wrong", &error),
            PartyError::Commit(inner) => inner.into(),
            PartyError::Read(inner) => inner.into(),
        }
    }
}
