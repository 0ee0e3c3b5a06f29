//! Reads some files of a zip, as feeds are published.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use tebura_fares::Files;
use zip::ZipArchive;

use crate::cli::Failure;

/// A feed of a large city's buses has some tens of megabytes of stop times.
const MOST: u64 = 256 << 20;

/// The named files, wherever in the archive they lie.
pub(super) fn read(path: &Path, names: &[&str]) -> Result<Files, Failure> {
    let wrong = |why: String| -> Failure {
        format!("{}: {why}; give a GTFS feed as a .zip or a folder", path.display()).into()
    };
    if std::fs::metadata(path)?.len() > MOST {
        return Err(wrong("it is larger than any feed".to_owned()));
    }
    let mut archive = ZipArchive::new(File::open(path)?).map_err(|_| wrong("it is no whole zip".to_owned()))?;
    let mut files = Files::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|error| wrong(error.to_string()))?;
        let lies_at = entry.name().map_err(|error| wrong(error.to_string()))?.into_owned();
        let Some(own) = names.iter().find(|own| lies_at.rsplit('/').next() == Some(**own)) else { continue };
        // What claims to be small and is not is damaged.
        let (mut text, size) = (String::new(), entry.size());
        let read = entry.by_ref().take(size.min(MOST) + 1).read_to_string(&mut text);
        read.map_err(|error| wrong(format!("{own} in it cannot be read ({error})")))?;
        if text.len() as u64 != size {
            return Err(wrong(format!("{own} in it is damaged")));
        }
        files.insert((*own).to_owned(), text);
    }
    Ok(files)
}
