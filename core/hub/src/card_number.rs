//! Finds card numbers, so that none is taken in, kept, sent or logged. Pure, and the only place that decides.
//!
//! A card number has 13 to 19 digits, begins as an issuer's do, and passes the check of Luhn. It is found as one word, in
//! groups with single spaces or hyphens as people write it (4-4-4-4, 4-6-5 …), and in full-width digits. These are none:
//! words of hexadecimal digits (ids, digests), words with letters on both sides or in between (tokens, encoded bytes),
//! parts of a decimal fraction, times in milliseconds (they begin with 1), and Japanese article numbers with their own
//! check digit. This keeps accidents out; who hides a number on purpose is not found.

use std::borrow::Cow;
use std::ops::Range;

/// Stands where a card number stood.
const MASK: &str = "[card number]";
const LEAST: usize = 13;
const MOST: usize = 19;
/// Groups of a number as people write it.
const GROUPS: usize = 5;

/// First four digits, and how many digits numbers that begin so have.
const ISSUERS: [(u16, u16, usize, usize); 16] = [
    (4000, 4999, 13, 19), // Visa
    (5100, 5599, 16, 16), // Mastercard
    (2221, 2720, 16, 16),
    (3528, 3589, 16, 19), // JCB
    (2131, 2131, 15, 15),
    (1800, 1800, 15, 15),
    (3400, 3499, 15, 15), // American Express
    (3700, 3799, 15, 15),
    (3000, 3059, 14, 19), // Diners Club
    (3095, 3095, 14, 19),
    (3600, 3699, 14, 19),
    (3800, 3999, 14, 19),
    // Maestro, Discover (6011, 644–65), UnionPay (62), RuPay (508, 60, 65)
    (5000, 5099, 13, 19),
    (5600, 6999, 13, 19),
    (8100, 8299, 16, 19), // UnionPay, RuPay
    (2200, 2204, 16, 19), // Mir
];

/// Whether there is a card number in a text or in bytes that may be one.
pub fn holds_card_number(text: impl AsRef<[u8]>) -> bool {
    find(text.as_ref(), 0).is_some()
}

/// As [`holds_card_number`], in a form or a query as well, where spaces are written otherwise.
pub fn holds_card_number_encoded(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    holds_card_number(text) || (text.iter().any(|byte| b"%+".contains(byte)) && holds_card_number(decoded(text)))
}

/// Whether a text is nothing but the digits of a card number, whoever may issue such: as a token it is refused.
pub fn is_like_a_card_number(text: &str) -> bool {
    let bare = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ' || byte == b'-');
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    bare && (LEAST..=MOST).contains(&digits.len()) && luhn(&digits)
}

/// The text with every card number taken out.
pub fn mask(text: &str) -> Cow<'_, str> {
    let Some(first) = find(text.as_bytes(), 0) else { return Cow::Borrowed(text) };
    let (mut masked, mut found, mut kept) = (String::with_capacity(text.len()), Some(first), 0);
    while let Some(number) = found {
        // A number begins and ends with a digit, so it is cut between characters.
        masked.push_str(text.get(kept..number.start).unwrap_or_default());
        masked.push_str(MASK);
        kept = number.end;
        found = find(text.as_bytes(), kept);
    }
    masked.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(masked)
}

/// Digits that belong together, and where they stand.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
    digits: [u8; MOST],
    /// One more than can be kept: too long for a card number.
    length: usize,
}

/// The first card number at or after `from`.
fn find(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    // The groups in a row that end where the last word ended.
    let mut row: Vec<Group> = Vec::new();
    let mut at = from;
    while at < bytes.len() {
        let Some(word) = Word::read(bytes, at) else {
            let length = separator(&bytes[at..]);
            // One separator keeps the row together; the word after it decides.
            if length == 0 || row.last().is_none_or(|last| last.end != at) {
                row.clear();
            }
            at += length.max(1);
            continue;
        };
        at = word.end;
        let Some(group) = word.digits() else {
            row.clear();
            continue;
        };
        if !word.is_digits() || is_fraction(bytes, &word) {
            row.clear();
            if !is_fraction(bytes, &word) && is_number(&[group]) {
                return Some(group.start..group.end);
            }
            continue;
        }
        if row.len() == GROUPS {
            row.remove(0);
        }
        row.push(group);
        if let Some(begin) = (0..row.len()).rev().find(|begin| is_number(&row[*begin..])) {
            return Some(row[begin].start..group.end);
        }
    }
    None
}

/// A run of letters and digits.
struct Word {
    end: usize,
    /// Its only run of digits.
    group: Option<Group>,
    runs: u32,
    letters: bool,
    /// Letters above f.
    beyond_hex: bool,
}

