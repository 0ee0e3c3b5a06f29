//! What the far end of a test expects to be called with, and what it answers.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;
use tebura_plugin::{Effect, Field, HttpCall, Inbound, News, Reply};

/// A call that a test expects next.
#[derive(Clone, Debug)]
pub struct Expected {
    method: &'static str,
    path: String,
    key: Option<String>,
    body: Option<Value>,
    text: Option<String>,
}

/// A `GET` of this path.
pub fn get(path: impl Into<String>) -> Expected {
    Expected::new("GET", path)
}

/// A `POST` to this path.
pub fn post(path: impl Into<String>) -> Expected {
    Expected::new("POST", path)
}

/// A `PUT` to this path.
pub fn put(path: impl Into<String>) -> Expected {
    Expected::new("PUT", path)
}

/// A `DELETE` of this path.
pub fn delete(path: impl Into<String>) -> Expected {
    Expected::new("DELETE", path)
}

impl Expected {
    fn new(method: &'static str, path: impl Into<String>) -> Expected {
        Expected { method, path: path.into(), key: None, body: None, text: None }
    }

    /// Idempotent under this key.
    pub fn key(mut self, key: impl Into<String>) -> Expected {
        self.key = Some(key.into());
        self
    }

    /// With this JSON body; the order of fields does not matter.
    pub fn json(mut self, body: Value) -> Expected {
        self.body = Some(body);
        self
    }

    /// With this body, byte for byte: a form, for example.
    pub fn text(mut self, body: impl Into<String>) -> Expected {
        self.text = Some(body.into());
        self
    }

    /// What differs between the expectation and a call; `None`: nothing.
    pub(crate) fn difference(&self, call: &HttpCall) -> Option<String> {
        if (self.method, self.path.as_str()) != (call.method.as_str(), call.path.as_str()) {
            return Some(format!("expected {self}, the rail called {} {}", call.method, call.path));
        }
        if let Some(key) = &self.key
            && call.effect != Effect::Idempotent(key.clone())
        {
            return Some(format!("expected {self} under key {key:?}, the rail declared {:?}", call.effect));
        }
        if let Some(text) = &self.text
            && text.as_bytes() != call.body
        {
            let sent = String::from_utf8_lossy(&call.body);
            return Some(format!("expected {self} with body {text}, the rail sent {sent}"));
        }
        let sent = || serde_json::from_slice::<Value>(&call.body);
        match &self.body {
            Some(body) if sent().ok().as_ref() != Some(body) => {
                let sent = String::from_utf8_lossy(&call.body);
                Some(format!("expected {self} with body {body}, the rail sent {sent}"))
            }
            Some(_) | None => None,
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Reply {
        reply: Reply,
        clear: bool,
    },
    /// After this many milliseconds.
    Late {
        reply: Reply,
        after_ms: u64,
    },
    /// To the hub's last attempt; the answers to those before it were lost.
    Resent {
        reply: Reply,
        attempts: u32,
    },
    /// Heard twice by the rail.
    Twice {
        reply: Reply,
    },
    /// The reply before this one, again.
    Stale,
    Lost,
    Refused,
}

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// The rail calls, and this comes of it.
    Call(Expected, Answer),
    /// The far end calls back.
    Notice { request: Inbound, news: Vec<News> },
}

pub(crate) type Script = VecDeque<Line>;

/// An expectation that still needs its answer.
#[must_use = "say what the far end answers: reply(), status(), garbled(), lost(), refused(), late(), resent(), twice() or stale()"]
#[derive(Debug)]
pub struct Answering<'h> {
    pub(crate) script: &'h mut Script,
    pub(crate) expected: Expected,
}

impl Answering<'_> {
    /// The far end answers with JSON.
    #[track_caller]
    pub fn reply<T: Serialize>(self, status: u16, body: T) {
        let reply = json(status, &body);
        self.answer(Answer::Reply { reply, clear: true });
    }

    /// The far end answers with JSON after so many milliseconds. When that is longer than the call may take, the hub
    /// has given up: the rail hears silence, and the answer is gone.
    #[track_caller]
    pub fn late<T: Serialize>(self, after_ms: u64, status: u16, body: T) {
        let reply = json(status, &body);
        self.answer(Answer::Late { reply, after_ms });
    }

    /// The hub sends the same bytes so many times, and only the last attempt is answered. A `once` call is sent once
    /// whatever this says: its rail hears silence.
    #[track_caller]
    pub fn resent<T: Serialize>(self, attempts: u32, status: u16, body: T) {
        let reply = json(status, &body);
        self.answer(Answer::Resent { reply, attempts });
    }

    /// The hub crashes before it can keep what the rail decided, and hands the same reply over again a minute later:
    /// the operation has to end the same.
    #[track_caller]
    pub fn twice<T: Serialize>(self, status: u16, body: T) {
        let reply = json(status, &body);
        self.answer(Answer::Twice { reply });
    }

    /// The far end repeats its previous reply, byte for byte, which was about something else: a cache, a mixed-up
    /// connection. Nothing clear was said about this call.
    pub fn stale(self) {
        self.answer(Answer::Stale);
    }

    /// The far end answers with a bare status.
    pub fn status(self, status: u16) {
        self.answer(Answer::Reply { reply: Reply::new(status, Vec::new(), Vec::new()), clear: status < 500 });
    }

    /// The far end answers with something other than JSON: XML, a form.
    pub fn text(self, status: u16, body: impl Into<String>) {
        let reply = Reply::new(status, Vec::new(), body.into().into_bytes());
        self.answer(Answer::Reply { reply, clear: status < 500 });
    }

    /// The far end did the work and its answer arrives damaged.
    pub fn garbled(self, status: u16) {
        let reply = json_reply(status, b"{\"id\": \"h\xff\x00".to_vec());
        self.answer(Answer::Reply { reply, clear: false });
    }

    /// The call may have arrived; no answer came, however often the hub repeated it.
    pub fn lost(self) {
        self.answer(Answer::Lost);
    }

    /// No connection was made.
    pub fn refused(self) {
        self.answer(Answer::Refused);
    }

    fn answer(self, answer: Answer) {
        self.script.push_back(Line::Call(self.expected, answer));
    }
}

#[track_caller]
fn json<T: Serialize>(status: u16, body: &T) -> Reply {
    match serde_json::to_vec(body) {
        Ok(body) => json_reply(status, body),
        Err(error) => panic!("the reply cannot be written as JSON: {error}"),
    }
}

pub(crate) fn json_reply(status: u16, body: Vec<u8>) -> Reply {
    let field = Field { name: "content-type".to_owned(), value: "application/json".to_owned() };
    Reply::new(status, vec![field], body)
}
