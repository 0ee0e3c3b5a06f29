//! Galleries that fill and empty themselves: who was admitted today, who has proven something, whose guardian is here.
//!
//! A member may have a term: booked patients until their day is over, a class of tickets until they run out. Changes are
//! stored first; every hub then follows the log (`follow`). Absent: who admits (gates, services, operators).

use tebura_ledger::Timestamp;

use crate::hub::Hub;
use crate::ids::{GalleryId, PersonId};
use crate::ports::{CommitError, ReadError, Unit, Write};
use crate::recognition::RecognitionWrite;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// Members written in one transaction when a gallery is filled.
const BATCH: usize = 200;

/// Whom a gallery takes in, and when it lets them go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GalleryRule {
    /// Whoever is admitted stays until the night.
    Day(NightHour),
    /// Whoever has proven that, for as long as the proof counts.
    Claim { name: String, value: String },
    /// The wards of guardians who are in another gallery.
    FamilyOf(GalleryId),
}

/// When a day ends, on a clock that is so far from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NightHour {
    /// Of the local day, 0..1440.
    minute: u16,
    /// East of UTC, -840..=840. Summer time is the operator's to follow.
    offset_minutes: i16,
}

/// An hour that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hour is written as 04:00 and the offset from UTC as +09:00")]
pub struct NightHourError;

impl NightHour {
    /// From `04:00` and `+09:00`.
    ///
    /// # Errors
    /// Refuses other texts and hours that no day has.
    pub fn parse(hour: &str, offset: &str) -> Result<Self, NightHourError> {
        let minutes = |text: &str| {
            let (hours, minutes) = text.split_once(':')?;
            let number = |part: &str| {
                let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
                plain.then(|| part.parse::<i16>().ok()).flatten()
            };
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
        };
        let offset_minutes = match offset.split_at_checked(1) {
            Some(("+", rest)) => minutes(rest),
            Some(("-", rest)) => minutes(rest).map(|minutes| -minutes),
            Some(_) | None => None,
        };
        let offset_minutes = offset_minutes.filter(|minutes| (-840..=840).contains(minutes)).ok_or(NightHourError)?;
        let minute = minutes(hour).and_then(|minutes| u16::try_from(minutes).ok()).ok_or(NightHourError)?;
        Ok(Self { minute, offset_minutes })
    }

    /// `04:00`.
    pub fn hour(&self) -> String {
        format!("{:02}:{:02}", self.minute / 60, self.minute % 60)
    }

    /// `+09:00`.
    pub fn offset(&self) -> String {
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The next such moment, later than `now`.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        let offset = i64::from(self.offset_minutes) * MINUTE_MS;
        let local = now.millis() + offset;
        let today = local.div_euclid(DAY_MS) * DAY_MS + i64::from(self.minute) * MINUTE_MS;
        let next = if today > local { today } else { today + DAY_MS };
        Timestamp::from_millis(next - offset)
    }
}

/// Who comes in or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) gallery: GalleryId,
    pub(crate) person: PersonId,
    pub(crate) present: bool,
    /// Of who comes in; `None`: until she is taken out.
    pub(crate) until: Option<Timestamp>,
}

impl Admission {
    fn writes(self) -> Vec<Write> {
        let Admission { gallery, person, present, until } = self;
        let mut writes = vec![Write::GalleryMember { gallery, person, present }];
        if present {
            writes.push(Write::Recognition(RecognitionWrite::Term { gallery, person, until }));
        }
        writes
    }
}

impl Hub {
    /// What it means that a person is admitted to a gallery or taken out: for her, and for her wards where a gallery is of
    /// families.
    pub(crate) async fn admissions(
        &self,
        gallery: GalleryId,
        person: PersonId,
        present: bool,
        until: Option<Timestamp>,
    ) -> Result<Vec<Admission>, ReadError> {
        let rules = self.store.gallery_rules().await?;
        let night = rules.iter().find_map(|(of, rule)| match rule {
            GalleryRule::Day(night) if *of == gallery => Some(night.next(self.now())),
            GalleryRule::Day(_) | GalleryRule::Claim { .. } | GalleryRule::FamilyOf(_) => None,
        });
        let until = until.or(night);
        let mut all = vec![Admission { gallery, person, present, until }];
        let families = rules.iter().filter(|(_, rule)| *rule == GalleryRule::FamilyOf(gallery));
        for (family, _) in families {
            for ward in self.wards_of(person).await? {
                let until = if present { until } else { self.kept_by_another(gallery, ward, person).await? };
                let present = present || until.is_some();
                all.push(Admission { gallery: *family, person: ward, present, until });
            }
        }
        Ok(all)
    }

    /// Until when another guardian of a ward is in a gallery; far in the future for one without a term.
    async fn kept_by_another(
        &self,
        gallery: GalleryId,
        ward: PersonId,
        but: PersonId,
    ) -> Result<Option<Timestamp>, ReadError> {
        let mut until = None;
        for guardian in self.guardians_of(ward).await?.into_iter().filter(|guardian| *guardian != but) {
            if let Some(membership) = self.store.gallery_membership(gallery, guardian).await? {
                until = until.max(Some(membership.until.unwrap_or(Timestamp::from_millis(i64::MAX))));
            }
        }
        Ok(until)
    }

    /// The rows of admissions.
    pub(crate) fn admission_writes(admissions: &[Admission]) -> Vec<Write> {
        admissions.iter().flat_map(|admission| admission.writes()).collect()
    }

    /// Shows admissions that were stored to this hub's searches at once. Other hubs follow the log.
    pub(crate) fn show_admissions(&self, admissions: &[Admission]) {
        for Admission { gallery, person, present, .. } in admissions {
            self.galleries.set_member(*gallery, *person, *present);
        }
    }

