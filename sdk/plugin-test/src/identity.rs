//! Plays the hub to an identity plugin: sessions, a device's answer, a far end by script; and every answer that proves
//! nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use tebura_identity::{
    Assertion, Challenge, Evidence, Identity, ProofEvent, ProofStep, ProofWanted, Session, Verdict, begin, go_on,
};
use tebura_plugin::{Fault, HttpCall, Reply, Silence, Wanted};

use crate::conformance::{NOW, Report, far_replies};
use crate::expect::{Answer, Answering, Expected, Line, Script, json_reply};
use crate::limits::{self, malformed};
use crate::manifest::Manifest;
use crate::watch::Breach;

/// Steps of one session.
const MAX_STEPS: usize = 20;
/// What the hub takes of a device.
const MAX_PART: usize = 64 * 1024;

/// How a session ended, without the sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proofed {
    /// With claims.
    Proven(Assertion),
    /// Why not.
    Refused {
        /// The fault's code.
        code: String,
    },
    /// Why nobody can tell.
    Undecided {
        /// The fault's code.
        code: String,
    },
}

impl Proofed {
    /// The code; `None`: it was proven.
    pub fn code(&self) -> Option<&str> {
        match self {
            Proofed::Proven(_) => None,
            Proofed::Refused { code } | Proofed::Undecided { code } => Some(code),
        }
    }
}

/// The hub, played to one identity plugin.
#[derive(Debug)]
pub struct IdentityHarness<I> {
    identity: I,
    manifest: Option<Manifest>,
    script: Script,
    session: Session,
    state: Vec<u8>,
}

impl<I: Identity> IdentityHarness<I> {
    /// A hub that stands at 2026-01-01, with a session for `claims`.
    pub fn of(identity: I, claims: &[&str]) -> IdentityHarness<I> {
        IdentityHarness { identity, manifest: None, script: Script::new(), session: session(claims), state: Vec::new() }
    }

    /// Holds every call and claim against `plugin.toml`.
    #[track_caller]
    pub fn manifest(mut self, plugin_toml: &str) -> IdentityHarness<I> {
        self.manifest = Some(Manifest::read(plugin_toml));
        self
    }

    /// The session, to change it before it begins.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The next call that the plugin makes, and (through the result) what comes of it.
    pub fn expect(&mut self, expected: Expected) -> Answering<'_> {
        Answering { script: &mut self.script, expected }
    }

    /// Begins the session; what the device is to do.
    #[track_caller]
    pub fn begin(&mut self) -> Challenge {
        let step = self.step(None);
        self.state = step.state;
        match step.next {
            ProofWanted::Challenge(challenge) => challenge,
            other @ (ProofWanted::Far(_) | ProofWanted::Done(_)) => {
                panic!("the plugin began with {other:?} and not with a challenge")
            }
        }
    }

    /// Gives the device's answer, and goes on to the end.
    #[track_caller]
    pub fn give(&mut self, evidence: Evidence) -> Proofed {
        let mut event = ProofEvent::Evidence(evidence);
        for _ in 0..MAX_STEPS {
            let step = self.step(Some(&event));
            self.state = step.state;
            event = match step.next {
                ProofWanted::Challenge(_) => panic!("the plugin asked the device twice"),
                ProofWanted::Far(Wanted::WaitUntil(at)) => {
                    self.session.now = self.session.now.max(at);
                    ProofEvent::Timer
                }
                ProofWanted::Far(Wanted::Call(call)) => self.send(&call),
                ProofWanted::Far(Wanted::Done(_)) => panic!("a rail's outcome ends no session"),
                ProofWanted::Done(verdict) => {
                    if let Some(Line::Call(expected, _)) = self.script.front() {
                        panic!("expected {expected}, the plugin ended without it");
                    }
                    return ended(verdict);
                }
            };
        }
        panic!("{}", Breach::Endless { steps: MAX_STEPS });
    }

    #[track_caller]
    fn send(&mut self, call: &HttpCall) -> ProofEvent {
        let Some(Line::Call(expected, answer)) = self.script.pop_front() else {
            panic!("the plugin called {} {}, and the script says no more", call.method, call.path);
        };
        if let Some(difference) = expected.difference(call) {
            panic!("{difference}");
        }
        let silence =
            |maybe_delivered| ProofEvent::Silence(Silence { maybe_delivered, reason: "no answer".to_owned() });
        match answer {
            Answer::Reply { reply, .. } | Answer::Resent { reply, .. } | Answer::Twice { reply } => {
                ProofEvent::Reply(reply)
            }
            Answer::Late { reply, after_ms } if after_ms < u64::from(call.timeout_ms) => ProofEvent::Reply(reply),
            Answer::Late { .. } | Answer::Lost => silence(true),
            Answer::Refused => silence(false),
            Answer::Stale => panic!("a proofing's far end has no previous reply"),
        }
    }

    #[track_caller]
    fn step(&self, event: Option<&ProofEvent>) -> ProofStep {
        let ask = || ask(&self.identity, &self.session, &self.state, event);
        let asked = ask();
        assert!(asked == ask(), "{}", Breach::NotPure);
        let step = asked.unwrap_or_else(|fault| ProofStep {
            next: ProofWanted::Done(Verdict::Undecided(fault)),
            state: Vec::new(),
            writes: Vec::new(),
        });
        if let Err(breach) = sees(&self.session, event, &step, self.manifest.as_ref()) {
            panic!("{breach}");
        }
        step
    }
}

