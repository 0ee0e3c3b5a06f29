//! What serves the calls: the books behind a lock, keys that are being worked on, and the events that wait.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};

use crate::card::CardConfig;
use crate::card::books::{Books, Kept};
use crate::card::call::Call;
use crate::card::form::Form;
use crate::card::refusal::Refusal;
use crate::card::rules;
use crate::switches::Switches;

/// How long a key stands for its first answer.
const KEY_MS: i64 = 24 * 3_600_000;

/// A status and a body, and whether it repeats an earlier answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
}

impl Answer {
    pub(crate) fn of(result: Result<Value, Refusal>) -> Answer {
        match result {
            Ok(body) => Answer { status: 200, body, replayed: false },
            Err(refusal) => Answer { status: refusal.status, body: refusal.body(), replayed: false },
        }
    }

    pub(crate) fn failed() -> Answer {
        let body = json!({"error": {"type": "api_error", "message": "told to fail"}});
        Answer { status: 500, body, replayed: false }
    }
}

pub(crate) struct Counter {
    pub(crate) config: CardConfig,
    books: Arc<Mutex<Books>>,
    pub(crate) switches: Switches,
    in_work: Mutex<BTreeSet<String>>,
    /// There are events to deliver.
    pub(crate) told: Notify,
    closing: watch::Receiver<bool>,
}

impl Counter {
    pub(crate) fn new(
        config: CardConfig,
        books: Arc<Mutex<Books>>,
        switches: Switches,
        closing: watch::Receiver<bool>,
    ) -> Arc<Counter> {
        Arc::new(Counter { config, books, switches, in_work: Mutex::default(), told: Notify::new(), closing })
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.config.clock)()
    }

    pub(crate) async fn closed(&self) {
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the books as they are now.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Books, i64) -> T) -> T {
        let now = self.now_ms();
        let mut books = self.books();
        rules::lapse(&mut books, now);
        let done = act(&mut books, now);
        if !books.events.is_empty() {
            self.told.notify_one();
        }
        done
    }

    pub(crate) fn oldest_event(&self) -> Option<Value> {
        self.books().events.front().cloned()
    }

    pub(crate) fn forget_event(&self, event: &Value) {
        self.books().events.retain(|kept| kept["id"] != event["id"]);
    }

    /// Marks a key as being worked on. `None`: it is already.
    pub(crate) fn begin(self: &Arc<Self>, key: Option<&str>) -> Option<Busy> {
        let mut in_work = self.in_work.lock().unwrap_or_else(PoisonError::into_inner);
        match key {
            Some(key) if !in_work.insert(key.to_owned()) => None,
            _ => Some(Busy { counter: self.clone(), key: key.map(str::to_owned) }),
        }
    }

    /// Carries out a call: once for each key. `fails`: the work is done, and a 500 is what the key stands for.
    pub(crate) fn carry_out(&self, call: &Call, text: &str, key: Option<&str>, fails: bool) -> Answer {
        let form = match Form::parse(text) {
            Ok(form) => form,
            Err(refusal) => return Answer::of(Err(refusal)),
        };
        let granted = self.config.granted;
        self.with(|books, now| {
            let fingerprint: [u8; 32] = Sha256::digest(format!("{call:?}\n{text}")).into();
            books.keys.retain(|_, kept| now - kept.at_ms < KEY_MS);
            let kept = key.filter(|_| call.writes()).and_then(|key| books.keys.get(key));
            match kept {
                Some(kept) if kept.fingerprint != fingerprint => {
                    let message = "this key was used with another request; use a new key for a new request";
                    return Answer::of(Err(Refusal::of_key(400, None, message)));
                }
                Some(kept) => return Answer { status: kept.status, body: kept.body.clone(), replayed: true },
                None => {}
            }
            let result = call.perform(books, &form, granted, now);
            let keeps = result.as_ref().map_or_else(|refusal| refusal.kept, |_| true);
            let answer = if fails { Answer::failed() } else { Answer::of(result) };
            if let Some(key) = key.filter(|_| call.writes() && keeps) {
                let kept = Kept { fingerprint, status: answer.status, body: answer.body.clone(), at_ms: now };
                books.keys.insert(key.to_owned(), kept);
            }
            answer
        })
    }
}

/// A key that is being worked on, until dropped.
pub(crate) struct Busy {
    counter: Arc<Counter>,
    key: Option<String>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.counter.in_work.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        }
    }
}
