//! `/till`: the page where people pay, and the session that it pays with.

use axum::Router;

use crate::app::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
}

pub(crate) fn problem_titles() {}
