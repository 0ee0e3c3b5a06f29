//! The notice: who answers, for what faces are used, what is kept and for how long, and how to do without. Made from
//! `[privacy]`; what nobody stated is missing in it, and said to be.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tebura_hub::consent::OWN_PURPOSES;
use tebura_hub::privacy::Kept;
use tebura_hub::rights::Retention;

use super::DeskError;
use crate::hex;
use crate::messages::{Language, find};
use crate::vpia::Privacy;
use crate::vpia::stated::{Controller, Explanations, Notice as Camera, Retention as Stated, Text};

const DAY_MS: i64 = 24 * 3_600_000;
/// Of the texts that the hub brings along; raised when one of them says something else.
const OWN_VERSION: &str = "1";
/// Hexadecimal digits that tell versions of an operator's text apart.
const VERSION_DIGITS: usize = 8;

/// What people are told.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// The service's name.
    pub service: Text,
    /// Who answers.
    pub controller: Controller,
    /// ISO 3166, two letters: where the data lies.
    pub region: Option<String>,
    /// One consent each.
    pub purposes: Vec<NoticePurpose>,
    /// The same for children, elders, visitors and people with disabilities, in words of their own.
    pub explanations: Explanations,
    /// Where cameras look, as stated.
    pub cameras: Vec<Camera>,
    /// How to use the place without a face.
    pub without_face: Text,
    /// Where to turn to.
    pub channels: Vec<String>,
    /// Days in which people are answered.
    pub answer_days: u32,
}

/// One purpose.
#[derive(Clone, Debug, Serialize)]
pub struct NoticePurpose {
    /// Its word in the API.
    pub id: String,
    /// Of the text: a consent counts for the version that it was given for.
    pub version: String,
    /// A few words.
    pub title: Text,
    /// What is done with what.
    pub text: Text,
    /// Whether the service cannot be given without it.
    pub needed: bool,
    /// On what it rests.
    pub legal_basis: String,
    /// Keys of the data items.
    pub data_items: Vec<String>,
    /// Who receives them.
    pub recipients: Vec<String>,
    /// Of each data item, as stated.
    pub retention: BTreeMap<String, Stated>,
}

impl Notice {
    /// The notice of a configuration: the four purposes of every hub, in the operator's words where there are some, then
    /// the operator's further ones that need a consent.
    pub fn of(privacy: &Privacy) -> Notice {
        let own = OWN_PURPOSES.iter().map(|id| own_purpose(id, privacy));
        let further = privacy
            .purposes
            .iter()
            .filter(|(id, purpose)| !OWN_PURPOSES.contains(&id.as_str()) && purpose.consent_required.unwrap_or(true));
        let further = further.map(|(id, purpose)| {
            let base = NoticePurpose {
                id: id.clone(),
                version: String::new(),
                title: Text { ja: Some(id.clone()), en: Some(id.clone()) },
                text: Text::default(),
                needed: false,
                legal_basis: "consent".to_owned(),
                data_items: Vec::new(),
                recipients: Vec::new(),
                retention: BTreeMap::new(),
            };
            stated(base, purpose, privacy)
        });
        Notice {
            service: privacy.service.clone(),
            controller: privacy.controller.clone(),
            region: privacy.region.clone(),
            purposes: own.chain(further).collect(),
            explanations: privacy.explanations.clone(),
            cameras: privacy.notices.clone(),
            without_face: or_own(&privacy.fallback.non_face_path, "notice.without_face"),
            channels: privacy.rights.channels.clone(),
            answer_days: privacy.rights.sla_days.unwrap_or(tebura_hub::rights::ANSWER_DAYS),
        }
    }

    /// SHA-256 of the notice as JSON: what a consent refers to.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }

    /// A purpose by its word.
    pub fn purpose(&self, id: &str) -> Option<&NoticePurpose> {
        self.purposes.iter().find(|purpose| purpose.id == id)
    }
}

fn own_purpose(id: &str, privacy: &Privacy) -> NoticePurpose {
    let items: &[&str] = match id {
        "authenticate" => &["enrolment_image", "probe_image", "face_template", "name"],
        "payment_instrument" => &["instrument_token", "payment"],
        "narrow_gallery" => &["admission", "face_template"],
        _ => &["payment", "refused_payment", "audit_log"],
    };
    let base = NoticePurpose {
        id: id.to_owned(),
        version: OWN_VERSION.to_owned(),
        title: own_text(&format!("notice.purpose.{id}.title")),
        text: own_text(&format!("notice.purpose.{id}.text")),
        needed: id == tebura_hub::consent::AUTHENTICATE,
        legal_basis: "consent".to_owned(),
        data_items: items.iter().map(|item| (*item).to_owned()).collect(),
        recipients: Vec::new(),
        retention: retention_of(items.iter().copied(), privacy),
    };
    match privacy.purposes.get(id) {
        Some(purpose) => stated(base, purpose, privacy),
        None => base,
    }
}

/// A purpose in the operator's words. Other words are another version: people are asked again.
fn stated(base: NoticePurpose, purpose: &crate::vpia::stated::Purpose, privacy: &Privacy) -> NoticePurpose {
    let said = serde_json::to_vec(purpose).unwrap_or_default();
    let version: String = hex::encode(&Sha256::digest(said)).chars().take(VERSION_DIGITS).collect();
    let data_items = if purpose.data_items.is_empty() { base.data_items } else { purpose.data_items.clone() };
    NoticePurpose {
        version,
        text: Text { ja: purpose.text.ja.clone().or(base.text.ja), en: purpose.text.en.clone().or(base.text.en) },
        legal_basis: purpose.legal_basis.clone().unwrap_or(base.legal_basis),
        retention: retention_of(data_items.iter().map(String::as_str), privacy),
        data_items,
        recipients: purpose.recipients.clone(),
        ..base
    }
}

