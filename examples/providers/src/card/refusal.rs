//! Refusals in Stripe's words.

use serde_json::{Value, json};

/// A refusal and its status.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The `error` object.
    error: Value,
    /// Whether work had begun: then the refusal is kept under the idempotency key.
    pub(crate) kept: bool,
}

impl Refusal {
    /// The request itself is wrong; nothing was begun.
    pub(crate) fn invalid(code: &str, param: Option<&str>, message: &str) -> Refusal {
        let mut error = json!({"type": "invalid_request_error", "code": code, "message": message});
        if let Some(param) = param {
            error["param"] = json!(param);
        }
        Refusal { status: 400, error, kept: false }
    }

    /// An object that is not there.
    pub(crate) fn missing(param: &str) -> Refusal {
        Refusal { status: 404, ..Refusal::invalid("resource_missing", Some(param), "there is no such object") }
    }

    /// The rules refuse it; the intent says how it stands.
    pub(crate) fn of_intent(code: &str, message: &str, intent: Value) -> Refusal {
        let mut refusal = Refusal::invalid(code, None, message);
        refusal.error["payment_intent"] = intent;
        Refusal { kept: true, ..refusal }
    }

    /// The issuer declined.
    pub(crate) fn declined(error: &Value, intent: Value) -> Refusal {
        let mut error = error.clone();
        error["payment_intent"] = intent;
        Refusal { status: 402, error, kept: true }
    }

    pub(crate) fn of_key(status: u16, code: Option<&str>, message: &str) -> Refusal {
        Refusal { status, error: json!({"type": "idempotency_error", "code": code, "message": message}), kept: false }
    }

    pub(crate) fn unauthorised() -> Refusal {
        let error = json!({"type": "invalid_request_error", "message": "show the key as `authorization: Bearer sk_…`"});
        Refusal { status: 401, error, kept: false }
    }

    pub(crate) fn body(&self) -> Value {
        json!({"error": self.error})
    }
}
