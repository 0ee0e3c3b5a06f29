//! A surgical mask: it lies over nose, mouth and chin, hangs on the ears, and is of the day, not of the person.

use super::mouth::DEPTH;
use super::skin::lit;
use crate::head::{Head, Spot};
use crate::math::{Rgb, bump, cover, lay, mix, scaled};
use crate::random::Random;

const CLOTH: [Rgb; 6] = [
    [0.95, 0.96, 0.96],
    [0.95, 0.96, 0.96],
    [0.66, 0.82, 0.90],
    [0.95, 0.80, 0.84],
    [0.56, 0.58, 0.61],
    [0.13, 0.13, 0.15],
];

/// A mask as it sits on one face.
pub(crate) struct Mask {
    colour: Rgb,
    /// Height of its upper edge on the nose.
    top: f32,
    /// Half of its width.
    half: f32,
}

impl Mask {
    pub(crate) fn on(head: &Head<'_>) -> Option<Self> {
        if !head.view.mask {
            return None;
        }
        let random = &mut Random::new(head.view.clothes, 17);
        let (eyes, nose) = (head.person.eyes.y, head.person.nose.y);
        Some(Self {
            colour: CLOTH[random.index(CLOTH.len())],
            top: mix(eyes, nose, random.range(0.30, 0.62)),
            half: head.person.outline.width * random.range(0.74, 0.86),
        })
    }

    pub(crate) fn paint(&self, head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
        let [u, v] = spot.lifted(head, DEPTH);
        let across = u.abs();
        let upper = self.top + 0.22 * (across / self.half) * (across / self.half);
        let cloth = (v - upper).min(self.half - across);
        let tone = lit(head, spot.right * 0.8, (v * 0.5).clamp(-1.0, 1.0), spot.facing);
        let pleat = [0.16f32, 0.30, 0.44].map(|down| bump(((v - upper - down) / 0.022) * ((v - upper - down) / 0.022)));
        let seam = bump((v - upper - 0.03) * (v - upper - 0.03) / 0.0003);
        let shade = 1.0 - 0.13 * (pleat[0] + pleat[1] + pleat[2]) - 0.10 * seam;
        lay(face, scaled(self.colour, tone * shade), cover(cloth, spot.pixel));
        for height in [0.24f32, 0.62] {
            let loop_ = (0.013 - (v - self.top - height).abs()).min(across - self.half);
            lay(face, scaled(self.colour, tone * 0.9), cover(loop_, spot.pixel));
        }
    }
}
