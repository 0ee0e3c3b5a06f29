//! Which face is meant, and whether its picture is good enough to compare.

use tebura_face::{FaceBox, Quality, SampleRefusal};

use crate::align::CropShape;
use crate::detect::Detection;
use crate::geometry::Point;
use crate::picture::Picture;

/// A second face counts when it is at least this wide, as a share of the widest one: people further back
/// are bystanders.
const MEANT_WIDTH: f32 = 0.5;
/// Two boxes that share more than this of the smaller one are one face that was found twice: people before a
/// camera cover each other less.
const SAME_FACE: f32 = 0.5;
/// Below this mean luma nothing is found or told apart; the darkest skin in good light lies well above.
const LEAST_BRIGHTNESS: f32 = 0.06;
/// The least distance between the eyes, as a share of the embedder's template: half the resolution that
/// the embedder was made for.
const LEAST_EYE_SHARE: f32 = 0.5;
/// The least share of the face box that must lie inside the picture.
const LEAST_VISIBLE: f32 = 0.7;

/// Finds the one face that is meant.
pub(super) fn the_one_face(picture: &Picture, faces: &[Detection]) -> Result<Detection, SampleRefusal> {
    let widest = faces.iter().map(|face| face.face.width()).fold(0.0, f32::max);
    let mut meant = faces.iter().filter(|face| face.face.width() >= widest * MEANT_WIDTH);
    let Some(&detection) = meant.next() else {
        let is_dark = picture.brightness(&picture.whole()) < LEAST_BRIGHTNESS;
        return Err(if is_dark { SampleRefusal::TooDark } else { SampleRefusal::NoFace });
    };
    let others = meant.filter(|other| !is_same_face(&detection.face, &other.face)).count();
    if others > 0 {
        return Err(SampleRefusal::SeveralFaces { count: others + 1 });
    }
    if picture.brightness(&detection.face) < LEAST_BRIGHTNESS {
        return Err(SampleRefusal::TooDark);
    }
    if common(&detection.face, &picture.whole()) < LEAST_VISIBLE * detection.face.area() {
        return Err(SampleRefusal::StepBack);
    }
    Ok(detection)
}

/// Measures the meant face; refuses one with too few pixels for the embedder's crop.
pub(super) fn measure(picture: &Picture, detection: &Detection, crop: &CropShape) -> Result<Quality, SampleRefusal> {
    let [left, right, nose, ..] = detection.landmarks;
    let eye_distance_px = left.distance(right);
    let [crop_left, crop_right, ..] = crop.template;
    let least = crop_left.distance(crop_right) * LEAST_EYE_SHARE;
    if eye_distance_px.is_nan() || eye_distance_px < least {
        return Err(SampleRefusal::StepCloser { eye_distance_px });
    }
    Ok(Quality {
        detector_score: detection.score,
        brightness: picture.brightness(&detection.face),
        eye_distance_px,
        turn: turn(left, right, nose),
    })
}

/// See [`Quality::turn`]. A head that is leaned is not turned: only what lies along the line of the eyes counts.
fn turn(left: Point, right: Point, nose: Point) -> f32 {
    let (along_x, along_y) = (right.x - left.x, right.y - left.y);
    let (off_x, off_y) = (nose.x - (left.x + right.x) / 2.0, nose.y - (left.y + right.y) / 2.0);
    (off_x * along_x + off_y * along_y) / (along_x * along_x + along_y * along_y)
}

fn is_same_face(left: &FaceBox, right: &FaceBox) -> bool {
    common(left, right) > SAME_FACE * left.area().min(right.area())
}

/// Returns the area that two boxes share, in square pixels.
fn common(left: &FaceBox, right: &FaceBox) -> f32 {
    FaceBox {
        x0: left.x0.max(right.x0),
        y0: left.y0.max(right.y0),
        x1: left.x1.min(right.x1),
        y1: left.y1.min(right.y1),
    }
    .area()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Shrink;

    fn grey(level: u8) -> Picture {
        Picture::from_rgb(100, 100, vec![level; 30_000]).unwrap()
    }

    fn face(x: f32, y: f32, width: f32) -> Detection {
        let face = FaceBox { x0: x, y0: y, x1: x + width, y1: y + width };
        let at = |share: f32| Point { x: x + width * share, y: y + width * 0.4 };
        Detection { score: 0.9, face, landmarks: [at(0.3), at(0.7), at(0.5), at(0.35), at(0.65)] }
    }

    #[track_caller]
    fn check(level: u8, faces: &[Detection], expected: Result<usize, SampleRefusal>) {
        let expected = expected.map(|index| faces[index]);
        assert_eq!(the_one_face(&grey(level), faces), expected);
    }

    #[test]
    fn takes_the_one_face_that_is_meant() {
        check(128, &[face(10.0, 10.0, 40.0)], Ok(0));
        check(128, &[face(10.0, 10.0, 40.0), face(70.0, 70.0, 15.0)], Ok(0));
        check(128, &[face(70.0, 70.0, 15.0), face(10.0, 10.0, 40.0)], Ok(1));
        check(128, &[face(10.0, 10.0, 40.0), face(25.0, 20.0, 24.0)], Ok(0));
    }

    #[test]
    fn refuses_what_cannot_be_one_face() {
        check(128, &[], Err(SampleRefusal::NoFace));
        check(5, &[], Err(SampleRefusal::TooDark));
        check(5, &[face(10.0, 10.0, 40.0)], Err(SampleRefusal::TooDark));
        let two = [face(0.0, 10.0, 40.0), face(50.0, 10.0, 30.0)];
        check(128, &two, Err(SampleRefusal::SeveralFaces { count: 2 }));
        check(128, &[face(-20.0, 10.0, 40.0)], Err(SampleRefusal::StepBack));
        check(128, &[face(-50.0, -50.0, 200.0)], Err(SampleRefusal::StepBack));
    }

    #[test]
    fn measures_eyes_against_the_crop() {
        let template = face(0.0, 0.0, 100.0).landmarks;
        let crop = CropShape { width: 100, height: 100, template, shrink: Shrink::None };
        let quality = measure(&grey(255), &face(10.0, 10.0, 50.0), &crop).unwrap();
        assert!((quality.eye_distance_px - 20.0).abs() < 1e-3 && quality.brightness > 0.99);
        assert!(matches!(measure(&grey(255), &face(10.0, 10.0, 49.0), &crop), Err(SampleRefusal::StepCloser { .. })));
    }

    #[test]
    fn a_turned_head_moves_the_nose_along_the_eyes_and_a_leaned_one_does_not() {
        let at = |x: f32, y: f32| Point { x, y };
        assert_eq!(turn(at(10.0, 10.0), at(50.0, 10.0), at(30.0, 40.0)), 0.0);
        assert_eq!(turn(at(10.0, 10.0), at(50.0, 10.0), at(40.0, 40.0)), 0.25);
        assert_eq!(turn(at(10.0, 10.0), at(50.0, 10.0), at(20.0, 40.0)), -0.25);
        // The same straight face, leaned by a quarter of a circle.
        assert_eq!(turn(at(10.0, 10.0), at(10.0, 50.0), at(-20.0, 30.0)), 0.0);
        assert!(turn(at(1.0, 1.0), at(1.0, 1.0), at(1.0, 1.0)).is_nan());
    }
}
