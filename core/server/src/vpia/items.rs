//! Data items, purposes and risks: the software's own, completed and added to by what people stated.

use tebura_hub::privacy::Kept;

use super::both;
use super::gaps::Gaps;
use super::known::{DATA, KnownData, KnownRisk, RISKS};
use super::report::{DataItem, PurposeItem, Risk};
use super::stated::{Category, DataStated, Measure, Privacy, Purpose, Retention, RiskStated, Text};

/// A text as stated, else the catalogue's.
fn stated_or(stated: &Text, key: &str) -> Text {
    let known = both(key);
    Text { ja: stated.ja.clone().or(known.ja), en: stated.en.clone().or(known.en) }
}

pub(super) fn data_items(privacy: &Privacy, gaps: &mut Gaps) -> Vec<DataItem> {
    let none = DataStated::default();
    let of = |key: &str| privacy.data.get(key).unwrap_or(&none);
    let known = DATA.iter().map(|item| known_item(item, of(item.key), privacy));
    let others = privacy.data.iter().filter(|(key, _)| !DATA.iter().any(|item| item.key == **key));
    let items: Vec<DataItem> = known.chain(others.map(|(key, stated)| stated_item(key, stated, privacy))).collect();
    for item in &items {
        check_item(item, privacy, gaps);
    }
    items
}

fn known_item(known: &KnownData, stated: &DataStated, privacy: &Privacy) -> DataItem {
    let word = |part: &str| format!("vpia.data.{}.{part}", known.key);
    let memory_only = Retention {
        period: Some("0".to_owned()),
        trigger: Some("in memory while it is looked at".to_owned()),
        basis: Some("never written down".to_owned()),
    };
    DataItem {
        key: known.key.to_owned(),
        label: both(&word("label")),
        category: Some(known.category),
        subjects: known.subjects.iter().map(|subject| (*subject).to_owned()).collect(),
        source: both(&word("source")),
        mandatory: Some(known.mandatory),
        minimisation_reason: stated.minimisation.clone(),
        stored: known.stored,
        storage_region: known.stored.then(|| stated.region.clone().or(privacy.region.clone())).flatten(),
        encryption: both(&word("encryption")),
        retention: if known.stored { stated.retention.clone().unwrap_or_default() } else { memory_only },
        retention_enforced: !known.stored || Kept::ALL.iter().any(|kept| kept.name() == known.key),
        disposal_method: both(&word("disposal")),
    }
}

fn stated_item(key: &str, stated: &DataStated, privacy: &Privacy) -> DataItem {
    DataItem {
        key: key.to_owned(),
        label: stated.label.clone(),
        category: stated.category,
        subjects: stated.subjects.clone(),
        source: stated.source.clone(),
        mandatory: stated.mandatory,
        minimisation_reason: stated.minimisation.clone(),
        stored: true,
        storage_region: stated.region.clone().or(privacy.region.clone()),
        encryption: stated.encryption.clone(),
        retention: stated.retention.clone().unwrap_or_default(),
        retention_enforced: false,
        disposal_method: stated.disposal.clone(),
    }
}

fn check_item(item: &DataItem, privacy: &Privacy, gaps: &mut Gaps) {
    let path = format!("privacy.data.{}", item.key);
    gaps.text(&format!("{path}.label"), &item.label);
    gaps.there(&format!("{path}.category"), item.category.is_some());
    gaps.there(&format!("{path}.subjects"), !item.subjects.is_empty());
    gaps.text(&format!("{path}.source"), &item.source);
    gaps.there(&format!("{path}.mandatory"), item.mandatory.is_some());
    gaps.text(&format!("{path}.minimisation"), &item.minimisation_reason);
    gaps.text(&format!("{path}.encryption"), &item.encryption);
    gaps.text(&format!("{path}.disposal"), &item.disposal_method);
    for (name, value) in
        [("period", &item.retention.period), ("trigger", &item.retention.trigger), ("basis", &item.retention.basis)]
    {
        gaps.word(&format!("{path}.retention.{name}"), value.as_ref());
    }
    if item.retention.period.is_some() && !item.retention_enforced {
        gaps.add("not_enforced", &format!("{path}.retention"), &[]);
    }
    if item.stored && item.storage_region.is_none() {
        gaps.word("privacy.region", None);
    }
    if let (Some(own), Some(region)) = (&item.storage_region, &privacy.region)
        && own != region
    {
        gaps.add("outside_region", &format!("{path}.region"), &[("region", own)]);
    }
    if !privacy.purposes.values().any(|purpose| purpose.data_items.contains(&item.key)) {
        gaps.add("no_purpose", &path, &[("item", &item.key)]);
    }
}

pub(super) fn purposes(privacy: &Privacy, gaps: &mut Gaps) -> Vec<PurposeItem> {
    gaps.there("privacy.purposes", !privacy.purposes.is_empty());
    for (id, purpose) in &privacy.purposes {
        check_purpose(&format!("privacy.purposes.{id}"), purpose, privacy, gaps);
    }
    let item = |(id, purpose): (&String, &Purpose)| PurposeItem { id: id.clone(), purpose: purpose.clone() };
    privacy.purposes.iter().map(item).collect()
}

