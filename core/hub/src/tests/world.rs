//! A small world without sleep, network or model: a clock that jumps, faces that are words, a far end that fails by plan.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tebura_face::{
    Conditions, FaceBox, Liveness, LivenessClaim, MatchPolicy, Pack, Quality, Sample, SampleRefusal, Scope, Similarity,
    Template,
};
use tebura_ledger::{Currency, Money, RailId, Shard, Timestamp, Uuid};

use crate::memory::MemoryStore;
use crate::perform::KeyRequest;
use crate::ports::{Clock, Delivery, Egress, FaceEngine, Ids, Outgoing, Rail, Store};
use crate::rail::{
    ALREADY_DONE, Effect, Fault, HttpCall, HttpReply, NOT_FOUND, Next, RailAbilities, RailCommand, RailDescriptor,
    RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use crate::{Hub, Ports};

pub(super) const RAIL: &str = "jp.example.rail";

pub(super) fn yen(minor: i64) -> Money {
    Money::new(minor, Currency::JPY)
}

pub(super) fn key(word: &str) -> KeyRequest {
    KeyRequest { scope: "test".to_owned(), key: word.to_owned(), fingerprint: [7; 32] }
}

/// Jumps to whatever somebody waits for.
pub(super) struct JumpingClock(AtomicI64);

impl JumpingClock {
    pub(super) fn jump_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn wait_until(&self, at: Timestamp) {
        self.0.fetch_max(at.millis(), Ordering::SeqCst);
    }
}

/// 1, 2, 3 …
struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn next(&self, shard: Shard) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        Uuid::from_u128((u128::from(count) << 64) | u128::from(shard.number()))
    }

    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        secret
    }
}

/// Reads an image as a word: `hanako` is a face, `hanako turn_left` the same face turned, `hanako on a screen` an attack,
/// `hanako in a mask` the same face with a mask,
/// `nobody` no face, anything else too.
struct WordFaces(Pack);

impl WordFaces {
    fn template(name: &str, noise: f32) -> Template {
        let mut values = vec![0.05; 32];
        values[31] = noise;
        match name {
            "hanako" => values[0] = 1.0,
            "taro" => values[1] = 1.0,
            "jiro" => values[2] = 1.0,
            // Two who look like hanako: the first too near to tell her from, the second near enough to ask for more.
            "twin" => (values[0], values[1]) = (1.0, 0.35),
            "cousin" => (values[0], values[1]) = (1.0, 0.45),
            _ => values[3] = 1.0,
        }
        Template::from_raw(values).unwrap()
    }
}

/// Where the nose and the eyes are when a face does what a prompt asks, and how much another picture of it differs.
fn pose(doing: &str) -> Option<(f32, f32, f32)> {
    Some(match doing {
        "look_straight" => (0.0, 60.0, 0.0),
        "turn_left" => (0.4, 60.0, 0.15),
        "turn_right" => (-0.4, 60.0, -0.15),
        "come_closer" => (0.0, 80.0, 0.3),
        _ => return None,
    })
}

#[async_trait]
impl FaceEngine for WordFaces {
    fn pack(&self) -> &Pack {
        &self.0
    }

    async fn examine(&self, image: Vec<u8>) -> Result<Sample, SampleRefusal> {
        let word = String::from_utf8(image).map_err(|_| SampleRefusal::NotAnImage)?;
        let without = |ending| word.strip_suffix(ending).unwrap_or(&word);
        let (screen, mask) = (word.ends_with(" on a screen"), word.ends_with(" in a mask"));
        let name = if screen { without(" on a screen") } else { without(" in a mask") };
        let (name, (turn, eyes, noise)) = match name.split_once(' ').map(|(name, doing)| (name, pose(doing))) {
            Some((name, Some(pose))) => (name, pose),
            Some((_, None)) | None => (name, (0.0, 60.0, 0.0)),
        };
        match name {
            "nobody" => return Err(SampleRefusal::NoFace),
            "two people" => return Err(SampleRefusal::SeveralFaces { count: 2 }),
            "a busy engine" => return Err(SampleRefusal::EngineBusy { retry_after_ms: 40 }),
            _ => {}
        }
        let score = 0.9;
        Ok(Sample {
            template: Self::template(name, noise),
            liveness: if screen { Liveness::Attack { score } } else { Liveness::Live { score } },
            face: FaceBox { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0 },
            quality: Quality { detector_score: 0.9, brightness: 120.0, eye_distance_px: eyes, turn },
            conditions: Conditions { glasses: Some(false), mask: Some(mask) },
        })
    }
}

