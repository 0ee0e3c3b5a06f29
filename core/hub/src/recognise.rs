//! Looks at a picture and says who it is: among those who can be here, or whether it is one person and no other.
//!
//! Nothing is decided about money here; liveness is asked before anybody is looked for.

use tebura_face::{
    BudgetError, Conditions, Decision, FalseMatchBudget, LivenessPolicy, Sample, SampleRefusal, Scope, decide,
};

use crate::consent::{AUTHENTICATE, NARROW};
use crate::hub::Hub;
use crate::ids::{GalleryId, PersonId};
use crate::ports::ReadError;

/// Whom a face is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    /// With the false identifications that are accepted; `None`: the pack's own threshold.
    Gallery(GalleryId, Option<FalseMatchBudget>),
    /// One person, known by other means.
    Person(PersonId),
}

/// Who a face was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) person: PersonId,
    /// Nobody else is nearly as near. Where somebody is, another factor stands beside the face.
    pub(crate) clear: bool,
}

/// What looking at a picture led to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looked {
    /// Who it is, or the code of the refusal.
    pub(crate) known: Result<Known, &'static str>,
    /// Under what the face was seen.
    pub(crate) conditions: Conditions,
}

/// Why nobody was looked for.
#[derive(Debug)]
pub(crate) enum LookError {
    /// No usable picture.
    Image(SampleRefusal),
    EngineBusy {
        retry_after_ms: u64,
    },
    Read(ReadError),
}

impl From<ReadError> for LookError {
    fn from(error: ReadError) -> Self {
        LookError::Read(error)
    }
}

/// Refusals that say nothing but that a face is not like those it was compared with, or not enough.
const UNLIKE: [&str; 3] = ["face.not_recognised", "face.ambiguous", "face.other_person"];

impl Hub {
    /// Looks at a picture. `sandbox`: drawn faces count, and liveness only where the pack claims it.
    /// `purposes`: what a person has agreed to besides being recognised, where she is found.
    pub(crate) async fn recognise(
        &self,
        sandbox: bool,
        among: Among,
        purposes: &[String],
        image: Vec<u8>,
    ) -> Result<Looked, LookError> {
        let refused = |code| Ok(Looked { known: Err(code), conditions: Conditions::default() });
        if self.pack().scope == Scope::DrawnFacesOnly && !sandbox {
            return refused("face.pack_is_for_drawings");
        }
        // Nothing real is done on a face that nothing checked to be alive.
        let policy = if sandbox { LivenessPolicy::WhenClaimed } else { LivenessPolicy::Required };
        let sample = match self.faces.examine(image).await {
            Ok(sample) => sample,
            Err(SampleRefusal::EngineBusy { retry_after_ms }) => return Err(LookError::EngineBusy { retry_after_ms }),
            Err(refusal) if is_bad_input(&refusal) => return Err(LookError::Image(refusal)),
            Err(refusal) => return refused(refusal.code()),
        };
        let known = match sample.liveness.admit(policy) {
            Err(refusal) => Err(refusal.code()),
            Ok(()) => self.who(among, purposes, &sample).await?,
        };
        let conditions = sample.conditions;
        // A face that is half hidden is nobody's yet, and no reproach to who wears the mask.
        let hidden = conditions.mask == Some(true) && known.is_err_and(|code| UNLIKE.contains(&code));
        Ok(Looked { known: if hidden { Err("face.masked") } else { known }, conditions })
    }

    async fn who(
        &self,
        among: Among,
        purposes: &[String],
        sample: &Sample,
    ) -> Result<Result<Known, &'static str>, LookError> {
        let (gallery, rate) = match among {
            Among::Gallery(gallery, rate) => (gallery, rate),
            Among::Person(person) if !self.agrees_to_be_found(person, among, purposes).await? => {
                return Ok(Err("face.not_enrolled"));
            }
            Among::Person(person) => {
                return Ok(match self.galleries.compare(person, &sample.template, self.pack().verify) {
                    None => Err("face.not_enrolled"),
                    Some(true) => Ok(Known { person, clear: true }),
                    Some(false) => Err("face.other_person"),
                });
            }
        };
        let rule = match self.search_rule(rate, gallery) {
            Ok(rule) => rule,
            Err(BudgetError::EmptyGallery) => return Ok(Err("face.not_recognised")),
            Err(refusal) => {
                tracing::error!(%gallery, %refusal, "nobody is looked for");
                return Ok(Err(refusal.code()));
            }
        };
        let policy = rule.policy();
        let candidates = self.galleries.search(gallery, &sample.template, policy);
        match decide(&candidates, policy) {
            Decision::Recognised { subject, .. } => {
                let person = PersonId::from_uuid(uuid::Uuid::from_u128(subject));
                if !self.agrees_to_be_found(person, among, purposes).await? {
                    return Ok(Err("face.not_recognised"));
                }
                let clear = self.galleries.is_clear(gallery, &sample.template, policy, &candidates);
                Ok(Ok(Known { person, clear }))
            }
            // Two people are too alike to tell: neither is taken, and no PIN of a guess is asked.
            Decision::Ambiguous { .. } => Ok(Err("face.ambiguous")),
            Decision::NotRecognised => Ok(Err("face.not_recognised")),
        }
    }

    /// Whether a person has agreed to be looked for in this way. Read from the store each time, so that a withdrawal counts
    /// at the next search, whichever process took it.
    pub(crate) async fn agrees_to_be_found(
        &self,
        person: PersonId,
        among: Among,
        further: &[String],
    ) -> Result<bool, ReadError> {
        let own: &[&str] = match among {
            Among::Gallery(..) => &[AUTHENTICATE, NARROW],
            Among::Person(_) => &[AUTHENTICATE],
        };
        let purposes: Vec<&str> = own.iter().copied().chain(further.iter().map(String::as_str)).collect();
        if self.agreed(person, &purposes).await? {
            return Ok(true);
        }
        // What was deleted at another process is not found in this one either, also when she agrees again.
        if self.store.references_of(person).await?.is_empty() {
            self.galleries.forget(person);
        }
        Ok(false)
    }
}

/// A file that is no usable picture is the caller's mistake; a picture without one good face is an everyday answer.
fn is_bad_input(refusal: &SampleRefusal) -> bool {
    match refusal {
        SampleRefusal::TooManyBytes { .. }
        | SampleRefusal::NotAnImage
        | SampleRefusal::TooManyPixels { .. }
        | SampleRefusal::Truncated
        | SampleRefusal::TooSmall { .. } => true,
        SampleRefusal::TooDark
        | SampleRefusal::NoFace
        | SampleRefusal::SeveralFaces { .. }
        | SampleRefusal::StepCloser { .. }
        | SampleRefusal::StepBack
        | SampleRefusal::EngineBusy { .. }
        | SampleRefusal::Engine(_) => false,
    }
}
