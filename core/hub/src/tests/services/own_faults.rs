//! What a plugin says of its settings, what it cannot say, and that nothing else comes of it.

use std::sync::Arc;

use serde_json::json;

use super::desk::{Town, WordService, config, town_where};
use crate::ports::Clock;
use crate::services::*;

async fn asked(town: &Town, price: i64) -> Result<Vec<SettingsFault>, SettingsUnchecked> {
    let own = InstanceConfig { settings: json!({ "price": price }), ..config("north", town.merchant, town.gallery) };
    let service = ServiceInstance::new(own, Arc::new(WordService::new(town.store.clone()))).unwrap();
    service.own_faults(town.clock.now()).await
}

#[tokio::test]
async fn faults_of_a_plugin_become_lines_that_a_terminal_can_show() {
    let town = town_where(None).await;
    assert_eq!(asked(&town, 500).await, Ok(Vec::new()));
    let faults = asked(&town, 5).await.unwrap();
    let fault = |pointer: &str, en: &str| SettingsFault {
        pointer: pointer.to_owned(),
        code: "words.price".to_owned(),
        ja: "高い".to_owned(),
        en: en.to_owned(),
    };
    assert_eq!(faults, [fault("/price", "is 5 [2J write 6"), fault("", "elsewhere")]);
    let many = asked(&town, 6).await.unwrap();
    assert_eq!((many.len(), many[0].en.len()), (20, 600));
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_from_one_that_is_away_and_from_one_that_knows_no_such_question() {
    let town = town_where(None).await;
    let failed = asked(&town, 1).await.unwrap_err();
    assert_eq!(failed.to_string(), "the plugin failed (plugin.trapped): unreachable");
    assert!(matches!(failed, SettingsUnchecked::Failed { .. }));
    assert!(matches!(asked(&town, 2).await, Err(SettingsUnchecked::Away { .. })));
    assert_eq!(asked(&town, 3).await, Ok(Vec::new()), "an older component");
    assert!(matches!(asked(&town, 4).await, Err(SettingsUnchecked::Failed { .. })));
}
