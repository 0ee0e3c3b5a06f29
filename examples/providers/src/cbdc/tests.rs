//! The network without HTTP: who may do what, where money goes, and that none is ever lost or made.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::cbdc::intermediary::{Ask, Record, Status};
use crate::cbdc::ledger::Member;
use crate::cbdc::network::{Network, NewCustomer};
use crate::cbdc::orders::{Proof, Terms, signed_text};
use crate::cbdc::world::{LedgerLine, Reply};
use crate::clock::ManualClock;
use crate::hex;

const HUB: &str = "hub";
const DAY: i64 = 86_400_000;

/// A network with a resident at East and a shop at West.
struct Town {
    network: Network,
    clock: ManualClock,
    key: SigningKey,
    payer: String,
    payee: String,
}

/// What is in the payer's wallet (free, locked), deposit, and the payee's wallet and deposit.
type Money = (i64, i64, i64, i64, i64);

impl Town {
    /// The payer has 10,000 in the wallet (limit 30,000) and 50,000 in a deposit; the shop may hold `shop_limit`.
    fn open(shop_limit: i64) -> Town {
        let clock = ManualClock::at(0);
        let key = SigningKey::from_bytes(&[7; 32]);
        let services = BTreeMap::from([(HUB.to_owned(), key.verifying_key())]);
        let network = Network::new(services, [1; 32], clock.clock());
        let new = |name: &str, limit, deposit| NewCustomer {
            name: name.to_owned(),
            limit,
            deposit: Some(deposit),
            services: vec![HUB.to_owned()],
            ..NewCustomer::default()
        };
        let payer = network.open_customer(Member::East, new("Hanako", 30_000, 60_000));
        let payee = network.open_customer(Member::West, new("Shop", shop_limit, 0));
        assert!(network.draw(&payer, 10_000));
        Town { network, clock, key, payer, payee }
    }

    fn ask(&self, request: &str, ask: Ask) -> Record {
        self.ask_at(Member::East, HUB, request, ask)
    }

    fn ask_at(&self, at: Member, service: &str, request: &str, ask: Ask) -> Record {
        match self.network.with(|world, now| world.perform(at, service, request, ask, now)) {
            Reply::Recorded(_, record) => record,
            other @ (Reply::Reused | Reply::NotFound) => panic!("{other:?}"),
        }
    }

    fn look(&self, request: &str) -> Record {
        match self.network.with(|world, now| world.look_up(Member::East, HUB, request, now)) {
            Reply::Recorded(_, record) => record,
            other @ (Reply::Reused | Reply::NotFound) => panic!("{other:?}"),
        }
    }

    fn lock_ask(&self, amount: i64, terms: Terms) -> Ask {
        let until = if matches!(terms, Terms::ThreeParty { .. }) { None } else { Some(DAY) };
        Ask::Lock { payer: self.payer.clone(), payee: self.payee.clone(), amount, until, terms }
    }

    /// A two-party lock under this name.
    fn lock(&self, request: &str, amount: i64) -> Record {
        self.ask(request, self.lock_ask(amount, Terms::TwoParty))
    }

    fn complete(&self, request: &str, lock: &str, amount: i64, is_final: bool) -> Record {
        let ask = Ask::Complete { lock: lock.to_owned(), amount, is_final, proof: Proof::default() };
        self.ask(request, ask)
    }

    fn arbitrated(&self, word: &str, lock: &str, amount: i64, request: &str) -> Proof {
        let signature = self.key.sign(signed_text(word, lock, amount, request).as_bytes());
        Proof { signature: Some(STANDARD.encode(signature.to_bytes())), preimage: None }
    }

    fn money(&self) -> Money {
        let [payer, payee] = [&self.payer, &self.payee].map(|account| self.network.balance(account).unwrap());
        let deposit = |account| self.network.deposit(account).unwrap();
        (payer.available, payer.locked, deposit(&self.payer), payee.available, deposit(&self.payee))
    }
}

