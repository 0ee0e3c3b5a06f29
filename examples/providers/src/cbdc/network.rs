//! The whole network behind one lock, for its doors, for whoever runs the sandbox, and for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::cbdc::intermediary::{Customer, Kind};
use crate::cbdc::ledger::{Member, Supply};
use crate::cbdc::orders::{Leg, Outcome};
use crate::cbdc::request::{self, Problem};
use crate::cbdc::statement::{Statement, line, rfc3339};
use crate::cbdc::world::{Lines, World};
use crate::clock::Clock;

/// A customer to be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// Stays at the intermediary and the bank.
    pub name: String,
    /// Stay at the intermediary.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The most CBDC that the account may hold, yen; 0 for a shop whose money goes to its deposit at once.
    pub limit: i64,
    /// Opens a deposit with so much cash at the bank and links it.
    #[serde(default)]
    pub deposit: Option<i64>,
    /// Services that may act for the customer, by name.
    #[serde(default)]
    pub services: Vec<String>,
}

/// An account as its owner sees it, yen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The account's id at the ledger.
    pub account: String,
    /// Free.
    pub available: i64,
    /// Under locks.
    pub locked: i64,
    /// The most that both together may be.
    pub holding_limit: Option<i64>,
    /// How much more may come in.
    pub room: Option<i64>,
    /// Whether a deposit takes what does not fit and gives what lacks.
    pub waterfall: bool,
    /// Always `JPY`.
    pub currency: String,
}

