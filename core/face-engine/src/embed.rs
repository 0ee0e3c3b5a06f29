//! From landmarks to better landmarks, and from landmarks to a template.

use tebura_face::{Template, TemplateError};
use zeroize::Zeroizing;

use crate::align::{Crop, CropShape, InputShape, mirror};
use crate::engine::{Net, NetError};
use crate::geometry::{Landmarks, Point};

/// How a pack refines the detector's landmarks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LandmarksRecipe {
    pub(crate) input: InputShape,
    pub(crate) crop: CropShape,
    pub(crate) passes: usize,
}

/// How a pack makes a template of an aligned crop.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EmbedderRecipe {
    pub(crate) input: InputShape,
    pub(crate) crop: CropShape,
    pub(crate) dimensions: usize,
    pub(crate) flip_average: bool,
}

/// Why a network behind the detector gives nothing usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EmbedError {
    /// The network failed.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The output has another size than the pack declares.
    #[error("the output has {found} values and pack.toml asks for {expected}: check `dimensions` and `decoder`")]
    OutputSize {
        /// Values found.
        found: usize,
        /// Values expected.
        expected: usize,
    },
    /// The output is not a direction.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Reads five points out of a crop, in pixels of the picture.
pub(crate) fn refine(net: &mut dyn Net, recipe: &LandmarksRecipe, crop: &Crop) -> Result<Landmarks, EmbedError> {
    let numbers = single_output(net, &recipe.input, &crop.rgb, 10)?;
    let back = crop.to_crop.inverse();
    Ok(std::array::from_fn(|index| {
        back.apply(Point {
            x: numbers[index * 2] * recipe.crop.width as f32,
            y: numbers[index * 2 + 1] * recipe.crop.height as f32,
        })
    }))
}

/// Makes the template of an aligned crop.
pub(crate) fn embed(net: &mut dyn Net, recipe: &EmbedderRecipe, crop: &Crop) -> Result<Template, EmbedError> {
    let mut vector = single_output(net, &recipe.input, &crop.rgb, recipe.dimensions)?;
    if recipe.flip_average {
        let mirrored = Zeroizing::new(mirror(&crop.rgb, recipe.crop.width));
        let other = single_output(net, &recipe.input, &mirrored, recipe.dimensions)?;
        for (value, other) in vector.iter_mut().zip(other.iter()) {
            *value += other;
        }
    }
    Ok(Template::from_raw(std::mem::take(&mut *vector))?)
}

/// Runs the network once on black and checks the size of its output.
pub(crate) fn probe(net: &mut dyn Net, input: &InputShape, expected: usize) -> Result<(), EmbedError> {
    single_output(net, input, &vec![0.0; input.width * input.height * 3], expected).map(drop)
}

/// Runs a network on an RGB crop and gives its first output, which must have `expected` values.
pub(crate) fn single_output(
    net: &mut dyn Net,
    input: &InputShape,
    rgb: &[f32],
    expected: usize,
) -> Result<Zeroizing<Vec<f32>>, EmbedError> {
    let outputs = net.run(&input.tensor(rgb)?)?;
    let values = outputs.first().map_or(&[][..], |output| output.values());
    if values.len() == expected {
        Ok(Zeroizing::new(values.to_vec()))
    } else {
        Err(EmbedError::OutputSize { found: values.len(), expected })
    }
}
