//! The component's side of an identity plugin. Wasm only.

use std::marker::PhantomData;

use self::bindings::exports::tebura::identity::proofing as wit;
use tebura_plugin::guest::bindings::tebura::host::types;
use tebura_plugin::{Effect, Fault, Field, HttpCall, KvWrite, Reply, Silence, Wanted};

use crate::{Challenge, Evidence, Identity, ProofEvent, ProofStep, ProofWanted, Session, Verdict};

/// What `wit-bindgen` makes of `specs/wit/identity`.
#[expect(missing_docs, reason = "generated from specs/wit/{host,identity}/1.0.0")]
pub mod bindings {
    wit_bindgen::generate!({
        inline: "package tebura:guest-identity; world identity-alone { export tebura:identity/proofing@1.0.0; }",
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/identity/1.0.0"],
        world: "tebura:guest-identity/identity-alone",
        with: { "tebura:host/types@1.0.0": tebura_plugin::guest::bindings::tebura::host::types },
        pub_export_macro: true,
        default_bindings_module: "tebura_identity::guest::bindings",
    });
}

/// Ties an identity plugin to the component's exports.
#[derive(Debug)]
pub struct Exported<I>(PhantomData<I>);

impl<I: Identity + Default> wit::Guest for Exported<I> {
    fn begin(asked: wit::Session) -> Result<wit::Step, types::Fault> {
        crate::begin(&I::default(), &session(asked)).and_then(step).map_err(fault)
    }

    fn resume(asked: wit::Session, state: Vec<u8>, happened: wit::Event) -> Result<wit::Step, types::Fault> {
        crate::go_on(&I::default(), &session(asked), &state, &event(happened)).and_then(step).map_err(fault)
    }
}

/// The Wasm half of [`crate::export_identity!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __export_identity {
    ($identity:ty) => {
        type ExportedIdentity = $crate::guest::Exported<$identity>;
        $crate::guest::bindings::export!(ExportedIdentity with_types_in $crate::guest::bindings);
    };
}

fn session(session: wit::Session) -> Session {
    Session {
        id: session.id,
        now: session.now,
        purpose: session.purpose,
        subject: session.subject,
        nonce: session.nonce,
        claims: session.claims,
        locale: session.locale,
        expires: session.expires,
        attributes: session.attributes.into_iter().map(field).collect(),
    }
}

fn event(event: wit::Event) -> ProofEvent {
    match event {
        wit::Event::Evidence(evidence) => ProofEvent::Evidence(Evidence {
            kind: evidence.kind,
            parts: evidence.parts.into_iter().map(|part| (part.name, part.content)).collect(),
        }),
        wit::Event::Reply(reply) => {
            ProofEvent::Reply(Reply::new(reply.status, reply.headers.into_iter().map(field).collect(), reply.body))
        }
        wit::Event::Silence(silence) => {
            ProofEvent::Silence(Silence { maybe_delivered: silence.maybe_delivered, reason: silence.reason })
        }
        wit::Event::Timer => ProofEvent::Timer,
    }
}

fn step(step: ProofStep) -> Result<wit::Step, Fault> {
    Ok(wit::Step {
        next: match step.next {
            ProofWanted::Challenge(asked) => wit::Next::Challenge(challenge(asked)),
            ProofWanted::Far(Wanted::Call(sent)) => wit::Next::Call(call(sent)),
            ProofWanted::Far(Wanted::WaitUntil(at)) => wit::Next::WaitUntil(at),
            ProofWanted::Far(Wanted::Done(_)) => {
                return Err(Fault::new("step.not_a_proofings", "a proofing ends with a verdict"));
            }
            ProofWanted::Done(ended) => wit::Next::Done(verdict(ended)),
        },
        state: step.state,
        writes: step.writes.into_iter().map(write).collect(),
    })
}

fn challenge(challenge: Challenge) -> wit::Challenge {
    wit::Challenge {
        kind: challenge.kind,
        to_sign: challenge.to_sign,
        display: challenge.display.into_iter().map(field_out).collect(),
        expires: challenge.expires,
    }
}

fn verdict(verdict: Verdict) -> wit::Verdict {
    match verdict {
        Verdict::Proven(said) => wit::Verdict::Proven(wit::Assertion {
            ial: said.ial,
            aal: said.aal,
            grades: said.grades.into_iter().map(field_out).collect(),
            claims: said.claims.into_iter().map(field_out).collect(),
            valid_until: said.valid_until,
            evidence_digest: said.evidence_digest,
            link: said.link,
        }),
        Verdict::Refused(why) => wit::Verdict::Refused(fault(why)),
        Verdict::Undecided(why) => wit::Verdict::Undecided(fault(why)),
    }
}

fn call(call: HttpCall) -> types::HttpCall {
    types::HttpCall {
        endpoint: call.endpoint,
        method: call.method,
        path: call.path,
        headers: call.headers.into_iter().map(field_out).collect(),
        body: call.body,
        effect: match call.effect {
            Effect::Read => types::Effect::Read,
            Effect::Idempotent(key) => types::Effect::Idempotent(key),
            Effect::Once => types::Effect::Once,
        },
        timeout_ms: call.timeout_ms,
        stale_after: call.stale_after,
    }
}

fn field(field: types::Field) -> Field {
    Field { name: field.name, value: field.value }
}

fn field_out(field: Field) -> types::Field {
    types::Field { name: field.name, value: field.value }
}

fn fault(fault: Fault) -> types::Fault {
    types::Fault { code: fault.code, message: fault.message }
}

fn write(write: KvWrite) -> types::KvWrite {
    types::KvWrite { key: write.key, value: write.value }
}
