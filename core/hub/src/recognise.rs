//! Looks at a picture and says who it is: among those who can be here, or whether it is one person and no other.
//!
//! Nothing is decided about money here; liveness is asked before anybody is looked for.

use tebura_face::{Decision, LivenessPolicy, SampleRefusal, Scope, decide};

use crate::hub::Hub;
use crate::ids::{GalleryId, PersonId};

/// Whom a face is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    Gallery(GalleryId),
    /// One person, known by other means.
    Person(PersonId),
}

/// Why nobody was looked for.
#[derive(Debug)]
pub(crate) enum LookError {
    /// No usable picture.
    Image(SampleRefusal),
    EngineBusy {
        retry_after_ms: u64,
    },
}

impl Hub {
    /// Who it is, or the code of the refusal. `sandbox`: drawn faces count, and liveness only where the pack claims it.
    pub(crate) async fn recognise(
        &self,
        sandbox: bool,
        among: Among,
        image: Vec<u8>,
    ) -> Result<Result<PersonId, &'static str>, LookError> {
        if self.pack().scope == Scope::DrawnFacesOnly && !sandbox {
            return Ok(Err("face.pack_is_for_drawings"));
        }
        // Nothing real is done on a face that nothing checked to be alive.
        let policy = if sandbox { LivenessPolicy::WhenClaimed } else { LivenessPolicy::Required };
        let sample = match self.faces.examine(image).await {
            Ok(sample) => sample,
            Err(SampleRefusal::EngineBusy { retry_after_ms }) => return Err(LookError::EngineBusy { retry_after_ms }),
            Err(refusal) if is_bad_input(&refusal) => return Err(LookError::Image(refusal)),
            Err(refusal) => return Ok(Err(refusal.code())),
        };
        if let Err(refusal) = sample.liveness.admit(policy) {
            return Ok(Err(refusal.code()));
        }
        let gallery = match among {
            Among::Gallery(gallery) => gallery,
            Among::Person(person) => {
                return Ok(match self.galleries.compare(person, &sample.template, self.pack().verify) {
                    None => Err("face.not_enrolled"),
                    Some(true) => Ok(person),
                    Some(false) => Err("face.other_person"),
                });
            }
        };
        let candidates = self.galleries.search(gallery, &sample.template);
        match decide(&candidates, &self.pack().policy) {
            Decision::Recognised { subject, .. } => Ok(Ok(PersonId::from_uuid(uuid::Uuid::from_u128(subject)))),
            // Two people are too alike to tell: neither is taken, and no PIN of a guess is asked.
            Decision::Ambiguous { .. } => Ok(Err("face.ambiguous")),
            Decision::NotRecognised => Ok(Err("face.not_recognised")),
        }
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