fn told(record: &Record) -> &str {
    match record.status {
        Status::Settled => "settled",
        Status::Pending => "pending",
        Status::Declined => record.code.as_deref().unwrap(),
    }
}

fn give_back(lock: &str, amount: i64, proof: Proof) -> Ask {
    Ask::Return { lock: lock.to_owned(), amount, proof }
}

fn clean(town: &Town) {
    assert_eq!(town.network.audit(), Vec::<String>::new());
}

#[test]
fn a_two_party_lock_is_completed_in_parts_refunded_and_given_back() {
    let town = Town::open(100_000);
    assert_eq!(told(&town.lock("l", 4_000)), "settled");
    assert_eq!(town.money(), (6_000, 4_000, 50_000, 0, 0));
    assert_eq!(told(&town.complete("c1", "l", 1_000, false)), "settled");
    assert_eq!(told(&town.complete("c2", "l", 5_000, false)), "lock.exceeded");
    assert_eq!(told(&town.ask("r", give_back("l", 500, Proof::default()))), "settled");
    assert_eq!(told(&town.complete("c3", "l", 2_000, true)), "settled");
    assert_eq!(town.money(), (7_000, 0, 50_000, 3_000, 0));
    assert_eq!(told(&town.complete("c4", "l", 1, false)), "lock.ended");
    let refund = |amount| Ask::Refund { completion: "c3".to_owned(), amount };
    assert_eq!(told(&town.ask("f1", refund(1_500))), "settled");
    assert_eq!(told(&town.ask("f2", refund(501))), "completion.exceeded");
    assert_eq!(town.money(), (8_500, 0, 50_000, 1_500, 0));
    clean(&town);
}

#[test]
fn only_the_arbiters_word_for_this_very_step_ends_a_three_party_lock() {
    let town = Town::open(100_000);
    town.ask("l", town.lock_ask(4_000, Terms::ThreeParty { arbiter: HUB.to_owned() }));
    let complete = |request: &str, amount, is_final, proof| {
        told(&town.ask(request, Ask::Complete { lock: "l".to_owned(), amount, is_final, proof })).to_owned()
    };
    assert_eq!(complete("c1", 1_000, false, Proof::default()), "proof.wrong");
    let others = [
        town.arbitrated("return", "l", 1_000, "x0"),
        town.arbitrated("complete", "l", 1_000, "x1"),
        town.arbitrated("complete-part", "l", 999, "x2"),
        town.arbitrated("complete-part", "other", 1_000, "x3"),
        town.arbitrated("complete-part", "l", 1_000, "x3"),
    ];
    for (number, proof) in others.into_iter().enumerate() {
        assert_eq!(complete(&format!("x{number}"), 1_000, false, proof), "proof.wrong");
    }
    let proof = town.arbitrated("complete-part", "l", 1_000, "c3");
    assert_eq!(complete("c3", 1_000, false, proof), "settled");
    // It stands as long as the arbiter says nothing.
    town.clock.advance_ms(5_000 * DAY);
    assert_eq!(town.money(), (6_000, 3_000, 50_000, 1_000, 0));
    assert_eq!(told(&town.ask("r1", give_back("l", 3_000, Proof::default()))), "proof.wrong");
    let proof = town.arbitrated("return", "l", 3_000, "r2");
    assert_eq!(told(&town.ask("r2", give_back("l", 3_000, proof))), "settled");
    assert_eq!(town.money(), (9_000, 0, 50_000, 1_000, 0));
    clean(&town);
}

