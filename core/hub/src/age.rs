//! Whether somebody is a minor, as far as the hub knows: by what was proven of her, or by a guardian who answers for her.
//!
//! Nobody's age is guessed from a face. Absent: exact ages.

use tebura_ledger::Timestamp;

use crate::guardians::{GuardianLink, Guardianship};
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::ports::ReadError;

/// Minors are younger than this, in years: 民法 4 条.
const MAJORITY: u32 = 18;
/// Japan is nine hours ahead of UTC and has no summer time.
const JAPAN_MS: i64 = 9 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// What is known of somebody's age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    Minor,
    Adult,
    Unknown,
}

impl Hub {
    /// What was proven of a person's age and still counts.
    pub(crate) async fn age_of(&self, person: PersonId) -> Result<Age, ReadError> {
        let claims = self.claims(person).await?;
        let value = |name: &str| claims.iter().find(|claim| claim.name == name).map(|claim| claim.value.as_str());
        // The date is asked first: who was a minor when it was proven need not be one now.
        if let Some(is_over) = value("birth_date").and_then(|date| is_over(MAJORITY, date, self.now())) {
            return Ok(if is_over { Age::Adult } else { Age::Minor });
        }
        Ok(match value("age_over_18") {
            Some("true") => Age::Adult,
            Some("false") => Age::Minor,
            Some(_) | None => Age::Unknown,
        })
    }

    /// Whether a person is known to be a minor: by proof, or because somebody answers for her as for a child.
    pub(crate) async fn is_minor(&self, person: PersonId) -> Result<bool, ReadError> {
        match self.age_of(person).await? {
            Age::Minor => Ok(true),
            Age::Adult => Ok(false),
            Age::Unknown => {
                let (now, links) = (self.now(), self.store.guardian_links(person).await?);
                let child = |link: &GuardianLink| link.ward == person && link.kind == Guardianship::Child;
                Ok(links.iter().any(|link| child(link) && link.counts(now)))
            }
        }
    }
}

/// Whether so many years are over since a day such as `1985-04-01`; `None` where it is not wholly known.
pub(crate) fn is_over(years: u32, born: &str, now: Timestamp) -> Option<bool> {
    let (year, month, day) = day_of(born)?;
    Some(today(now) >= (year.checked_add(years)?, month, day))
}

/// The moment at which so many years are over since a day.
pub(crate) fn over_at(years: u32, born: &str) -> Option<Timestamp> {
    let (year, month, day) = day_of(born)?;
    let days = days_before(i64::from(year.checked_add(years)?), i64::from(month), i64::from(day));
    Some(Timestamp::from_millis(days * DAY_MS - JAPAN_MS))
}

fn day_of(text: &str) -> Option<(u32, u32, u32)> {
    let bytes = text.as_bytes();
    let digits =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(text.get(..4)?)?, digits(text.get(5..7)?)?, digits(text.get(8..)?)?);
    ((1850..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then_some((year, month, day))
}

/// The Gregorian date in Japan.
fn today(now: Timestamp) -> (u32, u32, u32) {
    // Days since 1 March of the year 0, in eras of 400 years: months and leap days then come out by division.
    let days = (now.millis() + JAPAN_MS).div_euclid(DAY_MS) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) =
        (year_of_era + era * 400 + i64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
    let small = |number: i64| u32::try_from(number).unwrap_or(0);
    (small(year), small(month), small(day))
}

/// Days from 1970 to a Gregorian date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        tebura_ledger::instant::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn majority_begins_at_midnight_in_japan() {
        let birthday = "2008-11-22";
        assert_eq!(is_over(18, birthday, at("2026-11-21T14:59:59Z")), Some(false));
        assert_eq!(is_over(18, birthday, at("2026-11-21T15:00:00Z")), Some(true));
        assert_eq!(over_at(18, birthday), Some(at("2026-11-21T15:00:00Z")));
        assert_eq!(today(at("2024-02-28T15:00:00Z")), (2024, 2, 29));
    }

    #[test]
    fn an_age_is_unknown_with_its_date() {
        for text in ["1985", "1985-04", "1985-00-01", "1985-13-01", "85-04-01", "1985/04/01", "１985-04-0", ""] {
            assert_eq!(is_over(18, text, at("2026-11-21T15:00:00Z")), None, "{text}");
        }
    }
}
