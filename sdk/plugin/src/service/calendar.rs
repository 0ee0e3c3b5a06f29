//! Calendar days in Japan, where every service of a city lives: nine hours ahead of UTC, without summer time. Absent: other
//! zones, and which days are holidays.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::Millis;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Japan is ahead of UTC by this.
const AHEAD_MS: i64 = 9 * 3_600_000;
/// The Gregorian calendar repeats itself after so many years and days.
const CYCLE: (i64, i64) = (400, 146_097);
/// 0000-03-01 is this many days before 1970-01-01: years that begin in March have their leap day last.
const EPOCH: i64 = 719_468;

/// A day in Japan.
///
/// ```
/// use tebura_plugin::service::Day;
///
/// let day = Day::of(1_767_225_600_000); // midnight of New Year in London
/// assert_eq!(day.to_string(), "2026-01-01");
/// assert_eq!(day.start(), 1_767_193_200_000);
/// assert_eq!(day.weekday(), 3); // a Thursday
/// assert_eq!(Day::parse("2026-04-01").unwrap().age_of(Day::parse("2020-04-02").unwrap()), 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day on which an instant falls.
    pub fn of(at: Millis) -> Day {
        let at = i64::try_from(at).unwrap_or(i64::MAX - AHEAD_MS);
        Day((at + AHEAD_MS).div_euclid(DAY_MS))
    }

    /// Reads `2026-04-13`, from 1900 to 9999; `None`: it is no day.
    pub fn parse(text: &str) -> Option<Day> {
        let bytes = text.as_bytes();
        let digits = |from: usize, until: usize| -> Option<i64> {
            let part = bytes.get(from..until)?;
            part.iter()
                .all(u8::is_ascii_digit)
                .then(|| part.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
        };
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        Day::new(digits(0, 4)?, digits(5, 7)?, digits(8, 10)?)
    }

    /// A day of the Gregorian calendar, from 1900 to 9999; `None`: there is no such day.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Day> {
        if !(1900..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let years = if month <= 2 { year - 1 } else { year };
        let (cycle, of_cycle) = (years.div_euclid(CYCLE.0), years.rem_euclid(CYCLE.0));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let of_cycle = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year;
        let made = Day(cycle * CYCLE.1 + of_cycle - EPOCH);
        // The 31st of a month of 30 days is another day.
        (made.date() == (year, month, day)).then_some(made)
    }

    /// Its first millisecond.
    pub fn start(self) -> Millis {
        u64::try_from(self.0 * DAY_MS - AHEAD_MS).unwrap_or(0)
    }

    /// The first millisecond after it.
    pub fn end(self) -> Millis {
        self.next().start()
    }

    /// The day after it.
    #[must_use]
    pub fn next(self) -> Day {
        self.plus(1)
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i64) -> Day {
        Day(self.0 + days)
    }

    /// 2026.
    pub fn year(self) -> i64 {
        self.date().0
    }

    /// 1 to 12.
    pub fn month(self) -> i64 {
        self.date().1
    }

    /// 1 to 31.
    pub fn day(self) -> i64 {
        self.date().2
    }

    /// 0 is Monday, 6 Sunday.
    pub fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        usize::try_from((self.0 + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// How old somebody is on this day who was born on another: a year more with each birthday. Who was born on 29 February
    /// has the birthday on 1 March of other years. Below zero: not born yet.
    pub fn age_of(self, born: Day) -> i64 {
        let ((year, month, day), (born_year, born_month, born_day)) = (self.date(), born.date());
        year - born_year - i64::from((month, day) < (born_month, born_day))
    }

    /// 1 April on or before this day: when its school year began.
    #[must_use]
    pub fn school_year_start(self) -> Day {
        let (year, month, _) = self.date();
        let from = if month < 4 { year - 1 } else { year };
        Day::new(from, 4, 1).unwrap_or(self)
    }

    fn date(self) -> (i64, i64, i64) {
        let days = self.0 + EPOCH;
        let (cycle, of_cycle) = (days.div_euclid(CYCLE.1), days.rem_euclid(CYCLE.1));
        let of_years = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
        let of_year = of_cycle - (365 * of_years + of_years / 4 - of_years / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (of_years + cycle * CYCLE.0 + i64::from(month <= 2), month, day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        Day::parse(&text).ok_or_else(|| D::Error::custom("write a day as 2026-04-13"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_one_by_one_through_leap_years_and_come_back_from_text() {
        let mut day = Day::new(1900, 1, 1).unwrap();
        let last = Day::new(2110, 12, 31).unwrap();
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let (mut year, mut month, mut of_month, mut weekday) = (1900, 1, 1, day.weekday());
        assert_eq!(weekday, 0, "1900-01-01 was a Monday");
        while day <= last {
            assert_eq!((day.year(), day.month(), day.day(), day.weekday()), (year, month, of_month, weekday));
            assert_eq!(Day::parse(&day.to_string()), Some(day));
            day = day.next();
            weekday = (weekday + 1) % 7;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = lengths[usize::try_from(month).unwrap() - 1] + i64::from(leap && month == 2);
            (year, month, of_month) = match (of_month == length, month) {
                (false, _) => (year, month, of_month + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "2026-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "2026-01-01 ",
            "１９９０-01-01",
            "1899-12-31",
            "",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert!(Day::parse("2024-02-29").is_some());
    }

    #[test]
    fn a_day_is_midnight_to_midnight_in_japan() {
        let day = Day::parse("2026-04-13").unwrap();
        assert_eq!((Day::of(day.start()), Day::of(day.end() - 1), Day::of(day.end())), (day, day, day.next()));
        assert_eq!(Day::of(day.start() - 1), day.plus(-1));
    }

    #[test]
    fn ages_change_on_birthdays_and_school_years_on_the_first_of_april() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("2026-04-12").age_of(day("2014-04-13")), 11);
        assert_eq!(day("2026-04-13").age_of(day("2014-04-13")), 12);
        assert_eq!((day("2027-02-28").age_of(day("2020-02-29")), day("2027-03-01").age_of(day("2020-02-29"))), (6, 7));
        assert_eq!(day("2026-03-31").school_year_start(), day("2025-04-01"));
        assert_eq!(day("2026-04-01").school_year_start(), day("2026-04-01"));
    }
}
