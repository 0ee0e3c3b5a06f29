//! The script language of the tests. Statements stand between `/`; `JPY` is meant where no currency is written.
//!
//! ```text
//! account A 100 [USD]             opens a floored account and funds it; `account A 0` leaves it empty
//! merchant B [USD]                opens an account without floor
//! foreign F unlimited|zero [USD]  tells that F@9 is at home in shard 9
//! fund A→B 50 [USD]               moves money at once (operation F1, F2 …)
//! hold H1 A→B 60 [USD] [by 500] [cap 80] [due]   asks for a hold (operation H1), deadline 1000 unless written; `due`:
//!                                 captured then
//! raise H1 20 [v3]                (A1, A2 …)   confirm A1 (decline A1: the payer refuses)
//! extend H1 2000 [v3]             (X1, X2 …)
//! capture H1 [30] [more] [v3] [to D 5] [fee E 2]   (C1, C2 …) all that is free unless written; final unless `more`;
//!                                 with `due` because the deadline came
//! release H1 [30] [v3]            (R1, R2 …)
//! expire H1                       (E1, E2 …)
//! refund C1 [30] [of H2]          (U1, U2 …)   reverse C1 (V1, V2 …)   dispute C1 [30] (D1, D2 …)
//! exception C1 [30] [ref X]       (Q1, Q2 …) the rail says settled; with `no` it says declined
//! resolve C1 [30] [ref X] me ann  an operator says settled; with `no` declined, with `silent` nothing
//! settle C1 [30] [ref X] [of H2]  decline C1   unknown C1   action H1
//! at 500                          sets the time
//! show H1   operation C1   events H1
//! ```
//! `as X` at the end names the operation; naming an old one repeats it.

use std::collections::BTreeMap;

use super::world::World;
use crate::{
    AccountId, AtDeadline, Capture, Command, Confirm, Currency, Dispute, Expire, Extend, Finality, Floor, FollowUp,
    Fund, Hold, HoldId, Leg, LegKind, Money, OpenAccount, OpenException, Operation, OperationId, OperationState,
    Outcome, Place, RailId, Raise, Refund, Release, Resolve, Reverse, Settle, Shard, Timestamp, TransferId, Uuid,
    Verdict,
};

const SHARD: Shard = Shard::new(7);

/// Runs a script and returns its transcript.
pub(super) fn run(script: &str) -> String {
    let mut interpreter = Interpreter {
        world: World::new(SHARD),
        ids: BTreeMap::new(),
        holds: BTreeMap::new(),
        counts: BTreeMap::new(),
        lines: Vec::new(),
    };
    for statement in script.split('/').map(str::trim).filter(|statement| !statement.is_empty()) {
        interpreter.statement(statement);
    }
    interpreter.balances();
    interpreter.lines.join("\n") + "\n"
}

struct Interpreter {
    world: World,
    ids: BTreeMap<String, u128>,
    /// The hold of each operation by name.
    holds: BTreeMap<String, String>,
    counts: BTreeMap<char, u32>,
    lines: Vec<String>,
}

/// The words after the verb, options taken out.
struct Words<'a> {
    plain: Vec<&'a str>,
    named: Option<&'a str>,
    version: Option<u32>,
    by: Option<i64>,
    reference: Option<&'a str>,
    of: Option<&'a str>,
    more: bool,
    due: bool,
    no: bool,
    silent: bool,
    cap: Option<i64>,
    me: Option<&'a str>,
    legs: Vec<(LegKind, &'a str, i64)>,
    currency: Currency,
}

fn words(text: &str) -> Words<'_> {
    let mut found = Words {
        plain: Vec::new(),
        named: None,
        version: None,
        by: None,
        reference: None,
        of: None,
        more: false,
        due: false,
        no: false,
        silent: false,
        cap: None,
        me: None,
        legs: Vec::new(),
        currency: Currency::JPY,
    };
    let mut rest = text.split_whitespace();
    while let Some(word) = rest.next() {
        match word {
            "as" => found.named = rest.next(),
            "by" => found.by = rest.next().map(|at| at.parse().unwrap()),
            "ref" => found.reference = rest.next(),
            "of" => found.of = rest.next(),
            "more" => found.more = true,
            "due" => found.due = true,
            "no" => found.no = true,
            "silent" => found.silent = true,
            "cap" => found.cap = rest.next().map(|cap| cap.parse().unwrap()),
            "me" => found.me = rest.next(),
            "to" | "fee" => {
                let kind = if word == "fee" { LegKind::Fee } else { LegKind::Share };
                found.legs.push((kind, rest.next().unwrap(), rest.next().unwrap().parse().unwrap()));
            }
            "USD" | "EUR" => found.currency = Currency::new(word).unwrap(),
            _ => match word.strip_prefix('v').map(str::parse) {
                Some(Ok(version)) => found.version = Some(version),
                Some(Err(_)) | None => found.plain.push(word),
            },
        }
    }
    found
}

