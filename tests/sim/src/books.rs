//! The books of one far end: purses, shops and holds of its own, and what it did under each operation's id.
//!
//! Written without the hub's types and rules: it is the other side that the hub has to agree with.

use std::collections::BTreeMap;

/// What the far end is asked to do, as it reads it from a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Set money aside until `expires`, milliseconds since the epoch.
    Hold { purse: String, shop: String, amount: i64, expires: i64 },
    /// Set more money aside.
    Raise { hold: String, amount: i64 },
    /// Keep it until later.
    Extend { hold: String, amount: i64, until: i64 },
    /// Take set-aside money; `last` gives the rest back.
    Capture { hold: String, amount: i64, last: bool },
    /// Give set-aside money back.
    Release { hold: String, amount: i64 },
    /// Return captured money.
    Refund { capture: String, amount: i64 },
}

/// What it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// Done; the name of what was done and how much.
    Done { name: String, amount: i64 },
    /// Accepted, not done yet.
    Accepted,
    /// Not done, and why.
    No { status: u16, code: &'static str },
}

/// Money set aside at the far end.
#[derive(Clone, Debug)]
pub struct SetAside {
    pub purse: String,
    pub shop: String,
    pub reserved: i64,
    pub left: i64,
    pub captured: i64,
    pub given_back: i64,
    pub expires: i64,
}

/// What became of one operation.
#[derive(Clone, Debug)]
pub struct Entry {
    pub order: Order,
    pub saying: Saying,
    /// How often money moved for it.
    pub acts: u32,
    /// When it came in first.
    pub since: i64,
}

/// A captured amount, by the far end's name of it.
#[derive(Clone, Debug)]
struct Taken {
    hold: String,
    left: i64,
}

/// One far end's books.
#[derive(Clone, Debug, Default)]
pub struct Books {
    purses: BTreeMap<String, i64>,
    shops: BTreeMap<String, i64>,
    holds: BTreeMap<String, SetAside>,
    taken: BTreeMap<String, Taken>,
    entries: BTreeMap<String, Entry>,
    put_in: i64,
}

impl Books {
    /// Puts money into a purse, made when it is not there.
    pub fn fill(&mut self, purse: &str, amount: i64) {
        *self.purses.entry(purse.to_owned()).or_default() += amount;
        self.put_in += amount;
    }

    /// What is in a purse, without what is set aside.
    pub fn purse(&self, purse: &str) -> i64 {
        self.purses.get(purse).copied().unwrap_or(0)
    }

    /// What a shop has.
    pub fn shop(&self, shop: &str) -> i64 {
        self.shops.get(shop).copied().unwrap_or(0)
    }

    /// Everything it was asked, by operation.
    pub fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// What is set aside under a name.
    pub fn hold(&self, name: &str) -> Option<&SetAside> {
        self.holds.get(name)
    }

    /// What an operation has led to.
    pub fn entry(&self, operation: &str) -> Option<&Entry> {
        self.entries.get(operation)
    }

    /// Notes an operation that will be done later.
    pub fn accept(&mut self, operation: &str, order: Order, now: i64) {
        let entry = Entry { order, saying: Saying::Accepted, acts: 0, since: now };
        self.entries.entry(operation.to_owned()).or_insert(entry);
    }

    /// Notes an operation that is not done, for a reason of the far end's own.
    pub fn decline(&mut self, operation: &str, order: Order, status: u16, code: &'static str, now: i64) -> Saying {
        let entry = Entry { order, saying: Saying::No { status, code }, acts: 0, since: now };
        let entry = self.entries.entry(operation.to_owned()).or_insert(entry);
        if entry.saying == Saying::Accepted {
            entry.saying = Saying::No { status, code };
        }
        entry.saying.clone()
    }

    /// Does an operation now, however often it was done before. A hold may get `at_most` of what it asks for.
    pub fn act(&mut self, operation: &str, order: Order, at_most: i64, now: i64) -> Saying {
        self.end_overdue(now);
        let saying = match &order {
            Order::Hold { purse, shop, amount, expires } => {
                self.set_aside(operation, purse, shop, (*amount).min(at_most), *expires)
            }
            Order::Raise { hold, amount } => self.raise(operation, hold, *amount, now),
            Order::Extend { hold, amount, until } => self.extend(operation, hold, *amount, *until, now),
            Order::Capture { hold, amount, last } => self.capture(operation, hold, *amount, *last, now),
            Order::Release { hold, amount } => self.release(operation, hold, *amount, now),
            Order::Refund { capture, amount } => self.refund(operation, capture, *amount),
        };
        let fresh = Entry { order, saying: saying.clone(), acts: 0, since: now };
        let entry = self.entries.entry(operation.to_owned()).or_insert(fresh);
        if entry.acts == 0 {
            entry.saying = saying.clone();
        }
        entry.acts += u32::from(matches!(saying, Saying::Done { .. }));
        saying
    }

