//! Pictures of pictures: a face shown on a phone or printed on paper, held up to the camera. Drawn attacks; they say nothing about real ones.

use crate::math::{Rgb, cos, cover, lay, mix, noise, scaled, sin, step};
use crate::random::Random;

/// What carries the picture of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Screen,
    Print,
}

/// A flat thing with a picture on it.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    carrier: Carrier,
    centre: [f32; 2],
    /// Half width and half height of the picture, in picture heights.
    half: [f32; 2],
    turn: [f32; 2],
    border: f32,
    edge: Rgb,
    moire: [f32; 4],
    glare: [f32; 3],
    fade: f32,
    tint: Rgb,
    seed: u64,
}

impl Replay {
    pub(crate) fn new(carrier: Carrier, seed: u64) -> Self {
        let random = &mut Random::new(seed, 11);
        let half_height = random.range(0.34, 0.46);
        let turn = random.middle(-0.22, 0.22);
        let screen = carrier == Carrier::Screen;
        let (edge, border) = if screen {
            (
                scaled([[0.04, 0.04, 0.05], [0.10, 0.10, 0.11], [0.85, 0.86, 0.88]][random.index(3)], 1.0),
                random.range(0.018, 0.045),
            )
        } else {
            (scaled([0.96, 0.95, 0.93], random.range(0.9, 1.0)), random.range(0.012, 0.05))
        };
        let pitch = random.range(90.0, 190.0);
        let skew = random.range(-0.4, 0.4);
        Self {
            carrier,
            centre: [0.667 + random.range(-0.10, 0.10), 0.5 + random.range(-0.05, 0.05)],
            half: [half_height * random.range(0.72, 1.05), half_height],
            turn: [sin(turn), cos(turn)],
            border,
            edge,
            moire: [pitch * cos(skew), pitch * sin(skew), random.range(0.35, 1.0), random.range(60.0, 140.0)],
            glare: [random.range(-0.8, 0.8), random.range(-1.0, 1.0), random.range(0.12, 0.5)],
            fade: if screen { random.range(0.03, 0.12) } else { random.range(0.08, 0.22) },
            tint: if screen { [0.93, 0.99, 1.08] } else { [1.03, 0.99, 0.92] },
            seed,
        }
    }

    /// Returns the place of `(x, y)` (picture heights) on the carrier, −1..1 inside it in both directions.
    fn local(&self, x: f32, y: f32) -> [f32; 2] {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        [(dx * self.turn[1] + dy * self.turn[0]) / self.half[0], (dy * self.turn[1] - dx * self.turn[0]) / self.half[1]]
    }

    /// Returns where the inner picture's point, −1..1 across its height, is seen, in picture heights.
    pub(crate) fn outer(&self, inner: [f32; 2]) -> [f32; 2] {
        let (dx, dy) = (inner[0] * self.half[1], inner[1] * self.half[1]);
        [self.centre[0] + dx * self.turn[1] - dy * self.turn[0], self.centre[1] + dy * self.turn[1] + dx * self.turn[0]]
    }

    /// Paints the carrier over `colour` at `(x, y)`; `picture` gives the inner picture at a place −1..1 across its height.
    pub(crate) fn paint(&self, x: f32, y: f32, pixel: f32, colour: &mut Rgb, picture: impl Fn(f32, f32) -> Rgb) {
        let [u, v] = self.local(x, y);
        let inside = ((1.0 - u.abs()) * self.half[0]).min((1.0 - v.abs()) * self.half[1]);
        let shadow = step(-self.border - 0.05, -self.border, inside);
        *colour = scaled(*colour, 1.0 - 0.3 * shadow);
        self.hand(u, v, pixel, colour);
        let body = cover(inside + self.border, pixel);
        if body > 0.0 {
            lay(colour, scaled(self.edge, 1.0 - 0.12 * (u + v)), body);
        }
        let shown = cover(inside, pixel);
        if shown > 0.0 {
            let aspect = self.half[0] / self.half[1];
            let inner = self.shown(u, v, picture(u * aspect, v));
            lay(colour, inner, shown);
        }
    }

    fn shown(&self, u: f32, v: f32, picture: Rgb) -> Rgb {
        let (x, y) = (u * self.half[0], v * self.half[1]);
        let mut out = [0, 1, 2].map(|c| mix(picture[c] * self.tint[c], 0.55, self.fade));
        match self.carrier {
            Carrier::Screen => {
                let fine = sin(x * self.moire[0] + y * self.moire[1]);
                let coarse = sin(x * self.moire[3] * 0.31 - y * self.moire[3]);
                let rainbow = [fine, sin(x * self.moire[0] + y * self.moire[1] + 1.6), coarse];
                out = [0, 1, 2].map(|c| out[c] * (1.0 + self.moire[2] * (0.05 * rainbow[c] + 0.05 * fine * coarse)));
                let streak = (u * 0.8 + v * 0.6 - self.glare[0]).abs();
                lay(&mut out, [1.0, 1.0, 1.0], self.glare[2] * step(0.35, 0.05, streak));
                out
            }
            Carrier::Print => {
                let dots = sin(x * 420.0) * sin(y * 420.0);
                let paper = noise(x * 120.0, y * 120.0, self.seed) - 0.5;
                let bend = 1.0 + 0.16 * sin(u * 2.2 + self.glare[1] * 3.0);
                out = out.map(|channel| channel * bend * (1.0 + 0.05 * dots + 0.08 * paper));
                let sheen = (u - self.glare[0]).abs();
                lay(&mut out, [1.0, 0.99, 0.96], 0.4 * self.glare[2] * step(0.5, 0.0, sheen));
                out
            }
        }
    }

    /// Draws the fingers that hold the thing from below.
    fn hand(&self, u: f32, v: f32, pixel: f32, colour: &mut Rgb) {
        let random = &mut Random::new(self.seed, 12);
        let skin = [[0.93, 0.76, 0.65], [0.74, 0.55, 0.42], [0.48, 0.33, 0.25]][random.index(3)];
        let at = random.range(-0.3, 0.3);
        let (x, y) = ((u - at) * self.half[0], (v - 1.0) * self.half[1]);
        let palm = (0.22 - x.abs() + 0.1 * y.min(0.0)).min(y + 0.02);
        lay(colour, scaled(skin, 0.86), cover(palm.min(0.3), pixel));
    }
}
