//! A model pack: a folder with `pack.toml`, ONNX files and golden vectors, checked before it is used.
//!
//! Absent: downloading, and where packs are kept.

mod check;
mod error;
mod facts;
mod files;
mod golden;
mod install;
mod manifest;
mod validate;

use std::path::Path;
use std::sync::Arc;

use tebura_face::{BudgetError, CurvePoint, MeasuredCurve, Similarity};

pub use check::{
    CheckError, CheckReport, DrawnRequest, FaceDrawer, GoldenReport, LabelReport, Recorded, check, check_golden,
    record_golden,
};
pub use error::PackError;
pub use facts::{PackFacts, PackRates, RatePoint};
pub use install::{Download, InstallError, Publication};
pub(crate) use validate::Recipes;

use files::PackFiles;
use manifest::Manifest;

/// The file that describes a pack.
const MANIFEST: &str = "pack.toml";

/// A pack whose files are read and whose digests are right; its models are not parsed yet.
#[derive(Clone)]
pub struct ModelPack {
    manifest: Manifest,
    recipes: Recipes,
    files: PackFiles,
    models: Models,
}

/// One model's name and checked bytes.
#[derive(Clone)]
pub(crate) struct ModelFile {
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
}

#[derive(Clone)]
pub(crate) struct Models {
    pub(crate) detector: ModelFile,
    pub(crate) landmarks: Option<ModelFile>,
    pub(crate) embedder: ModelFile,
    pub(crate) liveness: Vec<ModelFile>,
    pub(crate) conditions: Option<ModelFile>,
}

impl ModelPack {
    /// Reads a pack from its folder.
    ///
    /// # Errors
    /// Names the file or key that is wrong and how to put it right.
    pub fn load(folder: &Path) -> Result<Self, PackError> {
        Self::read(PackFiles::Folder(folder.to_path_buf()))
    }

    /// Reads a pack from bytes in the program: pairs of file name and content, `pack.toml` among them.
    ///
    /// # Errors
    /// As [`ModelPack::load`].
    pub fn load_embedded(files: &'static [(&'static str, &'static [u8])]) -> Result<Self, PackError> {
        Self::read(PackFiles::Embedded(files))
    }

    fn read(files: PackFiles) -> Result<Self, PackError> {
        let text = files.read(MANIFEST)?;
        let syntax = |reason: String| PackError::Syntax { file: MANIFEST.to_owned(), reason };
        let text = std::str::from_utf8(&text).map_err(|error| syntax(error.to_string()))?;
        let manifest: Manifest = toml::from_str(text).map_err(|error| syntax(error.to_string()))?;
        let recipes = validate::validate(&manifest)?;
        let model = |name: &str, sha256: &str| -> Result<ModelFile, PackError> {
            let bytes = files.read_checked(name, sha256)?;
            Ok(ModelFile { name: name.to_owned(), bytes: Arc::from(bytes.as_ref()) })
        };
        let models = Models {
            detector: model(&manifest.detector.file, &manifest.detector.sha256)?,
            landmarks: manifest.landmarks.as_ref().map(|table| model(&table.file, &table.sha256)).transpose()?,
            embedder: model(&manifest.embedder.file, &manifest.embedder.sha256)?,
            liveness: manifest
                .liveness
                .iter()
                .flat_map(|table| &table.nets)
                .map(|net| model(&net.file, &net.sha256))
                .collect::<Result<_, _>>()?,
            conditions: manifest.conditions.as_ref().map(|table| model(&table.file, &table.sha256)).transpose()?,
        };
        Ok(Self { manifest, recipes, files, models })
    }

    /// Describes the pack as the hub sees it when `engine` runs it.
    #[must_use]
    pub fn describe(&self, engine: &crate::Engine) -> tebura_face::Pack {
        tebura_face::Pack {
            name: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            scope: self.recipes.scope,
            template_dims: self.recipes.embedder.dimensions,
            policy: self.recipes.policy,
            curve: self.measured_curve().ok(),
            verify: self.recipes.verify,
            liveness: self.recipes.claim,
            licence: self.manifest.licence.clone(),
            engine: engine.to_string(),
        }
    }

    /// Returns the error rates that the pack's publisher measured, to derive a search's threshold from.
    ///
    /// # Errors
    /// Refuses a pack without a curve, and one whose rates contradict each other.
    pub fn measured_curve(&self) -> Result<MeasuredCurve, BudgetError> {
        let thresholds = &self.manifest.thresholds;
        let points = thresholds.curve.iter().filter_map(|point| {
            Some(CurvePoint {
                threshold: Similarity::new(point.threshold)?,
                false_match: f64::from(point.fmr),
                false_non_match: f64::from(point.fnmr),
            })
        });
        MeasuredCurve::new(thresholds.impostor_pairs, points.collect())
    }

    /// Returns what a person who installs the pack should read: licence, source, training data, liveness,
    /// thresholds and where they come from; one line each.
    #[must_use]
    pub fn statement(&self) -> Vec<String> {
        let manifest = &self.manifest;
        let thresholds = &manifest.thresholds;
        let mut lines = vec![
            format!("pack {} {} for {}", manifest.name, manifest.version, self.recipes.scope.word()),
            format!("licence: {}", manifest.licence),
        ];
        lines.extend(manifest.licence_note.iter().map(|note| format!("licence note: {note}")));
        lines.push(format!("source: {}", manifest.source));
        lines.push(format!("training data: {}", manifest.training_data));
        lines.push(match &manifest.liveness {
            None => "liveness: none".to_owned(),
            Some(table) => format!("liveness: {} ({})", self.recipes.claim.word(), table.note),
        });
        lines.push(match &manifest.conditions {
            None => "glasses and masks: not told apart".to_owned(),
            Some(table) => format!("glasses and masks: {}", table.note),
        });
        lines.push(format!(
            "thresholds: verify {}, identify {}, margin {}; EER {:.2} % of {} genuine and {} impostor pairs, {}",
            thresholds.verify,
            thresholds.identify,
            thresholds.margin,
            thresholds.eer * 100.0,
            thresholds.genuine_pairs,
            thresholds.impostor_pairs,
            thresholds.measured_on,
        ));
        lines.extend(thresholds.curve.iter().map(|point| {
            format!(
                "threshold {}: false matches {:.3} %, false non-matches {:.2} %",
                point.threshold,
                point.fmr * 100.0,
                point.fnmr * 100.0
            )
        }));
        lines
    }

    pub(crate) fn recipes(&self) -> &Recipes {
        &self.recipes
    }

    pub(crate) fn models(&self) -> &Models {
        &self.models
    }
}

impl std::fmt::Debug for ModelPack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ModelPack({} {})", self.manifest.name, self.manifest.version)
    }
}
