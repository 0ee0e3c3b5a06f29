//! Arithmetic that gives the same bits on every machine: only + − × ÷ and square root, never the system's sine or power.

use crate::random::cell;

/// Red, green, blue, each 0..1 in display values.
pub(crate) type Rgb = [f32; 3];

/// Sine of an angle in radians, error below 1e-5.
pub(crate) fn sin(angle: f32) -> f32 {
    use std::f32::consts::{FRAC_PI_2, PI, TAU};
    let turned = angle - (angle / TAU).round() * TAU;
    let x = if turned > FRAC_PI_2 {
        PI - turned
    } else if turned < -FRAC_PI_2 {
        -PI - turned
    } else {
        turned
    };
    let x2 = x * x;
    x * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0 * (1.0 - x2 / 72.0))))
}

/// Cosine of an angle in radians.
pub(crate) fn cos(angle: f32) -> f32 {
    sin(angle + std::f32::consts::FRAC_PI_2)
}

pub(crate) fn mix(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// Lays `over` on `under` with opacity `alpha`.
pub(crate) fn lay(under: &mut Rgb, over: Rgb, alpha: f32) {
    for (channel, value) in under.iter_mut().zip(over) {
        *channel += (value - *channel) * alpha;
    }
}

pub(crate) fn blend(from: Rgb, to: Rgb, share: f32) -> Rgb {
    let mut out = from;
    lay(&mut out, to, share);
    out
}

pub(crate) fn scaled(colour: Rgb, factor: f32) -> Rgb {
    colour.map(|channel| channel * factor)
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(crate) fn step(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    ease(t)
}

/// 1 at 0, falling smoothly to 0 where `squared` (a squared distance in radii) reaches 1.
pub(crate) fn bump(squared: f32) -> f32 {
    let t = (1.0 - squared).max(0.0);
    t * t
}

/// Share of a pixel of width `pixel` that is inside a shape whose edge is `inside` away.
pub(crate) fn cover(inside: f32, pixel: f32) -> f32 {
    (0.5 + inside / pixel).clamp(0.0, 1.0)
}

/// Squared distance from an ellipse's centre in units of its radii.
pub(crate) fn ellipse(x: f32, y: f32, radius_x: f32, radius_y: f32) -> f32 {
    let (a, b) = (x / radius_x, y / radius_y);
    a * a + b * b
}

/// Largest whole number that is not above `x`; without SSE4.1 the standard one is a slow call.
pub(crate) fn floor(x: f32) -> i32 {
    let whole = x as i32;
    if whole as f32 > x { whole - 1 } else { whole }
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

/// Smooth value noise, 0..1, with one random value per unit cell.
pub(crate) fn noise(x: f32, y: f32, seed: u64) -> f32 {
    let (column, row) = (floor(x), floor(y));
    let (tx, ty) = (ease(x - column as f32), ease(y - row as f32));
    let upper = mix(cell(column, row, seed), cell(column + 1, row, seed), tx);
    let lower = mix(cell(column, row + 1, seed), cell(column + 1, row + 1, seed), tx);
    mix(upper, lower, ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_follow_the_system_ones() {
        for i in -400..400 {
            let angle = i as f32 * 0.05;
            assert!((sin(angle) - angle.sin()).abs() < 3e-5, "sin {angle}");
            assert!((cos(angle) - angle.cos()).abs() < 3e-5, "cos {angle}");
        }
    }

    #[test]
    fn floor_rounds_down() {
        for (x, whole) in [(1.5, 1), (-1.5, -2), (-2.0, -2), (0.0, 0), (-0.1, -1)] {
            assert_eq!(floor(x), whole, "{x}");
        }
    }

    #[test]
    fn noise_stays_in_range() {
        for i in 0..2000 {
            let value = noise(i as f32 * 0.37 - 300.0, i as f32 * -0.21, 9);
            assert!((0.0..=1.0).contains(&value), "{value}");
        }
    }
}
