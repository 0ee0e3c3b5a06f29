//! What the reception keeps of a patient under the name that only this clinic's instance knows her by: number of the chart,
//! numbers of the insurance, what the last check said, and where she is waiting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

/// JP Core's system of members of an insurance.
pub(crate) const MEMBER_SYSTEM: &str = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID";

/// JP Core's system of patient identifiers of an institution: a one and its ten digits under the common root.
pub(crate) fn patient_system(institution: &str) -> String {
    format!("urn:oid:1.2.392.100495.20.3.51.1{institution}")
}

/// A patient of this clinic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Patient {
    /// Of the chart.
    pub(crate) number: String,
    pub(crate) insurance: Option<Insurance>,
    /// What the terminal said last.
    pub(crate) checked: Option<Checked>,
    /// The request of each open visit, by department.
    #[serde(default)]
    pub(crate) visits: BTreeMap<String, String>,
}

/// The numbers of a health insurance, as they stand on the certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Insurance {
    pub(crate) insurer: String,
    #[serde(default)]
    pub(crate) symbol: String,
    pub(crate) number: String,
    /// Two digits; empty where there is none, never `00` in its place.
    #[serde(default)]
    pub(crate) branch: String,
    pub(crate) birthdate: Day,
}

/// What the terminal said of an insurance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checked {
    /// `valid`, `expired`, `not_found` or `multiple`.
    pub(crate) status: String,
    /// The patient's share in percent, where it is valid.
    pub(crate) burden: Option<u64>,
    pub(crate) on: Day,
}

impl Insurance {
    /// Eight digits, with zeros before a shorter number.
    pub(crate) fn insurer8(&self) -> String {
        format!("{:0>8}", self.insurer)
    }

    /// Whether symbol and number are written in characters of one width.
    pub(crate) fn is_of_one_width(&self) -> bool {
        let mut all = self.symbol.chars().chain(self.number.chars());
        let narrow = |letter: char| letter.is_ascii();
        all.clone().all(narrow) || !all.any(narrow)
    }

    /// With symbol and number in full width where a far end mixed widths.
    pub(crate) fn in_one_width(self) -> Insurance {
        if self.is_of_one_width() {
            return self;
        }
        Insurance { symbol: shifted(&self.symbol, true), number: shifted(&self.number, true), ..self }
    }

    /// Whether two are the numbers of one household at one insurer; widths and branches do not matter.
    pub(crate) fn is_of_the_same(&self, other: &Insurance) -> bool {
        let numbers = |own: &Insurance| (own.insurer8(), shifted(&own.symbol, false), shifted(&own.number, false));
        numbers(self) == numbers(other)
    }

    /// As JP Core identifies a member: `00012345:記号:番号:枝番`. The last colon stays where there is no branch.
    pub(crate) fn member_id(&self) -> String {
        format!("{}:{}:{}:{}", self.insurer8(), self.symbol, self.number, self.branch)
    }
}

impl Patient {
    /// Whom the clinic knows by that name.
    pub(crate) fn find(subject: &str) -> Option<Patient> {
        kv::get(&key(subject)).and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    /// For the instance's keys.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// ASCII letters and digits in full width, or back.
fn shifted(text: &str, wide: bool) -> String {
    const SHIFT: u32 = 0xFEE0;
    let shift = |letter: char| match (u32::from(letter), wide) {
        (code @ 0x21..=0x7E, true) => char::from_u32(code + SHIFT).unwrap_or(letter),
        (code @ 0xFF01..=0xFF5E, false) => char::from_u32(code - SHIFT).unwrap_or(letter),
        _ => letter,
    };
    text.chars().map(shift).collect()
}

/// Where a patient is kept.
pub(crate) fn key(subject: &str) -> String {
    format!("patient/{subject}")
}

/// Whose a number of a chart is.
pub(crate) fn number_key(number: &str) -> String {
    format!("number/{number}")
}
