//! Durations as ISO 8601 writes them, and nothing that depends on a calendar.
//!
//! Absent: years and months, whose length depends on when they begin; fractions; a day that is not 24 hours.

use crate::limits::DURATION_MS_MAX;

const UNITS_DATE: [(char, i64); 2] = [('W', 7 * 86_400_000), ('D', 86_400_000)];
const UNITS_TIME: [(char, i64); 3] = [('H', 3_600_000), ('M', 60_000), ('S', 1_000)];

/// Reads `PT3H`, `P7D`, `P1DT12H` or `P2W` as milliseconds; nothing where the text is something else or too long.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let body = text.strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None if body.is_empty() => return None,
        None => (body, ""),
    };
    let ms = part(date, &UNITS_DATE)?.checked_add(part(time, &UNITS_TIME)?)?;
    let weeks_alone = !body.contains('W') || body.chars().filter(char::is_ascii_uppercase).eq(['W']);
    (ms <= DURATION_MS_MAX && weeks_alone).then_some(ms)
}

/// Reads the same with an optional sign in front.
pub(crate) fn parse_signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => parse(rest).map(|ms| -ms),
        None => parse(text),
    }
}

/// Reads `1D` or `2H30M`: numbers each followed by a unit, units in their order and each at most once.
fn part(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0_i64;
    let mut units = units.iter();
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        let (number, rest) = text.split_at(digits);
        let unit = rest.chars().next()?;
        let (_, ms) = units.find(|(letter, _)| *letter == unit)?;
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(*ms)?)?;
        text = &rest[1..];
    }
    Some(sum)
}

/// Writes milliseconds as a duration; whole seconds, negative with a sign.
pub(crate) fn write(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let mut seconds = ms.unsigned_abs() / 1_000;
    let mut take = |unit: u64| {
        let count = seconds / unit;
        seconds %= unit;
        count
    };
    let days = take(86_400);
    let time: String = [(take(3_600), 'H'), (take(60), 'M'), (take(1), 'S')]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    match (days, time.as_str()) {
        (0, "") => "PT0S".to_owned(),
        (0, time) => format!("{sign}PT{time}"),
        (days, "") => format!("{sign}P{days}D"),
        (days, time) => format!("{sign}P{days}DT{time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_exactly() {
        for (text, ms) in [
            ("PT0S", 0),
            ("PT3H", 10_800_000),
            ("PT90M", 5_400_000),
            ("P7D", 604_800_000),
            ("P2W", 1_209_600_000),
            ("P1DT2H3M4S", 93_784_000),
            ("P3650D", DURATION_MS_MAX),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
        assert_eq!(parse_signed("-P3D"), Some(-259_200_000));
    }

    #[test]
    fn other_texts_are_not_durations() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "3H",
            "PT3",
            "P1M",
            "P1Y",
            "PT1.5H",
            "PT-3H",
            "-PT3H",
            "PT3H2H",
            "PT1S1H",
            "P1W2D",
            "P3651D",
            "P9999999999D",
            "PT3h",
            " PT3H",
            "PT3H ",
            "P1é",
            "PTé",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for ms in [0, 1_000, 60_000, 3_600_000, 86_400_000, 93_784_000, -259_200_000] {
            assert_eq!(parse_signed(&write(ms)), Some(ms));
        }
    }
}
