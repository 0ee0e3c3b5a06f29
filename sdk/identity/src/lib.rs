//! Guest SDK for identity plugins: prove who somebody is, one step at a time. Beside `tebura-plugin`, whose calls, tags and
//! imports are used here too.
//!
//! The hub draws a nonce, the plugin says what the person's device is to sign, the device answers once, and the plugin
//! ends with `proven`, `refused` or `undecided`. Calls are built as a rail's are:
//! `Call::post(…).read().then("status").into()`. Export with [`export_identity!`].
//!
//! Three rules: what is signed holds the session's nonce, purpose and end ([`Session::statement`] does); nothing is proven
//! on silence; neither state, call nor write holds what the device sent.

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;

use serde::Serialize;
use tebura_plugin::{Fault, Field, KvWrite, Millis, Next, Reply, Silence, Step, Tag, Wanted, hex};

/// One attempt of one person. The same in every step, but for `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The attempt.
    pub id: String,
    /// The only clock.
    pub now: Millis,
    /// Why: a word of the operator's.
    pub purpose: String,
    /// The person, under a name that no other plugin sees.
    pub subject: String,
    /// 32 bytes, drawn for this session alone.
    pub nonce: Vec<u8>,
    /// Those that the person agreed to: say no others.
    pub claims: Vec<String>,
    /// `ja` or `en`.
    pub locale: String,
    /// No evidence is taken from then on.
    pub expires: Millis,
    /// What a later hub knows more.
    pub attributes: Vec<Field>,
}

impl Session {
    /// Whether a claim was agreed to.
    pub fn wants(&self, claim: &str) -> bool {
        self.claims.iter().any(|own| own == claim)
    }

    /// A text to sign that holds all that binds a signature to this session, for `plugin`: a signature over it can be used
    /// nowhere else, for nothing else and not later.
    pub fn statement(&self, plugin: &str) -> Vec<u8> {
        let nonce = hex(&self.nonce);
        let Session { id, purpose, expires, .. } = self;
        format!(
            "tebura proofing 1\nplugin {plugin}\nsession {id}\npurpose {purpose}\nexpires {expires}\nnonce {nonce}\n"
        )
        .into_bytes()
    }
}

/// What the person's device is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// An open word.
    pub kind: String,
    /// The exact bytes to sign.
    pub to_sign: Vec<u8>,
    /// Texts to show.
    pub display: Vec<Field>,
    /// At most the session's end.
    pub expires: Millis,
}

/// What the device answered. Never in state, call, write or log.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The challenge's word.
    pub kind: String,
    /// By name.
    pub parts: Vec<(String, Vec<u8>)>,
}

impl Evidence {
    /// The part of that name.
    pub fn part(&self, name: &str) -> Option<&[u8]> {
        self.parts.iter().find(|(own, _)| own == name).map(|(_, content)| content.as_slice())
    }
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What was proven.
#[derive(Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Identity assurance level, 0 to 3.
    pub ial: u8,
    /// Authenticator assurance level, 0 to 3.
    pub aal: u8,
    /// The same by other rules: `DS-511/2025` is `L3`.
    pub grades: Vec<Field>,
    /// Each one that the person agreed to, once.
    pub claims: Vec<Field>,
    /// After this nothing of it counts.
    pub valid_until: Millis,
    /// SHA-256, 32 bytes.
    pub evidence_digest: Vec<u8>,
    /// 16 to 64 bytes, the same for whoever holds the same card.
    pub link: Option<Vec<u8>>,
}

impl std::fmt::Debug for Assertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assertion").field("ial", &self.ial).field("aal", &self.aal).finish_non_exhaustive()
    }
}

/// How a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The claims hold.
    Proven(Assertion),
    /// The evidence does not prove them. The message is shown to the person.
    Refused(Fault),
    /// Nobody can tell.
    Undecided(Fault),
}

/// What an identity plugin wants of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofWanted {
    /// Ask the person's device.
    Challenge(Challenge),
    /// Send a call, or come back later.
    Far(Wanted),
    /// The session ended so.
    Done(Verdict),
}

/// One decision, as the hub receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStep {
    /// What is to happen.
    pub next: ProofWanted,
    /// Comes back with the event. A [`Tag`], as bytes. The hub encrypts it with the person's key.
    pub state: Vec<u8>,
    /// At most 16, and nothing about a person.
    pub writes: Vec<KvWrite>,
}

/// What a method of [`Identity`] returns. Made by [`challenge`], [`proven`], [`refused`], [`undecided`], and from what
/// [`tebura_plugin::Call`] and [`tebura_plugin::wait_until`] make.
#[must_use = "a step happens only when it is returned"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn(Result<ProofStep, Fault>);

