//! All roles together: how a request becomes one order at the ledger, with what the bank has to do, and what happens
//! when one of them is away.
//!
//! Roles reach each other over lines that can be cut. After every change the whole is counted; when money is missing
//! or too much, everything stops.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cbdc::bank::Bank;
use crate::cbdc::intermediary::{Ask, Customer, Intermediary, Record, Status, Work};
use crate::cbdc::ledger::{Ledger, Member};
use crate::cbdc::orders::{Decline, Order, Outcome, decline};

/// How the line to the ledger misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerLine {
    /// As it should.
    Up,
    /// Nothing gets there.
    Down,
    /// The next order is lost on its way, and the intermediary cannot know.
    LoseNextOrder,
    /// The next order is carried out, and its answer is lost.
    LoseNextAnswer,
}

/// Which lines between the roles are up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// From intermediaries to the ledger.
    pub ledger: LedgerLine,
    /// Whether the bank answers.
    pub bank: bool,
    /// Whether the intermediary East answers its callers and the other.
    pub east: bool,
    /// Whether the intermediary West does.
    pub west: bool,
}

/// Why something that was asked did not come to an end.
pub(crate) enum Hitch {
    Declined(Decline),
    /// A line is down; nothing was changed.
    Away,
}

impl From<Decline> for Hitch {
    fn from(why: Decline) -> Hitch {
        Hitch::Declined(why)
    }
}

/// What an intermediary answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Recorded(u16, Record),
    /// The request id belongs to something else.
    Reused,
    /// The request came in under another service's name.
    NotFound,
}

pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) bank: Bank,
    pub(crate) intermediaries: BTreeMap<Member, Intermediary>,
    pub(crate) lines: Lines,
    /// Why everything stopped.
    pub(crate) halted: Option<String>,
    /// Makes account ids unguessable.
    salt: [u8; 32],
    opened: u64,
}

impl World {
    pub(crate) fn new(salt: [u8; 32]) -> World {
        let intermediaries = [Member::East, Member::West].map(|member| (member, Intermediary::default()));
        let mut world = World {
            ledger: Ledger::default(),
            bank: Bank::default(),
            intermediaries: BTreeMap::from(intermediaries),
            lines: Lines { ledger: LedgerLine::Up, bank: true, east: true, west: true },
            halted: None,
            salt,
            opened: 0,
        };
        world.bank.vault = world.new_account(Member::Bank, None);
        world
    }

    /// Opens an account whose id says nothing about whose it is.
    pub(crate) fn new_account(&mut self, member: Member, limit: Option<i64>) -> String {
        self.opened += 1;
        let mut hash = Sha256::new();
        hash.update(self.salt);
        hash.update(self.opened.to_be_bytes());
        // Letters only: no id looks like the number of a card.
        let letter = |half: u8| char::from(b'a' + half);
        let letters =
            hash.finalize()[..12].iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect::<String>();
        let id = format!("ca_{letters}");
        self.ledger.open(id.clone(), member, limit);
        id
    }

    pub(crate) fn is_up(&self, member: Member) -> bool {
        match member {
            Member::East => self.lines.east,
            Member::West => self.lines.west,
            Member::Bank => self.lines.bank,
        }
    }

    /// The ledger, where the line to it is not cut.
    pub(crate) fn reach(&self) -> Result<&Ledger, Hitch> {
        if self.lines.ledger == LedgerLine::Down { Err(Hitch::Away) } else { Ok(&self.ledger) }
    }

    pub(crate) fn of(&self, member: Member) -> Option<&Intermediary> {
        self.intermediaries.get(&member)
    }

    /// The intermediary of an account, where it answers.
    pub(crate) fn side(&self, account: &str) -> Result<(Member, &Intermediary), Hitch> {
        let missing = decline(404, "account.not_found", "there is no such account");
        let member = self.reach()?.accounts.get(account).ok_or(missing)?.member;
        let intermediary = self.of(member).ok_or(missing)?;
        if self.is_up(member) { Ok((member, intermediary)) } else { Err(Hitch::Away) }
    }

    pub(crate) fn customer(&self, account: &str) -> Result<&Customer, Hitch> {
        let missing = decline(404, "account.not_found", "there is no such account");
        Ok(self.side(account)?.1.customer(account).ok_or(missing)?)
    }

