//! `/v1/capture-sessions`: enrols faces from live images. There is no other way in for a face.

use axum::RequestExt;
use axum::extract::{Request, State};
use axum::response::Response;
use sha2::{Digest, Sha256};
use tebura_hub::ids::{CaptureSessionId, PersonId};

use super::answers::made;
use super::form::Form;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write};
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::wire::payments::ImageForm;
use crate::wire::people::{CaptureSessionBody, EmptyBody, EnrolledBody};

/// Opens a capture session: five minutes to send one live image.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/capture-sessions",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = EmptyBody,
    responses(
        (status = 201, description = "Opened", body = CaptureSessionBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn open_capture_session(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<EmptyBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key) = (app.hub.clone(), write.key);
    let session = app.run(write.running, async move { Ok(hub.open_capture_session(key, person).await?) }).await?;
    Ok(made(CaptureSessionBody::from(&session), false))
}

/// Enrols the face in a live image. A refused picture leaves the session open for another try; a session enrols once.
#[utoipa::path(
    post,
    path = "/v1/capture-sessions/{id}/image",
    tag = "people",
    params(
        ("id" = String, Path, description = "`cap_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body(content = ImageForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Enrolled; the image is gone", body = EnrolledBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn enroll_face(
    State(app): State<App>,
    Id(session): Id<CaptureSessionId>,
    mut request: Request,
) -> Result<Response, Problem> {
    let principal = request.extract_parts_with_state::<Principal, App>(&app).await?;
    principal.must_be_operator()?;
    idempotency::key_of(request.headers())?;
    let mut form = Form::read(&app, request, &["image"]).await?;
    let image = form.take_image(&app)?;
    let key = idempotency::key_request(&form.head, &principal, &[&Sha256::digest(&image)])?;
    let running = app.running.enter(&key)?;
    let hub = app.hub.clone();
    let enrolled = app.run(running, async move { Ok(hub.enroll_face(key, session, image.to_vec()).await?) }).await?;
    let body = EnrolledBody {
        reference: enrolled.reference.to_string(),
        person: enrolled.person.to_string(),
        pack: enrolled.pack,
    };
    Ok(made(body, enrolled.replayed))
}
