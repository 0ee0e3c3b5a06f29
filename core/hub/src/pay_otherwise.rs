//! Pays at a till without a face: with a code, with a card, named by the staff, or approved by a guardian.
//!
//! From the decision on it is the same payment: the same row, the same hold and capture, the same answer. Who cannot or will not
//! show a face is not worse off. Absent: looking at pictures.

use tebura_ledger::Money;

use crate::hub::Hub;
use crate::ids::{InstrumentId, PersonId, TillId};
use crate::passes::{Pass, PassKind};
use crate::pay_by_face::{PayByFaceError, PaymentAnswer, Shown, chosen, pin_code};
use crate::payment::{Decision, Payer};
use crate::people::Instrument;
use crate::perform::KeyRequest;
use crate::pin::Pin;
use crate::sites::Till;

/// How the payer is known.
#[derive(Clone, Debug)]
pub enum PayWay {
    /// By her own code.
    Pass { code: String },
    /// By the card that the terminal read.
    Card { instrument: InstrumentId },
    /// By the staff, who have seen a document with a photograph. Only people of the till's gallery.
    Staff { person: PersonId },
    /// A ward, whose guardian approves it with a code of their own.
    Guardian { ward: PersonId, code: String },
}

impl PayWay {
    /// The word in the API and in rows.
    pub fn word(&self) -> &'static str {
        match self {
            PayWay::Pass { .. } => "pass",
            PayWay::Card { .. } => "card",
            PayWay::Staff { .. } => "staff",
            PayWay::Guardian { .. } => "guardian",
        }
    }
}

/// A payment to make.
#[derive(Clone, Debug)]
pub struct PayOtherwise {
    pub till: TillId,
    pub amount: Money,
    pub way: PayWay,
    pub pin: Option<Pin>,
}

/// Who is to pay with what, before anything is decided.
struct Named {
    person: PersonId,
    instrument: Option<Instrument>,
    /// Used up with the payment.
    pass: Option<Pass>,
    /// Another factor was shown with it.
    stronger: bool,
}

impl Hub {
    /// Pays. A repeat with the same key gives the same payment and uses nothing up again.
    pub async fn pay_otherwise(&self, key: KeyRequest, command: PayOtherwise) -> Result<PaymentAnswer, PayByFaceError> {
        let PayOtherwise { till, amount, way, pin } = command;
        let till = self.till_for(till, amount).await?;
        if let Some(answer) = self.earlier_payment(&key).await? {
            return Ok(answer);
        }
        let decision = match self.look_otherwise(&key, &till, amount, &way, pin).await? {
            Ok(payer) => Decision::Recognised(payer),
            Err(code) => Decision::Refused { code: code.to_owned() },
        };
        self.decided_payment(key, &till, amount, decision, Shown::Otherwise(way.word())).await
    }

    async fn look_otherwise(
        &self,
        key: &KeyRequest,
        till: &Till,
        amount: Money,
        way: &PayWay,
        pin: Option<Pin>,
    ) -> Result<Result<Payer, &'static str>, PayByFaceError> {
        let named = match self.named(till, way).await? {
            Ok(named) => named,
            Err(code) => return Ok(Err(code)),
        };
        let Named { person, instrument, pass, stronger } = named;
        let approved = matches!(way, PayWay::Guardian { .. });
        let above = amount.minor() > till.pin_above && !stronger;
        if !approved && (above || self.is_minor(person).await?) {
            let verdict = self.check_pin(person, pin).await?;
            if let Some(code) = pin_code(verdict) {
                return Ok(Err(code));
            }
        }
        let Some(instrument) = instrument else { return Ok(Err("instrument.none")) };
        if let Some(pass) = pass
            && let Err(code) = self.use_pass(&pass, key).await?
        {
            return Ok(Err(code));
        }
        Ok(Ok(self.payer(person, &instrument)))
    }

    async fn named(&self, till: &Till, way: &PayWay) -> Result<Result<Named, &'static str>, PayByFaceError> {
        let of = async |person: PersonId| -> Result<Option<Instrument>, PayByFaceError> {
            Ok(chosen(&self.store.instruments(person).await?).cloned())
        };
        Ok(match way {
            PayWay::Pass { code } => match self.read_pass(code, till.merchant).await? {
                Ok(Pass { kind: PassKind::Ticket(_), .. }) => Err("pass.is_a_ticket"),
                Ok(pass) => {
                    let (person, instrument) = (pass.person, of(pass.person).await?);
                    Ok(Named { person, instrument, pass: Some(pass), stronger: true })
                }
                Err(code) => Err(code),
            },
            PayWay::Card { instrument } => match self.instrument(*instrument).await? {
                None | Some(Instrument { removed_at: Some(_), .. }) => Err("card.not_known"),
                Some(known) if self.store.person(known.person).await?.is_none() => Err("card.not_known"),
                Some(known) => Ok(Named { person: known.person, instrument: Some(known), pass: None, stronger: false }),
            },
            PayWay::Staff { person } => match self.store.gallery_membership(till.gallery, *person).await? {
                None => Err("person.not_admitted"),
                Some(_) if self.store.person(*person).await?.is_none() => Err("person.not_admitted"),
                Some(_) => Ok(Named { person: *person, instrument: of(*person).await?, pass: None, stronger: false }),
            },
            PayWay::Guardian { ward, code } => {
                let pass = match self.read_pass(code, till.merchant).await? {
                    Ok(Pass { kind: PassKind::Ticket(_), .. }) => return Ok(Err("pass.is_a_ticket")),
                    Ok(pass) => pass,
                    Err(code) => return Ok(Err(code)),
                };
                if let Err(code) = self.answers_for(pass.person, *ward).await? {
                    return Ok(Err(code));
                }
                // A ward without a purse of her own is paid for by who approves it.
                let instrument = match of(*ward).await? {
                    Some(own) => Some(own),
                    None => of(pass.person).await?,
                };
                Ok(Named { person: *ward, instrument, pass: Some(pass), stronger: true })
            }
        })
    }
}
