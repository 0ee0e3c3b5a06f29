//! Painting a person over a background, from the back to the front.

mod beard;
mod body;
mod brows;
mod eyes;
mod glasses;
mod hair;
mod mask;
mod mouth;
mod nose;
mod skin;

use crate::head::{Head, Spot};
use crate::math::{Rgb, cover};

/// Paints what is seen of `head` at picture point `(px, py)` over `colour`. `footprint` is the sampled width in pixels.
pub(crate) fn paint(head: &Head<'_>, px: f32, py: f32, footprint: f32, colour: &mut Rgb) {
    let [x, y] = head.upright(px, py);
    if x.abs() > 3.2 || !(-1.8..6.0).contains(&y) {
        return;
    }
    let pixel = (footprint / head.scale).max(1e-4);
    let spot = head.spot(x, y, pixel);
    let face_only = spot.inside > pixel;
    if !face_only {
        hair::behind(head, &spot, colour);
        body::paint(head, &spot, colour);
    }
    if y > -1.8 && y < 1.4 {
        if !face_only {
            skin::ears(head, &spot, colour);
        }
        let covered = cover(spot.inside, pixel);
        if covered > 0.0 {
            let mut face = skin::base(head, &spot);
            features(head, &spot, &mut face);
            crate::math::lay(colour, face, covered);
        }
        glasses::paint(head, &spot, colour);
    }
    hair::front(head, &spot, colour);
}

fn features(head: &Head<'_>, spot: &Spot, face: &mut Rgb) {
    if spot.front <= 0.0 {
        return;
    }
    skin::marks(head, spot, face);
    beard::stubble(head, spot, face);
    mouth::paint(head, spot, face);
    beard::moustache(head, spot, face);
    eyes::paint(head, spot, face);
    nose::paint(head, spot, face);
    brows::paint(head, spot, face);
    if let Some(mask) = &head.mask {
        mask.paint(head, spot, face);
    }
}

pub(crate) use mask::Mask;
pub(crate) use mouth::DEPTH as MOUTH_DEPTH;

/// Returns the frontal place of the right corner of the mouth.
pub(crate) fn mouth_corner(head: &Head<'_>) -> [f32; 2] {
    [mouth::half_width(head), head.person.mouth.y + mouth::corners(head)]
}
