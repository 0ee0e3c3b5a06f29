//! The nose: it stands out of the face, so it is painted where its own depth puts it.

use super::skin::{lit, shaded};
use crate::head::{Head, Spot};
use crate::math::{Rgb, bump, ellipse, lay, mix, scaled, step};

pub(crate) fn paint(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let person = head.person;
    let nose = &person.nose;
    if spot.u.abs() > 0.5 || spot.v < person.eyes.y - 0.25 || spot.v > nose.y + 0.25 {
        return;
    }
    let down = ((spot.v - person.eyes.y) / (nose.y - person.eyes.y)).clamp(0.0, 1.0);
    let out = nose.depth * down;
    let [u, v] = spot.lifted(head, out);
    let light = head.view.light.from[0];
    let shade = lit(head, 0.0, 0.0, 0.8);
    let dark = scaled(shaded(person.skin, 0.85), shade);
    let pale = scaled(person.skin.map(|channel| (channel * 1.12 + 0.03).min(1.0)), shade);
    let half = mix(nose.bridge, nose.width * 0.72, down * down);
    let along = step(person.eyes.y - 0.12, person.eyes.y + 0.14, v) * step(nose.y + 0.06, nose.y - 0.03, v);

    for side in [-1.0f32, 1.0] {
        let away = (u - side * half) / 0.055;
        let turned = 0.5 - 0.5 * side * (light * 1.3 - head.yaw[0]).clamp(-1.0, 1.0);
        lay(face, dark, (0.10 + 0.42 * turned) * nose.relief * along * bump(away * away));
        let wing = ellipse(u - side * nose.width * 0.80, v - nose.y - 0.005, nose.width * 0.36, 0.075).sqrt();
        let crease = (wing - 0.92) / 0.26;
        let outer = step(0.30, 0.85, side * u / nose.width);
        lay(face, dark, 0.62 * bump(crease * crease) * outer);
        let hole = ellipse(
            u - side * nose.width * 0.44,
            v - nose.y - 0.052 + 0.02 * side * u,
            nose.width * 0.27,
            0.018 + 0.016 * nose.nostril,
        );
        lay(face, scaled(shaded(person.skin, 1.0), 0.42), 0.88 * step(1.15, 0.55, hole));
    }
    lay(face, dark, 0.50 * bump(ellipse(u, v - nose.y - 0.088, nose.width * 0.95, 0.055)));
    let ridge = (u - 0.02 * light) / (half * 0.75);
    lay(face, pale, 0.50 * nose.relief * along * bump(ridge * ridge));
    lay(face, pale, 0.62 * bump(ellipse(u - 0.02 * light, v - nose.y + 0.035, nose.tip, nose.tip * 0.85)));
}
