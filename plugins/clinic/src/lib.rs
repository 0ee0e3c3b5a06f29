//! A clinic's reception: face or card in the place of the patient card, eligibility at the terminal in the same step, a hold of
//! the estimate so that nobody waits to pay, and the receipt computer's signed bill.
//!
//! A visit is one request. The hub knows the person; the clinic knows the number of the chart and of the insurance under a name
//! that no other service has. The legal check of eligibility is the terminal's, never the face's. Absent: medication and
//! history (they need a consent given at the national reader), the book of appointments, what a questionnaire says.

mod appointment;
mod bill;
mod certificate;
mod notices;
mod patient;
mod reception;
mod records;
mod register;
mod settings;
mod settle;
mod terminal;
mod visit;

use settings::Settings;
use tebura_plugin::service::*;
use visit::Visit;

/// The reception of one clinic.
#[derive(Debug, Default)]
pub struct Clinic;

impl Service for Clinic {
    fn describe(&self) -> Description {
        let known = include_str!("../schemas/patient-output.json");
        let register = Action::new("register")
            .title("ja", "患者登録")
            .title("en", "Register a patient")
            .input(include_str!("../schemas/register-input.json"))
            .output(known)
            .recognised_by(["staff", "card", "face"]);
        let forget = Action::new("forget")
            .title("ja", "患者登録の抹消")
            .title("en", "Forget a patient")
            .output(known)
            .recognised_by(["staff", "card", "face"]);
        let receive = Action::new("receive")
            .title("ja", "受付")
            .title("en", "Reception")
            .input(include_str!("../schemas/receive-input.json"))
            .output(include_str!("../schemas/visit-output.json"))
            .wishes(["birth_date", "name", "name_substituted"])
            .recognised_by(["face", "card", "staff", "guardian"])
            .message("chart", include_str!("../schemas/chart-message.json"))
            .message("bill", include_str!("../schemas/bill-message.json"))
            .message("no-treatment", include_str!("../schemas/no-treatment-message.json"));
        Description::new(include_str!("../schemas/settings.json")).action(receive).action(register).action(forget)
    }

    fn handle(&self, request: &Request) -> Next {
        let answered = match request.action.as_str() {
            "receive" => request.settings().and_then(|settings| reception::begin(request, &settings, request.input()?)),
            "register" => {
                request.settings().and_then(|settings| Ok(register::register(request, &settings, request.input()?)))
            }
            "forget" => Ok(register::forget(request)),
            other => Err(Fault::new("clinic.action_unknown", format!("there is no action {other:?}"))),
        };
        answered.unwrap_or_else(|why| fail(why.code, why.message))
    }

    fn on_reply(&self, request: &Request, at: &Tag, reply: &Reply) -> Next {
        going_on(request, at, |settings, visit| match at.name() {
            "asked" if (200..300).contains(&reply.status()) => reception::look(request, visit),
            "looked" => reception::looked(request, settings, visit, reply),
            _ => reception::unavailable(request, settings, visit),
        })
    }

    fn on_silence(&self, request: &Request, at: &Tag, _: &Silence) -> Next {
        going_on(request, at, |settings, visit| reception::unavailable(request, settings, visit))
    }

    fn on_timer(&self, request: &Request, at: &Tag) -> Next {
        going_on(request, at, |_, visit| match at.name() {
            "pause" => reception::look(request, visit),
            _ => settle::unbilled(request, visit),
        })
    }

    fn on_message(&self, request: &Request, at: &Tag, message: &Message) -> Next {
        going_on(request, at, |settings, visit| match (at.name(), message.name.as_str()) {
            ("waiting" | "pause", "bill") => match message.input() {
                Ok(bill) if at.name() == "pause" => settle::early(request, settings, visit, bill),
                Ok(bill) => settle::bill(request, settings, visit, &bill),
                Err(why) => fail(why.code, why.message),
            },
            ("waiting", "chart") => reception::chart(request, settings, &visit),
            // Not received yet: the next look at the folder is now.
            ("pause", "chart") => reception::look(request, visit),
            // Whoever has a bill was treated.
            ("pause", _) if visit.early.is_some() => reception::pause(request, &visit, None),
            ("waiting" | "pause", _) => settle::untreated(request, visit),
            (other, _) => fail("clinic.message_unexpected", format!("nothing is awaited at {other:?}")),
        })
    }

    fn on_moved(&self, request: &Request, at: &Tag, receipt: &Receipt) -> Next {
        going_on(request, at, |settings, visit| match at.name() {
            "held" => reception::received(request, settings, reception::held(visit, receipt)),
            other => settle::moved(request, other, visit, receipt),
        })
    }

    fn on_not_moved(&self, request: &Request, at: &Tag, why: &Fault) -> Next {
        going_on(request, at, |settings, visit| match at.name() {
            "held" => {
                let code = Some(why.code.clone());
                reception::received(request, settings, Visit { code, ..visit })
            }
            other => settle::not_moved(request, other, visit, why),
        })
    }
}

fn going_on(request: &Request, at: &Tag, go: impl FnOnce(&Settings, Visit) -> Next) -> Next {
    match request.settings::<Settings>().and_then(|settings| Ok((settings, at.value::<Visit>()?))) {
        Ok((settings, visit)) => go(&settings, visit),
        Err(why) => fail(why.code, why.message),
    }
}

tebura_plugin::export_service!(Clinic);
