//! Keeps the best of overlapping detections.

use super::Detection;

/// Sorts by score, keeps the best `top_k`, and drops each that overlaps a better one by more than `iou`.
pub(super) fn keep_best(found: &mut Vec<Detection>, top_k: usize, iou: f32) {
    found.sort_by(|left, right| right.score.total_cmp(&left.score));
    found.truncate(top_k);
    let mut kept: Vec<Detection> = Vec::new();
    for detection in found.drain(..) {
        if kept.iter().all(|better| better.face.overlap(&detection.face) <= iou) {
            kept.push(detection);
        }
    }
    *found = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;
    use tebura_face::FaceBox;

    fn at(x: f32, score: f32) -> Detection {
        let face = FaceBox { x0: x, y0: 0.0, x1: x + 10.0, y1: 10.0 };
        Detection { score, face, landmarks: [Point { x, y: 0.0 }; 5] }
    }

    #[track_caller]
    fn check(found: &[(f32, f32)], top_k: usize, kept: &[f32]) {
        let mut found: Vec<Detection> = found.iter().map(|(x, score)| at(*x, *score)).collect();
        keep_best(&mut found, top_k, 0.3);
        assert_eq!(found.iter().map(|detection| detection.score).collect::<Vec<_>>(), kept);
    }

    #[test]
    fn drops_doubles_and_keeps_neighbours() {
        check(&[(0.0, 0.6), (1.0, 0.9), (20.0, 0.7)], 10, &[0.9, 0.7]);
        // A chain: the middle one goes, so the last one stays.
        check(&[(0.0, 0.9), (4.0, 0.8), (8.0, 0.7)], 10, &[0.9, 0.7]);
        check(&[(0.0, 0.6), (20.0, 0.9), (40.0, 0.7)], 2, &[0.9, 0.7]);
        check(&[], 10, &[]);
    }
}
