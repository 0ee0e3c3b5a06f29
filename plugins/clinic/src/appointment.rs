//! An appointment that somebody comes with: its reference, and whether it is for this department at this time. The book of
//! appointments is the clinic's own; nothing here looks into it, and nobody is refused because of it.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

const MINUTE_MS: u64 = 60_000;
/// Who is earlier or later than this is pointed out: half an hour is a usual slot.
const SLOT_MS: u64 = 30 * MINUTE_MS;

/// As the terminal or the desk read it from the patient's slip.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Appointment {
    /// Of the clinic's book.
    pub(crate) reference: String,
    /// `2026-04-13T10:30`, in Japan.
    pub(crate) at: String,
    /// The department's word.
    pub(crate) department: String,
    /// What came of the check; see [`Appointment::checked`].
    #[serde(default)]
    state: String,
}

impl Appointment {
    /// With what somebody who stands there now for a department is told: `in_time`, `early`, `late`, `other_day`,
    /// `other_department`, or `no_such_time`.
    pub(crate) fn checked(self, now: Millis, department: &str) -> Appointment {
        let state = match self.instant() {
            None => "no_such_time",
            Some(_) if self.department != department => "other_department",
            Some(at) if Day::of(at) != Day::of(now) => "other_day",
            Some(at) if now + SLOT_MS < at => "early",
            Some(at) if now > at + SLOT_MS => "late",
            Some(_) => "in_time",
        };
        Appointment { state: state.to_owned(), ..self }
    }

    fn instant(&self) -> Option<Millis> {
        let (day, time) = self.at.split_once('T')?;
        let (hour, minute) = time.split_once(':')?;
        let (hour, minute) = (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?);
        (hour < 24 && minute < 60).then_some(())?;
        Some(Day::parse(day)?.start() + (hour * 60 + minute) * MINUTE_MS)
    }
}
