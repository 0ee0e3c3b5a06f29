//! The reference model: bookkeeping that is simple enough to be seen to be right. It takes what the store accepted,
//! keeps a list of operations, and counts everything from that list each time it is asked.
//!
//! It shares no rule with the ledger; where the two differ one of them is wrong.

use std::collections::BTreeMap;

use tebura_hub::ports::{CommitError, Committed, KeyClaim, Unit};
use tebura_ledger::{
    AccountId, Command, Finality, Floor, HoldId, OperationId, Outcome, Settle, Shard, Timestamp, Verdict,
};

use crate::defect::Defect;

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Place,
    Capture { last: bool },
    Release { closes: bool },
    Expire,
    Refund { of: OperationId },
}

/// What came of it, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
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
    /// What final captures gave back, counted when they settled.
    returned: i64,
    operations: Vec<OperationId>,
}

/// A hold's amounts, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub authorised: i64,
    pub placing: i64,
    pub capturing: i64,
    pub captured: i64,
    pub releasing: i64,
    pub released: i64,
    pub refunding: i64,
    pub refunded: i64,
}

impl Figures {
    /// What nobody took or asked for.
    pub fn free(&self) -> i64 {
        self.authorised - self.placing - self.capturing - self.captured - self.releasing - self.released
    }

    /// What the hold keeps from the payer.
    pub fn outstanding(&self) -> i64 {
        self.authorised - self.captured - self.released
    }
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
    accounts: BTreeMap<AccountId, Purse>,
    holds: BTreeMap<HoldId, Agreed>,
    operations: BTreeMap<OperationId, Doing>,
    /// A key belongs to a caller and a shard: what it is for tells the shard.
    keys: BTreeMap<(Shard, String, String), ([u8; 32], String)>,
    slip: i64,
}

#[derive(Debug)]
struct Purse {
    is_floored: bool,
    funded: i64,
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

    /// What a key was claimed for in a shard: fingerprint and target.
    fn claimed(&self, shard: Shard, key: &KeyClaim) -> Option<&([u8; 32], String)> {
        self.keys.get(&(shard, key.scope.clone(), key.key.clone()))
    }

    /// Whether a request with this key and fingerprint took effect.
    pub fn has_begun(&self, scope: &str, key: &str, fingerprint: [u8; 32]) -> bool {
        let same = |(_, of, word): &(Shard, String, String)| of == scope && word == key;
        self.keys.iter().any(|(id, (claimed, _))| same(id) && *claimed == fingerprint)
    }

