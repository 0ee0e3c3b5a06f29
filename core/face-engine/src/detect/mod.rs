//! Finds faces: fits the picture onto the network's canvas, runs it, decodes, removes doubles.

mod scrfd;
mod suppress;
mod yunet;

use tebura_face::FaceBox;
use zeroize::Zeroizing;

use crate::align::InputShape;
use crate::engine::{Net, NetError, Tensor};
use crate::geometry::{Landmarks, Point};
use crate::picture::{Filter, Picture, Region, resample};

/// One face that a detector found, in pixels of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Detection {
    pub(crate) score: f32,
    pub(crate) face: FaceBox,
    pub(crate) landmarks: Landmarks,
}

/// The layout of a detector's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoder {
    /// Outputs by name, one anchor a cell: cls_S, obj_S, bbox_S, kps_S.
    Yunet,
    /// Outputs by order: scores, distances to the box's edges, points; `anchors` for each cell.
    Scrfd { anchors: usize },
}

/// How a pack's detector is fed and read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DetectorRecipe {
    pub(crate) input: InputShape,
    pub(crate) decoder: Decoder,
    pub(crate) strides: Vec<usize>,
    pub(crate) filter: Filter,
    pub(crate) max_upscale: f32,
    pub(crate) least_score: f32,
    pub(crate) nms_iou: f32,
    pub(crate) top_k: usize,
}

/// Why a detector's outputs cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DetectError {
    /// The network failed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A named output is not there.
    #[error("the detector has no output `{missing}`; it has {have:?}: is `decoder` or `strides` wrong in pack.toml?")]
    MissingOutput {
        /// The name that was looked for.
        missing: String,
        /// The names that are there.
        have: Vec<String>,
    },
    /// The number of outputs fits no layout.
    #[error(
        "the detector has {outputs} outputs and {strides} strides, and SCRFD with landmarks has three for each stride: a detector without landmarks cannot align a face"
    )]
    OutputCount {
        /// Outputs of the network.
        outputs: usize,
        /// Strides in pack.toml.
        strides: usize,
    },
    /// An output has another size than its stride and the canvas ask for.
    #[error(
        "output `{output}` has {found} values and {expected} were expected: check width, height, strides and anchors in pack.toml"
    )]
    OutputSize {
        /// The output's name or place.
        output: String,
        /// Values found.
        found: usize,
        /// Values expected.
        expected: usize,
    },
}

/// Finds all faces of a picture, best first.
pub(crate) fn detect(
    net: &mut dyn Net,
    recipe: &DetectorRecipe,
    picture: &Picture,
) -> Result<Vec<Detection>, DetectError> {
    let (canvas, scale) = fit(picture, recipe)?;
    let outputs = net.run(&canvas)?;
    let mut found = decode(recipe, net.output_names(), &outputs)?;
    suppress::keep_best(&mut found, recipe.top_k, recipe.nms_iou);
    Ok(found.into_iter().map(|detection| detection.scaled(1.0 / scale)).collect())
}

/// Runs the network on an empty canvas and reads its outputs, so that a wrong layout is found at start.
pub(crate) fn probe(net: &mut dyn Net, recipe: &DetectorRecipe) -> Result<(), DetectError> {
    let input = &recipe.input;
    let outputs = net.run(&input.tensor(&vec![0.0; input.width * input.height * 3])?)?;
    decode(recipe, net.output_names(), &outputs).map(drop)
}

fn fit(picture: &Picture, recipe: &DetectorRecipe) -> Result<(Tensor, f32), NetError> {
    let input = &recipe.input;
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let scale = (input.width as f32 / width).min(input.height as f32 / height).min(recipe.max_upscale);
    let filled = |side: f32, most: usize| ((side * scale).round() as usize).clamp(1, most);
    let region = Region {
        left: 0.0,
        top: 0.0,
        step_x: 1.0 / f64::from(scale),
        step_y: 1.0 / f64::from(scale),
        filled_width: filled(width, input.width),
        filled_height: filled(height, input.height),
    };
    let filter = if scale >= 1.0 { Filter::Bilinear } else { recipe.filter };
    let canvas = Zeroizing::new(resample(picture, &region, input.width, input.height, filter));
    Ok((input.tensor(&canvas)?, scale))
}

fn decode(recipe: &DetectorRecipe, names: &[String], outputs: &[Tensor]) -> Result<Vec<Detection>, DetectError> {
    match recipe.decoder {
        Decoder::Yunet => yunet::decode(recipe, names, outputs),
        Decoder::Scrfd { anchors } => scrfd::decode(recipe, anchors, outputs),
    }
}

/// Checks an output's size and gives its values.
fn sized<'a>(output: &'a Tensor, name: &str, expected: usize) -> Result<&'a [f32], DetectError> {
    let values = output.values();
    if values.len() == expected {
        Ok(values)
    } else {
        Err(DetectError::OutputSize { output: name.to_owned(), found: values.len(), expected })
    }
}

/// Ten numbers as five points: x0, y0, x1, …
fn points(numbers: &[f32], mut place: impl FnMut(f32, f32) -> Point) -> Landmarks {
    std::array::from_fn(|index| place(numbers[index * 2], numbers[index * 2 + 1]))
}

impl Detection {
    fn scaled(self, factor: f32) -> Self {
        let face = self.face;
        Self {
            score: self.score,
            face: FaceBox { x0: face.x0 * factor, y0: face.y0 * factor, x1: face.x1 * factor, y1: face.y1 * factor },
            landmarks: self.landmarks.map(|point| Point { x: point.x * factor, y: point.y * factor }),
        }
    }

    fn is_finite(&self) -> bool {
        let FaceBox { x0, y0, x1, y1 } = self.face;
        [self.score, x0, y0, x1, y1].iter().all(|value| value.is_finite())
            && self.landmarks.iter().all(|point| point.x.is_finite() && point.y.is_finite())
    }
}
