//! Asks something of a service. Everything up to the first step is repeatable and moves nothing.

use serde_json::Value;
use tebura_face::SampleRefusal;
use tebura_ledger::{Money, Timestamp};

use super::admit::{GivenConsent, Who};
use super::hours::{Opening, Opens};
use super::look::ServiceAnswer;
use super::record::{Asked, CountedAsk, Happened, Progress, ServiceRequest, ServiceWrite};
use super::run::{Telling, Told};
use super::schema::SchemaProblem;
use crate::hub::Hub;
use crate::ids::{InstrumentId, PersonId, ServiceRequestId};
use crate::individual_number;
use crate::perform::KeyRequest;
use crate::pin::CheckPinError;
use crate::ports::{Caller, CommitError, ReadError, Unit, Write};
use crate::shards::key_home;

/// How long a caller waits before it is answered "not known yet".
pub(super) const PATIENCE_MS: i64 = 8_000;

/// Something to ask of a service.
#[derive(Clone, Debug)]
pub struct AskService {
    pub caller: Caller,
    pub service: String,
    pub action: String,
    pub input: Value,
    pub who: Who,
    /// What the person pays with; `None`: her chosen one.
    pub instrument: Option<InstrumentId>,
    /// What the caller has seen: a card that was read, a paper.
    pub attested: Vec<(String, String)>,
    pub consent: Option<GivenConsent>,
    /// When it happened, where that is told later; `None`: now.
    pub happened_at: Option<Timestamp>,
}

