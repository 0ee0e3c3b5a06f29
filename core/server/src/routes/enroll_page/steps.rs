//! The steps of an enrolment, each a verb of the hub's, and where the person stands.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tebura_hub::consent::NewConsent;
use tebura_hub::enroll::EnrolmentError;
use tebura_hub::enroll_face::Frame;
use tebura_hub::ids::{CaptureSessionId, InstrumentId, ProofingId};
use tebura_hub::pin::Pin;
use tebura_hub::proofing::NewProofing;
use tebura_hub::rail::PluginId;
use tebura_hub::set_up::NewInstrument;

use super::family::{self, Member};
use super::{Step, Visitor, download, only_herself, visitor_key};
use crate::app::App;
use crate::extract::{Id, parse_id};
use crate::idempotency;
use crate::messages::{self, Language};
use crate::problem::Problem;
use crate::routes::answers::made;
use crate::routes::form::Form;
use crate::routes::{capture_sessions, consents, instruments};
use crate::vpia::stated::{Controller, Text};
use crate::wire::consents::{ConsentBody, PurposeBody, RecordConsentBody};
use crate::wire::people::{
    CaptureSessionBody, CreateInstrumentBody, EmptyBody, InstrumentBody, PersonBody, SetPinBody,
};
use crate::wire::proofings::{EvidenceBody, ProofingBody};
use crate::wire::time::rfc3339;

/// Where a person stands.
#[derive(Serialize)]
pub(super) struct PageState {
    service: Text,
    controller: Controller,
    without_face: Text,
    /// The pack recognises drawings only.
    drawn_faces_only: bool,
    ends_at: String,
    /// As the person wrote it.
    name: Option<String>,
    purposes: Vec<PurposeState>,
    proof: ProofState,
    /// When the face was enrolled that counts now.
    face_since: Option<String>,
    rails: Vec<RailState>,
    instruments: Vec<InstrumentBody>,
    has_pin: bool,
    /// `child` or `elder`, where a guardian acts for somebody.
    acting_for: Option<&'static str>,
    /// For whom the person answers, and who answers for her.
    family: Vec<Member>,
}

#[derive(Serialize)]
struct PurposeState {
    #[serde(flatten)]
    purpose: PurposeBody,
    counts: bool,
    /// The last word; `None`: not asked yet.
    last: Option<ConsentBody>,
}

#[derive(Serialize)]
struct ProofState {
    /// `skipped`, `offered` or `required`.
    rule: &'static str,
    suffices: bool,
    provers: Vec<ProverState>,
    /// Names of what was proven and still counts.
    claims: Vec<String>,
}

#[derive(Serialize)]
struct ProverState {
    plugin: String,
    title: Option<String>,
    claims: Vec<String>,
}

#[derive(Serialize)]
struct RailState {
    rail: String,
    /// By language.
    names: BTreeMap<&'static str, &'static str>,
    /// Kept in the hub's own books: nothing has to be typed.
    in_house: bool,
}

