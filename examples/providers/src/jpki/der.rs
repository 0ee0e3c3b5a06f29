//! Just enough DER to write certificates, also such as nobody should accept.

/// A value with its tag.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        short @ 0..=127 => bytes.push(u8::try_from(short).unwrap_or(0)),
        long => {
            let length = long.to_be_bytes();
            let digits: Vec<u8> = length.iter().copied().skip_while(|digit| *digit == 0).collect();
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            bytes.extend(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// Sorted, as DER has it.
pub(super) fn set(parts: Vec<Vec<u8>>) -> Vec<u8> {
    tlv(0x31, &sorted(parts))
}

pub(super) fn sorted(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    parts.concat()
}

/// `[number]`, constructed.
pub(super) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

/// Not negative.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = bytes.iter().copied().skip_while(|digit| *digit == 0).collect();
    match digits.first() {
        None => tlv(2, &[0]),
        Some(first) if *first >= 0x80 => tlv(2, &[&[0], digits.as_slice()].concat()),
        Some(_) => tlv(2, &digits),
    }
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(4, bytes)
}

pub(super) fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    tlv(3, &[&[unused], bytes].concat())
}

pub(super) fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

pub(super) fn yes() -> Vec<u8> {
    tlv(1, &[0xff])
}

/// Dotted numbers.
pub(super) fn oid(text: &str) -> Vec<u8> {
    let numbers: Vec<u64> = text.split('.').filter_map(|part| part.parse().ok()).collect();
    let mut content = Vec::new();
    let (first, rest) = match numbers.as_slice() {
        [first, second, rest @ ..] => (first * 40 + second, rest),
        _ => (0, &[][..]),
    };
    for number in std::iter::once(&first).chain(rest) {
        let mut digits = vec![u8::try_from(number & 0x7f).unwrap_or(0)];
        let mut left = number >> 7;
        while left > 0 {
            digits.push(0x80 | u8::try_from(left & 0x7f).unwrap_or(0));
            left >>= 7;
        }
        content.extend(digits.iter().rev());
    }
    tlv(6, &content)
}

/// Milliseconds since 1970 as UTCTime or, from 2050 on, GeneralizedTime.
pub(super) fn time(ms: i64) -> Vec<u8> {
    let (days, seconds) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1_000);
    let (year, month, day) = civil(days);
    let clock = format!("{month:02}{day:02}{:02}{:02}{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if year < 2_050 {
        tlv(0x17, format!("{:02}{clock}", year % 100).as_bytes())
    } else {
        tlv(0x18, format!("{year:04}{clock}").as_bytes())
    }
}

/// A day since 1970 as year, month and day.
fn civil(days: i64) -> (i64, i64, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, days);
    while left >= if leap(year) { 366 } else { 365 } {
        left -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}
