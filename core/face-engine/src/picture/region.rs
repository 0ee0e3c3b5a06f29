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

/// What is sampled: a rectangle of the picture and the canvas pixels that show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    /// Left and upper edge in picture pixels; the edge of the first pixel is 0.
    pub(crate) left: f64,
    pub(crate) top: f64,
    /// Picture pixels for each canvas pixel, across and down.
    pub(crate) step_x: f64,
    pub(crate) step_y: f64,
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
    let columns = taps(region.filled_width.min(width), region.left, region.step_x, picture.width(), filter);
    let rows = taps(region.filled_height.min(height), region.top, region.step_y, picture.height(), filter);
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

fn taps(filled: usize, start: f64, step: f64, side: usize, filter: Filter) -> Vec<Vec<Tap>> {
    (0..filled)
        .map(|index| {
            let from = start + index as f64 * step;
            match filter {
                Filter::Bilinear => bilinear(start, from + step / 2.0 - 0.5, filled as f64 * step, side),
                Filter::Area => covered(from, from + step, side),
            }
        })
        .collect()
}

/// Takes the two neighbours of a place; beyond the region's own edge the last pixel repeats.
fn bilinear(start: f64, place: f64, length: f64, side: usize) -> Vec<Tap> {
    let last = ((start + length).ceil().min(side as f64) - 1.0).max(0.0);
    let place = place.clamp(start.floor().clamp(0.0, last), last);
    let low = place.floor();
    let share = (place - low) as f32;
    let at = low as usize;
    let mut taps = vec![Tap { at, weight: 1.0 - share }];
    if share > 0.0 {
        taps.push(Tap { at: at + 1, weight: share });
    }
    taps
}

/// Takes every pixel under a stretch by the share of the stretch that it covers.
fn covered(from: f64, to: f64, side: usize) -> Vec<Tap> {
    let end = side as f64;
    let (from, to) = (from.clamp(0.0, end - 1.0), to.clamp(0.0, end));
    let to = to.max(from + 1e-6);
    (from as usize..(to.ceil() as usize).min(side))
        .map(|at| {
            let cover = to.min((at + 1) as f64) - from.max(at as f64);
            Tap { at, weight: (cover / (to - from)) as f32 }
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
    fn check(values: &[u8], step: f64, filled: usize, filter: Filter, expected: &[f32]) {
        let picture = row(values);
        let region = Region { left: 0.0, top: 0.0, step_x: step, step_y: 1.0, filled_width: filled, filled_height: 1 };
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
