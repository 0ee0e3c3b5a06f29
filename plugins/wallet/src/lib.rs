//! Wallet rail: hold, raise, extend, capture, release, refund and inquire at a wallet provider's pre-authorisation API.
//!
//! One call for each command, under the hub's operation id as the provider's idempotency key. The rule that keeps
//! money right: only a record of *this* operation, signed off by the provider as settled or declined, settles or
//! declines. A bare 4xx can come from a gateway after an earlier attempt went through, so it is `unknown`. Where the
//! provider asks its payer in the app, the operation waits: for a webhook, or until it is time to ask what they said.

mod notices;
mod signed;
mod wire;

use tebura_plugin::{
    Call, Capture, Command, Declared, Extend, Fault, Hold, Inbound, Inquiry, Money, Next, Operation, Rail, Raise,
    Refund, Release, Reply, Silence, Tag, declined, export_rail_with_notices, log, never_arrived, settled, unknown,
    wait_until, yen,
};

use crate::wire::{Kind, Problem, Record, Status};

/// The handle in `plugin.toml`.
const PROVIDER: &str = "provider";

/// Tags: what the call in flight does.
const PERFORM: &str = "perform";
const INQUIRE: &str = "inquire";
/// The provider asks its payer; how often this was looked at is kept with it.
const CONFIRM: &str = "confirm";

/// How long until the provider is asked what its payer said, where no webhook comes.
const CONFIRM_MS: u64 = 30_000;
/// Looks before it is left to the hub's inquiries: a payer has ten minutes.
const MOST_LOOKS: u32 = 20;

/// The wallet provider as a rail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wallet;

impl Rail for Wallet {
    fn hold(&self, op: &Operation, hold: &Hold) -> Next {
        perform(
            op,
            &hold.amount,
            "/v1/preauthorizations".to_owned(),
            &wire::Preauthorize {
                operation: &op.id,
                wallet: &hold.payer.token,
                merchant: &hold.payee.token,
                amount: hold.amount.minor(),
                currency: hold.amount.currency(),
                expires_at: hold.expires,
            },
        )
    }

    fn raise(&self, op: &Operation, raise: &Raise) -> Next {
        let Some(hold) = segment(&raise.reference) else { return malformed() };
        perform(
            op,
            &raise.amount,
            format!("/v1/preauthorizations/{hold}/raise"),
            &wire::Change { operation: &op.id, amount: raise.amount.minor(), currency: raise.amount.currency() },
        )
    }

    fn extend(&self, op: &Operation, extend: &Extend) -> Next {
        let Some(hold) = segment(&extend.reference) else { return malformed() };
        perform(
            op,
            &extend.amount,
            format!("/v1/preauthorizations/{hold}/extend"),
            &wire::Extend {
                operation: &op.id,
                amount: extend.amount.minor(),
                currency: extend.amount.currency(),
                expires_at: extend.until,
            },
        )
    }

    fn capture(&self, op: &Operation, capture: &Capture) -> Next {
        let Some(hold) = segment(&capture.reference) else {
            return malformed();
        };
        perform(
            op,
            &capture.amount,
            format!("/v1/preauthorizations/{hold}/captures"),
            &wire::Capture {
                operation: &op.id,
                amount: capture.amount.minor(),
                currency: capture.amount.currency(),
                is_final: capture.is_final,
            },
        )
    }

    fn release(&self, op: &Operation, release: &Release) -> Next {
        let Some(hold) = segment(&release.reference) else { return malformed() };
        perform(
            op,
            &release.amount,
            format!("/v1/preauthorizations/{hold}/revert"),
            &wire::Change { operation: &op.id, amount: release.amount.minor(), currency: release.amount.currency() },
        )
    }

    fn refund(&self, op: &Operation, refund: &Refund) -> Next {
        let Some(capture) = segment(&refund.reference) else {
            return malformed();
        };
        perform(
            op,
            &refund.amount,
            format!("/v1/captures/{capture}/refunds"),
            &wire::Change { operation: &op.id, amount: refund.amount.minor(), currency: refund.amount.currency() },
        )
    }

