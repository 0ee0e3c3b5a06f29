//! The people for whom a person answers: registers a child, ends a link. Whatever else is done for them is done by the
//! page's other calls with `?for=person_…`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tebura_hub::family::NewChild;
use tebura_hub::guardians::EndedBy;
use tebura_hub::ids::{GuardianLinkId, PersonId};

use super::Step;
use crate::app::App;
use crate::extract::parse_id;
use crate::problem::Problem;
use crate::routes::answers::made;
use crate::wire::guardians::GuardianshipBody;
use crate::wire::people::EmptyBody;
use crate::wire::time::rfc3339;

/// Somebody of the family.
#[derive(Serialize)]
pub(super) struct Member {
    /// The link.
    link: String,
    /// `ward`: the person answers for this one; `guardian`: this one answers for the person.
    side: &'static str,
    person: String,
    /// In full of a ward, masked of a guardian.
    name: String,
    /// `child` or `elder`.
    kind: &'static str,
    until: String,
    has_face: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChildBody {
    name: String,
    born_on: String,
}

pub(super) async fn register_child(State(app): State<App>, step: Step<ChildBody>) -> Result<Response, Problem> {
    let ChildBody { name, born_on } = step.body;
    let new = NewChild { guardian: step.visitor.herself()?, name, born_on };
    let (hub, key) = (app.hub.clone(), step.key);
    let link = app.run(step.running, async move { Ok(hub.register_child(key, new).await?) }).await?;
    Ok(made(GuardianshipBody::of(&link.row, app.hub.now()), link.replayed))
}

/// Ends a link of one's own, from either side.
pub(super) async fn end(
    State(app): State<App>,
    Path(id): Path<String>,
    step: Step<EmptyBody>,
) -> Result<Response, Problem> {
    let (own, id) = (step.visitor.herself()?, parse_id::<GuardianLinkId>(&id)?);
    let links = app.hub.guardian_links(own).await?;
    let link = links.into_iter().find(|link| link.id == id).ok_or_else(|| Problem::not_found("guardianship"))?;
    let by = if link.guardian == own { EndedBy::Guardian } else { EndedBy::Ward };
    let hub = app.hub.clone();
    let link = app.run(step.running, async move { Ok(hub.end_guardianship(id, by).await?) }).await?;
    Ok(Json(GuardianshipBody::of(&link, app.hub.now())).into_response())
}

/// Everybody to whom a person is linked now.
pub(super) async fn members(app: &App, person: Option<PersonId>) -> Result<Vec<Member>, Problem> {
    let Some(person) = person else { return Ok(Vec::new()) };
    let (hub, now) = (&app.hub, app.hub.now());
    let mut members = Vec::new();
    for link in hub.guardian_links(person).await?.into_iter().filter(|link| link.counts(now)) {
        let is_ward = link.guardian == person;
        let other = if is_ward { link.ward } else { link.guardian };
        let Some(known) = hub.store().person(other).await? else { continue };
        members.push(Member {
            link: link.id.to_string(),
            side: if is_ward { "ward" } else { "guardian" },
            person: other.to_string(),
            name: if is_ward { known.name.clone() } else { known.masked_name() },
            kind: link.kind.word(),
            until: rfc3339(link.until),
            has_face: is_ward && !hub.store().references_of(other).await?.is_empty(),
        });
    }
    Ok(members)
}
