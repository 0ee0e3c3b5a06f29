//! What a visit remembers from reception to its end, and what is shown of it.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

use crate::appointment::Appointment;
use crate::bill::Bill;
use crate::certificate::Certificate;
use crate::patient::Checked;
use crate::settings::{Settings, Title};

/// A visit to one department.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// The number of the chart.
    pub(crate) patient: String,
    pub(crate) department: String,
    pub(crate) by_card: bool,
    /// When the person stood at the reception.
    pub(crate) began: Millis,
    /// Looks into the folder of responses.
    pub(crate) looks: usize,
    /// When the next one is.
    #[serde(default)]
    pub(crate) look_at: Millis,
    /// A bill that came before the patient was received: it counts then.
    #[serde(default)]
    pub(crate) early: Option<Bill>,
    pub(crate) checked: Option<Checked>,
    /// Of whom the terminal found.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) appointment: Option<Appointment>,
    /// Whether it was handed over.
    pub(crate) questionnaire: bool,
    /// `proven`: the hub knows who answers for the patient; `attested`: the desk says that somebody does; `none`.
    pub(crate) guardian: String,
    /// What the desk has to look at.
    pub(crate) notices: Vec<String>,
    /// The terminal gave no answer: what was known before counts.
    pub(crate) unavailable: bool,
    /// The patient's share in percent.
    pub(crate) burden: u64,
    /// In the queue of the department today.
    pub(crate) queue: u64,
    pub(crate) received: Millis,
    pub(crate) hold: Option<String>,
    pub(crate) held: u64,
    /// Why nothing is held.
    pub(crate) code: Option<String>,
    pub(crate) top_up: Option<String>,
    pub(crate) bill: Option<String>,
    pub(crate) amount: u64,
    pub(crate) paid: u64,
}

/// What was found out of the insurance.
#[derive(Serialize)]
pub(crate) struct Eligibility {
    status: String,
    burden: u64,
    by: &'static str,
}

/// What the patient agreed to pay without being asked again.
#[derive(Serialize)]
pub(crate) struct Mandate {
    up_to: u64,
    until: Day,
}

/// What the reception shows.
#[derive(Default, Serialize)]
pub(crate) struct Said {
    pub(crate) received: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patient: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) department: Option<Title>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eligibility: Option<Eligibility>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<Certificate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) appointment: Option<Appointment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) questionnaire: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) guardian: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) records: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mandate: Option<Mandate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pays: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) may_leave: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) took_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bill_refused: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bill_waits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<u64>,
}

impl Visit {
    /// Valid, or what else is known.
    pub(crate) fn status(&self) -> &str {
        match (&self.checked, self.unavailable) {
            (_, true) => "unavailable",
            (Some(checked), false) => &checked.status,
            (None, false) => "not_asked",
        }
    }

    /// What a patient who waits is shown.
    pub(crate) fn waiting(&self, settings: &Settings) -> Said {
        let held = self.hold.is_some();
        let by = if self.by_card { "card" } else { "stored" };
        Said {
            received: true,
            code: self.code.clone(),
            patient: Some(self.patient.clone()),
            department: settings.departments.get(&self.department).map(|department| department.title.clone()),
            queue: Some(self.queue),
            eligibility: Some(Eligibility { status: self.status().to_owned(), burden: self.burden, by }),
            certificate: self.certificate.clone(),
            appointment: self.appointment.clone(),
            questionnaire: Some(self.questionnaire),
            guardian: Some(self.guardian.clone()),
            notices: self.notices.clone(),
            mandate: held.then(|| Mandate { up_to: self.held, until: settings.next_business_day(Day::of(self.began)) }),
            held: Some(self.held),
            pays: Some(if held { "hold" } else { "desk" }),
            may_leave: Some(held),
            took_ms: Some(self.received.saturating_sub(self.began)),
            ..Said::default()
        }
    }

    /// What is shown when the visit is over.
    pub(crate) fn ended(&self, reason: &'static str) -> Said {
        Said {
            received: true,
            reason: Some(reason),
            patient: Some(self.patient.clone()),
            amount: Some(self.amount),
            paid: Some(self.paid),
            due: Some(self.amount - self.paid.min(self.amount)),
            ..Said::default()
        }
    }
}