fn retention_of<'a>(items: impl Iterator<Item = &'a str>, privacy: &Privacy) -> BTreeMap<String, Stated> {
    let of = |item: &str| Some((item.to_owned(), privacy.data.get(item)?.retention.clone()?));
    items.filter_map(of).collect()
}

fn own_text(key: &str) -> Text {
    let own = |language| find(language, key).map(str::to_owned);
    Text { ja: own(Language::Japanese), en: own(Language::English) }
}

fn or_own(stated: &Text, key: &str) -> Text {
    let own = own_text(key);
    Text { ja: stated.ja.clone().or(own.ja), en: stated.en.clone().or(own.en) }
}

/// The rules that the sweeper enforces: the hub's own, and the operator's period for templates.
pub(super) fn retention(privacy: &Privacy) -> Result<Retention, DeskError> {
    let mut retention = Retention::default();
    retention.answer_days = privacy.rights.sla_days.unwrap_or(retention.answer_days);
    for kept in Kept::ALL {
        let item = kept.name();
        let stated = privacy.data.get(item).and_then(|data| data.retention.as_ref());
        if let Some(period) = stated.and_then(|retention| retention.period.as_ref()) {
            let ms =
                period_ms(period).ok_or_else(|| DeskError::Period { item: item.to_owned(), period: period.clone() })?;
            retention.kept_ms.insert(kept, ms);
        }
    }
    Ok(retention)
}

/// `P3Y`, `P6M`, `P30D`, or parts of them in this order; years of 365 days, months of 30.
fn period_ms(period: &str) -> Option<i64> {
    let mut rest = period.strip_prefix('P').filter(|rest| !rest.is_empty())?;
    let mut days: i64 = 0;
    for (unit, length) in [('Y', 365), ('M', 30), ('W', 7), ('D', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: i64 = digits.then(|| number.parse().ok()).flatten()?;
            days = days.checked_add(number.checked_mul(length)?)?;
            rest = after;
        }
    }
    rest.is_empty().then(|| days.checked_mul(DAY_MS)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privacy(text: &str) -> Privacy {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_period_is_years_months_and_days() {
        for (text, days) in [("P3Y", Some(1_095)), ("P1Y6M", Some(545)), ("P30D", Some(30)), ("P0D", Some(0))] {
            assert_eq!(period_ms(text), days.map(|days: i64| days * DAY_MS), "{text}");
        }
        for text in ["", "P", "3Y", "P3", "P-3Y", "PY", "P6M1Y", "P99999999999999999999Y", "P1Y ", "three years"] {
            assert_eq!(period_ms(text), None, "{text}");
        }
    }

    #[test]
    fn expo_16_the_four_purposes_are_declared_one_by_one_in_both_languages() {
        let notice = Notice::of(&Privacy::default());
        let ids: Vec<&str> = notice.purposes.iter().map(|purpose| purpose.id.as_str()).collect();
        assert_eq!(ids, ["authenticate", "payment_instrument", "narrow_gallery", "enquiries"]);
        for purpose in &notice.purposes {
            for text in [&purpose.title, &purpose.text] {
                assert!(text.ja.is_some() && text.en.is_some(), "{}", purpose.id);
            }
            assert!(!purpose.data_items.is_empty());
        }
        assert!(notice.purpose("authenticate").unwrap().text.ja.as_ref().unwrap().contains("顔"));
    }

    #[test]
    fn other_words_are_another_version_and_other_purposes_are_added() {
        let before = Notice::of(&Privacy::default());
        let text = r#"
            [purposes.authenticate]
            text = { ja = "顔で本人を確かめます", en = "We recognise you by your face" }
            [purposes.park_entry]
            text = { ja = "公園の入場", en = "Entering the park" }
            data_items = ["admission"]
            [purposes.accounting]
            text = { ja = "帳簿", en = "Books" }
            consent_required = false
        "#;
        let after = Notice::of(&privacy(text));
        let version = |notice: &Notice, id: &str| notice.purpose(id).map(|purpose| purpose.version.clone());
        assert_eq!(version(&before, "authenticate").as_deref(), Some("1"));
        assert_ne!(version(&after, "authenticate"), version(&before, "authenticate"));
        assert_eq!(version(&after, "enquiries"), version(&before, "enquiries"));
        assert!(after.purpose("park_entry").is_some() && after.purpose("accounting").is_none());
        assert_ne!(before.sha256(), after.sha256());
    }

    #[test]
    fn cam_15_a_templates_period_is_enforced_or_refused() {
        let kept = |text: &str| retention(&privacy(text)).map(|rules| rules.kept_ms.get(&Kept::Template).copied());
        assert_eq!(kept(""), Ok(None));
        let period = |period: &str| format!("[data.face_template.retention]\nperiod = \"{period}\"");
        assert_eq!(kept(&period("P3Y")), Ok(Some(1_095 * DAY_MS)));
        let wrong = DeskError::Period { item: "face_template".to_owned(), period: "long".to_owned() };
        assert_eq!(kept(&period("long")), Err(wrong));
    }
}
