//! CBDC rail: hold, extend, capture, release, refund and inquire at a payer's intermediary, as locks on a central ledger.
//!
//! A hold is a lock. Who may let its money go is a setting: payer's and payee's intermediaries (`two_party`), this hub's
//! arbiter key (`three_party`), or a preimage that only this hub can make (`hash_time`). A lock, a completion and a
//! refund are named by the request that made them, which is the hub's operation id. Only a record of *this* request
//! settles or declines. Absent: notices, transfers without a lock, raises.

mod letter;
mod proof;
mod wire;

use tebura_plugin::{
    Capture, Command, Extend, Fault, Hold, Inquiry, Money, Next, Operation, Party, Rail, Refund, Release, Reply,
    Silence, Tag, crypto, declined, export_rail, log, never_arrived, settled, unknown, yen,
};

use crate::proof::LockKind;
use crate::wire::{Accounts, Kind, Problem, Record, Resolved, Status};

/// Tags: what the call in flight does.
const RESOLVE: &str = "resolve";
const PERFORM: &str = "perform";
const INQUIRE: &str = "inquire";

/// Before a token that is an alias; any other token is an account's id.
const ALIAS: &str = "alias:";

/// A signature by a key's name: [`crypto::sign`], save in native tests, where the host has no ed25519 keys.
pub type Sign = fn(&str, &[u8]) -> Result<Vec<u8>, Fault>;

/// An intermediary as a rail.
#[derive(Clone, Copy, Debug)]
pub struct Cbdc {
    sign: Sign,
}

impl Default for Cbdc {
    fn default() -> Cbdc {
        Cbdc { sign: crypto::sign }
    }
}

impl Cbdc {
    /// The rail with another way to sign, for native tests.
    pub fn signing_with(sign: Sign) -> Cbdc {
        Cbdc { sign }
    }
}

impl Rail for Cbdc {
    fn hold(&self, op: &Operation, hold: &Hold) -> Next {
        if let Some(refusal) = refusal(&hold.amount) {
            return refusal;
        }
        let accounts = Accounts { payer: account(&hold.payer), payee: account(&hold.payee) };
        self.resolve_or_lock(op, hold, accounts)
    }

    fn extend(&self, op: &Operation, extend: &Extend) -> Next {
        let body = wire::Extend {
            request: &op.id,
            amount: extend.amount.minor(),
            currency: extend.amount.currency(),
            until: extend.until,
        };
        self.change(op, &extend.amount, &extend.reference, "/v1/locks", "extend", &body)
    }

    fn capture(&self, op: &Operation, capture: &Capture) -> Next {
        let word = if capture.is_final { "complete" } else { "complete-part" };
        let proof = match proof::of_capture(self.sign, word, &capture.reference, capture.amount.minor(), &op.id) {
            Ok(proof) => proof,
            Err(fault) => return declined(fault.code, fault.message),
        };
        let body = wire::Complete {
            request: &op.id,
            amount: capture.amount.minor(),
            currency: capture.amount.currency(),
            is_final: capture.is_final,
            signature: proof.signature,
            preimage: proof.preimage,
        };
        self.change(op, &capture.amount, &capture.reference, "/v1/locks", "completions", &body)
    }

    fn release(&self, op: &Operation, release: &Release) -> Next {
        let signature = match proof::of_release(self.sign, &release.reference, release.amount.minor(), &op.id) {
            Ok(signature) => signature,
            Err(fault) => return declined(fault.code, fault.message),
        };
        let body = wire::Return {
            request: &op.id,
            amount: release.amount.minor(),
            currency: release.amount.currency(),
            signature,
        };
        self.change(op, &release.amount, &release.reference, "/v1/locks", "returns", &body)
    }

    fn refund(&self, op: &Operation, refund: &Refund) -> Next {
        let body = wire::Refund { request: &op.id, amount: refund.amount.minor(), currency: refund.amount.currency() };
        self.change(op, &refund.amount, &refund.reference, "/v1/completions", "refunds", &body)
    }

    fn inquire(&self, _op: &Operation, inquiry: &Inquiry) -> Next {
        let Some(request) = segment(&inquiry.of) else {
            return unknown("operation.malformed", "the operation's id cannot stand in a path");
        };
        match letter::signed(self.sign, "GET", &format!("/v1/requests/{request}"), Vec::new()) {
            Ok(call) => call.read().then(INQUIRE),
            Err(fault) => unknown(fault.code, fault.message),
        }
    }

