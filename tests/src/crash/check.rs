//! What has to be true of the books after any number of kills. Every finding is a sentence; no finding is a pass.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::books::{Books, OperationRow};
use super::city::{City, IN_WALLET};
use super::clients::Asked;
use crate::flows::far_end::FarEnd;

/// Compares what clients were told with the books, and the books with themselves.
pub(super) fn findings(log: &[Asked], books: &Books, city: &City) -> Vec<String> {
    let mut findings = Vec::new();
    acknowledged(log, books, &mut findings);
    once(log, books, &mut findings);
    money(books, &mut findings);
    holds(books, &mut findings);
    followed_up(books, &mut findings);
    events(books, &mut findings);
    if city.people.is_empty() {
        findings.push("nobody is there".to_owned());
    }
    findings
}

/// The digits of an id without its prefix.
fn digits(id: &str) -> &str {
    id.rsplit('_').next().unwrap_or(id)
}

/// What was acknowledged is there, as it was acknowledged; what was refused is not.
fn acknowledged(log: &[Asked], books: &Books, findings: &mut Vec<String>) {
    let operations: BTreeMap<&str, &OperationRow> = books.operations.iter().map(|row| (row.id.as_str(), row)).collect();
    let keys: BTreeMap<&str, &str> = books.keys.iter().map(|(key, target)| (key.as_str(), target.as_str())).collect();
    for asked in log {
        let target = keys.get(asked.key.as_str()).copied();
        if !asked.is_answered() {
            findings.push(format!("{} {} never got an answer", asked.key, asked.path));
        }
        for (status, body) in &asked.answers {
            let told = match status {
                201 => Some((body["operation"]["id"].as_str(), "settled")),
                402 if body["subject"].is_string() => Some((body["subject"].as_str(), "failed")),
                _ => None,
            };
            let Some((operation, state)) = told else { continue };
            let Some(operation) = operation else {
                findings.push(format!("{} was answered without an operation: {body}", asked.key));
                continue;
            };
            if target != Some(operation) {
                findings.push(format!("{} was acknowledged as {operation}; its key says {target:?}", asked.key));
            }
            match operations.get(digits(operation)) {
                None => findings.push(format!("{} was acknowledged as {operation}, which is LOST", asked.key)),
                Some(row) if row.state != state || !amount_agrees(body, row) => {
                    findings.push(format!("{} was told {body}, and the row is {row:?}", asked.key));
                }
                Some(_) => {}
            }
        }
        if asked.is_refused() && target.is_some() {
            findings.push(format!("{} was refused and has a row: {target:?}", asked.key));
        }
    }
}

fn amount_agrees(body: &Value, row: &OperationRow) -> bool {
    body["operation"]["settled"]["minor"].as_i64().is_none_or(|settled| settled == row.settled)
}

/// Every row was asked for, and every command has one row.
fn once(log: &[Asked], books: &Books, findings: &mut Vec<String>) {
    let asked: BTreeSet<&str> = log.iter().map(|asked| asked.key.as_str()).collect();
    let mut targets: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, target) in &books.keys {
        if !asked.contains(key.as_str()) {
            findings.push(format!("nobody used the key {key}"));
        }
        if targets.insert(digits(target), key).is_some() {
            findings.push(format!("two keys stand for {target}"));
        }
    }
    let distinct: BTreeSet<&str> = books.keys.iter().map(|(key, _)| key.as_str()).collect();
    if distinct.len() != books.keys.len() {
        findings.push("a key was claimed in two shards".to_owned());
    }
    for row in books.operations.iter().filter(|row| row.kind != "fund" && !targets.contains_key(row.id.as_str())) {
        findings.push(format!("nobody asked for {row:?}"));
    }
}