    /// The far end gives back by itself what was set aside for too long.
    pub fn end_overdue(&mut self, now: i64) {
        for hold in self.holds.values_mut().filter(|hold| hold.expires < now && hold.left > 0) {
            *self.purses.entry(hold.purse.clone()).or_default() += hold.left;
            hold.given_back += hold.left;
            hold.left = 0;
        }
    }

    /// Whether the money that was put in is all there.
    pub fn adds_up(&self) -> bool {
        let aside: i64 = self.holds.values().map(|hold| hold.left).sum();
        let there = self.purses.values().sum::<i64>() + self.shops.values().sum::<i64>() + aside;
        let whole = |hold: &SetAside| hold.reserved == hold.left + hold.captured + hold.given_back;
        there == self.put_in && self.holds.values().all(whole)
    }

    fn set_aside(&mut self, operation: &str, purse: &str, shop: &str, amount: i64, expires: i64) -> Saying {
        let there = self.purses.entry(purse.to_owned()).or_default();
        if *there < amount {
            return Saying::No { status: 402, code: "funds.insufficient" };
        }
        *there -= amount;
        let name = format!("h-{operation}");
        let fresh = SetAside {
            purse: purse.to_owned(),
            shop: shop.to_owned(),
            reserved: 0,
            left: 0,
            captured: 0,
            given_back: 0,
            expires,
        };
        let hold = self.holds.entry(name.clone()).or_insert(fresh);
        hold.reserved += amount;
        hold.left += amount;
        Saying::Done { name, amount }
    }

    fn raise(&mut self, operation: &str, name: &str, amount: i64, now: i64) -> Saying {
        let purse = match self.open(name, now) {
            Ok(hold) => hold.purse.clone(),
            Err(no) => return no,
        };
        let there = self.purses.entry(purse).or_default();
        if *there < amount {
            return Saying::No { status: 402, code: "funds.insufficient" };
        }
        *there -= amount;
        if let Some(hold) = self.holds.get_mut(name) {
            hold.reserved += amount;
            hold.left += amount;
        }
        Saying::Done { name: format!("u-{operation}"), amount }
    }

    fn extend(&mut self, operation: &str, name: &str, amount: i64, until: i64, now: i64) -> Saying {
        match self.open(name, now) {
            Ok(hold) => hold.expires = hold.expires.max(until),
            Err(no) => return no,
        }
        Saying::Done { name: format!("e-{operation}"), amount }
    }

    fn capture(&mut self, operation: &str, name: &str, amount: i64, last: bool, now: i64) -> Saying {
        let hold = match self.open(name, now) {
            Ok(hold) => hold,
            Err(no) => return no,
        };
        if hold.left < amount {
            return Saying::No { status: 409, code: "capture.exceeds" };
        }
        hold.left -= amount;
        hold.captured += amount;
        let rest = if last { std::mem::take(&mut hold.left) } else { 0 };
        hold.given_back += rest;
        let (purse, shop) = (hold.purse.clone(), hold.shop.clone());
        *self.purses.entry(purse).or_default() += rest;
        *self.shops.entry(shop).or_default() += amount;
        let taken = format!("c-{operation}");
        let fresh = Taken { hold: name.to_owned(), left: 0 };
        self.taken.entry(taken.clone()).or_insert(fresh).left += amount;
        Saying::Done { name: taken, amount }
    }

    fn release(&mut self, operation: &str, name: &str, amount: i64, now: i64) -> Saying {
        let hold = match self.open(name, now) {
            Ok(hold) => hold,
            Err(no) => return no,
        };
        let given = amount.min(hold.left);
        hold.left -= given;
        hold.given_back += given;
        let purse = hold.purse.clone();
        *self.purses.entry(purse).or_default() += given;
        Saying::Done { name: format!("r-{operation}"), amount: given }
    }

    fn refund(&mut self, operation: &str, capture: &str, amount: i64) -> Saying {
        let Some(taken) = self.taken.get_mut(capture).filter(|taken| taken.left >= amount) else {
            return Saying::No { status: 409, code: "refund.exceeds" };
        };
        taken.left -= amount;
        let Some(hold) = self.holds.get(&taken.hold) else {
            return Saying::No { status: 409, code: "refund.no_hold" };
        };
        *self.shops.entry(hold.shop.clone()).or_default() -= amount;
        *self.purses.entry(hold.purse.clone()).or_default() += amount;
        Saying::Done { name: format!("b-{operation}"), amount }
    }

    fn open(&mut self, name: &str, now: i64) -> Result<&mut SetAside, Saying> {
        match self.holds.get_mut(name) {
            None => Err(Saying::No { status: 409, code: "hold.unheard_of" }),
            Some(hold) if hold.left == 0 && hold.expires < now => Err(Saying::No { status: 409, code: "hold.expired" }),
            Some(hold) if hold.left == 0 => Err(Saying::No { status: 409, code: "hold.closed" }),
            Some(hold) => Ok(hold),
        }
    }
}
