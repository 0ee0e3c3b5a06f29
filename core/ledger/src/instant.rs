//! Points in time as text: RFC 3339 in UTC, as the API writes and reads them.

use crate::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// `2026-11-22T07:20:00.000Z`.
pub fn rfc3339(at: Timestamp) -> String {
    let days = at.millis().div_euclid(DAY_MS);
    let ms = at.millis().rem_euclid(DAY_MS);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}

/// Reads `2026-11-22T07:20:00Z`, with up to three digits of a second's fraction. Years 1970 to 9999; no other offsets, so
/// that the same moment is always the same text but for its fraction.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = match text.strip_suffix('Z')?.split_once('.') {
        Some((seconds, fraction)) => (seconds, fraction),
        None => (text.strip_suffix('Z')?, "0"),
    };
    let shape = "dddd-dd-ddTdd:dd:dd";
    let fits = |(is, wanted): (u8, u8)| if wanted == b'd' { is.is_ascii_digit() } else { is == wanted };
    if seconds.len() != shape.len() || !seconds.bytes().zip(shape.bytes()).all(fits) {
        return None;
    }
    if !(1..=3).contains(&fraction.len()) || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| seconds.get(from..to).and_then(|digits| digits.parse::<i64>().ok());
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if year < 1970 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = day_number(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    let fraction_ms = format!("{fraction:0<3}").parse::<i64>().ok()?;
    Some(Timestamp::from_millis(days * DAY_MS + (hour * 60 + minute) * 60_000 + second * 1_000 + fraction_ms))
}

/// Year, month and day of a day number (0 = 1970-01-01), by counting in eras of 400 years that start in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

/// The day number of a date; of another date when there is no such day.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let march_year = year - i64::from(month <= 2);
    let march_month = (month + 9) % 12;
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_read_as_known_both_ways() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (1_795_332_000_123, "2026-11-22T07:20:00.123Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_millis(millis)), text);
            assert_eq!(parse_rfc3339(text).map(Timestamp::millis), Some(millis));
        }
        assert_eq!(rfc3339(Timestamp::from_millis(-1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(parse_rfc3339("2026-11-22T07:20:00Z").map(Timestamp::millis), Some(1_795_332_000_000));
        assert_eq!(parse_rfc3339("2026-11-22T07:20:00.1Z").map(Timestamp::millis), Some(1_795_332_000_100));
    }

    #[test]
    fn what_is_no_moment_in_utc_is_none() {
        for text in [
            "",
            "Z",
            "2026-11-22",
            "2026-11-22T07:20:00",
            "2026-11-22t07:20:00z",
            "2026-11-22 07:20:00Z",
            "2026-11-22T07:20:00+09:00",
            "2026-11-22T07:20:00.Z",
            "2026-11-22T07:20:00.0001Z",
            "2026-11-22T07:20:00.-1Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T07:20:60Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "+026-11-22T07:20:00Z",
            "２026-11-22T07:20:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
