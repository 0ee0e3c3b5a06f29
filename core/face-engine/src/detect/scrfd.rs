//! SCRFD: outputs by order, all scores, then all boxes, then all points, for strides in ascending order.
//!
//! Distances are from the anchor's centre (column × stride, row × stride) in strides. Absent: the layouts
//! of 6 and 10 outputs, which have no points and so cannot be aligned; they are refused by name.

use tebura_face::FaceBox;

use super::{DetectError, Detection, DetectorRecipe, points, sized};
use crate::engine::Tensor;
use crate::geometry::Point;

pub(super) fn decode(
    recipe: &DetectorRecipe,
    anchors: usize,
    outputs: &[Tensor],
) -> Result<Vec<Detection>, DetectError> {
    let levels = recipe.strides.len();
    if outputs.len() != levels * 3 {
        return Err(DetectError::OutputCount { outputs: outputs.len(), strides: levels });
    }
    let mut found = Vec::new();
    for (level, &stride) in recipe.strides.iter().enumerate() {
        let columns = recipe.input.width / stride;
        let count = columns * (recipe.input.height / stride) * anchors;
        let scores = sized(&outputs[level], &format!("score of stride {stride}"), count)?;
        let boxes = sized(&outputs[level + levels], &format!("box of stride {stride}"), count * 4)?;
        let marks = sized(&outputs[level + levels * 2], &format!("points of stride {stride}"), count * 10)?;
        let unit = stride as f32;
        for (anchor, &score) in scores.iter().enumerate() {
            if score.is_nan() || score < recipe.least_score {
                continue;
            }
            let cell = anchor / anchors;
            let (x, y) = ((cell % columns) as f32 * unit, (cell / columns) as f32 * unit);
            let edges = &boxes[anchor * 4..anchor * 4 + 4];
            let detection = Detection {
                score,
                face: FaceBox {
                    x0: x - edges[0] * unit,
                    y0: y - edges[1] * unit,
                    x1: x + edges[2] * unit,
                    y1: y + edges[3] * unit,
                },
                landmarks: points(&marks[anchor * 10..anchor * 10 + 10], |px, py| Point {
                    x: x + px * unit,
                    y: y + py * unit,
                }),
            };
            if detection.is_finite() {
                found.push(detection);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::{Colour, InputShape};
    use crate::detect::Decoder;
    use crate::picture::Filter;

    fn recipe(strides: &[usize]) -> DetectorRecipe {
        DetectorRecipe {
            input: InputShape {
                width: 64,
                height: 32,
                colour: Colour::Rgb,
                mean: [0.0; 3],
                std: [1.0; 3],
                whole: false,
            },
            decoder: Decoder::Scrfd { anchors: 2 },
            strides: strides.to_vec(),
            filter: Filter::Bilinear,
            max_upscale: 1.0,
            least_score: 0.5,
            nms_iou: 0.4,
            top_k: 10,
        }
    }

    /// Outputs that are zero but for one anchor of stride 16: column 3, row 1, second of two.
    fn outputs(batch_axis: bool) -> Vec<Tensor> {
        let mut outputs = Vec::new();
        for width in [1, 4, 10] {
            for stride in [8, 16, 32] {
                let count = (64 / stride) * (32 / stride) * 2;
                let mut values = vec![0.0; count * width];
                if stride == 16 {
                    let anchor = (4 + 3) * 2 + 1;
                    for (at, value) in values[anchor * width..(anchor + 1) * width].iter_mut().enumerate() {
                        *value = match width {
                            1 => 0.9,
                            4 => 1.0 + at as f32 / 2.0,
                            _ => at as f32 / 10.0,
                        };
                    }
                }
                let shape = if batch_axis { vec![1, count, width] } else { vec![count, width] };
                outputs.push(Tensor::new(shape, values).unwrap());
            }
        }
        outputs
    }

    #[test]
    fn reads_nine_outputs_with_and_without_a_batch_axis() {
        for batch_axis in [false, true] {
            let found = decode(&recipe(&[8, 16, 32]), 2, &outputs(batch_axis)).unwrap();
            let [detection] = found[..] else { panic!("{} faces", found.len()) };
            assert_eq!(detection.face, FaceBox { x0: 32.0, y0: -8.0, x1: 80.0, y1: 56.0 });
            assert_eq!(detection.landmarks[0], Point { x: 48.0, y: 17.6 });
            assert!((detection.landmarks[4].y - (16.0 + 0.9 * 16.0)).abs() < 1e-4);
        }
    }

    #[test]
    fn reads_fifteen_outputs_of_five_strides() {
        let strides = [2, 4, 8, 16, 32];
        let outputs: Vec<Tensor> = [1, 4, 10]
            .iter()
            .flat_map(|width| {
                strides.map(|stride| {
                    let count = (64 / stride) * (32 / stride);
                    let value = if stride == 32 { 0.75 } else { 0.25 };
                    Tensor::new(vec![count, *width], vec![value; count * width]).unwrap()
                })
            })
            .collect();
        let found = decode(&recipe(&strides), 1, &outputs).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].face, FaceBox { x0: 8.0, y0: -24.0, x1: 56.0, y1: 24.0 });
    }

    #[test]
    fn refuses_other_layouts() {
        let mut six = outputs(false);
        six.truncate(6);
        assert_eq!(decode(&recipe(&[8, 16, 32]), 2, &six), Err(DetectError::OutputCount { outputs: 6, strides: 3 }));
        assert!(matches!(
            decode(&recipe(&[8, 16, 32]), 1, &outputs(false)),
            Err(DetectError::OutputSize { found: 64, expected: 32, .. })
        ));
    }
}
