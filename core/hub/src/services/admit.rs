//! Who makes a request: by face, by card, ticket or staff, by instrument, or nobody; and what is claimed and agreed to.

use tebura_ledger::Money;

use super::ask::ServiceError;
use super::bundle::FACE;
use super::descriptor::{Action, Claim, ClaimSource};
use super::instance::ServiceInstance;
use super::record::{Asked, Consent};
use crate::budgets::Searcher;
use crate::hub::Hub;
use crate::ids::{InstrumentId, PersonId};
use crate::individual_number;
use crate::passes::{Pass, PassKind};
use crate::pay_by_face::{chosen, pin_code};
use crate::pin::Pin;
use crate::ports::ReadError;
use crate::recognise::{Among, Known, LookError, Looked};

/// How an action says that it wants to be asked, too, when a face is not the named person's; and what it is told then.
const OTHER_FACE: &str = "other-face";
/// What the comparison with one person says of somebody else.
const OTHER_PERSON: &str = "face.other_person";
/// The way of a ward whose guardian approves.
const GUARDIAN: &str = "guardian";
/// Characters of a claim's name or value.
const MAX_CLAIM: usize = 200;

/// Who makes a request. `by`: `card`, `qr`, `staff`, how the caller knows.
#[derive(Clone, Debug)]
pub enum Who {
    Nobody {
        by: Option<String>,
    },
    Person {
        person: PersonId,
        by: String,
    },
    Instrument(InstrumentId),
    /// Recognised by face where there was no network, by a bundle of the hub.
    SeenOffline(PersonId),
    /// Searched in the gallery of the service. The image is not kept. `pin`: where the face alone is not clear enough.
    Face {
        image: Vec<u8>,
        pin: Option<Pin>,
    },
    /// By a code that the hub has signed; with a picture, the face has to be the same person's.
    Pass {
        code: String,
        image: Option<Vec<u8>>,
    },
    /// A ward, whose guardian approves it with a code of their own.
    Guardian {
        ward: PersonId,
        code: String,
    },
    /// Known by a ticket or card, and compared with that person's face only.
    PersonWithFace {
        person: PersonId,
        by: String,
        image: Vec<u8>,
    },
}

/// The person's word that money may be held, as it came with a request.
#[derive(Clone, Debug)]
pub struct GivenConsent {
    /// All holds of the request together, at most.
    pub up_to: Money,
    pub pin: Option<Pin>,
}

/// Whom the hub takes for the request's person.
pub(super) struct Recognised {
    pub(super) person: Option<PersonId>,
    pub(super) instrument: Option<InstrumentId>,
    pub(super) by: Vec<String>,
    /// Used up with the request.
    pub(super) pass: Option<Pass>,
}

impl Hub {
    pub(super) async fn recognise_for(
        &self,
        service: &ServiceInstance,
        action: &Action,
        who: Who,
        instrument: Option<InstrumentId>,
    ) -> Result<Recognised, ServiceError> {
        let mut pass = None;
        let (person, by, image, pin) = match who {
            Who::Nobody { by } => (None, by.into_iter().collect(), None, None),
            Who::Person { person, by } => (Some(person), vec![by], None, None),
            Who::Instrument(id) => {
                let known = self.instrument(id).await?.filter(|known| known.removed_at.is_none());
                let known = known.ok_or(ServiceError::InstrumentNotFound(id))?;
                let by = vec!["instrument".to_owned()];
                let recognised = Recognised { person: Some(known.person), instrument: Some(id), by, pass: None };
                return self.way_accepted(action, recognised);
            }
            Who::SeenOffline(person) => {
                self.store.person(person).await?.ok_or(ServiceError::PersonNotFound(person))?;
                let by = vec![FACE.to_owned()];
                let recognised = Recognised { person: Some(person), instrument: None, by, pass: None };
                return self.way_accepted(action, recognised);
            }
            Who::Pass { code, image } => {
                let read = self.read_pass(&code, service.config.merchant).await?;
                let shown = read.map_err(|code| ServiceError::PassRefused { code })?;
                pass = Some(shown);
                (Some(shown.person), vec!["qr".to_owned()], image, None)
            }
            Who::Guardian { ward, code } => {
                let read = self.read_pass(&code, service.config.merchant).await?;
                let shown = read.map_err(|code| ServiceError::PassRefused { code })?;
                if shown.kind != PassKind::Own {
                    return Err(ServiceError::PassRefused { code: "pass.is_a_ticket" });
                }
                let answers = self.answers_for(shown.person, ward).await?;
                answers.map_err(|code| ServiceError::GuardianRefused { code })?;
                pass = Some(shown);
                (Some(ward), vec![GUARDIAN.to_owned()], None, None)
            }
            Who::Face { image, pin } => (None, Vec::new(), Some(image), pin),
            Who::PersonWithFace { person, by, image } => (Some(person), vec![by], Some(image), None),
        };
        if let Some(unknown) = by.iter().find(|way| !["card", "qr", "staff"].contains(&way.as_str()) && pass.is_none())
        {
            return Err(ServiceError::WayUnknown(unknown.clone()));
        }
        if let Some(person) = person {
            self.store.person(person).await?.ok_or(ServiceError::PersonNotFound(person))?;
        }
        let (person, by) = match image {
            None => (person, by),
            Some(image) => {
                let (found, seen) = match self.look_for(service, person, image, pin).await {
                    Ok(found) => (Some(found), "face"),
                    // Nobody is recognised, so no money moves; what it means is for the service to say.
                    Err(ServiceError::NotRecognised { code: OTHER_PERSON })
                        if action.recognised_by.iter().any(|way| way == OTHER_FACE) =>
                    {
                        (None, OTHER_FACE)
                    }
                    Err(error) => return Err(error),
                };
                (found, by.into_iter().chain([seen.to_owned()]).collect())
            }
        };
        let instrument = match (person, instrument) {
            (Some(person), Some(id)) => {
                let known =
                    self.instrument(id).await?.filter(|known| known.person == person && known.removed_at.is_none());
                Some(known.ok_or(ServiceError::InstrumentNotFound(id))?.id)
            }
            (Some(person), None) => {
                let own = chosen(&self.store.instruments(person).await?).map(|known| known.id);
                match pass {
                    // A ward without a purse of her own is paid for by who approves it.
                    Some(Pass { person: guardian, .. }) if own.is_none() && guardian != person => {
                        chosen(&self.store.instruments(guardian).await?).map(|known| known.id)
                    }
                    Some(_) | None => own,
                }
            }
            (None, _) => None,
        };
        self.way_accepted(action, Recognised { person, instrument, by, pass })
    }

