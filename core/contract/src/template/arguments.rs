//! Arguments of templates and what can be wrong with them.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tebura_ledger::{Currency, CurrencyError, RailId};
use thiserror::Error;

use crate::duration;
use crate::finding::Finding;
use crate::limits::AMOUNT_MAX;
use crate::model::Label;
use crate::text::{is_deceptive, is_markup};

/// The longest period that a template takes: a year. A contract has few of them in a row.
const PERIOD_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1_000;

/// A length of time; as JSON an ISO 8601 duration such as `PT3H`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(i64);

/// Why a template cannot be filled in.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TemplateError {
    /// A name for people is empty, too long, or has characters that deceive.
    #[error("`{argument}` has to be 1 to 80 visible characters in Japanese and in English: correct it")]
    Text {
        /// The argument.
        argument: &'static str,
    },
    /// A currency is not one.
    #[error("`{argument}`: {reason}")]
    Currency {
        /// The argument.
        argument: &'static str,
        /// Why.
        reason: CurrencyError,
    },
    /// A rail's name is not one.
    #[error("`{argument}` is not a rail's name: write it as the hub lists it")]
    Rail {
        /// The argument.
        argument: &'static str,
    },
    /// A number is outside its bounds.
    #[error("`{argument}` has to lie between {min} and {max}: correct it")]
    OutOfRange {
        /// The argument.
        argument: &'static str,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A period is too short or too long.
    #[error("`{argument}` has to be longer than {} and at most {}: correct it", duration::write(*above_ms), duration::write(*max_ms))]
    PeriodOutOfRange {
        /// The argument.
        argument: &'static str,
        /// Longer than this, in milliseconds.
        above_ms: i64,
        /// At most this, in milliseconds.
        max_ms: i64,
    },
    /// A list is empty or too long.
    #[error("`{argument}` has to have {min} to {max} entries: shorten it or add some")]
    Count {
        /// The argument.
        argument: &'static str,
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// A list is not in order.
    #[error("`{argument}` has to be in order, the earliest step first and each dearer than the one before: sort it")]
    Order {
        /// The argument.
        argument: &'static str,
    },
    /// The price cannot be divided.
    #[error("{price} cannot be divided into {parts} equal parts: choose a price that can")]
    Indivisible {
        /// The price.
        price: i64,
        /// The number of parts.
        parts: i64,
    },
    /// The document that was made is refused: a defect of the template.
    #[error("the template made a document that is refused: {}", findings.first().map(ToString::to_string).unwrap_or_default())]
    Refused {
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
}

impl TemplateError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Text { .. } => "template.text",
            Self::Currency { .. } => "template.currency",
            Self::Rail { .. } => "template.rail",
            Self::OutOfRange { .. } => "template.out_of_range",
            Self::PeriodOutOfRange { .. } => "template.period_out_of_range",
            Self::Count { .. } => "template.count",
            Self::Order { .. } => "template.order",
            Self::Indivisible { .. } => "template.indivisible",
            Self::Refused { .. } => "template.refused",
        }
    }
}

impl Period {
    /// Takes whole seconds.
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds as i64 * 1_000)
    }

    /// The length in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// As the document writes it.
    pub(super) fn text(self) -> String {
        duration::write(self.0)
    }

    /// As the document writes it, backwards.
    pub(super) fn before(self) -> String {
        if self.0 == 0 { self.text() } else { format!("-{}", self.text()) }
    }

    /// Longer than `above`, and a year at most.
    pub(super) fn longer_than(self, above: Self, argument: &'static str) -> Result<Self, TemplateError> {
        if self.0 > above.0 && self.0 <= PERIOD_MS_MAX {
            Ok(self)
        } else {
            Err(TemplateError::PeriodOutOfRange { argument, above_ms: above.0, max_ms: PERIOD_MS_MAX })
        }
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ms = duration::parse(&text);
        let wrong = || serde::de::Error::custom("write a length of time, for example PT3H or P7D");
        ms.map(Self).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire {
            ja: String,
            en: String,
        }
        Wire::deserialize(deserializer).map(|Wire { ja, en }| Self { ja, en })
    }
}

/// The name for people as the document has it.
pub(super) fn name(label: &Label) -> Result<Value, TemplateError> {
    let fits = |text: &str| {
        let seen = (1..=80).contains(&text.chars().count()) && text.trim() == text;
        seen && !text.chars().any(|c| is_deceptive(c) || is_markup(c))
    };
    if fits(&label.ja) && fits(&label.en) {
        Ok(serde_json::json!({"ja": label.ja, "en": label.en}))
    } else {
        Err(TemplateError::Text { argument: "name" })
    }
}

pub(super) fn currency(code: &str, argument: &'static str) -> Result<(), TemplateError> {
    Currency::new(code).map(|_| ()).map_err(|reason| TemplateError::Currency { argument, reason })
}

pub(super) fn rail(name: &str, argument: &'static str) -> Result<(), TemplateError> {
    RailId::new(name).map(|_| ()).map_err(|_| TemplateError::Rail { argument })
}

pub(super) fn amount(units: i64, argument: &'static str) -> Result<(), TemplateError> {
    within(units, 1, AMOUNT_MAX, argument)
}

pub(super) fn within(value: i64, min: i64, max: i64, argument: &'static str) -> Result<(), TemplateError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(TemplateError::OutOfRange { argument, min, max }) }
}