impl Word {
    fn read(bytes: &[u8], start: usize) -> Option<Word> {
        let mut word = Word { end: start, group: None, runs: 0, letters: false, beyond_hex: false };
        let mut in_digits = false;
        loop {
            let at = word.end;
            match unit(bytes.get(at..)?) {
                Unit::Digit { value, width } => {
                    if !in_digits {
                        word.runs += 1;
                        word.group = Some(Group { start: at, end: at, digits: [0; MOST], length: 0 });
                    }
                    in_digits = true;
                    word.end = at + width;
                    if let Some(group) = &mut word.group {
                        if let Some(place) = group.digits.get_mut(group.length) {
                            *place = value;
                        }
                        group.length = (group.length + 1).min(MOST + 1);
                        group.end = word.end;
                    }
                }
                Unit::Letter { beyond_hex } => {
                    in_digits = false;
                    word.letters = true;
                    word.beyond_hex |= beyond_hex;
                    word.end = at + 1;
                }
                Unit::Other => break,
            }
        }
        (word.end > start).then_some(word)
    }

    fn is_digits(&self) -> bool {
        !self.letters
    }

    /// The digits that may be a number: of a word without letters, or with letters before or after them.
    fn digits(&self) -> Option<Group> {
        let fits = self.runs == 1 && (!self.letters || self.beyond_hex);
        self.group.filter(|_| fits)
    }
}

enum Unit {
    Digit { value: u8, width: usize },
    Letter { beyond_hex: bool },
    Other,
}

fn unit(bytes: &[u8]) -> Unit {
    match bytes {
        [digit @ b'0'..=b'9', ..] => Unit::Digit { value: digit - b'0', width: 1 },
        // Full-width digits, U+FF10 to U+FF19.
        [0xef, 0xbc, digit @ 0x90..=0x99, ..] => Unit::Digit { value: digit - 0x90, width: 3 },
        [letter, ..] if letter.is_ascii_alphabetic() => Unit::Letter { beyond_hex: !letter.is_ascii_hexdigit() },
        _ => Unit::Other,
    }
}

/// How long the space or hyphen at the beginning is; 0: there is none.
fn separator(bytes: &[u8]) -> usize {
    match bytes {
        [b' ' | b'-', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        // Hyphens and dashes U+2010 to U+2015, the minus sign, the ideographic space, the full-width hyphen.
        [0xe2, 0x80, 0x90..=0x95, ..] | [0xe2, 0x88, 0x92, ..] | [0xe3, 0x80, 0x80, ..] | [0xef, 0xbc, 0x8d, ..] => 3,
        _ => 0,
    }
}

/// Whether the word stands behind or before a decimal point.
fn is_fraction(bytes: &[u8], word: &Word) -> bool {
    let start = word.group.map_or(word.end, |group| group.start);
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let point = |at: Option<usize>| at.and_then(|at| bytes.get(at)) == Some(&b'.');
    let behind = point(start.checked_sub(1)) && digit(start.checked_sub(2));
    behind || (point(Some(word.end)) && digit(Some(word.end + 1)))
}

/// Whether groups together are a card number.
fn is_number(groups: &[Group]) -> bool {
    let length: usize = groups.iter().map(|group| group.length).sum();
    let written_so = match groups {
        [_] => true,
        [first, rest @ ..] => first.length == 4 && rest.iter().all(|group| (2..=7).contains(&group.length)),
        [] => false,
    };
    if !written_so || !(LEAST..=MOST).contains(&length) {
        return false;
    }
    let mut digits = [0_u8; MOST];
    let all = groups.iter().flat_map(|group| group.digits.iter().take(group.length));
    digits.iter_mut().zip(all).for_each(|(place, digit)| *place = *digit);
    let digits = &digits[..length];
    let begin = digits.iter().take(4).fold(0_u16, |begin, digit| begin * 10 + u16::from(*digit));
    let issued = |issuer: &(u16, u16, usize, usize)| {
        let (low, high, least, most) = *issuer;
        (low..=high).contains(&begin) && (least..=most).contains(&length)
    };
    ISSUERS.iter().any(issued) && luhn(digits) && !is_japanese_article(digits)
}

/// Every second digit from the right counts twice.
fn luhn(digits: &[u8]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| match (place % 2, *digit) {
        (0, digit) => u32::from(digit),
        (_, digit) if digit > 4 => u32::from(digit) * 2 - 9,
        (_, digit) => u32::from(digit) * 2,
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

/// A JAN code: 13 digits from 45 or 49, every second digit counts three times. Visa numbers of 13 digits are not issued
/// any more.
fn is_japanese_article(digits: &[u8]) -> bool {
    let weighed =
        digits.iter().enumerate().map(|(place, digit)| u32::from(*digit) * if place % 2 == 0 { 1 } else { 3 });
    matches!(digits, [4, 5 | 9, ..]) && digits.len() == 13 && weighed.sum::<u32>().is_multiple_of(10)
}

/// `+` and `%20` as they are read.
fn decoded(text: &[u8]) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        decoded.push(match (byte, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, behind @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                rest = behind;
                hex(*high).unwrap_or(0) * 16 + hex(*low).unwrap_or(0)
            }
            _ => *byte,
        });
    }
    decoded
}

#[cfg(test)]
mod tests;