    /// Takes a request in, or answers one that came before, and goes on with it.
    pub(crate) fn perform(&mut self, at: Member, service: &str, request: &str, ask: Ask, now: i64) -> Reply {
        let Some(intermediary) = self.intermediaries.get_mut(&at) else { return Reply::NotFound };
        let record = Record::pending(request, ask.kind());
        let new = Work { ask: ask.clone(), service: service.to_owned(), sent: false, status: 202, record, at: now };
        let work = intermediary.desk.entry(request.to_owned()).or_insert(new);
        if work.ask != ask || work.service != service {
            return Reply::Reused;
        }
        self.look_up(at, service, request, now)
    }

    /// What became of a request; a pending one goes on first.
    pub(crate) fn look_up(&mut self, at: Member, service: &str, request: &str, now: i64) -> Reply {
        let found = |world: &World| world.of(at).and_then(|side| side.desk.get(request)).cloned();
        match found(self) {
            Some(work) if work.service == service && work.record.status == Status::Pending => {
                self.go_on(at, request, &work, now);
            }
            Some(work) if work.service == service => {}
            Some(_) | None => return Reply::NotFound,
        }
        found(self).map_or(Reply::NotFound, |work| Reply::Recorded(work.status, work.record))
    }

    fn go_on(&mut self, at: Member, request: &str, work: &Work, now: i64) {
        match self.carry_out(at, request, work, now) {
            Ok(Some(outcome)) => self.finish(at, request, outcome, now),
            // The answer is lost: the next look asks the ledger again.
            Ok(None) => {}
            Err(Hitch::Declined(why)) => self.finish(at, request, Outcome::Declined(why), now),
            Err(Hitch::Away) if work.ask.begins() && !work.sent => {
                let why = decline(409, "network.unavailable", "a part of the network is away; nothing was done");
                self.finish(at, request, Outcome::Declined(why), now);
            }
            Err(Hitch::Away) => {}
        }
        self.count();
    }

    fn carry_out(&mut self, at: Member, request: &str, work: &Work, now: i64) -> Result<Option<Outcome>, Hitch> {
        if let Some((_, outcome)) = self.reach()?.answered.get(request) {
            return Ok(Some(*outcome));
        }
        self.ledger.expire_due(now);
        // A plan that never got to the ledger is made again: balances have moved.
        self.bank.decide(request, false);
        let order: Order = self.plan(at, request, &work.ask, &work.service)?;
        if let Some(work) = self.intermediaries.get_mut(&at).and_then(|side| side.desk.get_mut(request)) {
            work.sent = true;
        }
        let line = self.lines.ledger;
        if matches!(line, LedgerLine::LoseNextOrder | LedgerLine::LoseNextAnswer) {
            self.lines.ledger = LedgerLine::Up;
        }
        if line == LedgerLine::LoseNextOrder {
            return Ok(None);
        }
        let outcome = self.ledger.apply(&order, now);
        Ok(if line == LedgerLine::LoseNextAnswer { None } else { Some(outcome) })
    }

    fn finish(&mut self, at: Member, request: &str, outcome: Outcome, now: i64) {
        self.bank.decide(request, matches!(outcome, Outcome::Settled(_)));
        let Some(side) = self.intermediaries.get_mut(&at) else { return };
        let Some(work) = side.desk.get_mut(request) else { return };
        work.at = now;
        match outcome {
            Outcome::Settled(amount) => {
                work.status = 201;
                work.record.status = Status::Settled;
                work.record.reference = Some(work.ask.reference(request).to_owned());
                work.record.amount = Some(amount);
                work.record.currency = Some("JPY".to_owned());
                side.settled.push(request.to_owned());
            }
            Outcome::Declined(why) => {
                work.status = why.status;
                work.record.status = Status::Declined;
                work.record.code = Some(why.code.to_owned());
                work.record.message = Some(why.message.to_owned());
            }
        }
    }

    /// Counts all money. Where it does not add up, everything stops and says so.
    pub(crate) fn count(&mut self) {
        if self.halted.is_none()
            && let Err(what) = self.adds_up()
        {
            eprintln!("CONSERVATION OF MONEY IS BROKEN, the sandbox stops: {what}");
            self.halted = Some(what);
        }
    }

    /// Wallets, locks and vault are what was issued; deposits and CBDC move against each other.
    pub(crate) fn adds_up(&self) -> Result<(), String> {
        self.ledger.check()?;
        self.bank.check()?;
        let settled = |request: &str| matches!(self.ledger.answered.get(request), Some((_, Outcome::Settled(_))));
        let deposits = self.bank.total() + self.bank.promised(settled);
        let vault = self.ledger.supply().in_vault;
        if deposits - self.bank.paid_in == vault - self.ledger.issued {
            return Ok(());
        }
        Err(format!(
            "deposits went from {} to {deposits} while the vault went from {} to {vault}",
            self.bank.paid_in, self.ledger.issued
        ))
    }
}
