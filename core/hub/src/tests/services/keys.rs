//! The own keys of a service: no write is lost among many requests at once, and two instances share none.

use std::sync::Arc;

use super::desk::town;
use crate::ports::Store;
use crate::rail::PluginId;
use crate::services::AskService;
use crate::tests::world::key;

#[tokio::test]
async fn no_count_is_lost_and_no_count_is_shared() {
    let town = Arc::new(town().await);
    let visits = (0..20).map(|nth| {
        let town = Arc::clone(&town);
        tokio::spawn(async move {
            let service = if nth % 4 == 0 { "south" } else { "north" }.to_owned();
            let ask = AskService { service, ..town.ask(&["count", "done"]) };
            town.hub.ask_service(key(&format!("visit {nth}")), ask).await.unwrap();
        })
    });
    for visit in visits.collect::<Vec<_>>() {
        visit.await.unwrap();
    }
    for (service, count) in [("north", "15"), ("south", "5")] {
        let stored = town.store.kv(&PluginId(format!("jp.example.words#{service}")), "count").await.unwrap();
        assert_eq!(stored.as_deref(), Some(count.as_bytes()), "{service}");
    }
}
