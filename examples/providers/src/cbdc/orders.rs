//! What the ledger does: each order once, whole or not at all, for the member that may ask for it.
//!
//! Money from a vault before an act (`fund`) and to a vault after it (`sweep`) belong to the same order: a payment and
//! its waterfall are one change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signature;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::cbdc::ledger::{Completion, Ledger, Lock, LockState, Member};
use crate::hex;

/// Longest lock with a deadline, milliseconds: 400 days.
const MAX_LOCK_MS: i64 = 400 * 24 * 3_600_000;

/// Who may let a lock's money go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Terms {
    /// Payer's or payee's side completes, payee's side gives back early, the deadline gives back.
    TwoParty,
    /// The arbiter's signature completes or gives back.
    ThreeParty { arbiter: String },
    /// The preimage completes, payee's side gives back early, the deadline gives back.
    HashTime { hash: String },
}

/// What an order shows beside the member that brings it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Proof {
    /// Of a three-party lock's arbiter, base64.
    pub(crate) signature: Option<String>,
    /// Of a hash-time lock, hex.
    pub(crate) preimage: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(crate) enum Act {
    Transfer { from: String, to: String, amount: i64 },
    Lock { payer: String, payee: String, amount: i64, until: Option<i64>, terms: Terms },
    Complete { lock: String, amount: i64, is_final: bool, proof: Proof },
    Return { lock: String, amount: i64, proof: Proof },
    Extend { lock: String, amount: i64, until: i64 },
    Refund { completion: String, amount: i64 },
}

/// An amount from or to a bank's vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) vault: String,
    pub(crate) amount: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) request: String,
    pub(crate) by: Member,
    pub(crate) act: Act,
    /// Before the act, to whoever pays.
    pub(crate) fund: Option<Leg>,
    /// After it, from whoever was paid.
    pub(crate) sweep: Option<Leg>,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Decline {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Settled(i64),
    Declined(Decline),
}

pub(crate) const fn decline(status: u16, code: &'static str, message: &'static str) -> Decline {
    Decline { status, code, message }
}

pub(crate) const INSUFFICIENT: Decline = decline(402, "funds.insufficient", "the account has too little");
pub(crate) const NO_PAYER: Decline = decline(404, "payer.not_found", "there is no such account of a payer");
pub(crate) const NO_PAYEE: Decline = decline(404, "payee.not_found", "there is no such account of a payee");
pub(crate) const NO_LOCK: Decline = decline(404, "lock.not_found", "there is no such lock");
pub(crate) const NO_COMPLETION: Decline = decline(404, "completion.not_found", "there is no such completion");
pub(crate) const PAYEE_FULL: Decline =
    decline(409, "payee.holding_limit", "the payee may not hold so much, and no deposit takes the rest");
pub(crate) const PAYER_FULL: Decline =
    decline(409, "payer.holding_limit", "the payer may not hold so much, also not under a lock");
const EXCEEDED: Decline = decline(409, "lock.exceeded", "less than that is still locked");
const NOT_YOURS: Decline = decline(403, "member.not_allowed", "another member acts for this account");
const BAD_PROOF: Decline = decline(403, "proof.wrong", "the signature or preimage does not fit the lock");
const NO_VAULT: Decline = decline(402, "vault.insufficient", "the bank's vault has too little");

impl Ledger {
    /// Carries an order out once; a repeat gets the same answer.
    pub(crate) fn apply(&mut self, order: &Order, now: i64) -> Outcome {
        if let Some((act, outcome)) = self.answered.get(&order.request) {
            let other = Outcome::Declined(decline(422, "request.reused", "this request was another order"));
            return if *act == order.act { *outcome } else { other };
        }
        self.expire_due(now);
        let outcome = match self.carry_out(order, now) {
            Ok(amount) => Outcome::Settled(amount),
            Err(why) => Outcome::Declined(why),
        };
        self.answered.insert(order.request.clone(), (order.act.clone(), outcome));
        outcome
    }

