//! Glasses: they sit in front of the eyes, reach to the ears and glint.

use crate::head::{Head, Spot};
use crate::math::{Rgb, cover, lay, mix, step};

const DEPTH: f32 = 0.07;

pub(crate) fn paint(head: &Head<'_>, spot: &Spot, colour: &mut Rgb) {
    let Some(glasses) = &head.person.glasses else {
        return;
    };
    if spot.inside < -0.08 || spot.front < -0.15 {
        return;
    }
    let eyes = &head.person.eyes;
    let [u, v] = spot.lifted(head, DEPTH);
    let y = v - eyes.y - glasses.drop;
    if y.abs() > 0.32 {
        return;
    }
    let apart = eyes.apart.max(glasses.width + 0.035);
    let x = (u.abs() - apart) / glasses.width;
    let q = y / glasses.height;
    let (x2, q2) = (x * x, q * q);
    let round = (x2 + q2).sqrt();
    let square = (x2 * x2 + q2 * q2).sqrt().sqrt();
    let radius = mix(round, square, glasses.square);
    let size = glasses.width.min(glasses.height);
    let edge = (radius - 1.0) * size;
    lay(colour, [0.80, 0.88, 0.93], 0.07 * cover(-edge, spot.pixel));
    let glint = step(0.07, 0.0, (x + q * 0.9 + 0.55).abs() - 0.05);
    lay(colour, [1.0, 1.0, 1.0], 0.16 * glint * cover(-edge, spot.pixel));
    let rim = cover(glasses.rim - edge.abs(), spot.pixel);
    let bridge =
        cover((glasses.rim * 0.9 - (y + 0.03 - 0.4 * u * u).abs()).min(apart - glasses.width - u.abs()), spot.pixel);
    let arm = cover((glasses.rim * 0.9 - (y + 0.05).abs()).min(u.abs() - apart - glasses.width), spot.pixel)
        * step(-0.15, 0.1, spot.front);
    lay(colour, glasses.colour, rim.max(bridge).max(arm));
}
