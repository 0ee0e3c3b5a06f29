//! The second look at a row: ten bits a component, eight in one place and two in another.
//!
//! A similarity of levels is off by about a two-thousandth of the largest component of a template: at 512 dimensions by
//! 0.0001, at 96 by 0.0002. Absent: the full numbers. Nobody keeps them.

use zeroize::Zeroizing;

/// The largest level of a row, on both sides of zero.
const ROW_TOP: f32 = 511.0;
/// The largest level of a probe: 4,096 products of it with eight bits still fit i32.
const PROBE_TOP: f32 = 4_095.0;
/// Components whose lowest two bits share a byte.
pub(crate) const SHARED: usize = 4;

/// Writes the levels of a row and returns one level in units of the vector. `upper` is at least as long as the vector
/// and a multiple of [`SHARED`] longer than nothing; `lower` is a quarter of it.
pub(crate) fn write_levels(vector: &[f32], upper: &mut [i8], lower: &mut [u8]) -> f32 {
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let level = largest / ROW_TOP;
    upper.fill(0);
    lower.fill(0);
    let quarter = lower.len();
    for (nth, value) in vector.iter().enumerate() {
        let rounded = (value / level).round().clamp(-ROW_TOP, ROW_TOP) as i16;
        upper[nth] = (rounded >> 2) as i8;
        lower[nth % quarter] |= ((rounded & 3) as u8) << (2 * (nth / quarter));
    }
    level
}

/// A probe in levels.
pub(crate) struct Yardstick {
    levels: Zeroizing<Vec<i16>>,
    level: f32,
}

impl Yardstick {
    /// Prepares a probe for rows of `width` components.
    pub(crate) fn new(probe: &[f32], width: usize) -> Self {
        let largest = probe.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let level = largest / PROBE_TOP;
        let mut levels = Zeroizing::new(vec![0; width]);
        for (value, to) in probe.iter().zip(levels.iter_mut()) {
            *to = (value / level).round().clamp(-PROBE_TOP, PROBE_TOP) as i16;
        }
        Self { levels, level }
    }

    /// Multiplies the probe with a row.
    #[inline(always)]
    pub(crate) fn product(&self, upper: &[i8], lower: &[u8], level: f32) -> f32 {
        let whole = upper
            .iter()
            .zip(self.levels.iter())
            .map(|(row, probe)| i32::from(*row).wrapping_mul(i32::from(*probe)))
            .fold(0, i32::wrapping_add);
        let mut rest = 0_i32;
        for (nth, quarter) in self.levels.chunks_exact(lower.len()).enumerate() {
            rest = lower
                .iter()
                .zip(quarter)
                .map(|(row, probe)| i32::from(*row >> (2 * nth) & 3).wrapping_mul(i32::from(*probe)))
                .fold(rest, i32::wrapping_add);
        }
        (4.0 * whole as f32 + rest as f32) * (level * self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_that_of_the_numbers() {
        for dims in [16_usize, 96, 100, 512] {
            let width = dims.next_multiple_of(64);
            let row: Vec<f32> = (0..dims).map(|nth| (nth as f32 * 1.7).sin()).collect();
            let probe: Vec<f32> = (0..dims).map(|nth| (nth as f32 * 0.9 + 1.0).sin()).collect();
            let (mut upper, mut lower) = (vec![1; width], vec![1; width / SHARED]);
            let level = write_levels(&row, &mut upper, &mut lower);
            let exact: f32 = row.iter().zip(&probe).map(|(row, probe)| row * probe).sum();
            let product = Yardstick::new(&probe, width).product(&upper, &lower, level);
            // Half a level and its quarter, as they add up at random.
            assert!((product - exact).abs() < 0.002 * (dims as f32).sqrt(), "{dims}: {product} {exact}");
        }
    }

    #[test]
    fn the_longest_rows_do_not_overflow() {
        for value in [1.0, -1.0] {
            let (mut upper, mut lower) = (vec![0; 4_096], vec![0; 4_096 / SHARED]);
            let level = write_levels(&[value; 4_096], &mut upper, &mut lower);
            let product = Yardstick::new(&[1.0; 4_096], 4_096).product(&upper, &lower, level);
            assert!((product - value * 4_096.0).abs() < 0.1, "{product}");
        }
    }
}
