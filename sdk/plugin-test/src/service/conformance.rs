//! Tries every event at every step of every action, and lists what breaks a rule.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use tebura_plugin::NativeHost;
use tebura_plugin::service::{
    Claim, Event, Fault, LedgerStep, Message, Receipt, Reply, Request, Service, Silence, Step, Wanted, check_settings,
    handle, resume, yen,
};

use super::rules::{Rules, ServiceBreach, Till, place};
use crate::expect::json_reply;
use crate::limits;

/// Steps in a row; services need up to fifteen.
const MAX_DEPTH: usize = 16;
/// Against services whose steps fan out without end.
const MAX_PATHS: usize = 100_000;
/// Statuses that far ends and the boxes before them send.
const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 404, 409, 422, 429, 500, 503];

/// What a conformance run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceReport {
    /// How many sequences of events were played to their end.
    pub paths: usize,
    /// Each breach with the events that led to it.
    pub breaches: Vec<(String, ServiceBreach)>,
}

impl ServiceReport {
    /// Panics with every breach, if there is one.
    #[track_caller]
    pub fn assert_clean(&self) {
        let lines: Vec<String> = self.breaches.iter().map(|(path, breach)| format!("{path}\n    {breach}")).collect();
        assert!(lines.is_empty(), "{} of {} paths break a rule:\n{}", lines.len(), self.paths, lines.join("\n"));
        assert!(self.paths > 0, "nothing was tried: give the suite an input for each action");
    }
}

/// A test named `it_conforms`: every event at every step of every action, held against `plugin.toml` beside `Cargo.toml`.
///
/// ```text
/// service_conformance!(PlayPark, |suite| suite
///     .settings(json!({"price": 300}))
///     .input("enter", json!({"adults": 1})));
/// ```
#[macro_export]
macro_rules! service_conformance {
    ($service:ty, $with:expr) => {
        #[test]
        fn it_conforms() {
            let manifest = ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
            let with: fn($crate::service::ServiceConformance) -> $crate::service::ServiceConformance = $with;
            let suite = with($crate::service::ServiceConformance::new().manifest(manifest));
            suite.run(<$service as ::core::default::Default>::default).assert_clean();
        }
    };
}

/// A conformance run with settings, sample inputs and replies of the service's own far ends.
#[derive(Clone, Debug, Default)]
pub struct ServiceConformance {
    plugin_toml: Option<String>,
    settings: Option<Value>,
    inputs: Vec<(String, Value)>,
    messages: Vec<(String, String, Value)>,
    replies: Vec<Reply>,
    keys: BTreeMap<String, Vec<u8>>,
    held: Till,
}

/// The service under test: one value that lives through the run, and a way to make a new one, as the hub does.
struct Tested<'t, S, F> {
    lived: S,
    make: F,
    rules: &'t Rules,
    keys: &'t BTreeMap<String, Vec<u8>>,
    /// Where the request waited before: with which state and money, and what it may be told there.
    waited: RefCell<BTreeSet<String>>,
}

/// Where a run is.
struct Place<'p> {
    request: &'p Request,
    till: Till,
    after: Option<(&'p [u8], &'p Event)>,
    path: String,
    depth: usize,
}

impl ServiceConformance {
    /// Without manifest, settings or inputs.
    pub fn new() -> ServiceConformance {
        ServiceConformance::default()
    }

    /// Holds what steps name against `plugin.toml`.
    #[must_use]
    pub fn manifest(mut self, plugin_toml: &str) -> ServiceConformance {
        self.plugin_toml = Some(plugin_toml.to_owned());
        self
    }

