//! The receipt computer's bill, which it signs: nobody else says what a visit costs.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

/// The key handle of `plugin.toml`.
const KEY: &str = "receipts";

/// What the receipt computer tells the visit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bill {
    /// Its number: no number counts twice.
    pub(crate) bill: String,
    /// The request of the visit.
    pub(crate) visit: String,
    /// Of the chart.
    pub(crate) patient: String,
    /// The patient's share, yen.
    pub(crate) amount: u64,
    /// Of [`Bill::signed`], hexadecimal digits.
    #[serde(default)]
    pub(crate) signature: String,
}

impl Bill {
    /// What is signed.
    fn signed(&self, institution: &str) -> String {
        let Bill { bill, visit, patient, amount, .. } = self;
        format!("tebura-bill-1\n{institution}\n{visit}\n{patient}\n{bill}\n{amount}\n")
    }

    /// Where its number is kept.
    pub(crate) fn key(&self) -> String {
        format!("bill/{}", self.bill)
    }

    /// Whether it counts for a visit.
    ///
    /// Errors: the reason, as the receipt computer is told it, or what the operator has to look at.
    pub(crate) fn check(&self, institution: &str, visit: &str, patient: &str) -> Result<(), Refused> {
        if self.signature.is_empty() {
            return Err(Refused::Shown("bill_unsigned"));
        }
        match crypto::verify(KEY, self.signed(institution).as_bytes(), &from_hex(&self.signature)) {
            Ok(()) => {}
            Err(fault) if fault.code == "crypto.bad_signature" => return Err(Refused::Shown("bill_forged")),
            Err(fault) => return Err(Refused::Fault(fault)),
        }
        if self.patient != patient {
            return Err(Refused::Shown("bill_for_another_patient"));
        }
        if self.visit != visit {
            return Err(Refused::Shown("bill_for_another_visit"));
        }
        if kv::get(&self.key()).is_some() {
            return Err(Refused::Shown("bill_twice"));
        }
        Ok(())
    }
}

/// Why a bill does not count.
pub(crate) enum Refused {
    /// Told to the receipt computer; the visit waits on.
    Shown(&'static str),
    /// No key is bound.
    Fault(Fault),
}
