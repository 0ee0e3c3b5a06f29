//! Collects what is missing. Each check hands its part on unchanged, so that looking and using are one step.

use super::report::Gap;
use super::stated::{
    Assessment, Children, Controller, Explanations, Fallback, JointUse, Notice, PostLaunch, Privacy, Rights, Text,
    Value,
};
use crate::messages::{Language, fill};

#[derive(Default)]
pub(super) struct Gaps(Vec<Gap>);

/// A gap with its sentence in both languages.
pub(super) fn gap(code: &'static str, path: &str, values: &[(&str, &str)]) -> Gap {
    let values: Vec<(&str, &str)> = values.iter().copied().chain([("path", path)]).collect();
    let sentence = |language| Some(fill(language, &format!("vpia.gap.{code}"), &values));
    let text = Text { ja: sentence(Language::Japanese), en: sentence(Language::English) };
    Gap { code, path: path.to_owned(), text }
}

impl Gaps {
    pub(super) fn add(&mut self, code: &'static str, path: &str, values: &[(&str, &str)]) {
        self.0.push(gap(code, path, values));
    }

    /// In the order in which they were found, each once.
    pub(super) fn into_list(self) -> Vec<Gap> {
        let mut list: Vec<Gap> = Vec::new();
        for gap in self.0 {
            if !list.contains(&gap) {
                list.push(gap);
            }
        }
        list
    }

    fn missing(&mut self, path: &str) {
        self.add("missing", path, &[]);
    }

    pub(super) fn word(&mut self, path: &str, word: Option<&String>) {
        if word.is_none_or(|word| word.trim().is_empty()) {
            self.missing(path);
        }
    }

    pub(super) fn there(&mut self, path: &str, there: bool) {
        if !there {
            self.missing(path);
        }
    }

    pub(super) fn text(&mut self, path: &str, text: &Text) {
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        match (said(&text.ja), said(&text.en)) {
            (true, true) => {}
            (false, false) => self.missing(path),
            (true, false) => self.missing(&format!("{path}.en")),
            (false, true) => self.missing(&format!("{path}.ja")),
        }
    }

    pub(super) fn controller(&mut self, controller: &Controller) -> Controller {
        self.word("privacy.controller.name", controller.name.as_ref());
        self.there("privacy.controller.type", controller.kind.is_some());
        self.word("privacy.controller.address", controller.address.as_ref());
        self.word("privacy.controller.representative", controller.representative.as_ref());
        self.word("privacy.controller.contact", controller.contact.as_ref());
        controller.clone()
    }

    pub(super) fn joint_use(&mut self, privacy: &Privacy) -> Option<JointUse> {
        if let Some(joint) = &privacy.joint_use {
            self.there("privacy.joint_use.items", !joint.items.is_empty());
            self.word("privacy.joint_use.scope", joint.scope.as_ref());
            self.there("privacy.joint_use.purposes", !joint.purposes.is_empty());
            self.word("privacy.joint_use.responsible", joint.responsible.as_ref());
        }
        privacy.joint_use.clone()
    }

    pub(super) fn value(&mut self, value: &Value) -> Value {
        self.there("privacy.value.individual", !value.individual.is_empty());
        self.there("privacy.value.society", !value.society.is_empty());
        self.there("privacy.value.alternatives_considered", !value.alternatives_considered.is_empty());
        for (name, texts) in [
            ("individual", &value.individual),
            ("society", &value.society),
            ("alternatives_considered", &value.alternatives_considered),
        ] {
            for (at, text) in texts.iter().enumerate() {
                self.text(&format!("privacy.value.{name}[{at}]"), text);
            }
        }
        self.text("privacy.value.necessity_of_face", &value.necessity_of_face);
        value.clone()
    }

    pub(super) fn fallback(&mut self, fallback: &Fallback) -> Fallback {
        self.text("privacy.fallback.non_face_path", &fallback.non_face_path);
        self.text("privacy.fallback.equal_treatment", &fallback.equal_treatment);
        self.text("privacy.fallback.error_remedy", &fallback.error_remedy);
        fallback.clone()
    }