    fn inquire(&self, op: &Operation, inquiry: &Inquiry) -> Next {
        match segment(&inquiry.of) {
            Some(operation) => match ask_about(op, operation) {
                Ok(call) => call.then(INQUIRE),
                Err(fault) => unknown(fault.code, fault.message),
            },
            None => unknown("operation.malformed", "the operation's id cannot stand in a path"),
        }
    }

    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
        match (at.name(), reply.status()) {
            (PERFORM | INQUIRE, 200 | 201) => recorded(op, reply),
            (PERFORM, 202) if is_pending(op, reply) => wait(op, 0),
            (CONFIRM, 200) if is_pending(op, reply) => match at.value::<u32>() {
                Ok(looks) if looks < MOST_LOOKS => wait(op, looks + 1),
                Ok(_) | Err(_) => unknown("provider.pending", "the payer has not said anything"),
            },
            (CONFIRM, 200) => recorded(op, reply),
            (INQUIRE, 404) => not_found(op, reply),
            (PERFORM, 402 | 404 | 409 | 410) => recorded(op, reply),
            (_, 202) => unknown("provider.pending", "the provider accepted the call and has not decided"),
            (_, status) => {
                log::warn("the provider gave no answer about the operation");
                unknown("provider.no_answer", format!("the provider answered {status}, which decides nothing"))
            }
        }
    }

    fn on_silence(&self, op: &Operation, at: &Tag, silence: &Silence) -> Next {
        if silence.maybe_delivered || op.is_inquiry() || at.name() != PERFORM {
            unknown("silence", silence.reason.as_str())
        } else {
            declined("provider.unreachable", "no connection to the provider; nothing was sent")
        }
    }

    fn on_timer(&self, op: &Operation, at: &Tag) -> Next {
        look(op, at)
    }

    /// A webhook is a hint: whatever it says, the provider is asked.
    fn on_notice(&self, op: &Operation, at: &Tag, _notice: &Inbound) -> Next {
        look(op, at)
    }
}

export_rail_with_notices!(Wallet);

fn wait(op: &Operation, looks: u32) -> Next {
    wait_until(op.now + CONFIRM_MS, CONFIRM, &looks)
}

/// Asks what became of an operation whose payer was asked.
fn look(op: &Operation, at: &Tag) -> Next {
    match (at.name(), at.value::<u32>(), segment(subject(op).0)) {
        (CONFIRM, Ok(looks), Some(operation)) => match ask_about(op, operation) {
            Ok(call) => call.then_with(CONFIRM, &looks),
            Err(fault) => unknown(fault.code, fault.message),
        },
        _ => unknown("event.unexpected", "nothing is waited for"),
    }
}

fn ask_about(op: &Operation, operation: &str) -> Result<Call<Declared>, Fault> {
    Ok(signed::request(op, "GET", format!("/v1/operations/{operation}"), Vec::new())?.read())
}

/// Whether the provider says that it has not decided about this very operation.
fn is_pending(op: &Operation, reply: &Reply) -> bool {
    let (id, kind) = subject(op);
    let about = |record: &Record| record.operation == id && record.kind == kind && record.status == Status::Pending;
    reply.json::<Record>().is_ok_and(|record| about(&record))
}

fn perform<T: serde::Serialize>(op: &Operation, amount: &Money, path: String, body: &T) -> Next {
    if amount.currency() != "JPY" {
        return declined("currency.unsupported", "this wallet holds yen only");
    }
    if amount.minor() == 0 {
        return declined("amount.zero", "an amount is at least 1 yen");
    }
    let unwritable = |error: serde_json::Error| Fault::new("request.unwritable", error.to_string());
    let body = serde_json::to_vec(body).map_err(unwritable);
    match body.and_then(|body| signed::request(op, "POST", path, body)) {
        Ok(call) => call.idempotent(&op.id).then(PERFORM),
        Err(fault) => declined(fault.code, fault.message),
    }
}

