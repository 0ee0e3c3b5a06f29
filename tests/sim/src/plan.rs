//! What a seed chooses before anything happens: who is there, what goes wrong how often, how the hub is run.

use crate::dice::Dice;
use crate::nature::Nature;

/// How the deadlines and the overdue exchanges are looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Every second or so.
    Steady,
    /// Long after things are due.
    Late,
    /// Two sweeps at the same time.
    Twice,
    /// By a process whose clock is ahead.
    Early,
    /// Not at all, until the world calms down.
    Absent,
}

/// How often something goes wrong, in 1000 tries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A call finds no connection.
    pub no_connection: u32,
    /// A call is lost on its way.
    pub lost_call: u32,
    /// A reply is lost on its way back.
    pub lost_reply: u32,
    /// A call or reply takes long: other calls overtake it, and its caller has given up.
    pub late: u32,
    /// A call that may be repeated arrives twice.
    pub twice: u32,
    /// A reply arrives as something else.
    pub garbled: u32,
    /// The far end answers 500, before or after it acted.
    pub failing: u32,
    /// A commit is refused because the queue is full.
    pub busy: u32,
    /// A commit is not answered; it happened or not.
    pub unanswered: u32,
    /// A read is not answered.
    pub unread: u32,
    /// A plugin gives no step.
    pub plugin: u32,
    /// A hub process dies, in 1000 of its moves.
    pub death: u32,
}

/// One run's choices.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Shards of the store.
    pub shards: u16,
    /// Hub processes on the one store.
    pub processes: usize,
    /// People who pay; each has an instrument on every rail.
    pub payers: usize,
    /// Merchants who are paid on every rail.
    pub merchants: usize,
    /// The outside rails; the house rail is always there.
    pub rails: Vec<Nature>,
    /// Requests with a key of their own.
    pub asks: usize,
    /// Length of the busy part, milliseconds.
    pub length_ms: i64,
    /// How the worker is run.
    pub sweep: Sweep,
    /// What goes wrong.
    pub faults: Faults,
    /// Hub processes that may die, over all.
    pub deaths: u32,
    /// How far a process's clock may be off, milliseconds either way.
    pub skew_ms: i64,
    /// Contracts that are proposed at most; with none, nobody has keys, and there are no further books.
    pub contracts: usize,
    /// Times that something is said about a contract.
    pub words: usize,
}

impl Plan {
    /// The plan of a seed.
    pub fn draw(dice: &mut Dice) -> Plan {
        let rails = Nature::ALL.into_iter().filter(|_| dice.chance(500)).collect();
        let faults = Faults {
            no_connection: often(dice),
            lost_call: often(dice),
            lost_reply: often(dice),
            late: often(dice),
            twice: often(dice),
            garbled: often(dice),
            failing: often(dice),
            busy: often(dice) / 4,
            unanswered: often(dice) / 4,
            unread: often(dice) / 8,
            plugin: often(dice) / 2,
            death: dice.one_of(&[0, 2, 10, 40]),
        };
        Plan {
            shards: dice.one_of(&[1, 2, 4]),
            processes: dice.one_of(&[1, 1, 2, 3]),
            payers: dice.place(3) + 1,
            merchants: dice.place(3) + 1,
            rails,
            asks: dice.place(40) + 10,
            length_ms: dice.one_of(&[30_000, 120_000, 600_000]),
            sweep: dice.one_of(&[Sweep::Steady, Sweep::Steady, Sweep::Late, Sweep::Twice, Sweep::Early, Sweep::Absent]),
            faults,
            deaths: dice.one_of(&[0, 2, 8, 20]),
            skew_ms: dice.one_of(&[0, 0, 500]),
            contracts: 0,
            words: 0,
        }
    }

    /// The same with contracts, `many` or now and then, from dice of their own: what a seed without any tells stays the
    /// same.
    pub fn with_contracts(self, dice: &mut Dice, many: bool) -> Plan {
        let contracts = if many { 5 } else { dice.one_of(&[0, 0, 0, 1, 1, 3]) };
        Plan { contracts, words: contracts * dice.one_of(&[6, 12, 16]), ..self }
    }
}

/// Never, now and then, or all the time.
fn often(dice: &mut Dice) -> u32 {
    dice.one_of(&[0, 0, 0, 30, 200, 500])
}
