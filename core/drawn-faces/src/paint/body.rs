//! Neck, shoulders and the clothes of the day.

use super::skin::{lit, shaded};
use crate::head::{Head, Spot};
use crate::math::{Rgb, cover, ellipse, lay, mix, scaled, sin, step};
use crate::random::Random;

const CLOTHES: [Rgb; 10] = [
    [0.20, 0.30, 0.45],
    [0.82, 0.84, 0.86],
    [0.55, 0.20, 0.22],
    [0.23, 0.42, 0.36],
    [0.86, 0.66, 0.30],
    [0.16, 0.17, 0.20],
    [0.55, 0.60, 0.72],
    [0.72, 0.48, 0.52],
    [0.47, 0.38, 0.58],
    [0.62, 0.54, 0.44],
];

pub(crate) fn paint(head: &Head<'_>, spot: &Spot, colour: &mut Rgb) {
    if spot.y < 0.45 {
        return;
    }
    let outline = &head.person.outline;
    let neck = outline.width * 0.50;
    let flare = 0.5 * step(outline.chin + 0.1, outline.chin + 0.75, spot.y);
    let x = spot.x + head.yaw[0] * 0.10 * (1.6 - spot.y).max(0.0);
    let shadow = step(outline.chin + 0.42, outline.chin - 0.05, spot.y);
    let shade = lit(head, x * 0.8, 0.0, 0.6);
    let skin = scaled(shaded(head.person.skin, 0.15 + 0.55 * shadow), shade);
    lay(colour, skin, cover(neck * (1.0 + flare) - x.abs(), spot.pixel));

    let random = &mut Random::new(head.view.clothes, 5);
    let cloth = CLOTHES[random.index(CLOTHES.len())];
    let other = CLOTHES[random.index(CLOTHES.len())];
    let (style, stripes) = (random.index(3), random.chance(0.2));
    let top = outline.chin + 0.40;
    let wide = outline.width * 2.15;
    let fall = (spot.x.abs() / wide).min(1.0);
    let shoulder = top + 0.42 * fall * fall + 0.9 * step(0.86, 1.05, fall) * fall;
    let collar = match style {
        0 => ellipse(x, spot.y - top, neck * 1.22, 0.30).sqrt() - 1.0,
        1 => ellipse(x, (spot.y - top).max(0.0) + x.abs() * 0.9, neck * 1.25, 0.62).sqrt() - 1.0,
        _ => ellipse(x, spot.y - top + 0.12, neck * 1.12, 0.24).sqrt() - 1.0,
    };
    let inside = (spot.y - shoulder).min(collar * 0.3);
    let covered = cover(inside, spot.pixel);
    if covered > 0.0 {
        let fold = 0.06 * sin(spot.x * 4.0 + spot.y * 2.0);
        let mut tone = scaled(cloth, lit(head, x * 0.4, 0.1, 0.75) * (0.98 + fold));
        if stripes {
            lay(&mut tone, other, step(0.2, 0.4, sin(spot.y * 22.0)));
        }
        let hem = step(0.05, 0.035, inside);
        lay(&mut tone, scaled(mix_to(cloth, other, style), 0.85), hem);
        lay(colour, tone, covered);
    }
}

fn mix_to(cloth: Rgb, other: Rgb, style: usize) -> Rgb {
    let share = if style == 2 { 0.6 } else { 0.0 };
    [mix(cloth[0], other[0], share), mix(cloth[1], other[1], share), mix(cloth[2], other[2], share)]
}
