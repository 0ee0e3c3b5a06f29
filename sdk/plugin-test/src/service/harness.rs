//! Plays the hub to one service: people ask, money moves between wallets and payees, keys and galleries change, time passes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tebura_plugin::service::{
    Claim, Event, Fault, Field, LedgerStep, Message, Receipt, Reply, Request, Service, Silence, Step, Wanted, handle,
    resume, yen,
};
use tebura_plugin::{Effect, NativeHost};

use super::rules::{Rules, ServiceBreach, Till};
use crate::expect::{Answer, Answering, Expected, Line, Script};

/// No request needs more steps.
const MAX_STEPS: usize = 100;
/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600_000;

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ended with an output.
    Done(Value),
    /// It went wrong, and what it held went back.
    Failed {
        /// Why.
        code: String,
    },
    /// It waits; what was answered meanwhile.
    Waiting {
        /// What was answered meanwhile.
        output: Option<Value>,
    },
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit(usize);

/// A request and where it stands.
#[derive(Debug)]
struct Open {
    request: Request,
    pays: bool,
    state: Vec<u8>,
    until: Option<u64>,
    /// The holds that it placed.
    placed: Vec<String>,
    steps: usize,
    stands: Ended,
}

/// The hub, played to one service.
pub struct Harness<S> {
    service: S,
    plugin_toml: Option<String>,
    settings: Value,
    script: Script,
    now: u64,
    visits: Vec<Open>,
    keys: BTreeMap<String, Vec<u8>>,
    wallets: BTreeMap<String, u64>,
    /// A person's money with this service: a later request may capture what an earlier one holds.
    tills: BTreeMap<String, Till>,
    paid: BTreeMap<String, u64>,
    galleries: BTreeMap<String, BTreeSet<String>>,
    told: Vec<String>,
}

/// A request that is being put together.
#[must_use = "nothing is asked before begin()"]
pub struct AskBuilder<'h, S> {
    harness: &'h mut Harness<S>,
    action: String,
    input: Value,
    subject: Option<String>,
    by: Vec<String>,
    claims: Vec<Claim>,
    attributes: Vec<Field>,
    pays: bool,
}

impl<S: Service> Harness<S> {
    /// A hub that stands at 2026-01-01 and has neither manifest nor settings.
    pub fn of(service: S) -> Harness<S> {
        Harness {
            service,
            plugin_toml: None,
            settings: json!({}),
            script: Script::new(),
            now: START,
            visits: Vec::new(),
            keys: BTreeMap::new(),
            wallets: BTreeMap::new(),
            tills: BTreeMap::new(),
            paid: BTreeMap::new(),
            galleries: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// Holds what steps name against `plugin.toml`.
    #[must_use]
    pub fn manifest(mut self, plugin_toml: &str) -> Harness<S> {
        self.plugin_toml = Some(plugin_toml.to_owned());
        self
    }

    /// The instance's settings, held against the schema.
    #[must_use]
    #[track_caller]
    pub fn settings(mut self, settings: Value) -> Harness<S> {
        must(self.rules().settings(&settings));
        self.settings = settings;
        self
    }

    /// Somebody has so many yen. Who has no wallet cannot pay.
    pub fn wallet(&mut self, person: &str, yen: u64) {
        self.wallets.insert(person.to_owned(), yen);
    }

    /// What is left in a wallet.
    pub fn balance(&self, person: &str) -> u64 {
        self.wallets.get(person).copied().unwrap_or(0)
    }

    /// What a payee got.
    pub fn paid_to(&self, payee: &str) -> u64 {
        self.paid.get(payee).copied().unwrap_or(0)
    }

    /// Who is in a gallery.
    pub fn gallery(&self, name: &str) -> Vec<&str> {
        self.galleries.get(name).into_iter().flatten().map(String::as_str).collect()
    }

    /// The topics of what was told, oldest first.
    pub fn told(&self) -> Vec<&str> {
        self.told.iter().map(String::as_str).collect()
    }

    /// Something that is asked of the service.
    pub fn ask(&mut self, action: &str, input: Value) -> AskBuilder<'_, S> {
        AskBuilder {
            harness: self,
            action: action.to_owned(),
            input,
            subject: None,
            by: Vec::new(),
            claims: Vec::new(),
            attributes: Vec::new(),
            pays: true,
        }
    }

    /// The next call that the service makes, and (through the result) what comes of it.
    pub fn expect(&mut self, expected: Expected) -> Answering<'_> {
        Answering { script: &mut self.script, expected }
    }

    /// How a request stands.
    pub fn now_of(&self, visit: &Visit) -> Ended {
        self.visits[visit.0].stands.clone()
    }

    /// Lets time pass, and fires what is due.
    #[track_caller]
    pub fn pass_ms(&mut self, ms: u64) {
        self.now += ms;
        for nth in 0..self.visits.len() {
            if self.visits[nth].until.is_some_and(|until| until <= self.now) {
                self.go_on(nth, &Event::Timer);
            }
        }
    }

