//! Whether somebody is a minor, as far as the hub knows: by what was proven of her, or by a guardian who answers for her.
//!
//! Nobody's age is guessed from a face. Absent: exact ages.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tebura_ledger::Timestamp;

use crate::guardians::{GuardianLink, Guardianship};
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::ports::ReadError;

/// Minors are younger than this, in years: 民法 4 条.
pub(crate) const MAJORITY: i16 = 18;

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
pub(crate) fn is_over(years: i16, born: &str, now: Timestamp) -> Option<bool> {
    let (year, month, day) = day_of(born)?;
    Some(today(now)? >= (year.checked_add(years)?, month, day))
}

/// The moment at which so many years are over since a day.
pub(crate) fn over_at(years: i16, born: &str) -> Option<Timestamp> {
    let (year, month, day) = day_of(born)?;
    // A day that the month does not have lies in the next one: who was born on 29 February is older on 1 March.
    let first = Date::new(year.checked_add(years)?, month, 1).ok()?;
    let midnight = first.checked_add((day - 1).days()).ok()?.to_zoned(japan()).ok()?;
    Some(Timestamp::from_millis(midnight.timestamp().as_millisecond()))
}

/// Nine hours ahead of UTC, without summer time.
fn japan() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(9))
}

/// The Gregorian date in Japan.
fn today(now: Timestamp) -> Option<(i16, i8, i8)> {
    let date = jiff::Timestamp::from_millisecond(now.millis()).ok()?.to_zoned(japan()).date();
    Some((date.year(), date.month(), date.day()))
}

fn day_of(text: &str) -> Option<(i16, i8, i8)> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let digits =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i16>().ok()).flatten();
    let (year, month, day) = (digits(text.get(..4)?)?, digits(text.get(5..7)?)?, digits(text.get(8..)?)?);
    let fits = (1850..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if fits { Some((year, month.try_into().ok()?, day.try_into().ok()?)) } else { None }
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
        assert_eq!(today(at("2024-02-28T15:00:00Z")), Some((2024, 2, 29)));
    }

    #[test]
    fn jpki_7_an_age_is_unknown_with_its_date() {
        for text in ["1985", "1985-04", "1985-00-01", "1985-13-01", "85-04-01", "1985/04/01", "１985-04-0", ""] {
            assert_eq!(is_over(18, text, at("2026-11-21T15:00:00Z")), None, "{text}");
        }
    }
}
