//! Aligned crops: five landmarks carried onto a template, and the tensor that a network wants of them.

use zeroize::Zeroizing;

use crate::engine::{NetError, Tensor};
use crate::geometry::{Landmarks, Pixels, Point, Similarity2d, warp};
use crate::picture::Picture;

/// Halvings at most: a face of more than 16 times the crop's size does not fit the limit on pixels.
const MOST_HALVINGS: u32 = 4;

/// The order of a network's three input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Rgb,
    Bgr,
}

/// What a network makes of pixels of 0..=255: order, then (value − mean) / std.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InputShape {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) colour: Colour,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
    /// The network was made with pixels rounded to whole levels after resampling, as image libraries do.
    pub(crate) whole: bool,
}

impl InputShape {
    /// Lays RGB pixels (0..=255, row-major) out as one normalised NCHW tensor.
    pub(crate) fn tensor(&self, rgb: &[f32]) -> Result<Tensor, NetError> {
        let (pixels, _) = rgb.as_chunks::<3>();
        let mut values = Vec::with_capacity(rgb.len());
        for channel in 0..3 {
            let from = match self.colour {
                Colour::Rgb => channel,
                Colour::Bgr => 2 - channel,
            };
            let (mean, std) = (self.mean[channel], self.std[channel]);
            values.extend(pixels.iter().map(|pixel| {
                let level = if self.whole { pixel[from].round() } else { pixel[from] };
                (level - mean) / std
            }));
        }
        Tensor::new(vec![1, 3, self.height, self.width], values)
    }
}

/// How a crop is kept free of aliasing when the face is much larger than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shrink {
    /// Sample the picture as it is, as OpenCV does.
    None,
    /// Halve the picture by 2×2 means while the crop has less than half of its resolution.
    Halve,
}

/// Where the landmarks go in a crop.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CropShape {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) template: Landmarks,
    pub(crate) shrink: Shrink,
}

/// A crop and the way from the picture into it.
pub(crate) struct Crop {
    /// RGB of 0..=255, row-major; wiped when dropped.
    pub(crate) rgb: Zeroizing<Vec<f32>>,
    pub(crate) to_crop: Similarity2d,
}

/// A picture as it looks after halvings by 2×2 means; pixels are made when they are asked for.
struct Shrunk<'a> {
    picture: &'a Picture,
    halvings: u32,
}

impl Pixels for Shrunk<'_> {
    fn size(&self) -> (usize, usize) {
        (self.picture.width() >> self.halvings, self.picture.height() >> self.halvings)
    }

    /// The mean of means is the mean of the whole block, for every block is complete.
    fn at(&self, x: usize, y: usize) -> [f32; 3] {
        let side = 1 << self.halvings;
        let mut sums = [0_u32; 3];
        for row in y * side..(y + 1) * side {
            for pixel in self.picture.row(row, x * side, side) {
                for channel in 0..3 {
                    sums[channel] += u32::from(pixel[channel]);
                }
            }
        }
        sums.map(|sum| sum as f32 / (side * side) as f32)
    }
}

/// Cuts the aligned crop out; nothing when the landmarks have no extent.
pub(crate) fn align(picture: &Picture, landmarks: &Landmarks, shape: &CropShape) -> Option<Crop> {
    let to_crop = Similarity2d::fit(landmarks, &shape.template)?;
    let halvings = match shape.shrink {
        Shrink::None => 0,
        Shrink::Halve => halvings_for(to_crop.scale(), picture),
    };
    let rgb = if halvings == 0 {
        warp(picture, &to_crop, shape.width, shape.height)
    } else {
        let points = (0..halvings).fold(*landmarks, |points, _| points.map(halve_point));
        let from_small = Similarity2d::fit(&points, &shape.template)?;
        warp(&Shrunk { picture, halvings }, &from_small, shape.width, shape.height)
    };
    Some(Crop { rgb: Zeroizing::new(rgb), to_crop })
}

/// Mirrors a crop left to right.
pub(crate) fn mirror(rgb: &[f32], width: usize) -> Vec<f32> {
    let (pixels, _) = rgb.as_chunks::<3>();
    pixels.chunks_exact(width).flat_map(|row| row.iter().rev()).flatten().copied().collect()
}

fn halvings_for(scale: f64, picture: &Picture) -> u32 {
    let mut halvings = 0;
    let side = picture.width().min(picture.height());
    while halvings < MOST_HALVINGS && scale * f64::from(1 << halvings) < 0.5 && side >> (halvings + 1) > 0 {
        halvings += 1;
    }
    halvings
}

fn halve_point(point: Point) -> Point {
    Point { x: (point.x + 0.5) / 2.0 - 0.5, y: (point.y + 0.5) / 2.0 - 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Picture {
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, (x + y) as u8])).collect();
        Picture::from_rgb(width, height, rgb).unwrap()
    }

    fn square(at: f32, side: f32) -> Landmarks {
        [(0.2, 0.3), (0.8, 0.3), (0.5, 0.55), (0.3, 0.8), (0.7, 0.8)]
            .map(|(x, y)| Point { x: at + side * x, y: at + side * y })
    }

    #[test]
    fn a_halved_crop_shows_the_same_place() {
        let picture = ramp(120, 120);
        let shape = |shrink| CropShape { width: 16, height: 16, template: square(0.0, 15.0), shrink };
        let plain = align(&picture, &square(20.0, 75.0), &shape(Shrink::None)).unwrap();
        let halved = align(&picture, &square(20.0, 75.0), &shape(Shrink::Halve)).unwrap();
        for (left, right) in plain.rgb.iter().zip(halved.rgb.iter()) {
            assert!((left - right).abs() < 0.01, "{left} {right}");
        }
        // Red is the column, so the crop's corner stands at column 20.
        assert!((halved.rgb[0] - 20.0).abs() < 0.01);
    }

    #[test]
    fn channels_go_in_the_asked_order() {
        let shape = |colour| InputShape {
            width: 1,
            height: 1,
            colour,
            mean: [10.0, 0.0, 1.0],
            std: [2.0, 1.0, 4.0],
            whole: false,
        };
        let rgb = [30.0, 20.0, 5.0];
        assert_eq!(shape(Colour::Rgb).tensor(&rgb).unwrap().values(), [10.0, 20.0, 1.0]);
        assert_eq!(shape(Colour::Bgr).tensor(&rgb).unwrap().values(), [-2.5, 20.0, 7.25]);
    }

    #[test]
    fn whole_levels_are_rounded_before_they_are_normalised() {
        let shape = InputShape { width: 1, height: 1, colour: Colour::Rgb, mean: [0.0; 3], std: [2.0; 3], whole: true };
        assert_eq!(shape.tensor(&[9.6, 10.4, 3.0]).unwrap().values(), [5.0, 5.0, 1.5]);
    }

    #[test]
    fn mirrors_rows() {
        let rgb: Vec<f32> = (0..12_u8).map(f32::from).collect();
        assert_eq!(mirror(&rgb, 2), [3.0, 4.0, 5.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0, 6.0, 7.0, 8.0]);
    }
}
