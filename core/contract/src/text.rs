//! Text that people consent to: which characters may be in it.

/// True for a character that pages and terminals may take as markup; texts for people do without.
pub(crate) fn is_markup(c: char) -> bool {
    matches!(c, '<' | '>' | '[' | ']' | '{' | '}' | '|' | '`' | '\\')
}

/// True for a character that hides something or turns the direction of reading: what is agreed to is what is seen.
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180E | 0x3164 | 0xFEFF | 0xFFA0
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFFF0..=0xFFFB | 0xE0000..=0xE0FFF)
}

/// A length of time in words: `11 days 2 hours`.
pub(crate) fn length_en(ms: i64) -> String {
    length(ms, [" day", " hour", " minute", " second"], "s", " ")
}

/// A length of time in words: `11日2時間`.
pub(crate) fn length_ja(ms: i64) -> String {
    length(ms, ["日", "時間", "分", "秒"], "", "")
}

fn length(ms: i64, units: [&str; 4], plural: &str, between: &str) -> String {
    let mut seconds = ms.unsigned_abs() / 1_000;
    let mut parts = Vec::new();
    for (unit, size) in units.into_iter().zip([86_400, 3_600, 60, 1]) {
        let count = seconds / size;
        seconds %= size;
        if count > 0 || (size == 1 && parts.is_empty()) {
            parts.push(format!("{count}{unit}{}", if count == 1 { "" } else { plural }));
        }
    }
    parts.join(between)
}

/// Digits in groups of three: `1,800,000`.
pub(crate) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many columns a text takes on a terminal: wide characters take two.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) >= 0x1100 && !(0x2000..0x2E80).contains(&u32::from(c)) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_like_words() {
        assert_eq!(length_en(0), "0 seconds");
        assert_eq!(length_en(93_600_000), "1 day 2 hours");
        assert_eq!(length_ja(93_600_000), "1日2時間");
        assert_eq!(length_ja(90_000), "1分30秒");
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped("0"), "0");
        assert_eq!(grouped("1800000"), "1,800,000");
    }

    #[test]
    fn hidden_and_turning_characters_are_known() {
        for c in ['\u{202E}', '\u{200B}', '\u{0007}', '\u{FEFF}', '\u{2066}'] {
            assert!(is_deceptive(c));
        }
        for c in ['顔', 'é', '¥', '-', '〜', ' ', '\u{3000}'] {
            assert!(!is_deceptive(c));
        }
    }
}