pub(super) async fn state(State(app): State<App>, visitor: Visitor) -> Result<Json<PageState>, Problem> {
    let row = &visitor.enrolment;
    let (hub, notice) = (&app.hub, &app.desk()?.notice);
    let whose = visitor.ward.as_ref().map(|link| link.ward).or(row.person);
    let person = match whose {
        Some(person) => hub.store().person(person).await?,
        None => None,
    };
    let standing = match whose {
        Some(person) => hub.consents(person).await?,
        None => Vec::new(),
    };
    let purpose = |purpose: &crate::desk::NoticePurpose| {
        let said = standing.iter().find(|(declared, _, _)| declared.id == purpose.id);
        PurposeState {
            purpose: PurposeBody::from(purpose),
            counts: said.is_some_and(|(_, _, counts)| *counts),
            last: said.and_then(|(_, last, _)| last.as_ref()).map(ConsentBody::from),
        }
    };
    let (mut instruments, mut face_since, mut claims) = (Vec::new(), None, Vec::new());
    if let Some(person) = whose {
        instruments = instruments::kept(&hub.store().instruments(person).await?);
        let references = hub.store().references_of(person).await?;
        face_since = references.last().map(|reference| rfc3339(reference.created_at));
        claims = hub.claims(person).await?.into_iter().map(|claim| claim.name).collect();
    }
    let provers = hub.provers();
    let provers = provers.iter().map(|prover| prover.descriptor()).map(|offer| ProverState {
        plugin: offer.plugin.0.clone(),
        title: offer.title.clone(),
        claims: offer.claims.clone(),
    });
    let named = |language: Language, rail: &str| {
        messages::find(language, &format!("rail.{rail}")).map(|name| (language.tag(), name))
    };
    let rails = hub.rails();
    let rails = rails.iter().map(|rail| rail.descriptor()).filter(|offer| hub.stopped(&offer.rail).is_none());
    let rails = rails.map(|offer| RailState {
        rail: offer.rail.to_string(),
        names: Language::ALL.into_iter().filter_map(|language| named(language, offer.rail.as_str())).collect(),
        in_house: offer.in_house,
    });
    Ok(Json(PageState {
        service: notice.service.clone(),
        controller: notice.controller.clone(),
        without_face: notice.without_face.clone(),
        drawn_faces_only: hub.pack().scope == tebura_face::Scope::DrawnFacesOnly,
        ends_at: rfc3339(row.ends_at),
        purposes: notice.purposes.iter().map(purpose).collect(),
        proof: ProofState {
            rule: row.proof.name(),
            suffices: hub.proof_suffices(row).await?,
            provers: provers.collect(),
            claims,
        },
        face_since,
        rails: rails.collect(),
        instruments,
        acting_for: visitor.ward.as_ref().map(|link| link.kind.word()),
        family: family::members(&app, whose).await?,
        has_pin: person.as_ref().is_some_and(|person| person.pin_hash.is_some()),
        name: person.map(|person| person.name),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DetailsBody {
    name: String,
}

pub(super) async fn write_details(State(app): State<App>, step: Step<DetailsBody>) -> Result<Response, Problem> {
    if step.visitor.ward.is_some() {
        return Err(only_herself());
    }
    let (hub, key, id, name) = (app.hub.clone(), step.key, step.visitor.enrolment.id, step.body.name);
    let person = app.run(step.running, async move { Ok(hub.write_details(key, id, &name).await?) }).await?;
    Ok(made(PersonBody::from(&person.row), person.replayed))
}

pub(super) async fn record_consent(State(app): State<App>, step: Step<RecordConsentBody>) -> Result<Response, Problem> {
    let (person, state) = (step.visitor.person()?, step.body.state()?);
    let RecordConsentBody { purpose, language, .. } = step.body;
    let new = NewConsent { person, purpose, state, actor: step.visitor.actor(), language };
    let (hub, key) = (app.hub.clone(), step.key);
    let said = app.run(step.running, async move { Ok(hub.record_consent(key, new).await?) }).await?;
    Ok(made(ConsentBody::from(&said.row), said.replayed))
}

pub(super) async fn receipt(
    State(app): State<App>,
    visitor: Visitor,
    Path(consent): Path<String>,
) -> Result<Response, Problem> {
    let receipt = consents::receipt(&app, visitor.person()?, parse_id(&consent)?).await?;
    download(&format!("tebura-receipt-{consent}.json"), &receipt)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginProofBody {
    plugin: String,
    agreed_claims: Vec<String>,
    locale: String,
}

pub(super) async fn begin_proofing(State(app): State<App>, step: Step<BeginProofBody>) -> Result<Response, Problem> {
    let BeginProofBody { plugin, agreed_claims, locale } = step.body;
    // A card proves its holder only.
    let (person, purpose) = (step.visitor.herself()?, "enrolment".to_owned());
    let new = NewProofing { person, plugin: PluginId(plugin), purpose, claims: agreed_claims, locale };
    let (hub, key) = (app.hub.clone(), step.key);
    let begun = app.run(step.running, async move { Ok(hub.begin_proofing(key, new).await?) }).await?;
    Ok(made(ProofingBody::from(&begun.row), begun.replayed))
}

pub(super) async fn give_evidence(
    State(app): State<App>,
    Path(id): Path<String>,
    step: Step<EvidenceBody>,
) -> Result<Response, Problem> {
    let id: ProofingId = parse_id(&id)?;
    let own = app.hub.proofing(id).await?.person == step.visitor.herself()?;
    if !own {
        return Err(Problem::not_found("proofing"));
    }
    let (hub, key, evidence) = (app.hub.clone(), step.key, step.body.evidence()?);
    let given = app.run(step.running, async move { Ok(hub.give_evidence(key, id, evidence).await?) }).await?;
    Ok(made(ProofingBody::from(&given.row), given.replayed))
}

pub(super) async fn open_capture(State(app): State<App>, step: Step<EmptyBody>) -> Result<Response, Problem> {
    let person = step.visitor.person()?;
    if !app.hub.proof_suffices(&step.visitor.enrolment).await? {
        return Err(EnrolmentError::ProofNeeded.into());
    }
    let (hub, key) = (app.hub.clone(), step.key);
    let session = app.run(step.running, async move { Ok(hub.open_capture_session(key, person, false).await?) }).await?;
    Ok(made(CaptureSessionBody::from(&session), false))
}

/// Takes one frame; the last one enrols the face and admits the person where the ticket says.
pub(super) async fn take_frame(
    State(app): State<App>,
    Id(session): Id<CaptureSessionId>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let visitor = Visitor::from_request_parts(&mut parts, &app).await?;
    let person = visitor.person()?;
    idempotency::key_of(&parts.headers)?;
    let mut form = Form::read(&app, Request::from_parts(parts, body), &["image"]).await?;
    let image = form.take_image(&app)?;
    let key = visitor_key(&form.head, &visitor, &[&Sha256::digest(&image)])?;
    let running = app.running.enter(&key)?;
    let hub = app.hub.clone();
    let take = async move {
        let frame = hub.take_frame(key, session, image.to_vec()).await?;
        if let Frame::Enrolled(enrolled) = &frame
            && enrolled.person == person
        {
            hub.admit_enrolled(&visitor.enrolment, person).await?;
        }
        Ok(frame)
    };
    Ok(capture_sessions::framed(session, &app.run(running, take).await?))
}

pub(super) async fn add_instrument(
    State(app): State<App>,
    step: Step<CreateInstrumentBody>,
) -> Result<Response, Problem> {
    let person = step.visitor.person()?;
    let CreateInstrumentBody { rail, token, label, is_default, currency } = step.body;
    let currency = instruments::currency_of(&currency)?;
    let new = NewInstrument { person, rail: parse_id(&rail)?, token, label, is_default, currency };
    let (hub, key) = (app.hub.clone(), step.key);
    let made_now = app.run(step.running, async move { Ok(hub.add_instrument(key, new).await?) }).await?;
    Ok(made(InstrumentBody::from(&made_now.row), made_now.replayed))
}

pub(super) async fn remove_instrument(
    State(app): State<App>,
    Path(id): Path<String>,
    step: Step<EmptyBody>,
) -> Result<Json<InstrumentBody>, Problem> {
    let (hub, person, id) = (app.hub.clone(), step.visitor.person()?, parse_id::<InstrumentId>(&id)?);
    let removed = app.run(step.running, async move { Ok(hub.remove_instrument(person, id).await?) }).await?;
    Ok(Json(InstrumentBody::from(&removed)))
}

pub(super) async fn set_pin(State(app): State<App>, step: Step<SetPinBody>) -> Result<Response, Problem> {
    let (person, pin) = (step.visitor.or_child()?, Pin::new(&step.body.pin)?);
    let (hub, key) = (app.hub.clone(), step.key);
    let set = app.run(step.running, async move { Ok(hub.set_pin(key, person, pin).await?) }).await?;
    Ok(made(PersonBody::from(&set.row), set.replayed))
}