    /// A guardian and a ward were linked, or are no more: who is in the galleries of families changes.
    pub(crate) async fn follow_family(&self, guardian: PersonId, ward: PersonId) -> Result<(), CommitError> {
        let rules = self.store.gallery_rules().await.map_err(unread)?;
        let mut all = Vec::new();
        for (family, rule) in rules {
            let GalleryRule::FamilyOf(of) = rule else { continue };
            let mut until = self.kept_by_another(of, ward, guardian).await.map_err(unread)?;
            if self.wards_of(guardian).await.map_err(unread)?.contains(&ward)
                && let Some(membership) = self.store.gallery_membership(of, guardian).await.map_err(unread)?
            {
                until = until.max(Some(membership.until.unwrap_or(Timestamp::from_millis(i64::MAX))));
            }
            all.push(Admission { gallery: family, person: ward, present: until.is_some(), until });
        }
        self.admit_all(&all).await
    }

    /// What a person has proven changed. The proof stands whatever becomes of galleries; they can be filled anew.
    pub(crate) async fn tell_galleries(&self, person: PersonId) {
        if let Err(error) = self.follow_claims(person).await {
            tracing::error!(%person, %error, "galleries by claims do not know of a proof");
        }
    }

    /// A person has proven something: who is in the galleries of claims changes.
    pub(crate) async fn follow_claims(&self, person: PersonId) -> Result<(), CommitError> {
        let rules = self.store.gallery_rules().await.map_err(unread)?;
        if !rules.iter().any(|(_, rule)| matches!(rule, GalleryRule::Claim { .. })) {
            return Ok(());
        }
        let all = self.by_claims(person, &rules).await.map_err(unread)?;
        self.admit_all(&all).await
    }

    async fn by_claims(
        &self,
        person: PersonId,
        rules: &[(GalleryId, GalleryRule)],
    ) -> Result<Vec<Admission>, ReadError> {
        let claims = self.claims(person).await?;
        let admission = |(gallery, rule): &(GalleryId, GalleryRule)| {
            let GalleryRule::Claim { name, value } = rule else { return None };
            let proven = claims.iter().find(|claim| claim.name == *name && claim.value == *value);
            let until = proven.map(|claim| claim.valid_until);
            Some(Admission { gallery: *gallery, person, present: until.is_some(), until })
        };
        Ok(rules.iter().filter_map(admission).collect())
    }

    /// Fills a gallery by its rule with everybody who is enrolled now. Returns how many were looked at.
    pub async fn fill_gallery(&self, gallery: GalleryId) -> Result<usize, CommitError> {
        let rules = self.store.gallery_rules().await.map_err(unread)?;
        let Some((_, rule)) = rules.into_iter().find(|(of, _)| *of == gallery) else { return Ok(0) };
        let people = match &rule {
            GalleryRule::Day(_) => Vec::new(),
            GalleryRule::Claim { .. } => self.galleries.people(),
            GalleryRule::FamilyOf(of) => {
                let members = self.store.gallery_members().await.map_err(unread)?;
                members.into_iter().filter(|(gallery, _)| gallery == of).map(|(_, person)| person).collect()
            }
        };
        for some in people.chunks(BATCH) {
            let mut all = Vec::new();
            for person in some {
                match &rule {
                    GalleryRule::Claim { .. } => {
                        let own = [(gallery, rule.clone())];
                        let found = self.by_claims(*person, &own).await.map_err(unread)?;
                        all.extend(found.into_iter().filter(|admission| admission.present));
                    }
                    GalleryRule::FamilyOf(of) => {
                        let until = self.store.gallery_membership(*of, *person).await.map_err(unread)?;
                        let until = until.and_then(|membership| membership.until);
                        let wards = self.wards_of(*person).await.map_err(unread)?;
                        all.extend(wards.into_iter().map(|ward| Admission {
                            gallery,
                            person: ward,
                            present: true,
                            until,
                        }));
                    }
                    GalleryRule::Day(_) => {}
                }
            }
            self.admit_all(&all).await?;
        }
        Ok(people.len())
    }

    async fn admit_all(&self, all: &[Admission]) -> Result<(), CommitError> {
        for admission in all {
            let unit = Unit { writes: admission.writes(), ..Unit::default() };
            self.store.commit(admission.gallery.shard(), self.now(), unit).await?;
        }
        self.show_admissions(all);
        Ok(())
    }
}

pub(crate) fn unread(error: ReadError) -> CommitError {
    CommitError::Unavailable { reason: error.reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_the_operators_hour() {
        let at = |text: &str| tebura_ledger::instant::parse_rfc3339(text).unwrap();
        let night = NightHour::parse("04:00", "+09:00").unwrap();
        assert_eq!((night.hour(), night.offset()), ("04:00".to_owned(), "+09:00".to_owned()));
        assert_eq!(night.next(at("2026-11-22T18:59:59Z")), at("2026-11-22T19:00:00Z"));
        assert_eq!(night.next(at("2026-11-22T19:00:00Z")), at("2026-11-23T19:00:00Z"));
        let west = NightHour::parse("00:30", "-03:30").unwrap();
        assert_eq!(west.next(at("2026-11-22T04:00:00Z")), at("2026-11-23T04:00:00Z"));
        assert_eq!(west.offset(), "-03:30");
        for (hour, offset) in
            [("24:00", "+09:00"), ("4:00", "+09:00"), ("04:00", "09:00"), ("04:00", "+15:00"), ("", "")]
        {
            assert_eq!(NightHour::parse(hour, offset), Err(NightHourError), "{hour} {offset}");
        }
    }
}
