//! Shape numbers of the face. Lengths are in half face heights: −1 is the top of the skull, +1 about the chin, x to the right.

use super::palette;
use crate::math::Rgb;
use crate::random::Random;

#[derive(Clone, Debug)]
pub(crate) struct Outline {
    /// Half width at the cheekbones.
    pub(crate) width: f32,
    /// How square the jaw is, 0..1.
    pub(crate) jaw: f32,
    /// How much the lower face narrows, 0..0.4.
    pub(crate) taper: f32,
    /// Where the chin ends.
    pub(crate) chin: f32,
    pub(crate) ear: f32,
    pub(crate) cleft: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Eyes {
    /// Half of the distance between the eyes' centres.
    pub(crate) apart: f32,
    pub(crate) y: f32,
    /// Half width of one eye.
    pub(crate) width: f32,
    /// Height of the upper lid's arch, in half widths.
    pub(crate) open: f32,
    pub(crate) tilt: f32,
    pub(crate) crease: f32,
    pub(crate) lash: f32,
    /// Radius of the iris, in half widths of the eye.
    pub(crate) iris: f32,
    pub(crate) colour: Rgb,
    pub(crate) shadow: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Brows {
    /// Height above the eye's centre.
    pub(crate) above: f32,
    pub(crate) length: f32,
    pub(crate) thick: f32,
    pub(crate) arch: f32,
    pub(crate) tilt: f32,
    pub(crate) shift: f32,
    pub(crate) colour: Rgb,
    pub(crate) dense: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Nose {
    /// Height of the tip.
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) bridge: f32,
    pub(crate) tip: f32,
    pub(crate) depth: f32,
    pub(crate) nostril: f32,
    pub(crate) relief: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Mouth {
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) upper: f32,
    pub(crate) lower: f32,
    pub(crate) bow: f32,
    pub(crate) corner: f32,
    pub(crate) colour: Rgb,
}

#[derive(Clone, Debug)]
pub(crate) struct Marks {
    pub(crate) blush: f32,
    pub(crate) freckles: f32,
    /// x, y, radius.
    pub(crate) moles: Vec<[f32; 3]>,
    pub(crate) lines: f32,
    pub(crate) cheek: f32,
}

impl Outline {
    pub(crate) fn random(random: &mut Random) -> Self {
        Self {
            width: random.range(0.70, 0.86),
            jaw: random.range(0.0, 1.0),
            taper: random.range(0.02, 0.30),
            chin: random.range(0.93, 1.08),
            ear: random.range(0.13, 0.20),
            cleft: if random.chance(0.2) { random.range(0.4, 1.0) } else { 0.0 },
        }
    }
}

impl Eyes {
    pub(crate) fn random(random: &mut Random) -> Self {
        Self {
            apart: random.range(0.275, 0.37),
            y: random.range(-0.04, 0.10),
            width: random.range(0.145, 0.205),
            open: random.range(0.44, 0.78),
            tilt: random.range(-0.14, 0.24),
            crease: random.range(0.0, 1.0),
            lash: random.range(0.2, 1.0),
            iris: random.range(0.42, 0.58),
            colour: palette::iris(random),
            shadow: random.range(0.0, 1.0),
        }
    }
}

impl Brows {
    pub(crate) fn random(random: &mut Random, hair: Rgb) -> Self {
        let dye = random.range(0.65, 1.0);
        Self {
            above: random.range(0.19, 0.31),
            length: random.range(0.15, 0.235),
            thick: random.range(0.016, 0.055),
            arch: random.range(-0.01, 0.075),
            tilt: random.range(-0.10, 0.24),
            shift: random.range(-0.02, 0.035),
            colour: hair.map(|channel| channel * dye),
            dense: random.range(0.6, 1.0),
        }
    }
}

impl Nose {
    pub(crate) fn random(random: &mut Random) -> Self {
        Self {
            y: random.range(0.31, 0.47),
            width: random.range(0.095, 0.19),
            bridge: random.range(0.035, 0.085),
            tip: random.range(0.06, 0.12),
            depth: random.range(0.14, 0.28),
            nostril: random.range(0.3, 1.0),
            relief: random.range(0.4, 1.0),
        }
    }
}

impl Mouth {
    pub(crate) fn random(random: &mut Random, skin: Rgb) -> Self {
        Self {
            y: random.range(0.60, 0.71),
            width: random.range(0.18, 0.30),
            upper: random.range(0.022, 0.065),
            lower: random.range(0.032, 0.085),
            bow: random.range(0.0, 0.7),
            corner: random.range(-0.045, 0.008),
            colour: palette::lips(random, skin),
        }
    }
}

impl Marks {
    pub(crate) fn random(random: &mut Random) -> Self {
        let count = [0, 0, 1, 1, 2, 3][random.index(6)];
        Self {
            blush: random.range(0.0, 1.0),
            freckles: if random.chance(0.28) { random.range(0.25, 0.8) } else { 0.0 },
            moles: (0..count)
                .map(|_| {
                    let side = if random.chance(0.5) { 1.0 } else { -1.0 };
                    [side * random.range(0.12, 0.5), random.range(0.16, 0.82), random.range(0.013, 0.024)]
                })
                .collect(),
            lines: if random.chance(0.35) { random.range(0.3, 1.0) } else { 0.0 },
            cheek: random.range(0.0, 1.0),
        }
    }
}
