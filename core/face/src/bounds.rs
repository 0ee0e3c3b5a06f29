//! Upper bounds of many similarities at once, with the widest vector instructions that this processor has.
//!
//! Absent: where rows come from, and what is done with a row whose bound is high.

use rten_simd::ops::BitOps;
use rten_simd::{Isa, SimdOp};

use crate::template::LONGEST;

/// The largest level of a row, on both sides of zero: one byte.
pub(crate) const ROW_LEVELS: f32 = 127.0;
/// The largest level of a probe: 4,096 products of it with a row's still fit i32.
pub(crate) const PROBE_LEVELS: f32 = 4_095.0;
/// Rounding of every f32 sum and product on the way, in the bound and in the similarity, for 4,096 numbers stays below.
const ROUNDING: f32 = 4e-5;
/// Stretches of a block that are read side by side. After a face was examined the gallery comes from main memory, which
/// is twice as fast in four places at once; more than four gain nothing.
const STREAMS: usize = 4;
/// Bytes asked of memory before they are needed.
const AHEAD: usize = 2_048;
const CACHE_LINE: usize = 64;

/// What turns levels back into numbers, and how far off they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scale {
    /// One level, in units of the vector.
    pub(crate) level: f32,
    /// Norm of what the levels leave out.
    pub(crate) left_out: f32,
}

/// Rounds a vector to levels of a `levels`th of its largest component.
pub(crate) fn in_levels(vector: &[f32], levels: f32, mut put: impl FnMut(i16)) -> Scale {
    let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let level = largest / levels;
    let mut left_out = 0.0_f64;
    for value in vector {
        let rounded = (value / level).round().clamp(-levels, levels);
        left_out += (f64::from(*value) - f64::from(rounded) * f64::from(level)).powi(2);
        put(rounded as i16);
    }
    Scale { level, left_out: left_out.sqrt() as f32 }
}

/// Writes, for each row of levels, a number that its similarity to the probe cannot exceed.
pub(crate) struct Bounds<'a> {
    pub(crate) levels: &'a [i8],
    pub(crate) scales: &'a [Scale],
    pub(crate) probe: &'a [i16],
    pub(crate) probe_scale: Scale,
    /// One number a row.
    pub(crate) to: &'a mut [f32],
}

impl Bounds<'_> {
    /// The same without choosing instructions, to compare with.
    #[cfg(test)]
    pub(crate) fn plainly(self) {
        self.write(|_| ());
    }

    /// The lengths of published models get code of their own: a loop of known length needs no rest and no counting.
    #[inline(always)]
    fn write(self, prefetch: impl Fn(*const i8)) {
        match self.probe.len() {
            96 => self.write_fixed::<96>(prefetch),
            128 => self.write_fixed::<128>(prefetch),
            192 => self.write_fixed::<192>(prefetch),
            256 => self.write_fixed::<256>(prefetch),
            512 => self.write_fixed::<512>(prefetch),
            dims => {
                for ((row, scale), to) in self.levels.chunks_exact(dims).zip(self.scales).zip(self.to) {
                    *to = bound(dot(row, self.probe), *scale, self.probe_scale);
                }
            }
        }
    }

    #[inline(always)]
    fn write_fixed<const DIMS: usize>(self, prefetch: impl Fn(*const i8)) {
        let (rows, _) = self.levels.as_chunks::<DIMS>();
        let Some(probe) = self.probe.first_chunk::<DIMS>() else { return };
        let mut one = |nth: usize| {
            let row = &rows[nth];
            for line in (0..DIMS).step_by(CACHE_LINE) {
                prefetch(row.as_ptr().wrapping_add(AHEAD + line));
            }
            self.to[nth] = bound(dot(row, probe), self.scales[nth], self.probe_scale);
        };
        let stretch = rows.len() / STREAMS;
        for nth in 0..stretch {
            for stream in 0..STREAMS {
                one(stream * stretch + nth);
            }
        }
        for nth in stretch * STREAMS..rows.len() {
            one(nth);
        }
    }
}

impl SimdOp for Bounds<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let bytes = isa.i8();
        self.write(|at| bytes.prefetch(at));
    }
}

