//! Currencies and how many decimal places each has.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

const CODE_LEN_MAX: usize = 12;

/// ISO 4217 codes whose minor unit is the whole unit.
const EXPONENT_0: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// ISO 4217 codes with a hundredth as minor unit.
const EXPONENT_2: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND", "BOB",
    "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC",
    "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD",
    "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN",
    "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
];
/// ISO 4217 codes with a thousandth as minor unit.
const EXPONENT_3: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// ISO 4217 codes with a ten-thousandth as minor unit.
const EXPONENT_4: &[&str] = &["CLF", "UYW"];

/// A currency: an ISO 4217 code, or an operator's own code for points and regional money.
///
/// An operator's code has 3 to 12 upper-case letters and digits, counts whole units (exponent 0), and is never three
/// letters: those belong to ISO 4217, so that a mistyped `JPX` is refused and not taken for a new currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; CODE_LEN_MAX],
    len: u8,
    exponent: u8,
}

/// Why a text is not a currency.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CurrencyError {
    /// Not 3 to 12 upper-case letters and digits.
    #[error("a currency code has 3 to 12 upper-case letters and digits, for example JPY or KAGAPT: correct the code")]
    Malformed,
    /// Three letters that ISO 4217 does not assign.
    #[error(
        "{code} is not an ISO 4217 currency: correct it, or give an operator's own currency four characters or more"
    )]
    NotIso {
        /// The code that was given.
        code: String,
    },
}

impl Currency {
    /// Japanese yen; no decimal places.
    pub const JPY: Self = Self::iso(*b"JPY", 0);

    const fn iso(letters: [u8; 3], exponent: u8) -> Self {
        let mut code = [0; CODE_LEN_MAX];
        code[0] = letters[0];
        code[1] = letters[1];
        code[2] = letters[2];
        Self { code, len: 3, exponent }
    }

    /// Takes a code as it is written in text.
    ///
    /// # Errors
    /// [`CurrencyError`] when the code has a wrong shape or three letters that ISO 4217 does not assign.
    pub fn new(text: &str) -> Result<Self, CurrencyError> {
        let shape = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if !(3..=CODE_LEN_MAX).contains(&text.len()) || !text.bytes().all(shape) {
            return Err(CurrencyError::Malformed);
        }
        let letters_only = text.bytes().all(|b| b.is_ascii_uppercase());
        let exponent = match iso_exponent(text) {
            Some(exponent) => exponent,
            None if text.len() == 3 && letters_only => {
                return Err(CurrencyError::NotIso { code: text.to_owned() });
            }
            None => 0,
        };
        let mut code = [0; CODE_LEN_MAX];
        for (slot, byte) in code.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        let len = u8::try_from(text.len()).map_err(|_| CurrencyError::Malformed)?;
        Ok(Self { code, len, exponent })
    }

    /// The code, for example `JPY`.
    pub fn code(&self) -> &str {
        // The bytes were checked to be ASCII when the value was made.
        core::str::from_utf8(&self.code[..usize::from(self.len)]).unwrap_or_default()
    }

    /// Decimal places of the minor unit: 0 for yen, 2 for dollars.
    pub const fn exponent(&self) -> u8 {
        self.exponent
    }
}

fn iso_exponent(code: &str) -> Option<u8> {
    [(0, EXPONENT_0), (2, EXPONENT_2), (3, EXPONENT_3), (4, EXPONENT_4)]
        .into_iter()
        .find(|(_, codes)| codes.binary_search(&code).is_ok())
        .map(|(exponent, _)| exponent)
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}