    /// What keys were claimed for.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.keys.values().map(|(_, target)| target.as_str())
    }

    /// Takes in what a commit said and what came of it.
    pub fn take(
        &mut self,
        shard: Shard,
        unit: &Unit,
        now: Timestamp,
        result: &Result<Committed, CommitError>,
    ) -> Result<Touched, Wrong> {
        let claimed = unit.key.as_ref().map(|key| (key, self.claimed(shard, key).cloned()));
        match (result, claimed) {
            (Ok(Committed::Replayed { target }), Some((key, Some((fingerprint, earlier))))) => {
                let same = *target == earlier && fingerprint == key.fingerprint;
                if same { Ok(Touched::default()) } else { Err(format!("key {} answers for another request", key.key)) }
            }
            (Ok(Committed::Replayed { .. }), _) => Err("a key that nobody claimed was claimed before".to_owned()),
            (Ok(Committed::Done(_)), Some((key, Some(_)))) => Err(format!("key {} took effect twice", key.key)),
            (Ok(Committed::Done(outcomes)), _) => self.accept(shard, unit, now, outcomes),
            (Err(CommitError::KeyReused), Some((key, earlier))) => {
                let other = earlier.is_some_and(|(fingerprint, _)| fingerprint != key.fingerprint);
                if other { Ok(Touched::default()) } else { Err(format!("key {} is refused for nothing", key.key)) }
            }
            (Err(_), _) => Ok(Touched::default()),
        }
    }

    fn accept(&mut self, shard: Shard, unit: &Unit, now: Timestamp, outcomes: &[Outcome]) -> Result<Touched, Wrong> {
        if let Some(KeyClaim { scope, key, fingerprint, target }) = unit.key.clone() {
            self.keys.insert((shard, scope, key), (fingerprint, target));
        }
        let mut touched = Touched::default();
        for (command, outcome) in unit.ledger.iter().zip(outcomes) {
            if !outcome.replayed {
                let amount = outcome.operation.as_ref().map_or(0, |operation| operation.amount().minor());
                self.apply(command, amount, now)?;
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
                let payer = self.accounts.get(&place.payer).ok_or("a hold on no account")?;
                if payer.is_floored && self.posted(place.payer) - self.held(place.payer) < amount {
                    return Err(format!("{} was placed without the money for it", place.hold));
                }
                let agreed = Agreed {
                    payer: place.payer,
                    payee: place.payee,
                    expires_at: place.expires_at,
                    returned: 0,
                    operations: Vec::new(),
                };
                self.holds.insert(place.hold, agreed);
                self.begin(place.hold, place.operation, What::Place, amount)
            }
            Command::Capture(capture) => {
                let last = capture.finality != Finality::Partial;
                let hold = self.holds.get(&capture.hold).ok_or("a capture of no hold")?;
                let (figures, free) = self.figures_and_free(capture.hold);
                if now >= hold.expires_at {
                    return Err(format!("{} was captured after its deadline", capture.hold));
                }
                if figures.placing > 0 || self.is_closed(capture.hold) || amount > free || amount <= 0 {
                    return Err(format!("{} let {amount} be captured of {figures:?}", capture.hold));
                }
                self.begin(capture.hold, capture.operation, What::Capture { last }, amount)
            }
            Command::Release(release) => {
                let closes = release.amount.is_none();
                self.give_back(release.hold, release.operation, What::Release { closes }, amount)
            }
            Command::Expire(expire) => {
                let hold = self.holds.get(&expire.hold).ok_or("an expiry of no hold")?;
                if now < hold.expires_at {
                    return Err(format!("{} expired early", expire.hold));
                }
                let before = |doing: &Doing| doing.what == What::Expire;
                if self.of(expire.hold).any(before) {
                    return Err(format!("{} expired twice", expire.hold));
                }
                self.give_back(expire.hold, expire.operation, What::Expire, amount)
            }
            Command::Refund(refund) => {
                let of = refund.capture;
                let settled = match self.operations.get(&of).map(|doing| doing.came) {
                    Some(Came::Done(settled)) => settled,
                    Some(Came::Open | Came::Refused) | None => 0,
                };
                let refunds = self.of(refund.hold).filter(|doing| doing.what == What::Refund { of });
                let taken: i64 = refunds.map(|doing| spoken_for(doing)).sum();
                if taken + amount > settled {
                    return Err(format!("{of} was refunded beyond {settled}"));
                }
                self.begin(refund.hold, refund.operation, What::Refund { of }, amount)
            }
            Command::Settle(settle) => self.settle(settle),
            Command::Raise(_)
            | Command::Confirm(_)
            | Command::Extend(_)
            | Command::Reverse(_)
            | Command::Dispute(_)
            | Command::OpenException(_)
            | Command::Resolve(_) => Err(format!("{} was never asked for", describe(command))),
        }
    }

    fn give_back(&mut self, hold: HoldId, operation: OperationId, what: What, amount: i64) -> Result<(), Wrong> {
        let (figures, free) = self.figures_and_free(hold);
        if amount > free {
            return Err(format!("{hold} let {amount} be released of {figures:?}"));
        }
        self.begin(hold, operation, what, amount)?;
        // Nothing free: there is nothing to ask the rail, and the ledger settles it at once.
        if amount == 0
            && let Some(doing) = self.operations.get_mut(&operation)
        {
            doing.came = Came::Done(0);
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

    fn settle(&mut self, settle: &Settle) -> Result<(), Wrong> {
        let Settle { hold, operation, verdict } = settle;
        let (_, free) = self.figures_and_free(*hold);
        let doing = self.operations.get_mut(operation).ok_or_else(|| format!("{operation} ended before it began"))?;
        if doing.came != Came::Open {
            return Err(format!("{operation} ended twice"));
        }
        match verdict {
            Verdict::Settled { amount, .. } if !(1..=doing.amount).contains(&amount.minor()) => {
                return Err(format!("{operation} settled {} of {}", amount.minor(), doing.amount));
            }
            Verdict::Settled { amount, .. } => {
                let missing = doing.amount - amount.minor();
                doing.came = Came::Done(amount.minor());
                if doing.what == (What::Capture { last: true }) {
                    let rest = free + missing;
                    self.holds.get_mut(hold).ok_or("no hold")?.returned += rest;
                }
            }
            Verdict::Declined { .. } => doing.came = Came::Refused,
            Verdict::Unknown { .. } | Verdict::RequiresAction => {}
        }
        Ok(())
    }

    fn note(&self, command: &Command, touched: &mut Touched) {
        let keys = command.keys();
        touched.accounts.extend(keys.accounts);
        touched.operations.extend(keys.operations);
        for hold in keys.holds {
            touched.holds.push(hold);
            touched.accounts.extend(self.holds.get(&hold).into_iter().flat_map(|agreed| [agreed.payer, agreed.payee]));
        }
    }

    fn of(&self, hold: HoldId) -> impl Iterator<Item = &Doing> {
        let operations = self.holds.get(&hold).into_iter().flat_map(|agreed| &agreed.operations);
        operations.filter_map(|id| self.operations.get(id))
    }

    /// Nothing can be captured any more, as far as is known.
    fn is_closed(&self, hold: HoldId) -> bool {
        self.of(hold).any(|doing| match doing.what {
            What::Capture { last: true } => doing.came != Came::Refused,
            What::Release { closes } => closes,
            What::Expire => true,
            What::Place => doing.came == Came::Refused,
            What::Capture { last: false } | What::Refund { .. } => false,
        })
    }

    fn figures_and_free(&self, hold: HoldId) -> (Figures, i64) {
        let figures = self.figures(hold);
        (figures, figures.free())
    }

    /// A hold's amounts, counted from its operations.
    pub fn figures(&self, hold: HoldId) -> Figures {
        let mut sum = Figures::default();
        sum.released += self.holds.get(&hold).map_or(0, |agreed| agreed.returned);
        for doing in self.of(hold) {
            let (open, done) = match doing.came {
                Came::Open => (doing.amount, 0),
                Came::Done(amount) => (0, amount),
                Came::Refused => (0, 0),
            };
            match doing.what {
                What::Place => {
                    let refused = doing.came == Came::Refused;
                    sum.authorised += if refused { doing.amount } else { open + done };
                    sum.released += if refused { doing.amount } else { 0 };
                    sum.placing += open;
                }
                What::Capture { .. } => {
                    sum.capturing += open;
                    sum.captured += done + if done > 0 { self.slip } else { 0 };
                }
                What::Release { .. } | What::Expire => {
                    sum.releasing += open;
                    sum.released += done;
                }
                What::Refund { .. } => {
                    sum.refunding += open;
                    sum.refunded += done;
                }
            }
        }
        sum
    }

    /// What an account has, with what is held of it.
    pub fn posted(&self, account: AccountId) -> i64 {
        let funded = self.accounts.get(&account).map_or(0, |purse| purse.funded);
        self.holds.iter().fold(funded, |sum, (id, agreed)| {
            let figures = self.figures(*id);
            let went = figures.captured - figures.refunded;
            sum - if agreed.payer == account { went } else { 0 } + if agreed.payee == account { went } else { 0 }
        })
    }

    /// What is held of an account.
    pub fn held(&self, account: AccountId) -> i64 {
        self.holds.iter().fold(0, |sum, (id, agreed)| {
            let figures = self.figures(*id);
            let aside = if agreed.payer == account { figures.outstanding() } else { 0 };
            sum + aside + if agreed.payee == account { figures.refunding } else { 0 }
        })
    }
}

fn spoken_for(doing: &Doing) -> i64 {
    match doing.came {
        Came::Open => doing.amount,
        Came::Done(amount) => amount,
        Came::Refused => 0,
    }
}

/// A command in a few words, for the trace.
pub fn describe(command: &Command) -> String {
    let amount = |amount: &Option<tebura_ledger::Money>| amount.map_or("all".to_owned(), |a| a.minor().to_string());
    match command {
        Command::OpenAccount(open) => format!("open {}", open.id),
        Command::Fund(fund) => format!("fund {} {}", fund.to, fund.amount.minor()),
        Command::Place(place) => format!("place {} {} on {}", place.operation, place.amount.minor(), place.hold),
        Command::Capture(capture) => {
            format!(
                "capture {} {} {} of {}",
                capture.operation,
                amount(&capture.amount),
                capture.finality.name(),
                capture.hold
            )
        }
        Command::Release(release) => {
            format!("release {} {} of {}", release.operation, amount(&release.amount), release.hold)
        }
        Command::Expire(expire) => format!("expire {} of {}", expire.operation, expire.hold),
        Command::Refund(refund) => {
            format!("refund {} {} of {}", refund.operation, amount(&refund.amount), refund.capture)
        }
        Command::Raise(raise) => format!("raise {} {} of {}", raise.operation, raise.amount.minor(), raise.hold),
        Command::Confirm(confirm) => format!("confirm {} of {}", confirm.operation, confirm.hold),
        Command::Extend(extend) => {
            format!("extend {} of {} to {}", extend.operation, extend.hold, extend.until.millis())
        }
        Command::Reverse(reverse) => format!("reverse {} of {}", reverse.operation, reverse.capture),
        Command::Dispute(dispute) => {
            format!("dispute {} {} of {}", dispute.operation, amount(&dispute.amount), dispute.capture)
        }
        Command::OpenException(open) => format!("exception {} of {}", open.operation, open.of),
        Command::Resolve(resolve) => format!("resolve {} of {}", resolve.operation, resolve.hold),
        Command::Settle(Settle { operation, verdict, .. }) => match verdict {
            Verdict::Settled { amount, .. } => format!("{operation} settled {}", amount.minor()),
            Verdict::Declined { code } => format!("{operation} declined {code}"),
            Verdict::Unknown { code } => format!("{operation} unknown {code}"),
            Verdict::RequiresAction => format!("{operation} requires action"),
        },
    }
}
