//! Geometry of a turned head: every row is a circle as wide as the face there, so turning it is exact and has an exact inverse.
//!
//! Head units: half a face height. `(x, y)` is where something is seen, upright; `(u, v)` where it sits on the frontal face.

use crate::math::{cos, mix, sin};
use crate::paint::Mask;
use crate::person::{Outline, Person};
use crate::view::View;

/// How deep a pitch moves features, as a share of a sphere's depth.
const PITCH_DEPTH: f32 = 0.9;
const WIDEST: f32 = -0.08;

/// A person's head in one pose.
pub(crate) struct Head<'a> {
    pub(crate) person: &'a Person,
    pub(crate) view: &'a View,
    pub(crate) mask: Option<Mask>,
    pub(crate) yaw: [f32; 2],
    pub(crate) pitch: f32,
    roll: [f32; 2],
    centre: [f32; 2],
    /// Pixels per head unit.
    pub(crate) scale: f32,
}

/// What is seen at one place of the picture.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// Place on the frontal face.
    pub(crate) u: f32,
    pub(crate) v: f32,
    /// How far inside the face's outline, in head units.
    pub(crate) inside: f32,
    /// Surface direction: right, and towards the viewer.
    pub(crate) right: f32,
    pub(crate) facing: f32,
    /// How much of the surface still belongs to the front of the head, −1..1.
    pub(crate) front: f32,
    /// Width of a pixel in head units.
    pub(crate) pixel: f32,
}

impl<'a> Head<'a> {
    /// Places the head in a picture of `width` × `height` pixels.
    pub(crate) fn new(person: &'a Person, view: &'a View, width: f32, height: f32) -> Self {
        let mut head = Self {
            person,
            view,
            mask: None,
            yaw: [sin(view.yaw), cos(view.yaw)],
            pitch: sin(view.pitch) * PITCH_DEPTH,
            roll: [sin(view.roll), cos(view.roll)],
            centre: [view.position[0] * width, view.position[1] * height],
            scale: view.size * height / 2.0,
        };
        head.mask = Mask::on(&head);
        head
    }

    /// Returns the upright place of picture point `(px, py)` in head units.
    pub(crate) fn upright(&self, px: f32, py: f32) -> [f32; 2] {
        let (dx, dy) = ((px - self.centre[0]) / self.scale, (py - self.centre[1]) / self.scale);
        [dx * self.roll[1] + dy * self.roll[0], dy * self.roll[1] - dx * self.roll[0]]
    }

    /// Returns the picture point of the upright place `(x, y)`.
    pub(crate) fn picture(&self, x: f32, y: f32) -> [f32; 2] {
        let dx = x * self.roll[1] - y * self.roll[0];
        let dy = y * self.roll[1] + x * self.roll[0];
        [self.centre[0] + dx * self.scale, self.centre[1] + dy * self.scale]
    }

    /// Finds what part of the face is seen at the upright place `(x, y)`; `pixel` is a pixel's width in head units.
    pub(crate) fn spot(&self, x: f32, y: f32, pixel: f32) -> Spot {
        let half = self.person.outline.half_width(y);
        let slope = (self.person.outline.half_width(y + 0.01) - self.person.outline.half_width(y - 0.01)) * 50.0;
        let steep = (1.0 + slope * slope).sqrt();
        let right = (x / half.max(1e-3)).clamp(-1.0, 1.0);
        let facing = (1.0 - right * right).sqrt();
        let front = facing * self.yaw[1] + right * self.yaw[0];
        Spot {
            x,
            y,
            u: half * (right * self.yaw[1] - facing * self.yaw[0]),
            v: y + self.pitch * half * facing,
            inside: if half > 0.0 {
                (half - x.abs()) / steep.min(12.0)
            } else {
                -x.abs() - (-1.0 - y).max(y - self.person.outline.chin).max(0.0) - pixel
            },
            right,
            facing,
            front,
            pixel,
        }
    }

    /// Returns where the frontal point `(u, v)`, `out` units in front of the face, is seen, upright.
    pub(crate) fn seen(&self, u: f32, v: f32, out: f32) -> [f32; 2] {
        let (u, v) = (u + out * self.yaw[0], v - out * self.pitch);
        let (mut x, mut y) = (u, v);
        for _ in 0..24 {
            let half = self.person.outline.half_width(y).max(1e-3);
            let across = (u / half).clamp(-1.0, 1.0);
            let depth = (1.0 - across * across).sqrt();
            x = half * (across * self.yaw[1] + depth * self.yaw[0]);
            let facing = depth * self.yaw[1] - across * self.yaw[0];
            y = mix(y, v - self.pitch * half * facing, 0.8);
        }
        [x, y]
    }
}

impl Spot {
    /// Returns the frontal place of something `out` units in front of the face that is seen here.
    pub(crate) fn lifted(&self, head: &Head<'_>, out: f32) -> [f32; 2] {
        [self.u - out * head.yaw[0], self.v + out * head.pitch]
    }
}

impl Outline {
    /// Returns half of the face's width at height `y`; 0 above the skull and below the chin.
    pub(crate) fn half_width(&self, y: f32) -> f32 {
        if y < WIDEST {
            let q = (WIDEST - y) / (WIDEST + 1.0);
            let q2 = q * q;
            self.width * (1.0 - mix(q2, q2 * q2, 0.45)).max(0.0).sqrt()
        } else {
            let q = (y - WIDEST) / (self.chin - WIDEST);
            let q2 = q * q;
            let round = (1.0 - mix(q2 * q, q2 * q2 * q2, self.jaw)).max(0.0).sqrt();
            self.width * round * (1.0 - self.taper * q2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_where_it_was_put() {
        for seed in 0..60 {
            let (person, view) = (Person::from_seed(seed), View::hard(seed));
            let head = Head::new(&person, &view, 640.0, 480.0);
            for (u, v) in [(0.0, 0.0), (0.3, 0.05), (-0.3, 0.05), (0.2, 0.66), (-0.2, 0.66), (0.0, 0.4)] {
                let [x, y] = head.seen(u, v, 0.0);
                let spot = head.spot(x, y, 0.01);
                assert!(
                    (spot.u - u).abs() < 2e-3 && (spot.v - v).abs() < 2e-3,
                    "seed {seed}: ({u}, {v}) seen as ({}, {})",
                    spot.u,
                    spot.v
                );
            }
        }
    }

    #[test]
    fn upright_undoes_picture() {
        let (person, view) = (Person::from_seed(1), View::hard(5));
        let head = Head::new(&person, &view, 640.0, 480.0);
        let [px, py] = head.picture(0.31, -0.42);
        let [x, y] = head.upright(px, py);
        assert!((x - 0.31).abs() < 1e-4 && (y + 0.42).abs() < 1e-4, "({x}, {y})");
    }
}