/// Settles or declines by the provider's record of this operation.
fn recorded(op: &Operation, reply: &Reply) -> Next {
    let record = match reply.json::<Record>() {
        Ok(record) => record,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    let (id, kind) = subject(op);
    if record.operation != id || record.kind != kind {
        return unknown("reply.other_operation", "the provider answered about another operation");
    }
    match record.status {
        Status::Pending => unknown("provider.pending", "the provider has not decided"),
        Status::Declined => {
            let code = hub_code(&record.code);
            declined(code, format!("the provider declined: {}", wire::word(&record.code)))
        }
        Status::Settled if record.currency != "JPY" => {
            unknown("reply.currency_differs", "the provider settled in another currency")
        }
        Status::Settled if !amount_fits(op, record.amount) => {
            unknown("reply.amount_differs", "the provider settled another amount than was asked")
        }
        Status::Settled if segment(&record.reference).is_none() => {
            unknown("reply.reference_malformed", "the provider's reference cannot stand in a path")
        }
        Status::Settled => settled(record.reference, yen(record.amount)),
    }
}

/// The provider has no record. Only its own word about this very operation counts, not a gateway's 404.
fn not_found(op: &Operation, reply: &Reply) -> Next {
    let (id, _) = subject(op);
    match reply.json::<Problem>() {
        Ok(problem) if problem.code == "operation.not_found" && problem.operation == id => {
            never_arrived("the provider has no such operation")
        }
        Ok(_) | Err(_) => unknown("provider.no_answer", "the provider answered 404, and not about this operation"),
    }
}

/// Which operation a record has to be about.
fn subject(op: &Operation) -> (&str, Kind) {
    match &op.command {
        Command::Hold(_) => (&op.id, Kind::Preauthorization),
        Command::Raise(_) => (&op.id, Kind::Raise),
        Command::Extend(_) => (&op.id, Kind::Extend),
        Command::Capture(_) => (&op.id, Kind::Capture),
        Command::Release(_) => (&op.id, Kind::Revert),
        Command::Refund(_) => (&op.id, Kind::Refund),
        Command::Inquire(inquiry) => (&inquiry.of, Kind::about(&inquiry.about)),
        Command::Extension(_) => (&op.id, Kind::Other),
    }
}

/// A capture may settle less, everything else is all or nothing; the hub checks an inquiry's amount.
fn amount_fits(op: &Operation, settled: u64) -> bool {
    match &op.command {
        Command::Hold(hold) => settled == hold.amount.minor(),
        Command::Raise(raise) => settled == raise.amount.minor(),
        Command::Extend(extend) => settled == extend.amount.minor(),
        Command::Release(release) => settled == release.amount.minor(),
        Command::Refund(refund) => settled == refund.amount.minor(),
        Command::Capture(capture) => settled > 0 && settled <= capture.amount.minor(),
        Command::Inquire(_) | Command::Extension(_) => true,
    }
}

/// The hub's word for a provider's reason.
fn hub_code(provider: &str) -> &'static str {
    match provider {
        "funds.insufficient" => "funds.insufficient",
        "wallet.not_found" => "payer.not_found",
        "merchant.not_found" => "payee.not_found",
        "merchant.funds_insufficient" => "payee.funds_insufficient",
        "preauthorization.not_found" => "hold.not_found",
        "payer.refused" => "payer.refused",
        "preauthorization.expired" => "hold.expired",
        "preauthorization.closed" => "hold.closed",
        "preauthorization.exceeded" => "hold.capture_exceeds_free",
        "preauthorization.too_long" => "hold.too_long",
        "capture.not_found" => "capture.not_found",
        "capture.exceeded" => "refund.exceeds_capture",
        _ => "provider.declined",
    }
}

/// A reference or id as one path segment, or nothing when it could be read as more than one.
pub(crate) fn segment(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(plain);
    fits.then_some(text)
}

fn malformed() -> Next {
    declined("reference.malformed", "the reference is not one that this provider gave")
}
