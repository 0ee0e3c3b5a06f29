//! `tebura:identity@1.0.0`: one step of a proofing, and its conversion into the hub's words.

use tebura_hub::proofing::{Assertion, Challenge, Evidence, ProofEvent, ProofSession, ProofTurn, ProofVerdict};
use tebura_hub::rail::{Next, RailEvent, Step};

use super::{
    Exports, answered, fault, fields, guest_reply, guest_silence, http_call, kv_writes, millis, other_world, timestamp,
};
use crate::call::Guest;
use crate::contract::{self, Breach, printable};
use crate::dispatch::Asked;
use crate::identity::ProofInput;
use crate::limits;

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../specs/wit/host/1.0.0", "../../specs/wit/identity/1.0.0"],
        world: "tebura:identity/identity-plugin",
        imports: { default: trappable },
        with: {
            "tebura:host/types": crate::api::since_v1_0::imports::tebura::host::types,
            "tebura:host/log": crate::api::since_v1_0::imports::tebura::host::log,
            "tebura:host/config": crate::api::since_v1_0::imports::tebura::host::config,
            "tebura:host/kv": crate::api::since_v1_0::imports::tebura::host::kv,
            "tebura:host/crypto": crate::api::since_v1_0::imports::tebura::host::crypto,
        },
    });
}

pub(crate) use bindings::IdentityPluginIndices as Indices;
use bindings::exports::tebura::identity::proofing as wit;

/// Asks a guest for a step and checks what it answers. What the session allows the hub checks.
pub(crate) fn step(guest: &mut Guest<'_>, session: &ProofSession, input: ProofInput<'_>) -> Asked<ProofTurn> {
    let Exports::Identity(indices) = guest.exports() else { return Ok(Err(other_world())) };
    let plugin = indices.load(&mut *guest.store, &guest.instance)?;
    let (proofing, asked) = (plugin.tebura_identity_proofing(), self::session(session));
    let answer = match input {
        ProofInput::Begin => proofing.call_begin(&mut *guest.store, &asked),
        ProofInput::Resume { state, event } => {
            proofing.call_resume(&mut *guest.store, &asked, state, &self::event(event))
        }
    };
    let checked = |step: wit::Step| {
        read(step).and_then(|step| contract::check_step(&step, session.now, guest.manifest()).map(|()| step))
    };
    Ok(answered(answer?, checked))
}

fn session(session: &ProofSession) -> wit::Session {
    wit::Session {
        id: session.id.clone(),
        now: millis(session.now),
        purpose: session.purpose.clone(),
        subject: session.subject.clone(),
        nonce: session.nonce.to_vec(),
        claims: session.claims.clone(),
        locale: session.locale.clone(),
        expires: millis(session.expires),
        attributes: Vec::new(),
    }
}

fn event(event: &ProofEvent) -> wit::Event {
    match event {
        ProofEvent::Evidence(evidence) => wit::Event::Evidence(self::evidence(evidence)),
        ProofEvent::Far(RailEvent::Reply(reply)) => wit::Event::Reply(guest_reply(reply)),
        ProofEvent::Far(RailEvent::Silence { maybe_delivered, reason }) => {
            wit::Event::Silence(guest_silence(*maybe_delivered, reason))
        }
        // No manifest of this world has routes, so nobody calls back.
        ProofEvent::Far(RailEvent::Timer | RailEvent::Notice(_)) => wit::Event::Timer,
    }
}

fn evidence(evidence: &Evidence) -> wit::Evidence {
    let part = |(name, content): &(String, Vec<u8>)| wit::Part { name: name.clone(), content: content.clone() };
    wit::Evidence { kind: evidence.kind.clone(), parts: evidence.parts.iter().map(part).collect() }
}

fn read(step: wit::Step) -> Result<Step<ProofTurn>, Breach> {
    let next = match step.next {
        wit::Next::Challenge(challenge) => Next::Done(ProofTurn::Challenge(self::challenge(challenge)?)),
        wit::Next::Call(call) => Next::Call(http_call(call)?),
        wit::Next::WaitUntil(time) => Next::WaitUntil(timestamp(time)?),
        wit::Next::Done(verdict) => Next::Done(ProofTurn::Verdict(self::verdict(verdict)?)),
    };
    Ok(Step { next, state: step.state, writes: kv_writes(step.writes) })
}

fn challenge(challenge: wit::Challenge) -> Result<Challenge, Breach> {
    contract::at_most("a challenge", "bytes to sign", challenge.to_sign.len(), limits::TO_SIGN_BYTES)?;
    contract::at_most("a list", "texts to display", challenge.display.len(), limits::DISPLAY_TEXTS)?;
    let short =
        |(name, text): (String, String)| (printable(name, limits::CODE_CHARS), printable(text, limits::DISPLAY_CHARS));
    Ok(Challenge {
        kind: printable(challenge.kind, limits::CODE_CHARS),
        to_sign: challenge.to_sign,
        display: fields(challenge.display).into_iter().map(short).collect(),
        expires: timestamp(challenge.expires)?,
    })
}

fn verdict(verdict: wit::Verdict) -> Result<ProofVerdict, Breach> {
    Ok(match verdict {
        wit::Verdict::Proven(said) => {
            contract::at_most("a list", "claims", said.claims.len(), limits::CLAIMS)?;
            let wanted = Breach::Malformed { what: "an evidence-digest", wanted: "32 bytes" };
            ProofVerdict::Proven(Assertion {
                ial: said.ial,
                aal: said.aal,
                grades: fields(said.grades),
                claims: fields(said.claims),
                valid_until: timestamp(said.valid_until)?,
                evidence_digest: said.evidence_digest.try_into().map_err(|_| wanted)?,
                link: said.link,
            })
        }
        wit::Verdict::Refused(refused) => ProofVerdict::Refused(fault(refused)),
        wit::Verdict::Undecided(undecided) => ProofVerdict::Undecided(fault(undecided)),
    })
}
