//! Samples an axis-parallel region of a picture onto a canvas, still as numbers of 0..=255.

use super::{CHANNELS, Picture};

/// How a pixel of the canvas is made of the pixels under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Four neighbours of the centre, edges repeated; aliases when it shrinks much (OpenCV's INTER_LINEAR).
    Bilinear,
    /// Mean of the exact rectangle that the pixel covers.
    Area,
}

/// What is sampled: a rectangle of whole pixels and the canvas pixels that show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    /// First column and row of the rectangle.
    pub(crate) left: usize,
    pub(crate) top: usize,
    /// Its size in picture pixels.
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Picture pixels for each canvas pixel, across and down.
    pub(crate) step_x: f32,
    pub(crate) step_y: f32,
    /// Canvas pixels that are filled, from the top left; the rest stays 0.
    pub(crate) filled_width: usize,
    pub(crate) filled_height: usize,
}

/// One weighted picture column or row under a canvas pixel.
struct Tap {
    at: usize,
    weight: f32,
}

/// Samples the region; returns `width × height` pixels of three numbers, row-major.
pub(crate) fn resample(picture: &Picture, region: &Region, width: usize, height: usize, filter: Filter) -> Vec<f32> {
    let columns = taps(region.filled_width.min(width), region.step_x, region.left, region.width, filter);
    let rows = taps(region.filled_height.min(height), region.step_y, region.top, region.height, filter);
    let mut canvas = vec![0.0_f32; width * height * CHANNELS];
    for (row_taps, line) in rows.iter().zip(canvas.chunks_exact_mut(width * CHANNELS)) {
        for (column_taps, out) in columns.iter().zip(line.as_chunks_mut::<CHANNELS>().0) {
            for row in row_taps {
                let mut sum = [0.0_f32; CHANNELS];
                for column in column_taps {
                    let pixel = picture.pixel(column.at, row.at);
                    for channel in 0..CHANNELS {
                        sum[channel] += column.weight * f32::from(pixel[channel]);
                    }
                }
                for channel in 0..CHANNELS {
                    out[channel] += row.weight * sum[channel];
                }
            }
        }
    }
    canvas
}

fn taps(filled: usize, step: f32, first: usize, length: usize, filter: Filter) -> Vec<Vec<Tap>> {
    (0..filled)
        .map(|index| match filter {
            Filter::Bilinear => bilinear(index, step, first, length),
            Filter::Area => covered(index, step, first, length),
        })
        .collect()
}

fn bilinear(index: usize, step: f32, first: usize, length: usize) -> Vec<Tap> {
    let last = (length - 1) as f32;
    let centre = ((index as f32 + 0.5) * step - 0.5).clamp(0.0, last);
    let low = centre.floor();
    let share = centre - low;
    let low = low as usize;
    let mut taps = vec![Tap { at: first + low, weight: 1.0 - share }];
    if share > 0.0 {
        taps.push(Tap { at: first + low + 1, weight: share });
    }
    taps
}

fn covered(index: usize, step: f32, first: usize, length: usize) -> Vec<Tap> {
    let end = length as f32;
    let from = (index as f32 * step).min(end);
    let to = ((index + 1) as f32 * step).min(end);
    if to - from <= f32::EPSILON * end {
        return bilinear(index, step, first, length);
    }
    let (low, high) = (from.floor() as usize, (to.ceil() as usize).min(length));
    (low..high)
        .map(|at| {
            let cover = (to.min((at + 1) as f32) - from.max(at as f32)).max(0.0);
            Tap { at: first + at, weight: cover / (to - from) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[u8]) -> Picture {
        let rgb = values.iter().flat_map(|value| [*value; 3]).collect();
        Picture::from_rgb(values.len(), 1, rgb).unwrap()
    }

    #[track_caller]
    fn check(values: &[u8], step: f32, filled: usize, filter: Filter, expected: &[f32]) {
        let picture = row(values);
        let region = Region {
            left: 0,
            top: 0,
            width: values.len(),
            height: 1,
            step_x: step,
            step_y: 1.0,
            filled_width: filled,
            filled_height: 1,
        };
        let canvas = resample(&picture, &region, expected.len(), 1, filter);
        let seen: Vec<f32> = canvas.chunks(3).map(|pixel| pixel[0]).collect();
        for (seen, expected) in seen.iter().zip(expected) {
            assert!((seen - expected).abs() < 1e-3, "{seen} instead of {expected}");
        }
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        check(&[10, 20, 30], 1.0, 3, Filter::Bilinear, &[10.0, 20.0, 30.0]);
        check(&[10, 20, 30], 1.0, 3, Filter::Area, &[10.0, 20.0, 30.0]);
    }

    #[test]
    fn shrinks_as_it_should() {
        check(&[10, 20, 30, 40], 2.0, 2, Filter::Bilinear, &[15.0, 35.0]);
        check(&[0, 100, 0, 100, 0, 100], 3.0, 2, Filter::Area, &[100.0 / 3.0, 200.0 / 3.0]);
        check(&[0, 90, 90], 1.5, 2, Filter::Area, &[30.0, 90.0]);
        check(&[0, 90, 30, 60], 4.0, 1, Filter::Bilinear, &[60.0]);
    }

    #[test]
    fn enlarges_with_repeated_edges() {
        check(&[0, 100], 0.5, 4, Filter::Bilinear, &[0.0, 25.0, 75.0, 100.0]);
    }

    #[test]
    fn what_is_not_filled_is_black() {
        check(&[10, 20], 1.0, 2, Filter::Bilinear, &[10.0, 20.0, 0.0, 0.0]);
    }
}
