//! Hair, beard and glasses: worn every day, so part of who somebody is in these drawings.

use super::palette;
use crate::math::Rgb;
use crate::random::Random;

/// How the hair meets the forehead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Bald,
    Back,
    Fringe,
    Side,
    Curtain,
    Peak,
}

#[derive(Clone, Debug)]
pub(crate) struct Hair {
    pub(crate) front: Front,
    pub(crate) colour: Rgb,
    /// Height of the hairline on the forehead.
    pub(crate) line: f32,
    /// Thickness above the skull.
    pub(crate) volume: f32,
    /// How far down the hair hangs; −0.1 is above the ears, 1.6 on the chest.
    pub(crate) length: f32,
    /// Where it parts, −1..1.
    pub(crate) part: f32,
    /// How much of the cheek's side it covers.
    pub(crate) side: f32,
    pub(crate) curl: f32,
    pub(crate) bun: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Beard {
    pub(crate) moustache: f32,
    pub(crate) chin: f32,
    pub(crate) cheeks: f32,
    pub(crate) colour: Rgb,
}

#[derive(Clone, Debug)]
pub(crate) struct Glasses {
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// 0 round, 1 square.
    pub(crate) square: f32,
    pub(crate) rim: f32,
    pub(crate) colour: Rgb,
    pub(crate) drop: f32,
}

impl Hair {
    pub(crate) fn random(random: &mut Random) -> Self {
        let front = match random.index(16) {
            0 => Front::Bald,
            1..=3 => Front::Back,
            4..=7 => Front::Fringe,
            8..=11 => Front::Side,
            12..=13 => Front::Curtain,
            _ => Front::Peak,
        };
        let long = !matches!(front, Front::Bald | Front::Peak) && random.chance(0.5);
        let length = if long { random.range(0.55, 1.7) } else { random.range(-0.12, 0.22) };
        Self {
            front,
            colour: palette::hair(random),
            line: random.range(-0.66, -0.46),
            volume: random.range(0.06, 0.27),
            length,
            part: random.range(-0.55, 0.55),
            side: if long { random.range(0.05, 0.20) } else { random.range(0.03, 0.09) },
            curl: if random.chance(0.3) { random.range(0.4, 1.0) } else { 0.0 },
            bun: if random.chance(0.12) { random.range(0.20, 0.34) } else { 0.0 },
        }
    }
}

impl Beard {
    pub(crate) fn random(random: &mut Random, hair: &Hair) -> Self {
        let style = if hair.length > 0.4 { 0 } else { random.index(9) };
        let strong = random.range(0.55, 1.0);
        let (moustache, chin, cheeks) = match style {
            0..=4 => (0.0, 0.0, 0.0),
            5 => (0.25, 0.28, 0.25),
            6 => (strong, 0.0, 0.0),
            7 => (strong, strong, 0.0),
            _ => (strong, strong, strong),
        };
        let tint = random.range(0.8, 1.1);
        Self { moustache, chin, cheeks, colour: hair.colour.map(|channel| channel * tint) }
    }
}

impl Glasses {
    pub(crate) fn random(random: &mut Random) -> Option<Self> {
        if !random.chance(0.27) {
            return None;
        }
        Some(Self {
            width: random.range(0.215, 0.265),
            height: random.range(0.14, 0.215),
            square: random.range(0.0, 1.0),
            rim: random.range(0.012, 0.03),
            colour: palette::FRAMES[random.index(palette::FRAMES.len())],
            drop: random.range(-0.01, 0.045),
        })
    }
}
