//! Golden vectors: known pictures and what must be found in them.

use tebura_face::{Liveness, Worn};

use super::{CheckError, DrawnRequest, FaceDrawer, draw};
use crate::pack::ModelPack;
use crate::pack::files::sha256_hex;
use crate::pack::golden::{self, DrawnImage, GoldenFace, GoldenImage};
use crate::pack::manifest::GoldenTable;
use crate::picture::{Picture, read_upright};
use crate::pipeline::{FoundFace, Pipeline};

/// What the golden vectors showed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GoldenReport {
    /// Pictures.
    pub pictures: usize,
    /// Faces in them.
    pub faces: usize,
    /// Embeddings that were compared.
    pub embeddings: usize,
    /// Largest difference of a box corner or landmark, in pixels.
    pub worst_place_px: f32,
    /// Largest difference of an embedding's component.
    pub worst_embedding: f32,
}

pub(super) fn check(
    pack: &ModelPack,
    pipeline: &mut Pipeline,
    drawer: &FaceDrawer<'_>,
) -> Result<GoldenReport, CheckError> {
    let table = &pack.manifest.golden;
    let golden = golden::parse(&table.file, &pack.files.read(&table.file)?)?;
    let mut report = GoldenReport::default();
    for case in &golden.cases {
        let (name, picture) = picture_of(pack, &case.image, drawer)?;
        let mut found =
            pipeline.find_all(&picture).map_err(|refusal| CheckError::Refused { picture: name.clone(), refusal })?;
        if found.len() != case.faces.len() {
            return Err(CheckError::FaceCount { picture: name, expected: case.faces.len(), found: found.len() });
        }
        for expected in &case.faces {
            let face = found.swap_remove(nearest(&found, expected));
            compare(&name, expected, &face, table, &mut report)?;
        }
        report.pictures += 1;
    }
    Ok(report)
}

fn picture_of(pack: &ModelPack, image: &GoldenImage, drawer: &FaceDrawer<'_>) -> Result<(String, Picture), CheckError> {
    match image {
        GoldenImage::File(image) => {
            let bytes = pack.files.read(&image.file)?;
            let picture =
                read_upright(&bytes).map_err(|refusal| CheckError::Refused { picture: image.file.clone(), refusal })?;
            Ok((image.file.clone(), picture))
        }
        GoldenImage::Drawn(image) => {
            let request = request_of(image);
            let name = format!("{} {:?} view {:?}", request.scene, request.people, request.view);
            let picture = draw(drawer, &request)?;
            let found = sha256_hex(picture.rgb());
            if found == image.rgb_sha256 {
                Ok((name, picture))
            } else {
                Err(CheckError::DrawerChanged { picture: name, expected: image.rgb_sha256.clone(), found })
            }
        }
    }
}

fn request_of(image: &DrawnImage) -> DrawnRequest {
    DrawnRequest {
        scene: image.drawn.clone(),
        people: image.person.into_iter().chain(image.persons.into_iter().flatten()).collect(),
        view: image.view,
        width: image.width,
        height: image.height,
    }
}

/// The found face that lies where the expected one does; `found` is not empty here.
fn nearest(found: &[FoundFace], expected: &GoldenFace) -> usize {
    let distance = |face: &FoundFace| {
        let [x0, y0, ..] = expected.box_xyxy;
        (face.detection.face.x0 - x0).hypot(face.detection.face.y0 - y0)
    };
    (0..found.len()).min_by(|left, right| distance(&found[*left]).total_cmp(&distance(&found[*right]))).unwrap_or(0)
}

fn compare(
    picture: &str,
    expected: &GoldenFace,
    face: &FoundFace,
    table: &GoldenTable,
    report: &mut GoldenReport,
) -> Result<(), CheckError> {
    let refuse = |what, off: f32, tolerance: f32, fix| {
        // Also refuses a difference that is not a number.
        if off <= tolerance {
            Ok(())
        } else {
            Err(CheckError::Golden { picture: picture.to_owned(), what, off, tolerance, fix })
        }
    };
    const DETECTOR: &str = "check colour, mean, std, resize and decoder of [detector] and [landmarks]";
    let found = face.detection;
    refuse("the detector's score", (found.score - expected.score).abs(), table.score, DETECTOR)?;
    let corners = [found.face.x0, found.face.y0, found.face.x1, found.face.y1];
    let box_off = largest_difference(&corners, &expected.box_xyxy);
    refuse("the box", box_off, table.landmark_px, DETECTOR)?;
    let marks: Vec<f32> = found.landmarks.iter().flat_map(|point| [point.x, point.y]).collect();
    let mark_off = largest_difference(&marks, expected.landmarks.as_flattened());
    refuse("a landmark", mark_off, table.landmark_px, DETECTOR)?;
    if let Some(embedding) = &expected.embedding {
        let off = if embedding.len() == face.template.dims() {
            largest_difference(face.template.values(), embedding)
        } else {
            f32::INFINITY
        };
        refuse("the embedding", off, table.embedding, "check template, shrink, colour, mean and std of [embedder]")?;
        report.embeddings += 1;
        report.worst_embedding = report.worst_embedding.max(off);
    }
    if let Some(real) = expected.real {
        let off = match face.liveness {
            Liveness::Live { score } | Liveness::Attack { score } => (score - real).abs(),
            Liveness::StepBack | Liveness::NotClaimed => f32::INFINITY,
        };
        refuse("the probability of a living face", off, table.score, "check crop and normalisation of [liveness]")?;
    }
    if let Some(worn) = &expected.worn {
        let found: Vec<&str> = face.conditions.worn().map(Worn::word).collect();
        let off = if found == *worn { 0.0 } else { f32::INFINITY };
        refuse("what is worn", off, table.score, "check outputs, crop and normalisation of [conditions]")?;
    }
    report.faces += 1;
    report.worst_place_px = report.worst_place_px.max(box_off).max(mark_off);
    Ok(())
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    found
        .iter()
        .zip(expected)
        .map(|(found, expected)| (found - expected).abs())
        .fold(0.0, |most, off| if off.is_nan() { f32::INFINITY } else { most.max(off) })
}
