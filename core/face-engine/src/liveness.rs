//! Liveness networks: the face with its surroundings, enlarged by each network's own factor.

use tebura_face::{FaceBox, LivenessVote};
use zeroize::Zeroizing;

use crate::align::InputShape;
use crate::embed::EmbedError;
use crate::engine::{Net, NetError};
use crate::picture::{Filter, Picture, Region, resample};

/// How one liveness network is fed and read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LivenessRecipe {
    pub(crate) input: InputShape,
    pub(crate) filter: Filter,
    /// The box is enlarged by this about its centre.
    pub(crate) crop_scale: f32,
    /// A box that can be enlarged by less is too near for the network.
    pub(crate) least_crop_scale: f32,
    /// Which class of the softmax is a living face.
    pub(crate) real_index: usize,
}

/// Asks one network about one face.
pub(crate) fn vote(
    net: &mut dyn Net,
    recipe: &LivenessRecipe,
    picture: &Picture,
    face: &FaceBox,
) -> Result<LivenessVote, EmbedError> {
    let Some(region) = surroundings(picture, face, recipe) else {
        return Ok(LivenessVote::DoesNotFit);
    };
    let shrinks = region.step_x > 1.0 && region.step_y > 1.0;
    let filter = if shrinks { recipe.filter } else { Filter::Bilinear };
    let (width, height) = (recipe.input.width, recipe.input.height);
    let rgb = Zeroizing::new(resample(picture, &region, width, height, filter));
    real_probability(net, recipe, &rgb).map(LivenessVote::Real)
}

/// Runs the network once on black and checks that it has the class of a living face.
pub(crate) fn probe(net: &mut dyn Net, recipe: &LivenessRecipe) -> Result<(), EmbedError> {
    let black = vec![0.0; recipe.input.width * recipe.input.height * 3];
    real_probability(net, recipe, &black).map(drop)
}

fn real_probability(net: &mut dyn Net, recipe: &LivenessRecipe, rgb: &[f32]) -> Result<f32, EmbedError> {
    let outputs = net.run(&recipe.input.tensor(rgb)?).map_err(|error: NetError| EmbedError::Net(error))?;
    let logits = outputs.first().map_or(&[][..], |output| output.values());
    let Some(real) = logits.get(recipe.real_index) else {
        return Err(EmbedError::OutputSize { found: logits.len(), expected: recipe.real_index + 1 });
    };
    let sum: f32 = logits.iter().map(|logit| (logit - real).exp()).sum();
    Ok(1.0 / sum)
}

/// Enlarges the box, shifted to lie inside the picture; nothing when it is too near for the network.
///
/// The rule, corner pixels included, is that of the published MiniFASNet crop.
fn surroundings(picture: &Picture, face: &FaceBox, recipe: &LivenessRecipe) -> Option<Region> {
    let (right, bottom) = (picture.width() as f32 - 1.0, picture.height() as f32 - 1.0);
    if !(face.width() >= 1.0 && face.height() >= 1.0) {
        return None;
    }
    let scale = recipe.crop_scale.min(right / face.width()).min(bottom / face.height());
    if scale < recipe.least_crop_scale {
        return None;
    }
    let span = |low: f32, high: f32, most: f32| {
        let (middle, half) = ((low + high) / 2.0, (high - low) * scale / 2.0);
        let start = (middle - half).min(most - 2.0 * half).max(0.0);
        (start as usize, (start + 2.0 * half).min(most) as usize)
    };
    let (x0, x1) = span(face.x0, face.x1, right);
    let (y0, y1) = span(face.y0, face.y1, bottom);
    let (width, height) = (x1 - x0 + 1, y1 - y0 + 1);
    Some(Region {
        left: x0,
        top: y0,
        width,
        height,
        step_x: width as f32 / recipe.input.width as f32,
        step_y: height as f32 / recipe.input.height as f32,
        filled_width: recipe.input.width,
        filled_height: recipe.input.height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Colour;

    fn recipe(crop_scale: f32, least_crop_scale: f32) -> LivenessRecipe {
        LivenessRecipe {
            input: InputShape { width: 80, height: 80, colour: Colour::Bgr, mean: [0.0; 3], std: [1.0; 3] },
            filter: Filter::Bilinear,
            crop_scale,
            least_crop_scale,
            real_index: 1,
        }
    }

    #[track_caller]
    fn check(face: [f32; 4], recipe: &LivenessRecipe, expected: Option<[usize; 4]>) {
        let picture = Picture::from_rgb(200, 100, vec![0; 60_000]).unwrap();
        let [x0, y0, x1, y1] = face;
        let region = surroundings(&picture, &FaceBox { x0, y0, x1, y1 }, recipe);
        let found = region.map(|region| [region.left, region.top, region.width, region.height]);
        assert_eq!(found, expected);
    }

    #[test]
    fn enlarges_about_the_centre() {
        check([90.0, 40.0, 110.0, 60.0], &recipe(2.0, 0.0), Some([80, 30, 41, 41]));
    }

    #[test]
    fn shifts_instead_of_padding() {
        check([0.0, 0.0, 20.0, 20.0], &recipe(2.0, 0.0), Some([0, 0, 41, 41]));
        check([180.0, 80.0, 200.0, 100.0], &recipe(2.0, 0.0), Some([159, 59, 41, 41]));
    }

    #[test]
    fn a_face_that_is_too_near_is_not_judged() {
        check([70.0, 20.0, 130.0, 80.0], &recipe(2.7, 2.0), None);
        check([70.0, 20.0, 130.0, 80.0], &recipe(2.7, 1.5), Some([50, 0, 100, 100]));
    }

    #[test]
    fn a_box_without_extent_is_not_judged() {
        check([50.0, 50.0, 50.0, 50.0], &recipe(2.7, 0.0), None);
        check([f32::NAN, 0.0, 10.0, 10.0], &recipe(2.7, 0.0), None);
    }
}
