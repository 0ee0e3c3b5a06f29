//! The call builder. A call without an effect class is a type that cannot be sent.

use std::marker::PhantomData;

use serde::Serialize;

use crate::http::{Effect, Fault, Field, HttpCall};
use crate::money::Millis;
use crate::next::{Next, Wanted};

/// The effect class is still missing.
#[derive(Clone, Copy, Debug)]
pub struct Undeclared;

/// The effect class is known.
#[derive(Clone, Copy, Debug)]
pub struct Declared;

/// Ten seconds: longer than a healthy far end takes, shorter than a person waits at a till.
const DEFAULT_TIMEOUT_MS: u32 = 10_000;

/// Builds one HTTP call.
///
/// The effect class says what a repeat would do at the far end, and has no default: forgetting it is how people are
/// charged twice. So this compiles
///
/// ```
/// # use tebura_plugin::Call;
/// let next = Call::post("provider", "/v1/holds").idempotent("op_1").then("held");
/// ```
///
/// and this does not:
///
/// ```compile_fail,E0599
/// # use tebura_plugin::Call;
/// let next = Call::post("provider", "/v1/holds").then("held");
/// ```
#[must_use = "a call is only made when it is returned: finish it with then()"]
#[derive(Clone, Debug)]
pub struct Call<E> {
    call: HttpCall,
    refused: Option<Fault>,
    effect: PhantomData<E>,
}

impl Call<Undeclared> {
    /// A call of any method. `endpoint` is a handle of `plugin.toml`, `path` begins with `/`.
    pub fn new(method: &str, endpoint: impl Into<String>, path: impl Into<String>) -> Call<Undeclared> {
        let call = HttpCall {
            endpoint: endpoint.into(),
            method: method.to_owned(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            effect: Effect::Once,
            timeout_ms: DEFAULT_TIMEOUT_MS,
            stale_after: None,
        };
        Call { call, refused: None, effect: PhantomData }
    }

    /// A `GET`; most often a [`Call::read`].
    pub fn get(endpoint: impl Into<String>, path: impl Into<String>) -> Call<Undeclared> {
        Call::new("GET", endpoint, path)
    }

    /// A `POST`.
    pub fn post(endpoint: impl Into<String>, path: impl Into<String>) -> Call<Undeclared> {
        Call::new("POST", endpoint, path)
    }

    /// A `PUT`.
    pub fn put(endpoint: impl Into<String>, path: impl Into<String>) -> Call<Undeclared> {
        Call::new("PUT", endpoint, path)
    }

    /// A `DELETE`.
    pub fn delete(endpoint: impl Into<String>, path: impl Into<String>) -> Call<Undeclared> {
        Call::new("DELETE", endpoint, path)
    }

    /// Changes nothing at the far end: the hub repeats it freely.
    pub fn read(self) -> Call<Declared> {
        self.declare(Effect::Read)
    }

    /// Safe to repeat under `key`. Derive the key from `op.id`; the hub sends it and repeats the same bytes.
    pub fn idempotent(self, key: impl Into<String>) -> Call<Declared> {
        self.declare(Effect::Idempotent(key.into()))
    }

    /// Must not be repeated: after silence the outcome is unknown until the far end is asked.
    pub fn once(self) -> Call<Declared> {
        self.declare(Effect::Once)
    }

    fn declare(self, effect: Effect) -> Call<Declared> {
        Call { call: HttpCall { effect, ..self.call }, refused: self.refused, effect: PhantomData }
    }
}

impl<E> Call<E> {
    /// Adds a header. Credentials, host and the idempotency key are the hub's: it refuses them here.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Call<E> {
        self.call.headers.push(Field { name: name.into(), value: value.into() });
        self
    }

    /// A body as it is.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Call<E> {
        self.call.body = body.into();
        self
    }

    /// A JSON body with its content type. A value that JSON cannot express becomes the step's fault.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Call<E> {
        match serde_json::to_vec(value) {
            Ok(body) => self.call.body = body,
            Err(_) => {
                let fault = Fault::new("call.body_unserialisable", "the body cannot be written as JSON");
                self.refused = Some(fault);
            }
        }
        self.header("content-type", "application/json")
    }

    /// For one attempt; the operator's binding may cap it. Default: 10 seconds.
    pub fn timeout_ms(mut self, timeout_ms: u32) -> Call<E> {
        self.call.timeout_ms = timeout_ms;
        self
    }

    /// Signed, time-stamped bytes are not sent later than this.
    pub fn stale_after(mut self, at: Millis) -> Call<E> {
        self.call.stale_after = Some(at);
        self
    }
}

impl Call<Declared> {
    /// The call as the hub gets it, or what could not be written.
    pub(crate) fn into_call(self) -> Result<HttpCall, Fault> {
        self.refused.map_or(Ok(self.call), Err)
    }

    /// Sends, and comes back to [`crate::Rail::on_reply`] or [`crate::Rail::on_silence`] under this tag.
    pub fn then(self, tag: &str) -> Next {
        self.then_with(tag, &())
    }

    /// As [`Call::then`], with a value to remember: read it back with [`crate::Tag::value`].
    pub fn then_with<T: Serialize + ?Sized>(self, tag: &str, value: &T) -> Next {
        match self.refused {
            Some(fault) => Next::fault(fault),
            None => Next::wanting(Wanted::Call(self.call), tag, value),
        }
    }
}