    fn on_reply(&self, op: &Operation, at: &Tag, reply: &Reply) -> Next {
        match (at.name(), reply.status()) {
            (RESOLVE, status) => self.resolved(op, at, status, reply),
            (PERFORM | INQUIRE, 200 | 201) => recorded(op, reply),
            (INQUIRE, 404) => not_found(op, reply),
            (PERFORM, 402 | 403 | 404 | 409 | 410 | 422) => recorded(op, reply),
            (_, 202) => unknown("intermediary.pending", "the intermediary has the request and no answer of the ledger"),
            (_, status) => {
                log::warn("the intermediary gave no answer about the request");
                unknown("intermediary.no_answer", format!("the intermediary answered {status}, which decides nothing"))
            }
        }
    }

    fn on_silence(&self, op: &Operation, at: &Tag, silence: &Silence) -> Next {
        let only_looked = at.name() == RESOLVE;
        if (silence.maybe_delivered && !only_looked) || op.is_inquiry() {
            unknown("silence", silence.reason.as_str())
        } else {
            declined("intermediary.unreachable", "the intermediary did not answer; no money was locked")
        }
    }
}

export_rail!(Cbdc);

impl Cbdc {
    /// Looks up an alias that is still one; locks when both accounts are known.
    fn resolve_or_lock(&self, op: &Operation, hold: &Hold, accounts: Accounts) -> Next {
        let (Some(payer), Some(payee)) = (&accounts.payer, &accounts.payee) else {
            let open = if accounts.payer.is_none() { &hold.payer } else { &hold.payee };
            let body = wire::bytes(&wire::Resolve { alias: alias(open) });
            let call = body.and_then(|body| letter::signed(self.sign, "POST", "/v1/aliases/resolve", body));
            return match call {
                Ok(call) => call.read().then_with(RESOLVE, &accounts),
                Err(fault) => declined(fault.code, fault.message),
            };
        };
        let kind = LockKind::of_settings();
        let (kind, stands) = match kind.and_then(|kind| Ok((kind, proof::stands(kind)?))) {
            Ok(known) => known,
            Err(fault) => return declined(fault.code, fault.message),
        };
        let terms = match proof::terms(kind, &op.id) {
            Ok(terms) => terms,
            Err(fault) => return declined(fault.code, fault.message),
        };
        let body = wire::Lock {
            request: &op.id,
            payer,
            payee,
            amount: hold.amount.minor(),
            currency: hold.amount.currency(),
            until: (!stands).then_some(hold.expires),
            kind: kind.word(),
            arbiter: terms.arbiter,
            hash: terms.hash,
        };
        self.send(op, "/v1/locks", &body)
    }

    fn resolved(&self, op: &Operation, at: &Tag, status: u16, reply: &Reply) -> Next {
        let (Command::Hold(hold), Ok(mut accounts)) = (&op.command, at.value::<Accounts>()) else {
            return unknown("state.unreadable", "an alias is looked up for holds only");
        };
        let of_payer = accounts.payer.is_none();
        let asked = alias(if of_payer { &hold.payer } else { &hold.payee });
        let found = match (status, reply.json::<Resolved>(), reply.json::<Problem>()) {
            (200, Ok(found), _) if found.alias == asked && segment(&found.account).is_some() => found.account,
            (404, _, Ok(problem)) if problem.code == "alias.not_found" => {
                let code = if of_payer { "payer.not_found" } else { "payee.not_found" };
                return declined(code, "nobody has this alias");
            }
            _ => {
                let message = "the intermediary did not tell whose the alias is; no money was locked";
                return declined("intermediary.unreachable", message);
            }
        };
        if of_payer {
            accounts.payer = Some(found)
        } else {
            accounts.payee = Some(found)
        }
        self.resolve_or_lock(op, hold, accounts)
    }

    /// A write about something that is there.
    fn change<T: serde::Serialize>(
        &self,
        op: &Operation,
        amount: &Money,
        reference: &str,
        before: &str,
        after: &str,
        body: &T,
    ) -> Next {
        let Some(reference) = segment(reference) else {
            return declined("reference.malformed", "the reference is not one that this intermediary gave");
        };
        match refusal(amount) {
            Some(refusal) => refusal,
            None => self.send(op, &format!("{before}/{reference}/{after}"), body),
        }
    }

    fn send<T: serde::Serialize>(&self, op: &Operation, path: &str, body: &T) -> Next {
        let call = wire::bytes(body).and_then(|body| letter::signed(self.sign, "POST", path, body));
        match call {
            Ok(call) => call.idempotent(&op.id).then(PERFORM),
            Err(fault) => declined(fault.code, fault.message),
        }
    }
}

