//! Hair: a shell around the skull. `behind` is painted before the face, `front` over it.

use super::skin::lit;
use crate::head::{Head, Spot};
use crate::math::{Rgb, bump, cover, ellipse, lay, mix, noise, scaled, sin, step};
use crate::person::Front;

pub(crate) fn behind(head: &Head<'_>, spot: &Spot, colour: &mut Rgb) {
    let hair = &head.person.hair;
    if hair.front == Front::Bald {
        return;
    }
    if hair.bun > 0.0 && spot.y < -0.6 {
        let (x, y) = (spot.x + head.yaw[0] * 0.2, spot.y + 1.0 + hair.volume + hair.bun * 0.45);
        let covered = cover(hair.bun * (1.0 - ellipse(x, y, hair.bun, hair.bun).sqrt()), spot.pixel);
        if covered > 0.0 {
            lay(colour, tone(head, spot, 0.85), covered);
        }
    }
    let covered = cover(shell(head, spot, hair.length), spot.pixel);
    if covered > 0.0 {
        lay(colour, tone(head, spot, 0.62), covered);
    }
}

pub(crate) fn front(head: &Head<'_>, spot: &Spot, colour: &mut Rgb) {
    let hair = &head.person.hair;
    if hair.front == Front::Bald || spot.y > hair.length.max(0.3) + 0.4 {
        return;
    }
    if spot.y > -0.1 && spot.inside > 0.35 {
        return;
    }
    let top = hairline(head, spot) - spot.v;
    let thick = hair.side * mix(1.0, 1.5, step(-0.3, 0.2, spot.y))
        + 0.05 * (noise(spot.y * 5.0, 3.0, head.person.seed) - 0.5) * hair.curl;
    let side = side(head, spot, thick);
    if top.max(side) < -spot.pixel {
        return;
    }
    let covered = cover(top.max(side).min(shell(head, spot, hair.length)), spot.pixel.max(0.006));
    if covered > 0.0 {
        let soft = step(0.0, 0.10, top.max(side));
        lay(colour, tone(head, spot, mix(0.80, 1.0, soft)), covered);
    }
}

/// Returns how far inside the hair beside the face a place is.
fn side(head: &Head<'_>, spot: &Spot, thick: f32) -> f32 {
    let hair = &head.person.hair;
    if spot.y < -0.5 {
        return -1.0;
    }
    let beside = if spot.y < 0.15 {
        thick - spot.inside.max(-0.2)
    } else {
        let wave = 0.05 * (noise(spot.y * 3.0, spot.x.signum(), head.person.seed) - 0.5);
        let edge = head.person.outline.half_width(0.15) - thick - 0.06 * (spot.y - 0.15).min(0.6)
            + wave * (spot.y - 0.15).min(1.0);
        spot.x.abs() - edge
    };
    let sideburn = if hair.length > 0.4 { 0.1 } else { -0.6 * (spot.inside.max(0.0) / thick) * thick };
    beside.min(hair.length - spot.y + sideburn)
}

/// Returns how low the hair comes on the forehead above the frontal place of `spot`.
fn hairline(head: &Head<'_>, spot: &Spot) -> f32 {
    let hair = &head.person.hair;
    let u = spot.u;
    let temple = step(0.42, 0.85, u.abs() / head.person.outline.width);
    let strands = 0.03 * (noise(u * 14.0, 1.0, head.person.seed) - 0.5);
    let base = match hair.front {
        Front::Bald => -3.0,
        Front::Back => hair.line + 0.22 * temple * temple,
        Front::Fringe => hair.line + 0.24 + 0.03 * sin(u * 9.0 + hair.part * 6.0) + 0.10 * temple + strands,
        Front::Side => {
            let away = (u - hair.part).abs();
            hair.line - 0.06 + 0.30 * step(0.0, 0.75, away) + 0.08 * temple + strands
        }
        Front::Curtain => {
            let away = (u - hair.part * 0.3).abs();
            hair.line - 0.16 + 0.55 * step(0.0, 0.62, away) + strands
        }
        Front::Peak => hair.line - 0.02 - 0.14 * bump((u.abs() - 0.36) * (u.abs() - 0.36) / 0.06) + 0.30 * temple,
    };
    base + hair.curl * 0.05 * (noise(u * 9.0, spot.v * 3.0, head.person.seed) - 0.5)
}

/// Returns how far inside the hair's outer edge a place is; the hair ends at height `length`.
fn shell(head: &Head<'_>, spot: &Spot, length: f32) -> f32 {
    let hair = &head.person.hair;
    let width = head.person.outline.width + hair.volume * 0.45 + 0.02;
    let x = spot.x + head.yaw[0] * 0.10;
    let wave = if hair.curl > 0.0 {
        hair.curl * (0.10 * noise(spot.x * 5.0, spot.y * 5.0, head.person.seed) - 0.05)
    } else {
        0.0
    };
    let top = -0.12;
    if spot.y < top {
        let high = 1.0 + hair.volume + top;
        return (1.0 - ellipse(x, spot.y - top, width, high).sqrt()) * width + wave;
    }
    let hang = ((spot.y - top) / (length - top).max(0.1)).clamp(0.0, 1.5);
    let ends = 0.05 * (noise(spot.x * 9.0, 0.0, head.person.seed) - 0.5);
    if length > 0.4 {
        let wide = width * (1.0 + 0.10 * hang * (1.3 - hang));
        return (wide - x.abs()).min(length - spot.y + 0.12 - 0.25 * x * x + ends) + wave;
    }
    let wide = mix(width, head.person.outline.width + 0.015, step(0.0, 1.0, hang));
    (wide - x.abs()).min(length - spot.y + 0.06 + ends) + wave * (1.0 - hang).max(0.0)
}

fn tone(head: &Head<'_>, spot: &Spot, depth: f32) -> Rgb {
    let hair = &head.person.hair;
    let curl =
        if hair.curl > 0.0 { hair.curl * 2.2 * noise(spot.x * 4.0, spot.y * 4.0, head.person.seed ^ 7) } else { 0.0 };
    let strands = noise(spot.x * 26.0 + curl * 3.0 + spot.y * 2.0, spot.y * 2.5 + curl, head.person.seed ^ 9);
    let light = lit(head, spot.right * 0.6, (spot.y * 0.7).clamp(-0.8, 0.4), 0.6);
    let ring = spot.y + 0.82 - 0.35 * spot.x * spot.x;
    let shine = 0.14 * bump(ring * ring / 0.022) * mix(0.4, 1.0, strands) * step(0.7, 0.9, depth);
    let mut colour = scaled(hair.colour, light * depth * mix(0.80, 1.16, strands));
    lay(&mut colour, [1.0, 0.97, 0.92], shine);
    colour
}
