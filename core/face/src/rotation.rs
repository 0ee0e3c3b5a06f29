//! Rotations of templates, drawn from random bytes.
//!
//! A cosine does not change when both sides are turned alike, so whoever keeps templates may turn them by a rotation that
//! nobody else knows: what leaks from one place fits nothing elsewhere, and a new rotation makes it worthless. That is no
//! encryption: who sees enough templates on both sides can work the rotation out.
//!
//! Turned, every component also carries about the same share of a template, whatever the model: the sign of a component
//! then says equally much everywhere, and no large component makes the levels of the others coarse.
//! Absent: where the random bytes come from and how they are kept.

use std::fmt;

use zeroize::Zeroizing;

use crate::template::Template;

/// Rounds of flipping and mixing: with three, an axis is spread as evenly as a random direction at any length.
const ROUNDS: usize = 3;
/// Components whose flips stand in one word.
const WORD: usize = 64;

/// An orthogonal map of templates of one length, wiped from memory when dropped.
#[derive(Clone)]
pub struct Rotation {
    dims: usize,
    /// By round and word, one bit a component.
    flips: Zeroizing<Vec<u64>>,
}

impl Rotation {
    /// How many random bytes a rotation of templates of `dims` numbers takes.
    #[must_use]
    pub fn random_bytes(dims: usize) -> usize {
        ROUNDS * dims.div_ceil(WORD) * size_of::<u64>()
    }

    /// The rotation that `random` draws; `None`: these are not [`Rotation::random_bytes`] bytes.
    #[must_use]
    pub fn drawn(dims: usize, random: &[u8]) -> Option<Self> {
        let (words, rest) = random.as_chunks::<8>();
        let fits = rest.is_empty() && random.len() == Self::random_bytes(dims);
        fits.then(|| Self { dims, flips: Zeroizing::new(words.iter().map(|word| u64::from_le_bytes(*word)).collect()) })
    }

    /// The rotation that is the same everywhere, for whoever keeps no secret.
    pub(crate) fn known(dims: usize) -> Self {
        let words = dims.div_ceil(WORD) as u64;
        let flips = (0..ROUNDS as u64).flat_map(|round| (0..words).map(move |word| scramble(round << 32 | word)));
        Self { dims, flips: Zeroizing::new(flips.collect()) }
    }

    pub(crate) fn dims(&self) -> usize {
        self.dims
    }

    pub(crate) fn turn(&self, vector: &mut [f32]) {
        for flips in self.rounds() {
            flip(vector, flips);
            // A length that is no power of two is mixed as two stretches that overlap.
            let (power, rest) = stretches(vector.len());
            mix(&mut vector[..power]);
            mix(&mut vector[rest..]);
        }
    }

    fn turn_back(&self, vector: &mut [f32]) {
        for flips in self.rounds().rev() {
            let (power, rest) = stretches(vector.len());
            mix(&mut vector[rest..]);
            mix(&mut vector[..power]);
            flip(vector, flips);
        }
    }

    fn rounds(&self) -> impl DoubleEndedIterator<Item = &[u64]> {
        self.flips.chunks(self.dims.div_ceil(WORD).max(1))
    }
}

impl fmt::Debug for Rotation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Rotation({} numbers, hidden)", self.dims)
    }
}

impl Template {
    /// The template as it stands in the rotation's space; `None`: the rotation is for templates of another length.
    #[must_use]
    pub fn turned(&self, rotation: &Rotation) -> Option<Self> {
        (self.dims() == rotation.dims).then(|| self.map(|vector| rotation.turn(vector)))
    }

    /// The template that [`Template::turned`] was made from, but for rounding (1e-6); `None` as there.
    #[must_use]
    pub fn turned_back(&self, rotation: &Rotation) -> Option<Self> {
        (self.dims() == rotation.dims).then(|| self.map(|vector| rotation.turn_back(vector)))
    }
}

/// The two stretches that are mixed, which cover the vector together: up to the first number, and from the second.
fn stretches(len: usize) -> (usize, usize) {
    let Some(exponent) = len.checked_ilog2() else { return (0, 0) };
    let power = 1 << exponent;
    (power, if power == len { len } else { len - power })
}

