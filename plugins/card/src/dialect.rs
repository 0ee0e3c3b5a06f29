//! What the far end of this installation can do, by the operator's settings. Stripe's own API is the default; what an
//! account has to be granted by Stripe is off until the operator says that it was.

use tebura_plugin::config;

/// What may be relied upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The same `Idempotency-Key` is carried out once. Without it writes are sent once, and silence is inquired about.
    pub(crate) keys: bool,
    /// A capture takes `metadata`, so that an inquiry finds it by the operation's id.
    pub(crate) capture_metadata: bool,
    /// Lists of payment intents take `created`.
    pub(crate) created_filter: bool,
    /// The account may raise an authorisation.
    pub(crate) incremental: bool,
    /// The account may capture several times.
    pub(crate) multicapture: bool,
}

impl Dialect {
    /// By the settings `far_end`, `incremental_authorization` and `multicapture`.
    pub(crate) fn of_settings() -> Dialect {
        let on = |setting: &str| config::get(setting).as_deref() == Some("on");
        if config::get("far_end").as_deref() == Some("localstripe") {
            return Dialect {
                keys: false,
                capture_metadata: false,
                created_filter: false,
                incremental: false,
                multicapture: false,
            };
        }
        Dialect {
            keys: true,
            capture_metadata: true,
            created_filter: true,
            incremental: on("incremental_authorization"),
            multicapture: on("multicapture"),
        }
    }
}
