//! Brows.

use super::skin::lit;
use crate::head::{Head, Spot};
use crate::math::{Rgb, cover, lay, mix, noise, scaled, step};

pub(crate) fn paint(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let person = head.person;
    let brows = &person.brows;
    let side = if spot.u < 0.0 { -1.0 } else { 1.0 };
    let raised = 0.045 * head.view.expression.brow;
    let out = (spot.u.abs() - person.eyes.apart - brows.shift) / brows.length;
    if out.abs() > 1.3 {
        return;
    }
    let middle = person.eyes.y
        - brows.above
        - raised
        - brows.tilt * out * brows.length
        - brows.arch * (1.0 - (out - 0.25) * (out - 0.25))
        + 0.03 * head.view.expression.brow.min(0.0) * out;
    let taper = mix(1.0, 0.30, step(0.0, 1.05, out)) * mix(0.78, 1.0, step(-1.1, -0.6, out));
    let hairs = noise(spot.u * 90.0 - side * spot.v * 40.0, spot.v * 26.0, person.seed);
    let inside = (brows.thick * taper * mix(0.82, 1.14, hairs)) - (spot.v - middle).abs();
    let ends = ((1.0 - out.abs()) * brows.length).min(0.05);
    let covered = cover(inside.min(ends), spot.pixel.max(0.012));
    if covered > 0.0 {
        let tone = lit(head, spot.right * 0.5, -0.2, 0.8) * mix(0.85, 1.15, hairs);
        lay(face, scaled(brows.colour, tone), covered * brows.dense);
    }
}
