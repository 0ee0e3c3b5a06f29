//! The first two looks at a row: one bit a component, then one more, each against three bits a component of the probe.
//!
//! A coarse code of a row and a probe give an estimate of their similarity that is right on average, with an error of known
//! size (Gao and Long, RaBitQ, SIGMOD 2024). A look gives a row the benefit of a few standard deviations, and passes over
//! who does not reach what is wanted with that.
//! Absent: what happens to the rows that remain.

use zeroize::Zeroizing;

/// Rows side by side in one group, a loop that the compiler turns into vector instructions whole.
pub(crate) const LANES: usize = 64;
/// Bits of a word.
pub(crate) const WORD: usize = 32;
/// The same word of each row of a group.
pub(crate) type Words = [u32; LANES];

/// Bits of a probe's component.
const PLANES: usize = 3;
/// The largest level of a probe's component, counted from zero.
const TOP_LEVEL: f32 = ((1 << PLANES) - 1) as f32;
/// A level of a probe, in deviations of a component: serves a normal distribution best (Max, 1960).
const PROBE_STEP: f32 = 0.586;
/// Words of a row that are compared at once.
const REGISTER: usize = 16;
/// Standard deviations that a row is given the benefit of. A row that just draws level with the second nearest is passed
/// over by the first look once in 4,000 times and by the second once in 30,000, one that is nearer by 0.03 (of 512 numbers)
/// once in 300,000. A wider first benefit leaves many more rows to look at again.
const BENEFIT: [f32; 2] = [3.5, 4.0];
/// What a probe's levels leave out is noise too. By each unit of it, how much that is beside a row's own deviation, for
/// components distributed normally: one bit (√(π/2) / 0.756), two bits (1.065 / 0.367).
const PROBE_NOISE: [f32; 2] = [1.66, 2.90];

/// How a coarse code stands for a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stand {
    /// Turns the code's product with a probe into an estimate of the similarity.
    pub(crate) factor: f32,
    /// Standard deviation of that estimate.
    pub(crate) deviation: f32,
}

/// A row in one bit a component and in two.
pub(crate) struct Sketch {
    /// 1 where a component is not negative.
    pub(crate) first: Zeroizing<Vec<u32>>,
    /// 1 where it lies in the upper half of what the first bit says of it.
    pub(crate) second: Zeroizing<Vec<u32>>,
    pub(crate) stands: [Stand; 2],
}

impl Sketch {
    pub(crate) fn nothing(words: usize) -> Self {
        let bits = Zeroizing::new(vec![0; words]);
        Self { first: bits.clone(), second: bits, stands: [Stand::default(); 2] }
    }

    pub(crate) fn new(vector: &[f32], words: usize) -> Self {
        // Four levels −3, −1, 1, 3 of half a step serve a normal distribution best with a step of its deviation.
        let step = 1.0 / (vector.len() as f32).sqrt();
        let sign = |value: f32| if value >= 0.0 { 1.0 } else { -1.0 };
        let half = |value: f32| if value >= sign(value) * step { 1.0 } else { -1.0 };
        Self {
            first: plane(vector, words, |value| sign(value) > 0.0),
            second: plane(vector, words, |value| half(value) > 0.0),
            stands: [Stand::of(vector, sign), Stand::of(vector, |value| 2.0 * sign(value) + half(value))],
        }
    }
}

impl Stand {
    /// With a code c for a unit vector o of n components, ⟨c, p⟩ / ⟨c, o⟩ estimates ⟨o, p⟩, and deviates by
    /// √((|c|² / ⟨c, o⟩² − 1) / (n − 1)) when p is as good as any direction at the same angle to o.
    fn of(vector: &[f32], code: impl Fn(f32) -> f32) -> Self {
        let (mut product, mut square) = (0.0, 0.0);
        for value in vector {
            product += code(*value) * value;
            square += code(*value).powi(2);
        }
        let deviation = ((square / (product * product) - 1.0).max(0.0) / (vector.len() as f32 - 1.0)).sqrt();
        Self { factor: 1.0 / product, deviation }
    }
}

