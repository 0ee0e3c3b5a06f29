//! A template: the unit vector that a model makes of one face, and the similarity of two of them.
//!
//! Absent: how the vector is made, and how it is encrypted at rest.

use std::cmp::Ordering;
use std::fmt;

use zeroize::Zeroizing;

/// The fewest numbers a template may have: below this no published model separates people.
const MIN_DIMS: usize = 16;
/// The most numbers a template may have: twice the largest published embedder (2,048).
const MAX_DIMS: usize = 4_096;
/// A stored unit vector of f32 that left this range was damaged or never was one.
const STORED_NORM: std::ops::RangeInclusive<f32> = 0.999..=LONGEST;
/// The largest norm that a template may have.
pub(crate) const LONGEST: f32 = 1.001;
/// Independent sums kept by `dot`, so that the compiler can fill vector registers.
const LANES: usize = 16;

/// One face as a model sees it: a vector of Euclidean norm 1, wiped from memory when dropped.
#[derive(Clone, PartialEq)]
pub struct Template(Zeroizing<Vec<f32>>);

/// Why a vector is not a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The vector is too short, too long, or its bytes are not whole numbers.
    #[error(
        "a template has {MIN_DIMS} to {MAX_DIMS} numbers, this has {dims}: check that the pack's embedder has one output [1, dimensions]"
    )]
    Dimensions {
        /// How many numbers were given.
        dims: usize,
    },
    /// The byte string is not a whole number of 4-byte floats.
    #[error("{bytes} bytes are not a list of 4-byte numbers: the stored template is damaged, enrol the person again")]
    Bytes {
        /// How many bytes were given.
        bytes: usize,
    },
    /// A component is not a finite number.
    #[error("the vector holds a value that is not a finite number: run `tebura pack check` on the pack that made it")]
    NotFinite,
    /// Every component is (almost) zero, so the vector has no direction.
    #[error("the vector is zero and has no direction: run `tebura pack check` on the pack that made it")]
    Zero,
    /// Stored bytes do not describe a unit vector.
    #[error(
        "the stored template is not a unit vector: it is damaged or was written by something else, enrol the person again"
    )]
    NotUnit,
}

impl Template {
    /// Takes a model's raw output and scales it to norm 1.
    ///
    /// # Errors
    /// Refuses a vector of an unlikely length, with a value that is not finite, or without a direction.
    pub fn from_raw(raw: Vec<f32>) -> Result<Self, TemplateError> {
        let mut vector = Zeroizing::new(raw);
        check_dims(vector.len())?;
        if vector.iter().any(|value| !value.is_finite()) {
            return Err(TemplateError::NotFinite);
        }
        let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        if largest < f32::MIN_POSITIVE {
            return Err(TemplateError::Zero);
        }
        // Dividing by the largest first keeps the sum of squares inside the range of f32.
        let sum: f64 = vector.iter().map(|value| f64::from(value / largest).powi(2)).sum();
        let norm = sum.sqrt();
        for value in vector.iter_mut() {
            *value = (f64::from(*value / largest) / norm) as f32;
        }
        Ok(Self(vector))
    }

    /// Reads what [`Template::to_bytes`] wrote.
    ///
    /// # Errors
    /// Refuses bytes that are not a unit vector of little-endian f32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TemplateError> {
        if !bytes.len().is_multiple_of(4) {
            return Err(TemplateError::Bytes { bytes: bytes.len() });
        }
        check_dims(bytes.len() / 4)?;
        let (words, _) = bytes.as_chunks::<4>();
        let vector: Zeroizing<Vec<f32>> = Zeroizing::new(words.iter().map(|word| f32::from_le_bytes(*word)).collect());
        if vector.iter().any(|value| !value.is_finite()) {
            return Err(TemplateError::NotFinite);
        }
        if !STORED_NORM.contains(&dot(&vector, &vector).sqrt()) {
            return Err(TemplateError::NotUnit);
        }
        Ok(Self(vector))
    }

    /// Returns the vector as little-endian f32, four bytes a number; the bytes are wiped when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.0.len() * 4));
        for value in self.0.iter() {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    /// Returns how many numbers the vector has.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.0.len()
    }

    /// Returns the numbers, norm 1, for a gallery or a golden vector.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// The template with its numbers changed by a map that keeps lengths.
    pub(crate) fn map(&self, change: impl Fn(&mut [f32])) -> Self {
        let mut vector = self.0.clone();
        change(&mut vector);
        Self(vector)
    }

    /// Compares two templates of one model by cosine.
    ///
    /// Templates of different lengths come from different models and have nothing in common: 0.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> Similarity {
        if self.dims() != other.dims() {
            return Similarity(0.0);
        }
        Similarity::clamped(dot(&self.0, &other.0))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Template({} numbers, hidden)", self.dims())
    }
}

/// The cosine of two templates, −1 (opposite) to 1 (equal); never NaN, so it has a total order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity(f32);

impl Similarity {
    /// Opposite directions.
    pub(crate) const LEAST: Self = Self(-1.0);

    /// Takes a number of −1..=1, or nothing when it is outside or NaN.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (-1.0..=1.0).contains(&value).then(|| Self::clamped(value))
    }

    /// Returns the number.
    #[must_use]
    pub fn value(self) -> f32 {
        self.0
    }

    /// Rounding may carry a cosine past 1 by some 1e-7; adding 0 leaves one zero, so that order and
    /// equality agree.
    pub(crate) fn clamped(value: f32) -> Self {
        Self(value.clamp(-1.0, 1.0) + 0.0)
    }
}

impl Eq for Similarity {}

impl PartialOrd for Similarity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Similarity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn check_dims(dims: usize) -> Result<(), TemplateError> {
    if (MIN_DIMS..=MAX_DIMS).contains(&dims) { Ok(()) } else { Err(TemplateError::Dimensions { dims }) }
}

/// Multiplies two vectors of one length; sums run in [`LANES`] independent columns.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left_chunks, left_rest) = left.as_chunks::<LANES>();
    let (right_chunks, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in left_chunks.iter().zip(right_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
