//! Bytes as lower-case hexadecimal digits.

/// Two digits a byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `None` for what is not pairs of digits, in either case.
pub(crate) fn decode(digits: &str) -> Option<Vec<u8>> {
    // What reads a number would also take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_of_digits_are_bytes() {
        assert_eq!(decode(&encode(&[0, 0x1f, 0xff])), Some(vec![0, 0x1f, 0xff]));
        assert_eq!(decode("1F"), Some(vec![0x1f]));
        for wrong in ["1", "+1", "0x", "g0", "山"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