#[test]
fn a_preimage_before_the_deadline_completes_a_hash_time_lock() {
    let town = Town::open(100_000);
    let terms = Terms::HashTime { hash: hex::encode(&Sha256::digest(b"secret")) };
    for lock in ["l1", "l2"] {
        assert_eq!(told(&town.ask(lock, town.lock_ask(1_000, terms.clone()))), "settled");
    }
    let complete = |request: &str, lock: &str, preimage: &[u8]| {
        let proof = Proof { preimage: Some(hex::encode(preimage)), signature: None };
        let ask = Ask::Complete { lock: lock.to_owned(), amount: 1_000, is_final: true, proof };
        told(&town.ask(request, ask)).to_owned()
    };
    assert_eq!(complete("c1", "l1", b"guess"), "proof.wrong");
    assert_eq!(complete("c2", "l1", b"secret"), "settled");
    town.clock.advance_ms(DAY);
    assert_eq!(complete("c3", "l2", b"secret"), "lock.expired");
    assert_eq!(town.money(), (9_000, 0, 50_000, 1_000, 0));
    clean(&town);
}

#[test]
fn a_deadline_gives_back_and_a_later_one_keeps() {
    let town = Town::open(100_000);
    town.lock("l1", 1_000);
    town.lock("l2", 2_000);
    let extend = |lock: &str, amount, until| Ask::Extend { lock: lock.to_owned(), amount, until };
    assert_eq!(told(&town.ask("e1", extend("l2", 1_999, 2 * DAY))), "lock.exceeded");
    assert_eq!(told(&town.ask("e2", extend("l2", 2_000, 500 * DAY))), "lock.too_long");
    let extended = town.ask("e3", extend("l2", 2_000, 2 * DAY));
    assert_eq!((told(&extended), extended.reference.as_deref()), ("settled", Some("l2")));
    town.clock.advance_ms(DAY);
    assert_eq!(town.money(), (8_000, 2_000, 50_000, 0, 0));
    town.clock.advance_ms(DAY);
    assert_eq!(town.money(), (10_000, 0, 50_000, 0, 0));
    assert_eq!(told(&town.ask("r", give_back("l2", 2_000, Proof::default()))), "lock.expired");
    clean(&town);
}

#[test]
fn what_a_payee_may_not_hold_goes_to_its_deposit_with_the_payment() {
    let town = Town::open(2_500);
    town.lock("l", 4_000);
    assert_eq!(told(&town.complete("c1", "l", 2_000, false)), "settled");
    assert_eq!(town.money(), (6_000, 2_000, 50_000, 2_000, 0));
    assert_eq!(told(&town.complete("c2", "l", 2_000, false)), "settled");
    assert_eq!(town.money(), (6_000, 0, 50_000, 2_500, 1_500));
    // A refund takes from the deposit what the wallet lacks.
    let refund = |amount| Ask::Refund { completion: "c1".to_owned(), amount };
    town.ask("l2", town.lock_ask(1_000, Terms::TwoParty));
    assert_eq!(told(&town.ask("f", refund(2_000))), "settled");
    assert_eq!(town.money(), (7_000, 1_000, 50_000, 500, 1_500));
    clean(&town);
}

#[test]
fn a_shop_that_may_hold_nothing_is_paid_into_its_deposit_and_refunds_from_it() {
    let town = Town::open(0);
    town.lock("l", 4_000);
    assert_eq!(told(&town.complete("c", "l", 3_000, true)), "settled");
    assert_eq!(town.money(), (7_000, 0, 50_000, 0, 3_000));
    assert_eq!(told(&town.ask("f1", Ask::Refund { completion: "c".to_owned(), amount: 1_000 })), "settled");
    assert_eq!(town.money(), (8_000, 0, 50_000, 0, 2_000));
    assert_eq!(town.network.supply().issued, 60_000);
    clean(&town);
}

