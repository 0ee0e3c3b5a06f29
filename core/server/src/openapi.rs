//! The API's description: OpenAPI 3.1, made from the handlers, checked in under `specs/openapi`, compared by a test.

use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tebura",
        version = "1.0.0",
        description = "Hold and capture money, and pay by face.\n\n\
            **Keys.** `Authorization: Bearer tb_…`. A key has scopes: `admin` (operator), `read`, `holds` (merchant), `pay` (till), \
            `services` (ask a city service), `enrol` (a desk that hands out enrolment tickets), \
            `notices` (a provider's webhooks).\n\n\
            **Idempotency-Key.** Every write needs one: 1 to 255 visible characters, new for each new request, the same for \
            its repeats. A repeat gets the first answer with `Idempotency-Hit: true`. Missing: 400. Another body or path: 422. \
            Still running: 409. Keys are kept as long as the record that they made.\n\n\
            **Amounts** are whole minor units with a currency: ¥1,200 is `{\"minor\": 1200, \"currency\": \"JPY\"}`.\n\n\
            **Unknown is a value.** 202 means that the rail has not said for good: the money stays reserved, the hub keeps \
            asking, and the operation's state tells.\n\n\
            **Problems** are RFC 9457 with a stable `code` and `retry`: `never`, `same_key`, `after_query`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    modifiers(&Keys),
    security(("key" = []), ("till_session" = [])),
    tags(
        (name = "payments", description = "Pay by face"),
        (name = "holds", description = "Hold, capture, release, refund"),
        (name = "events", description = "What happened"),
        (name = "audit", description = "Signed heads of the logs, for witnesses"),
        (name = "accounts", description = "Balances"),
        (name = "rails", description = "How money can move"),
        (name = "services", description = "City and merchant services: gate, clinic, bus, play park"),
        (name = "people", description = "People, faces, means to pay"),
        (name = "parties", description = "Who signs statements, and with which keys"),
        (name = "sites", description = "Merchants, tills, galleries, keys"),
        (name = "health", description = "For probes"),
    )
)]
struct Frame;

struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme(
            "key",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("tb_…").build()),
        );
        components.add_security_scheme(
            "till_session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "tebura_till",
                "The till page's own session.",
            ))),
        );
    }
}

/// Title, security and tags, without paths.
pub(crate) fn frame() -> OpenApi {
    Frame::openapi()
}

/// The whole description as it is checked in.
pub fn text() -> String {
    let mut text = crate::routes::description().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
