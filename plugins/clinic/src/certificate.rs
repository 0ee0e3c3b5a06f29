//! What the terminal knows of the person behind an insurance: name, birth date, sex, numbers, since when and until when, and
//! the category of the limit where the patient agreed that it is told.
//!
//! It stays with the visit's request, which is sealed with the person's key and forgotten with it; the clinic's own keys never
//! hold it. Absent: address, and certificates of specific diseases.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

use crate::patient::Insurance;

/// As the insurer has it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Certificate {
    /// In kanji, as a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// In kana.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kana: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) birth_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sex: Option<Sex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) insurance: Option<Insurance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_from: Option<Day>,
    /// The last day; `None`: it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_until: Option<Day>,
    /// Whether the patient agreed that the limit is told.
    pub(crate) limit_consent: bool,
    /// What the patient pays at most in a month, by its category. Only with the consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Limit>,
}

/// The word that terminals and JP Core have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sex {
    Male,
    Female,
    Unknown,
}

/// A certificate of a limit (限度額適用認定証).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limit {
    /// As the insurer codes it.
    pub(crate) category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_from: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_until: Option<Day>,
}

impl Certificate {
    /// From a response's elements by their names. What cannot be read is left out: the desk sees what is missing.
    pub(crate) fn read(text: &dyn Fn(&str) -> Option<String>) -> Certificate {
        let day = |name: &str| text(name).and_then(|day| compact(&day));
        let birth_date = day("Birthdate");
        let limit_consent = text("LimitApplicationCertificateRelatedConsFlg").as_deref() == Some("1");
        let category = text("LimitApplicationCertificateClassificationFlag").filter(|_| limit_consent);
        Certificate {
            name: text("Name").filter(|name| is_name(name)),
            kana: text("NameKana").filter(|kana| is_name(kana)),
            birth_date,
            sex: text("Sex1").map(|sex| match sex.as_str() {
                "1" => Sex::Male,
                "2" => Sex::Female,
                _ => Sex::Unknown,
            }),
            insurance: birth_date.and_then(|birthdate| numbers(text, birthdate)),
            valid_from: day("InsuredCardValidDate"),
            valid_until: day("InsuredCardExpirationDate"),
            limit_consent,
            limit: category.filter(|category| is_number(category)).map(|category| Limit {
                category,
                valid_from: day("LimitApplicationCertificateValidStartDate"),
                valid_until: day("LimitApplicationCertificateValidEndDate"),
            }),
        }
    }
}

fn numbers(text: &dyn Fn(&str) -> Option<String>, birthdate: Day) -> Option<Insurance> {
    let insurer =
        text("InsurerNumber").filter(|own| (6..=8).contains(&own.len()) && own.bytes().all(|b| b.is_ascii_digit()))?;
    let number = text("InsuredIdentificationNumber").filter(|number| is_number(number))?;
    let symbol = text("InsuredCardSymbol").filter(|symbol| is_number(symbol)).unwrap_or_default();
    let is_branch = |branch: &String| branch.len() == 2 && branch.bytes().all(|b| b.is_ascii_digit());
    let branch = text("InsuredBranchNumber").filter(is_branch).unwrap_or_default();
    Some(Insurance { insurer, symbol, number, branch, birthdate }.in_one_width())
}

/// `20260413`.
fn compact(text: &str) -> Option<Day> {
    let (year, month, day) = (text.get(..4)?, text.get(4..6)?, text.get(6..)?);
    Day::parse(&format!("{year}-{month}-{day}"))
}

fn is_name(text: &str) -> bool {
    (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// As long as the schemas allow, and without what separates numbers from each other.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, ':' | '：'))
}
