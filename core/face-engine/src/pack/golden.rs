//! `golden.json`: what the pack's models must find in known pictures.

use serde::Deserialize;

use super::error::PackError;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Golden {
    pub(crate) cases: Vec<GoldenCase>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoldenCase {
    pub(crate) image: GoldenImage,
    pub(crate) faces: Vec<GoldenFace>,
}

/// A picture that lies in the pack, or one that the face drawer makes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum GoldenImage {
    File(FileImage),
    Drawn(DrawnImage),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileImage {
    pub(crate) file: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrawnImage {
    pub(crate) drawn: String,
    #[serde(default)]
    pub(crate) person: Option<u64>,
    #[serde(default)]
    pub(crate) persons: Option<[u64; 2]>,
    #[serde(default)]
    pub(crate) view: Option<u64>,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb_sha256: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoldenFace {
    pub(crate) score: f32,
    pub(crate) box_xyxy: [f32; 4],
    pub(crate) landmarks: [[f32; 2]; 5],
    #[serde(default)]
    pub(crate) embedding: Option<Vec<f32>>,
    #[serde(default)]
    pub(crate) real: Option<f32>,
    /// What is worn, of everything that the pack tells.
    #[serde(default)]
    pub(crate) worn: Option<Vec<String>>,
}

pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Golden, PackError> {
    let golden: Golden = serde_json::from_slice(bytes)
        .map_err(|error| PackError::Syntax { file: file.to_owned(), reason: error.to_string() })?;
    if golden.cases.is_empty() {
        return Err(PackError::Syntax {
            file: file.to_owned(),
            reason: "`cases` is empty; a pack needs at least one picture with known values".to_owned(),
        });
    }
    Ok(golden)
}