fn flip(vector: &mut [f32], flips: &[u64]) {
    for (word, values) in flips.iter().zip(vector.chunks_mut(WORD)) {
        for (nth, value) in values.iter_mut().enumerate() {
            *value *= 1.0 - 2.0 * (word >> nth & 1) as f32;
        }
    }
}

/// The Hadamard transform, scaled to keep lengths; its own inverse.
fn mix(vector: &mut [f32]) {
    if vector.is_empty() {
        return;
    }
    let mut half = 1;
    while half < vector.len() {
        for pair in vector.chunks_exact_mut(2 * half) {
            let (left, right) = pair.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let scale = 1.0 / (vector.len() as f32).sqrt();
    for value in vector {
        *value *= scale;
    }
}

/// Bits that look random and are the same everywhere (the finaliser of SplitMix64).
fn scramble(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 7] = [16, 17, 96, 100, 128, 192, 512];

    fn dot(left: &[f32], right: &[f32]) -> f32 {
        left.iter().zip(right).map(|(a, b)| a * b).sum()
    }

    fn drawn(dims: usize, seed: u8) -> Rotation {
        let bytes: Vec<u8> =
            (0..Rotation::random_bytes(dims)).map(|at| scramble(at as u64 ^ u64::from(seed) << 40) as u8).collect();
        Rotation::drawn(dims, &bytes).unwrap()
    }

    fn axis(rotation: &Rotation, at: usize) -> Vec<f32> {
        let mut vector = vec![0.0; rotation.dims];
        vector[at] = 1.0;
        rotation.turn(&mut vector);
        vector
    }

    fn template(dims: usize, seed: u64) -> Template {
        let number = |at: usize| (scramble(seed << 32 | at as u64) >> 40) as f32 / (1 << 23) as f32 - 1.0;
        Template::from_raw((0..dims).map(number).collect()).unwrap()
    }

    #[test]
    fn keeps_lengths_and_angles() {
        for dims in LENGTHS {
            for rotation in [Rotation::known(dims), drawn(dims, 1)] {
                for at in 0..dims {
                    let (one, next) = (axis(&rotation, at), axis(&rotation, (at + 1) % dims));
                    assert!((dot(&one, &one) - 1.0).abs() < 1e-5, "{dims} {at}");
                    assert!(dot(&one, &next).abs() < 1e-5, "{dims} {at}");
                }
            }
        }
    }

    #[test]
    fn leaves_no_component_large() {
        for dims in LENGTHS {
            // The largest of n components of a random direction is about √(2 ln n / n).
            let likely = (2.0 * (dims as f32).ln() / dims as f32).sqrt();
            let rotation = Rotation::known(dims);
            let mut sum = 0.0;
            for at in 0..dims {
                sum += axis(&rotation, at).iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            }
            let mean = sum / dims as f32;
            assert!(mean < 1.3 * likely, "{dims}: {mean} {likely}");
        }
    }

    #[test]
    fn pia_7_a_template_comes_back_by_its_own_rotation_and_by_no_other() {
        for dims in LENGTHS {
            let (ours, theirs) = (drawn(dims, 1), drawn(dims, 2));
            for seed in 0..20 {
                let (one, other) = (template(dims, seed), template(dims, seed + 100));
                let (turned, other_turned) = (one.turned(&ours).unwrap(), other.turned(&ours).unwrap());
                let apart = turned.similarity(&other_turned).value() - one.similarity(&other).value();
                assert!(apart.abs() < 1e-5, "{dims}: compared as well in there");
                let back = turned.turned_back(&ours).unwrap();
                assert!(back.values().iter().zip(one.values()).all(|(back, one)| (back - one).abs() < 1e-6), "{dims}");
                if dims >= 96 {
                    assert!(turned.similarity(&one).value().abs() < 0.5, "{dims}: fits nothing elsewhere");
                    let wrong = turned.turned_back(&theirs).unwrap();
                    assert!(wrong.similarity(&one).value().abs() < 0.5, "{dims}");
                }
            }
        }
    }

    #[test]
    fn a_rotation_takes_its_own_length_only() {
        assert!(Rotation::drawn(96, &[0; 47]).is_none());
        assert!(Rotation::drawn(96, &[0; 48]).is_some());
        assert!(template(128, 1).turned(&drawn(96, 1)).is_none());
        assert!(template(128, 1).turned_back(&drawn(96, 1)).is_none());
    }
}
