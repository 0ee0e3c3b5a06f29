//! Reads some files of a zip: stored or deflated, not encrypted, as feeds are published. Absent: zip64, writing.

use std::io::Read as _;
use std::path::Path;

use flate2::read::DeflateDecoder;
use tebura_fares::Files;

use crate::cli::Failure;

/// A feed of a large city's buses has some tens of megabytes of stop times.
const MOST: u64 = 256 << 20;

/// The named files, wherever in the archive they lie.
pub(super) fn read(path: &Path, names: &[&str]) -> Result<Files, Failure> {
    let wrong =
        |why: &str| -> Failure { format!("{}: {why}; give a GTFS feed as a .zip or a folder", path.display()).into() };
    if std::fs::metadata(path)?.len() > MOST {
        return Err(wrong("it is larger than any feed"));
    }
    let bytes = std::fs::read(path)?;
    entries(&bytes, names).map_err(|why| wrong(&why))
}

fn entries(zip: &[u8], names: &[&str]) -> Result<Files, String> {
    let cut = || "it is no whole zip".to_owned();
    let end = zip.windows(4).rposition(|four| four == b"PK\x05\x06").ok_or_else(cut)?;
    // The record that the file ends with has 22 bytes.
    if zip.len() < end + 22 {
        return Err(cut());
    }
    let (count, mut at) = (u16_at(zip, end + 10).ok_or_else(cut)?, u32_at(zip, end + 16).ok_or_else(cut)?);
    let mut files = Files::new();
    for _ in 0..count {
        if zip.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err(cut());
        }
        let short = |offset| u16_at(zip, at + offset).map(usize::from).ok_or_else(cut);
        let long = |offset| u32_at(zip, at + offset).ok_or_else(cut);
        let (method, crc, packed, size) = (short(10)?, long(16)?, long(20)?, long(24)?);
        let (name, extra, comment, local) = (short(28)?, short(30)?, short(32)?, long(42)?);
        let path = zip.get(at + 46..at + 46 + name).ok_or_else(cut)?;
        at += 46 + name + extra + comment;
        let path = String::from_utf8_lossy(path);
        let Some(own) = names.iter().find(|own| path.rsplit('/').next() == Some(**own)) else { continue };
        let skipped = |offset| u16_at(zip, local + offset).map(usize::from).ok_or_else(cut);
        let begin = local + 30 + skipped(26)? + skipped(28)?;
        let packed = zip.get(begin..begin + packed).ok_or_else(cut)?;
        let bytes = unpacked(packed, method, size).ok_or_else(|| format!("{own} in it cannot be unpacked"))?;
        let mut sum = flate2::Crc::new();
        sum.update(&bytes);
        if usize::try_from(sum.sum()).ok() != Some(crc) {
            return Err(format!("{own} in it is damaged"));
        }
        files.insert((*own).to_owned(), String::from_utf8(bytes).map_err(|_| format!("{own} in it is not UTF-8"))?);
    }
    Ok(files)
}

/// Not more than it says: what claims to be small and is not is damaged.
fn unpacked(packed: &[u8], method: usize, size: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(size).ok().filter(|size| *size <= MOST)?;
    match method {
        0 => bytes.extend_from_slice(packed),
        8 => drop(DeflateDecoder::new(packed).take(limit + 1).read_to_end(&mut bytes).ok()?),
        _ => return None,
    }
    (bytes.len() == size).then_some(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let number = bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)?;
    usize::try_from(number).ok()
}
