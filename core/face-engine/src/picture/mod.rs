//! A decoded picture: upright, 8-bit RGB, wiped when dropped.
//!
//! Absent: files and colour profiles.

mod decode;
mod region;

use tebura_face::{FaceBox, SampleRefusal};
use zeroize::Zeroizing;

pub(crate) use decode::read_upright;
pub(crate) use region::{Filter, Region, resample};

/// Bytes of one pixel.
const CHANNELS: usize = 3;

/// An upright 8-bit RGB picture, row-major.
#[derive(Clone)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Zeroizing<Vec<u8>>,
}

/// Bytes that do not fill a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes do not fill {width}×{height} RGB pixels: give width × height × 3 bytes")]
pub struct PictureError {
    width: usize,
    height: usize,
    bytes: usize,
}

impl Picture {
    /// Takes `width × height` RGB pixels, row-major.
    ///
    /// # Errors
    /// Refuses an empty picture and bytes that do not fill it.
    pub fn from_rgb(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, PictureError> {
        let expected = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(CHANNELS));
        if width == 0 || height == 0 || expected != Some(rgb.len()) {
            return Err(PictureError { width, height, bytes: rgb.len() });
        }
        Ok(Self { width, height, rgb: Zeroizing::new(rgb) })
    }

    /// Decodes a PNG, JPEG or WebP file within the limits and turns it as its EXIF orientation says.
    ///
    /// # Errors
    /// Says which limit it breaks or how it is broken.
    pub fn decode(file: &[u8]) -> Result<Self, SampleRefusal> {
        decode::decode(file)
    }

    /// Returns the width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Returns the pixels, three bytes each, row-major.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    pub(crate) fn pixel(&self, x: usize, y: usize) -> [u8; CHANNELS] {
        let at = (y * self.width + x) * CHANNELS;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Returns `count` pixels of a row, from column `x`.
    pub(crate) fn row(&self, y: usize, x: usize, count: usize) -> &[[u8; CHANNELS]] {
        let at = (y * self.width + x) * CHANNELS;
        self.rgb[at..at + count * CHANNELS].as_chunks().0
    }

    /// Returns the mean luma (BT.601), 0..=1, inside a box; 0 when the box lies outside.
    pub(crate) fn brightness(&self, area: &FaceBox) -> f32 {
        let clip = |value: f32, most: usize| (value.max(0.0) as usize).min(most);
        let (x0, x1) = (clip(area.x0, self.width), clip(area.x1.ceil(), self.width));
        let (y0, y1) = (clip(area.y0, self.height), clip(area.y1.ceil(), self.height));
        let mut sum = 0_u64;
        for y in y0..y1 {
            for pixel in self.row(y, x0, x1.saturating_sub(x0)) {
                let [red, green, blue] = pixel.map(u64::from);
                sum += 299 * red + 587 * green + 114 * blue;
            }
        }
        let pixels = (x1.saturating_sub(x0) * y1.saturating_sub(y0)) as u64;
        if pixels == 0 { 0.0 } else { (sum as f64 / (pixels as f64 * 255_000.0)) as f32 }
    }

    pub(crate) fn whole(&self) -> FaceBox {
        FaceBox { x0: 0.0, y0: 0.0, x1: self.width as f32, y1: self.height as f32 }
    }
}