/// Why nothing was asked. What a service itself refuses is an answer, not an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ServiceError {
    #[error("there is no service {0} of yours; GET /v1/services lists them")]
    ServiceNotFound(String),
    #[error("there is no request {0} of yours")]
    RequestNotFound(ServiceRequestId),
    #[error("the service has no action {action:?}; it has {known}")]
    ActionNotFound { action: String, known: String },
    #[error("the service is closed; {}", until(.opens.as_ref()))]
    Closed { opens: Option<Opens> },
    #[error("the input does not fit the action's schema: {}", list(.problems))]
    InputInvalid { problems: Vec<SchemaProblem> },
    #[error("the input holds what reads as an Individual Number (個人番号); leave it out, no service may have it")]
    IndividualNumber,
    #[error("{0:?} is no way to know a person; write card, qr or staff, or send a picture")]
    WayUnknown(String),
    #[error("there is no person {0}; register the person first")]
    PersonNotFound(PersonId),
    #[error("there is no instrument {0} of this person; GET /v1/people/…/instruments lists them")]
    InstrumentNotFound(InstrumentId),
    #[error("this service has no gallery to search; name the person, or have the operator configure a gallery")]
    NoGallery,
    #[error("the picture cannot be used: {0}")]
    Image(SampleRefusal),
    #[error("the face engine is busy; repeat with the same key in {retry_after_ms} ms")]
    EngineBusy { retry_after_ms: u64 },
    /// Nobody, or somebody else.
    #[error("the face was not taken for the person's ({code}); use a card, a ticket or ask the staff")]
    NotRecognised { code: &'static str },
    #[error("the action needs the person recognised by one of {accepted}; use one of these")]
    WayNotAccepted { accepted: String },
    #[error("this service takes nobody's word for {name}; the person proves it to the hub")]
    AttestationNotAccepted { name: String },
    #[error("the claim {name} is not 1 to 200 plain characters; correct it")]
    ClaimMalformed { name: String },
    #[error("the action needs the claim {name}; the person proves it to the hub, or staff attest it where they may")]
    ClaimMissing { name: String },
    #[error("nobody was recognised, so nobody can agree to a payment; leave the consent out, or say who it is")]
    NobodyAgrees,
    #[error("a consent names a positive amount in {currency}")]
    ConsentMalformed { currency: String },
    #[error("the consent covers less than {}, which the service is to hold in all; show that amount and ask again", .needed)]
    ConsentTooSmall { needed: Money },
    #[error("the code was not taken ({code}); show a fresh one, or use a card or ask the staff")]
    PassRefused { code: &'static str },
    #[error("the guardian cannot approve this ({code}); somebody who answers for the person now can, or ask the staff")]
    GuardianRefused { code: &'static str },
    #[error("the person's PIN is needed: {code}")]
    PinRefused { code: &'static str },
    #[error("the request does not wait for anything to be said; read it again")]
    NotWaiting,
    #[error("the action is not told {name:?}; it is told {known}")]
    MessageUnknown { name: String, known: String },
    #[error(transparent)]
    Pin(#[from] CheckPinError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn until(opens: Option<&Opens>) -> String {
    match opens {
        Some(opens) => format!("it opens at {}, ask again then", opens.local),
        None => "no opening is known".to_owned(),
    }
}

impl ServiceError {
    /// The code under which it stands in the service's figures: who was not known, or may not. `None`: nobody was looked at.
    fn counted(&self) -> Option<&'static str> {
        match self {
            ServiceError::NotRecognised { code }
            | ServiceError::PassRefused { code }
            | ServiceError::GuardianRefused { code }
            | ServiceError::PinRefused { code } => Some(code),
            ServiceError::WayNotAccepted { .. } | ServiceError::ClaimMissing { .. } | ServiceError::Closed { .. } => {
                self.refuses()
            }
            ServiceError::ServiceNotFound(_)
            | ServiceError::RequestNotFound(_)
            | ServiceError::ActionNotFound { .. }
            | ServiceError::InputInvalid { .. }
            | ServiceError::IndividualNumber
            | ServiceError::WayUnknown(_)
            | ServiceError::PersonNotFound(_)
            | ServiceError::AttestationNotAccepted { .. }
            | ServiceError::ClaimMalformed { .. }
            | ServiceError::InstrumentNotFound(_)
            | ServiceError::NoGallery
            | ServiceError::Image(_)
            | ServiceError::EngineBusy { .. }
            | ServiceError::NobodyAgrees
            | ServiceError::ConsentMalformed { .. }
            | ServiceError::ConsentTooSmall { .. }
            | ServiceError::NotWaiting
            | ServiceError::MessageUnknown { .. }
            | ServiceError::Pin(_)
            | ServiceError::Commit(_)
            | ServiceError::Read(_) => None,
        }
    }

    /// The code of what will never be asked, however often it is tried; `None`: it may be, later.
    pub(super) fn refuses(&self) -> Option<&'static str> {
        match self {
            ServiceError::ActionNotFound { .. } => Some("action.not_found"),
            ServiceError::InputInvalid { .. } => Some("input.invalid"),
            ServiceError::IndividualNumber => Some("input.individual_number"),
            ServiceError::WayUnknown(_) => Some("recognition.way_unknown"),
            ServiceError::PersonNotFound(_) => Some("person.not_found"),
            ServiceError::WayNotAccepted { .. } => Some("recognition.way_not_accepted"),
            ServiceError::AttestationNotAccepted { .. } => Some("claim.attestation_not_accepted"),
            ServiceError::ClaimMalformed { .. } => Some("claim.malformed"),
            ServiceError::ClaimMissing { .. } => Some("claim.missing"),
            ServiceError::Closed { .. } => Some("service.closed"),
            ServiceError::ServiceNotFound(_)
            | ServiceError::RequestNotFound(_)
            | ServiceError::InstrumentNotFound(_)
            | ServiceError::NoGallery
            | ServiceError::Image(_)
            | ServiceError::EngineBusy { .. }
            | ServiceError::NotRecognised { .. }
            | ServiceError::NobodyAgrees
            | ServiceError::ConsentMalformed { .. }
            | ServiceError::ConsentTooSmall { .. }
            | ServiceError::PinRefused { .. }
            | ServiceError::PassRefused { .. }
            | ServiceError::GuardianRefused { .. }
            | ServiceError::NotWaiting
            | ServiceError::MessageUnknown { .. }
            | ServiceError::Pin(_)
            | ServiceError::Commit(_)
            | ServiceError::Read(_) => None,
        }
    }
}

fn list(problems: &[SchemaProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Hub {
    /// Asks something of a service. A repeat with the same key gives the same request, and looks at no picture.
    pub async fn ask_service(&self, key: KeyRequest, ask: AskService) -> Result<ServiceAnswer, ServiceError> {
        let (terminal, service) = (key.scope.clone(), ask.service.clone());
        let answer = self.ask_uncounted(key, ask).await;
        if let Err(refused) = &answer
            && let Some(code) = refused.counted()
        {
            let shard = key_home("service", &service, self.store.shards());
            let (id, at) = (self.ids.next(shard), self.now());
            let count = CountedAsk { id, service, terminal, code: Some(code.to_owned()), at };
            let unit = Unit { writes: vec![Write::Service(ServiceWrite::Count(count))], ..Unit::default() };
            self.store.commit(shard, at, unit).await?;
        }
        answer
    }

    async fn ask_uncounted(&self, key: KeyRequest, ask: AskService) -> Result<ServiceAnswer, ServiceError> {
        let AskService { caller, service, action, input, who, instrument, attested, consent, happened_at } = ask;
        let service = self.visible_service(&caller, &service)?;
        if let Some(made) = self.made_before::<ServiceError>(&key).await? {
            return self.repeat_request(&made).await;
        }
        let unknown = || ServiceError::ActionNotFound {
            action: action.clone(),
            known: service.actions.keys().cloned().collect::<Vec<_>>().join(", "),
        };
        let compiled = service.actions.get(&action).ok_or_else(unknown)?;
        if let Some(hours) = &service.config.hours
            && let Opening::Closed { opens } = hours.opening(&action, happened_at.unwrap_or_else(|| self.now()))
        {
            return Err(ServiceError::Closed { opens });
        }
        if individual_number::is_in_json(&input) {
            return Err(ServiceError::IndividualNumber);
        }
        let problems = compiled.input.problems(&input);
        if !problems.is_empty() {
            return Err(ServiceError::InputInvalid { problems });
        }
        let recognised = self.recognise_for(&service, &compiled.action, who, instrument).await?;
        let claims = self.claims_for(&service, &compiled.action, recognised.person, attested).await?;
        let now = self.now();
        let asked = Asked {
            action: action.clone(),
            input: input.to_string(),
            person: recognised.person,
            instrument: recognised.instrument,
            recognised_by: recognised.by,
            claims,
            at: now,
            happened_at,
        };
        let mut progress = Progress::new();
        if let Some(given) = consent {
            let consent = self.consent_of(&service, &asked, given).await?;
            progress.note(now, Happened::Consented { up_to: consent.up_to, with_pin: consent.with_pin });
            progress.consents.push(consent);
        }
        if let Some(pass) = recognised.pass
            && let Err(code) = self.use_pass(&pass, &key).await?
        {
            return Err(ServiceError::PassRefused { code });
        }
        // Requests of one instance are written one after the other, so that its keys are.
        let shard = key_home("service", service.id(), self.store.shards());
        let mut row = ServiceRequest {
            id: ServiceRequestId::from_uuid(self.ids.next(shard)),
            service: service.id().to_owned(),
            merchant: service.config.merchant,
            asked,
            progress,
            due_at: None,
            revision: 0,
        };
        let telling = Telling { event: None, failures: 0, key: Some(key) };
        match self.tell_plugin(&service, &mut row, telling).await? {
            Told::Stored => {
                let row = self.run_service(&service, row, now.plus_ms(PATIENCE_MS)).await?;
                self.service_answer(&service, row, false).await
            }
            Told::Replayed(target) => self.repeat_request(&target).await,
        }
    }

    /// The request that a key made before, taken on where it stands.
    pub(super) async fn repeat_request(&self, target: &str) -> Result<ServiceAnswer, ServiceError> {
        let id: ServiceRequestId = target.parse().map_err(|_| CommitError::KeyReused)?;
        let row = self.store.service_request(id).await?.ok_or(ServiceError::RequestNotFound(id))?;
        let Some(service) = self.service_of_request(&row.service) else {
            return Err(ServiceError::ServiceNotFound(row.service));
        };
        self.service_answer(&service, row, true).await
    }
}
