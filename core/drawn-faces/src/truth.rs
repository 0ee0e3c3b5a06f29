//! What is really in a drawing: exact boxes and landmarks.

use crate::head::Head;
use crate::paint::{MOUTH_DEPTH, mouth_corner};

/// Where one face is, in pixels; a pixel's centre is a whole number.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceTruth {
    /// The seed of the person.
    pub person: u64,
    /// Left, top, right, bottom: hairline to chin, cheek to cheek. May reach out of the picture.
    pub box_xyxy: [f32; 4],
    /// Left eye as seen in the picture, right eye, tip of the nose, left and right corner of the mouth; x then y.
    pub landmarks: [[f32; 2]; 5],
    /// Whether the person wears glasses, which in these drawings is every day.
    pub glasses: bool,
    /// Whether a mask covers nose, mouth and chin; the landmarks under it are still true.
    pub mask: bool,
}

impl FaceTruth {
    /// Reads the truth off a head; `place` moves a point from the head's picture to the final one.
    pub(crate) fn of(head: &Head<'_>, place: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        let person = head.person;
        let seen = |u: f32, v: f32, out: f32| {
            let [x, y] = head.seen(u, v, out);
            place(head.picture(x, y))
        };
        let (eyes, nose) = (&person.eyes, &person.nose);
        let [corner, low] = mouth_corner(head);
        Self {
            person: person.seed,
            box_xyxy: bounds(head, &place),
            landmarks: [
                seen(-eyes.apart, eyes.y, 0.0),
                seen(eyes.apart, eyes.y, 0.0),
                seen(0.0, nose.y, nose.depth),
                seen(-corner, low, MOUTH_DEPTH),
                seen(corner, low, MOUTH_DEPTH),
            ],
            glasses: person.glasses.is_some(),
            mask: head.view.mask,
        }
    }
}

/// The skull's top is under hair: the box starts at the forehead.
const FOREHEAD: f32 = -0.72;

fn bounds(head: &Head<'_>, place: &impl Fn([f32; 2]) -> [f32; 2]) -> [f32; 4] {
    let outline = &head.person.outline;
    let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    for i in 0..=24u8 {
        let y = FOREHEAD + (outline.chin - FOREHEAD) * f32::from(i) / 24.0;
        let half = outline.half_width(y);
        for x in [-half, half] {
            let [px, py] = place(head.picture(x, y));
            bounds = [bounds[0].min(px), bounds[1].min(py), bounds[2].max(px), bounds[3].max(py)];
        }
    }
    bounds
}
