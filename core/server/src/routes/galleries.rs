//! `/v1/galleries`: among whom a till may look.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use tebura_hub::budgets::Searcher;
use tebura_hub::ids::GalleryId;
use tebura_ledger::Timestamp;

use super::answers::made;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write, parse_id};
use crate::idempotency::Running;
use crate::problem::{Problem, ProblemBody};
use crate::wire::guardians::parse_time;
use crate::wire::people::EmptyBody;
use crate::wire::searches::SearchBody;
use crate::wire::sites::{AdmitBody, CreateGalleryBody, GalleryBody, GalleryRuleBody, GalleryShownBody};

/// Makes a gallery: by hand it is empty; by a rule it has whom the rule takes in.
#[utoipa::path(
    post,
    path = "/v1/galleries",
    tag = "sites",
    params(("Idempotency-Key" = String, Header, description = "See the introduction.")),
    request_body = CreateGalleryBody,
    responses(
        (status = 201, description = "Made", body = GalleryBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create_gallery(
    State(app): State<App>,
    write: Write<CreateGalleryBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let rule = write.body.rule.as_ref().map(GalleryRuleBody::rule).transpose()?;
    let (hub, key, name) = (app.hub.clone(), write.key, write.body.name);
    let gallery = app.run(write.running, async move { Ok(hub.create_gallery_by(key, &name, rule).await?) }).await?;
    Ok(made(GalleryBody::from(&gallery.row), gallery.replayed))
}

/// A gallery, and how near a face has to be in it as it is now.
#[utoipa::path(
    get,
    path = "/v1/galleries/{id}",
    tag = "sites",
    params(("id" = String, Path, description = "`gal_…`")),
    responses(
        (status = 200, description = "The gallery", body = GalleryShownBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_gallery(
    State(app): State<App>,
    principal: Principal,
    Id(id): Id<GalleryId>,
) -> Result<Json<GalleryShownBody>, Problem> {
    principal.must_be_operator()?;
    let gallery = app.hub.store().gallery(id).await?.ok_or_else(|| Problem::not_found("gallery"))?;
    let mut searches = BTreeMap::new();
    for till in app.hub.budgets().tills.into_keys() {
        if app.hub.store().till(till).await?.is_some_and(|till| till.gallery == id) {
            let shown = app.hub.show_search(Searcher::Till(till), id);
            searches.insert(till.to_string(), SearchBody::from(&shown));
        }
    }
    for service in app.hub.services(&principal.caller()) {
        if service.config.gallery == Some(id) && service.config.false_match_rate.is_some() {
            let shown = app.hub.show_search(Searcher::Service(service.id()), id);
            searches.insert(service.id().to_owned(), SearchBody::from(&shown));
        }
    }
    let search = (&app.hub.show_default_search(id)).into();
    let rules = app.hub.store().gallery_rules().await?;
    let rule = rules.iter().find(|(of, _)| *of == id).map(|(_, rule)| rule.into());
    Ok(Json(GalleryShownBody { id: gallery.id.to_string(), name: gallery.name, rule, search, searches }))
}

/// Admits a person: tills of this gallery recognise her from now on, until the moment that is given or until its rule ends it.
#[utoipa::path(
    put,
    path = "/v1/galleries/{id}/members/{person}",
    tag = "sites",
    params(
        ("id" = String, Path, description = "`gal_…`"),
        ("person" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = AdmitBody,
    responses(
        (status = 204, description = "Admitted"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add_member(
    State(app): State<App>,
    Path(ids): Path<(String, String)>,
    write: Write<AdmitBody>,
) -> Result<StatusCode, Problem> {
    let until = write.body.until.as_deref().map(parse_time).transpose()?;
    set_member(app, ids, (write.principal, write.running), Some(until)).await
}

/// Takes a person out: tills of this gallery recognise her no more.
#[utoipa::path(
    delete,
    path = "/v1/galleries/{id}/members/{person}",
    tag = "sites",
    params(
        ("id" = String, Path, description = "`gal_…`"),
        ("person" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    responses(
        (status = 204, description = "Taken out"),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove_member(
    State(app): State<App>,
    Path(ids): Path<(String, String)>,
    write: Write<EmptyBody>,
) -> Result<StatusCode, Problem> {
    set_member(app, ids, (write.principal, write.running), None).await
}

/// `until`: of who is admitted; `None`: she is taken out.
async fn set_member(
    app: App,
    (gallery, person): (String, String),
    (principal, running): (Principal, Running),
    until: Option<Option<Timestamp>>,
) -> Result<StatusCode, Problem> {
    principal.must_be_operator()?;
    let (gallery, person) = (parse_id(&gallery)?, parse_id(&person)?);
    let (hub, present) = (app.hub.clone(), until.is_some());
    let set = async move { Ok(hub.set_gallery_member_until(gallery, person, present, until.flatten()).await?) };
    app.run(running, set).await?;
    Ok(StatusCode::NO_CONTENT)
}
