//! Liveness networks: the face with its surroundings.

use tebura_face::{FaceBox, LivenessVote};

use crate::box_crop::BoxCrop;
use crate::embed::EmbedError;
use crate::engine::Net;
use crate::picture::Picture;

/// How one liveness network is fed and read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LivenessRecipe {
    pub(crate) crop: BoxCrop,
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
    match recipe.crop.cut(picture, face) {
        None => Ok(LivenessVote::DoesNotFit),
        Some(rgb) => real_probability(net, recipe, &rgb).map(LivenessVote::Real),
    }
}

/// Runs the network once on black and checks that it has the class of a living face.
pub(crate) fn probe(net: &mut dyn Net, recipe: &LivenessRecipe) -> Result<(), EmbedError> {
    real_probability(net, recipe, &recipe.crop.black()).map(drop)
}

fn real_probability(net: &mut dyn Net, recipe: &LivenessRecipe, rgb: &[f32]) -> Result<f32, EmbedError> {
    let outputs = net.run(&recipe.crop.input.tensor(rgb)?)?;
    let logits = outputs.first().map_or(&[][..], |output| output.values());
    let Some(real) = logits.get(recipe.real_index) else {
        return Err(EmbedError::OutputSize { found: logits.len(), expected: recipe.real_index + 1 });
    };
    let sum: f32 = logits.iter().map(|logit| (logit - real).exp()).sum();
    Ok(1.0 / sum)
}
