//! Labelled pairs: pictures whose people are known, and how well the pack tells them apart.

use std::path::Path;

use tebura_face::{PairScores, Template};

use super::{CheckError, DrawnRequest, FaceDrawer, draw};
use crate::pack::ModelPack;
use crate::pack::error::PackError;
use crate::pack::files::PackFiles;
use crate::pack::manifest::CheckTable;
use crate::picture::{Picture, read_upright};
use crate::pipeline::Pipeline;

/// A till's camera.
const DRAWN_SIZE: (usize, usize) = (640, 480);
/// More labelled pictures without a face than this mean a broken detector.
const MOST_MISSED: f64 = 0.05;

/// What the labelled pairs showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelReport {
    /// People.
    pub people: usize,
    /// Pictures that gave a sample.
    pub pictures: usize,
    /// Pictures that gave none.
    pub missed: usize,
    /// Pairs of one person.
    pub genuine_pairs: usize,
    /// Pairs of two people.
    pub impostor_pairs: usize,
    /// Equal error rate, 0..=1.
    pub equal_error_rate: f64,
    /// The threshold at which the two errors are equal.
    pub threshold: f32,
    /// Mean similarity of pairs of one person.
    pub genuine_mean: f64,
    /// Mean similarity of pairs of two people.
    pub impostor_mean: f64,
}

pub(super) fn check(
    pack: &ModelPack,
    pipeline: &mut Pipeline,
    drawer: &FaceDrawer<'_>,
) -> Result<Option<LabelReport>, CheckError> {
    let (samples, max_eer, max_impostor_mean) = match &pack.manifest.check {
        CheckTable::None {} => return Ok(None),
        CheckTable::Drawn { people, pictures, first_seed, max_eer, max_impostor_mean } => {
            let mut samples = Samples::default();
            for person in *first_seed..first_seed + people {
                for view in 0..*pictures {
                    let request = DrawnRequest {
                        scene: "kiosk".to_owned(),
                        people: vec![person],
                        view: Some(view),
                        width: DRAWN_SIZE.0,
                        height: DRAWN_SIZE.1,
                    };
                    samples.add(pipeline, person, &draw(drawer, &request)?);
                }
            }
            (samples, *max_eer, *max_impostor_mean)
        }
        CheckTable::Images { folder, max_eer, max_impostor_mean } => {
            (from_folder(pack, pipeline, folder)?, *max_eer, *max_impostor_mean)
        }
    };
    let report = samples.report()?;
    if report.equal_error_rate > f64::from(max_eer) {
        return Err(CheckError::EqualErrorRate { found: report.equal_error_rate, limit: max_eer });
    }
    if report.impostor_mean > f64::from(max_impostor_mean) {
        return Err(CheckError::ImpostorMean { found: report.impostor_mean, limit: max_impostor_mean });
    }
    Ok(Some(report))
}

#[derive(Default)]
struct Samples {
    templates: Vec<(u64, Template)>,
    missed: usize,
}

impl Samples {
    fn add(&mut self, pipeline: &mut Pipeline, person: u64, picture: &Picture) {
        match pipeline.examine_decoded(picture) {
            Ok(examined) => self.templates.push((person, examined.sample.template)),
            Err(_) => self.missed += 1,
        }
    }

    fn report(&self) -> Result<LabelReport, CheckError> {
        let pictures = self.templates.len() + self.missed;
        let missed = CheckError::Missed { missed: self.missed, pictures };
        if self.missed as f64 > MOST_MISSED * pictures as f64 {
            return Err(missed);
        }
        let mut scores = PairScores::new();
        for (index, (person, template)) in self.templates.iter().enumerate() {
            for (other, reference) in &self.templates[..index] {
                scores.add(person == other, template.similarity(reference));
            }
        }
        let rates = scores.equal_error().ok_or(missed)?;
        let (genuine_pairs, impostor_pairs) = scores.pairs();
        let (genuine_mean, impostor_mean) = scores.means();
        let mut people: Vec<u64> = self.templates.iter().map(|(person, _)| *person).collect();
        people.dedup();
        Ok(LabelReport {
            people: people.len(),
            pictures: self.templates.len(),
            missed: self.missed,
            genuine_pairs,
            impostor_pairs,
            equal_error_rate: rates.mean(),
            threshold: rates.threshold.value(),
            genuine_mean,
            impostor_mean,
        })
    }
}

/// Reads `folder/person/picture`, a folder a person.
fn from_folder(pack: &ModelPack, pipeline: &mut Pipeline, folder: &str) -> Result<Samples, CheckError> {
    let PackFiles::Folder(root) = &pack.files else {
        return Err(CheckError::Picture {
            picture: folder.to_owned(),
            problem: "a pack inside the program has no folder of pictures; use set = \"drawn\"".to_owned(),
        });
    };
    let mut samples = Samples::default();
    for (person, entry) in entries(&root.join(folder))?.into_iter().enumerate() {
        for file in entries(&entry)? {
            let name = file.display().to_string();
            let bytes = std::fs::read(&file)
                .map_err(|error| PackError::Read { file: name.clone(), reason: error.to_string() })?;
            let picture = read_upright(&bytes).map_err(|refusal| CheckError::Refused { picture: name, refusal })?;
            samples.add(pipeline, person as u64, &picture);
        }
    }
    Ok(samples)
}

fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, PackError> {
    let refused =
        |error: std::io::Error| PackError::Read { file: folder.display().to_string(), reason: error.to_string() };
    let mut paths = std::fs::read_dir(folder)
        .map_err(refused)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refused)?;
    paths.sort();
    Ok(paths)
}
