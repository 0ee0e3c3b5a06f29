//! Hexadecimal text, as signatures, keys and digests are written in headers, files and addresses.

/// Bytes as lower-case hexadecimal digits, two for each.
///
/// ```
/// assert_eq!(tebura_plugin::hex(&[0, 15, 255]), "000fff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// The bytes of hexadecimal text, in digits of either case; nothing where it is none.
///
/// ```
/// assert_eq!(tebura_plugin::from_hex("000Fff"), [0, 15, 255]);
/// assert!(tebura_plugin::from_hex("0g").is_empty());
/// ```
pub fn from_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().unwrap_or_default()
}
