//! `/page/{file}`: scripts, styles and pictures of the pages, and the words that a page asks for. All of it is in the binary;
//! nothing comes from elsewhere, and no page has an inline script or style.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::app::App;
use crate::messages::{self, Language};
use crate::problem::Problem;

/// Scripts, styles, pictures and calls from this hub only; the camera's picture is a blob.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("api.js", SCRIPT, include_str!("../page/api.js")),
    ("camera.js", SCRIPT, include_str!("../page/camera.js")),
    ("desk.css", CSS, include_str!("../page/desk.css")),
    ("desk.js", SCRIPT, include_str!("../page/desk.js")),
    ("enroll-api.js", SCRIPT, include_str!("../page/enroll-api.js")),
    ("enroll-capture.js", SCRIPT, include_str!("../page/enroll-capture.js")),
    ("enroll.css", CSS, include_str!("../page/enroll.css")),
    ("enroll.js", SCRIPT, include_str!("../page/enroll.js")),
    ("face-camera.svg", SVG, include_str!("../page/face-camera.svg")),
    ("mark.svg", SVG, include_str!("../page/mark.svg")),
    ("notice.css", CSS, include_str!("../page/notice.css")),
    ("page.js", SCRIPT, include_str!("../page/page.js")),
    ("service.js", SCRIPT, include_str!("../page/service.js")),
    ("terminal.css", CSS, include_str!("../page/terminal.css")),
    ("terminal.js", SCRIPT, include_str!("../page/terminal.js")),
    ("till.css", CSS, include_str!("../page/till.css")),
    ("till.js", SCRIPT, include_str!("../page/till.js")),
];

/// Words by key.
pub(super) type Words = BTreeMap<&'static str, &'static str>;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/page/{file}", get(file))
}

async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    let found = FILES.iter().find(|(known, _, _)| *known == name).ok_or_else(|| Problem::not_found("file"))?;
    Ok(([(header::CONTENT_TYPE, found.1), (header::CACHE_CONTROL, "no-cache")], found.2).into_response())
}

/// A page that may use the camera and nothing from elsewhere. Its own address goes nowhere.
pub(super) fn html(text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(), geolocation=()"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// The words of some families (`till.`) in one language.
pub(super) fn words(language: &str, families: &[&str]) -> Json<Words> {
    let all = messages::catalogue(Language::from_tag(language)).iter();
    let wanted = |key: &str| families.iter().any(|family| key.starts_with(family));
    Json(all.filter(|(key, _)| wanted(key)).map(|(key, text)| (key.as_str(), text.as_str())).collect())
}
