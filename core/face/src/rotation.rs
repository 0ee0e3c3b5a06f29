//! One fixed rotation, applied to every template before it is coded.
//!
//! A cosine does not change when both sides are turned alike. Turned, every component of a template carries about the
//! same share of it, whatever the model: the sign of a component then says equally much everywhere, and no large
//! component makes the levels of the others coarse. Absent: secrecy. The rotation is the same in every gallery.

/// Rounds of flipping and mixing: with three, an axis is spread as evenly as a random direction at any length.
const ROUNDS: u64 = 3;

/// Turns a vector in place.
pub(crate) fn rotate(vector: &mut [f32]) {
    let Some(exponent) = vector.len().checked_ilog2() else { return };
    let power = 1 << exponent;
    let rest = vector.len() - power;
    for round in 0..ROUNDS {
        for (word, values) in (0_u64..).zip(vector.chunks_mut(64)) {
            let signs = scramble(round << 32 | word);
            for (nth, value) in values.iter_mut().enumerate() {
                *value *= 1.0 - 2.0 * (signs >> nth & 1) as f32;
            }
        }
        // A length that is no power of two is mixed as two stretches that overlap.
        mix(&mut vector[..power]);
        if rest > 0 {
            mix(&mut vector[rest..]);
        }
    }
}

/// The Hadamard transform, scaled to keep lengths.
fn mix(vector: &mut [f32]) {
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

    fn axis(dims: usize, at: usize) -> Vec<f32> {
        let mut vector = vec![0.0; dims];
        vector[at] = 1.0;
        rotate(&mut vector);
        vector
    }

    #[test]
    fn keeps_lengths_and_angles() {
        for dims in LENGTHS {
            for at in 0..dims {
                let (one, next) = (axis(dims, at), axis(dims, (at + 1) % dims));
                assert!((dot(&one, &one) - 1.0).abs() < 1e-5, "{dims} {at}");
                assert!(dot(&one, &next).abs() < 1e-5, "{dims} {at}");
            }
        }
    }

    #[test]
    fn leaves_no_component_large() {
        for dims in LENGTHS {
            // The largest of n components of a random direction is about √(2 ln n / n).
            let likely = (2.0 * (dims as f32).ln() / dims as f32).sqrt();
            let mut sum = 0.0;
            for at in 0..dims {
                sum += axis(dims, at).iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            }
            let mean = sum / dims as f32;
            assert!(mean < 1.3 * likely, "{dims}: {mean} {likely}");
        }
    }
}
