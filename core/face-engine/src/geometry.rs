//! Points and the similarity transform that carries five landmarks onto a template.

use crate::picture::Picture;

/// A place in a picture: x to the right, y down; a pixel's centre has whole coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// Left eye, right eye, nose, left and right corner of the mouth, as seen in the picture.
pub(crate) type Landmarks = [Point; 5];

impl Point {
    pub(crate) fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// Rotation, uniform scale and shift: (x, y) → (a·x − b·y + c, b·x + a·y + d).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Similarity2d {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

impl Similarity2d {
    /// Finds the transform with the least squared distance from `from` to `to` (Umeyama, 1991, for the
    /// plane and without reflection). Nothing when all points of `from` coincide or a number is not finite.
    pub(crate) fn fit(from: &Landmarks, to: &Landmarks) -> Option<Self> {
        let mean = |points: &Landmarks| {
            let (x, y) =
                points.iter().fold((0.0, 0.0), |(x, y), point| (x + f64::from(point.x), y + f64::from(point.y)));
            (x / 5.0, y / 5.0)
        };
        let (from_x, from_y) = mean(from);
        let (to_x, to_y) = mean(to);
        let (mut spread, mut along, mut across) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (source, target) in from.iter().zip(to) {
            let (sx, sy) = (f64::from(source.x) - from_x, f64::from(source.y) - from_y);
            let (tx, ty) = (f64::from(target.x) - to_x, f64::from(target.y) - to_y);
            spread += sx * sx + sy * sy;
            along += sx * tx + sy * ty;
            across += sx * ty - sy * tx;
        }
        let (a, b) = (along / spread, across / spread);
        let fitted = Self { a, b, c: to_x - a * from_x + b * from_y, d: to_y - b * from_x - a * from_y };
        let usable = spread > 1e-6 && fitted.scale() > 1e-9 && fitted.c.is_finite() && fitted.d.is_finite();
        usable.then_some(fitted)
    }

    pub(crate) fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    pub(crate) fn inverse(&self) -> Self {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        Self { a, b, c: -(a * self.c - b * self.d), d: -(b * self.c + a * self.d) }
    }

    pub(crate) fn apply(&self, point: Point) -> Point {
        let (x, y) = (f64::from(point.x), f64::from(point.y));
        Point { x: (self.a * x - self.b * y + self.c) as f32, y: (self.b * x + self.a * y + self.d) as f32 }
    }
}

/// The pixels that an aligned crop is taken from: the picture, or a smaller copy of it.
pub(crate) trait Pixels {
    fn size(&self) -> (usize, usize);
    fn at(&self, x: usize, y: usize) -> [f32; 3];
}

impl Pixels for Picture {
    fn size(&self) -> (usize, usize) {
        (self.width(), self.height())
    }

    fn at(&self, x: usize, y: usize) -> [f32; 3] {
        self.pixel(x, y).map(f32::from)
    }
}

/// Samples a crop: each of its pixels is taken bilinearly at the place that `to_crop` carries onto it;
/// neighbours outside the picture count as black. Three numbers of 0..=255 a pixel, row-major.
pub(crate) fn warp(pixels: &impl Pixels, to_crop: &Similarity2d, width: usize, height: usize) -> Vec<f32> {
    let back = to_crop.inverse();
    let (columns, rows) = pixels.size();
    let mut crop = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let place = back.apply(Point { x: x as f32, y: y as f32 });
            let (left, top) = (place.x.floor(), place.y.floor());
            let (right_share, bottom_share) = (place.x - left, place.y - top);
            let mut sum = [0.0_f32; 3];
            for (dx, dy, weight) in [
                (0.0, 0.0, (1.0 - right_share) * (1.0 - bottom_share)),
                (1.0, 0.0, right_share * (1.0 - bottom_share)),
                (0.0, 1.0, (1.0 - right_share) * bottom_share),
                (1.0, 1.0, right_share * bottom_share),
            ] {
                let (px, py) = (left + dx, top + dy);
                if px >= 0.0 && py >= 0.0 && px < columns as f32 && py < rows as f32 {
                    let pixel = pixels.at(px as usize, py as usize);
                    for channel in 0..3 {
                        sum[channel] += weight * pixel[channel];
                    }
                }
            }
            crop.extend_from_slice(&sum);
        }
    }
    crop
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Landmarks = [
        Point { x: 38.3, y: 51.7 },
        Point { x: 73.5, y: 51.5 },
        Point { x: 56.0, y: 71.7 },
        Point { x: 41.5, y: 92.4 },
        Point { x: 70.7, y: 92.2 },
    ];

    #[test]
    fn finds_the_transform_that_was_applied() {
        let turn = Similarity2d { a: 0.6, b: -0.35, c: 20.0, d: -7.5 };
        let moved = SHAPE.map(|point| turn.apply(point));
        let found = Similarity2d::fit(&moved, &SHAPE).unwrap();
        for (point, expected) in moved.iter().zip(SHAPE) {
            assert!(found.apply(*point).distance(expected) < 1e-3);
            assert!(found.inverse().apply(expected).distance(*point) < 1e-3);
        }
        assert!((found.scale() * turn.scale() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn points_in_one_place_fit_nothing() {
        let one = [Point { x: 3.0, y: 4.0 }; 5];
        assert_eq!(Similarity2d::fit(&one, &SHAPE), None);
        let lost = [Point { x: f32::NAN, y: 0.0 }; 5];
        assert_eq!(Similarity2d::fit(&lost, &SHAPE), None);
    }

    #[test]
    fn a_shift_shifts_and_outside_is_black() {
        let picture = Picture::from_rgb(2, 2, (0..4).flat_map(|v| [v * 10 + 10; 3]).collect()).unwrap();
        let shift = Similarity2d { a: 1.0, b: 0.0, c: 1.0, d: 0.5 };
        let crop: Vec<f32> = warp(&picture, &shift, 3, 2).chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(crop, [0.0, 5.0, 10.0, 0.0, 20.0, 30.0]);
    }
}
