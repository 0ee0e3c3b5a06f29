//! Writes golden vectors, for whoever makes a pack.
//!
//! Absent: any proof that they are right. A pack's maker compares them with the models' publisher first.

use serde_json::{Value, json};
use tebura_face::{Conditions, Liveness, Worn};

use super::{CheckError, DrawnRequest, FaceDrawer, draw, open};
use crate::pack::files::sha256_hex;
use crate::pipeline::{FoundFace, LoadedPack};

/// Which values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Score, box and landmarks.
    Detector,
    /// Everything that the pack computes.
    Everything,
}

/// Runs the pack on drawn pictures and returns the text of a `golden.json`.
///
/// # Errors
/// When a picture cannot be drawn or examined.
pub fn record_golden(
    loaded: &LoadedPack,
    drawer: &FaceDrawer<'_>,
    requests: &[DrawnRequest],
    recorded: Recorded,
) -> Result<String, CheckError> {
    let mut pipeline = open(loaded)?;
    let mut cases = Vec::with_capacity(requests.len());
    for request in requests {
        let picture = draw(drawer, request)?;
        let found = pipeline
            .find_all(&picture)
            .map_err(|refusal| CheckError::Refused { picture: request.scene.clone(), refusal })?;
        cases.push(json!({
            "image": image(request, &sha256_hex(picture.rgb())),
            "faces": found.iter().map(|face| values(face, recorded)).collect::<Vec<_>>(),
        }));
    }
    Ok(format!("{:#}\n", json!({ "cases": cases })))
}

fn image(request: &DrawnRequest, rgb_sha256: &str) -> Value {
    let mut image = json!({
        "drawn": request.scene,
        "width": request.width,
        "height": request.height,
        "rgb_sha256": rgb_sha256,
    });
    match request.people.as_slice() {
        [person] => image["person"] = json!(person),
        [] => {}
        people => image["persons"] = json!(people),
    }
    if let Some(view) = request.view {
        image["view"] = json!(view);
    }
    image
}

fn values(face: &FoundFace, recorded: Recorded) -> Value {
    let place = face.detection.face;
    let mut values = json!({
        "score": face.detection.score,
        "box_xyxy": [place.x0, place.y0, place.x1, place.y1],
        "landmarks": face.detection.landmarks.map(|point| [point.x, point.y]),
    });
    if recorded == Recorded::Everything {
        values["embedding"] = json!(face.template.values());
        if let Liveness::Live { score } | Liveness::Attack { score } = face.liveness {
            values["real"] = json!(score);
        }
        if face.conditions != Conditions::default() {
            values["worn"] = json!(face.conditions.worn().map(Worn::word).collect::<Vec<_>>());
        }
    }
    values
}