#[test]
fn what_a_payer_lacks_comes_from_the_deposit_up_to_the_holding_limit() {
    let town = Town::open(0);
    assert_eq!(told(&town.lock("l1", 25_000)), "settled");
    assert_eq!(town.money(), (0, 25_000, 35_000, 0, 0));
    assert_eq!(told(&town.lock("l2", 6_000)), "payer.holding_limit", "money under a lock counts");
    assert_eq!(told(&town.lock("l3", 5_000)), "settled");
    assert_eq!(town.money(), (0, 30_000, 30_000, 0, 0));
    // Passing through a wallet is not holding.
    let transfer = |amount| Ask::Transfer { from: town.payer.clone(), to: town.payee.clone(), amount };
    assert_eq!(told(&town.ask("t1", transfer(20_000))), "settled");
    assert_eq!(told(&town.ask("t2", transfer(20_000))), "funds.insufficient");
    assert_eq!(town.money(), (0, 30_000, 10_000, 0, 20_000));
    clean(&town);
}

#[test]
fn without_a_deposit_the_limit_is_the_end() {
    let town = Town::open(0);
    let new =
        NewCustomer { name: "Stall".to_owned(), limit: 500, services: vec![HUB.to_owned()], ..Default::default() };
    let stall = town.network.open_customer(Member::West, new);
    let to_stall = |amount| Ask::Lock {
        payer: town.payer.clone(),
        payee: stall.clone(),
        amount,
        until: Some(DAY),
        terms: Terms::TwoParty,
    };
    assert_eq!(told(&town.ask("l1", to_stall(501))), "payee.holding_limit", "known before money is locked");
    town.ask("l2", to_stall(400));
    town.ask("l3", to_stall(400));
    assert_eq!(told(&town.complete("c2", "l2", 400, true)), "settled");
    assert_eq!(told(&town.complete("c3", "l3", 400, true)), "payee.holding_limit");
    assert_eq!(told(&town.complete("c4", "l3", 100, true)), "settled");
    assert_eq!(town.network.balance(&stall).unwrap().available, 500);
    clean(&town);
}

#[test]
fn nobody_acts_for_whom_it_may_not() {
    let town = Town::open(0);
    let lock = town.lock_ask(100, Terms::TwoParty);
    assert_eq!(told(&town.ask_at(Member::West, HUB, "l1", lock.clone())), "payer.not_found", "East's customer");
    assert_eq!(told(&town.ask_at(Member::East, "another", "l2", lock.clone())), "service.not_granted");
    town.ask("l3", lock);
    let complete =
        |lock: &str| Ask::Complete { lock: lock.to_owned(), amount: 1, is_final: false, proof: Proof::default() };
    assert_eq!(told(&town.ask_at(Member::East, "another", "c1", complete("l3"))), "service.not_granted");
    assert_eq!(told(&town.ask("c2", complete("none"))), "lock.not_found");
    let none = Ask::Refund { completion: "none".to_owned(), amount: 1 };
    assert_eq!(told(&town.ask("f1", none)), "completion.not_found");
    let reply = town.network.with(|world, now| world.look_up(Member::East, "another", "l3", now));
    assert_eq!(reply, Reply::NotFound, "another service's request");
    let again = town.network.with(|world, now| world.perform(Member::East, HUB, "l3", complete("l3"), now));
    assert_eq!(again, Reply::Reused);
}

#[test]
fn while_the_ledger_is_away_nothing_begins_and_what_was_promised_waits() {
    let town = Town::open(0);
    town.lock("l", 4_000);
    town.network.set_lines(|lines| lines.ledger = LedgerLine::Down);
    assert_eq!(told(&town.lock("l2", 100)), "network.unavailable");
    assert_eq!(told(&town.complete("c", "l", 3_000, true)), "pending");
    assert_eq!(told(&town.look("c")), "pending");
    assert_eq!(told(&town.lock("l2", 100)), "network.unavailable", "a declined request stays declined");
    town.network.set_lines(|lines| lines.ledger = LedgerLine::Up);
    assert_eq!(town.money(), (6_000, 4_000, 50_000, 0, 0));
    assert_eq!(told(&town.look("c")), "settled");
    assert_eq!(town.money(), (7_000, 0, 50_000, 0, 3_000));
    clean(&town);
}

