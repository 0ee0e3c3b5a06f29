//! Mouth: lips, what is between them, and the smile.

use super::skin::lit;
use crate::head::{Head, Spot};
use crate::math::{Rgb, bump, cover, ellipse, lay, mix, scaled, step};

/// How far the mouth stands in front of the face.
pub(crate) const DEPTH: f32 = 0.05;

pub(crate) fn paint(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let mouth = &head.person.mouth;
    let expression = &head.view.expression;
    let [u, v] = spot.lifted(head, DEPTH);
    let half = half_width(head);
    let x = u / half;
    if x.abs() > 1.4 || (v - mouth.y).abs() > 0.3 {
        return;
    }
    let arch = (1.0 - x * x).max(0.0);
    let y = v - mouth.y - corners(head) * (x * x).min(1.4);
    let gap = 0.085 * expression.open * arch;
    let dip = mouth.bow * 0.45 * bump(x * x / 0.05);
    let full = arch.sqrt() * 0.4 + arch * 0.6;
    let upper = -gap * 0.4 - mouth.upper * (full - dip) - 0.004;
    let lower = gap + mouth.lower * arch.sqrt() * (1.0 - 0.35 * expression.smile.max(0.0)) + 0.004;
    let pixel = spot.pixel.max(0.008);
    let shade = lit(head, spot.right * 0.6, 0.1, 0.8);
    let ends = (1.0 - x.abs()) * half;

    let lips = (y - upper).min(lower - y).min(ends);
    let tone = if y < gap * 0.3 { 0.84 } else { 1.0 };
    lay(face, scaled(mouth.colour, shade * tone), cover(lips, pixel));
    let gloss = bump(ellipse(x + 0.1, (y - gap - mouth.lower * 0.42) / half, 0.55, mouth.lower * 0.42 / half));
    lay(face, mouth.colour.map(|channel| (channel + 0.22).min(1.0)), 0.45 * gloss * cover(lips, pixel));
    if gap > 0.004 {
        inside(head, x, y, gap, pixel, face);
    }
    let seam = 0.010 - (y - gap * 0.1).abs();
    let line = cover(seam, pixel) * step(0.03, 0.0, gap) * step(1.08, 0.98, x.abs());
    lay(face, scaled(mouth.colour, 0.42), 0.85 * line);
    let corner = bump(ellipse(x.abs() - 1.03, y / half, 0.12, 0.12));
    lay(face, scaled(mouth.colour, 0.5), 0.55 * corner);
}

fn inside(head: &Head<'_>, x: f32, y: f32, gap: f32, pixel: f32, face: &mut Rgb) {
    let hollow = (y + gap * 0.4).min(gap - y).min((0.93 - x.abs()) * 0.2);
    let mut colour = [0.24, 0.07, 0.08];
    let tongue = bump(ellipse(x, (y - gap) / gap.max(0.02), 0.6, 0.8));
    lay(&mut colour, [0.72, 0.32, 0.34], 0.7 * tongue);
    let teeth = (gap * 0.35 + 0.012 - y).min((0.82 - x.abs()) * 0.2);
    lay(&mut colour, scaled([0.96, 0.94, 0.91], lit(head, 0.0, 0.0, 0.8)), cover(teeth, pixel));
    lay(face, colour, cover(hollow, pixel));
}

/// Returns the mouth's half width, which a smile stretches.
pub(crate) fn half_width(head: &Head<'_>) -> f32 {
    let expression = &head.view.expression;
    head.person.mouth.width * mix(1.0, 1.16, expression.smile.max(0.0)) * mix(1.0, 0.9, expression.open)
}

/// Returns how far the corners of the mouth lie below its middle (negative: above, as in a smile).
pub(crate) fn corners(head: &Head<'_>) -> f32 {
    head.person.mouth.corner - 0.062 * head.view.expression.smile
}