/// What the far end or the wire does to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    None,
    NoConnection,
    /// The call is lost on its way.
    LostCall,
    /// The far end acts and its reply is lost.
    LostReply,
    /// The far end fails before it acts.
    Error500,
    /// The far end acts and its reply is garbage.
    Garbled,
}

pub(super) const MISHAPS: [Mishap; 6] =
    [Mishap::None, Mishap::NoConnection, Mishap::LostCall, Mishap::LostReply, Mishap::Error500, Mishap::Garbled];

/// Something to do once so many calls have been sent.
type Waiting = (u32, Box<dyn Fn() + Send + Sync>);

/// A wallet provider: one balance, holds by reference, every operation under its own id.
#[derive(Default)]
pub(super) struct FarEnd {
    state: Mutex<Wallet>,
    plan: Mutex<Vec<Mishap>>,
    /// Called after each call that was acted on, before its reply is handed back.
    pub(super) after_act: Mutex<Option<Arc<dyn Fn() + Send + Sync>>>,
    after_calls: Mutex<Option<Waiting>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Wallet {
    pub(super) balance: i64,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    /// Extensions beyond this are declined.
    pub(super) keeps_until: Option<i64>,
    /// A call that was acted on before is answered with "already done".
    says_already_done: bool,
    /// Reference → what is still reserved.
    pub(super) holds: BTreeMap<String, i64>,
    answers: BTreeMap<String, (u16, String)>,
    /// How many calls were acted on for each operation id.
    pub(super) acts: BTreeMap<String, u32>,
}

impl FarEnd {
    pub(super) fn with_balance(balance: i64) -> Self {
        FarEnd { state: Mutex::new(Wallet { balance, ..Wallet::default() }), ..FarEnd::default() }
    }

