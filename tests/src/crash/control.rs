//! Negative controls: a good run's books are spoiled, one way at a time, and the checker has to say so.

use serde_json::json;
use tempfile::TempDir;

use super::books::{Books, Database};
use super::clients::Asked;
use super::{Run, check};
use crate::support::until;

/// What is done to the file, and what it stands for.
const SPOILED: [(&str, &str); 9] = [
    (
        "a lost idempotency row",
        "DELETE FROM idempotency_key WHERE key = (SELECT MIN(key) FROM idempotency_key WHERE key LIKE 'client-%')",
    ),
    ("a lost operation", "DELETE FROM operation WHERE id = (SELECT MAX(id) FROM operation WHERE kind = 'place')"),
    (
        "a capture done twice",
        "INSERT INTO transfer SELECT shard, randomblob(16), operation, hold, debit, credit, amount, currency, kind, at_ms FROM transfer WHERE kind = 'capture' LIMIT 1",
    ),
    ("a lost transfer", "DELETE FROM transfer WHERE id = (SELECT MAX(id) FROM transfer WHERE kind = 'capture')"),
    ("money from nowhere", "UPDATE account SET posted = posted + 1 WHERE id = (SELECT MAX(id) FROM account)"),
    (
        "a forgotten hold",
        "UPDATE account SET held = held + 1 WHERE floor = 'unlimited' AND id = (SELECT MAX(id) FROM account WHERE floor = 'unlimited')",
    ),
    (
        "an operation that was taken back",
        "UPDATE operation SET state = 'failed' WHERE id = (SELECT MAX(id) FROM operation WHERE kind = 'capture' AND state = 'settled')",
    ),
    (
        "a dropped outbox row",
        "UPDATE operation SET state = 'sent', settled_amount = NULL WHERE id = (SELECT MAX(operation) FROM exchange WHERE stage = 'finished')",
    ),
    ("a lost event", "DELETE FROM event WHERE seq = 3"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checker_finds_what_is_broken() {
    let run = Run::start(TempDir::new().unwrap(), None).await.rounds(2).await;
    assert_eq!(run.findings().await, Vec::<String>::new(), "before anything is spoiled");
    let (log, good) = (run.clients.log(), run.folder.path().join("hub.sqlite"));
    for (what, sql) in SPOILED {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("spoiled.sqlite");
        for end in ["", "-wal"] {
            let copied = std::fs::copy(format!("{}{end}", good.display()), format!("{}{end}", file.display()));
            assert!(copied.is_ok() || !end.is_empty(), "the database can be copied");
        }
        let spoiled = Database::Sqlite(file);
        assert!(spoiled.spoil(sql).await > 0, "{what}: nothing was spoiled");
        let findings = check::findings(&log, &Books::read(&spoiled).await, &run.city);
        assert!(!findings.is_empty(), "{what} was not found");
        eprintln!("BROKEN, {what}: {}", findings[0]);
    }
    let books = Books::read(&run.database()).await;
    let operation = "op_00000000000000000000000000000000";
    let told = |key: &str, status, body| Asked {
        key: key.to_owned(),
        path: "/v1/holds".to_owned(),
        body: json!({}),
        sent: 1,
        answers: vec![(status, body)],
    };
    let forged = [
        ("LOST", told("client-forged", 201, json!({ "operation": { "id": operation } }))),
        ("refused and has a row", told(&books.keys[0].0, 409, json!({ "code": "hold.closed" }))),
        ("never got an answer", Asked { answers: vec![], ..told("client-forged", 0, json!({})) }),
    ];
    for (word, asked) in forged {
        let findings = check::findings(&[log.as_slice(), &[asked]].concat(), &books, &run.city);
        assert!(findings.iter().any(|finding| finding.contains(word)), "{word}: {findings:?}");
    }
}

/// The far end is down, the hub dies with an operation that was not sent yet, and the row that would send it is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_whose_exchange_row_is_lost_is_found() {
    let mut run = Run::start(TempDir::new().unwrap(), None).await;
    run.far_end.stop().await;
    let hub = run.hub();
    let merchant = hub.with_key(&run.city.key);
    let body = json!({ "payer": run.city.wallet, "amount": { "minor": 10, "currency": "JPY" } });
    let reader = merchant.clone();
    let asked = tokio::spawn(async move { merchant.try_post("/v1/holds", "client-0-0", &body).await });
    until("the hold is committed", async || {
        reader.get("/v1/holds").await["items"].as_array().is_some_and(|holds| !holds.is_empty())
    })
    .await;
    hub.kill();
    assert_eq!(asked.await.unwrap(), None);

    let books = Books::read(&run.database()).await;
    let nobody_will_ask = |books: &Books| {
        check::findings(&[], books, &run.city).iter().any(|finding| finding.contains("nobody will ever ask"))
    };
    assert!(!nobody_will_ask(&books), "the exchange is there");
    assert!(run.database().spoil("DELETE FROM exchange").await > 0);
    assert!(nobody_will_ask(&Books::read(&run.database()).await), "BROKEN was not said");
}
