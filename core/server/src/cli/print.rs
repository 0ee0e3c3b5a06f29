//! What the command line prints: plain lines on standard output, errors and progress on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what a command line is for; logs go elsewhere")]

pub(super) fn line(text: &str) {
    println!("{text}");
}

pub(super) fn raw(text: &str) {
    print!("{text}");
}

pub(super) fn error(text: &str) {
    eprintln!("tebura: {text}");
}

pub(super) fn note(text: &str) {
    eprintln!("{text}");
}

/// `1234567` as `¥1,234,567`.
pub(super) fn yen(minor: i64) -> String {
    format!("{}¥{}", if minor < 0 { "-" } else { "" }, grouped(minor.unsigned_abs()))
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How many columns a text takes on a terminal: wide characters take two.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

/// A text filled up with spaces to a number of columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped() {
        assert_eq!(yen(0), "¥0");
        assert_eq!(yen(1_200), "¥1,200");
        assert_eq!(yen(-1_234_567), "-¥1,234,567");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("山＊a"), 5);
        assert_eq!(padded("山", 4), "山  ");
    }
}
