//! Webhooks' rows: endpoints with sealed secrets, positions that one process moves, events that wait.

use std::collections::BTreeMap;

use tebura_hub::ids::{GalleryId, MerchantId, WebhookEndpointId};
use tebura_hub::ports::{Caller, CommitError, Unit, Write};
use tebura_hub::sites::Gallery;
use tebura_hub::webhooks::{
    SigningKeys, WebhookDelivery, WebhookEndpoint, WebhookProgress, WebhookSecret, WebhookWrite,
};
use tebura_ledger::{EventKind, Floor, Shard};

use super::ground::{Ground, LATER, NOW};

fn endpoint(ground: &Ground, merchant: MerchantId) -> WebhookEndpoint {
    WebhookEndpoint {
        id: WebhookEndpointId::from_uuid(ground.uuid(2)),
        merchant,
        url: "https://shop.example.jp/出来事".to_owned(),
        kinds: vec![EventKind::CaptureSettled, EventKind::HoldEnded],
        secret: WebhookSecret::new([7; 32]),
        previous: None,
        signing: None,
        created_at: NOW,
    }
}

fn waiting(of: &WebhookEndpoint, shard: u8, seq: u64) -> WebhookDelivery {
    WebhookDelivery {
        endpoint: of.id,
        shard: Shard::new(shard),
        seq,
        hold: None,
        attempts: 3,
        since: NOW,
        due_at: LATER,
        dead_at: None,
        last: Some("it answered 500".to_owned()),
    }
}

async fn write(ground: &Ground, rows: Vec<WebhookWrite>) -> Result<(), CommitError> {
    ground.write(2, rows.into_iter().map(Write::Webhook).collect()).await
}