#[test]
fn an_order_or_an_answer_that_is_lost_between_the_roles_counts_once() {
    for (line, moved) in [(LedgerLine::LoseNextOrder, false), (LedgerLine::LoseNextAnswer, true)] {
        let town = Town::open(0);
        // The lock needs the deposit: the bank waits for the ledger's word.
        town.network.set_lines(|lines| lines.ledger = line);
        assert_eq!(told(&town.lock("l", 25_000)), "pending");
        assert_eq!(town.network.supply().in_locks, if moved { 25_000 } else { 0 });
        assert_eq!(town.network.deposit(&town.payer), Some(50_000), "earmarked and not taken");
        clean(&town);
        assert_eq!(told(&town.look("l")), "settled");
        assert_eq!(town.money(), (0, 25_000, 35_000, 0, 0));
        town.network.set_lines(|lines| lines.ledger = line);
        assert_eq!(told(&town.complete("c", "l", 25_000, true)), "pending");
        assert_eq!(told(&town.complete("c", "l", 25_000, true)), "settled");
        assert_eq!(town.money(), (0, 0, 35_000, 0, 25_000));
        clean(&town);
    }
}

#[test]
fn an_intermediary_or_a_bank_that_is_away_stops_only_what_needs_it() {
    let town = Town::open(1_000);
    town.lock("l", 4_000);
    town.network.set_lines(|lines| lines.west = false);
    assert_eq!(told(&town.complete("c1", "l", 1_000, false)), "settled", "the ledger knows the limit");
    assert_eq!(told(&town.complete("c2", "l", 1_000, false)), "pending", "West knows the deposit");
    assert_eq!(told(&town.ask("f", Ask::Refund { completion: "c1".to_owned(), amount: 10 })), "pending");
    town.network.set_lines(|lines| (lines.west, lines.bank) = (true, false));
    assert_eq!(told(&town.look("c2")), "pending");
    assert_eq!(told(&town.look("f")), "settled");
    assert_eq!(told(&town.lock("l2", 20_000)), "network.unavailable", "needs the payer's deposit");
    assert_eq!(told(&town.lock("l3", 10)), "settled");
    town.network.set_lines(|lines| lines.bank = true);
    assert_eq!(told(&town.look("c2")), "settled");
    assert_eq!(town.money(), (6_000, 2_010, 50_000, 1_000, 990));
    clean(&town);
}

#[test]
fn a_yen_that_is_missing_stops_everything() {
    let town = Town::open(0);
    assert_eq!(town.network.halted(), None);
    town.network.lose_a_yen(&town.payer);
    let why = town.network.halted().unwrap();
    assert_eq!(why, "9999 in wallets, 0 in locks and 50000 in the vault are not 60000");
    assert_eq!(town.network.audit().last(), Some(&why));
}

/// One step of a random day.
#[derive(Clone, Debug)]
enum Step {
    Ask(Ask),
    Look,
    Pass(i64),
    Ledger(LedgerLine),
    Others { bank: bool, west: bool },
}

