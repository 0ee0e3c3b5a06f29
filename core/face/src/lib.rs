//! The pure face core: what a template is, how two are compared, how a gallery is searched, and what
//! follows from a score.
//!
//! Absent on purpose: images, models, clocks, storage and people's names. A subject is a bare number;
//! who it stands for is the hub's knowledge.

mod block;
mod budget;
mod capture;
mod conditions;
mod decision;
mod gallery;
mod levels;
mod liveness;
mod nearest;
mod pack;
mod rates;
mod rotation;
mod sample;
mod search;
mod sketch;
mod template;
mod wide;

pub use budget::{BudgetError, CurvePoint, DerivedThreshold, FalseMatchBudget, MeasuredCurve};
pub use capture::{FRAMES, FrameRefusal, Prompt, Shot, judge};
pub use conditions::{Conditions, Worn};
pub use decision::{Decision, MatchPolicy, PolicyError, Verification, decide, verify};
pub use gallery::{Gallery, GalleryError};
pub use liveness::{Liveness, LivenessClaim, LivenessPolicy, LivenessRefusal, LivenessVote, fold_liveness};
pub use nearest::{Candidate, Candidates};
pub use pack::{Pack, Scope};
pub use rates::{ErrorRates, PairScores};
pub use rotation::Rotation;
pub use sample::{FaceBox, Quality, Sample, SampleRefusal};
pub use search::Search;
pub use template::{Similarity, Template, TemplateError};