fn ask<I: Identity + ?Sized>(
    identity: &I,
    session: &Session,
    state: &[u8],
    event: Option<&ProofEvent>,
) -> Result<ProofStep, Fault> {
    match event {
        None => begin(identity, session),
        Some(event) => go_on(identity, session, state, event),
    }
}

fn session(claims: &[&str]) -> Session {
    Session {
        id: format!("prf_{}", "0".repeat(32)),
        now: NOW,
        purpose: "enrolment".to_owned(),
        subject: "5".repeat(32),
        nonce: vec![9; 32],
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        locale: "ja".to_owned(),
        expires: NOW + 600_000,
        attributes: Vec::new(),
    }
}

fn ended(verdict: Verdict) -> Proofed {
    match verdict {
        Verdict::Proven(assertion) => Proofed::Proven(assertion),
        Verdict::Refused(fault) => Proofed::Refused { code: fault.code },
        Verdict::Undecided(fault) => Proofed::Undecided { code: fault.code },
    }
}

/// Checks one step as the hub does.
fn sees(
    session: &Session,
    event: Option<&ProofEvent>,
    step: &ProofStep,
    manifest: Option<&Manifest>,
) -> Result<(), Breach> {
    limits::writes(&step.writes)?;
    match &step.next {
        ProofWanted::Challenge(challenge) => {
            if challenge.expires <= session.now || challenge.expires > session.expires {
                return Err(malformed("a challenge ends after now and no later than its session"));
            }
            limits::state(&step.state)
        }
        ProofWanted::Far(Wanted::Call(call)) => {
            limits::call(call, manifest)?;
            keeps_nothing(event, &call.body)?;
            keeps_nothing(event, &step.state)?;
            limits::state(&step.state)
        }
        ProofWanted::Far(Wanted::WaitUntil(_)) => limits::state(&step.state),
        ProofWanted::Far(Wanted::Done(_)) => Err(malformed("a rail's outcome ends no session")),
        ProofWanted::Done(Verdict::Refused(fault) | Verdict::Undecided(fault)) => limits::code(fault),
        ProofWanted::Done(Verdict::Proven(said)) => {
            match event {
                None => return Err(malformed("proven before the device answered")),
                Some(ProofEvent::Silence(_)) => return Err(malformed("proven on silence")),
                Some(ProofEvent::Evidence(_) | ProofEvent::Reply(_) | ProofEvent::Timer) => {}
            }
            let listed = |name: &str| manifest.is_none_or(|manifest| manifest.proves(name));
            if let Some(claim) = said.claims.iter().find(|claim| !session.wants(&claim.name) || !listed(&claim.name)) {
                return Err(malformed(&format!(
                    "the claim {:?} was not agreed to or is not in plugin.toml",
                    claim.name
                )));
            }
            if said.valid_until <= session.now || said.evidence_digest.len() != 32 || said.ial > 3 || said.aal > 3 {
                return Err(malformed("levels are 0 to 3, a digest has 32 bytes, and a proof counts for some time"));
            }
            match said.link.as_ref().map_or(32, Vec::len) {
                16..=64 => Ok(()),
                _ => Err(malformed("a link has 16 to 64 bytes")),
            }
        }
    }
}

/// A part of any size that is found again in what is kept or sent.
fn keeps_nothing(event: Option<&ProofEvent>, bytes: &[u8]) -> Result<(), Breach> {
    let Some(ProofEvent::Evidence(evidence)) = event else { return Ok(()) };
    let within = |part: &[u8]| part.len() >= 64 && bytes.windows(part.len()).any(|window| window == part);
    if evidence.parts.iter().any(|(_, part)| within(part)) {
        return Err(Breach::State { why: "it holds the evidence: keep and send digests and numbers only".to_owned() });
    }
    Ok(())
}

/// Plays answers that nobody's card gave, and every reply and silence behind them; nothing of it may be proven.
pub fn identity_conformance<I: Identity>(
    make: impl Fn() -> I,
    manifest: &str,
    claims: &[&str],
    replies: &[(u16, Value)],
) -> Report {
    let manifest = Manifest::read(manifest);
    let replies: Vec<(String, Reply)> = replies
        .iter()
        .map(|(status, body)| (format!("{status} of the far end"), json_reply(*status, body.to_string().into_bytes())))
        .collect();
    let (session, mut report) = (session(claims), Report { paths: 0, breaches: Vec::new() });
    let play = Play { make: &make, session: &session, manifest: &manifest, replies: &replies };
    play.explore(&[], None, "begin".to_owned(), 0, &mut report);
    report
}

