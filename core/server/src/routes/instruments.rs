//! `/v1/people/{id}/instruments`: means to pay.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::ids::{InstrumentId, PersonId};
use tebura_hub::people::Instrument;
use tebura_hub::remove_instrument::RemoveInstrumentError;
use tebura_hub::set_up::NewInstrument;
use tebura_ledger::Currency;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, parse_id};
use crate::problem::{Problem, ProblemBody};
use crate::wire::people::{CreateInstrumentBody, EmptyBody, InstrumentBody, InstrumentListBody};

/// Links a means to pay to a person.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/instruments",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = CreateInstrumentBody,
    responses(
        (status = 201, description = "Linked", body = InstrumentBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add_instrument(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<CreateInstrumentBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let CreateInstrumentBody { rail, token, label, is_default, currency } = write.body;
    let currency = currency_of(&currency)?;
    let new = NewInstrument { person, rail: parse_id(&rail)?, token, label, is_default, currency };
    let (hub, key) = (app.hub.clone(), write.key);
    let instrument = app.run(write.running, async move { Ok(hub.add_instrument(key, new).await?) }).await?;
    Ok(made(InstrumentBody::from(&instrument.row), instrument.replayed))
}

/// A person's means to pay.
#[utoipa::path(
    get,
    path = "/v1/people/{id}/instruments",
    tag = "people",
    params(("id" = String, Path, description = "`person_…`")),
    responses(
        (status = 200, description = "The instruments", body = InstrumentListBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_instruments(
    State(app): State<App>,
    principal: Principal,
    Id(person): Id<PersonId>,
) -> Result<Json<InstrumentListBody>, Problem> {
    principal.must_be_operator()?;
    let instruments = app.hub.store().instruments(person).await?;
    Ok(Json(InstrumentListBody { items: kept(&instruments) }))
}

/// Takes a means to pay away from a person: nothing new is paid with it, and what was begun with it goes on to its end.
/// The newest default that is left pays from now on. A wallet of the hub's own books has to be empty.
#[utoipa::path(
    delete,
    path = "/v1/people/{id}/instruments/{instrument}",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("instrument" = String, Path, description = "`inst_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    responses(
        (status = 200, description = "Removed, now or before", body = InstrumentBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove_instrument(
    State(app): State<App>,
    Path((person, instrument)): Path<(String, String)>,
    write: Write<EmptyBody>,
) -> Result<Json<InstrumentBody>, Problem> {
    write.principal.must_be_operator()?;
    let (person, instrument): (PersonId, InstrumentId) = (parse_id(&person)?, parse_id(&instrument)?);
    let hub = app.hub.clone();
    let removed = app.run(write.running, async move { Ok(hub.remove_instrument(person, instrument).await?) }).await?;
    Ok(Json(InstrumentBody::from(&removed)))
}

/// Those that can be paid with.
pub(super) fn kept(instruments: &[Instrument]) -> Vec<InstrumentBody> {
    instruments.iter().filter(|row| row.removed_at.is_none()).map(InstrumentBody::from).collect()
}

impl From<RemoveInstrumentError> for Problem {
    fn from(error: RemoveInstrumentError) -> Problem {
        let of = |status, code| Problem::new(status, code, format!("{error}."));
        match error {
            RemoveInstrumentError::NotFound(_) => of(StatusCode::NOT_FOUND, "instrument.not_found"),
            RemoveInstrumentError::MoneyLeft(_) => of(StatusCode::CONFLICT, "instrument.money_left"),
            RemoveInstrumentError::Commit(inner) => inner.into(),
            RemoveInstrumentError::Read(inner) => inner.into(),
        }
    }
}

/// A currency from a body.
pub(super) fn currency_of(code: &str) -> Result<Currency, Problem> {
    Currency::new(code).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "amount.currency_malformed", format!("{error}."))
    })
}
