//! The files that go to the eligibility terminal and come back: XML in a folder for requests and one for responses.
//!
//! Elements bear the names that clinics know; which of them a response has is the simulated terminal's. Absent: medication and
//! history, which need a consent given at the national reader.

use tebura_plugin::service::*;

use crate::certificate::Certificate;
use crate::patient::{Checked, Patient};

/// What is asked for.
pub(crate) struct Inquiry<'i> {
    pub(crate) institution: &'i str,
    /// Comes back with the response.
    pub(crate) file: &'i str,
    pub(crate) on: Day,
    pub(crate) patient: &'i Patient,
    /// By the number that the reader has linked to the chart (照会番号), instead of by the stored numbers.
    pub(crate) by_card: bool,
    /// The patient agreed that the limit is told.
    pub(crate) limit_consent: bool,
}

impl Inquiry<'_> {
    /// The request's file.
    pub(crate) fn xml(&self) -> String {
        let mut body = vec![("QualificationConfirmationDate", compact(self.on))];
        match (&self.patient.insurance, self.by_card) {
            (Some(insurance), false) => body.extend([
                ("InsurerNumber", insurance.insurer8()),
                ("InsuredCardSymbol", insurance.symbol.clone()),
                ("InsuredIdentificationNumber", insurance.number.clone()),
                ("InsuredBranchNumber", insurance.branch.clone()),
                ("Birthdate", compact(insurance.birthdate)),
            ]),
            (_, _) => body.push(("ReferenceNumber", self.patient.number.clone())),
        }
        body.push(("LimitApplicationCertificateRelatedConsFlg", u8::from(self.limit_consent).to_string()));
        let head = [("MedicalInstitutionCode", self.institution), ("ArbitraryFileIdentifier", self.file)];
        let head: String = head.iter().map(|(name, text)| element(name, text)).collect();
        let body: String = body.iter().map(|(name, text)| element(name, text)).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XmlMsg><MessageHeader>{head}</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>\n"
        )
    }
}

/// Reads a response: what it says of the insurance, and of the person where it found one; `None`: it is not the answer to this
/// file, or no answer.
pub(crate) fn read(xml: &[u8], file: &str, on: Day) -> Option<(Checked, Option<Certificate>)> {
    let xml = std::str::from_utf8(xml).ok()?;
    // No part of such a file needs a declaration, and entities are how files swell.
    if xml.contains("<!") || text(xml, "ArbitraryFileIdentifier")? != file || text(xml, "SegmentOfResult")? != "1" {
        return None;
    }
    let status = match text(xml, "QualificationValidity")?.as_str() {
        "1" => "valid",
        "2" => "expired",
        "3" => "not_found",
        "4" => "multiple",
        _ => return None,
    };
    let burden = match text(xml, "InsuredPartialContributionRatio") {
        Some(ratio) => Some(ratio.parse::<u64>().ok().filter(|ratio| *ratio <= 100)?),
        None => None,
    };
    match (status, burden) {
        ("valid", None) => None,
        _ => {
            let one = matches!(status, "valid" | "expired").then(|| Certificate::read(&|name| text(xml, name)));
            Some((Checked { status: status.to_owned(), burden: burden.filter(|_| status == "valid"), on }, one))
        }
    }
}

/// `20260413`.
fn compact(day: Day) -> String {
    day.to_string().replace('-', "")
}

fn element(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{text}</{name}>")
}

/// The text of the only element of a name.
fn text(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, after) = rest.split_once(&format!("</{name}>"))?;
    if text.contains('<') || after.contains(&format!("<{name}>")) {
        return None;
    }
    Some(text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