    /// The instance's settings.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> ServiceConformance {
        self.settings = Some(settings);
        self
    }

    /// Adds an input of an action.
    #[must_use]
    pub fn input(mut self, action: &str, input: Value) -> ServiceConformance {
        self.inputs.push((action.to_owned(), input));
        self
    }

    /// Adds something that a waiting request of an action is told.
    #[must_use]
    pub fn message(mut self, action: &str, name: &str, input: Value) -> ServiceConformance {
        self.messages.push((action.to_owned(), name.to_owned(), input));
        self
    }

    /// Adds a reply of a far end, to reach the steps behind it.
    #[must_use]
    pub fn reply(mut self, status: u16, body: &Value) -> ServiceConformance {
        self.replies.push(json_reply(status, body.to_string().into_bytes()));
        self
    }

    /// Adds a reply that is not JSON: XML, a form.
    #[must_use]
    pub fn reply_text(mut self, status: u16, body: &str) -> ServiceConformance {
        self.replies.push(Reply::new(status, Vec::new(), body.as_bytes().to_vec()));
        self
    }

    /// What earlier requests wrote under one of the instance's own keys.
    #[must_use]
    pub fn key(mut self, key: &str, value: &[u8]) -> ServiceConformance {
        self.keys.insert(key.to_owned(), value.to_vec());
        self
    }

    /// A hold that an earlier request of the same person placed. The person is `sub_1`.
    #[must_use]
    pub fn held(mut self, hold: &str, payee: &str, yen: u64) -> ServiceConformance {
        self.held.holds.insert(hold.to_owned(), (payee.to_owned(), yen));
        self
    }

    /// A capture that an earlier request of the same person made.
    #[must_use]
    pub fn captured(mut self, capture: &str, yen: u64) -> ServiceConformance {
        self.held.captures.insert(capture.to_owned(), yen);
        self
    }

    /// Plays all paths: each input with and without a person, with and without claims.
    pub fn run<S: Service, F: Fn() -> S>(&self, make: F) -> ServiceReport {
        let mut report = ServiceReport { paths: 0, breaches: Vec::new() };
        let lived = make();
        let description = lived.describe();
        let mut note = |path: &str, breach: ServiceBreach| report.breaches.push((path.to_owned(), breach));
        if description != make().describe() || description != lived.describe() {
            note("describe", ServiceBreach::NotPure);
        }
        let rules = match Rules::new(&description, self.plugin_toml.as_deref()) {
            Ok(rules) => rules,
            Err(breach) => {
                note("describe", breach);
                return report;
            }
        };
        let settings = self.settings.clone().unwrap_or_else(|| serde_json::json!({}));
        let inputs = self.inputs.iter().map(|(action, input)| rules.input(action, input));
        let messages = self.messages.iter().map(|(action, name, input)| rules.message(action, name, input));
        let wrong = inputs.chain(messages).chain([rules.settings(&settings)]).filter_map(Result::err);
        wrong.for_each(|breach| note("the suite's own samples", breach));
        for fault in check_settings(&lived, &settings) {
            let why = format!("{} {}", fault.pointer, fault.en);
            note("the suite's own samples", ServiceBreach::DoesNotFit { of: "the settings".to_owned(), why });
        }
        let tested = Tested { lived, make, rules: &rules, keys: &self.keys, waited: RefCell::default() };
        for (action, input) in &self.inputs {
            let known = description.actions.iter().find(|own| own.name == *action);
            let asks: Vec<String> =
                known.into_iter().flat_map(|action| action.needs.iter().chain(&action.wishes)).cloned().collect();
            for (subject, claims) in [(true, true), (true, false), (false, true), (false, false)] {
                let claim =
                    |name: &String| Claim { name: name.clone(), value: "1".to_owned(), source: "proven".to_owned() };
                let request = Request {
                    id: "req_1".to_owned(),
                    service: "instance".to_owned(),
                    now: 1_767_225_600_000,
                    action: action.clone(),
                    settings: settings.to_string(),
                    subject: subject.then(|| "sub_1".to_owned()),
                    recognised_by: known.and_then(|own| own.recognised_by.first()).cloned().into_iter().collect(),
                    claims: if claims { asks.iter().map(claim).collect() } else { Vec::new() },
                    input: input.to_string(),
                    attributes: Vec::new(),
                };
                let path = format!("{action} {input} subject={subject} claims={claims}");
                let place = Place {
                    request: &request,
                    till: if subject { self.held.clone() } else { Till::default() },
                    after: None,
                    path,
                    depth: 0,
                };
                tested.waited.borrow_mut().clear();
                self.explore(&tested, place, &mut report);
            }
        }
        if report.paths >= MAX_PATHS {
            report.breaches.push(("all paths".to_owned(), ServiceBreach::TooManyPaths { tried: report.paths }));
        }
        report
    }

    fn explore<S: Service, F: Fn() -> S>(&self, tested: &Tested<'_, S, F>, at: Place<'_>, report: &mut ServiceReport) {
        if report.paths >= MAX_PATHS {
            return;
        }
        let Place { request, till, after, path, depth } = at;
        let checked = tested.ask(request, after).and_then(|asked| match asked {
            // A fault: the hub ends the request by itself.
            Err(fault) => Ok(limits::own_fault(&fault).map(|()| None)?),
            Ok(step) => tested.rules.step(request, &step, &till).map(|()| Some(step)),
        });
        let step = match checked {
            Ok(Some(step)) => step,
            Ok(None) => {
                report.paths += 1;
                return;
            }
            Err(breach) => {
                report.paths += 1;
                report.breaches.push((path, breach));
                return;
            }
        };
        let events = match &step.next {
            Wanted::Done(_) | Wanted::Fail(_) => {
                report.paths += 1;
                return;
            }
            _ if depth >= MAX_DEPTH => {
                report.paths += 1;
                report.breaches.push((path, ServiceBreach::Endless { steps: depth }));
                return;
            }
            Wanted::Call(_) => self.replies(),
            // Who waits again after a message may be told it without end: twice is enough.
            Wanted::Wait { .. } => {
                let often = |name: &str| path.matches(&format!("{} {name}", place(&step.state))).count();
                let events: Vec<_> =
                    self.told(&request.action).into_iter().filter(|(name, ..)| often(name) < 2).collect();
                // Whatever led here, the same follows.
                let names: Vec<&str> = events.iter().map(|(name, ..)| name.as_str()).collect();
                if !tested.waited.borrow_mut().insert(format!("{:?} {till:?} {names:?}", step.state)) {
                    return;
                }
                events
            }
            Wanted::Ledger(moving) => money(moving, &till, depth),
        };
        for (name, event, till_after) in events {
            let path = format!("{path} → {} {name}", place(&step.state));
            let till = till_after.unwrap_or_else(|| till.clone());
            let after = Some((step.state.as_slice(), &event));
            self.explore(tested, Place { request, till, after, path, depth: depth + 1 }, report);
        }
    }

    fn replies(&self) -> Vec<(String, Event, Option<Till>)> {
        let silence =
            |maybe_delivered| Event::Silence(Silence { maybe_delivered, reason: "no answer came".to_owned() });
        let mut events =
            vec![("lost".to_owned(), silence(true), None), ("not connected".to_owned(), silence(false), None)];
        for status in STATUSES {
            events.push((format!("bare {status}"), Event::Reply(Reply::new(status, Vec::new(), Vec::new())), None));
        }
        for (name, body) in [("half a body", b"{\"id\": \"h".as_slice()), ("bytes", b"\xff\xfe\x00"), ("null", b"null")]
        {
            events.push((format!("200 with {name}"), Event::Reply(json_reply(200, body.to_vec())), None));
        }
        events.extend(self.replies.iter().map(|reply| ("the far end".to_owned(), Event::Reply(reply.clone()), None)));
        events
    }

    fn told(&self, action: &str) -> Vec<(String, Event, Option<Till>)> {
        let own = self.messages.iter().filter(|(of, ..)| of == action);
        let message = |(_, name, input): &(String, String, Value)| {
            let message = Message { name: name.clone(), input: input.to_string() };
            (name.clone(), Event::Message(message), None)
        };
        [("timer".to_owned(), Event::Timer, None)].into_iter().chain(own.map(message)).collect()
    }
}

