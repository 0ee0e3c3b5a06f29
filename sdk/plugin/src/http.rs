//! One HTTP exchange as a rail describes it and as the hub reports it. Nothing here sends.

use serde::de::DeserializeOwned;

use crate::money::Millis;

/// The hub refuses longer ones.
const MAX_MESSAGE_CHARS: usize = 500;

/// An open, dotted, lower-case code (`funds.insufficient`) and a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// At most 64 characters. An open set: new codes break nothing.
    pub code: String,
    /// At most 500 characters. Never a secret, a name or a reply's text: it is logged.
    pub message: String,
}

impl Fault {
    /// A fault; a message that is too long for the hub is cut.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Fault {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARS) {
            message.truncate(end);
        }
        Fault { code: code.into(), message }
    }
}

/// A name and a value: a header, a detail, an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Header names are compared without case.
    pub name: String,
    /// Text; bytes that are not UTF-8 do not reach a rail.
    pub value: String,
}

/// What a repeat of a call would do at the far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing: the hub repeats it freely.
    Read,
    /// Safe to repeat while the key is unchanged. The hub sends the key and repeats the same bytes.
    Idempotent(String),
    /// Must not be repeated. After silence the rail has to inquire.
    Once,
}

/// A call that the hub is asked to make. Built with [`crate::Call`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// A handle of `plugin.toml`; the operator bound it to an origin and credentials.
    pub endpoint: String,
    /// Upper case: `GET`, `POST`.
    pub method: String,
    /// Begins with `/`; a query may follow.
    pub path: String,
    /// At most 32.
    pub headers: Vec<Field>,
    /// At most 256 KiB.
    pub body: Vec<u8>,
    /// What a repeat would do.
    pub effect: Effect,
    /// For one attempt; the operator's binding may cap it.
    pub timeout_ms: u32,
    /// Signed, time-stamped bytes are not sent later than this.
    pub stale_after: Option<Millis>,
}

/// No reply came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// True when any attempt may have reached the far end: then only an inquiry can tell.
    pub maybe_delivered: bool,
    /// For the log: do not decide by it.
    pub reason: String,
}

/// A request that reached the hub from outside: a webhook. Anybody may have sent it; see [`crate::Notices`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Which of the manifest's routes it came in by.
    pub route: String,
    /// Those that the manifest names.
    pub headers: Vec<Field>,
    /// As received, at most 64 KiB.
    pub body: Vec<u8>,
}

impl Inbound {
    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Reads the body as JSON of type `T`.
    ///
    /// Errors: `notice.unreadable`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Fault::new(
                "notice.unreadable",
                format!("the notice's JSON is not what was expected, line {}", error.line()),
            )
        })
    }
}

fn header<'h>(headers: &'h [Field], name: &str) -> Option<&'h str> {
    headers.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value.as_str())
}

/// What the far end answered. Every part of it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    headers: Vec<Field>,
    body: Vec<u8>,
}

impl Reply {
    /// A reply, for tests and for the generated bindings.
    pub fn new(status: u16, headers: Vec<Field>, body: Vec<u8>) -> Reply {
        Reply { status, headers, body }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// As received.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Reads the body as JSON of type `T`.
    ///
    /// Errors: `reply.unreadable`. It says nothing about the operation: answer [`crate::unknown`], never a decline.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Fault::new("reply.unreadable", format!("the reply's JSON is not what was expected, line {}", error.line()))
        })
    }
}
