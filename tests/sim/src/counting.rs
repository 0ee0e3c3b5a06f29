//! What the model's list of operations adds up to: a hold's amounts, an account's balances. Counted anew each time.

use tebura_ledger::{AccountId, HoldId};

use crate::model::{Agreed, Came, Doing, Model, What};

/// A hold's amounts, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub authorised: i64,
    pub placing: i64,
    pub raising: i64,
    pub capturing: i64,
    pub captured: i64,
    pub releasing: i64,
    pub released: i64,
    pub refunding: i64,
    pub refunded: i64,
    pub disputed: i64,
    pub lost: i64,
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

impl Model {
    pub(crate) fn of(&self, hold: HoldId) -> impl Iterator<Item = &Doing> {
        let operations = self.holds.get(&hold).into_iter().flat_map(|agreed| &agreed.operations);
        operations.filter_map(|id| self.operations.get(id))
    }

    /// Nothing can be captured any more, as far as is known.
    pub(crate) fn is_closed(&self, hold: HoldId) -> bool {
        self.of(hold).any(|doing| match doing.what {
            What::Capture { last: true, at_deadline, .. } => at_deadline || doing.came != Came::Refused,
            What::Release { closes } => closes,
            What::Expire => true,
            What::Place => doing.came == Came::Refused,
            What::Capture { last: false, .. }
            | What::Raise
            | What::Extend { .. }
            | What::Refund { .. }
            | What::Reverse { .. }
            | What::Dispute { .. } => false,
        })
    }

    /// Nothing is free and nothing under way could make it so.
    pub(crate) fn is_empty(&self, hold: HoldId) -> bool {
        let figures = self.figures(hold);
        figures.free() + figures.placing + figures.raising + figures.capturing + figures.releasing == 0
    }

    /// A hold's amounts, counted from its operations.
    pub fn figures(&self, hold: HoldId) -> Figures {
        let mut sum = Figures::default();
        sum.released += self.holds.get(&hold).map_or(0, |agreed| agreed.returned);
        for doing in self.of(hold) {
            let (open, done) = match doing.came {
                Came::Open => (doing.amount, 0),
                Came::Done(amount) => (0, amount),
                Came::Refused | Came::Waiting => (0, 0),
            };
            match doing.what {
                What::Place => {
                    let refused = doing.came == Came::Refused;
                    sum.authorised += if refused { doing.amount } else { open + done };
                    sum.released += if refused { doing.amount } else { 0 };
                    sum.placing += open;
                }
                What::Raise => {
                    sum.authorised += done;
                    sum.raising += open;
                }
                What::Extend { .. } => {}
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
                What::Reverse { .. } => sum.captured -= done,
                What::Dispute { .. } => {
                    sum.disputed += open;
                    sum.lost += done;
                }
            }
        }
        sum
    }

    /// What an account has, with what is held of it.
    pub fn posted(&self, account: AccountId) -> i64 {
        let funded = self.accounts.get(&account).map_or(0, |purse| purse.funded);
        self.holds.iter().fold(funded, |sum, (id, agreed)| {
            let moved = |doing: &Doing| self.gain(agreed, doing, account);
            sum + self.of(*id).map(moved).sum::<i64>()
        })
    }

    /// What one operation brought an account.
    fn gain(&self, agreed: &Agreed, doing: &Doing, account: AccountId) -> i64 {
        let Came::Done(done) = doing.came else { return 0 };
        let (payer, payee) = (i64::from(agreed.payer == account), i64::from(agreed.payee == account));
        match &doing.what {
            What::Capture { legs, .. } => share(legs, done, agreed.payee, account) - payer * done,
            What::Refund { .. } | What::Dispute { .. } => (payer - payee) * done,
            What::Reverse { of } => {
                let legs = match self.operations.get(of).map(|doing| &doing.what) {
                    Some(What::Capture { legs, .. }) => legs.as_slice(),
                    _ => &[],
                };
                payer * done - share(legs, done, agreed.payee, account)
            }
            What::Place | What::Raise | What::Extend { .. } | What::Release { .. } | What::Expire => 0,
        }
    }

    /// What is held of an account.
    pub fn held(&self, account: AccountId) -> i64 {
        self.holds.iter().fold(0, |sum, (id, agreed)| {
            let figures = self.figures(*id);
            let aside = if agreed.payer == account { figures.outstanding() + figures.raising } else { 0 };
            sum + aside + if agreed.payee == account { figures.refunding + figures.disputed } else { 0 }
        })
    }
}

/// An account's part of a captured amount: the legs are served first, in their order; the payee gets the rest.
fn share(legs: &[(AccountId, i64)], done: i64, payee: AccountId, account: AccountId) -> i64 {
    let mut left = done;
    let mut mine = 0;
    for (to, most) in legs {
        let part = left.min(*most);
        left -= part;
        mine += if *to == account { part } else { 0 };
    }
    mine + if payee == account { left } else { 0 }
}
