//! The audit chain on both databases: what is done behind the hub's back is found, and its first trace is named.

use std::sync::Arc;

use tebura_hub::audit::{AuditError, Broken, Entry, Head, Link, Log, Report, SignedHead, verify};
use tebura_hub::ids::{ApiKeyId, MerchantId};
use tebura_hub::ports::{Unit, Write};
use tebura_hub::sites::{ApiKey, Payee, Scope};
use tebura_ledger::{Floor, RailId, Shard};
use tebura_store::SqlStore;

use super::durable::{Site, on_every_database};
use super::ground::{Ground, NOW};

/// The shard whose log the cases tamper with.
const SHARD: u8 = 1;

on_every_database! {
    an_untouched_log_is_whole,
    what_an_erasure_took_away_is_in_the_log,
    what_was_done_behind_the_hubs_back_is_named,
    a_log_that_was_written_anew_contradicts_its_signed_head,
    hledger_comes_to_the_same_balances,
}

/// A signature that the cases can make: the check of real ones is the server's.
fn signed(head: Head) -> SignedHead {
    SignedHead { head, key: "test".to_owned(), signature: [7; 64] }
}

fn is_genuine(signed: &SignedHead) -> bool {
    signed.signature == [7; 64]
}

async fn audit(store: &SqlStore, heads: &[SignedHead]) -> Result<Report, AuditError> {
    verify(store, heads, &is_genuine, NOW).await
}

/// Money that moved, was held and given back, and records of several kinds. Returns heads as they are then.
async fn busy_day(store: &Arc<SqlStore>, ground: &Ground) -> Vec<SignedHead> {
    let payer = ground.wallet(SHARD, 10_000).await;
    let shop = ground.open(2, Floor::Unlimited).await;
    for minor in [400, 300, 200] {
        let placed = ground.place(payer, shop, minor).await.unwrap();
        if minor > 200 {
            ground.apply(SHARD, ground.capturing(placed.hold, minor - 100).1).await.unwrap();
        }
    }
    let merchant = MerchantId::from_uuid(ground.uuid(SHARD));
    let rail = RailId::new("house").unwrap();
    let payee = Payee { merchant, rail, account: shop, token: "shop".to_owned() };
    let key = ApiKey {
        id: ApiKeyId::from_uuid(ground.uuid(SHARD)),
        secret_sha256: [3; 32],
        merchant: Some(merchant),
        till: None,
        scopes: vec![Scope::Read],
        revoked_at: None,
    };
    ground.write(SHARD, vec![Write::Payee(payee.clone()), Write::ApiKey(key)]).await.unwrap();
    ground.write(SHARD, vec![Write::Payee(Payee { token: "shop-2".to_owned(), ..payee })]).await.unwrap();
    store.heads(NOW).await.unwrap().into_iter().filter(|head| head.seq > 0).map(signed).collect()
}

async fn what_an_erasure_took_away_is_in_the_log(site: Site) {
    let (store, ground) = site.open().await;
    super::privacy::an_erased_person_is_nowhere(&ground).await;
    let report = audit(&store, &[]).await.unwrap();
    assert!(report.records > 3, "what stayed is as the log says, and nothing is missing: {report:?}");
    store.close().await;
}

async fn an_untouched_log_is_whole(site: Site) {
    let (store, ground) = site.open().await;
    let heads = busy_day(&store, &ground).await;
    for signed in &heads {
        let unit = Unit { writes: vec![Write::AuditHead(signed.clone())], ..Unit::default() };
        ground.commit(signed.head.shard.number(), unit).await.unwrap();
    }
    assert_eq!(store.kept_heads().await.unwrap(), heads);
    // Heads of one moment come by shard, a page at a time.
    let mut paged = Vec::new();
    while let Some(head) =
        store.latest_heads(paged.last().map(|last: &SignedHead| last.head.place()), 1).await.unwrap().pop()
    {
        paged.push(head);
    }
    assert_eq!(paged, heads);
    let later = ground.wallet(SHARD, 5).await;
    let report = audit(&store, &heads).await.unwrap();
    assert_eq!((report.heads, report.records), (heads.len(), 2));
    assert_eq!(report.unsigned.iter().map(|end| end.shard).collect::<Vec<_>>(), [Shard::new(SHARD)]);
    let written: u64 = store.heads(NOW).await.unwrap().iter().map(|head| head.seq).sum();
    assert_eq!(report.entries, written);
    assert!(written > heads.iter().map(|signed| signed.head.seq).sum());
    assert_eq!(ground.balances(later).await, (5, 0));
    store.close().await;
}