impl Turn {
    fn done(verdict: Verdict) -> Turn {
        Turn(Ok(ProofStep { next: ProofWanted::Done(verdict), state: Vec::new(), writes: Vec::new() }))
    }

    /// The step, or the fault of a builder along the way.
    pub fn into_step(self) -> Result<ProofStep, Fault> {
        self.0
    }
}

impl From<Next> for Turn {
    fn from(next: Next) -> Turn {
        Turn(next.into_step().and_then(|Step { next, state, writes }| match next {
            Wanted::Done(_) => {
                Err(Fault::new("step.not_a_proofings", "a proofing ends with proven, refused or undecided"))
            }
            Wanted::Call(_) | Wanted::WaitUntil(_) => Ok(ProofStep { next: ProofWanted::Far(next), state, writes }),
        }))
    }
}

/// Has the person's device do something; the answer comes to [`Identity::on_evidence`] under `tag` and with `value`.
pub fn challenge<T: Serialize + ?Sized>(challenge: Challenge, tag: &str, value: &T) -> Turn {
    let next = ProofWanted::Challenge(challenge);
    Turn(Tag::new(tag, value).map(|tag| ProofStep { next, state: tag.to_bytes(), writes: Vec::new() }))
}

/// The claims hold.
pub fn proven(assertion: Assertion) -> Turn {
    Turn::done(Verdict::Proven(assertion))
}

/// The evidence does not prove the claims. The message is shown to the person: nothing of the evidence in it.
pub fn refused(code: impl Into<String>, message: impl Into<String>) -> Turn {
    Turn::done(Verdict::Refused(Fault::new(code, message)))
}

/// Nobody can tell.
pub fn undecided(code: impl Into<String>, message: impl Into<String>) -> Turn {
    Turn::done(Verdict::Undecided(Fault::new(code, message)))
}

/// A way to prove who somebody is. Every method is a pure function of its arguments; a fresh value is made for each call.
///
/// Events that are left out end in `undecided`, which proves nothing.
pub trait Identity {
    /// What the person's device is to do.
    fn begin(&self, session: &Session) -> Turn;

    /// The device answered. The only chance to look at it.
    fn on_evidence(&self, session: &Session, at: &Tag, evidence: &Evidence) -> Turn;

    /// The far end answered the call that was tagged `at`.
    fn on_reply(&self, session: &Session, at: &Tag, reply: &Reply) -> Turn {
        let _ = (session, at);
        undecided("reply.unexpected", format!("no call is made whose answer is awaited; {} came", reply.status()))
    }

    /// No reply came: nothing is proven on silence.
    fn on_silence(&self, session: &Session, at: &Tag, silence: &Silence) -> Turn {
        let _ = (session, at);
        undecided("silence", silence.reason.as_str())
    }

    /// The time of [`tebura_plugin::wait_until`] has come.
    fn on_timer(&self, session: &Session, at: &Tag) -> Turn {
        let _ = session;
        undecided("timer.unexpected", format!("no timer is awaited at {:?}", at.name()))
    }
}

/// What the hub tells an identity plugin after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofEvent {
    /// The person's device answered.
    Evidence(Evidence),
    /// The far end answered.
    Reply(Reply),
    /// It did not.
    Silence(Silence),
    /// The awaited time has come.
    Timer,
}

/// The first step of a session.
///
/// Errors: the fault of a step that could not be built. The hub begins nothing then.
pub fn begin<I: Identity + ?Sized>(identity: &I, session: &Session) -> Result<ProofStep, Fault> {
    identity.begin(session).into_step()
}

/// The step after an event. `state` is what the last step carried.
///
/// Errors: as [`begin`], and `state.unreadable`. The hub counts them as undecided.
pub fn go_on<I: Identity + ?Sized>(
    identity: &I,
    session: &Session,
    state: &[u8],
    event: &ProofEvent,
) -> Result<ProofStep, Fault> {
    let at = Tag::from_bytes(state)?;
    let turn = match event {
        ProofEvent::Evidence(evidence) => identity.on_evidence(session, &at, evidence),
        ProofEvent::Reply(reply) => identity.on_reply(session, &at, reply),
        ProofEvent::Silence(silence) => identity.on_silence(session, &at, silence),
        ProofEvent::Timer => identity.on_timer(session, &at),
    };
    turn.into_step()
}

/// Exports an identity plugin from a component: `export_identity!(MyRegister);` once, at the end of `lib.rs`. The
/// manifest's world is `tebura:identity/identity-plugin@1.0.0`.
#[macro_export]
macro_rules! export_identity {
    ($identity:ty) => {
        const _: () = {
            fn is_an_identity<I: $crate::Identity + ::core::default::Default>() {}
            let _ = is_an_identity::<$identity>;
        };
        #[cfg(target_arch = "wasm32")]
        $crate::__export_identity!($identity);
    };
}
