//! A far end: how it takes a call, by its nature. What it has done is in its [`Books`].
//!
//! A call's path is the operation's id; its body is words. An inquiry asks about another operation.

use crate::books::{Books, Order, Saying};
use crate::dice::Dice;
use crate::nature::Nature;

/// Status and body of a reply.
pub type Reply = (u16, String);

/// What a call leads to.
#[derive(Debug)]
pub struct Taken {
    /// What is sent back.
    pub reply: Reply,
    /// The operation that is to be done later, and in how many milliseconds.
    pub later: Option<(String, i64)>,
}

/// One far end.
#[derive(Debug)]
pub struct FarEnd {
    pub nature: Nature,
    pub books: Books,
    /// It does what every delivery says, whatever it has done before: a planted defect.
    pub forgets_keys: bool,
    /// In 1000 operations, how many it declines.
    pub declines: u32,
}

impl FarEnd {
    /// A far end with empty books.
    pub fn new(nature: Nature) -> Self {
        FarEnd { nature, books: Books::default(), forgets_keys: false, declines: nature.declines() }
    }

    /// Takes a call.
    pub fn take(&mut self, path: &str, body: &str, now: i64, dice: &mut Dice) -> Taken {
        let words: Vec<&str> = body.split(' ').collect();
        if let ["inquire", of] = words[..] {
            return Taken { reply: self.look_up(of, now), later: None };
        }
        let Some(order) = read(&words) else {
            return Taken { reply: (400, String::new()), later: None };
        };
        if self.nature.knows_keys()
            && !self.forgets_keys
            && let Some(entry) = self.books.entry(path)
        {
            return Taken { reply: told(&entry.saying), later: None };
        }
        if dice.chance(self.declines) {
            let saying = self.books.decline(path, order, 402, "declined.by_rule", now);
            return Taken { reply: told(&saying), later: None };
        }
        if self.nature == Nature::Slow {
            self.books.accept(path, order, now);
            let after = dice.between(10, 4_000);
            return Taken { reply: told(&Saying::Accepted), later: Some((path.to_owned(), after)) };
        }
        let at_most = self.at_most(&order, dice);
        let saying = self.books.act(path, order, at_most, now);
        Taken { reply: told(&saying), later: None }
    }

    /// Does what was accepted earlier.
    pub fn act_later(&mut self, operation: &str, now: i64) {
        let accepted = self.books.entry(operation).filter(|entry| entry.saying == Saying::Accepted);
        if let Some(order) = accepted.map(|entry| entry.order.clone())
            && let Saying::No { status, code } = self.books.act(operation, order.clone(), i64::MAX, now)
        {
            self.books.decline(operation, order, status, code, now);
        }
    }

    fn at_most(&self, order: &Order, dice: &mut Dice) -> i64 {
        match order {
            Order::Hold { amount, .. } if self.nature == Nature::Picky && dice.chance(200) => dice.between(1, *amount),
            Order::Hold { .. }
            | Order::Raise { .. }
            | Order::Extend { .. }
            | Order::Capture { .. }
            | Order::Release { .. }
            | Order::Refund { .. } => i64::MAX,
        }
    }

    fn look_up(&self, operation: &str, now: i64) -> Reply {
        let Some(entry) = self.books.entry(operation) else { return (404, String::new()) };
        let age = now - entry.since;
        match self.nature {
            Nature::Mute => (503, String::new()),
            Nature::Forgetful if age < self.nature.settle_window_ms() / 4 => (404, String::new()),
            Nature::Prompt | Nature::Slow | Nature::Picky | Nature::Forgetful => told(&entry.saying),
        }
    }
}

fn told(saying: &Saying) -> Reply {
    match saying {
        Saying::Done { name, amount } => (200, format!("{name} {amount}")),
        Saying::Accepted => (202, String::new()),
        Saying::No { status, code } => (*status, (*code).to_owned()),
    }
}

fn read(words: &[&str]) -> Option<Order> {
    match *words {
        ["hold", purse, shop, amount, expires] => Some(Order::Hold {
            purse: purse.to_owned(),
            shop: shop.to_owned(),
            amount: amount.parse().ok()?,
            expires: expires.parse().ok()?,
        }),
        ["raise", hold, amount] => Some(Order::Raise { hold: hold.to_owned(), amount: amount.parse().ok()? }),
        ["extend", hold, amount, until] => {
            Some(Order::Extend { hold: hold.to_owned(), amount: amount.parse().ok()?, until: until.parse().ok()? })
        }
        ["capture", hold, amount, finality] => {
            Some(Order::Capture { hold: hold.to_owned(), amount: amount.parse().ok()?, last: finality == "last" })
        }
        ["release", hold, amount] => Some(Order::Release { hold: hold.to_owned(), amount: amount.parse().ok()? }),
        ["refund", capture, amount] => {
            Some(Order::Refund { capture: capture.to_owned(), amount: amount.parse().ok()? })
        }
        _ => None,
    }
}
