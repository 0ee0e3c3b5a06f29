//! Problems: what a caller gets instead of an answer (RFC 9457), and the one place where statuses are chosen.
//!
//! Every problem has a stable `code`, a `detail` that says what to do, and `retry`: whether a repeat can help.
//! The conversions from the hub's errors are in [`crate::refusals`].

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::messages::{self, Language};

/// Whether sending the request again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same request will be refused again.
    Never,
    /// Repeat with the same `Idempotency-Key`.
    SameKey,
    /// Read the record first, then decide.
    AfterQuery,
}

/// A problem before it is put into words for one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable, dotted, lower-case.
    pub code: Cow<'static, str>,
    /// What is wrong and what to do next, in English; no personal data.
    pub detail: String,
    /// What another language's detail is filled with, by the marks of the catalogue.
    pub values: Vec<(&'static str, String)>,
    /// Whether a repeat can help.
    pub retry: Retry,
    /// When a repeat makes sense.
    pub retry_after_ms: Option<u32>,
    /// The record that this is about, as its id in text.
    pub subject: Option<String>,
    /// The hold's version, where the caller expected another one.
    pub hold_version: Option<u32>,
}

impl Problem {
    /// A problem that a repeat does not change.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            code: code.into(),
            detail: detail.into(),
            values: Vec::new(),
            retry: Retry::Never,
            retry_after_ms: None,
            subject: None,
            hold_version: None,
        }
    }

    /// The hub has no place for more work right now; nothing was done.
    pub fn busy(retry_after_ms: u32) -> Problem {
        Problem {
            retry: Retry::SameKey,
            retry_after_ms: Some(retry_after_ms),
            ..Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "hub.busy",
                "The hub has as much work as it can do. Wait for the time in Retry-After and repeat with the same key.",
            )
        }
    }

    /// Something broke that is not the caller's doing. The reason goes to the log, not to the caller.
    pub fn internal(reason: &str) -> Problem {
        tracing::error!(reason, "request failed");
        Problem {
            retry: Retry::SameKey,
            ..Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "hub.internal",
                "The hub failed. Repeat with the same Idempotency-Key; if it stays, give the request id to the operator.",
            )
        }
    }

    /// Text or a number that reads as an Individual Number (個人番号).
    pub fn individual_number() -> Problem {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "individual_number.refused",
            "The request holds twelve digits that read as an Individual Number (個人番号). It is never taken here: leave it out.",
        )
    }

    /// A record that does not exist, or that this caller may not know of.
    pub fn not_found(what: &'static str) -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            format!("{what}.not_found"),
            "There is no such record for this key. Check the id, and that the key belongs to its merchant.",
        )
    }

    /// Says whether a repeat can help.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Problem {
        self.retry = retry;
        self
    }

    /// Gives the detail's value for a mark of the catalogue.
    #[must_use]
    pub fn with(mut self, mark: &'static str, value: impl ToString) -> Problem {
        self.values.push((mark, value.to_string()));
        self
    }

    /// Names the record that this is about.
    #[must_use]
    pub fn about(mut self, subject: impl ToString) -> Problem {
        self.subject = Some(subject.to_string());
        self
    }

    /// The body for one caller.
    pub fn body(&self, language: Language, request_id: Option<&str>) -> ProblemBody {
        let key = format!("problem.{}", self.code);
        let title = messages::find(language, &key)
            .or_else(|| messages::find(language, class_title(self.status)))
            .unwrap_or_default();
        ProblemBody {
            r#type: format!("urn:tebura:problem:{}", self.code),
            title: title.to_owned(),
            status: self.status.as_u16(),
            code: self.code.clone().into_owned(),
            detail: self.detail_in(language),
            retry: self.retry,
            retry_after_ms: self.retry_after_ms,
            subject: self.subject.clone(),
            hold_version: self.hold_version,
            request_id: request_id.map(str::to_owned),
        }
    }

    /// The detail in a language, where the catalogue has it and its values are known; else in English.
    fn detail_in(&self, language: Language) -> String {
        let key = format!("detail.{}", self.code);
        let Some(detail) = messages::fill_whole(language, &key, &self.values) else { return self.detail.clone() };
        match self.values.iter().find(|(mark, _)| *mark == AT_LINE) {
            Some((_, line)) => messages::fill(language, "detail.at_line", &[(AT_LINE, line), ("detail", &detail)]),
            None => detail,
        }
    }

    /// The whole answer for one caller.
    pub fn response(&self, language: Language, request_id: Option<&str>) -> Response {
        let body = serde_json::to_vec(&self.body(language, request_id)).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        if let Some(after_ms) = self.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_ms.div_ceil(1000).max(1)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tebura\""));
        }
        response
    }
}

/// The mark of a line's number, for problems with one line of many.
pub const AT_LINE: &str = "line";

/// The title of codes that have none of their own, such as a wallet's decline codes.
fn class_title(status: StatusCode) -> &'static str {
    if status == StatusCode::PAYMENT_REQUIRED {
        "problem.declined"
    } else if status.is_server_error() {
        "problem.hub.internal"
    } else {
        "problem.refused"
    }
}

impl IntoResponse for Problem {
    /// English; [`crate::layers`] puts it into the caller's language on the way out.
    fn into_response(self) -> Response {
        let mut response = self.response(Language::English, None);
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem as it is sent: RFC 9457 with `code`, `retry` and `request_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// `urn:tebura:problem:<code>`.
    #[schema(example = "urn:tebura:problem:hold.capture_exceeds_free")]
    pub r#type: String,
    /// In the language of `Accept-Language`: English or Japanese.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// Stable, dotted, lower-case; branch on this.
    #[schema(example = "hold.capture_exceeds_free")]
    pub code: String,
    /// What is wrong and what to do next: in Japanese for who asks for it, where the hub has the words; else in English.
    pub detail: String,
    /// Whether a repeat can help.
    pub retry: Retry,
    /// When a repeat makes sense, in milliseconds; the same as `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
    /// The id of the record that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// With 412: the hold's version now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_version: Option<u32>,
    /// Also in `X-Request-Id`; the operator finds the log lines by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_hub_says_when_to_come_back() {
        let response = Problem::busy(1_200).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn the_title_follows_the_language_and_the_code_does_not() {
        let problem = Problem::busy(1_000);
        let (english, japanese) = (problem.body(Language::English, None), problem.body(Language::Japanese, Some("r1")));
        assert_ne!(english.title, japanese.title);
        assert_ne!(english.detail, japanese.detail);
        let other = Problem::new(StatusCode::CONFLICT, "wallet.closed", "Closed.").body(Language::Japanese, None);
        assert_eq!(other.detail, "Closed.");
        assert_eq!(english.code, japanese.code);
        assert_eq!(japanese.request_id.as_deref(), Some("r1"));
    }

    #[test]
    fn an_unknown_code_still_has_a_title() {
        let declined = Problem::new(StatusCode::PAYMENT_REQUIRED, "wallet.closed", "…");
        assert!(!declined.body(Language::Japanese, None).title.is_empty());
    }
}
