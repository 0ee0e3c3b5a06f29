//! What a person does with what is held of her: takes it along, asks about it, stops its use, leaves.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
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
    let (hub, key, person, actor) = (app.hub.clone(), step.key, step.visitor.person()?, step.visitor.actor());
    let stop = async move { Ok(hub.stop_using(key, person, actor).await?) };
    Ok(made(RightsRequestBody::from(&app.run(step.running, stop).await?), false))
}

/// Erases the person and closes her page; of a child, the guardian's page stays open.
pub(super) async fn erase(State(app): State<App>, step: Step<EmptyBody>) -> Result<Response, Problem> {
    let (hub, key, person, actor) = (app.hub.clone(), step.key, step.visitor.or_child()?, step.visitor.actor());
    let (id, own) = (step.visitor.enrolment.id, step.visitor.ward.is_none());
    let erase = async move {
        let erased = hub.erase_person(key, person, actor).await?;
        if own {
            hub.finish_enrolment(id).await?;
        }
        Ok(erased)
    };
    let answer = made(RightsRequestBody::from(&app.run(step.running, erase).await?), false);
    if own { closed(answer) } else { Ok(answer) }
}

pub(super) async fn finish(State(app): State<App>, step: Step<EmptyBody>) -> Result<Response, Problem> {
    app.hub.finish_enrolment(step.visitor.enrolment.id).await?;
    closed(StatusCode::NO_CONTENT.into_response())
}