/// A probe, prepared for looks at sketches.
pub(crate) struct Lens {
    /// The lowest bits of the probe's levels in words, then the next bits.
    planes: [Zeroizing<Vec<u32>>; PLANES],
    /// Half a level, in units of the vector.
    half_level: f32,
    /// What bits that all agree with the probe's count.
    agreement: f32,
    benefits: [f32; 2],
}

impl Lens {
    pub(crate) fn new(probe: &[f32], words: usize) -> Self {
        let level = PROBE_STEP / (probe.len() as f32).sqrt();
        let in_levels = |value: f32| (value / level + 0.5 * TOP_LEVEL).round().clamp(0.0, TOP_LEVEL);
        let planes = std::array::from_fn(|nth| plane(probe, words, |value| in_levels(value) as u32 >> nth & 1 == 1));
        let left_out = |value: &f32| (value - level * (in_levels(*value) - 0.5 * TOP_LEVEL)).powi(2);
        let left_out: f32 = probe.iter().map(left_out).sum();
        Self {
            planes,
            half_level: 0.5 * level,
            agreement: TOP_LEVEL * probe.len() as f32,
            benefits: std::array::from_fn(|nth| BENEFIT[nth] * (1.0 + PROBE_NOISE[nth].powi(2) * left_out).sqrt()),
        }
    }

    /// Multiplies the probe with the first bits of a group. Tells which of its rows may be as similar as `wanted`, one
    /// bit a row, and leaves the products in `products`.
    #[inline(always)]
    pub(crate) fn look(&self, group: &[Words], stands: &Stands, wanted: f32, products: &mut [f32; LANES]) -> u64 {
        let [ones, twos, fours] = &self.planes;
        let ones = differing_by_row(group, ones);
        let twos = differing_by_row(group, twos);
        let fours = differing_by_row(group, fours);
        let mut reached = 0_u64;
        for lane in 0..LANES {
            products[lane] = self.product(ones[lane] + 2 * twos[lane] + 4 * fours[lane]);
            let bound = stands.factors[lane] * products[lane] + self.benefits[0] * stands.deviations[lane];
            reached |= u64::from(bound >= wanted) << lane;
        }
        reached
    }

    /// Looks at one row's second bits too, given the product with its first. Returns what its similarity hardly exceeds.
    #[inline(always)]
    pub(crate) fn look_again(&self, second: &[u32], stand: Stand, product: f32) -> f32 {
        let [ones, twos, fours] = &self.planes;
        let differing = differing(second, ones) + 2 * differing(second, twos) + 4 * differing(second, fours);
        stand.factor * (2.0 * product + self.product(differing)) + self.benefits[1] * stand.deviation
    }

    /// A bit counts for 1 or −1, and a probe's level l for 2l − 15 halves: bits that differ take twice away.
    #[inline(always)]
    fn product(&self, differing: u32) -> f32 {
        self.half_level * (self.agreement - 2.0 * differing as f32)
    }
}

/// How the first bits stand for the rows of a group.
#[derive(Clone)]
pub(crate) struct Stands {
    pub(crate) factors: [f32; LANES],
    pub(crate) deviations: [f32; LANES],
}

/// Counts, for each row of a group, the bits that differ from a plane's.
#[inline(always)]
fn differing_by_row(group: &[Words], plane: &[u32]) -> [u32; LANES] {
    let mut sums = [0; LANES];
    for (words, plane) in group.iter().zip(plane) {
        for (word, sum) in words.iter().zip(&mut sums) {
            *sum += (word ^ plane).count_ones();
        }
    }
    sums
}