    pub(super) fn plan(&self, mishaps: &[Mishap]) {
        let mut plan = mishaps.to_vec();
        plan.reverse();
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Mishaps that are still to come.
    pub(super) fn planned(&self) -> usize {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Does something when that many calls have been sent.
    pub(super) fn after_calls(&self, calls: u32, then: impl Fn() + Send + Sync + 'static) {
        *self.after_calls.lock().unwrap_or_else(PoisonError::into_inner) = Some((calls, Box::new(then)));
    }

    fn count_call(&self) {
        let mut waiting = self.after_calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((calls, then)) = waiting.take() {
            match calls {
                0 => then(),
                _ => *waiting = Some((calls - 1, then)),
            }
        }
    }

    pub(super) fn wallet(&self) -> Wallet {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `hold 1200`, `raise REF 300`, `extend REF 1200 99`, `capture REF 1200 final`, `release REF 200`, `refund REF 300`, `inquire OP`, each under `key`.
    fn act(&self, key: &str, text: &str) -> (u16, String) {
        let mut wallet = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<&str> = text.split(' ').collect();
        let balance = wallet.balance;
        if let ["inquire", of] = words[..] {
            return wallet.answers.get(of).cloned().unwrap_or((404, String::new()));
        }
        if let Some(answer) = wallet.answers.get(key) {
            return if wallet.says_already_done { (410, String::new()) } else { answer.clone() };
        }
        let answer = match words[..] {
            ["hold", amount] => {
                let amount: i64 = amount.parse().unwrap();
                if wallet.balance < amount {
                    (402, String::new())
                } else {
                    wallet.balance -= amount;
                    wallet.holds.insert(key.to_owned(), amount);
                    (200, format!("{key} {amount}"))
                }
            }
            ["capture", reference, amount, finality] => {
                let amount: i64 = amount.parse().unwrap();
                match wallet.holds.get_mut(reference) {
                    Some(left) if *left >= amount => {
                        *left -= amount;
                        let rest = if finality == "final" { std::mem::take(left) } else { 0 };
                        wallet.balance += rest;
                        wallet.captured += amount;
                        (200, format!("{key} {amount}"))
                    }
                    _ => (409, String::new()),
                }
            }
            ["raise", reference, amount] => {
                let amount: i64 = amount.parse().unwrap();
                match wallet.holds.get_mut(reference) {
                    Some(left) if balance >= amount => {
                        *left += amount;
                        wallet.balance -= amount;
                        (200, format!("{key} {amount}"))
                    }
                    _ => (402, String::new()),
                }
            }
            ["extend", reference, amount, until] => {
                let until: i64 = until.parse().unwrap();
                match wallet.keeps_until {
                    Some(longest) if until > longest => (402, String::new()),
                    _ if wallet.holds.contains_key(reference) => (200, format!("{key} {amount}")),
                    _ => (409, String::new()),
                }
            }
            ["release", reference, amount] => {
                let amount: i64 = amount.parse().unwrap();
                let left = wallet.holds.get_mut(reference).filter(|left| **left >= amount);
                let freed = left.map_or(0, |left| {
                    *left -= amount;
                    amount
                });
                wallet.balance += freed;
                if freed > 0 { (200, format!("{key} {freed}")) } else { (409, String::new()) }
            }
            ["refund", _, amount] => {
                let amount: i64 = amount.parse().unwrap();
                wallet.balance += amount;
                wallet.refunded += amount;
                (200, format!("{key} {amount}"))
            }
            _ => (400, String::new()),
        };
        *wallet.acts.entry(key.to_owned()).or_default() += 1;
        wallet.answers.insert(key.to_owned(), answer.clone());
        answer
    }
}

#[async_trait]
impl Egress for FarEnd {
    async fn send(&self, outgoing: &Outgoing) -> Delivery {
        self.count_call();
        let mishap = self.plan.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or(Mishap::None);
        let reason = format!("{mishap:?}");
        match mishap {
            Mishap::NoConnection => return Delivery::NotDelivered { reason },
            Mishap::LostCall => return Delivery::MaybeDelivered { reason },
            Mishap::Error500 => return Delivery::Reply(HttpReply { status: 500, headers: vec![], body: vec![] }),
            Mishap::None | Mishap::LostReply | Mishap::Garbled => {}
        }
        let text = String::from_utf8(outgoing.call.body.clone()).unwrap();
        let (status, body) = self.act(&outgoing.call.path, &text);
        let after_act = self.after_act.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(after_act) = after_act {
            after_act();
        }
        match mishap {
            Mishap::LostReply => Delivery::MaybeDelivered { reason },
            Mishap::Garbled => Delivery::Reply(HttpReply { status: 200, headers: vec![], body: b"<html>".to_vec() }),
            _ => Delivery::Reply(HttpReply { status, headers: vec![], body: body.into_bytes() }),
        }
    }
}

/// A rail for the far end above; `once` decides whether its calls may be repeated.
pub(super) struct PlainRail {
    descriptor: RailDescriptor,
    once: bool,
}

impl PlainRail {
    pub(super) fn new(once: bool) -> Self {
        let commands =
            ["hold", "raise", "extend", "capture", "release", "refund", "inquire"].map(str::to_owned).to_vec();
        PlainRail {
            descriptor: RailDescriptor {
                rail: RailId::new(RAIL).unwrap(),
                version: "1.0.0".to_owned(),
                digest: None,
                commands,
                currencies: vec!["JPY".to_owned()],
                max_per_operation: Some(100_000),
                max_hold_ms: None,
                several_captures: true,
                settle_window_ms: 3_000,
                in_house: false,
                abilities: RailAbilities { partial_release: true, ..RailAbilities::default() },
            },
            once,
        }
    }

    pub(super) fn keeping(mut self, max_hold_ms: Option<i64>) -> Self {
        self.descriptor.max_hold_ms = max_hold_ms;
        self
    }

    pub(super) fn settling(mut self, settle_window_ms: i64) -> Self {
        self.descriptor.settle_window_ms = settle_window_ms;
        self
    }

    pub(super) fn with(mut self, abilities: RailAbilities) -> Self {
        self.descriptor.abilities = abilities;
        self
    }

    fn call(&self, operation: &RailOperation, text: String) -> Step {
        let effect = match operation.command {
            RailCommand::Inquire { .. } => Effect::Read,
            _ if self.once => Effect::Once,
            _ => Effect::Idempotent { key: operation.id.clone() },
        };
        let call = HttpCall {
            endpoint: "provider".to_owned(),
            method: "POST".to_owned(),
            path: operation.id.clone(),
            headers: vec![],
            body: text.into_bytes(),
            effect,
            timeout_ms: 1_000,
            stale_after: None,
        };
        Step { next: Next::Call(call), state: vec![], writes: vec![] }
    }
}

#[async_trait]
impl Rail for PlainRail {
    fn descriptor(&self) -> &RailDescriptor {
        &self.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        let text = match &operation.command {
            RailCommand::Hold { amount, .. } => format!("hold {}", amount.minor()),
            RailCommand::Capture { reference, amount, is_final } => {
                let finality = if *is_final { "final" } else { "partial" };
                format!("capture {reference} {} {finality}", amount.minor())
            }
            RailCommand::Raise { reference, amount } => format!("raise {reference} {}", amount.minor()),
            RailCommand::Extend { reference, amount, until } => {
                format!("extend {reference} {} {}", amount.minor(), until.millis())
            }
            RailCommand::Release { reference, amount } => format!("release {reference} {}", amount.minor()),
            RailCommand::Refund { reference, amount } => format!("refund {reference} {}", amount.minor()),
            RailCommand::Inquire { of, .. } => format!("inquire {of}"),
        };
        Ok(self.call(operation, text))
    }

    async fn resume(&self, operation: &RailOperation, _: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        let fault = |code: &str| Fault { code: code.to_owned(), message: String::new() };
        let outcome = match event {
            RailEvent::Reply(HttpReply { status: 200, body, .. }) => {
                let text = String::from_utf8_lossy(body);
                match text.split_once(' ').map(|(reference, amount)| (reference, amount.parse())) {
                    Some((reference, Ok(amount))) => {
                        RailOutcome::Settled { reference: reference.to_owned(), amount: yen(amount) }
                    }
                    _ => RailOutcome::Unknown(fault("reply.unreadable")),
                }
            }
            RailEvent::Reply(HttpReply { status: 402, .. }) => RailOutcome::Declined(fault("funds.insufficient")),
            RailEvent::Reply(HttpReply { status: 410, .. }) => RailOutcome::Declined(fault(ALREADY_DONE)),
            RailEvent::Reply(HttpReply { status: 409, .. }) => RailOutcome::Declined(fault("hold.closed")),
            RailEvent::Reply(HttpReply { status: 404, .. }) if operation.attempt_is_inquiry() => {
                RailOutcome::Declined(fault(NOT_FOUND))
            }
            RailEvent::Silence { maybe_delivered: false, .. } if !operation.attempt_is_inquiry() => {
                RailOutcome::Declined(fault("rail.unreachable"))
            }
            RailEvent::Reply(_) | RailEvent::Silence { .. } | RailEvent::Timer | RailEvent::Notice(_) => {
                RailOutcome::Unknown(fault("reply.missing"))
            }
        };
        Ok(Step { next: Next::Done(outcome), state: vec![], writes: vec![] })
    }
}

impl RailOperation {
    fn attempt_is_inquiry(&self) -> bool {
        matches!(self.command, RailCommand::Inquire { .. })
    }
}

/// A hub in this world, on `store`.
pub(super) fn hub_on(store: Arc<dyn Store>, far_end: Arc<FarEnd>, clock: Arc<JumpingClock>, once: bool) -> Hub {
    hub_of(pack(), store, far_end, clock, once)
}

/// The pack of words.
pub(super) fn pack() -> Pack {
    Pack {
        name: "words".to_owned(),
        version: "1".to_owned(),
        scope: Scope::DrawnFacesOnly,
        template_dims: 32,
        policy: MatchPolicy::new(0.9, 0.05).unwrap(),
        curve: None,
        verify: Similarity::new(0.9).unwrap(),
        liveness: LivenessClaim::Simulated,
        licence: "Apache-2.0".to_owned(),
        engine: "words".to_owned(),
    }
}

/// A hub with a pack.
pub(super) fn hub_of(
    pack: Pack,
    store: Arc<dyn Store>,
    far_end: Arc<FarEnd>,
    clock: Arc<JumpingClock>,
    once: bool,
) -> Hub {
    // Ids of a later process come after those of an earlier one.
    let first = u64::try_from(clock.now().millis()).unwrap() * 1_000;
    let hub = Hub::new(Ports {
        store,
        faces: Arc::new(WordFaces(pack)),
        egress: far_end,
        clock,
        ids: Arc::new(CountedIds(AtomicU64::new(first))),
    });
    hub.add_rail(Arc::new(PlainRail::new(once)));
    hub
}

pub(super) fn clock() -> Arc<JumpingClock> {
    Arc::new(JumpingClock(AtomicI64::new(1_000_000)))
}

/// A hub on an empty store of three shards.
pub(super) fn hub() -> (Hub, Arc<FarEnd>, Arc<JumpingClock>) {
    let (far_end, clock) = (Arc::new(FarEnd::with_balance(10_000)), clock());
    let hub = hub_on(Arc::new(MemoryStore::new(3)), far_end.clone(), clock.clone(), false);
    (hub, far_end, clock)
}

impl FarEnd {
    /// Extensions beyond this are declined.
    pub(super) fn keep_until(&self, millis: i64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).keeps_until = Some(millis);
    }

    /// From now on a call that was acted on before is answered with "already done".
    pub(super) fn say_already_done(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).says_already_done = true;
    }

    /// The provider ends every hold by itself.
    pub(super) fn give_back_all(&self) {
        let mut wallet = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left: i64 = std::mem::take(&mut wallet.holds).values().sum();
        wallet.balance += left;
    }
}
