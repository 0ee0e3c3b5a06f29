//! Signed heads: what a witness gets, and what it proves.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use serde_json::{Value, json};
use tebura_hub::audit::{AuditError, Broken, Link, Log, SignedHead, verify};
use tebura_hub::ids::MerchantId;
use tebura_hub::ports::{Store, Unit, Write};
use tebura_hub::sites::Merchant;
use tebura_ledger::{Shard, Timestamp, Uuid};
use tebura_server::audit::{HeadKeeper, is_genuine};
use tebura_server::start::open_store;
use tebura_server::wire::audit::HeadBody;
use tebura_store::SqlStore;
use tempfile::TempDir;

use crate::world::World;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A world whose heads are those of another, durable log.
struct Site {
    world: World,
    store: Arc<SqlStore>,
    keeper: HeadKeeper,
    _folder: TempDir,
}

impl Site {
    async fn open() -> Site {
        let (world, folder) = (World::open().await, tempfile::tempdir().unwrap());
        let opened = open_store(folder.path(), None).await.unwrap();
        let keeper = opened.keep_heads(folder.path()).await.unwrap();
        drop(world.app.clone().with_heads(keeper.heads()));
        Site { world, store: opened.store, keeper, _folder: folder }
    }

    async fn write(&self, name: &str) {
        let id = MerchantId::from_uuid(Uuid::from_u128(7 << 8));
        let merchant = Merchant { id, name: name.to_owned(), sandbox: true };
        let unit = Unit { writes: vec![Write::Merchant(merchant)], ..Unit::default() };
        self.store.commit(Shard::new(0), NOW, unit).await.unwrap();
    }

    async fn sign(&self) -> Value {
        let reply = self.world.post("/v1/audit/heads:sign", &self.world.operator, json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    async fn page(&self, query: &str) -> Value {
        self.world.get(&format!("/v1/audit/heads{query}"), &self.world.operator).await.json()
    }

    async fn close(self) {
        self.keeper.stop().await;
        self.store.close().await;
    }
}

fn seqs(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|head| head["seq"].as_u64().unwrap()).collect()
}

fn kept(page: &Value) -> Vec<SignedHead> {
    let head = |body: &Value| serde_json::from_value::<HeadBody>(body.clone()).unwrap().signed().unwrap();
    page["items"].as_array().unwrap().iter().map(head).collect()
}

#[tokio::test]
async fn a_witness_reads_every_head_and_each_is_signed() {
    let site = Site::open().await;
    assert_eq!(site.page("").await["items"], json!([]));
    for round in 1..=5_u64 {
        site.write(&format!("shop {round}")).await;
        assert_eq!(seqs(&site.sign().await), [round]);
    }
    assert_eq!(seqs(&site.sign().await), [5], "nothing moved: the last head covers it");
    let all = site.page("").await;
    assert_eq!((seqs(&all), &all["next"]), (vec![5, 4, 3, 2, 1], &Value::Null));
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = site.page(&query).await;
        paged.extend(seqs(&page));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&after={next}");
    }
    assert_eq!(paged, [5, 4, 3, 2, 1]);

    let public = STANDARD.decode(all["public_key"].as_str().unwrap()).unwrap();
    let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
    let mut heads = kept(&all);
    assert!(heads.iter().all(|head| is_genuine(&public, head)));
    let by_witness = |head: &SignedHead| is_genuine(&public, head);
    let report = verify(site.store.as_ref(), &heads, &by_witness, NOW).await.unwrap();
    assert_eq!((report.entries, report.heads, report.unsigned), (5, 5, vec![]));

    // What came after the last signature is named.
    site.write("late").await;
    let report = verify(site.store.as_ref(), &heads, &by_witness, NOW).await.unwrap();
    assert_eq!(report.unsigned.iter().map(|end| (end.from, end.to)).collect::<Vec<_>>(), [(6, 6)]);

    heads[2].head.link = Link([0; 32]);
    let forged = verify(site.store.as_ref(), &heads, &by_witness, NOW).await.unwrap_err();
    assert!(matches!(forged, AuditError::Broken(Broken::Forged { seq: 3, .. })), "{forged}");
    site.close().await;
}

#[tokio::test]
async fn heads_are_for_the_operator_and_witnesses() {
    let site = Site::open().await;
    let world = &site.world;
    let witness = world.post("/v1/keys", &world.operator, json!({"scopes": ["read"]})).await.json();
    let witness = witness["secret"].as_str().unwrap();
    assert_eq!(world.get("/v1/audit/heads", witness).await.status, 200);
    let signs = world.post("/v1/audit/heads:sign", witness, json!({})).await;
    assert_eq!(signs.problem(), "403 auth.scope_missing");
    assert_eq!(world.get("/v1/audit/heads", &world.shop).await.problem(), "403 auth.operator_only");
    assert_eq!(world.get("/v1/audit/heads", &world.till).await.problem(), "403 auth.scope_missing");
    for after in ["x", "1-2", "1-300-1", "1-2-x"] {
        let page = world.get(&format!("/v1/audit/heads?after={after}"), &world.operator).await;
        assert_eq!(page.problem(), "422 request.cursor_malformed", "{after}");
    }
    let dark = World::open().await;
    assert_eq!(dark.get("/v1/audit/heads", &dark.operator).await.problem(), "501 audit.off");
    assert!(site.store.heads(NOW).await.unwrap().iter().all(|head| head.seq == 0));
    site.close().await;
}
