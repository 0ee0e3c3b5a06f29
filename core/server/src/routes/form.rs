//! Reads `multipart/form-data` with an image, whole, under the limits of size and time.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::app::App;
use crate::extract::{read_body, too_large};
use crate::problem::Problem;

/// Room for the other parts and the boundaries around an image.
const ROOM: usize = 64 * 1024;

/// The parts of a form by name.
pub(super) struct Form {
    /// Of the request.
    pub(super) head: Parts,
    parts: BTreeMap<String, Bytes>,
}

impl Form {
    /// Reads a form whose parts are all in `known`.
    pub(super) async fn read(app: &App, request: Request, known: &[&str]) -> Result<Form, Problem> {
        let (head, body) = request.into_parts();
        let limit = app.limits.image_bytes + ROOM;
        let bytes = read_body(app, Request::from_parts(head.clone(), body), limit).await?;
        let whole = Request::from_parts(head.clone(), Body::from(bytes));
        let mut form = Multipart::from_request(whole, app).await.map_err(|_| {
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "body.not_a_form",
                "Send the image as `multipart/form-data`, as the API description says.",
            )
        })?;
        let mut parts = BTreeMap::new();
        while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
            let name = field.name().filter(|name| known.contains(name)).map(str::to_owned).ok_or_else(malformed)?;
            let bytes = field.bytes().await.map_err(|_| malformed())?;
            if parts.insert(name, bytes).is_some() {
                return Err(malformed());
            }
        }
        Ok(Form { head, parts })
    }

    /// Takes out a part that has to be there.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Bytes, Problem> {
        self.parts.remove(name).filter(|bytes| !bytes.is_empty()).ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "body.part_missing",
                format!("The form has no part '{name}', or an empty one. Add it."),
            )
        })
    }

    /// Takes out the image.
    pub(super) fn take_image(&mut self, app: &App) -> Result<Bytes, Problem> {
        let image = self.take("image")?;
        if image.len() > app.limits.image_bytes {
            return Err(Problem { code: "image.too_many_bytes".into(), ..too_large(app.limits.image_bytes) });
        }
        Ok(image)
    }
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body.form_malformed",
        "The form is cut off, repeats a part, or has a part that the API description does not name. Correct it.",
    )
}
