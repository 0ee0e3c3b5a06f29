//! An answer's bytes, told as they are or not.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::wallet::books::BooksError;
use crate::wallet::record::{Problem, Record};

/// A status and its bytes, before any misbehaviour.
pub(crate) struct Answer {
    status: u16,
    json: bool,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: Serialize>(status: u16, value: &T) -> Answer {
        match serde_json::to_vec(value) {
            Ok(body) => Answer { status, json: true, body },
            Err(_) => Answer::plain(500, "the answer cannot be written"),
        }
    }

    pub(crate) fn problem(problem: &Problem) -> Answer {
        Answer::json(problem.http_status, problem)
    }

    pub(crate) fn plain(status: u16, text: &str) -> Answer {
        Answer { status, json: false, body: text.as_bytes().to_vec() }
    }

    pub(crate) fn failed(error: &BooksError) -> Answer {
        Answer::problem(&Problem::new(500, "books.failed", error.to_string()))
    }

    /// Half of the body, then bytes that are neither JSON nor UTF-8.
    pub(crate) fn garbled(mut self) -> Answer {
        self.body.truncate(self.body.len() / 2);
        self.body.extend([0xff, 0x00, b'{', 0xfe]);
        self
    }

    /// The same answer with a record that says something else.
    pub(crate) fn retold(self, lie: impl FnOnce(&mut Record)) -> Response {
        match serde_json::from_slice::<Record>(&self.body) {
            Ok(mut record) => {
                lie(&mut record);
                Answer::json(self.status, &record).into_response()
            }
            Err(_) => self.into_response(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = if self.json { "application/json" } else { "text/plain" };
        (status, [(CONTENT_TYPE, kind)], self.body).into_response()
    }
}

pub(crate) fn unauthorised() -> Response {
    let problem = Problem::new(401, "credential.wrong", "show the credential as `authorization: Bearer …`");
    ([(WWW_AUTHENTICATE, "Bearer")], Answer::problem(&problem)).into_response()
}
