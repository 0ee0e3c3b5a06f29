//! From a caller's request to one order: whose side acts, what comes from a deposit, what goes to one.

use crate::cbdc::intermediary::Ask;
use crate::cbdc::ledger::{Lock, Member};
use crate::cbdc::orders::{
    Act, Decline, Leg, NO_COMPLETION, NO_LOCK, NO_PAYEE, NO_PAYER, Order, PAYEE_FULL, PAYER_FULL, Terms, decline,
};
use crate::cbdc::world::{Hitch, World};

const NOT_GRANTED: Decline =
    decline(403, "service.not_granted", "the customer has not let this service act; connect it first");

impl World {
    /// Plans a request of a service at intermediary `at`. What a deposit has to do is prepared at the bank.
    pub(crate) fn plan(&mut self, at: Member, request: &str, ask: &Ask, service: &str) -> Result<Order, Hitch> {
        let order = |by, act, fund, sweep| Order { request: request.to_owned(), by, act, fund, sweep };
        match ask {
            Ask::Lock { payer, payee, amount, until, terms } => {
                self.granted(at, payer, service, NO_PAYER)?;
                self.can_take_in(payee, *amount)?;
                let fund = self.draw(request, payer, *amount)?;
                let (payer, payee, terms) = (payer.clone(), payee.clone(), terms.clone());
                Ok(order(at, Act::Lock { payer, payee, amount: *amount, until: *until, terms }, fund, None))
            }
            Ask::Transfer { from, to, amount } => {
                self.granted(at, from, service, NO_PAYER)?;
                let fund = self.draw(request, from, *amount)?;
                let sweep = self.overflow(request, to, *amount, PAYEE_FULL)?;
                let act = Act::Transfer { from: from.clone(), to: to.clone(), amount: *amount };
                Ok(order(at, act, fund, sweep))
            }
            Ask::Complete { lock, amount, is_final, proof } => {
                let found = self.lock_of(at, lock, service)?;
                let sweep = self.overflow(request, &found.payee, *amount, PAYEE_FULL)?;
                let (lock, proof) = (lock.clone(), proof.clone());
                Ok(order(at, Act::Complete { lock, amount: *amount, is_final: *is_final, proof }, None, sweep))
            }
            Ask::Return { lock, amount, proof } => {
                let found = self.lock_of(at, lock, service)?;
                let by = match found.terms {
                    Terms::ThreeParty { .. } => at,
                    // The payee gives up what it was promised: its own side says so.
                    Terms::TwoParty | Terms::HashTime { .. } => {
                        let (by, _) = self.side(&found.payee)?;
                        self.granted(by, &found.payee, service, NO_LOCK)?;
                        by
                    }
                };
                Ok(order(by, Act::Return { lock: lock.clone(), amount: *amount, proof: proof.clone() }, None, None))
            }
            Ask::Extend { lock, amount, until } => {
                self.lock_of(at, lock, service)?;
                Ok(order(at, Act::Extend { lock: lock.clone(), amount: *amount, until: *until }, None, None))
            }
            Ask::Refund { completion, amount } => {
                let made = self.reach()?.completions.get(completion).ok_or(NO_COMPLETION)?.lock.clone();
                let found = self.lock_of(at, &made, service).map_err(|hitch| match hitch {
                    Hitch::Declined(_) => Hitch::Declined(NO_COMPLETION),
                    Hitch::Away => Hitch::Away,
                })?;
                // The payee pays: its own side says so.
                let (by, _) = self.side(&found.payee)?;
                self.granted(by, &found.payee, service, NO_COMPLETION)?;
                let fund = self.draw(request, &found.payee, *amount)?;
                let sweep = self.overflow(request, &found.payer, *amount, PAYER_FULL)?;
                Ok(order(by, Act::Refund { completion: completion.clone(), amount: *amount }, fund, sweep))
            }
        }
    }

    /// A customer of `at` that lets the service act.
    fn granted(&self, at: Member, account: &str, service: &str, missing: Decline) -> Result<(), Hitch> {
        let customer = self.of(at).and_then(|side| side.customer(account)).ok_or(missing)?;
        if customer.services.contains(service) { Ok(()) } else { Err(NOT_GRANTED.into()) }
    }

    /// A lock of a payer of `at`; another's is not there.
    fn lock_of(&self, at: Member, lock: &str, service: &str) -> Result<Lock, Hitch> {
        let found = self.reach()?.locks.get(lock).ok_or(NO_LOCK)?;
        self.granted(at, &found.payer, service, NO_LOCK)?;
        Ok(found.clone())
    }

    /// Reverse waterfall: what an account lacks comes from its owner's deposit, where one is linked.
    fn draw(&mut self, request: &str, account: &str, amount: i64) -> Result<Option<Leg>, Hitch> {
        let short = amount - self.reach()?.accounts.get(account).ok_or(NO_PAYER)?.available;
        let deposit = self.customer(account)?.deposit.clone();
        match deposit {
            Some(deposit) if short > 0 => self.prepare(request, &deposit, -short).map(Some),
            // Without a deposit the ledger says that it is too little.
            Some(_) | None => Ok(None),
        }
    }

    /// Waterfall: what an account may not hold goes to its owner's deposit, where one is linked.
    fn overflow(&mut self, request: &str, account: &str, amount: i64, full: Decline) -> Result<Option<Leg>, Hitch> {
        let over = amount - self.reach()?.accounts.get(account).ok_or(NO_PAYEE)?.room();
        if over <= 0 {
            return Ok(None);
        }
        match self.customer(account)?.deposit.clone() {
            Some(deposit) => self.prepare(request, &deposit, over).map(Some),
            None => Err(full.into()),
        }
    }

    /// Whether a payee could be paid so much today: better to know before money is locked than after.
    fn can_take_in(&self, payee: &str, amount: i64) -> Result<(), Hitch> {
        let account = self.reach()?.accounts.get(payee).filter(|account| account.limit.is_some()).ok_or(NO_PAYEE)?;
        if amount <= account.room() || self.customer(payee)?.deposit.is_some() {
            Ok(())
        } else {
            Err(PAYEE_FULL.into())
        }
    }

    fn prepare(&mut self, request: &str, deposit: &str, change: i64) -> Result<Leg, Hitch> {
        if !self.lines.bank {
            return Err(Hitch::Away);
        }
        self.bank.prepare(request, deposit, change)?;
        Ok(Leg { vault: self.bank.vault.clone(), amount: change.abs() })
    }
}
