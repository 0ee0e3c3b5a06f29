//! `/v1/capture-sessions`: enrols faces from live frames. There is no other way in for a face.

use axum::RequestExt;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tebura_hub::enroll_face::Frame;
use tebura_hub::ids::{CaptureSessionId, PersonId};

use super::answers::{hit, made};
use super::form::Form;
use crate::app::App;
use crate::auth::Principal;
use crate::extract::{Id, Write};
use crate::idempotency;
use crate::problem::{Problem, ProblemBody};
use crate::wire::payments::ImageForm;
use crate::wire::people::{CaptureSessionBody, FrameBody, OpenCaptureBody};

/// Opens a capture session for a person who agreed to `authenticate`: five minutes, three live frames, from the caller
/// that opens it. `prompt` says what the first frame has to show; what the others do is told one by one.
#[utoipa::path(
    post,
    path = "/v1/people/{id}/capture-sessions",
    tag = "people",
    params(
        ("id" = String, Path, description = "`person_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body = OpenCaptureBody,
    responses(
        (status = 201, description = "Opened", body = CaptureSessionBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn open_capture_session(
    State(app): State<App>,
    Id(person): Id<PersonId>,
    write: Write<OpenCaptureBody>,
) -> Result<Response, Problem> {
    write.principal.must_be_operator()?;
    let (hub, key, look_alike) = (app.hub.clone(), write.key, write.body.look_alike);
    let session =
        app.run(write.running, async move { Ok(hub.open_capture_session(key, person, look_alike).await?) }).await?;
    Ok(made(CaptureSessionBody::from(&session), false))
}

/// Takes one frame. 200: it counts, and `prompt` says what the next one has to show. 201: it was the last one, and the
/// face is enrolled. A refused frame leaves the session where it was; `frame.…` codes say what to do.
#[utoipa::path(
    post,
    path = "/v1/capture-sessions/{id}/frames",
    tag = "people",
    params(
        ("id" = String, Path, description = "`cap_…`"),
        ("Idempotency-Key" = String, Header, description = "See the introduction."),
    ),
    request_body(content = ImageForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "It counts; there is a next one", body = FrameBody),
        (status = 201, description = "Enrolled; the images are gone", body = FrameBody),
        (status = "default", description = "A problem", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn take_frame(
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
    let frame = app.run(running, async move { Ok(hub.take_frame(key, session, image.to_vec()).await?) }).await?;
    Ok(framed(session, &frame))
}

/// What a frame led to.
pub(super) fn framed(session: CaptureSessionId, frame: &Frame) -> Response {
    let body = FrameBody::of(session, frame);
    match frame {
        Frame::Next { replayed, .. } => hit((StatusCode::OK, axum::Json(body)).into_response(), *replayed),
        Frame::Enrolled(enrolled) => made(body, enrolled.replayed),
    }
}
