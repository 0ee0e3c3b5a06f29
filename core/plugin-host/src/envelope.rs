//! The state of an open operation with the version that wrote it, so that an upgrade never reads what it cannot.
//!
//! The store keeps the envelope; guests see only what they wrote.

/// No state of the SDK begins so: what is not in an envelope is told from what is.
const MARK: u8 = 0xf7;

/// What a version kept, in its envelope.
pub(crate) fn seal(version: &str, state: &[u8]) -> Vec<u8> {
    // A version is three numbers of the manifest's schema, far below 256 bytes.
    let length = u8::try_from(version.len()).unwrap_or(u8::MAX);
    let version = &version.as_bytes()[..usize::from(length)];
    [&[MARK, length], version, state].concat()
}

/// Which version wrote a state, and the state. `None`: it was kept without an envelope.
pub(crate) fn open(bytes: &[u8]) -> (Option<&str>, &[u8]) {
    let [MARK, length, rest @ ..] = bytes else { return (None, bytes) };
    match rest.split_at_checked(usize::from(*length)) {
        Some((version, state)) => match std::str::from_utf8(version) {
            Ok(version) => (Some(version), state),
            Err(_) => (None, bytes),
        },
        None => (None, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_with_its_version() {
        for state in [&b""[..], b"\x01\x06record1200", b"\xf7\x01"] {
            let sealed = seal("1.10.0", state);
            assert_eq!(open(&sealed), (Some("1.10.0"), state));
        }
    }

    #[test]
    fn what_is_no_envelope_is_handed_over_as_it_is() {
        for state in [&b""[..], b"\x01\x06record", b"\xf7", b"\xf7\x09short", b"\xf7\x01\xff"] {
            assert_eq!(open(state), (None, state));
        }
    }
}