    /// Everything is looked at before anything is changed.
    fn carry_out(&mut self, order: &Order, now: i64) -> Result<i64, Decline> {
        let Order { request, by, act, fund, sweep } = order;
        let funded = fund.as_ref().map_or(0, |leg| leg.amount);
        let swept = sweep.as_ref().map_or(0, |leg| leg.amount);
        if let Some(leg) = fund
            && self.accounts.get(&leg.vault).is_none_or(|vault| vault.available < leg.amount)
        {
            return Err(NO_VAULT);
        }
        match act {
            Act::Transfer { from, to, amount } => {
                self.may_pay(*by, from, to, *amount, funded, NO_PAYER, INSUFFICIENT)?;
                self.may_receive(to, *amount, swept, PAYEE_FULL)?;
                self.leg_in(request, fund.as_ref(), from, now);
                self.shift(request, from, to, *amount, now);
                self.leg_out(request, sweep.as_ref(), to, now);
                Ok(*amount)
            }
            Act::Lock { payer, payee, amount, until, terms } => {
                self.may_pay(*by, payer, payee, *amount, funded, NO_PAYER, INSUFFICIENT)?;
                self.may_receive(payer, funded, 0, PAYER_FULL)?;
                self.terms_hold(terms, *until, now)?;
                self.leg_in(request, fund.as_ref(), payer, now);
                if let Some(account) = self.accounts.get_mut(payer) {
                    account.available -= amount;
                    account.locked += amount;
                }
                self.note(request, payer, &format!("lock:{request}"), *amount, now);
                let (payer, payee, terms, state) = (payer.clone(), payee.clone(), terms.clone(), LockState::Open);
                let lock =
                    Lock { payer, payee, amount: *amount, completed: 0, returned: 0, until: *until, terms, state };
                self.locks.insert(request.clone(), lock);
                Ok(*amount)
            }
            Act::Complete { lock, amount, is_final, proof } => {
                let found = self.open_lock(lock, *amount)?.clone();
                let word = if *is_final { "complete" } else { "complete-part" };
                self.lets_go(&found, *by, true, proof, &signed_text(word, lock, *amount, request))?;
                self.may_receive(&found.payee, *amount, swept, PAYEE_FULL)?;
                self.pay_out(request, lock, &found, *amount, *is_final, now);
                self.leg_out(request, sweep.as_ref(), &found.payee, now);
                Ok(*amount)
            }
            Act::Return { lock, amount, proof } => {
                let found = self.open_lock(lock, *amount)?.clone();
                self.lets_go(&found, *by, false, proof, &signed_text("return", lock, *amount, request))?;
                self.give_back(request, lock, *amount, now);
                self.end_when_empty(lock);
                Ok(*amount)
            }
            Act::Extend { lock, amount, until } => {
                let found = self.open_lock(lock, *amount)?.clone();
                if found.rest() != *amount {
                    return Err(decline(409, "lock.exceeded", "another amount than that is still locked"));
                }
                if self.accounts.get(&found.payer).is_none_or(|payer| payer.member != *by) {
                    return Err(NOT_YOURS);
                }
                too_long(Some(*until), now)?;
                if let Some(lock) = self.locks.get_mut(lock) {
                    // A lock without a deadline already stands longer than any.
                    lock.until = lock.until.map(|earlier| earlier.max(*until));
                }
                Ok(*amount)
            }
            Act::Refund { completion, amount } => {
                let made = self.completions.get(completion).ok_or(NO_COMPLETION)?;
                let lock = self.locks.get(&made.lock).ok_or(NO_COMPLETION)?.clone();
                if *amount > made.amount - made.refunded {
                    return Err(decline(409, "completion.exceeded", "less than that is left to return"));
                }
                let short = decline(402, "payee.funds_insufficient", "the payee has too little to return that");
                self.may_pay(*by, &lock.payee, &lock.payer, *amount, funded, NO_COMPLETION, short)?;
                self.may_receive(&lock.payer, *amount, swept, PAYER_FULL)?;
                self.leg_in(request, fund.as_ref(), &lock.payee, now);
                self.shift(request, &lock.payee, &lock.payer, *amount, now);
                self.leg_out(request, sweep.as_ref(), &lock.payer, now);
                if let Some(made) = self.completions.get_mut(completion) {
                    made.refunded += amount;
                }
                Ok(*amount)
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one check of one payment, with the words for its two refusals")]
    fn may_pay(
        &self,
        by: Member,
        payer: &str,
        payee: &str,
        amount: i64,
        funded: i64,
        missing: Decline,
        short: Decline,
    ) -> Result<(), Decline> {
        let account = self.accounts.get(payer).filter(|account| account.limit.is_some()).ok_or(missing)?;
        if account.member != by {
            return Err(NOT_YOURS);
        }
        if payer == payee || self.accounts.get(payee).is_none_or(|payee| payee.limit.is_none()) {
            return Err(NO_PAYEE);
        }
        if amount <= 0 || account.available + funded < amount { Err(short) } else { Ok(()) }
    }

    fn may_receive(&self, account: &str, amount: i64, swept: i64, full: Decline) -> Result<(), Decline> {
        let account = self.accounts.get(account).ok_or(NO_PAYEE)?;
        let fits = swept >= 0 && swept <= account.available + amount && amount - swept <= account.room();
        if fits { Ok(()) } else { Err(full) }
    }

    fn terms_hold(&self, terms: &Terms, until: Option<i64>, now: i64) -> Result<(), Decline> {
        match (terms, until) {
            (_, Some(until)) if until <= now => Err(decline(410, "lock.expired", "`until` has passed")),
            (Terms::ThreeParty { arbiter }, _) if !self.arbiters.contains_key(arbiter) => {
                Err(decline(404, "arbiter.not_found", "no arbiter of this name has left its key here"))
            }
            (Terms::TwoParty | Terms::HashTime { .. }, None) => {
                Err(decline(409, "lock.no_deadline", "only an arbiter can end a lock without a deadline"))
            }
            (Terms::HashTime { hash }, _) if hex::decode(hash).is_none_or(|hash| hash.len() != 32) => {
                Err(decline(409, "lock.hash_malformed", "`hash` is a SHA-256 in 64 hex digits"))
            }
            _ => too_long(until, now),
        }
    }

    fn open_lock(&self, lock: &str, amount: i64) -> Result<&Lock, Decline> {
        let lock = self.locks.get(lock).ok_or(NO_LOCK)?;
        match lock.state {
            LockState::Expired => Err(decline(410, "lock.expired", "its time has passed; the rest went back")),
            LockState::Ended => Err(decline(409, "lock.ended", "nothing of it is left")),
            LockState::Open if amount <= 0 || amount > lock.rest() => Err(EXCEEDED),
            LockState::Open => Ok(lock),
        }
    }

    /// Whether the terms let the money go: to the payee, or back.
    fn lets_go(&self, lock: &Lock, by: Member, to_payee: bool, proof: &Proof, text: &str) -> Result<(), Decline> {
        let acts_for = |account: &str| self.accounts.get(account).is_some_and(|account| account.member == by);
        let (payer, payee) = (acts_for(&lock.payer), acts_for(&lock.payee));
        match &lock.terms {
            Terms::ThreeParty { arbiter } => {
                let key = self.arbiters.get(arbiter).ok_or(BAD_PROOF)?;
                let signature = proof.signature.as_deref().ok_or(BAD_PROOF)?;
                let signature = STANDARD.decode(signature).map_err(|_| BAD_PROOF)?;
                let signature = Signature::from_slice(&signature).map_err(|_| BAD_PROOF)?;
                key.verify_strict(text.as_bytes(), &signature).map_err(|_| BAD_PROOF)
            }
            Terms::HashTime { hash } if to_payee => {
                let preimage = proof.preimage.as_deref().and_then(hex::decode).ok_or(BAD_PROOF)?;
                if hex::encode(&Sha256::digest(preimage)) == *hash { Ok(()) } else { Err(BAD_PROOF) }
            }
            Terms::TwoParty if to_payee && (payer || payee) => Ok(()),
            // Before the deadline only the payee's side lets the payer have it back.
            Terms::TwoParty | Terms::HashTime { .. } if !to_payee && payee => Ok(()),
            Terms::TwoParty | Terms::HashTime { .. } => Err(NOT_YOURS),
        }
    }

    fn pay_out(&mut self, request: &str, id: &str, lock: &Lock, amount: i64, is_final: bool, now: i64) {
        if let Some(lock) = self.locks.get_mut(id) {
            lock.completed += amount;
        }
        if let Some(payer) = self.accounts.get_mut(&lock.payer) {
            payer.locked -= amount;
        }
        if let Some(payee) = self.accounts.get_mut(&lock.payee) {
            payee.available += amount;
        }
        self.note(request, &format!("lock:{id}"), &lock.payee, amount, now);
        self.completions.insert(request.to_owned(), Completion { lock: id.to_owned(), amount, refunded: 0 });
        if is_final {
            let rest = lock.rest() - amount;
            self.give_back(request, id, rest, now);
        }
        self.end_when_empty(id);
    }

    fn end_when_empty(&mut self, id: &str) {
        if let Some(lock) = self.locks.get_mut(id).filter(|lock| lock.rest() == 0) {
            lock.state = LockState::Ended;
        }
    }

    fn leg_in(&mut self, request: &str, leg: Option<&Leg>, to: &str, now: i64) {
        if let Some(Leg { vault, amount }) = leg {
            self.shift(request, vault, to, *amount, now);
        }
    }

    fn leg_out(&mut self, request: &str, leg: Option<&Leg>, from: &str, now: i64) {
        if let Some(Leg { vault, amount }) = leg {
            self.shift(request, from, vault, *amount, now);
        }
    }
}

fn too_long(until: Option<i64>, now: i64) -> Result<(), Decline> {
    match until {
        Some(until) if until - now > MAX_LOCK_MS => {
            Err(decline(409, "lock.too_long", "a deadline is at most 400 days ahead"))
        }
        _ => Ok(()),
    }
}

/// What an arbiter signs. `word`: `complete` (the rest goes back), `complete-part` or `return`.
pub(crate) fn signed_text(word: &str, lock: &str, amount: i64, request: &str) -> String {
    format!("cbdc lock v1\n{word}\n{lock}\n{amount}\n{request}")
}
