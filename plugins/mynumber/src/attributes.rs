//! The four basic attributes and their flags, from the certificate's alternative names: by identifier, never by order.

use tebura_plugin::Field;
use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::chain::extension;
use crate::refusal::Refusal;

const NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.1");
const NAME_FLAGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.2");
const SEX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.3");
const BIRTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.4");
const ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.5");
const ADDRESS_FLAGS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5.6");
const LOCALITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.7");

/// Characters of the register's longest address.
const MOST_CHARS: usize = 200;
const DAY_MS: u64 = 86_400_000;

/// What a certificate says of its holder.
pub(crate) struct Attributes {
    name: String,
    name_substituted: bool,
    sex: &'static str,
    birth: Birth,
    address: String,
    address_substituted: bool,
    /// Prefecture and municipality.
    municipality: Option<String>,
}

/// A date of which parts may be unknown (0).
struct Birth {
    year: u32,
    month: u32,
    day: u32,
}

impl Attributes {
    /// Reads all six.
    pub(crate) fn of(certificate: &Certificate) -> Result<Attributes, Refusal> {
        let names = extension::<SubjectAltName>(certificate)?.ok_or(Refusal::AttributesMissing)?.1;
        let text = |oid| {
            let mut found = names.0.iter().filter_map(|name| {
                let GeneralName::OtherName(other) = name else { return None };
                (other.type_id == oid).then_some(other)
            });
            let (Some(other), None) = (found.next(), found.next()) else { return Err(Refusal::AttributesMissing) };
            let value = other.value.decode_as::<Utf8StringRef<'_>>().map_err(|_| Refusal::AttributesMalformed)?;
            let value = value.as_str();
            let fits = (1..=MOST_CHARS).contains(&value.chars().count()) && !value.chars().any(char::is_control);
            if fits { Ok(value.to_owned()) } else { Err(Refusal::AttributesMalformed) }
        };
        let (name, address) = (text(NAME)?, text(ADDRESS)?);
        Ok(Attributes {
            name_substituted: substituted(&name, &text(NAME_FLAGS)?)?,
            sex: match text(SEX)?.as_str() {
                "1" => "male",
                "2" => "female",
                "3" => "unknown",
                _ => return Err(Refusal::AttributesMalformed),
            },
            birth: Birth::read(&text(BIRTH)?)?,
            address_substituted: substituted(&address, &text(ADDRESS_FLAGS)?)?,
            municipality: municipality(certificate),
            name,
            address,
        })
    }

    /// The claims that were agreed to. What is unknown is not claimed: who asks for an age gets none.
    pub(crate) fn claims(&self, wanted: &[String], now_ms: u64) -> Vec<Field> {
        let yes_or_no = |flag: bool| if flag { "true" } else { "false" }.to_owned();
        let value = |claim: &str| match claim {
            "name" => Some(self.name.clone()),
            "name_substituted" => Some(yes_or_no(self.name_substituted)),
            "sex" => Some(self.sex.to_owned()),
            "birth_date" => self.birth.text(),
            "age_over_18" => self.birth.is_over(18, now_ms).map(yes_or_no),
            "address" => Some(self.address.clone()),
            "address_substituted" => Some(yes_or_no(self.address_substituted)),
            "municipality" => self.municipality.clone(),
            _ => None,
        };
        let field = |claim: &String| Some(Field { name: claim.clone(), value: value(claim)? });
        wanted.iter().filter_map(field).collect()
    }
}

/// One digit for each character of a text: 1 where another character stands for the real one.
fn substituted(text: &str, flags: &str) -> Result<bool, Refusal> {
    let one_each = flags.chars().count() == text.chars().count() && flags.chars().all(|flag| matches!(flag, '0' | '1'));
    if one_each { Ok(flags.contains('1')) } else { Err(Refusal::AttributesMalformed) }
}

/// The two localities of the subject: prefecture, then municipality.
fn municipality(certificate: &Certificate) -> Option<String> {
    let of_place = certificate.tbs_certificate().subject().iter().filter(|part| part.oid == LOCALITY);
    let parts: Vec<String> = of_place
        .filter_map(|part| part.value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.as_str().to_owned()))
        .collect();
    (parts.len() == 2).then(|| parts.join(" "))
}

impl Birth {
    /// An era's digit and a Gregorian date: `319850401`.
    fn read(text: &str) -> Result<Birth, Refusal> {
        let digits: Vec<u32> =
            text.chars().map(|c| c.to_digit(10)).collect::<Option<_>>().ok_or(Refusal::AttributesMalformed)?;
        let [era, date @ ..] = digits.as_slice() else { return Err(Refusal::AttributesMalformed) };
        if *era > 5 || date.len() != 8 {
            return Err(Refusal::AttributesMalformed);
        }
        let number = |digits: &[u32]| digits.iter().fold(0, |number, digit| number * 10 + digit);
        let birth = Birth { year: number(&date[..4]), month: number(&date[4..6]), day: number(&date[6..]) };
        let plausible =
            (birth.year == 0 || (1850..=2200).contains(&birth.year)) && birth.month <= 12 && birth.day <= 31;
        if plausible { Ok(birth) } else { Err(Refusal::AttributesMalformed) }
    }

    /// As far as it is known: `1985-04-01`, `1985-04`, `1985`.
    fn text(&self) -> Option<String> {
        let Birth { year, month, day } = self;
        match (year, month, day) {
            (0, _, _) => None,
            (year, 0, _) => Some(format!("{year:04}")),
            (year, month, 0) => Some(format!("{year:04}-{month:02}")),
            (year, month, day) => Some(format!("{year:04}-{month:02}-{day:02}")),
        }
    }

    /// Whether so many years are over in Japan; `None` where the date is not wholly known. By law a year is completed on the
    /// day before the birthday; counting from the birthday itself makes nobody older.
    fn is_over(&self, years: u32, now_ms: u64) -> Option<bool> {
        if self.year == 0 || self.month == 0 || self.day == 0 {
            return None;
        }
        // Japan has been nine hours ahead, without summer time, since before anybody who is asked was born.
        let (year, month, day) = date((now_ms + 9 * 3_600_000) / DAY_MS);
        Some((year, month, day) >= (self.year + years, self.month, self.day))
    }
}

/// A day since 1970 as a Gregorian date.
fn date(days: u64) -> (u32, u32, u32) {
    let leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut left, mut year) = (days, 1970);
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, u32::try_from(left).unwrap_or(0) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (days, expected) in [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29)), (20_454, (2026, 1, 1))]
        {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn an_age_counts_from_the_birthday_in_japan_and_is_unknown_with_its_date() {
        let over = |text, now_ms| Birth::read(text).ok().and_then(|birth| birth.is_over(18, now_ms));
        // 2026-01-01T00:00 in Japan is nine hours before it is so in UTC.
        let new_year = 20_454 * DAY_MS - 9 * 3_600_000;
        assert_eq!(over("420080101", new_year), Some(true));
        assert_eq!(over("420080101", new_year - 1), Some(false));
        for unknown in ["420080100", "420080001", "000000000"] {
            assert_eq!(over(unknown, new_year), None, "{unknown}");
        }
        for wrong in ["", "20080101", "620080101", "42008010a", "420081301"] {
            assert!(Birth::read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Birth::read("319850400").unwrap().text().as_deref(), Some("1985-04"));
    }
}