    /// Tells a waiting request something.
    #[track_caller]
    pub fn tell(&mut self, visit: &Visit, name: &str, input: Value) {
        let open = &self.visits[visit.0];
        assert!(matches!(open.stands, Ended::Waiting { .. }), "the request does not wait: {:?}", open.stands);
        must(self.rules().message(&open.request.action, name, &input));
        self.go_on(visit.0, &Event::Message(Message { name: name.to_owned(), input: input.to_string() }));
    }

    #[track_caller]
    fn rules(&self) -> Rules {
        must(Rules::new(&self.service.describe(), self.plugin_toml.as_deref()))
    }

    #[track_caller]
    fn begin(&mut self, request: Request, pays: bool) -> Visit {
        let stands = Ended::Waiting { output: None };
        let (state, placed) = (Vec::new(), Vec::new());
        self.visits.push(Open { request, pays, state, until: None, placed, steps: 0, stands });
        let nth = self.visits.len() - 1;
        let step = self.asked(nth, None);
        self.take(nth, step);
        Visit(nth)
    }

    #[track_caller]
    fn go_on(&mut self, nth: usize, event: &Event) {
        let step = self.asked(nth, Some(event));
        self.take(nth, step);
    }

    /// A step, asked twice.
    #[track_caller]
    fn asked(&mut self, nth: usize, event: Option<&Event>) -> Result<Step, Fault> {
        let now = self.now;
        NativeHost::with(|host| host.kv.clone_from(&self.keys));
        let open = &mut self.visits[nth];
        open.request.now = now;
        open.steps += 1;
        let ask = || match event {
            None => handle(&self.service, &open.request),
            Some(event) => resume(&self.service, &open.request, &open.state, event),
        };
        let first = ask();
        if first != ask() {
            panic!("{}", ServiceBreach::NotPure);
        }
        if open.steps > MAX_STEPS {
            panic!("{}", ServiceBreach::Endless { steps: open.steps });
        }
        first
    }

    #[track_caller]
    fn take(&mut self, nth: usize, step: Result<Step, Fault>) {
        let step = match step {
            Ok(step) => step,
            Err(fault) => return self.fail(nth, fault),
        };
        let subject = self.visits[nth].request.subject.clone().unwrap_or_default();
        let till = self.tills.get(&subject).cloned().unwrap_or_default();
        must(self.rules().step(&self.visits[nth].request, &step, &till));
        for write in step.writes {
            match write.value {
                Some(value) => drop(self.keys.insert(write.key, value)),
                None => drop(self.keys.remove(&write.key)),
            }
        }
        for admission in step.admissions {
            let gallery = self.galleries.entry(admission.gallery).or_default();
            if admission.present {
                gallery.insert(subject.clone())
            } else {
                gallery.remove(&subject)
            };
        }
        self.told.extend(step.events.into_iter().map(|told| told.name));
        let open = &mut self.visits[nth];
        open.state = step.state;
        open.until = None;
        let event = match step.next {
            Wanted::Done(output) => {
                open.stands = Ended::Done(value(&output));
                return;
            }
            Wanted::Fail(fault) => return self.fail(nth, fault),
            Wanted::Wait { until, output } => {
                open.until = Some(until);
                let before = match &open.stands {
                    Ended::Waiting { output } => output.clone(),
                    Ended::Done(_) | Ended::Failed { .. } => None,
                };
                open.stands = Ended::Waiting { output: output.as_deref().map(value).or(before) };
                return;
            }
            Wanted::Ledger(moving) => self.moved(nth, &moving),
            Wanted::Call(call) => self.heard(&call),
        };
        self.go_on(nth, &event);
    }

    fn fail(&mut self, nth: usize, fault: Fault) {
        let open = &mut self.visits[nth];
        let till = self.tills.entry(open.request.subject.clone().unwrap_or_default()).or_default();
        let back: u64 = open.placed.drain(..).filter_map(|hold| till.holds.remove(&hold)).map(|(_, left)| left).sum();
        open.stands = Ended::Failed { code: fault.code };
        open.until = None;
        if let Some(wallet) = open.request.subject.as_ref().and_then(|person| self.wallets.get_mut(person)) {
            *wallet += back;
        }
    }

    /// Moves money as the hub would, within what is there.
    fn moved(&mut self, nth: usize, moving: &LedgerStep) -> Event {
        let open = &mut self.visits[nth];
        let not = |code: &str| Event::NotMoved(Fault::new(code, "the hub does not move this money"));
        let Some(person) = open.request.subject.clone() else { return not("service.nobody_pays") };
        let id = format!("{nth}-{}", open.steps);
        let till = self.tills.entry(person.clone()).or_default();
        let moved = |id: &str, minor: u64| Event::Moved(Receipt { id: id.to_owned(), amount: yen(minor) });
        match moving {
            LedgerStep::Hold { payee, amount, .. } => {
                if !open.pays {
                    return not("consent.refused");
                }
                let Some(wallet) = self.wallets.get_mut(&person) else { return not("instrument.none") };
                let Some(left) = wallet.checked_sub(amount.minor()) else { return not("funds.insufficient") };
                *wallet = left;
                let hold = format!("hold_{id}");
                till.holds.insert(hold.clone(), (payee.clone(), amount.minor()));
                open.placed.push(hold.clone());
                moved(&hold, amount.minor())
            }
            LedgerStep::Capture { hold, amount, is_final } => {
                let Some((payee, left)) = till.holds.get_mut(hold) else { return not("service.hold_unknown") };
                *left -= amount.minor();
                let rest = if *is_final { std::mem::take(left) } else { 0 };
                *self.paid.entry(payee.clone()).or_default() += amount.minor();
                *self.wallets.entry(person).or_default() += rest;
                let capture = format!("op_{id}");
                till.captures.insert(capture.clone(), amount.minor());
                moved(&capture, amount.minor())
            }
            LedgerStep::Release { hold } => {
                let left = till.holds.remove(hold).map_or(0, |(_, left)| left);
                *self.wallets.entry(person).or_default() += left;
                moved(hold, left)
            }
            LedgerStep::Refund { capture, amount } => {
                if let Some(left) = till.captures.get_mut(capture) {
                    *left -= amount.minor();
                }
                *self.wallets.entry(person).or_default() += amount.minor();
                moved(&format!("op_{id}"), amount.minor())
            }
        }
    }

