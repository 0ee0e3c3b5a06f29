//! People who do not exist, made again from their number whenever they are needed: nobody keeps 2.4 GB of them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use tebura_face::Template;

use crate::Failure;

pub(crate) const DIMS: usize = 512;

/// The template of a person.
pub(crate) fn face(person: u64) -> Result<Template, Failure> {
    Ok(Template::from_raw(normal(person))?)
}

/// Another picture of somebody: at a cosine of 0.5 to 0.9 to her template.
pub(crate) fn genuine(people: u64, nth: u64) -> Result<Template, Failure> {
    let face = face(whose(people, nth))?;
    let cosine = 0.5 + 0.4 * (nth % 101) as f32 / 100.0;
    let noise = Template::from_raw(normal(1 << 40 | nth))?;
    let along = face.similarity(&noise).value();
    let sine = ((1.0 - cosine * cosine) / (1.0 - along * along)).sqrt();
    let mixed = face.values().iter().zip(noise.values());
    Ok(Template::from_raw(mixed.map(|(face, noise)| cosine * face + sine * (noise - along * face)).collect())?)
}

/// Whom the nth genuine probe shows.
pub(crate) fn whose(people: u64, nth: u64) -> u64 {
    nth.wrapping_mul(7_368_787) % people
}

/// Writes templates one after the other, little-endian.
pub(crate) fn write(path: &Path, faces: impl Iterator<Item = Result<Template, Failure>>) -> Result<(), Failure> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for face in faces {
        file.write_all(&face?.to_bytes())?;
    }
    Ok(file.flush()?)
}

/// Components distributed about normally: sums of four even numbers out of one word.
fn normal(seed: u64) -> Vec<f32> {
    let mut state = (seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed >> 7) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    };
    for _ in 0..4 {
        word();
    }
    (0..DIMS)
        .map(|_| {
            let word = word();
            (0..4).map(|nth| (word >> (16 * nth) & 0xFFFF) as f32).sum::<f32>() - 131_070.0
        })
        .collect()
}
