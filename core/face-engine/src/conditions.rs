//! The network that says what a face wears: one logit for each thing.

use tebura_face::{Conditions, FaceBox, Worn};

use crate::box_crop::BoxCrop;
use crate::embed::{EmbedError, single_output};
use crate::engine::Net;
use crate::picture::Picture;

/// How the network is fed and read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConditionsRecipe {
    pub(crate) crop: BoxCrop,
    /// What each output stands for.
    pub(crate) outputs: Vec<Worn>,
    /// From which probability on something counts as worn.
    pub(crate) worn_at_least: f32,
}

/// Looks at one face. A face that is too near for the network is one of which nothing is known.
pub(crate) fn look(
    net: &mut dyn Net,
    recipe: &ConditionsRecipe,
    picture: &Picture,
    face: &FaceBox,
) -> Result<Conditions, EmbedError> {
    let mut conditions = Conditions::default();
    if let Some(rgb) = recipe.crop.cut(picture, face) {
        let logits = single_output(net, &recipe.crop.input, &rgb, recipe.outputs.len())?;
        for (worn, logit) in recipe.outputs.iter().zip(logits.iter()) {
            conditions.set(*worn, 1.0 / (1.0 + (-logit).exp()) >= recipe.worn_at_least);
        }
    }
    Ok(conditions)
}

/// Runs the network once on black and checks the number of its outputs.
pub(crate) fn probe(net: &mut dyn Net, recipe: &ConditionsRecipe) -> Result<(), EmbedError> {
    single_output(net, &recipe.crop.input, &recipe.crop.black(), recipe.outputs.len()).map(drop)
}