/// What may come of a movement, with what is known of the money afterwards.
fn money(moving: &LedgerStep, till: &Till, depth: usize) -> Vec<(String, Event, Option<Till>)> {
    let mut after = till.clone();
    let (id, minor) = match moving {
        LedgerStep::Hold { payee, amount, .. } => {
            let id = format!("hold_{depth}");
            after.holds.insert(id.clone(), (payee.clone(), amount.minor()));
            (id, amount.minor())
        }
        LedgerStep::Capture { hold, amount, is_final } => {
            let left = after.holds.get(hold).map_or(0, |(_, left)| left.saturating_sub(amount.minor()));
            if let Some(own) = after.holds.get_mut(hold) {
                own.1 = if *is_final { 0 } else { left };
            }
            let id = format!("op_{depth}");
            after.captures.insert(id.clone(), amount.minor());
            (id, amount.minor())
        }
        LedgerStep::Release { hold } => {
            let left = after.holds.remove(hold).map_or(0, |(_, left)| left);
            (hold.clone(), left)
        }
        LedgerStep::Refund { capture, amount } => {
            if let Some(left) = after.captures.get_mut(capture) {
                *left = left.saturating_sub(amount.minor());
            }
            (format!("op_{depth}"), amount.minor())
        }
    };
    let not = |code: &str| {
        let fault = Fault::new(code, "the hub does not move this money");
        (format!("not moved ({code})"), Event::NotMoved(fault), Some(till.clone()))
    };
    let moved = Event::Moved(Receipt { id, amount: yen(minor) });
    let mut events = vec![("moved".to_owned(), moved, Some(after))];
    events.extend(["funds.insufficient", "consent.not_given", "service.above_cap", "rail.stopped"].map(not));
    events
}

impl<S: Service, F: Fn() -> S> Tested<'_, S, F> {
    /// A step, asked of the service that lived through the run and of a new one, with the keys as they were before.
    fn ask(&self, request: &Request, after: Option<(&[u8], &Event)>) -> Result<Result<Step, Fault>, ServiceBreach> {
        NativeHost::with(|host| host.kv.clone_from(self.keys));
        let run = |service: &S| {
            let ask = || match after {
                None => handle(service, request),
                Some((state, event)) => resume(service, request, state, event),
            };
            catch_unwind(AssertUnwindSafe(ask)).map_err(|_| ServiceBreach::Panicked)
        };
        let first = run(&self.lived)?;
        if first != run(&self.lived)? || first != run(&(self.make)())? {
            return Err(ServiceBreach::NotPure);
        }
        Ok(first)
    }
}