/// Totals are constant, and every account is what its transfers and holds make it.
fn money(books: &Books, findings: &mut Vec<String>) {
    let mut posted: BTreeMap<&str, i64> = BTreeMap::new();
    for transfer in &books.transfers {
        *posted.entry(&transfer.debit).or_default() -= transfer.amount;
        *posted.entry(&transfer.credit).or_default() += transfer.amount;
    }
    let mut held: BTreeMap<&str, i64> = BTreeMap::new();
    for hold in &books.holds {
        *held.entry(&hold.payer).or_default() += hold.authorised - hold.captured - hold.released;
        *held.entry(&hold.payee).or_default() += hold.refund_in_flight;
    }
    let mut rows: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in &books.accounts {
        let sum = rows.entry(&row.id).or_default();
        *sum = (sum.0 + row.posted, sum.1 + row.held);
    }
    let total: i64 = rows.values().map(|(posted, _)| posted).sum();
    if total != 0 {
        findings.push(format!("all accounts together have {total} instead of 0"));
    }
    for (id, found) in rows {
        let expected = (posted.get(id).copied().unwrap_or(0), held.get(id).copied().unwrap_or(0));
        if found != expected {
            findings.push(format!("account {id} has (posted, held) {found:?}, its rows say {expected:?}"));
        }
    }
    let mut transfers: BTreeMap<&str, i64> = BTreeMap::new();
    books.transfers.iter().for_each(|row| *transfers.entry(&row.operation).or_default() += 1);
    for row in &books.operations {
        let moves = matches!(row.kind.as_str(), "fund" | "capture" | "refund") && row.state == "settled";
        let found = transfers.get(row.id.as_str()).copied().unwrap_or(0);
        if found != i64::from(moves) {
            findings.push(format!("{row:?} has {found} transfers"));
        }
    }
}

/// A hold's amounts are the sums of its settled operations.
fn holds(books: &Books, findings: &mut Vec<String>) {
    for hold in &books.holds {
        let settled = |kind: &str| -> i64 {
            let of = |row: &&OperationRow| row.hold == hold.id && row.kind == kind && row.state == "settled";
            books.operations.iter().filter(of).map(|row| row.settled).sum()
        };
        let expected = (settled("capture"), settled("refund"));
        if (hold.captured, hold.refunded) != expected || settled("release") > hold.released {
            findings.push(format!("{hold:?} has operations for {expected:?}"));
        }
    }
}

/// What is open has an exchange that the hub will take up.
fn followed_up(books: &Books, findings: &mut Vec<String>) {
    let stages: BTreeMap<&str, &str> =
        books.exchanges.iter().map(|(id, stage)| (id.as_str(), stage.as_str())).collect();
    for row in &books.operations {
        let stage = stages.get(row.id.as_str()).copied();
        let open = matches!(row.state.as_str(), "sent" | "unknown");
        if open && matches!(stage, None | Some("finished")) {
            findings.push(format!("{row:?} is open and nobody will ever ask about it"));
        }
        if !open && !matches!(stage, None | Some("finished")) {
            findings.push(format!("{row:?} is over and its exchange is {stage:?}"));
        }
    }
}

/// Events are numbered without gaps.
fn events(books: &Books, findings: &mut Vec<String>) {
    for (shard, count, last) in books.events.iter().filter(|(_, count, last)| count != last) {
        findings.push(format!("shard {shard} has {count} events, the last is number {last}"));
    }
}

/// The provider's books against ours.
pub(super) async fn far_end(books: &Books, city: &City, far_end: &FarEnd) -> Vec<String> {
    let (wallet, set_aside, at_shop) = far_end.books().await;
    let ours = |account: &str| -> (i64, i64) {
        let rows = books.accounts.iter().filter(|row| row.id == digits(account));
        rows.fold((0, 0), |sum, row| (sum.0 + row.posted, sum.1 + row.held))
    };
    let mut findings = far_end.provider().sandbox.audit().await.unwrap().faults;
    let ((payer, held), (shop, _)) = (ours(&city.wallet_account), ours(&city.shop_account));
    if (payer, held, shop) != (wallet - IN_WALLET, set_aside, at_shop) {
        findings.push(format!(
            "the hub says {payer} moved and {held} held, {shop} at the shop; the provider {} moved and {set_aside} set aside, {at_shop} at the shop",
            wallet - IN_WALLET
        ));
    }
    findings
}