/// Settles or declines by the intermediary's record of this request.
fn recorded(op: &Operation, reply: &Reply) -> Next {
    let record = match reply.json::<Record>() {
        Ok(record) => record,
        Err(fault) => return unknown(fault.code, fault.message),
    };
    let Subject { request, kind, reference } = subject(op);
    if record.request != request || record.kind != kind {
        return unknown("reply.other_operation", "the intermediary answered about another request");
    }
    match record.status {
        Status::Pending => unknown("intermediary.pending", "the ledger has not answered the intermediary"),
        Status::Declined => {
            declined(hub_code(&record.code), format!("the intermediary declined: {}", wire::word(&record.code)))
        }
        Status::Settled if record.currency != "JPY" => {
            unknown("reply.currency_differs", "the intermediary settled in another currency")
        }
        Status::Settled if !amount_fits(op, record.amount) => {
            unknown("reply.amount_differs", "the intermediary settled another amount than was asked")
        }
        Status::Settled if record.reference != reference => {
            unknown("reply.reference_differs", "the intermediary named its work after another request")
        }
        Status::Settled => settled(record.reference, yen(record.amount)),
    }
}

/// The intermediary has no such request. Only its own word about this very request counts, not a gateway's 404.
fn not_found(op: &Operation, reply: &Reply) -> Next {
    match reply.json::<Problem>() {
        Ok(problem) if problem.code == "request.not_found" && problem.request == subject(op).request => {
            never_arrived("the intermediary has no such request")
        }
        Ok(_) | Err(_) => {
            unknown("intermediary.no_answer", "the intermediary answered 404, and not about this request")
        }
    }
}

/// Which request a record has to be about, and what its work has to be called.
struct Subject<'a> {
    request: &'a str,
    kind: Kind,
    reference: &'a str,
}

fn subject(op: &Operation) -> Subject<'_> {
    let own = |kind| Subject { request: &op.id, kind, reference: &op.id };
    match &op.command {
        Command::Hold(_) => own(Kind::Lock),
        Command::Extend(extend) => Subject { reference: &extend.reference, ..own(Kind::Extension) },
        Command::Capture(_) => own(Kind::Completion),
        Command::Release(_) => own(Kind::Return),
        Command::Refund(_) => own(Kind::Refund),
        Command::Inquire(Inquiry { of, about, reference }) => {
            let kind = Kind::about(about);
            let moved = reference.as_deref().filter(|_| kind == Kind::Extension);
            Subject { request: of, kind, reference: moved.unwrap_or(of) }
        }
        Command::Raise(_) | Command::Extension(_) => own(Kind::Other),
    }
}

/// Everything is all or nothing; the hub checks an inquiry's amount.
fn amount_fits(op: &Operation, settled: u64) -> bool {
    match &op.command {
        Command::Hold(hold) => settled == hold.amount.minor(),
        Command::Extend(extend) => settled == extend.amount.minor(),
        Command::Capture(capture) => settled == capture.amount.minor(),
        Command::Release(release) => settled == release.amount.minor(),
        Command::Refund(refund) => settled == refund.amount.minor(),
        Command::Inquire(_) => settled > 0,
        Command::Raise(_) | Command::Extension(_) => false,
    }
}

/// The hub's word for an intermediary's reason.
fn hub_code(theirs: &str) -> &'static str {
    match theirs {
        "funds.insufficient" => "funds.insufficient",
        "payer.not_found" => "payer.not_found",
        "payee.not_found" | "account.not_found" => "payee.not_found",
        "payer.holding_limit" => "payer.holding_limit",
        "payee.holding_limit" => "payee.holding_limit",
        "payee.funds_insufficient" => "payee.funds_insufficient",
        "service.not_granted" => "party.not_connected",
        "network.unavailable" => "intermediary.unavailable",
        "lock.not_found" => "hold.not_found",
        "lock.expired" => "hold.expired",
        "lock.ended" => "hold.closed",
        "lock.exceeded" => "hold.capture_exceeds_free",
        "lock.too_long" => "hold.too_long",
        "proof.wrong" | "member.not_allowed" | "arbiter.not_found" => "hold.proof_refused",
        "completion.not_found" => "capture.not_found",
        "completion.exceeded" => "refund.exceeds_capture",
        _ => "intermediary.declined",
    }
}

/// What this rail never asks for.
fn refusal(amount: &Money) -> Option<Next> {
    match (amount.currency(), amount.minor()) {
        ("JPY", 1..) => None,
        ("JPY", 0) => Some(declined("amount.zero", "an amount is at least 1 yen")),
        _ => Some(declined("currency.unsupported", "this ledger holds yen only")),
    }
}

/// A party's account; nothing for an alias, whose account has to be asked for.
fn account(party: &Party) -> Option<String> {
    (party.kind != "alias" && !party.token.starts_with(ALIAS)).then(|| party.token.clone())
}

fn alias(party: &Party) -> &str {
    party.token.strip_prefix(ALIAS).unwrap_or(&party.token)
}

/// A reference or id as one path segment, or nothing when it could be read as more than one.
fn segment(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(plain);
    fits.then_some(text)
}
