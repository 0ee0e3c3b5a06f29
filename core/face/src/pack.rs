//! What the hub knows of the installed model pack.
//!
//! Absent: files, digests and models; those are the face engine's.

use crate::budget::MeasuredCurve;
use crate::decision::MatchPolicy;
use crate::liveness::LivenessClaim;
use crate::template::Similarity;

/// Whom a pack recognises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Drawings made by this project only: refused outside sandbox merchants.
    DrawnFacesOnly,
    /// People.
    People,
}

impl Scope {
    /// Returns the word of the scope in `pack.toml`: `drawn-faces-only` or `people`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DrawnFacesOnly => "drawn-faces-only",
            Self::People => "people",
        }
    }
}

/// A loaded and checked model pack, described.
#[derive(Clone, Debug, PartialEq)]
pub struct Pack {
    /// Name, lower-case letters, digits and dashes.
    pub name: String,
    /// Version of the pack; templates of different packs are never compared.
    pub version: String,
    /// Whom it recognises.
    pub scope: Scope,
    /// Numbers in a template.
    pub template_dims: usize,
    /// Search (1:N): least similarity and least lead.
    pub policy: MatchPolicy,
    /// Error rates that its publisher measured; `None`: nobody can say how often it takes one person for another.
    pub curve: Option<MeasuredCurve>,
    /// Comparison (1:1): least similarity.
    pub verify: Similarity,
    /// What its liveness is worth.
    pub liveness: LivenessClaim,
    /// SPDX identifier of the models' licence.
    pub licence: String,
    /// The inference engine that runs it, with its version.
    pub engine: String,
}