/// Shared by all doors. Clones are the same network.
#[derive(Clone)]
pub struct Network {
    world: Arc<Mutex<World>>,
    services: Arc<BTreeMap<String, VerifyingKey>>,
    clock: Clock,
    halted: watch::Sender<bool>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    pub(crate) fn new(services: BTreeMap<String, VerifyingKey>, salt: [u8; 32], clock: Clock) -> Network {
        let mut world = World::new(salt);
        world.ledger.arbiters.clone_from(&services);
        let (halted, _) = watch::channel(false);
        Network { world: Arc::new(Mutex::new(world)), services: Arc::new(services), clock, halted }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One change of the world, counted afterwards.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut World, i64) -> T) -> T {
        let now = (self.clock)();
        let mut world = self.lock();
        let answer = act(&mut world, now);
        world.count();
        if world.halted.is_some() {
            self.halted.send_replace(true);
        }
        answer
    }

    pub(crate) fn service(
        &self,
        headers: &HeaderMap,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<String, Problem> {
        request::service(&self.services, headers, method, path, body)
    }

    pub(crate) fn is_up(&self, member: Member) -> bool {
        self.lock().is_up(member)
    }

    pub(crate) fn all_intermediaries_answer(&self) -> bool {
        let lines = self.lock().lines;
        lines.east && lines.west
    }

    /// Account and name behind an alias: a customer of `at`, or of another intermediary that answers.
    pub(crate) fn resolve(&self, at: Member, alias: &str) -> Option<(String, String)> {
        let world = self.lock();
        let known =
            |member: Member| world.of(member).filter(|_| world.is_up(member)).and_then(|side| side.by_alias(alias));
        let other = if at == Member::East { Member::West } else { Member::East };
        known(at).or_else(|| known(other)).map(|found| (found.account.clone(), found.name.clone()))
    }

    /// For a service that a customer of `at` has let look.
    pub(crate) fn balance_for(&self, at: Member, service: &str, account: &str) -> Option<Balance> {
        let lets = |world: &World| {
            let customer = world.of(at)?.customer(account)?;
            customer.services.contains(service).then_some(())
        };
        lets(&self.lock())?;
        self.balance(account)
    }

    pub(crate) fn statement(&self, at: Member, from: i64, until: i64) -> Statement {
        let world = self.lock();
        let lines =
            world.of(at).into_iter().flat_map(|side| side.settled.iter().filter_map(|id| side.desk.get_key_value(id)));
        let lines = lines.filter(|(_, work)| (from..until).contains(&work.at) && work.record.kind != Kind::Extension);
        let lock_of = |completion: &str| world.ledger.completions.get(completion).map(|made| made.lock.clone());
        let lines = lines.filter_map(|(_, work)| line(work, lock_of)).collect();
        Statement { id: format!("cbdc-{from}-{until}"), from: rfc3339(from), until: rfc3339(until), lines }
    }

    /// Opens an account for a customer of an intermediary; answers its id.
    pub fn open_customer(&self, at: Member, new: NewCustomer) -> String {
        self.with(|world, now| {
            let account = world.new_account(at, Some(new.limit.max(0)));
            let deposit = new.deposit.map(|cash| {
                let vault = world.bank.vault.clone();
                // The bank keeps as much CBDC in its vault as its customers could draw.
                world.ledger.issue(&vault, cash, now);
                world.bank.open(&new.name, cash)
            });
            let aliases: BTreeSet<String> = new.aliases.into_iter().collect();
            let services = new.services.into_iter().collect();
            let customer = Customer { name: new.name, aliases, account: account.clone(), deposit, services };
            if let Some(side) = world.intermediaries.get_mut(&at) {
                side.customers.push(customer);
            }
            account
        })
    }

    /// Draws CBDC from a customer's deposit. False: no deposit, too little in it, or more than the limit.
    pub fn draw(&self, account: &str, amount: i64) -> bool {
        self.with(|world, now| {
            let vault = world.bank.vault.clone();
            let Some(to) = world.ledger.accounts.get(account).filter(|to| amount > 0 && amount <= to.room()) else {
                return false;
            };
            let deposit =
                world.of(to.member).and_then(|side| side.customer(account)).and_then(|found| found.deposit.clone());
            let Some(deposit) = deposit else { return false };
            let request = format!("draw-{}", world.ledger.entries.len());
            if world.bank.prepare(&request, &deposit, -amount).is_err() {
                return false;
            }
            let Leg { vault, amount } = Leg { vault, amount };
            world.ledger.shift(&request, &vault, account, amount, now);
            world.bank.decide(&request, true);
            true
        })
    }

    /// What an account has.
    pub fn balance(&self, account: &str) -> Option<Balance> {
        self.with(|world, now| {
            world.ledger.expire_due(now);
            let found = world.ledger.accounts.get(account)?;
            let waterfall = world.of(found.member)?.customer(account)?.deposit.is_some();
            Some(Balance {
                account: account.to_owned(),
                available: found.available,
                locked: found.locked,
                holding_limit: found.limit,
                room: found.limit.map(|_| found.room()),
                waterfall,
                currency: "JPY".to_owned(),
            })
        })
    }

    /// What is in the deposit that is linked to an account, yen.
    pub fn deposit(&self, account: &str) -> Option<i64> {
        let world = self.lock();
        let member = world.ledger.accounts.get(account)?.member;
        let deposit = world.of(member)?.customer(account)?.deposit.clone()?;
        world.bank.deposits.get(&deposit).map(|deposit| deposit.balance)
    }

    /// Where all the money is.
    pub fn supply(&self) -> Supply {
        self.lock().ledger.supply()
    }

    /// All deposits together, yen, and the cash that was paid in.
    pub fn deposits(&self) -> (i64, i64) {
        let world = self.lock();
        (world.bank.total(), world.bank.paid_in)
    }

    /// Everything that the ledger stores, as JSON.
    pub fn ledger_dump(&self) -> String {
        serde_json::to_string(&self.lock().ledger).unwrap_or_default()
    }

    /// Everything that an intermediary stores: its customer part and its ledger part, as JSON.
    pub fn intermediary_dump(&self, at: Member) -> (String, String) {
        let world = self.lock();
        let Some(side) = world.of(at) else { return Default::default() };
        let text = |value: serde_json::Result<String>| value.unwrap_or_default();
        (text(serde_json::to_string(&side.customers)), text(serde_json::to_string(&side.desk)))
    }

    /// Everything that the bank stores, as JSON.
    pub fn bank_dump(&self) -> String {
        serde_json::to_string(&self.lock().bank).unwrap_or_default()
    }

    /// Counts everything, every movement once more from the beginning. What does not add up; empty when all is well.
    pub fn audit(&self) -> Vec<String> {
        let world = self.lock();
        let settled = |kind: Kind| {
            let works = world.intermediaries.values().flat_map(|side| side.desk.values());
            works.filter(move |work| work.record.kind == kind && work.record.amount.is_some()).count()
        };
        let done = world.ledger.answered.values().filter(|(_, outcome)| matches!(outcome, Outcome::Settled(_))).count();
        let kinds = [Kind::Lock, Kind::Completion, Kind::Return, Kind::Extension, Kind::Refund, Kind::Transfer];
        let recorded: usize = kinds.into_iter().map(settled).sum();
        let desks = if recorded <= done {
            Ok(())
        } else {
            Err(format!("{recorded} settled at the desks, {done} at the ledger"))
        };
        [world.adds_up(), world.ledger.replay(), desks]
            .into_iter()
            .filter_map(Result::err)
            .chain(world.halted.clone())
            .collect()
    }

    /// Which lines between the roles are up.
    pub fn lines(&self) -> Lines {
        self.lock().lines
    }

    /// Cuts or mends lines between the roles.
    pub fn set_lines(&self, change: impl FnOnce(&mut Lines)) {
        change(&mut self.lock().lines);
    }

    /// Why everything stopped, where it did.
    pub fn halted(&self) -> Option<String> {
        self.lock().halted.clone()
    }

    /// Comes back when money is missing or too much.
    pub async fn until_halted(&self) {
        let _ = self.halted.subscribe().wait_for(|halted| *halted).await;
    }

    /// Takes a yen out of the books, to show that this is noticed.
    pub fn lose_a_yen(&self, account: &str) {
        self.with(|world, _| {
            if let Some(account) = world.ledger.accounts.get_mut(account) {
                account.available -= 1;
            }
        });
    }
}