/// With t = l·q + e and p = l′·q′ + e′: t·p = l·l′·(q·q′) + (l·q)·e′ + e·p, and both rests are bounded by the norms
/// (Cauchy and Schwarz), where |p| ≤ n and |l·q| ≤ n + |e|, n being the longest that a template may be. A similarity is
/// at least −1 whatever rounding does, so the bound is too.
#[inline(always)]
fn bound(product: i32, row: Scale, probe: Scale) -> f32 {
    let rest = row.left_out * LONGEST + (LONGEST + row.left_out) * probe.left_out + ROUNDING;
    (product as f32 * (row.level * probe.level) + rest).max(-1.0)
}

/// Multiplies levels. Nothing can overflow; wrapping arithmetic lets checked builds use vector instructions too.
#[inline(always)]
fn dot(row: &[i8], probe: &[i16]) -> i32 {
    row.iter()
        .zip(probe)
        .map(|(left, right)| i32::from(*left).wrapping_mul(i32::from(*right)))
        .fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Template;

    fn scaled(vector: &[f32], levels: f32) -> (Vec<i16>, Scale) {
        let mut rounded = Vec::new();
        let scale = in_levels(vector, levels, |level| rounded.push(level));
        (rounded, scale)
    }

    fn bounds(rows: &[Template], probe: &Template, run: fn(Bounds<'_>)) -> Vec<f32> {
        let mut levels = Vec::new();
        let mut scales = Vec::new();
        for row in rows {
            scales.push(in_levels(row.values(), ROW_LEVELS, |level| levels.push(i8::try_from(level).unwrap())));
        }
        let (probe, probe_scale) = scaled(probe.values(), PROBE_LEVELS);
        let mut to = vec![f32::NAN; rows.len()];
        run(Bounds { levels: &levels, scales: &scales, probe: &probe, probe_scale, to: &mut to });
        to
    }

    /// Vectors with a few large components among small ones round worst.
    fn vectors() -> impl Strategy<Value = Vec<Vec<f32>>> {
        let dims =
            prop_oneof![Just(16_usize), Just(96), Just(128), Just(130), Just(192), Just(256), Just(512), 16_usize..600];
        let component = prop_oneof![9 => -0.1_f32..0.1, 1 => -100.0_f32..100.0];
        dims.prop_flat_map(move |dims| {
            let vector = prop::collection::vec(component.clone(), dims)
                .prop_filter("has a direction", |vector| vector.iter().any(|value| value.abs() > 1e-3));
            prop::collection::vec(vector, 2..12)
        })
    }

    proptest! {
        #[test]
        fn a_bound_is_never_below_and_close_above(vectors in vectors()) {
            let mut rows: Vec<Template> =
                vectors.into_iter().map(|vector| Template::from_raw(vector).unwrap()).collect();
            let probe = rows.pop().unwrap();
            // A row equal to the probe has the highest similarity there is.
            rows.push(probe.clone());
            let dispatched = bounds(&rows, &probe, |bounds| bounds.dispatch());
            prop_assert_eq!(dispatched.len(), rows.len());
            for (row, bound) in rows.iter().zip(&dispatched) {
                let exact = row.similarity(&probe).value();
                prop_assert!(*bound >= exact, "{} {}", bound, exact);
                let left_out = scaled(row.values(), ROW_LEVELS).1.left_out;
                prop_assert!(*bound < exact + 2.0 * left_out + 0.01, "{} {} {}", bound, exact, left_out);
            }
            // Whole numbers are multiplied alike everywhere; what follows is a few roundings.
            for (dispatched, plain) in dispatched.iter().zip(bounds(&rows, &probe, |bounds| bounds.plainly())) {
                prop_assert!((dispatched - plain).abs() <= 1e-6);
            }
        }
    }

    #[test]
    fn the_longest_templates_do_not_overflow() {
        let template = Template::from_raw(vec![1.0; 4_096]).unwrap();
        let bound = bounds(std::slice::from_ref(&template), &template, |bounds| bounds.dispatch())[0];
        assert!((1.0..1.01).contains(&bound), "{bound}");
    }

    #[test]
    fn levels_fill_their_range() {
        let (rounded, scale) = scaled(&[0.5, -0.25, 0.1, 0.0], ROW_LEVELS);
        assert_eq!(rounded, [127, -64, 25, 0]);
        assert_eq!(scale.level, 0.5 / 127.0);
        assert!(scale.left_out > 0.0 && scale.left_out < scale.level);
    }
}