/// A test named `it_conforms`: every answer that proves nothing, held against `plugin.toml` beside `Cargo.toml`.
///
/// ```text
/// identity_conformance!(CityRegister, ["name", "address"]);
/// identity_conformance!(CityRegister, ["name"], [(200, json!({"status": "good"}))]);
/// ```
#[macro_export]
macro_rules! identity_conformance {
    ($identity:ty, $claims:expr) => {
        $crate::identity_conformance!($identity, $claims, []);
    };
    ($identity:ty, $claims:expr, $replies:expr) => {
        #[test]
        fn it_conforms() {
            let manifest = ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
            let make = <$identity as ::core::default::Default>::default;
            let report = $crate::identity_conformance(make, manifest, &$claims, &$replies);
            assert!(report.paths > 10, "the suite reached {} paths", report.paths);
            report.assert_clean();
        }
    };
}

struct Play<'p, F> {
    make: &'p F,
    session: &'p Session,
    manifest: &'p Manifest,
    replies: &'p [(String, Reply)],
}

impl<I: Identity, F: Fn() -> I> Play<'_, F> {
    fn explore(&self, state: &[u8], event: Option<&ProofEvent>, path: String, depth: usize, report: &mut Report) {
        let asked = || catch_unwind(AssertUnwindSafe(|| ask(&(self.make)(), self.session, state, event)));
        let checked = match (asked(), asked()) {
            (Ok(first), Ok(second)) if first == second => match first {
                Err(fault) => limits::own_fault(&fault).map(|()| None),
                Ok(step) => self.checked(event, &step).map(|()| Some(step)),
            },
            (Ok(_), Ok(_)) => Err(Breach::NotPure),
            (_, _) => Err(Breach::Panicked),
        };
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
        let events: Vec<(String, ProofEvent)> = match &step.next {
            ProofWanted::Done(_) => Vec::new(),
            _ if depth >= 4 => Vec::new(),
            ProofWanted::Challenge(challenge) => answers(challenge),
            ProofWanted::Far(Wanted::WaitUntil(_) | Wanted::Done(_)) => vec![("timer".to_owned(), ProofEvent::Timer)],
            ProofWanted::Far(Wanted::Call(_)) => self.replies(),
        };
        if events.is_empty() {
            report.paths += 1;
        }
        for (name, event) in events {
            self.explore(&step.state, Some(&event), format!("{path} → {name}"), depth + 1, report);
        }
    }

    fn checked(&self, event: Option<&ProofEvent>, step: &ProofStep) -> Result<(), Breach> {
        sees(self.session, event, step, Some(self.manifest))?;
        match &step.next {
            ProofWanted::Done(Verdict::Proven(_)) => Err(malformed("proven, although no card answered")),
            ProofWanted::Done(_) | ProofWanted::Far(_) | ProofWanted::Challenge(_) => Ok(()),
        }
    }

    fn replies(&self) -> Vec<(String, ProofEvent)> {
        let silence =
            |maybe_delivered| ProofEvent::Silence(Silence { maybe_delivered, reason: "no answer".to_owned() });
        let mut events = vec![("lost".to_owned(), silence(true)), ("not connected".to_owned(), silence(false))];
        let any = far_replies().into_iter().map(|(name, reply, _)| (name, reply));
        events.extend(any.chain(self.replies.iter().cloned()).map(|(name, reply)| (name, ProofEvent::Reply(reply))));
        events
    }
}

/// What devices send that have no card.
fn answers(challenge: &Challenge) -> Vec<(String, ProofEvent)> {
    let evidence =
        |kind: &str, parts: Vec<(String, Vec<u8>)>| ProofEvent::Evidence(Evidence { kind: kind.to_owned(), parts });
    let kind = challenge.kind.as_str();
    let mut answers = vec![
        ("no parts".to_owned(), evidence(kind, Vec::new())),
        ("another kind".to_owned(), evidence("other", vec![("cms".to_owned(), vec![0x30, 0])])),
    ];
    let contents: [(&str, Vec<u8>); 6] = [
        ("an empty", Vec::new()),
        ("a noisy", b"\xff\xfe\x00".to_vec()),
        ("an unsigned", challenge.to_sign.clone()),
        ("a nested", [0x30, 0x80].repeat(2_000)),
        ("a long", [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0; 100]].concat()),
        ("a large", vec![0x30; MAX_PART]),
    ];
    for (name, content) in contents {
        for part in ["cms", "signature", "statement", "other"] {
            let answer = evidence(kind, vec![(part.to_owned(), content.clone())]);
            answers.push((format!("{name} {part}"), answer));
        }
    }
    answers
}
