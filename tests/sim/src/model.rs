//! The reference model: bookkeeping that is simple enough to be seen to be right. It takes what the store accepted,
//! keeps a list of operations, and counts everything from that list each time it is asked (`counting.rs`).
//!
//! It shares no rule with the ledger; where the two differ one of them is wrong.

use std::collections::BTreeMap;

use tebura_hub::ports::{CommitError, Committed, KeyClaim, Unit};
use tebura_ledger::{
    AccountId, AtDeadline, Capture, Command, Finality, Floor, HoldId, OperationId, Outcome, Raise, Settle, Timestamp,
    Verdict,
};

use crate::defect::Defect;
use crate::words::describe;

/// What an operation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Place,
    Raise,
    Extend {
        until: Timestamp,
    },
    /// `returns`: what stays free goes back in the same step.
    Capture {
        last: bool,
        returns: bool,
        at_deadline: bool,
        legs: Vec<(AccountId, i64)>,
    },
    Release {
        closes: bool,
    },
    Expire,
    Refund {
        of: OperationId,
    },
    Reverse {
        of: OperationId,
    },
    Dispute {
        of: OperationId,
    },
}

/// What came of it, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// The payer has to say yes first.
    Waiting,
    Open,
    Done(i64),
    Refused,
}

/// An accepted operation.
#[derive(Clone, Debug)]
pub struct Doing {
    pub hold: HoldId,
    pub what: What,
    pub amount: i64,
    pub came: Came,
}

/// A hold as it was asked for.
#[derive(Clone, Debug)]
pub struct Agreed {
    pub payer: AccountId,
    pub payee: AccountId,
    pub expires_at: Timestamp,
    pub captures_at_deadline: bool,
    pub cap: i64,
    /// What last captures gave back, counted when they settled.
    pub returned: i64,
    pub operations: Vec<OperationId>,
}

/// Rows that a commit may have changed.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    pub holds: Vec<HoldId>,
    pub accounts: Vec<AccountId>,
    pub operations: Vec<OperationId>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Model {
    pub(crate) accounts: BTreeMap<AccountId, Purse>,
    pub(crate) holds: BTreeMap<HoldId, Agreed>,
    pub(crate) operations: BTreeMap<OperationId, Doing>,
    /// A key belongs to a caller, in all shards.
    keys: BTreeMap<(String, String), ([u8; 32], String)>,
    pub(crate) slip: i64,
}

/// An account as it was opened.
#[derive(Debug)]
pub struct Purse {
    pub(crate) is_floored: bool,
    pub(crate) funded: i64,
}

type Wrong = String;

impl Model {
    /// A model of an empty store.
    pub fn new(defect: Option<Defect>) -> Self {
        Model { slip: i64::from(defect == Some(Defect::ModelOffByOne)), ..Model::default() }
    }

    /// Every hold.
    pub fn holds(&self) -> &BTreeMap<HoldId, Agreed> {
        &self.holds
    }

    /// Every operation on a hold.
    pub fn operations(&self) -> &BTreeMap<OperationId, Doing> {
        &self.operations
    }

