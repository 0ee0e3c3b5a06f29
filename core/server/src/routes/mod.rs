//! The API's routes, one file a noun, and the router that puts them together.
//!
//! A handler reads the request, calls one verb of the hub, and writes the answer. It decides nothing.

mod accounts;
mod answers;
mod audit;
mod capture_sessions;
mod captures;
mod consents;
mod contracts;
mod demo;
mod enroll_page;
mod enrolments;
mod event_stream;
mod events;
mod form;
mod galleries;
mod guardianships;
mod health;
mod holds;
mod inbound;
mod instruments;
mod keys;
mod merchants;
mod notice_page;
mod offline;
mod operations;
mod page_files;
mod parties;
mod payments;
mod people;
mod plugins;
mod proofings;
mod rail_notices;
mod rail_statements;
mod rails;
mod rights;
mod service_sets;
mod services;
mod template_spaces;
mod terminal_page;
mod till_page;
mod tills;
mod webhooks;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::{Router, middleware};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::layers;
use crate::problem::Problem;

/// The API as routes and as its description.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(crate::openapi::frame())
        .routes(routes!(people::create_person))
        .routes(routes!(people::get_person))
        .routes(routes!(people::set_pin))
        .routes(routes!(people::release_pin))
        .routes(routes!(guardianships::create_guardianship))
        .routes(routes!(guardianships::end_guardianship))
        .routes(routes!(guardianships::list_guardianships))
        .routes(routes!(proofings::begin_proofing))
        .routes(routes!(proofings::give_evidence))
        .routes(routes!(proofings::get_proofing))
        .routes(routes!(proofings::list_claims, proofings::see_document))
        .routes(routes!(proofings::withdraw_proof))
        .routes(routes!(capture_sessions::open_capture_session))
        .routes(routes!(capture_sessions::take_frame))
        .routes(routes!(consents::list_purposes))
        .routes(routes!(consents::record_consent, consents::list_consents))
        .routes(routes!(consents::get_receipt))
        .routes(routes!(enrolments::issue_enrolment))
        .routes(routes!(rights::export_person))
        .routes(routes!(rights::ask_about_data))
        .routes(routes!(rights::list_rights_requests))
        .routes(routes!(rights::answer_about_data))
        .routes(routes!(rights::stop_using))
        .routes(routes!(rights::erase_person))
        .routes(routes!(rights::get_retention))
        .routes(routes!(instruments::add_instrument, instruments::list_instruments))
        .routes(routes!(instruments::remove_instrument))
        .routes(routes!(template_spaces::begin_template_space, template_spaces::list_template_spaces))
        .routes(routes!(galleries::create_gallery))
        .routes(routes!(galleries::get_gallery))
        .routes(routes!(galleries::add_member, galleries::remove_member))
        .routes(routes!(merchants::create_merchant))
        .routes(routes!(merchants::get_merchant))
        .routes(routes!(merchants::add_payee))
        .routes(routes!(tills::create_till))
        .routes(routes!(tills::get_till))
        .routes(routes!(tills::get_figures))
        .routes(routes!(keys::create_key))
        .routes(routes!(keys::revoke_key))
        .routes(routes!(payments::pay_by_face))
        .routes(routes!(payments::pay_otherwise))
        .routes(routes!(payments::issue_pass))
        .routes(routes!(payments::get_payment))
        .routes(routes!(holds::create_hold, holds::list_holds))
        .routes(routes!(holds::get_hold))
        .routes(routes!(holds::capture_hold))
        .routes(routes!(holds::raise_hold))
        .routes(routes!(holds::extend_hold))
        .routes(routes!(holds::release_hold))
        .routes(routes!(captures::refund_capture))
        .routes(routes!(captures::reverse_capture))
        .routes(routes!(captures::dispute_capture))
        .routes(routes!(operations::get_operation))
        .routes(routes!(operations::confirm_operation))
        .routes(routes!(operations::refuse_operation))
        .routes(routes!(operations::resolve_operation))
        .routes(routes!(operations::end_dispute))
        .routes(routes!(operations::list_exceptions))
        .routes(routes!(contracts::check_contract))
        .routes(routes!(contracts::propose_contract, contracts::list_contracts))
        .routes(routes!(contracts::get_contract))
        .routes(routes!(contracts::tell_contract))
        .routes(routes!(parties::create_party))
        .routes(routes!(parties::get_party))
        .routes(routes!(parties::register_party_key))
        .routes(routes!(parties::revoke_party_key))
        .routes(routes!(services::list_services))
        .routes(routes!(services::get_service_figures))
        .routes(routes!(services::get_service))
        .routes(routes!(services::ask_service, services::list_service_requests))
        .routes(routes!(services::get_service_request))
        .routes(routes!(services::answer_consent))
        .routes(routes!(services::tell_service))
        .routes(routes!(offline::take_offline_entries))
        .routes(routes!(offline::make_offline_bundle))
        .routes(routes!(rails::list_rails))
        .routes(routes!(rails::get_rail))
        .routes(routes!(rail_statements::bring_rail_statement, rail_statements::list_rail_statements))
        .routes(routes!(rail_statements::get_rail_statement))
        .routes(routes!(rail_notices::hear_notice))
        .routes(routes!(inbound::take_inbound))
        .routes(routes!(accounts::get_account))
        .routes(routes!(accounts::fund_account))
        .routes(routes!(events::list_events))
        .routes(routes!(event_stream::stream_events))
        .routes(routes!(webhooks::create_webhook_endpoint, webhooks::list_webhook_endpoints))
        .routes(routes!(webhooks::get_webhook_endpoint, webhooks::delete_webhook_endpoint))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::list_dead_letters))
        .routes(routes!(webhooks::replay))
        .routes(routes!(audit::list_heads))
        .routes(routes!(audit::sign_heads))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

/// The description of the API, without a hub behind it.
pub fn description() -> OpenApi {
    api().into_openapi()
}

/// Everything that is served.
pub fn router(app: App) -> Router {
    let (routes, description) = api().split_for_parts();
    let places = Arc::new(Semaphore::new(app.limits.requests));
    let routes = routes
        .merge(terminal_page::routes())
        .merge(page_files::routes())
        .merge(till_page::routes())
        .merge(demo::routes())
        .merge(enroll_page::routes())
        .merge(notice_page::routes())
        .merge(plugins::routes())
        .merge(service_sets::routes())
        .route("/v1/openapi.json", axum::routing::get(move || async move { axum::Json(description) }))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_route)
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            use axum::response::IntoResponse;
            Problem::internal("a handler panicked").into_response()
        }))
        .layer(middleware::from_fn(layers::refuse_card_numbers))
        .layer(middleware::from_fn_with_state(places, layers::shed));
    routes.layer(middleware::from_fn(layers::trace)).with_state(app)
}

async fn no_route(_: Request) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "route.not_found",
        "There is nothing at this path. `tebura openapi` and /v1/openapi.json list what there is.",
    )
}

async fn wrong_method(_: Request) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "route.method_not_allowed",
        "This path takes another method. /v1/openapi.json lists which.",
    )
}
