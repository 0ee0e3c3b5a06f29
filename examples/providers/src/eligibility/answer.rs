//! What the terminal answers to a file.

use std::collections::BTreeMap;

use super::Insured;

/// The response to a request's file.
pub(super) fn answer(request: &str, insured: &[Insured], linked: &BTreeMap<String, usize>) -> String {
    let text = |name: &str| text(request, name).unwrap_or_default();
    let file = text("ArbitraryFileIdentifier");
    let on = text("QualificationConfirmationDate");
    let (institution, reference) = (text("MedicalInstitutionCode"), text("ReferenceNumber"));
    if file.is_empty() || institution.len() != 10 || on.len() != 8 {
        return message(&file, "9", "");
    }
    let found: Vec<&Insured> = if reference.is_empty() {
        insured.iter().filter(|own| own.is(&text)).collect()
    } else {
        linked.get(&reference).and_then(|at| insured.get(*at)).into_iter().collect()
    };
    let body = match found[..] {
        [] => element("QualificationValidity", "3"),
        [one] => {
            let over = one.until.as_ref().is_some_and(|until| *until < on);
            let consent = text("LimitApplicationCertificateRelatedConsFlg") == "1";
            let ratio = element("InsuredPartialContributionRatio", &format!("{:03}", one.burden));
            element("QualificationValidity", if over { "2" } else { "1" })
                + &one.person()
                + if over { "" } else { &ratio }
                + &one.limit(consent)
        }
        [_, _, ..] => element("QualificationValidity", "4"),
    };
    message(&file, "1", &body)
}

impl Insured {
    /// Who it is, and her numbers.
    fn person(&self) -> String {
        let told = [
            ("InsurerNumber", self.insurer.as_str()),
            ("InsuredCardSymbol", &self.symbol),
            ("InsuredIdentificationNumber", &self.number),
            ("InsuredBranchNumber", &self.branch),
            ("Name", &self.name),
            ("NameKana", &self.kana),
            ("Sex1", &self.sex),
            ("Birthdate", &self.birthdate),
            ("InsuredCardValidDate", self.from.as_deref().unwrap_or_default()),
            ("InsuredCardExpirationDate", self.until.as_deref().unwrap_or_default()),
        ];
        told.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| element(name, text)).collect()
    }

    /// Whether the patient agreed, and what is told then.
    fn limit(&self, consent: bool) -> String {
        let flag = element("LimitApplicationCertificateRelatedConsFlg", if consent { "1" } else { "0" });
        let Some(category) = self.limit.as_ref().filter(|_| consent) else { return flag };
        let category = element("LimitApplicationCertificateClassificationFlag", category);
        format!("{flag}<LimitApplicationCertificateRelatedInfo>{category}</LimitApplicationCertificateRelatedInfo>")
    }

    /// Whether a request names these numbers. Who leaves the branch out is taken for any member of the family.
    fn is(&self, text: &dyn Fn(&str) -> String) -> bool {
        let branch = text("InsuredBranchNumber");
        text("InsurerNumber") == self.insurer
            && narrow(&text("InsuredCardSymbol")) == narrow(&self.symbol)
            && narrow(&text("InsuredIdentificationNumber")) == narrow(&self.number)
            && (branch.is_empty() || branch == self.branch)
            && text("Birthdate") == self.birthdate
    }
}

fn message(file: &str, result: &str, body: &str) -> String {
    let head = element("ArbitraryFileIdentifier", file) + &element("SegmentOfResult", result);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XmlMsg><MessageHeader>{head}</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>\n"
    )
}

fn element(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<{name}>{text}</{name}>")
}

