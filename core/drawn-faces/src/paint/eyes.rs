//! Eyes: white, iris, pupil, a highlight, lids and lashes.

use super::skin::{lit, shaded};
use crate::head::{Head, Spot};
use crate::math::{Rgb, bump, cover, ellipse, lay, mix, scaled, step};

pub(crate) fn paint(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let eyes = &head.person.eyes;
    let side = if spot.u < 0.0 { -1.0 } else { 1.0 };
    let (du, dv) = (spot.u - side * eyes.apart, spot.v - eyes.y);
    if du.abs() > eyes.width * 1.9 || dv.abs() > 0.26 {
        return;
    }
    let tilt = side * eyes.tilt;
    let (x, y) = ((du - dv * tilt) / eyes.width, (dv + du * tilt) / eyes.width);
    let pixel = spot.pixel / eyes.width;
    let shut = (head.view.expression.blink + 0.18 * head.view.expression.smile.max(0.0)).min(1.0);
    let arch = (1.0 - x * x).max(-1.0);
    let round = if arch > 0.0 { arch.sqrt() * 0.45 + arch * 0.55 } else { arch };
    let upper = -eyes.open * (1.0 - 1.35 * head.view.expression.blink.min(1.0)) * round;
    let lower = eyes.open * 0.62 * (1.0 - 0.35 * shut) * round;
    let shade = lit(head, 0.0, -0.1, 0.8);

    let lid = bump(ellipse(x, y - upper + 0.22, 1.35, 0.42));
    lay(face, scaled(shaded(head.person.skin, 0.55), shade), lid * (0.30 + 0.35 * eyes.shadow));
    let open = (y - upper).min(lower - y);
    let inside = cover(open * 0.8, pixel) * step(1.06, 0.96, x.abs());
    if inside > 0.0 {
        lay(face, ball(head, side, x, y, upper, pixel, shade), inside);
    }
    lids(head, [x * side, x], y, upper, lower, pixel, face);
}

fn ball(head: &Head<'_>, side: f32, x: f32, y: f32, upper: f32, pixel: f32, shade: f32) -> Rgb {
    let eyes = &head.person.eyes;
    let gaze = &head.view.expression.gaze;
    let (gx, gy) = (x - 0.24 * gaze[0] + side * 0.03, y - 0.16 * gaze[1] + 0.04);
    let white = 0.96 * mix(0.70, 1.0, step(0.0, 0.30, y - upper));
    let mut colour = [white, white * 0.985, white * 0.975];
    let corner = bump(ellipse(x + side * 0.92, y, 0.16, 0.22));
    lay(&mut colour, [0.86, 0.58, 0.55], 0.7 * corner);
    let distance = (gx * gx + gy * gy).sqrt();
    let ring = cover(eyes.iris - distance, pixel);
    let glow = mix(0.62, 1.25, step(-0.5, 0.5, gy));
    let rim = mix(1.0, 0.45, step(eyes.iris * 0.72, eyes.iris, distance));
    lay(&mut colour, scaled(eyes.colour, glow * rim), ring);
    lay(&mut colour, [0.03, 0.025, 0.03], cover(eyes.iris * 0.46 - distance, pixel));
    let shadow = step(0.22, 0.0, y - upper);
    lay(&mut colour, [0.10, 0.08, 0.09], 0.45 * shadow);
    let lamp = head.view.light.from[0];
    let spark = ((gx - 0.16 * lamp.signum()) * (gx - 0.16 * lamp.signum()) + (gy + 0.17) * (gy + 0.17)).sqrt();
    lay(&mut colour, [1.0, 1.0, 1.0], 0.92 * cover(0.115 - spark, pixel));
    scaled(colour, mix(shade, 1.0, 0.4))
}

/// Draws the lash line, the crease above it and a soft lower lid. `x` is measured outwards first, then rightwards.
fn lids(head: &Head<'_>, x: [f32; 2], y: f32, upper: f32, lower: f32, pixel: f32, face: &mut Rgb) {
    let eyes = &head.person.eyes;
    let [out, right] = x;
    let ink = [0.09, 0.065, 0.065];
    let wing = 0.12 * eyes.lash * step(0.55, 1.1, out);
    let thick = (0.055 + 0.10 * eyes.lash) * mix(0.55, 1.0, step(-1.0, 0.6, out));
    let line = thick - (y - upper + 0.02 + wing).abs();
    let reach = step(1.12 + 0.16 * eyes.lash, 0.98, out) * step(-1.10, -0.98, out);
    lay(face, ink, 0.92 * cover(line, pixel) * reach);
    let under = 0.035 - (y - lower - 0.01).abs();
    lay(
        face,
        scaled(shaded(head.person.skin, 0.9), 0.75),
        (0.35 + 0.3 * eyes.lash) * cover(under, pixel.max(0.05)) * step(1.05, 0.8, right.abs()),
    );
    let above = upper * 1.12 - 0.17 - 0.12 * (1.0 - eyes.crease);
    let crease = 0.045 - (y - above).abs();
    let strength = eyes.crease * step(1.15, 0.75, right.abs());
    lay(face, scaled(shaded(head.person.skin, 1.0), 0.8), 0.75 * strength * cover(crease, pixel.max(0.06)));
}
