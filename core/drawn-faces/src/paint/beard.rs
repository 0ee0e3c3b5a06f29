//! Beard and moustache.

use super::skin::lit;
use crate::head::{Head, Spot};
use crate::math::{Rgb, lay, mix, noise, scaled, step};

pub(crate) fn stubble(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let person = head.person;
    let beard = &person.beard;
    if beard.chin == 0.0 || spot.v < 0.0 {
        return;
    }
    let u = spot.u.abs();
    let goatee = step(0.30, 0.22, u) * step(person.mouth.y + 0.02, person.mouth.y + 0.10, spot.v);
    let border = mix(0.60, 0.18, step(0.25, person.outline.width * 0.95, u));
    let cheeks =
        step(border - 0.03, border + 0.06, spot.v) * step(0.12, 0.30, u + (spot.v - person.mouth.y).max(0.0) * 1.4);
    lay_hair(head, spot, (beard.chin * goatee).max(beard.cheeks * cheeks), face);
}

pub(crate) fn moustache(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let person = head.person;
    if person.beard.moustache == 0.0 {
        return;
    }
    let [u, v] = spot.lifted(head, super::mouth::DEPTH);
    let x = u.abs() / (person.mouth.width * 1.1);
    let low = person.mouth.y - person.mouth.upper * 0.7 + 0.07 * x * x;
    let high = mix(person.nose.y + 0.10, low, (x * x).min(1.0));
    let inside = step(high - 0.02, high + 0.02, v) * step(low + 0.02, low - 0.01, v) * step(1.12, 0.95, x);
    lay_hair(head, spot, person.beard.moustache * inside, face);
}

fn lay_hair(head: &Head<'_>, spot: &Spot, amount: f32, face: &mut Rgb) {
    if amount > 0.0 {
        let grain = noise(spot.u * 55.0, spot.v * 30.0, head.person.seed ^ 0xbea2d);
        let tone = lit(head, spot.right * 0.7, 0.3, spot.facing) * mix(0.75, 1.15, grain);
        lay(face, scaled(head.person.beard.colour, tone), amount * mix(0.82, 1.0, grain));
    }
}
