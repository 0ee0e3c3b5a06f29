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
        [one] if one.until.as_ref().is_some_and(|until| *until < on) => element("QualificationValidity", "2"),
        [one] => {
            element("QualificationValidity", "1")
                + &element("InsurerNumber", &one.insurer)
                + &element("InsuredPartialContributionRatio", &format!("{:03}", one.burden))
        }
        [_, _, ..] => element("QualificationValidity", "4"),
    };
    message(&file, "1", &body)
}

impl Insured {
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
    fn a_linked_chart_finds_its_card_and_a_file_without_its_name_is_refused() {
        let linked = BTreeMap::from([("0001234".to_owned(), 0)]);
        let asked = request("<ReferenceNumber>0001234</ReferenceNumber>");
        assert_eq!(validity(&asked, &[insured("01", None)], &linked), "1");
        assert!(answer(&asked, &[insured("01", None)], &linked).contains(">030<"));
        assert_eq!(validity(&asked.replace("0001234", "7"), &[insured("01", None)], &linked), "3");
        assert!(answer("<XmlMsg></XmlMsg>", &[], &linked).contains("<SegmentOfResult>9<"));
    }
}
