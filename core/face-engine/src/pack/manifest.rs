//! The text of `pack.toml`, format 1, as it is written. Unknown keys are errors.
//!
//! Absent: whether the values make sense; that is `validate`.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) scope: ScopeWord,
    pub(crate) licence: String,
    pub(crate) licence_note: Option<String>,
    pub(crate) source: String,
    pub(crate) training_data: String,
    pub(crate) detector: DetectorTable,
    pub(crate) landmarks: Option<LandmarksTable>,
    pub(crate) embedder: EmbedderTable,
    pub(crate) liveness: Option<LivenessTable>,
    pub(crate) conditions: Option<ConditionsTable>,
    pub(crate) thresholds: ThresholdsTable,
    pub(crate) check: CheckTable,
    pub(crate) golden: GoldenTable,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ScopeWord {
    DrawnFacesOnly,
    People,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ColourWord {
    Rgb,
    Bgr,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PixelsWord {
    #[default]
    Float,
    Whole,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResizeWord {
    #[default]
    Bilinear,
    Area,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ShrinkWord {
    #[default]
    None,
    Halve,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DetectorDecoder {
    Yunet,
    Scrfd,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectorTable {
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) decoder: DetectorDecoder,
    pub(crate) width: usize,
    pub(crate) height: usize,
    #[serde(default = "no_upscale")]
    pub(crate) max_upscale: f32,
    #[serde(default)]
    pub(crate) resize: ResizeWord,
    pub(crate) colour: ColourWord,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    #[serde(default)]
    pub(crate) pixels: PixelsWord,
    #[serde(default = "usual_strides")]
    pub(crate) strides: Vec<usize>,
    #[serde(default = "two_anchors")]
    pub(crate) anchors: usize,
    pub(crate) score: f32,
    pub(crate) nms_iou: f32,
    #[serde(default = "usual_top_k")]
    pub(crate) top_k: usize,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum LandmarksDecoder {
    #[serde(rename = "points-in-crop")]
    PointsInCrop,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LandmarksTable {
    pub(crate) file: String,
    pub(crate) sha256: String,
    /// Read only to refuse another word.
    #[serde(rename = "decoder")]
    pub(crate) _decoder: LandmarksDecoder,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) template: [[f32; 2]; 5],
    #[serde(default)]
    pub(crate) shrink: ShrinkWord,
    pub(crate) colour: ColourWord,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    #[serde(default)]
    pub(crate) pixels: PixelsWord,
    #[serde(default = "one_pass")]
    pub(crate) passes: usize,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EmbedderDecoder {
    Vector,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmbedderTable {
    pub(crate) file: String,
    pub(crate) sha256: String,
    /// Read only to refuse another word.
    #[serde(rename = "decoder")]
    pub(crate) _decoder: EmbedderDecoder,
    pub(crate) dimensions: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) template: [[f32; 2]; 5],
    #[serde(default)]
    pub(crate) shrink: ShrinkWord,
    pub(crate) colour: ColourWord,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    #[serde(default)]
    pub(crate) pixels: PixelsWord,
    #[serde(default)]
    pub(crate) flip_average: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClaimWord {
    None,
    Simulated,
    Vendor,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LivenessTable {
    pub(crate) claim: ClaimWord,
    pub(crate) note: String,
    pub(crate) real_at_least: f32,
    pub(crate) nets: Vec<LivenessNet>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LivenessDecoder {
    Softmax,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CropWord {
    Box,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LivenessNet {
    pub(crate) file: String,
    pub(crate) sha256: String,
    /// Read only to refuse another word.
    #[serde(rename = "decoder")]
    pub(crate) _decoder: LivenessDecoder,
    pub(crate) real_index: usize,
    /// Read only to refuse another word.
    #[serde(rename = "crop")]
    pub(crate) _crop: CropWord,
    pub(crate) crop_scale: f32,
    #[serde(default)]
    pub(crate) min_crop_scale: f32,
    pub(crate) width: usize,
    pub(crate) height: usize,
    #[serde(default)]
    pub(crate) resize: ResizeWord,
    pub(crate) colour: ColourWord,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    #[serde(default)]
    pub(crate) pixels: PixelsWord,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConditionsDecoder {
    Logits,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConditionsTable {
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) note: String,
    /// Read only to refuse another word.
    #[serde(rename = "decoder")]
    pub(crate) _decoder: ConditionsDecoder,
    pub(crate) outputs: Vec<String>,
    pub(crate) worn_at_least: f32,
    /// Read only to refuse another word.
    #[serde(rename = "crop")]
    pub(crate) _crop: CropWord,
    pub(crate) crop_scale: f32,
    #[serde(default)]
    pub(crate) min_crop_scale: f32,
    pub(crate) width: usize,
    pub(crate) height: usize,
    #[serde(default)]
    pub(crate) resize: ResizeWord,
    pub(crate) colour: ColourWord,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    #[serde(default)]
    pub(crate) pixels: PixelsWord,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThresholdsTable {
    pub(crate) verify: f32,
    pub(crate) identify: f32,
    #[serde(default)]
    pub(crate) margin: f32,
    pub(crate) measured_on: String,
    pub(crate) genuine_pairs: u64,
    pub(crate) impostor_pairs: u64,
    pub(crate) eer: f32,
    /// Empty only when the publisher gives no curve; `measured_on` says so.
    #[serde(default)]
    pub(crate) curve: Vec<CurvePoint>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurvePoint {
    pub(crate) fmr: f32,
    pub(crate) threshold: f32,
    pub(crate) fnmr: f32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "set", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum CheckTable {
    Drawn { people: u64, pictures: u64, first_seed: u64, max_eer: f32, max_impostor_mean: f32 },
    Images { folder: String, max_eer: f32, max_impostor_mean: f32 },
    None {},
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoldenTable {
    pub(crate) file: String,
    pub(crate) landmark_px: f32,
    pub(crate) embedding: f32,
    #[serde(default = "usual_score_tolerance")]
    pub(crate) score: f32,
}

fn no_upscale() -> f32 {
    1.0
}

fn usual_strides() -> Vec<usize> {
    vec![8, 16, 32]
}

fn two_anchors() -> usize {
    2
}

fn usual_top_k() -> usize {
    5_000
}

fn one_pass() -> usize {
    1
}

fn usual_score_tolerance() -> f32 {
    5e-3
}