pub(super) async fn an_endpoint_is_read_back_changed_and_removed(ground: &Ground) {
    let merchant = MerchantId::from_uuid(ground.uuid(0));
    let first = endpoint(ground, merchant);
    let everything = WebhookEndpoint { kinds: vec![], ..endpoint(ground, merchant) };
    let stranger = endpoint(ground, MerchantId::from_uuid(ground.uuid(0)));
    let all = [&first, &everything, &stranger].map(|row| WebhookWrite::Endpoint(row.clone()));
    write(ground, all.to_vec()).await.unwrap();
    assert_eq!(ground.store.webhook_endpoint(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(ground.store.webhook_endpoints(Some(merchant)).await.unwrap(), [first.clone(), everything.clone()]);
    assert_eq!(ground.store.webhook_endpoints(None).await.unwrap().len(), 3);

    let rotated = WebhookEndpoint {
        secret: WebhookSecret::new([8; 32]),
        previous: Some((first.secret.clone(), LATER)),
        ..first.clone()
    };
    write(ground, vec![WebhookWrite::Endpoint(rotated.clone())]).await.unwrap();
    assert_eq!(ground.store.webhook_endpoint(first.id).await.unwrap(), Some(rotated.clone()));

    let seed = WebhookSecret::new([9; 32]);
    for previous in [None, Some((WebhookSecret::new([10; 32]), LATER))] {
        let keys = SigningKeys { key: seed.clone(), previous };
        let signing = Some(keys.clone());
        let rows = vec![WebhookWrite::Signing { endpoint: first.id, keys }, WebhookWrite::Endpoint(rotated.clone())];
        write(ground, rows).await.unwrap();
        let signed = WebhookEndpoint { signing, ..rotated.clone() };
        assert_eq!(ground.store.webhook_endpoint(first.id).await.unwrap(), Some(signed.clone()));
        let mine = ground.store.webhook_endpoints(Some(merchant)).await.unwrap();
        assert_eq!(mine, [signed, everything.clone()]);
    }
    write(ground, vec![WebhookWrite::SigningRemoved(first.id)]).await.unwrap();
    assert_eq!(ground.store.webhook_endpoint(first.id).await.unwrap(), Some(rotated));

    write(ground, vec![WebhookWrite::Waits(waiting(&first, 1, 5)), WebhookWrite::Removed(first.id)]).await.unwrap();
    assert_eq!(ground.store.webhook_endpoint(first.id).await.unwrap(), None);
    assert!(ground.store.webhook_deliveries(first.id, false, 10).await.unwrap().is_empty());
    write(ground, vec![WebhookWrite::Waits(waiting(&first, 1, 6))]).await.unwrap();
    assert!(
        ground.store.webhook_deliveries(first.id, false, 10).await.unwrap().is_empty(),
        "nobody waits for the gone"
    );
}

pub(super) async fn of_two_processes_one_moves_a_position(ground: &Ground) {
    let of = endpoint(ground, MerchantId::from_uuid(ground.uuid(0)));
    let progress = WebhookProgress {
        endpoint: of.id,
        positions: BTreeMap::from([(Shard::new(0), 12), (Shard::new(3), u64::from(u32::MAX))]),
        leased_until: LATER,
        taken_at: None,
        failed: Some((NOW, "it answered 500".to_owned())),
        revision: 0,
    };
    let put = |progress: &WebhookProgress, expected| WebhookWrite::Progress { progress: progress.clone(), expected };
    write(ground, vec![WebhookWrite::Endpoint(of.clone()), put(&progress, 0)]).await.unwrap();
    let read = ground.store.webhook_progress(of.id).await.unwrap().unwrap();
    assert_eq!(read, WebhookProgress { revision: 1, ..progress.clone() });
    assert_eq!(write(ground, vec![put(&progress, 0)]).await, Err(CommitError::Stale));
    let moved = WebhookProgress { positions: BTreeMap::new(), taken_at: Some(NOW), failed: None, ..read };
    let unit = || Unit { writes: vec![Write::Webhook(put(&moved, 1))], ..Unit::default() };
    let (one, two) = tokio::join!(ground.commit(2, unit()), ground.commit(2, unit()));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let read = ground.store.webhook_progress(of.id).await.unwrap().unwrap();
    assert_eq!(read, WebhookProgress { revision: 2, ..moved });
}

pub(super) async fn events_wait_in_order_until_they_are_taken_or_given_up(ground: &Ground) {
    let of = endpoint(ground, MerchantId::from_uuid(ground.uuid(0)));
    let hold = Some(ground.hold_id(3));
    let rows = [
        WebhookDelivery { hold, due_at: NOW, ..waiting(&of, 3, 1) },
        WebhookDelivery { last: None, ..waiting(&of, 0, 9) },
        WebhookDelivery { dead_at: Some(NOW), due_at: NOW, ..waiting(&of, 0, 4) },
    ];
    let mut writes = vec![WebhookWrite::Endpoint(of.clone())];
    writes.extend(rows.iter().cloned().map(WebhookWrite::Waits));
    write(ground, writes).await.unwrap();
    let [third, second, dead] = rows;
    let read = |dead, limit| ground.store.webhook_deliveries(of.id, dead, limit);
    assert_eq!(read(false, 10).await.unwrap(), [second.clone(), third.clone()]);
    assert_eq!(read(false, 1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(read(true, 10).await.unwrap(), std::slice::from_ref(&dead));
    assert_eq!(ground.store.webhooks_due(NOW).await.unwrap(), [of.id]);
    assert!(ground.store.webhooks_due(NOW.plus_ms(-1)).await.unwrap().is_empty());

    let again = WebhookDelivery { dead_at: None, attempts: 0, ..dead };
    let taken = |since| WebhookWrite::Taken { endpoint: of.id, shard: third.shard, seq: third.seq, since };
    write(ground, vec![taken(LATER)]).await.unwrap();
    assert_eq!(read(false, 10).await.unwrap().len(), 2, "it was replayed meanwhile and goes on waiting");
    write(ground, vec![WebhookWrite::Waits(again.clone()), taken(NOW)]).await.unwrap();
    assert_eq!(read(false, 10).await.unwrap(), [again, second]);
    assert!(read(true, 10).await.unwrap().is_empty());
}

pub(super) async fn an_event_is_found_by_its_place(ground: &Ground) {
    ground.open(1, Floor::Unlimited).await;
    let gallery = Gallery { id: GalleryId::from_uuid(ground.uuid(1)), name: "today".to_owned() };
    ground.write(1, vec![Write::Gallery(gallery)]).await.unwrap();
    ground.open(1, Floor::Unlimited).await;
    let listed = ground.store.events(&Caller::Operator, &[], 10).await.unwrap();
    let kinds: Vec<EventKind> = listed.iter().map(|event| event.event.kind).collect();
    assert_eq!(kinds, [EventKind::AccountOpened; 2], "what else is in the log is no event");
    let last = listed.last().unwrap();
    let heads = ground.store.event_heads().await.unwrap();
    let head = heads.iter().find(|(shard, _)| *shard == Shard::new(1)).map(|(_, seq)| *seq);
    assert_eq!(head, Some(last.seq));
    assert!(heads.iter().all(|(shard, seq)| *shard == Shard::new(1) || *seq == 0), "{heads:?}");
    for event in &listed {
        let found = ground.store.event(event.shard, event.seq).await.unwrap().unwrap();
        assert_eq!((found.shard, found.seq, found.event), (event.shard, event.seq, event.event.clone()));
    }
    assert!(ground.store.events(&Caller::Operator, &heads, 10).await.unwrap().is_empty());
    for (shard, seq) in [(1, last.seq + 1), (1, 0), (0, 1), (1, u64::MAX)] {
        assert!(ground.store.event(Shard::new(shard), seq).await.unwrap().is_none(), "{shard}-{seq}");
    }
}
