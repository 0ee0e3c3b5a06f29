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
    let Some(area) = surroundings(picture, face, recipe) else {
        return Ok(LivenessVote::DoesNotFit);
    };
    let (region, filter) = region_of(&area, recipe);
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

/// Enlarges the box about its centre, shifted to lie inside the picture (the published MiniFASNet rule);
/// nothing when the box has no extent or is too near for the network.
fn surroundings(picture: &Picture, face: &FaceBox, recipe: &LivenessRecipe) -> Option<FaceBox> {
    let (right, bottom) = (picture.width() as f32 - 1.0, picture.height() as f32 - 1.0);
    let has_extent = face.width() >= 1.0 && face.height() >= 1.0;
    let scale = recipe.crop_scale.min(right / face.width()).min(bottom / face.height());
    if !has_extent || scale < recipe.least_crop_scale {
        return None;
    }
    let span = |low: f32, high: f32, most: f32| {
        let (middle, half) = ((low + high) / 2.0, (high - low) * scale / 2.0);
        let start = (middle - half).min(most - 2.0 * half).max(0.0);
        (start, (start + 2.0 * half).min(most))
    };
    let (x0, x1) = span(face.x0, face.x1, right);
    let (y0, y1) = span(face.y0, face.y1, bottom);
    Some(FaceBox { x0, y0, x1, y1 })
}

/// A network that was made for bilinear crops saw whole pixels, the last ones included; one that was made
/// for means saw the exact rectangle.
fn region_of(area: &FaceBox, recipe: &LivenessRecipe) -> (Region, Filter) {
    let (width, height) = (recipe.input.width, recipe.input.height);
    let shrinks = area.width() > width as f32 && area.height() > height as f32;
    let filter = if shrinks { recipe.filter } else { Filter::Bilinear };
    let edges = |low: f32, high: f32| match filter {
        Filter::Area => (f64::from(low), f64::from(high)),
        Filter::Bilinear => (f64::from(low.floor()), f64::from(high.floor()) + 1.0),
    };
    let (x0, x1) = edges(area.x0, area.x1);
    let (y0, y1) = edges(area.y0, area.y1);
    let region = Region {
        left: x0,
        top: y0,
        step_x: (x1 - x0) / width as f64,
        step_y: (y1 - y0) / height as f64,
        filled_width: width,
        filled_height: height,
    };
    (region, filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Colour;

    fn recipe(crop_scale: f32, least_crop_scale: f32) -> LivenessRecipe {
        LivenessRecipe {
            input: InputShape {
                width: 80,
                height: 80,
                colour: Colour::Bgr,
                mean: [0.0; 3],
                std: [1.0; 3],
                whole: false,
            },
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
        let found = surroundings(&picture, &FaceBox { x0, y0, x1, y1 }, recipe).map(|area| {
            let (region, _) = region_of(&area, recipe);
            [region.left, region.top, region.step_x * 80.0, region.step_y * 80.0].map(|value| value.round() as usize)
        });
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