    async fn look_for(
        &self,
        service: &ServiceInstance,
        person: Option<PersonId>,
        image: Vec<u8>,
        pin: Option<Pin>,
    ) -> Result<PersonId, ServiceError> {
        let sandbox = self.merchant(service.config.merchant).await?.is_some_and(|merchant| merchant.sandbox);
        let among = match (person, service.config.gallery) {
            (Some(person), _) => Among::Person(person),
            (None, Some(gallery)) => Among::Gallery(gallery, self.budget_of(Searcher::Service(service.id()))),
            (None, None) => return Err(ServiceError::NoGallery),
        };
        match self.recognise(sandbox, among, &service.config.purposes, image).await {
            Ok(Looked { known: Ok(Known { person, clear: true }), .. }) => Ok(person),
            Ok(Looked { known: Ok(Known { person, clear: false }), .. }) => {
                match pin_code(self.check_pin(person, pin).await?) {
                    None => Ok(person),
                    Some(code) => Err(ServiceError::PinRefused { code }),
                }
            }
            Ok(Looked { known: Err(code), .. }) => Err(ServiceError::NotRecognised { code }),
            Err(LookError::Image(refusal)) => Err(ServiceError::Image(refusal)),
            Err(LookError::EngineBusy { retry_after_ms }) => Err(ServiceError::EngineBusy { retry_after_ms }),
            Err(LookError::Read(error)) => Err(error.into()),
        }
    }

    fn way_accepted(&self, action: &Action, recognised: Recognised) -> Result<Recognised, ServiceError> {
        let ways = &action.recognised_by;
        if ways.is_empty() || recognised.by.iter().any(|way| ways.contains(way)) {
            return Ok(recognised);
        }
        Err(ServiceError::WayNotAccepted { accepted: ways.join(", ") })
    }

    /// The claims that a request goes by: what the person has proven, and what the caller attests beside that.
    pub(super) async fn claims_for(
        &self,
        service: &ServiceInstance,
        action: &Action,
        person: Option<PersonId>,
        attested: Vec<(String, String)>,
    ) -> Result<Vec<Claim>, ServiceError> {
        let asks = |name: &String| action.needs.contains(name) || action.wishes.contains(name);
        let proven = match person {
            Some(person) if !action.needs.is_empty() || !action.wishes.is_empty() => {
                self.claims_for_services(person).await?
            }
            Some(_) | None => Vec::new(),
        };
        let proven = proven.into_iter().filter(|(name, _)| asks(name));
        let proven = proven.map(|(name, value)| Claim { name, value, source: ClaimSource::Proven });
        let mut claims: Vec<Claim> = proven.collect();
        for (name, value) in attested {
            if !service.config.attested.contains(&name) {
                return Err(ServiceError::AttestationNotAccepted { name });
            }
            if value.is_empty() || value.chars().count() > MAX_CLAIM || value.chars().any(char::is_control) {
                return Err(ServiceError::ClaimMalformed { name });
            }
            if individual_number::is_in(&value) {
                return Err(ServiceError::IndividualNumber);
            }
            if !claims.iter().any(|claim| claim.name == name) {
                claims.push(Claim { name, value, source: ClaimSource::Attested });
            }
        }
        match action.needs.iter().find(|name| !claims.iter().any(|claim| claim.name == **name)) {
            Some(name) => Err(ServiceError::ClaimMissing { name: name.clone() }),
            None => Ok(claims),
        }
    }

    /// Whether a minor makes a request that no guardian has approved: she agrees to money with her PIN only.
    pub(super) async fn minor_alone(&self, asked: &Asked, person: PersonId) -> Result<bool, ReadError> {
        Ok(!asked.recognised_by.iter().any(|way| way == GUARDIAN) && self.is_minor(person).await?)
    }

    /// What a consent that was given counts for. A face alone agrees to more than the limit with the PIN only.
    pub(super) async fn consent_of(
        &self,
        service: &ServiceInstance,
        asked: &Asked,
        given: GivenConsent,
    ) -> Result<Consent, ServiceError> {
        let GivenConsent { up_to, pin } = given;
        let Some(person) = asked.person else { return Err(ServiceError::NobodyAgrees) };
        if up_to.currency() != service.config.currency || !up_to.is_positive() {
            return Err(ServiceError::ConsentMalformed { currency: service.config.currency.code().to_owned() });
        }
        let face_alone = asked.recognised_by.iter().all(|way| way == "face");
        let needed =
            (face_alone && up_to.minor() > service.config.pin_above) || self.minor_alone(asked, person).await?;
        let with_pin = pin.is_some();
        if (needed || with_pin)
            && let Some(code) = pin_code(self.check_pin(person, pin).await?)
        {
            return Err(ServiceError::PinRefused { code });
        }
        Ok(Consent { up_to, with_pin, at: self.now() })
    }
}