fn text(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// Full-width letters and digits in the widths of ASCII.
fn narrow(text: &str) -> String {
    let narrow = |letter: char| match u32::from(letter) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(letter),
        _ => letter,
    };
    text.chars().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insured(branch: &str, until: Option<&str>) -> Insured {
        Insured {
            insurer: "00170123".to_owned(),
            symbol: "12".to_owned(),
            number: "３４５".to_owned(),
            branch: branch.to_owned(),
            birthdate: "19800517".to_owned(),
            burden: 30,
            until: until.map(str::to_owned),
            name: "加賀 花子".to_owned(),
            kana: "カガ ハナコ".to_owned(),
            sex: "2".to_owned(),
            from: Some("20240401".to_owned()),
            limit: Some("A03".to_owned()),
        }
    }

    fn request(who: &str) -> String {
        format!(
            "<XmlMsg><MedicalInstitutionCode>1710123456</MedicalInstitutionCode><ArbitraryFileIdentifier>req_1</ArbitraryFileIdentifier><QualificationConfirmationDate>20260413</QualificationConfirmationDate>{who}</XmlMsg>"
        )
    }

    const NUMBERS: &str = "<InsurerNumber>00170123</InsurerNumber><InsuredCardSymbol>１２</InsuredCardSymbol><InsuredIdentificationNumber>345</InsuredIdentificationNumber><InsuredBranchNumber></InsuredBranchNumber><Birthdate>19800517</Birthdate>";

    fn validity(request: &str, all: &[Insured], linked: &BTreeMap<String, usize>) -> String {
        text(&answer(request, all, linked), "QualificationValidity").unwrap_or_default()
    }

    #[test]
    fn numbers_find_one_insured_none_several_or_one_whose_time_is_over() {
        let none = BTreeMap::new();
        let asked = request(NUMBERS);
        assert_eq!(validity(&asked, &[insured("01", None)], &none), "1");
        assert_eq!(validity(&asked, &[], &none), "3");
        assert_eq!(validity(&asked, &[insured("01", None), insured("02", None)], &none), "4");
        assert_eq!(validity(&asked, &[insured("01", Some("20260412"))], &none), "2");
        assert_eq!(validity(&asked, &[insured("01", Some("20260413"))], &none), "1");
        let other = asked.replace("19800517", "19800518");
        assert_eq!(validity(&other, &[insured("01", None)], &none), "3");
    }

    #[test]
    fn who_is_found_is_named_and_a_limit_is_told_with_consent_only() {
        let none = BTreeMap::new();
        let told = |request: &str, name: &str| text(&answer(request, &[insured("01", None)], &none), name);
        let asked = request(NUMBERS);
        assert_eq!(told(&asked, "Name").as_deref(), Some("加賀 花子"));
        assert_eq!(told(&asked, "NameKana").as_deref(), Some("カガ ハナコ"));
        assert_eq!((told(&asked, "Sex1").as_deref(), told(&asked, "InsuredCardExpirationDate")), (Some("2"), None));
        const FLAG: &str = "LimitApplicationCertificateRelatedConsFlg";
        const CATEGORY: &str = "LimitApplicationCertificateClassificationFlag";
        assert_eq!((told(&asked, FLAG).as_deref(), told(&asked, CATEGORY)), (Some("0"), None));
        let agreed = request(&format!("{NUMBERS}<{FLAG}>1</{FLAG}>"));
        assert_eq!((told(&agreed, FLAG).as_deref(), told(&agreed, CATEGORY).as_deref()), (Some("1"), Some("A03")));
        let several = answer(&asked, &[insured("01", None), insured("02", None)], &none);
        assert_eq!(text(&several, "Name"), None, "of several nobody is named");
    }

    #[test]
    fn a_linked_chart_finds_its_card_and_a_file_without_its_name_is_refused() {
        let linked = BTreeMap::from([("0001234".to_owned(), 0)]);
        let asked = request("<ReferenceNumber>0001234</ReferenceNumber>");
        assert_eq!(validity(&asked, &[insured("01", None)], &linked), "1");
        assert!(answer(&asked, &[insured("01", None)], &linked).contains(">030<"));
        assert_eq!(validity(&asked.replace("0001234", "7"), &[insured("01", None)], &linked), "3");
        assert!(answer("<XmlMsg></XmlMsg>", &[], &linked).contains("<SegmentOfResult>9<"));
    }
}
