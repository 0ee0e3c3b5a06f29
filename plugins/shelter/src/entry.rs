//! An entry of the register, and where the plugin keeps it.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::{Millis, Next, crypto, hex, kv};

/// The number of the last entry.
pub(crate) const LAST: &str = "last";
/// How many are where.
pub(crate) const COUNTS: &str = "counts";

/// Where people stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stay {
    #[default]
    Shelter,
    Car,
    Home,
    Relatives,
}

/// What is known of somebody beyond who, when and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) household: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kana: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) birth_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) relation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) damage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) injury: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) needs_note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pet: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vehicle: Option<String>,
}

impl Details {
    /// What is said now counts; what is not said stays as it was.
    pub(crate) fn over(self, before: Details) -> Details {
        Details {
            household: self.household.or(before.household),
            name: self.name.or(before.name),
            kana: self.kana.or(before.kana),
            birth_date: self.birth_date.or(before.birth_date),
            sex: self.sex.or(before.sex),
            address: self.address.or(before.address),
            phone: self.phone.or(before.phone),
            relation: self.relation.or(before.relation),
            damage: self.damage.or(before.damage),
            injury: self.injury.or(before.injury),
            needs: if self.needs.is_empty() { before.needs } else { self.needs },
            needs_note: self.needs_note.or(before.needs_note),
            pet: self.pet.or(before.pet),
            vehicle: self.vehicle.or(before.vehicle),
        }
    }

    /// Under what a person is found again: name without spaces, and day of birth.
    pub(crate) fn who(&self) -> Option<String> {
        let name: String = self.name.as_ref()?.chars().filter(|c| !c.is_whitespace()).collect();
        let digest = crypto::sha256(format!("{name}|{}", self.birth_date.as_ref()?).as_bytes());
        Some(format!("who:{}", hex(&digest)))
    }
}

/// An entry of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) shelter: String,
    pub(crate) stay: Stay,
    pub(crate) people: u64,
    pub(crate) arrived: Millis,
    /// How the person was known; empty: written in by hand.
    pub(crate) by: Vec<String>,
    /// The name by which this service knows the person.
    pub(crate) subject: Option<String>,
    pub(crate) details: Details,
    pub(crate) disclose: bool,
    /// Never shown to anybody.
    pub(crate) protect: bool,
    /// Written down without the person's consent, for life and safety.
    pub(crate) life_safety: bool,
    pub(crate) left: Option<Millis>,
    pub(crate) destination: Option<String>,
    /// The entry that stands for this one since they were merged.
    pub(crate) merged_into: Option<u64>,
}

impl Entry {
    /// Whether it counts.
    pub(crate) fn is_here(&self) -> bool {
        self.left.is_none() && self.merged_into.is_none()
    }

    pub(crate) fn read(number: u64) -> Option<Entry> {
        serde_json::from_slice(&kv::get(&format!("entry:{number}"))?).ok()
    }

    /// Writes it together with a step.
    pub(crate) fn written(&self, next: Next) -> Next {
        put(next, format!("entry:{}", self.number), self)
    }
}

/// Writes a value as JSON.
pub(crate) fn put<T: Serialize>(next: Next, key: impl Into<String>, value: &T) -> Next {
    // Strings, numbers and maps with text keys: this never takes the other branch.
    match serde_json::to_vec(value) {
        Ok(bytes) => next.put(key, bytes),
        Err(_) => next,
    }
}

/// A number under a key.
pub(crate) fn number(key: &str) -> Option<u64> {
    serde_json::from_slice(&kv::get(key)?).ok()
}