impl Interpreter {
    fn statement(&mut self, statement: &str) {
        let (verb, rest) = statement.split_once(' ').unwrap();
        let words = words(rest);
        let first = words.plain[0];
        let amount = words.plain.get(1).map(|minor| Money::new(minor.parse().unwrap_or(0), words.currency));
        let line = match verb {
            "at" => {
                self.world.now = Timestamp::from_millis(first.parse().unwrap());
                return;
            }
            "account" => self.account(first, amount.unwrap()),
            "merchant" => self.open(first, words.currency, Floor::Unlimited),
            "foreign" => {
                let floor = Floor::from_name(words.plain[1]).unwrap();
                let id = self.account_id(first);
                self.world.declare_foreign(id, words.currency, floor);
                return;
            }
            "show" => {
                let id = self.hold_id(first);
                self.world.book.hold(id).map(shown).unwrap()
            }
            "operation" => {
                let id = self.operation_id(first);
                self.world.book.operation(id).map(known).unwrap()
            }
            "events" => self.events(first),
            _ => {
                let (name, command) = self.command(verb, first, amount, &words);
                match self.world.apply(&command) {
                    Ok(outcome) if name == first => self.answer(&outcome),
                    Ok(outcome) => format!("{name} {}", self.answer(&outcome)),
                    Err(refusal) => {
                        self.give_back_name(&name);
                        format!("refused {}", refusal.code())
                    }
                }
            }
        };
        if line != "open" {
            self.lines.push(format!("{statement}: {line}"));
        }
    }

