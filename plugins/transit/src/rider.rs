//! Who the recognised person is to a fare: by claims, never by looks.

use serde::{Deserialize, Serialize};
use tebura_fares::{Party, Priced, Reduced, price, reduce};
use tebura_plugin::service::{Day, Request};

use crate::settings::{ChildBy, Companion, Policy, Settings};

/// The day of birth.
pub const BIRTH_DATE: &str = "birth_date";
/// The stage of a school, as a proof that still counts says, or the last day of an enrolment certificate.
pub const STUDENT: &str = "student";
/// The class of a disability certificate, `class_1` or `1`: with the first a carer pays less too.
pub const DISABILITY: &str = "disability";
/// The municipality where somebody lives, five digits.
pub const RESIDENCE: &str = "residence";

/// Schools whose pupils and students pay less, as counters write them.
const STAGES: [&str; 4] = ["elementary", "junior_high", "high", "university"];

/// What a fare has to know of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rider {
    /// Reductions that apply to her.
    pub(crate) reasons: Vec<String>,
    /// Too young to be a companion of infants by the policy, or an infant.
    pub(crate) no_companion: bool,
    /// A carer of hers pays less too.
    pub(crate) carer: bool,
}

/// Reads the claims. What cannot be read gives no reduction.
pub(crate) fn rider(request: &Request, policy: &Policy) -> Rider {
    let today = Day::of(request.now);
    let value = |name| request.claim(name).map(|claim| claim.value.as_str());
    let born = value(BIRTH_DATE).and_then(Day::parse).filter(|born| *born <= today);
    let mut reasons = Vec::new();
    // An infant alone pays as a child.
    let young =
        born.is_some_and(|born| is_child(today, born, policy.child_by) || is_infant(today, born, policy.child_by));
    if young {
        reasons.push("child".to_owned());
    }
    let is_student = |word: &str| STAGES.contains(&word) || Day::parse(word).is_some_and(|until| today <= until);
    if value(STUDENT).is_some_and(is_student) {
        reasons.push("student".to_owned());
    }
    let lives_here = policy.senior_of.as_ref().is_none_or(|own| value(RESIDENCE) == Some(own));
    let old_enough = |born: Day| policy.senior_from.is_some_and(|from| today.age_of(born) >= from);
    if lives_here && born.is_some_and(old_enough) {
        reasons.push("senior".to_owned());
    }
    let class = value(DISABILITY).map(|class| class.strip_prefix("class_").unwrap_or(class));
    let class = class.filter(|class| ["1", "2"].contains(class));
    if class.is_some() {
        reasons.push("disability".to_owned());
    }
    let no_companion = match policy.companion {
        Companion::Child => born.is_some_and(|born| is_infant(today, born, policy.child_by)),
        Companion::Adult => young,
    };
    Rider { reasons, no_companion, carer: class == Some("1") }
}

/// The school year, from 1 April on, in which somebody enters elementary school: who was born on 1 April enters with those
/// born before, because by law a year of life ends on the day before the birthday.
fn enters_school(born: Day) -> i64 {
    let before = (born.month(), born.day()) <= (4, 1);
    born.year() + if before { 6 } else { 7 }
}

fn is_infant(today: Day, born: Day, by: ChildBy) -> bool {
    match by {
        ChildBy::Age => today.age_of(born) < 6,
        ChildBy::SchoolYear => today.school_year_start().year() < enters_school(born),
    }
}

fn is_child(today: Day, born: Day, by: ChildBy) -> bool {
    match by {
        ChildBy::Age => (6..12).contains(&today.age_of(born)),
        ChildBy::SchoolYear => {
            let entered = enters_school(born);
            (entered..entered + 6).contains(&today.school_year_start().year())
        }
    }
}

/// What a ride costs; `None`: no trip goes there. Who rides on a pass pays for companions only.
pub(crate) fn fare(
    settings: &Settings,
    rider: &Rider,
    party: Party,
    from: &str,
    to: &str,
    pass: bool,
) -> Option<Priced> {
    let (table, policy) = (&settings.fares, &settings.policy);
    let adult = table.fare(from, to)?;
    let reduced = |reasons: &[String]| {
        let by_percent = reduce(adult, reasons, &policy.reductions, policy.rounding_time);
        // What the feed itself says of a category counts where it is less.
        let own = reasons.iter().filter_map(|reason| Some((reason, table.fare_of(reason, from, to)?)));
        let least = own.min_by_key(|(_, yen)| *yen).map(|(reason, yen)| Reduced { yen, by: vec![reason.clone()] });
        least.filter(|least| least.yen < by_percent.yen).unwrap_or(by_percent)
    };
    let own = if pass { Reduced { yen: 0, by: Vec::new() } } else { reduced(&rider.reasons) };
    let (child, carer) = (reduced(&["child".to_owned()]).yen, reduced(&["carer".to_owned()]).yen);
    let companions = match policy.companion {
        Companion::Child => party.adults + party.children,
        Companion::Adult => party.adults,
    } + u64::from(!rider.no_companion);
    let party = Party { carer: party.carer && rider.carer, ..party };
    Some(price(adult, own, child, carer, party, policy.free_infants, companions))
}

/// The most that a ride from a stop may cost, and the stop where it does.
pub(crate) fn most(
    settings: &Settings,
    rider: &Rider,
    party: Party,
    from: &str,
    pass: bool,
) -> Option<(String, Priced)> {
    let ends = settings
        .fares
        .stops
        .iter()
        .filter_map(|to| Some((to.id.clone(), fare(settings, rider, party, from, &to.id, pass)?)));
    ends.max_by_key(|(_, priced)| priced.yen)
}
