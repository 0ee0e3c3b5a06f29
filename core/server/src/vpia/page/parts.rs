//! The sections of the page, in the order in which they are read.

use serde::Serialize;

use super::super::report::{Report, Risk};
use super::super::stated::{MeasureKind, Measured, Phase, Retention, Text};
use super::{Page, escaped};

/// The word of a value as JSON has it: `identification_code`.
fn word_of(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn percent(share: f64) -> String {
    format!("{:.4} %", share * 100.0)
}

impl Page {
    /// A value's word in this language, from `vpia.<group>.<word>`.
    fn named(&self, group: &str, value: Option<&impl Serialize>) -> String {
        value.map_or_else(|| self.missing(), |value| self.word(&format!("{group}.{}", word_of(value))))
    }

    fn yes_no(&self, value: Option<bool>) -> String {
        value.map_or_else(|| self.missing(), |value| self.word(if value { "page.yes" } else { "page.no" }))
    }

    fn joined(&self, words: &[String]) -> String {
        if words.is_empty() {
            self.missing()
        } else {
            words.iter().map(|word| escaped(word)).collect::<Vec<_>>().join("<br>")
        }
    }

    fn pairs(&mut self, pairs: &[(&str, String)]) {
        let rows: Vec<Vec<String>> =
            pairs.iter().map(|(key, value)| vec![self.word(&format!("page.{key}")), value.clone()]).collect();
        self.table(&["what", "said"], &rows);
    }

    pub(super) fn head(&mut self, report: &Report) {
        let (head, controller) = (&report.report, &report.controller);
        let pairs = [
            ("version", self.or_missing(head.version.as_ref())),
            ("status", self.named("status", Some(&head.status))),
            ("period", self.or_missing(head.period.as_ref())),
            ("generated_on", escaped(&head.generated_on)),
            ("controller", self.or_missing(controller.name.as_ref())),
            ("controller_type", self.named("controller", controller.kind.as_ref())),
            ("address", self.or_missing(controller.address.as_ref())),
            ("representative", self.or_missing(controller.representative.as_ref())),
            ("contact", self.or_missing(controller.contact.as_ref())),
        ];
        self.pairs(&pairs);
    }

    fn texts(&self, texts: &[Text]) -> Vec<String> {
        texts.iter().map(|text| self.said(text)).collect()
    }

    pub(super) fn value(&mut self, report: &Report) {
        self.heading("value");
        let value = &report.value;
        for (key, texts) in [
            ("value_individual", &value.individual),
            ("value_society", &value.society),
            ("alternatives", &value.alternatives_considered),
        ] {
            let title = self.word(&format!("page.{key}"));
            self.html.push_str(&format!("<h3>{title}</h3>\n"));
            let texts = self.texts(texts);
            self.list(&texts);
        }
        let (title, necessity) = (self.word("page.necessity"), self.said(&value.necessity_of_face));
        self.html.push_str(&format!("<h3>{title}</h3>\n<p>{necessity}</p>\n"));
    }

    pub(super) fn data(&mut self, report: &Report) {
        self.heading("purposes");
        let rows = report.purposes.iter().map(|item| {
            let purpose = &item.purpose;
            vec![
                self.said(&purpose.text),
                self.or_missing(purpose.legal_basis.as_ref()),
                self.yes_no(purpose.consent_required),
                self.items(report, &purpose.data_items),
                self.joined(&purpose.recipients),
            ]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["purpose", "legal_basis", "consent", "data", "recipients"], &rows);
        self.heading("data");
        let rows = report.data_items.iter().map(|item| {
            vec![
                self.said(&item.label),
                self.named("category", item.category.as_ref()),
                self.said(&item.source),
                self.said(&item.minimisation_reason),
                if item.stored { self.or_missing(item.storage_region.as_ref()) } else { self.word("page.not_stored") },
                self.said(&item.encryption),
                if item.stored { self.retention(&item.retention) } else { self.word("page.not_stored") },
                self.said(&item.disposal_method),
            ]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["item", "category", "source", "why", "region", "protection", "retention", "disposal"], &rows);
    }

    /// Labels of data items; the key where there is no such item.
    fn items(&self, report: &Report, keys: &[String]) -> String {
        let label = |key: &String| {
            let item = report.data_items.iter().find(|item| item.key == *key);
            item.map_or_else(|| escaped(key), |item| self.said(&item.label))
        };
        if keys.is_empty() { self.missing() } else { keys.iter().map(label).collect::<Vec<_>>().join("<br>") }
    }

    fn retention(&self, retention: &Retention) -> String {
        let parts = [&retention.period, &retention.trigger, &retention.basis];
        let there: Vec<String> = parts.into_iter().flatten().map(|part| escaped(part)).collect();
        if there.is_empty() { self.missing() } else { there.join("<br>") }
    }

    pub(super) fn handling(&mut self, report: &Report) {
        self.heading("flows");
        let rows = report.flows.iter().map(|flow| {
            vec![
                escaped(&flow.from),
                flow.recipient
                    .as_ref()
                    .map_or_else(|| escaped(&flow.to), |name| format!("{} ({})", escaped(name), escaped(&flow.to))),
                escaped(&flow.capability),
                self.items(report, &flow.data_items),
                self.joined(&flow.purpose),
                self.yes_no(flow.cross_border),
            ]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["from", "to", "by", "data", "purpose", "abroad"], &rows);
        self.heading("processors");
        let rows: Vec<_> = report
            .processors
            .iter()
            .map(|one| {
                vec![
                    self.or_missing(one.name.as_ref()),
                    self.or_missing(one.task.as_ref()),
                    self.or_missing(one.region.as_ref()),
                ]
            })
            .collect();
        self.table(&["name", "task", "region"], &rows);
        if let Some(joint) = &report.joint_use {
            self.heading("joint_use");
            let pairs = [
                ("data", self.items(report, &joint.items)),
                ("scope", self.or_missing(joint.scope.as_ref())),
                ("purpose", self.joined(&joint.purposes)),
                ("responsible", self.or_missing(joint.responsible.as_ref())),
            ];
            self.pairs(&pairs);
        }
        self.accuracy(report);
    }

    fn accuracy(&mut self, report: &Report) {
        self.heading("accuracy");
        let (accuracy, pack) = (&report.accuracy, &report.system.pack);
        let rate = |share: Option<f64>| share.map_or_else(|| self.missing(), percent);
        let pairs = [
            ("pack", escaped(&format!("{} {} ({})", pack.name, pack.version, pack.scope))),
            ("dataset", escaped(&accuracy.dataset)),
            ("comparisons", format!("{} / {}", accuracy.genuine_pairs, accuracy.impostor_pairs)),
            ("fmr", rate(accuracy.fmr)),
            ("fnmr", rate(accuracy.fnmr)),
            ("liveness", escaped(&format!("{}: {}", pack.liveness, pack.liveness_note.as_deref().unwrap_or_default()))),
        ];
        self.pairs(&pairs);
        for (key, measured) in
            [("by_group", &accuracy.by_group), ("conditions", &accuracy.conditions), ("pad", &accuracy.pad)]
        {
            let title = self.word(&format!("page.{key}"));
            self.html.push_str(&format!("<h3>{title}</h3>\n"));
            let share = |share: Option<f64>| share.map(percent).unwrap_or_default();
            let row = |one: &Measured| {
                let count = one.count.map(|count| count.to_string()).unwrap_or_default();
                vec![escaped(&one.name), share(one.fmr), share(one.fnmr), share(one.refused), count]
            };
            let rows: Vec<_> = measured.iter().map(row).collect();
            self.table(&["name", "fmr", "fnmr", "refused", "count"], &rows);
        }
    }

    pub(super) fn risks(&mut self, report: &Report) {
        self.heading("risks");
        for phase in [Phase::Acquire, Phase::Store, Phase::Process, Phase::Dispose] {
            let title = self.named("phase", Some(&phase));
            self.html.push_str(&format!("<h3>{title}</h3>\n"));
            let own: Vec<&Risk> = report.risks.iter().filter(|risk| risk.phase == Some(phase)).collect();
            let rows: Vec<_> = own.into_iter().map(|risk| self.risk(risk)).collect();
            self.table(&["who", "effect", "viewpoints", "measures", "residual"], &rows);
        }
        self.heading("operational");
        let operational: Vec<String> = report
            .risks
            .iter()
            .flat_map(|risk| &risk.countermeasures)
            .filter(|measure| measure.kind == MeasureKind::Operational)
            .map(|measure| self.said(&measure.text))
            .collect();
        self.list(&operational);
    }

    fn risk(&self, risk: &Risk) -> Vec<String> {
        let five = risk.viewpoints5.iter().map(|number| format!("5-{number}"));
        let views: Vec<String> = five.chain(risk.viewpoints10.iter().map(|number| format!("10-{number}"))).collect();
        let measures = risk.countermeasures.iter().map(|measure| self.said(&measure.text)).collect::<Vec<_>>();
        vec![
            self.said(&risk.who),
            self.said(&risk.effect),
            views.join(", "),
            if measures.is_empty() { self.missing() } else { measures.join("<br>") },
            self.named("degree", risk.residual.as_ref()),
        ]
    }

    pub(super) fn viewpoints(&mut self, report: &Report) {
        self.heading("viewpoints");
        let rows = report.viewpoints.iter().map(|view| {
            let answer = match &view.reason {
                _ if !view.answered_by.is_empty() => self.joined(&view.answered_by),
                Some(reason) => self.said(reason),
                None => self.missing(),
            };
            vec![escaped(&view.id), self.said(&view.label), answer]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["number", "viewpoint", "answered_by"], &rows);
    }

    pub(super) fn people(&mut self, report: &Report) {
        self.heading("without_face");
        let (fallback, children) = (&report.fallback, &report.children);
        let pairs = [
            ("non_face_path", self.said(&fallback.non_face_path)),
            ("equal_treatment", self.said(&fallback.equal_treatment)),
            ("error_remedy", self.said(&fallback.error_remedy)),
            ("guardian_consent", self.said(&children.guardian_consent)),
            ("age_rule", self.said(&children.age_rule)),
        ];
        self.pairs(&pairs);
        self.heading("explanations");
        let explained = &report.explanations;
        let pairs = [
            ("child", self.said(&explained.child)),
            ("elder", self.said(&explained.elder)),
            ("visitor", self.said(&explained.visitor)),
            ("disabled", self.said(&explained.disabled)),
        ];
        self.pairs(&pairs);
        self.heading("notices");
        let rows = report.notices.iter().map(|notice| {
            vec![
                self.or_missing(notice.place.as_ref()),
                self.named("camera", notice.class.as_ref()),
                self.yes_no(notice.identifies),
                self.said(&notice.text),
                self.or_missing(notice.announced.as_ref()),
                self.or_missing(notice.since.as_ref()),
            ]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["place", "class", "identifies", "notice", "announced", "since"], &rows);
        self.heading("rights");
        let rights = &report.rights;
        let pairs = [
            ("channels", self.joined(&rights.channels)),
            ("identity_check", self.or_missing(rights.identity_check.as_ref())),
            ("sla_days", rights.sla_days.map_or_else(|| self.missing(), |days| days.to_string())),
            ("fees", self.or_missing(rights.fees.as_ref())),
        ];
        self.pairs(&pairs);
    }

    pub(super) fn reviews(&mut self, report: &Report) {
        self.heading("assessment");
        for own in &report.assessment {
            let pairs = [
                ("assessor", self.or_missing(own.assessor.as_ref())),
                ("independence", self.or_missing(own.independence.as_ref())),
                ("date", self.or_missing(own.date.as_ref())),
                ("version", self.or_missing(own.version.as_ref())),
                ("overall", self.or_missing(own.overall.as_ref())),
            ];
            self.pairs(&pairs);
            let rows = own.comments.iter().map(|comment| {
                let answer = self.or_missing(comment.response.as_ref());
                vec![self.or_missing(comment.text.as_ref()), answer, self.yes_no(Some(comment.changed))]
            });
            let rows: Vec<_> = rows.collect();
            self.table(&["comment", "response", "changed"], &rows);
        }
        if report.assessment.is_empty() {
            let missing = self.missing();
            self.html.push_str(&format!("<p>{missing}</p>\n"));
        }
        self.heading("post_launch");
        let rows = report.post_launch.iter().map(|look| {
            let results: Vec<String> =
                look.metrics.iter().chain(&look.incidents).chain(&look.changes).cloned().collect();
            let results = if look.done.is_none() { String::new() } else { self.joined(&results) };
            vec![self.or_missing(look.due.as_ref()), look.done.as_deref().map(escaped).unwrap_or_default(), results]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&["due", "done", "result"], &rows);
    }

    pub(super) fn gaps(&mut self, report: &Report) {
        self.heading("gaps");
        if report.gaps.is_empty() {
            let none = self.word("page.no_gaps");
            self.html.push_str(&format!("<p>{none}</p>\n"));
            return;
        }
        let gaps: Vec<String> = report.gaps.iter().map(|gap| self.said(&gap.text)).collect();
        self.list(&gaps);
    }
}
