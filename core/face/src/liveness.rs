//! Liveness: is a living face before the camera, as far as the pack can tell?
//!
//! Absent: any claim of its own. A pack says what its liveness is worth, and that word travels with
//! every result.

/// What a pack says about its own liveness models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LivenessClaim {
    /// The pack has none.
    None,
    /// Only drawn attacks are told apart: shows the flow, protects nobody.
    Simulated,
    /// The pack's publisher claims a presentation-attack detection rate.
    Model,
}

impl LivenessClaim {
    /// Returns the stable word of the claim: `none`, `simulated` or `model`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Simulated => "simulated",
            Self::Model => "model",
        }
    }
}

/// The result of liveness on one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Liveness {
    /// Taken for a living face.
    Live {
        /// Mean probability of a living face, 0..=1.
        score: f32,
    },
    /// Taken for a screen, a print or a mask.
    Attack {
        /// Mean probability of a living face, 0..=1.
        score: f32,
    },
    /// The face is too near for the models' context: neither live nor an attack.
    StepBack,
    /// The pack has no liveness models.
    NotClaimed,
}

/// One model's word on one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LivenessVote {
    /// Probability of a living face, 0..=1.
    Real(f32),
    /// The region that the model needs does not fit into the picture.
    DoesNotFit,
}

/// Folds the votes of all models of a pack into one result.
///
/// No votes: not claimed. One that does not fit: step back, for a model that sees too little answers
/// "attack" for everybody. Else the mean against `real_at_least`; a vote that is not a number counts as 0.
#[must_use]
pub fn fold_liveness(votes: &[LivenessVote], real_at_least: f32) -> Liveness {
    let mut sum = 0.0_f32;
    for vote in votes {
        match vote {
            LivenessVote::DoesNotFit => return Liveness::StepBack,
            LivenessVote::Real(real) if real.is_finite() => sum += real.clamp(0.0, 1.0),
            LivenessVote::Real(_) => {}
        }
    }
    if votes.is_empty() {
        return Liveness::NotClaimed;
    }
    let score = sum / votes.len() as f32;
    if score >= real_at_least { Liveness::Live { score } } else { Liveness::Attack { score } }
}

/// What a use case asks of liveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LivenessPolicy {
    /// A living face must have been found by a pack that checks it.
    Required,
    /// Checked when the pack can; a pack without liveness passes.
    WhenClaimed,
}

/// Why a picture does not pass liveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LivenessRefusal {
    /// A screen, a print or a mask.
    #[error("this looks like a picture of a face: look into the camera yourself, or pay another way")]
    Attack,
    /// Too near.
    #[error("the face is too near for the check: step back until head and shoulders are in the picture")]
    StepBack,
    /// The pack cannot check.
    #[error("the installed model pack has no liveness check and this service asks for one: install a pack that has it")]
    NotClaimed,
}

impl LivenessRefusal {
    /// Returns the stable code of the refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Attack => "liveness.attack",
            Self::StepBack => "liveness.step_back",
            Self::NotClaimed => "liveness.not_claimed",
        }
    }
}

impl Liveness {
    /// Holds the result against what the use case asks.
    ///
    /// # Errors
    /// Refuses an attack and a face too near always, a pack without liveness when it is required.
    pub fn admit(self, policy: LivenessPolicy) -> Result<(), LivenessRefusal> {
        match (self, policy) {
            (Self::Attack { .. }, _) => Err(LivenessRefusal::Attack),
            (Self::StepBack, _) => Err(LivenessRefusal::StepBack),
            (Self::NotClaimed, LivenessPolicy::Required) => Err(LivenessRefusal::NotClaimed),
            (Self::Live { .. }, _) | (Self::NotClaimed, LivenessPolicy::WhenClaimed) => Ok(()),
        }
    }
}