/// Most rows are whole registers long, which a loop over what they have cannot know.
#[inline(always)]
fn differing(row: &[u32], plane: &[u32]) -> u32 {
    let ((row, row_rest), (plane, plane_rest)) = (row.as_chunks::<REGISTER>(), plane.as_chunks::<REGISTER>());
    let mut sum = 0;
    for (row, plane) in row.iter().zip(plane) {
        for nth in 0..REGISTER {
            sum += (row[nth] ^ plane[nth]).count_ones();
        }
    }
    for (row, plane) in row_rest.iter().zip(plane_rest) {
        sum += (row ^ plane).count_ones();
    }
    sum
}

/// Bits that fill up the last word are 0 everywhere, and so never differ.
fn plane(vector: &[f32], words: usize, is_set: impl Fn(f32) -> bool) -> Zeroizing<Vec<u32>> {
    let mut plane = Zeroizing::new(vec![0; words]);
    for (values, word) in vector.chunks(WORD).zip(plane.iter_mut()) {
        *word = values.iter().enumerate().fold(0, |word, (nth, value)| word | u32::from(is_set(*value)) << nth);
    }
    plane
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::Rotation;

    const ROWS: usize = 64 * LANES;

    fn direction(dims: usize, seed: u64) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut vector: Vec<f32> = (0..dims)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect();
        let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|value| *value /= norm);
        Rotation::known(dims).turn(&mut vector);
        vector
    }

    /// By how many of its own deviations each look's estimate is off, for one probe and many rows.
    fn errors(dims: usize) -> [Vec<f32>; 2] {
        let words = dims.div_ceil(WORD);
        let probe = direction(dims, 1_000_000);
        let lens = Lens::new(&probe, words);
        let mut errors = [Vec::new(), Vec::new()];
        for group in 0..ROWS / LANES {
            let rows: Vec<_> = (0..LANES).map(|lane| direction(dims, (group * LANES + lane) as u64)).collect();
            let sketches: Vec<_> = rows.iter().map(|row| Sketch::new(row, words)).collect();
            let turned: Vec<Words> =
                (0..words).map(|word| std::array::from_fn(|lane| sketches[lane].first[word])).collect();
            let stands = Stands {
                factors: std::array::from_fn(|lane| sketches[lane].stands[0].factor),
                deviations: std::array::from_fn(|lane| sketches[lane].stands[0].deviation),
            };
            let mut products = [0.0; LANES];
            assert_eq!(lens.look(&turned, &stands, -3.0, &mut products), u64::MAX);
            for ((row, sketch), product) in rows.iter().zip(&sketches).zip(products) {
                let exact: f32 = row.iter().zip(&probe).map(|(row, probe)| row * probe).sum();
                let [first, second] = sketch.stands;
                errors[0].push((product * first.factor - exact) / (first.deviation * lens.benefits[0] / BENEFIT[0]));
                let bound = lens.look_again(&sketch.second, second, product);
                errors[1].push((bound - exact) / (second.deviation * lens.benefits[1] / BENEFIT[1]) - BENEFIT[1]);
            }
        }
        errors
    }

    /// An estimate is right on average and off by what the code says of itself. Of 4,096 rows at most a few are off by more
    /// than the benefit that a row is given, at 512 numbers and at 96.
    #[test]
    fn an_estimate_is_off_by_as_much_as_it_says() {
        for dims in [96, 512] {
            for errors in errors(dims) {
                let mean = errors.iter().sum::<f32>() / ROWS as f32;
                let deviation = (errors.iter().map(|error| error * error).sum::<f32>() / ROWS as f32).sqrt();
                assert!(mean.abs() < 0.06, "{dims}: {mean}");
                assert!((0.9..1.1).contains(&deviation), "{dims}: {deviation}");
                assert!(errors.iter().filter(|error| **error < -BENEFIT[0]).count() <= 3, "{dims}");
                assert!(errors.iter().all(|error| error.abs() < 4.5), "{dims}");
            }
        }
    }
}