    pub(super) fn children(&mut self, children: &Children) -> Children {
        self.text("privacy.children.guardian_consent", &children.guardian_consent);
        self.text("privacy.children.age_rule", &children.age_rule);
        children.clone()
    }

    pub(super) fn explanations(&mut self, explanations: &Explanations) -> Explanations {
        let Explanations { child, elder, visitor, disabled } = explanations;
        for (name, text) in [("child", child), ("elder", elder), ("visitor", visitor), ("disabled", disabled)] {
            self.text(&format!("privacy.explanations.{name}"), text);
        }
        explanations.clone()
    }

    pub(super) fn notices(&mut self, notices: &[Notice]) -> Vec<Notice> {
        self.there("privacy.notices", !notices.is_empty());
        for (at, notice) in notices.iter().enumerate() {
            self.word(&format!("privacy.notices[{at}].place"), notice.place.as_ref());
            self.text(&format!("privacy.notices[{at}].text"), &notice.text);
            self.word(&format!("privacy.notices[{at}].icon"), notice.icon.as_ref());
            self.there(&format!("privacy.notices[{at}].class"), notice.class.is_some());
            self.there(&format!("privacy.notices[{at}].identifies"), notice.identifies.is_some());
            self.word(&format!("privacy.notices[{at}].announced"), notice.announced.as_ref());
            self.word(&format!("privacy.notices[{at}].since"), notice.since.as_ref());
            if let (Some(announced), Some(since)) = (&notice.announced, &notice.since)
                && announced >= since
            {
                self.add("announced_late", &format!("privacy.notices[{at}].announced"), &[("since", since)]);
            }
        }
        notices.to_vec()
    }

    pub(super) fn rights(&mut self, rights: &Rights) -> Rights {
        self.there("privacy.rights.channels", !rights.channels.is_empty());
        self.word("privacy.rights.identity_check", rights.identity_check.as_ref());
        self.there("privacy.rights.sla_days", rights.sla_days.is_some());
        self.word("privacy.rights.fees", rights.fees.as_ref());
        rights.clone()
    }

    pub(super) fn assessments(&mut self, assessments: &[Assessment], version: Option<&str>) -> Vec<Assessment> {
        if assessments.is_empty() {
            self.add("not_assessed", "assessment", &[]);
        }
        for (at, own) in assessments.iter().enumerate() {
            let path = format!("assessment[{at}]");
            self.word(&format!("{path}.assessor"), own.assessor.as_ref());
            self.word(&format!("{path}.independence"), own.independence.as_ref());
            self.word(&format!("{path}.date"), own.date.as_ref());
            self.word(&format!("{path}.overall"), own.overall.as_ref());
            if own.version.as_deref() != version {
                let read = own.version.as_deref().unwrap_or("?");
                self.add("other_version_assessed", &format!("{path}.version"), &[("version", read)]);
            }
            for (number, comment) in own.comments.iter().enumerate() {
                if comment.response.as_ref().is_none_or(|response| response.trim().is_empty()) {
                    self.add("unanswered", &format!("{path}.comments[{number}].response"), &[]);
                }
            }
        }
        assessments.to_vec()
    }

    pub(super) fn post_launch(&mut self, looks: &[PostLaunch], today: &str) -> Vec<PostLaunch> {
        self.there("privacy.post_launch", !looks.is_empty());
        for (at, look) in looks.iter().enumerate() {
            let path = format!("privacy.post_launch[{at}]");
            self.word(&format!("{path}.due"), look.due.as_ref());
            let due = look.due.as_deref().unwrap_or_default();
            if look.done.is_none() && !due.is_empty() && due <= today {
                self.add("overdue", &path, &[("due", due)]);
            }
            if look.done.is_some() && look.metrics.is_empty() {
                self.add("no_result", &format!("{path}.metrics"), &[]);
            }
        }
        looks.to_vec()
    }
}