fn check_purpose(path: &str, purpose: &Purpose, privacy: &Privacy, gaps: &mut Gaps) {
    gaps.text(&format!("{path}.text"), &purpose.text);
    gaps.word(&format!("{path}.legal_basis"), purpose.legal_basis.as_ref());
    gaps.there(&format!("{path}.consent_required"), purpose.consent_required.is_some());
    gaps.there(&format!("{path}.data_items"), !purpose.data_items.is_empty());
    let mut faces = false;
    for key in &purpose.data_items {
        let known = DATA.iter().find(|item| item.key == key).map(|item| item.category);
        match known.or_else(|| privacy.data.get(key).and_then(|stated| stated.category)) {
            None if !privacy.data.contains_key(key) => {
                gaps.add("unknown_item", &format!("{path}.data_items"), &[("item", key)]);
            }
            category => faces |= category == Some(Category::IdentificationCode),
        }
    }
    if faces && !purpose.face_use_stated {
        gaps.add("face_use_not_stated", &format!("{path}.face_use_stated"), &[]);
    }
}

pub(super) fn risks(privacy: &Privacy, gaps: &mut Gaps) -> Vec<Risk> {
    let none = RiskStated::default();
    let known = RISKS.iter().map(|risk| known_risk(risk, privacy.risks.get(risk.id).unwrap_or(&none)));
    let others = privacy.risks.iter().filter(|(id, _)| !RISKS.iter().any(|risk| risk.id == **id));
    let others = others.map(|(id, stated)| risk(id, stated, stated.measures.clone()));
    let mut risks: Vec<Risk> = known.chain(others).collect();
    risks.sort_by_key(|risk| risk.phase);
    for risk in &risks {
        check_risk(risk, gaps);
    }
    risks
}

/// The software's tags stay; people may add to them and to the measures.
fn known_risk(known: &KnownRisk, stated: &RiskStated) -> Risk {
    let own = known.measures.iter().map(|measure| Measure {
        text: both(&format!("vpia.measure.{}", measure.key)),
        kind: measure.kind,
        owner: None,
        evidence_ref: measure.evidence_ref.map(str::to_owned),
        test_ref: Some(measure.test_ref.to_owned()),
        published: true,
    });
    let mut risk = risk(known.id, stated, own.chain(stated.measures.iter().cloned()).collect());
    risk.phase = Some(known.phase);
    risk.who = stated_or(&stated.who, &format!("vpia.risk.{}.who", known.id));
    risk.effect = stated_or(&stated.effect, &format!("vpia.risk.{}.effect", known.id));
    for (tags, known) in [(&mut risk.viewpoints5, known.viewpoints5), (&mut risk.viewpoints10, known.viewpoints10)] {
        tags.extend(known);
        tags.sort_unstable();
        tags.dedup();
    }
    risk
}

fn risk(id: &str, stated: &RiskStated, mut countermeasures: Vec<Measure>) -> Risk {
    for measure in &mut countermeasures {
        measure.owner = measure.owner.take().or(stated.owner.clone());
    }
    Risk {
        id: id.to_owned(),
        phase: stated.phase,
        viewpoints5: stated.viewpoints5.clone(),
        viewpoints10: stated.viewpoints10.clone(),
        who: stated.who.clone(),
        effect: stated.effect.clone(),
        likelihood: stated.likelihood,
        severity: stated.severity,
        inherent: stated.inherent,
        countermeasures,
        residual: stated.residual,
        accepted_by: stated.accepted_by.clone(),
    }
}

fn check_risk(risk: &Risk, gaps: &mut Gaps) {
    let path = format!("privacy.risks.{}", risk.id);
    gaps.there(&format!("{path}.phase"), risk.phase.is_some());
    gaps.there(&format!("{path}.viewpoints5"), !risk.viewpoints5.is_empty());
    gaps.text(&format!("{path}.who"), &risk.who);
    gaps.text(&format!("{path}.effect"), &risk.effect);
    let judged = [
        ("likelihood", risk.likelihood.is_some()),
        ("severity", risk.severity.is_some()),
        ("inherent", risk.inherent.is_some()),
        ("residual", risk.residual.is_some()),
        ("accepted_by", risk.accepted_by.is_some()),
    ];
    let open: Vec<&str> = judged.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    if !open.is_empty() {
        gaps.add("risk_not_judged", &path, &[("fields", &open.join(", "))]);
    }
    if risk.countermeasures.is_empty() {
        gaps.add("no_measure", &format!("{path}.measures"), &[("risk", &risk.id)]);
    }
    for (at, measure) in risk.countermeasures.iter().enumerate() {
        let path = format!("risks.{}.countermeasures[{at}]", risk.id);
        gaps.text(&format!("{path}.text"), &measure.text);
        if measure.owner.is_none() {
            gaps.add("measure_without_owner", &path, &[("risk", &risk.id)]);
        }
        if measure.evidence_ref.is_none() && measure.test_ref.is_none() {
            gaps.add("measure_without_evidence", &path, &[]);
        }
    }
}