async fn what_was_done_behind_the_hubs_back_is_named(site: Site) {
    let (store, ground) = site.open().await;
    let heads = busy_day(&store, &ground).await;
    let shard = Shard::new(SHARD);
    let last = heads.iter().find(|signed| signed.head.shard == shard).unwrap().head.seq;
    let forged = SignedHead { signature: [8; 64], ..heads[0].clone() };
    let refused = audit(&store, &[forged]).await.unwrap_err();
    assert!(matches!(refused, AuditError::Broken(Broken::Forged { .. })), "{refused}");

    // Each is done and undone.
    let sql = |text: &'static str| site.sql(text);
    for (tamper, undo, expected) in [
        (
            "UPDATE event SET amount = amount + 1 WHERE shard = 1 AND seq = 3",
            "UPDATE event SET amount = amount - 1 WHERE shard = 1 AND seq = 3",
            "shard 1: entry 3 was changed",
        ),
        (
            "UPDATE event SET seq = seq + 1000 WHERE shard = 1 AND seq = 5",
            "UPDATE event SET seq = seq - 1000 WHERE shard = 1 AND seq = 1005",
            "shard 1: entry 5 is missing",
        ),
        (
            "UPDATE shard_head SET seq = seq + 1 WHERE shard = 1",
            "UPDATE shard_head SET seq = seq - 1 WHERE shard = 1",
            "entries were cut off or added",
        ),
        (
            "UPDATE account SET posted = posted + 1",
            "UPDATE account SET posted = posted - 1",
            "money does not add up: account",
        ),
        (
            "UPDATE transfer SET amount = amount + 1 WHERE kind = 'capture'",
            "UPDATE transfer SET amount = amount - 1 WHERE kind = 'capture'",
            "money does not add up",
        ),
        (
            "UPDATE hold SET version = version + 1",
            "UPDATE hold SET version = version - 1",
            "money does not add up: hold",
        ),
        ("UPDATE payee SET token = 'thief'", "UPDATE payee SET token = 'shop-2'", "payee"),
        ("UPDATE api_key SET scopes = 'admin'", "UPDATE api_key SET scopes = 'read'", "api_key"),
        (
            "INSERT INTO merchant (id, name, sandbox) SELECT id, 'thief', sandbox_of FROM (SELECT id, true AS sandbox_of FROM api_key) AS keys",
            "DELETE FROM merchant",
            "was put in behind the log's back",
        ),
        ("DELETE FROM payee", "SELECT 1", "payee"),
    ] {
        assert!(sql(tamper).await.unwrap() > 0, "{tamper}");
        let refused = audit(&store, &heads).await.expect_err(tamper).to_string();
        assert!(refused.contains(expected), "{tamper}: {refused}");
        sql(undo).await.unwrap();
    }
    let report = audit(&store, &heads).await.expect_err("the payee's row is gone for good").to_string();
    assert!(report.contains("was removed behind the log's back"), "{report}");

    // Cut off clean: the head is moved as well, but a signed one remembers.
    let before = store.entries(shard, last - 2, 1).await.unwrap()[0].1;
    cut(&site, before).await;
    let refused = audit(&store, &heads).await.unwrap_err();
    let AuditError::Broken(Broken::CutOff { shard: of, last: now, seq }) = refused else { panic!("{refused}") };
    assert_eq!((of, now, seq), (shard, last - 1, last));
    store.close().await;
}

/// Takes away the last entry of the log and moves the head to the one before.
async fn cut(site: &Site, link: Link) {
    site.sql("DELETE FROM event WHERE shard = 1 AND seq = (SELECT MAX(seq) FROM event WHERE shard = 1)").await.unwrap();
    site.sql("UPDATE shard_head SET seq = seq - 1 WHERE shard = 1").await.unwrap();
    site.set_link(None, link).await;
}

async fn a_log_that_was_written_anew_contradicts_its_signed_head(site: Site) {
    let (store, ground) = site.open().await;
    let heads = busy_day(&store, &ground).await;
    let shard = Shard::new(SHARD);
    site.sql("UPDATE event SET at_ms = at_ms + 1 WHERE shard = 1 AND seq >= 3").await.unwrap();
    let mut link = Link::genesis(shard);
    for (entry, _) in store.entries(shard, 0, 1_000).await.unwrap() {
        link = link.then(&Entry::text(&entry));
        site.set_link(Some(entry.seq()), link).await;
    }
    site.set_link(None, link).await;
    // The chain alone believes it: every link fits.
    audit(&store, &[]).await.unwrap();
    let refused = audit(&store, &heads).await.unwrap_err();
    assert!(matches!(refused, AuditError::Broken(Broken::Rewritten { .. })), "{refused}");
    store.close().await;
}

async fn hledger_comes_to_the_same_balances(site: Site) {
    let Some(hledger) = crate::support::tool("hledger") else { return };
    let (store, ground) = site.open().await;
    busy_day(&store, &ground).await;
    let journal = tebura_server::journal::hledger(&store).await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &journal).unwrap();
    let flat = ["balance", "--flat", "--no-total", "--empty", "--output-format", "csv", "-f"];
    let output = std::process::Command::new(hledger).args(flat).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}\n{journal}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();
    let balance = |account: &str| {
        let line = table.lines().find(|line| line.starts_with(&format!("\"{account}\"")));
        line.map_or(0, |line| {
            let cell = line.split("\",\"").nth(1).unwrap();
            cell.chars().filter(|c| c.is_ascii_digit() || *c == '-').collect::<String>().parse::<i64>().unwrap()
        })
    };
    let accounts = store.all_accounts().await.unwrap();
    assert!(accounts.len() >= 3);
    for (account, owner) in accounts {
        let name = format!("{}:{}", owner.name(), account.id());
        let held = balance(&format!("{name}:held"));
        let posted = balance(&format!("{name}:available")) + held;
        assert_eq!((posted, held), (account.posted().minor(), account.held().minor()), "{name}\n{journal}\n{table}");
    }
    store.close().await;
}
