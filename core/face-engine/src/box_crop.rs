//! The detector's box with what is around it, enlarged by a network's own factor: for networks that look at more than the
//! aligned face, or before its landmarks can be trusted.

use tebura_face::FaceBox;
use zeroize::Zeroizing;

use crate::align::InputShape;
use crate::picture::{Filter, Picture, Region, resample};

/// How a network's crop is cut.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BoxCrop {
    pub(crate) input: InputShape,
    pub(crate) filter: Filter,
    /// The box is enlarged by this about its centre.
    pub(crate) crop_scale: f32,
    /// A box that can be enlarged by less is too near for the network.
    pub(crate) least_crop_scale: f32,
}

impl BoxCrop {
    /// The crop in RGB, or nothing when the face is too near.
    pub(crate) fn cut(&self, picture: &Picture, face: &FaceBox) -> Option<Zeroizing<Vec<f32>>> {
        let area = surroundings(picture, face, self)?;
        let (region, filter) = region_of(&area, self);
        Some(Zeroizing::new(resample(picture, &region, self.input.width, self.input.height, filter)))
    }

    /// A crop of nothing, to try a network on.
    pub(crate) fn black(&self) -> Vec<f32> {
        vec![0.0; self.input.width * self.input.height * 3]
    }
}

/// Enlarges the box about its centre, shifted to lie inside the picture (the published MiniFASNet rule);
/// nothing when the box has no extent or is too near for the network.
fn surroundings(picture: &Picture, face: &FaceBox, crop: &BoxCrop) -> Option<FaceBox> {
    let (right, bottom) = (picture.width() as f32 - 1.0, picture.height() as f32 - 1.0);
    let has_extent = face.width() >= 1.0 && face.height() >= 1.0;
    let scale = crop.crop_scale.min(right / face.width()).min(bottom / face.height());
    if !has_extent || scale < crop.least_crop_scale {
        return None;
    }
    let span = |low: f32, high: f32, most: f32| {
        let (middle, half) = ((low + high) / 2.0, (high - low) * scale / 2.0);
        let start = (middle - half).min(most - 2.0 * half).max(0.0);
        (start, (start + 2.0 * half).min(most))
    };
    let (x0, x1) = span(face.x0, face.x1, right);
    let (y0, y1) = span(face.y0, face.y1, bottom);
    Some(FaceBox { x0, y0, x1, y1 })
}

/// A network that was made for bilinear crops saw whole pixels, the last ones included; one that was made
/// for means saw the exact rectangle.
fn region_of(area: &FaceBox, crop: &BoxCrop) -> (Region, Filter) {
    let (width, height) = (crop.input.width, crop.input.height);
    let shrinks = area.width() > width as f32 && area.height() > height as f32;
    let filter = if shrinks { crop.filter } else { Filter::Bilinear };
    let edges = |low: f32, high: f32| match filter {
        Filter::Area => (f64::from(low), f64::from(high)),
        Filter::Bilinear => (f64::from(low.floor()), f64::from(high.floor()) + 1.0),
    };
    let (x0, x1) = edges(area.x0, area.x1);
    let (y0, y1) = edges(area.y0, area.y1);
    let region = Region {
        left: x0,
        top: y0,
        step_x: (x1 - x0) / width as f64,
        step_y: (y1 - y0) / height as f64,
        filled_width: width,
        filled_height: height,
    };
    (region, filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Colour;

    fn crop(crop_scale: f32, least_crop_scale: f32) -> BoxCrop {
        BoxCrop {
            input: InputShape {
                width: 80,
                height: 80,
                colour: Colour::Bgr,
                mean: [0.0; 3],
                std: [1.0; 3],
                whole: false,
            },
            filter: Filter::Bilinear,
            crop_scale,
            least_crop_scale,
        }
    }

    #[track_caller]
    fn check(face: [f32; 4], crop: &BoxCrop, expected: Option<[usize; 4]>) {
        let picture = Picture::from_rgb(200, 100, vec![0; 60_000]).unwrap();
        let [x0, y0, x1, y1] = face;
        let found = surroundings(&picture, &FaceBox { x0, y0, x1, y1 }, crop).map(|area| {
            let (region, _) = region_of(&area, crop);
            [region.left, region.top, region.step_x * 80.0, region.step_y * 80.0].map(|value| value.round() as usize)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn enlarges_about_the_centre() {
        check([90.0, 40.0, 110.0, 60.0], &crop(2.0, 0.0), Some([80, 30, 41, 41]));
    }

    #[test]
    fn shifts_instead_of_padding() {
        check([0.0, 0.0, 20.0, 20.0], &crop(2.0, 0.0), Some([0, 0, 41, 41]));
        check([180.0, 80.0, 200.0, 100.0], &crop(2.0, 0.0), Some([159, 59, 41, 41]));
    }

    #[test]
    fn a_face_that_is_too_near_is_not_judged() {
        check([70.0, 20.0, 130.0, 80.0], &crop(2.7, 2.0), None);
        check([70.0, 20.0, 130.0, 80.0], &crop(2.7, 1.5), Some([50, 0, 100, 100]));
    }

    #[test]
    fn a_box_without_extent_is_not_judged() {
        check([50.0, 50.0, 50.0, 50.0], &crop(2.7, 0.0), None);
        check([f32::NAN, 0.0, 10.0, 10.0], &crop(2.7, 0.0), None);
    }
}
