//! Tickets: the text of their QR code, which the ticket office signed, and what the gate remembers of each.
//!
//! `TK1.<number>.<pass>.<first day>.<last day>.<code>`: the code is the HMAC-SHA256 of all before its dot, in hexadecimal
//! digits. A copy of the text is as good as the ticket; that is why a pass may be bound to a person.

use serde::{Deserialize, Serialize};
use tebura_plugin::service::*;

/// The key handle of `plugin.toml`.
const KEY: &str = "tickets";
const VERSION: &str = "TK1";
/// Characters of a number: it is part of a key.
const MAX_NUMBER: usize = 32;

/// A genuine ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Upper-case letters and digits.
    pub(crate) number: String,
    /// The kind of pass.
    pub(crate) pass: String,
    /// From this day.
    pub(crate) from: Day,
    /// Until the end of this day.
    pub(crate) until: Day,
}

/// Why a text is no ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Shown to the person: `ticket_unreadable` or `ticket_forged`.
    Shown(&'static str),
    /// The operator has to look: no key is bound.
    Fault(Fault),
}

impl Ticket {
    /// Reads a QR code's text and checks its code.
    ///
    /// Errors: [`Refusal`].
    pub(crate) fn read(text: &str) -> Result<Ticket, Refusal> {
        const UNREADABLE: Refusal = Refusal::Shown("ticket_unreadable");
        let (signed, code) = text.trim().rsplit_once('.').ok_or(UNREADABLE)?;
        let parts: Vec<&str> = signed.split('.').collect();
        let [VERSION, number, pass, from, until] = parts[..] else { return Err(UNREADABLE) };
        let is_number = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(1..=MAX_NUMBER).contains(&number.len()) || !number.bytes().all(is_number) {
            return Err(UNREADABLE);
        }
        let (from, until) = Day::parse(from).zip(Day::parse(until)).ok_or(UNREADABLE)?;
        match crypto::verify(KEY, signed.as_bytes(), &from_hex(code)) {
            Ok(()) => Ok(Ticket { number: number.to_owned(), pass: pass.to_owned(), from, until }),
            Err(fault) if fault.code == "crypto.bad_signature" => Err(Refusal::Shown("ticket_forged")),
            Err(fault) => Err(Refusal::Fault(fault)),
        }
    }

    /// Whether it counts on a day.
    pub(crate) fn is_valid_on(&self, day: Day) -> bool {
        (self.from..=self.until).contains(&day)
    }

    /// The key under which the gate remembers it.
    pub(crate) fn key(&self) -> String {
        format!("ticket/{}", self.number)
    }
}

/// What the gate remembers of a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Whose it is, where it is bound to somebody.
    pub(crate) owner: Option<String>,
    /// The last day on which it was used.
    pub(crate) day: Option<Day>,
    /// The request by which its holder is in.
    pub(crate) inside: Option<String>,
    /// The charge that is on its way: nobody else enters with the ticket meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) paying: Option<Paying>,
}

/// A charge at the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Paying {
    /// The request that charges.
    pub(crate) request: String,
    /// From here on it keeps nobody out any more: whatever became of it, nothing is held.
    pub(crate) until: Millis,
}

impl Known {
    /// As the instance's keys have it.
    pub(crate) fn of(ticket: &Ticket) -> Known {
        Known::at(&ticket.key())
    }

    /// For the instance's keys.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As the instance's keys have it, by key.
    pub(crate) fn at(key: &str) -> Known {
        kv::get(key).and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Whether its holder is in, on this day.
    pub(crate) fn is_inside(&self, today: Day) -> bool {
        self.day == Some(today) && self.inside.is_some()
    }

    /// Whether somebody is at a gate with it.
    pub(crate) fn is_paying(&self, now: Millis) -> bool {
        self.paying.as_ref().is_some_and(|paying| now < paying.until)
    }

    /// In, by a request.
    pub(crate) fn entered(self, today: Day, request: &str) -> Known {
        Known { day: Some(today), inside: Some(request.to_owned()), paying: None, ..self }
    }
}
