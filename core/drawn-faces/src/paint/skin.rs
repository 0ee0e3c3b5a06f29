//! Skin: base colour with light and soft relief, ears, and the marks on it.

use crate::head::{Head, Spot};
use crate::math::{Rgb, blend, bump, cover, ellipse, floor, lay, mix, scaled, step};
use crate::random::cell;

/// How the lamp falls on a surface that points right by `right`, down by `down`, towards the viewer by `facing`; about 0.6..1.15.
pub(crate) fn lit(head: &Head<'_>, right: f32, down: f32, facing: f32) -> f32 {
    let light = &head.view.light;
    let aimed = right * light.from[0] + down * light.from[1] + facing * 0.75;
    1.0 - light.lamp * 0.42 + light.lamp * 0.62 * aimed.max(0.0)
}

pub(crate) fn base(head: &Head<'_>, spot: &Spot) -> Rgb {
    let person = head.person;
    let down = (spot.v * 0.62).clamp(-1.0, 1.0);
    let mut shade = lit(head, spot.right * 0.8, down, spot.facing);
    shade *= mix(0.80, 1.0, step(0.0, 0.45, spot.facing));
    let (u, v) = (spot.u.abs(), spot.v);
    let eyes = &person.eyes;
    let socket = bump(ellipse(u - eyes.apart, v - eyes.y + 0.03, eyes.width * 1.75, 0.20));
    shade -= 0.075 * socket;
    shade -= 0.07 * bump(ellipse(u - 0.03, v - eyes.y + 0.02, 0.13, 0.24));
    let cheek = person.marks.cheek;
    shade += 0.05 * bump(ellipse(u - person.outline.width * 0.52, v - 0.24, 0.24, 0.16));
    shade -= (0.02 + 0.07 * cheek) * bump(ellipse(u - person.outline.width * 0.66, v - 0.52, 0.20, 0.28));
    shade -= 0.08 * bump(ellipse(u, v - person.mouth.y - 0.15, 0.20, 0.075));
    shade += 0.045 * bump(ellipse(u, v - person.outline.chin + 0.16, 0.20, 0.14));
    shade -= 0.12 * person.outline.cleft * bump(ellipse(u, v - person.outline.chin + 0.15, 0.025, 0.09));
    shade += 0.04 * bump(ellipse(u, v + 0.36, 0.42, 0.22));
    let mut colour = scaled(person.skin, shade);
    let blush = [person.skin[0] * 1.02, person.skin[1] * 0.72, person.skin[2] * 0.74];
    let apple = bump(ellipse(u - person.outline.width * 0.55, v - 0.30, 0.27, 0.20));
    lay(&mut colour, scaled(blush, shade), apple * (0.15 + 0.45 * person.marks.blush));
    colour
}

pub(crate) fn ears(head: &Head<'_>, spot: &Spot, colour: &mut Rgb) {
    let outline = &head.person.outline;
    for side in [-1.0f32, 1.0] {
        let turned = -side * head.yaw[0];
        let centre = side * (outline.width + 0.02 + 0.10 * turned.min(0.0)) - head.yaw[0] * 0.16;
        let y = 0.12 - head.pitch * 0.25;
        let inside = (1.0 - ellipse(spot.x - centre, spot.y - y, outline.ear * 0.62, outline.ear * 1.15).sqrt())
            * outline.ear
            * 0.62;
        let covered = cover(inside, spot.pixel);
        if covered > 0.0 {
            let fold = bump(ellipse(spot.x - centre - side * 0.01, spot.y - y, outline.ear * 0.38, outline.ear * 0.8));
            let tone = lit(head, side * 0.7, 0.0, 0.55) * (0.94 - 0.22 * fold);
            let red = [head.person.skin[0], head.person.skin[1] * 0.88, head.person.skin[2] * 0.87];
            lay(colour, scaled(red, tone), covered);
        }
    }
}

pub(crate) fn marks(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    let person = head.person;
    let dark = scaled([person.skin[0] * 0.62, person.skin[1] * 0.45, person.skin[2] * 0.38], lit(head, 0.0, 0.0, 0.8));
    freckles(head, spot, dark, face);
    for [u, v, radius] in &person.marks.moles {
        let inside = (1.0 - ellipse(spot.u - u, spot.v - v, *radius, *radius).sqrt()) * radius;
        lay(face, scaled(dark, 0.55), 0.9 * cover(inside, spot.pixel));
    }
    if person.marks.lines > 0.0 {
        lines(head, spot, dark, face);
    }
}

fn freckles(head: &Head<'_>, spot: &Spot, dark: Rgb, face: &mut Rgb) {
    let amount = head.person.marks.freckles;
    let where_ = bump(ellipse(spot.u.abs() - 0.30, spot.v - 0.24, 0.34, 0.24));
    if amount == 0.0 || where_ == 0.0 {
        return;
    }
    const CELL: f32 = 0.055;
    let (i, j) = (floor(spot.u / CELL), floor(spot.v / CELL));
    let (column, row) = (i as f32, j as f32);
    let seed = head.person.seed;
    if cell(i, j, seed ^ 0x11) < amount * where_ {
        let x = (column + mix(0.3, 0.7, cell(i, j, seed ^ 0x22))) * CELL;
        let y = (row + mix(0.3, 0.7, cell(i, j, seed ^ 0x33))) * CELL;
        let radius = CELL * mix(0.18, 0.32, cell(i, j, seed ^ 0x44));
        let inside = (1.0 - ellipse(spot.u - x, spot.v - y, radius, radius).sqrt()) * radius;
        lay(face, dark, 0.42 * cover(inside, spot.pixel.max(0.012)));
    }
}

/// Lines that smiling and years leave: nose to mouth, brow, and the corners of the eyes.
fn lines(head: &Head<'_>, spot: &Spot, dark: Rgb, face: &mut Rgb) {
    let person = head.person;
    let (u, v) = (spot.u.abs(), spot.v);
    let strength = person.marks.lines;
    let fall = (v - person.nose.y) / (person.mouth.y + 0.04 - person.nose.y);
    if (0.0..1.0).contains(&fall) {
        let at = mix(person.nose.width * 1.15, person.mouth.width * 1.22, fall);
        let near = bump(((u - at) / 0.022) * ((u - at) / 0.022));
        lay(face, dark, 0.55 * strength * near * bump((fall - 0.5) * (fall - 0.5) * 4.0));
    }
    for row in [-0.40f32, -0.33] {
        let bend = row + 0.05 * u * u;
        let near = bump(((v - bend) / 0.012) * ((v - bend) / 0.012));
        lay(face, dark, 0.4 * strength * near * bump(u * u / 0.09));
    }
    let bag = v - person.eyes.y - 0.125 + 0.5 * (u - person.eyes.apart) * (u - person.eyes.apart);
    let under = bump((bag / 0.018) * (bag / 0.018)) * bump(ellipse(u - person.eyes.apart, 0.0, 0.13, 1.0));
    lay(face, dark, 0.5 * strength * under);
}

/// Returns the skin's colour in the shade, for neck and lids.
pub(crate) fn shaded(skin: Rgb, amount: f32) -> Rgb {
    blend(skin, [skin[0] * 0.72, skin[1] * 0.56, skin[2] * 0.50], amount)
}
