//! YuNet (2023 layout): for each stride S the outputs cls_S, obj_S, bbox_S and kps_S, one anchor a cell.

use tebura_face::FaceBox;

use super::{DetectError, Detection, DetectorRecipe, points, sized};
use crate::engine::Tensor;
use crate::geometry::Point;

pub(super) fn decode(
    recipe: &DetectorRecipe,
    names: &[String],
    outputs: &[Tensor],
) -> Result<Vec<Detection>, DetectError> {
    let named = |kind: &str, stride: usize, per_cell: usize, cells: usize| {
        let name = format!("{kind}_{stride}");
        let at = names.iter().position(|have| *have == name);
        let output = at
            .and_then(|at| outputs.get(at))
            .ok_or_else(|| DetectError::MissingOutput { missing: name.clone(), have: names.to_vec() })?;
        sized(output, &name, cells * per_cell)
    };
    let mut found = Vec::new();
    for &stride in &recipe.strides {
        let columns = recipe.input.width / stride;
        let cells = columns * (recipe.input.height / stride);
        let class = named("cls", stride, 1, cells)?;
        let object = named("obj", stride, 1, cells)?;
        let boxes = named("bbox", stride, 4, cells)?;
        let marks = named("kps", stride, 10, cells)?;
        let unit = stride as f32;
        for cell in 0..cells {
            let score = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
            if score.is_nan() || score < recipe.least_score {
                continue;
            }
            let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
            let shape = &boxes[cell * 4..cell * 4 + 4];
            let (x, y) = ((column + shape[0]) * unit, (row + shape[1]) * unit);
            let (width, height) = (shape[2].exp() * unit, shape[3].exp() * unit);
            let detection = Detection {
                score,
                face: FaceBox { x0: x - width / 2.0, y0: y - height / 2.0, x1: x + width / 2.0, y1: y + height / 2.0 },
                landmarks: points(&marks[cell * 10..cell * 10 + 10], |px, py| Point {
                    x: (px + column) * unit,
                    y: (py + row) * unit,
                }),
            };
            if detection.is_finite() {
                found.push(detection);
            }
        }
    }
    Ok(found)
}