    #[track_caller]
    fn heard(&mut self, call: &tebura_plugin::HttpCall) -> Event {
        let Some(Line::Call(expected, answer)) = self.script.pop_front() else {
            panic!("the service called {} {} and the test expects nothing; write expect(…)", call.method, call.path)
        };
        if let Some(difference) = expected.difference(call) {
            panic!("{difference}");
        }
        let silence =
            |maybe_delivered| Event::Silence(Silence { maybe_delivered, reason: "no answer came".to_owned() });
        let reply = |reply: Reply| Event::Reply(reply);
        match answer {
            Answer::Reply { reply: said, .. } | Answer::Twice { reply: said } => reply(said),
            Answer::Late { reply: said, after_ms } if after_ms < u64::from(call.timeout_ms) => {
                self.now += after_ms;
                reply(said)
            }
            Answer::Resent { reply: said, .. } if call.effect != Effect::Once => reply(said),
            Answer::Late { .. } | Answer::Resent { .. } | Answer::Stale | Answer::Lost => silence(true),
            Answer::Refused => silence(false),
        }
    }
}

impl<S: Service> AskBuilder<'_, S> {
    /// The person was recognised so: `face`, `card`, `qr`, `staff`.
    pub fn by(mut self, way: &str, person: &str) -> Self {
        self.by.push(way.to_owned());
        self.subject = Some(person.to_owned());
        self
    }

    /// Nobody whom the hub knows, seen so.
    pub fn by_nobody(mut self, way: &str) -> Self {
        self.by.push(way.to_owned());
        self
    }

    /// Proven to the hub.
    pub fn claim(self, name: &str, value: &str) -> Self {
        self.known(name, value, "proven")
    }

    /// The terminal's or the staff's word.
    pub fn attested(self, name: &str, value: &str) -> Self {
        self.known(name, value, "attested")
    }

    fn known(mut self, name: &str, value: &str, source: &str) -> Self {
        let claim = Claim { name: name.to_owned(), value: value.to_owned(), source: source.to_owned() };
        self.claims.push(claim);
        self
    }

    /// The rail of what the person would pay with.
    pub fn paying_with(mut self, rail: &str) -> Self {
        self.attributes.push(Field { name: "rail".to_owned(), value: rail.to_owned() });
        self
    }

    /// A device without a network tells only now what happened then.
    pub fn happened_at(mut self, at: u64) -> Self {
        self.attributes.push(Field { name: "happened_at".to_owned(), value: at.to_string() });
        self
    }

    /// The person does not agree to any payment.
    pub fn refuses_to_pay(mut self) -> Self {
        self.pays = false;
        self
    }

    /// Asks. Input and the way of recognition are checked as the hub does.
    #[track_caller]
    pub fn begin(self) -> Visit {
        let AskBuilder { harness, action, input, subject, by, claims, attributes, pays } = self;
        must(harness.rules().input(&action, &input));
        let described = harness.service.describe();
        let known = described.actions.iter().find(|own| own.name == action);
        let ways = known.map(|action| action.recognised_by.clone()).unwrap_or_default();
        assert!(
            ways.is_empty() || by.iter().any(|way| ways.contains(way)),
            "{action} needs the person recognised by one of {ways:?}"
        );
        let shown = |claim: &Claim| {
            known.is_some_and(|own| own.needs.contains(&claim.name) || own.wishes.contains(&claim.name))
        };
        let request = Request {
            id: format!("req_{:032x}", harness.visits.len() + 1),
            service: "instance".to_owned(),
            now: harness.now,
            action,
            settings: harness.settings.to_string(),
            subject,
            recognised_by: by,
            claims: claims.into_iter().filter(shown).collect(),
            input: input.to_string(),
            attributes,
        };
        harness.begin(request, pays)
    }
}

#[track_caller]
fn must<T>(result: Result<T, ServiceBreach>) -> T {
    match result {
        Ok(value) => value,
        Err(breach) => panic!("{breach}"),
    }
}

#[track_caller]
fn value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => panic!("an output is no JSON: {error}"),
    }
}
