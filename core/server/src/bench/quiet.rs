//! Ports that a benchmark of money does not use: no faces, nothing sent.

use async_trait::async_trait;
use tebura_face::{LivenessClaim, MatchPolicy, Pack, PolicyError, Sample, SampleRefusal, Scope};
use tebura_hub::ports::{Delivery, Egress, FaceEngine, Outgoing};

/// Recognises nobody.
pub struct NoFaces(Pack);

impl NoFaces {
    /// What its templates would be of.
    pub const PACK: &str = "none@0";

    /// A pack of no people.
    ///
    /// # Errors
    /// None in practice: the policy is a constant.
    pub fn new() -> Result<NoFaces, PolicyError> {
        NoFaces::of(64)
    }

    /// The same with templates of so many numbers.
    ///
    /// # Errors
    /// None in practice: the policy is a constant.
    pub fn of(template_dims: usize) -> Result<NoFaces, PolicyError> {
        let policy = MatchPolicy::new(0.5, 0.0)?;
        Ok(NoFaces(Pack {
            name: "none".to_owned(),
            version: "0".to_owned(),
            scope: Scope::DrawnFacesOnly,
            template_dims,
            policy,
            curve: None,
            verify: policy.threshold(),
            liveness: LivenessClaim::None,
            licence: "Apache-2.0".to_owned(),
            engine: "none".to_owned(),
        }))
    }
}

#[async_trait]
impl FaceEngine for NoFaces {
    fn pack(&self) -> &Pack {
        &self.0
    }

    async fn examine(&self, _: Vec<u8>) -> Result<Sample, SampleRefusal> {
        Err(SampleRefusal::NoFace)
    }
}

/// Sends nothing.
pub struct NoEgress;

#[async_trait]
impl Egress for NoEgress {
    async fn send(&self, _: &Outgoing) -> Delivery {
        Delivery::Refused { code: "bench.no_egress", reason: "a benchmark sends nothing".to_owned() }
    }
}
