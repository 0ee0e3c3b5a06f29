//! What a person does with what is held of her: takes it along, asks about it, stops its use, leaves.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tebura_hub::consent::ConsentActor;
use tebura_hub::rights::NewRightsRequest;

use super::{Step, Visitor, closed, download};
use crate::app::App;
use crate::problem::Problem;
use crate::routes::answers::made;
use crate::routes::rights;
use crate::wire::people::EmptyBody;
use crate::wire::rights::{AskAboutDataBody, RightsRequestBody};

pub(super) async fn export(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    download("tebura-my-data.json", &rights::export(&app, visitor.person()?).await?)
}

pub(super) async fn ask(State(app): State<App>, step: Step<AskAboutDataBody>) -> Result<Response, Problem> {
    let new = NewRightsRequest { person: step.visitor.person()?, kind: step.body.kind()?, note: step.body.note };
    let (hub, key) = (app.hub.clone(), step.key);
    let asked = app.run(step.running, async move { Ok(hub.ask_about_data(key, new).await?) }).await?;
    Ok(made(RightsRequestBody::from(&asked.row), asked.replayed))
}

pub(super) async fn stop(State(app): State<App>, step: Step<EmptyBody>) -> Result<Response, Problem> {
    let (hub, key, person) = (app.hub.clone(), step.key, step.visitor.person()?);
    let stop = async move { Ok(hub.stop_using(key, person, ConsentActor::Person).await?) };
    Ok(made(RightsRequestBody::from(&app.run(step.running, stop).await?), false))
}

/// Erases the person and closes her page.
pub(super) async fn erase(State(app): State<App>, step: Step<EmptyBody>) -> Result<Response, Problem> {
    let (hub, key, person) = (app.hub.clone(), step.key, step.visitor.person()?);
    let id = step.visitor.0.id;
    let erase = async move {
        let erased = hub.erase_person(key, person, ConsentActor::Person).await?;
        hub.finish_enrolment(id).await?;
        Ok(erased)
    };
    closed(made(RightsRequestBody::from(&app.run(step.running, erase).await?), false))
}

pub(super) async fn finish(State(app): State<App>, step: Step<EmptyBody>) -> Result<Response, Problem> {
    app.hub.finish_enrolment(step.visitor.0.id).await?;
    closed(StatusCode::NO_CONTENT.into_response())
}
