//! Who somebody is: about sixty numbers that never change from picture to picture. No pose, light or expression.

mod face;
mod hair;
mod palette;

pub(crate) use face::{Brows, Eyes, Marks, Mouth, Nose, Outline};
pub(crate) use hair::{Beard, Front, Glasses, Hair};

use crate::math::Rgb;
use crate::random::Random;

/// A person who does not exist, made of a seed.
#[derive(Clone, Debug)]
pub struct Person {
    pub(crate) seed: u64,
    pub(crate) skin: Rgb,
    pub(crate) outline: Outline,
    pub(crate) eyes: Eyes,
    pub(crate) brows: Brows,
    pub(crate) nose: Nose,
    pub(crate) mouth: Mouth,
    pub(crate) marks: Marks,
    pub(crate) hair: Hair,
    pub(crate) beard: Beard,
    pub(crate) glasses: Option<Glasses>,
}

impl Person {
    /// Makes the person of `seed`; the same seed is always the same person.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let random = &mut Random::new(seed, 1);
        let skin = palette::skin(random);
        let hair = Hair::random(random);
        Self {
            seed,
            skin,
            outline: Outline::random(random),
            eyes: Eyes::random(random),
            brows: Brows::random(random, hair.colour),
            nose: Nose::random(random),
            mouth: Mouth::random(random, skin),
            marks: Marks::random(random),
            beard: Beard::random(random, &hair),
            glasses: Glasses::random(random),
            hair,
        }
    }

    /// Returns the seed this person was made of.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}