    fn command(&mut self, verb: &str, first: &str, amount: Option<Money>, words: &Words<'_>) -> (String, Command) {
        let letter = match verb {
            "fund" => 'F',
            "capture" => 'C',
            "release" => 'R',
            "expire" => 'E',
            "refund" => 'U',
            "raise" => 'A',
            "extend" => 'X',
            "reverse" => 'V',
            "dispute" => 'D',
            "exception" => 'Q',
            _ => 'H',
        };
        let name = match (words.named, verb) {
            (Some(name), _) => name.to_owned(),
            (None, _) if letter != 'H' => self.next_name(letter),
            (None, _) => first.to_owned(),
        };
        let hold_name = match verb {
            "settle" | "decline" | "unknown" | "action" | "refund" | "confirm" | "reverse" | "dispute"
            | "exception" | "resolve" => {
                words.of.unwrap_or_else(|| self.holds.get(first).map_or(first, String::as_str)).to_owned()
            }
            _ => first.to_owned(),
        };
        let hold = self.hold_id(&hold_name);
        let operation = self.operation_id(&name);
        let transfer = TransferId::from_uuid(self.uuid(&format!("transfer {name}")));
        let finality = match words {
            Words { due: true, .. } => Finality::Deadline,
            Words { more: true, .. } => Finality::Partial,
            _ => Finality::Final,
        };
        let expected_version = words.version;
        let command = match verb {
            "fund" => {
                let (from, to) = self.sides(first);
                let amount = amount.unwrap();
                Command::Fund(Fund { operation, transfer, from, to, amount })
            }
            "hold" => {
                let (payer, payee) = self.sides(words.plain[1]);
                let amount = Money::new(words.plain[2].parse().unwrap(), words.currency);
                let expires_at = Timestamp::from_millis(words.by.unwrap_or(1000));
                let rail = RailId::new(words.reference.unwrap_or("house")).unwrap();
                let cap = words.cap.map(|cap| Money::new(cap, words.currency));
                let at_deadline = if words.due { AtDeadline::Capture } else { AtDeadline::Release };
                Command::Place(Place { hold, operation, rail, payer, payee, amount, cap, expires_at, at_deadline })
            }
            "raise" => Command::Raise(Raise { hold, operation, amount: amount.unwrap(), expected_version }),
            "confirm" => Command::Confirm(Confirm { hold, operation, expected_version: None }),
            "extend" => {
                let until = Timestamp::from_millis(words.plain[1].parse().unwrap());
                Command::Extend(Extend { hold, operation, until, expected_version })
            }
            "capture" => {
                let leg = |(kind, to, minor): &(LegKind, &str, i64)| Leg {
                    to: self.account_id(to),
                    amount: Money::new(*minor, words.currency),
                    transfer: TransferId::from_uuid(self.uuid(&format!("transfer {name} {to}"))),
                    kind: *kind,
                };
                let legs = words.legs.iter().map(leg).collect();
                Command::Capture(Capture { hold, operation, transfer, amount, finality, legs, expected_version })
            }
            "release" => Command::Release(Release { hold, operation, amount, expected_version }),
            "expire" => Command::Expire(Expire { hold, operation, expected_version: None }),
            "refund" => {
                let capture = self.operation_id(first);
                Command::Refund(Refund { hold, operation, transfer, capture, amount, expected_version })
            }
            "reverse" => {
                let capture = self.operation_id(first);
                let transfers =
                    (0..3).map(|part| TransferId::from_uuid(self.uuid(&format!("transfer {name} {part}")))).collect();
                Command::Reverse(Reverse { hold, operation, transfers, capture, expected_version })
            }
            "dispute" => {
                let capture = self.operation_id(first);
                Command::Dispute(Dispute { hold, operation, transfer, capture, amount, expected_version })
            }
            "exception" => {
                let of = self.operation_id(first);
                let verdict = self.verdict(if words.no { "decline" } else { "settle" }, of, amount, words);
                Command::OpenException(OpenException { hold, operation, of, verdict })
            }
            "resolve" => {
                let by = self.uuid(&format!("operator {}", words.me.unwrap()));
                let verb = match words {
                    Words { silent: true, .. } => "unknown",
                    Words { no: true, .. } => "decline",
                    _ => "settle",
                };
                let verdict = self.verdict(verb, operation, amount, words);
                Command::Resolve(Resolve { hold, operation, by, verdict })
            }
            _ => Command::Settle(Settle { hold, operation, verdict: self.verdict(verb, operation, amount, words) }),
        };
        self.holds.entry(name.clone()).or_insert(hold_name);
        (name, command)
    }

    fn verdict(&self, verb: &str, operation: OperationId, amount: Option<Money>, words: &Words<'_>) -> Verdict {
        let asked = self.world.book.operation(operation).map(Operation::amount);
        match verb {
            "settle" => Verdict::Settled {
                reference: words.reference.unwrap_or("ref").to_owned(),
                amount: amount.or(asked).unwrap_or(Money::new(1, words.currency)),
            },
            "decline" => Verdict::Declined { code: "no".to_owned() },
            "unknown" => Verdict::Unknown { code: "silence".to_owned() },
            "action" => Verdict::RequiresAction,
            _ => panic!("no verb {verb}"),
        }
    }

    fn account(&mut self, name: &str, amount: Money) -> String {
        let opened = self.open(name, amount.currency(), Floor::Zero);
        if !amount.is_positive() {
            return opened;
        }
        let issue = format!("issue-{}", amount.currency());
        self.open(&issue, amount.currency(), Floor::Unlimited);
        let name = format!("{issue}→{name}");
        let operation = format!("funding {}", self.ids.len());
        let (_, command) = self.command("fund", &name, Some(amount), &Words { named: Some(&operation), ..words("") });
        self.world.apply(&command).map_or_else(|refusal| refusal.code().to_owned(), |_| opened)
    }

    fn open(&mut self, name: &str, currency: Currency, floor: Floor) -> String {
        let command = Command::OpenAccount(OpenAccount { id: self.account_id(name), currency, floor });
        match self.world.apply(&command) {
            Ok(outcome) if outcome.replayed => "again".to_owned(),
            Ok(_) => "open".to_owned(),
            Err(refusal) => format!("refused {}", refusal.code()),
        }
    }