    /// Every account.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.accounts.keys().copied()
    }

    /// What a key was claimed for: fingerprint and target.
    fn claimed(&self, key: &KeyClaim) -> Option<&([u8; 32], String)> {
        self.keys.get(&(key.scope.clone(), key.key.clone()))
    }

    /// Whether a request with this key and fingerprint took effect.
    pub fn has_begun(&self, scope: &str, key: &str, fingerprint: [u8; 32]) -> bool {
        let claimed = self.keys.get(&(scope.to_owned(), key.to_owned()));
        claimed.is_some_and(|(claimed, _)| *claimed == fingerprint)
    }

    /// What keys were claimed for.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.keys.values().map(|(_, target)| target.as_str())
    }

    /// Takes in what a commit said and what came of it.
    pub fn take(
        &mut self,
        unit: &Unit,
        now: Timestamp,
        result: &Result<Committed, CommitError>,
    ) -> Result<Touched, Wrong> {
        let claimed = unit.key.as_ref().map(|key| (key, self.claimed(key).cloned()));
        match (result, claimed) {
            (Ok(Committed::Replayed { target }), Some((key, Some((fingerprint, earlier))))) => {
                let same = *target == earlier && fingerprint == key.fingerprint;
                if same { Ok(Touched::default()) } else { Err(format!("key {} answers for another request", key.key)) }
            }
            (Ok(Committed::Replayed { .. }), _) => Err("a key that nobody claimed was claimed before".to_owned()),
            (Ok(Committed::Done(_)), Some((key, Some(_)))) => Err(format!("key {} took effect twice", key.key)),
            (Ok(Committed::Done(outcomes)), _) => self.accept(unit, now, outcomes),
            (Err(CommitError::KeyReused), Some((key, earlier))) => {
                let other = earlier.is_some_and(|(fingerprint, _)| fingerprint != key.fingerprint);
                if other { Ok(Touched::default()) } else { Err(format!("key {} is refused for nothing", key.key)) }
            }
            (Err(_), _) => Ok(Touched::default()),
        }
    }

    fn accept(&mut self, unit: &Unit, now: Timestamp, outcomes: &[Outcome]) -> Result<Touched, Wrong> {
        if let Some(KeyClaim { scope, key, fingerprint, target }) = unit.key.clone() {
            self.keys.insert((scope, key), (fingerprint, target));
        }
        let mut touched = Touched::default();
        for (command, outcome) in unit.ledger.iter().zip(outcomes) {
            if !outcome.replayed {
                let amount = outcome.operation.as_ref().map_or(0, |operation| operation.amount().minor());
                self.apply(command, amount, now)?;
                command.keys().holds.into_iter().for_each(|hold| self.lapse(hold, &mut touched));
            }
            self.note(command, &mut touched);
        }
        if outcomes.len() == unit.ledger.len() { Ok(touched) } else { Err("a command has no outcome".to_owned()) }
    }

    fn apply(&mut self, command: &Command, amount: i64, now: Timestamp) -> Result<(), Wrong> {
        match command {
            Command::OpenAccount(open) => {
                self.accounts.insert(open.id, Purse { is_floored: open.floor == Floor::Zero, funded: 0 });
                Ok(())
            }
            Command::Fund(fund) => {
                let moved = fund.amount.minor();
                self.accounts.get_mut(&fund.from).ok_or("funded from nowhere")?.funded -= moved;
                self.accounts.get_mut(&fund.to).ok_or("funded into nowhere")?.funded += moved;
                Ok(())
            }
            Command::Place(place) => {
                self.covered(place.payer, amount)?;
                let agreed = Agreed {
                    payer: place.payer,
                    payee: place.payee,
                    expires_at: place.expires_at,
                    captures_at_deadline: place.at_deadline == AtDeadline::Capture,
                    cap: place.cap.map_or(amount, |cap| cap.minor()),
                    returned: 0,
                    operations: Vec::new(),
                };
                self.holds.insert(place.hold, agreed);
                self.begin(place.hold, place.operation, What::Place, amount)
            }
            Command::Raise(raise) => self.raise(raise, amount, now),
            Command::Confirm(confirm) => {
                let payer = self.holds.get(&confirm.hold).ok_or("a confirmation on no hold")?.payer;
                self.covered(payer, amount)?;
                self.is_held(confirm.hold, now)?;
                let doing = self.operations.get_mut(&confirm.operation).ok_or("nothing to confirm")?;
                doing.came = Came::Open;
                let figures = self.figures(confirm.hold);
                let agreed = self.holds.get_mut(&confirm.hold).ok_or("no hold")?;
                agreed.cap = agreed.cap.max(figures.authorised + figures.raising);
                Ok(())
            }
            Command::Extend(extend) => {
                self.is_held(extend.hold, now)?;
                self.begin(extend.hold, extend.operation, What::Extend { until: extend.until }, amount)
            }
            Command::Capture(capture) => self.capture(capture, amount, now),
            Command::Release(release) => {
                let closes = release.amount.is_none();
                self.give_back(release.hold, release.operation, What::Release { closes }, amount)
            }
            Command::Expire(expire) => {
                let hold = self.holds.get(&expire.hold).ok_or("an expiry of no hold")?;
                if now < hold.expires_at {
                    return Err(format!("{} expired early", expire.hold));
                }
                if self.of(expire.hold).any(|doing| doing.what == What::Expire) {
                    return Err(format!("{} expired twice", expire.hold));
                }
                self.give_back(expire.hold, expire.operation, What::Expire, amount)
            }
            Command::Refund(refund) => {
                self.within_capture(refund.hold, refund.capture, amount)?;
                self.begin(refund.hold, refund.operation, What::Refund { of: refund.capture }, amount)
            }
            Command::Reverse(reverse) => {
                self.is_held(reverse.hold, now)?;
                self.within_capture(reverse.hold, reverse.capture, amount)?;
                let of = reverse.capture;
                if self.operations.get(&of).map(|doing| doing.came) != Some(Came::Done(amount)) {
                    return Err(format!("{of} was reversed by another amount: {amount}"));
                }
                self.begin(reverse.hold, reverse.operation, What::Reverse { of }, amount)?;
                self.end(reverse.operation, Came::Done(amount))
            }
            Command::Dispute(dispute) => {
                self.within_capture(dispute.hold, dispute.capture, amount)?;
                self.begin(dispute.hold, dispute.operation, What::Dispute { of: dispute.capture }, amount)
            }
            Command::Settle(settle) => self.settle(settle),
            // Rails keep their word here: nothing ever contradicts what was final.
            Command::OpenException(_) | Command::Resolve(_) => Err(format!("there is {}", describe(command))),
        }
    }

    fn raise(&mut self, raise: &Raise, amount: i64, now: Timestamp) -> Result<(), Wrong> {
        self.is_held(raise.hold, now)?;
        let figures = self.figures(raise.hold);
        let agreed = self.holds.get(&raise.hold).ok_or("a raise of no hold")?;
        let above = figures.authorised + figures.raising + amount > agreed.cap;
        if !above {
            self.covered(agreed.payer, amount)?;
        }
        self.begin(raise.hold, raise.operation, What::Raise, amount)?;
        if above { self.end(raise.operation, Came::Waiting) } else { Ok(()) }
    }

    fn capture(&mut self, capture: &Capture, amount: i64, now: Timestamp) -> Result<(), Wrong> {
        let hold = self.holds.get(&capture.hold).ok_or("a capture of no hold")?;
        let at_deadline = capture.finality == Finality::Deadline;
        if at_deadline != (now >= hold.expires_at) || (at_deadline && !hold.captures_at_deadline) {
            return Err(format!("{} was captured on the wrong side of its deadline", capture.hold));
        }
        let figures = self.figures(capture.hold);
        if figures.placing > 0 || self.is_closed(capture.hold) || amount > figures.free() || amount <= 0 {
            return Err(format!("{} let {amount} be captured of {figures:?}", capture.hold));
        }
        let legs: Vec<_> = capture.legs.iter().map(|leg| (leg.to, leg.amount.minor())).collect();
        if legs.iter().map(|(_, part)| part).sum::<i64>() > amount {
            return Err(format!("{} let parts of {amount} be more than that", capture.hold));
        }
        let what = What::Capture {
            last: capture.finality != Finality::Partial,
            returns: matches!(capture.finality, Finality::Final | Finality::Deadline),
            at_deadline,
            legs,
        };
        self.begin(capture.hold, capture.operation, what, amount)
    }

    fn give_back(&mut self, hold: HoldId, operation: OperationId, what: What, amount: i64) -> Result<(), Wrong> {
        let figures = self.figures(hold);
        if amount > figures.free() {
            return Err(format!("{hold} let {amount} be released of {figures:?}"));
        }
        self.begin(hold, operation, what, amount)?;
        // Nothing free: there is nothing to ask the rail, and the ledger settles it at once.
        if amount == 0 { self.end(operation, Came::Done(0)) } else { Ok(()) }
    }

    /// Money of a floored account is there before it is reserved.
    fn covered(&self, payer: AccountId, amount: i64) -> Result<(), Wrong> {
        let purse = self.accounts.get(&payer).ok_or("a hold on no account")?;
        if purse.is_floored && self.posted(payer) - self.held(payer) < amount {
            return Err(format!("{amount} of {payer} was reserved without the money for it"));
        }
        Ok(())
    }

    fn is_held(&self, hold: HoldId, now: Timestamp) -> Result<(), Wrong> {
        let agreed = self.holds.get(&hold).ok_or("no hold")?;
        let over = self.is_closed(hold) || self.is_empty(hold) || now >= agreed.expires_at;
        if self.figures(hold).placing > 0 || over {
            return Err(format!("{hold} was changed while it was not held"));
        }
        Ok(())
    }

    /// Refunds, reversals and disputes of a capture take no more than it took.
    fn within_capture(&self, hold: HoldId, of: OperationId, amount: i64) -> Result<(), Wrong> {
        let settled = match self.operations.get(&of).map(|doing| doing.came) {
            Some(Came::Done(settled)) => settled,
            Some(Came::Waiting | Came::Open | Came::Refused) | None => 0,
        };
        let about = |doing: &&Doing| match doing.what {
            What::Refund { of: about } | What::Reverse { of: about } | What::Dispute { of: about } => about == of,
            What::Place
            | What::Raise
            | What::Extend { .. }
            | What::Capture { .. }
            | What::Release { .. }
            | What::Expire => false,
        };
        let taken: i64 = self.of(hold).filter(about).map(Doing::spoken_for).sum();
        if taken + amount > settled {
            return Err(format!("{of} took {settled}; {taken} is given back and {amount} more"));
        }
        Ok(())
    }

    fn begin(&mut self, hold: HoldId, operation: OperationId, what: What, amount: i64) -> Result<(), Wrong> {
        let doing = Doing { hold, what, amount, came: Came::Open };
        if self.operations.insert(operation, doing).is_some() {
            return Err(format!("{operation} began twice"));
        }
        self.holds.get_mut(&hold).ok_or_else(|| format!("{operation} is on no hold"))?.operations.push(operation);
        Ok(())
    }

    fn end(&mut self, operation: OperationId, came: Came) -> Result<(), Wrong> {
        self.operations.get_mut(&operation).ok_or_else(|| format!("{operation} ended before it began"))?.came = came;
        Ok(())
    }

    fn settle(&mut self, settle: &Settle) -> Result<(), Wrong> {
        let Settle { hold, operation, verdict } = settle;
        let free = self.figures(*hold).free();
        let was_held = !self.is_closed(*hold) && !self.is_empty(*hold);
        let doing = self.operations.get_mut(operation).ok_or_else(|| format!("{operation} ended before it began"))?;
        let waits = doing.came == Came::Waiting;
        if !matches!(doing.came, Came::Open | Came::Waiting) {
            return Err(format!("{operation} ended twice"));
        }
        match verdict {
            Verdict::Settled { amount, .. } if waits || !(1..=doing.amount).contains(&amount.minor()) => {
                return Err(format!("{operation} settled {} of {}", amount.minor(), doing.amount));
            }
            Verdict::Settled { amount, .. } => {
                let missing = doing.amount - amount.minor();
                doing.came = Came::Done(amount.minor());
                let agreed = self.holds.get_mut(hold).ok_or("no hold")?;
                if let What::Capture { returns: true, .. } = doing.what {
                    agreed.returned += free + missing;
                }
                if let What::Extend { until } = doing.what
                    && was_held
                {
                    agreed.expires_at = agreed.expires_at.max(until);
                }
            }
            Verdict::Declined { .. } => doing.came = Came::Refused,
            Verdict::Unknown { .. } if waits => return Err(format!("{operation} was asked without the payer's word")),
            Verdict::Unknown { .. } | Verdict::RequiresAction => {}
        }
        Ok(())
    }

    /// A raise that waits for the payer waits for nothing once the hold is not held any more.
    fn lapse(&mut self, hold: HoldId, touched: &mut Touched) {
        if !self.is_closed(hold) && !self.is_empty(hold) {
            return;
        }
        let waits = |id: &OperationId| self.operations.get(id).is_some_and(|doing| doing.came == Came::Waiting);
        let waiting: Vec<_> = self.holds[&hold].operations.iter().copied().filter(waits).collect();
        for id in waiting {
            touched.operations.push(id);
            self.operations.entry(id).and_modify(|doing| doing.came = Came::Refused);
        }
    }

    fn note(&self, command: &Command, touched: &mut Touched) {
        let keys = command.keys();
        touched.accounts.extend(keys.accounts);
        touched.operations.extend(&keys.operations);
        for hold in keys.holds {
            touched.holds.push(hold);
            touched.accounts.extend(self.holds.get(&hold).into_iter().flat_map(|agreed| [agreed.payer, agreed.payee]));
        }
        for id in keys.operations {
            let legs = match self.operations.get(&id).map(|doing| &doing.what) {
                Some(What::Capture { legs, .. }) => legs.as_slice(),
                _ => &[],
            };
            touched.accounts.extend(legs.iter().map(|(to, _)| *to));
        }
    }
}

impl Doing {
    /// What it took or may still take.
    pub fn spoken_for(&self) -> i64 {
        match self.came {
            Came::Open => self.amount,
            Came::Done(amount) => amount,
            Came::Refused | Came::Waiting => 0,
        }
    }
}
