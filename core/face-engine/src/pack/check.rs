//! `pack check`: do the models find what the pack says they find?
//!
//! Golden vectors catch a wrong colour order, template or decoder; labelled pairs catch a pack whose golden
//! vectors were made with the same mistake. Absent: any judgement about real people from drawings.

mod labels;
mod record;
mod vectors;

use tebura_face::SampleRefusal;

pub use labels::LabelReport;
pub use record::{Recorded, record_golden};
pub use vectors::GoldenReport;

use super::{ModelPack, PackError};
use crate::picture::Picture;
use crate::pipeline::{LoadedPack, Pipeline};

/// A picture that the face drawer is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnRequest {
    /// The kind of scene: `kiosk`, `hard`, `masked`, `frontal`, `screen`, `print`, `empty` or `two`.
    pub scene: String,
    /// The people's seeds: none for `empty`, two for `two`, else one.
    pub people: Vec<u64>,
    /// The seed of the view, where the scene has one.
    pub view: Option<u64>,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

/// Draws what is asked for, or nothing when it does not know the scene.
pub type FaceDrawer<'a> = dyn Fn(&DrawnRequest) -> Option<Picture> + 'a;

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckReport {
    /// The engine that ran the models.
    pub engine: String,
    /// The golden vectors.
    pub golden: GoldenReport,
    /// The labelled pairs; nothing when the pack has none.
    pub labels: Option<LabelReport>,
}

/// Why a pack is refused by its own check, in the order of the checks.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CheckError {
    /// The pack does not load.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A picture of the check cannot be had.
    #[error("{picture}: {problem}")]
    Picture {
        /// Which picture.
        picture: String,
        /// Why.
        problem: String,
    },
    /// The face drawer draws something else than when the golden vectors were made.
    #[error(
        "{picture}: the face drawer's pixels have SHA-256 {found} and golden.json was made with {expected}; make the golden vectors again with this drawer"
    )]
    DrawerChanged {
        /// Which picture.
        picture: String,
        /// Digest in golden.json.
        expected: String,
        /// Digest of what was drawn.
        found: String,
    },
    /// A model failed on a picture.
    #[error("{picture}: {refusal}")]
    Refused {
        /// Which picture.
        picture: String,
        /// What the pipeline says.
        refusal: SampleRefusal,
    },
    /// Another number of faces than the golden vectors name.
    #[error(
        "{picture}: {found} faces were found and golden.json names {expected}; check decoder, score and normalisation of [detector]"
    )]
    FaceCount {
        /// Which picture.
        picture: String,
        /// Faces in golden.json.
        expected: usize,
        /// Faces found.
        found: usize,
    },
    /// A value is further off than the pack's tolerance.
    #[error("{picture}: {what} is off by {off} and the tolerance is {tolerance}; {fix}")]
    Golden {
        /// Which picture.
        picture: String,
        /// Which value.
        what: &'static str,
        /// The largest difference.
        off: f32,
        /// The largest difference that is allowed.
        tolerance: f32,
        /// Where to look.
        fix: &'static str,
    },
    /// Too many labelled pictures give no sample.
    #[error("{missed} of {pictures} labelled pictures give no face; check [detector]")]
    Missed {
        /// Pictures without a sample.
        missed: usize,
        /// All labelled pictures.
        pictures: usize,
    },
    /// The labelled pairs are told apart too badly.
    #[error(
        "the equal error rate of the labelled pairs is {found:.4} and check.max_eer is {limit}; check template, colour and normalisation of [embedder]"
    )]
    EqualErrorRate {
        /// Rate found, 0..=1.
        found: f64,
        /// Most that the pack allows.
        limit: f32,
    },
    /// Different people look alike to the models.
    #[error(
        "the mean similarity of different people is {found:.3} and check.max_impostor_mean is {limit}; check the template of [embedder]"
    )]
    ImpostorMean {
        /// Mean found.
        found: f64,
        /// Most that the pack allows.
        limit: f32,
    },
}

/// Runs the golden vectors and the labelled pairs of a pack that `loaded` was opened from.
///
/// # Errors
/// The first check that fails, with the place to look.
pub fn check(pack: &ModelPack, loaded: &LoadedPack, drawer: &FaceDrawer<'_>) -> Result<CheckReport, CheckError> {
    let mut pipeline = open(loaded)?;
    let golden = vectors::check(pack, &mut pipeline, drawer)?;
    let labels = labels::check(pack, &mut pipeline, drawer)?;
    Ok(CheckReport { engine: loaded.description().engine.clone(), golden, labels })
}

/// Runs only the golden vectors: fast enough for every start.
///
/// # Errors
/// The first vector that is off.
pub fn check_golden(
    pack: &ModelPack,
    loaded: &LoadedPack,
    drawer: &FaceDrawer<'_>,
) -> Result<GoldenReport, CheckError> {
    vectors::check(pack, &mut open(loaded)?, drawer)
}

fn open(loaded: &LoadedPack) -> Result<Pipeline, CheckError> {
    loaded
        .pipeline()
        .map_err(|source| CheckError::Pack(PackError::Load { file: loaded.description().name.clone(), source }))
}

fn draw(drawer: &FaceDrawer<'_>, request: &DrawnRequest) -> Result<Picture, CheckError> {
    drawer(request).ok_or_else(|| CheckError::Picture {
        picture: format!("{} {:?}", request.scene, request.people),
        problem:
            "the face drawer does not know this scene; use kiosk, hard, masked, frontal, screen, print, empty or two"
                .to_owned(),
    })
}