    fn answer(&self, outcome: &Outcome) -> String {
        let mut parts = Vec::new();
        if outcome.replayed {
            parts.push("again".to_owned());
        }
        parts.extend(outcome.operation.as_ref().map(known));
        parts.extend(outcome.hold.as_ref().map(shown));
        parts.extend(outcome.follow_up.map(|follow_up| match follow_up {
            FollowUp::Expire { .. } => "then expire".to_owned(),
            FollowUp::CaptureDue { .. } => "then capture".to_owned(),
            FollowUp::ReleaseRest { .. } => "then release".to_owned(),
        }));
        parts.join(", ")
    }

    fn events(&self, name: &str) -> String {
        let hold = self.ids.get(&format!("hold {name}")).map(|id| HoldId::from_uuid(Uuid::from_u128(*id)));
        let events = self.world.events.iter().filter(|event| event.hold == hold);
        let told = events.map(|event| match event.amount {
            Some(amount) => format!("{} {}", event.kind.name(), amount.minor()),
            None => event.kind.name().to_owned(),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn balances(&mut self) {
        let names = self.ids.iter().filter_map(|(name, id)| Some((name.strip_prefix("account ")?, *id)));
        let rows = names.filter_map(|(name, id)| {
            let row = self.world.book.account(AccountId::from_uuid(Uuid::from_u128(id)))?;
            let held = match row.held().minor() {
                0 => String::new(),
                held => format!(" held {held}"),
            };
            (!name.starts_with("issue-")).then(|| format!("{name} {}{held}", row.posted().minor()))
        });
        let line = rows.collect::<Vec<_>>().join(" · ");
        self.lines.push(line);
    }

    fn next_name(&mut self, letter: char) -> String {
        let count = self.counts.entry(letter).or_default();
        *count += 1;
        format!("{letter}{count}")
    }

    /// Only accepted operations use up a name.
    fn give_back_name(&mut self, name: &str) {
        let letter = name.chars().next().unwrap();
        if let Some(count) = self.counts.get_mut(&letter)
            && name == format!("{letter}{count}")
            && !self
                .world
                .book
                .operations()
                .any(|known| Some(&known.id().uuid().as_u128()) == self.ids.get(&format!("operation {name}")))
        {
            *count -= 1;
        }
    }

    fn sides(&mut self, arrow: &str) -> (AccountId, AccountId) {
        let (from, to) = arrow.split_once('→').unwrap();
        (self.account_id(from), self.account_id(to))
    }

    fn account_id(&mut self, name: &str) -> AccountId {
        AccountId::from_uuid(self.uuid(&format!("account {name}")))
    }

    fn hold_id(&mut self, name: &str) -> HoldId {
        HoldId::from_uuid(self.uuid(&format!("hold {name}")))
    }

    fn operation_id(&mut self, name: &str) -> OperationId {
        OperationId::from_uuid(self.uuid(&format!("operation {name}")))
    }

    /// Numbers names in the order they appear; `X@9` is in shard 9.
    fn uuid(&mut self, name: &str) -> Uuid {
        let shard = name.split_once('@').and_then(|(_, shard)| shard.parse().ok()).unwrap_or(SHARD.number());
        let count = self.ids.len() as u128 + 1;
        Uuid::from_u128(*self.ids.entry(name.to_owned()).or_insert(count << 8 | u128::from(shard)))
    }
}

fn shown(hold: &Hold) -> String {
    let parts = hold.parts();
    let amounts = [
        ("captured", parts.captured),
        ("released", parts.released),
        ("refunded", parts.refunded),
        ("disputed", parts.disputed),
        ("lost", parts.lost),
        ("raising", parts.raise_in_flight),
        ("placing", parts.place_in_flight),
        ("capturing", parts.capture_in_flight),
        ("releasing", parts.release_in_flight),
        ("refunding", parts.refund_in_flight),
    ];
    let mut text = format!("{} v{} free {}", hold.status().name(), hold.version(), hold.free().minor());
    for (word, amount) in amounts.into_iter().filter(|(_, amount)| *amount != 0) {
        text += &format!(" {word} {amount}");
    }
    text
}

fn known(operation: &Operation) -> String {
    let amount = operation.amount().minor();
    match operation.state() {
        OperationState::RequiresAction => format!("requires action {amount}"),
        OperationState::Sent => format!("sent {amount}"),
        OperationState::Unknown { .. } => format!("unknown {amount}"),
        OperationState::Settled { amount, .. } => format!("settled {}", amount.minor()),
        OperationState::Failed { .. } => format!("failed {amount}"),
    }
}
