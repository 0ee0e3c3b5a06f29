//! Faces of people who do not exist: the same for the same seed.

use tebura_face::Template;

/// A direction that looks random.
pub(crate) fn template(dims: usize, seed: u64) -> Template {
    Template::from_raw(normal(dims, seed)).unwrap()
}

/// A face at this cosine to another, as another picture of it would be.
pub(crate) fn nearly(face: &Template, cosine: f32, seed: u64) -> Template {
    let noise = normal(face.dims(), seed ^ 0x5EED_0000_0000);
    let along: f32 = noise.iter().zip(face.values()).map(|(noise, value)| noise * value).sum();
    let across: Vec<f32> = noise.iter().zip(face.values()).map(|(noise, value)| noise - along * value).collect();
    let length = across.iter().map(|value| value * value).sum::<f32>().sqrt();
    let sine = (1.0 - cosine * cosine).sqrt();
    let mixed = face.values().iter().zip(&across).map(|(value, across)| cosine * value + sine * across / length);
    Template::from_raw(mixed.collect()).unwrap()
}

/// Components distributed about normally (sums of four even ones).
pub(crate) fn normal(dims: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(0xD1B5_4A32_D192_ED03) | 1;
    let mut even = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    for _ in 0..8 {
        even();
    }
    (0..dims).map(|_| even() + even() + even() + even()).collect()
}
