//! The API's description is checked in and says what the code does.

use std::path::Path;

use crate::world::World;

#[test]
fn the_description_that_is_checked_in_is_the_codes_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/openapi/hub-v1.json");
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    let code = tebura_server::openapi::text();
    assert!(
        checked_in == code,
        "specs/openapi/hub-v1.json differs from the code: write it anew with `cargo run -- openapi > specs/openapi/hub-v1.json`, \
         and raise the version when a released path changed"
    );
}

#[test]
fn pay_7_every_write_names_its_key_and_every_path_its_problems() {
    let description: serde_json::Value = serde_json::from_str(&tebura_server::openapi::text()).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let named = operation["parameters"].as_array().is_some_and(|parameters| {
                parameters
                    .iter()
                    .any(|parameter| parameter["name"] == "Idempotency-Key" && parameter["required"] == true)
            });
            // A check writes nothing, a provider's notice is repeated as often as it likes and known by its body, and a
            // signed statement carries its own nonce.
            let keyless = [":check", "/notices", "/inbound/{rail}/{route}", "/contracts/{id}/events"]
                .iter()
                .any(|end| path.ends_with(end));
            assert_eq!(named, method != "get" && !keyless, "{method} {path}");
            let problems = operation["responses"]["default"]["content"].get("application/problem+json").is_some();
            assert_eq!(problems, path.starts_with("/v1/"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_hub_serves_its_own_description() {
    let world = World::open().await;
    let served = world.call("GET", "/v1/openapi.json", None, None, None).await.json();
    let text: serde_json::Value = serde_json::from_str(&tebura_server::openapi::text()).unwrap();
    assert_eq!(served, text);
}