fn steps() -> impl Strategy<Value = Vec<(u8, Step)>> {
    let name = || (0..12_u8).prop_map(|number| format!("q{number}"));
    let amount = || 1..15_000_i64;
    // Accounts are put in when the town stands.
    let lock = (amount(), any::<bool>()).prop_map(|(amount, timed)| {
        let until = timed.then_some(DAY);
        let terms = if timed { Terms::TwoParty } else { Terms::ThreeParty { arbiter: HUB.to_owned() } };
        Ask::Lock { payer: String::new(), payee: String::new(), amount, until, terms }
    });
    let complete = (name(), amount(), any::<bool>()).prop_map(|(lock, amount, is_final)| Ask::Complete {
        lock,
        amount,
        is_final,
        proof: Proof::default(),
    });
    let back = (name(), amount()).prop_map(|(lock, amount)| give_back(&lock, amount, Proof::default()));
    let extend = (name(), amount()).prop_map(|(lock, amount)| Ask::Extend { lock, amount, until: 2 * DAY });
    let refund = (name(), amount()).prop_map(|(completion, amount)| Ask::Refund { completion, amount });
    let transfer = amount().prop_map(|amount| Ask::Transfer { from: String::new(), to: String::new(), amount });
    let ask =
        prop_oneof![3 => lock, 4 => complete, 2 => back, 1 => extend, 3 => refund, 1 => transfer].prop_map(Step::Ask);
    let line = prop_oneof![
        3 => Just(LedgerLine::Up), 1 => Just(LedgerLine::Down),
        1 => Just(LedgerLine::LoseNextOrder), 1 => Just(LedgerLine::LoseNextAnswer)
    ];
    let others = (any::<bool>(), any::<bool>()).prop_map(|(bank, west)| Step::Others { bank, west });
    let step = prop_oneof![
        12 => ask, 6 => Just(Step::Look), 1 => (0..DAY / 2).prop_map(Step::Pass), 3 => line.prop_map(Step::Ledger), 1 => others
    ];
    prop::collection::vec((0..12_u8, step), 1..120)
}

impl Town {
    /// Puts in what a step could not know: whose account, and the arbiter's signature.
    fn complete_ask(&self, request: &str, ask: Ask) -> Ask {
        match ask {
            Ask::Lock { amount, until, terms, .. } => {
                Ask::Lock { payer: self.payer.clone(), payee: self.payee.clone(), amount, until, terms }
            }
            Ask::Transfer { amount, .. } => Ask::Transfer { from: self.payer.clone(), to: self.payee.clone(), amount },
            Ask::Complete { lock, amount, is_final, .. } => {
                let word = if is_final { "complete" } else { "complete-part" };
                let proof = self.arbitrated(word, &lock, amount, request);
                Ask::Complete { lock, amount, is_final, proof }
            }
            Ask::Return { lock, amount, .. } => {
                let proof = self.arbitrated("return", &lock, amount, request);
                Ask::Return { lock, amount, proof }
            }
            other @ (Ask::Extend { .. } | Ask::Refund { .. }) => other,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is asked, in whichever order, with whatever away: money is where the books say, and what was answered
    /// for good stays so.
    #[test]
    fn money_is_never_lost_or_made(steps in steps(), shop_limit in prop_oneof![Just(0_i64), Just(5_000), Just(100_000)]) {
        let town = Town::open(shop_limit);
        let mut said: BTreeMap<String, Record> = BTreeMap::new();
        for (number, step) in steps {
            let request = format!("q{number}");
            match step {
                Step::Ask(ask) => {
                    let ask = town.complete_ask(&request, ask);
                    town.network.with(|world, now| world.perform(Member::East, HUB, &request, ask, now));
                }
                Step::Look => {}
                Step::Pass(ms) => town.clock.advance_ms(ms),
                Step::Ledger(line) => town.network.set_lines(|lines| lines.ledger = line),
                Step::Others { bank, west } => town.network.set_lines(|lines| (lines.bank, lines.west) = (bank, west)),
            }
            let reply = town.network.with(|world, now| world.look_up(Member::East, HUB, &request, now));
            if let Reply::Recorded(_, record) = reply {
                if let Some(before) = said.get(&request).filter(|before| before.status != Status::Pending) {
                    prop_assert_eq!(before, &record);
                }
                said.insert(request, record);
            }
            prop_assert_eq!(town.network.audit(), Vec::<String>::new());
        }
        // When all lines are up, everything comes to an end.
        town.network.set_lines(|lines| (lines.ledger, lines.bank, lines.west) = (LedgerLine::Up, true, true));
        for request in said.keys() {
            prop_assert!(town.look(request).status != Status::Pending, "{request}");
        }
        let (free, locked, deposit, at_shop, shop_deposit) = town.money();
        prop_assert_eq!(free + locked + deposit + at_shop + shop_deposit, 60_000);
        prop_assert_eq!(town.network.audit(), Vec::<String>::new());
    }
}
