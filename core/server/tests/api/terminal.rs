//! `/terminal/{kind}`: the page, its words, and who gets a session.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn one_page_serves_every_kind_and_needs_nothing_from_elsewhere() {
    let world = World::open().await;
    let gate = world.call("GET", "/terminal/gate", None, None, None).await;
    let policy = gate.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(!gate.text.contains("http://") && !gate.text.contains("https://"));
    assert!(!gate.text.contains(" style=") && !gate.text.contains("<style") && !gate.text.contains(" onclick="));
    for kind in ["clinic", "bus", "shelter", "park", "staff"] {
        assert_eq!(world.call("GET", &format!("/terminal/{kind}"), None, None, None).await.text, gate.text, "{kind}");
    }
    assert_eq!(world.call("GET", "/terminal/casino", None, None, None).await.status, 404);
    for file in ["terminal.css", "terminal.js", "service.js"] {
        assert_eq!(world.call("GET", &format!("/page/{file}"), None, None, None).await.status, 200, "{file}");
    }
}

#[tokio::test]
async fn every_word_that_the_terminal_asks_for_is_there_in_both_languages() {
    let world = World::open().await;
    let mut asked = std::collections::BTreeSet::new();
    for file in ["/terminal/gate", "/page/terminal.js", "/page/page.js"] {
        let text = world.call("GET", file, None, None, None).await.text;
        let is_word = |part: &&str| {
            (part.starts_with("terminal.") || part.starts_with("till.")) && !part.contains(['$', '/', ' ', '{'])
        };
        let words = text.split(['"', '`']).filter(is_word).map(str::to_owned);
        asked.extend(words.filter(|word| !word.ends_with(".js") && !word.ends_with(".css")));
    }
    // A refusal is told by its title and its advice.
    asked.remove("terminal.refused.default");
    asked.extend(["terminal.refused.default.title", "terminal.refused.default.advice"].map(str::to_owned));
    for way in ["card", "qr", "staff"] {
        asked.insert(format!("terminal.way.{way}"));
    }
    assert!(asked.len() > 25, "{asked:?}");
    for language in ["en", "ja"] {
        let words = world.call("GET", &format!("/till/words/{language}"), None, None, None).await.json();
        for key in &asked {
            assert!(words[key].is_string(), "{language} lacks {key}");
        }
    }
}

#[tokio::test]
async fn a_key_of_services_opens_a_terminals_session_and_no_other_does() {
    let world = World::open().await;
    let with = |key: &str| {
        let request = Request::post("/terminal/session").header("host", "shop.example");
        request.header("authorization", format!("Bearer {key}")).body(Body::empty()).unwrap()
    };
    assert_eq!(world.send(with(&world.shop)).await.problem(), "403 auth.scope_missing");
    let body = json!({"merchant": world.merchant, "scopes": ["services"]});
    let made = world.call("POST", "/v1/keys", Some(&world.operator), Some("terminal"), Some(body)).await.json();
    let opened = world.send(with(made["secret"].as_str().unwrap())).await;
    assert_eq!(opened.status, 204);
    let cookie = opened.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let get = |path: &str, site: &str| {
        Request::get(path).header("cookie", &cookie).header("sec-fetch-site", site).body(Body::empty()).unwrap()
    };
    assert_eq!(world.send(get("/terminal/state", "same-origin")).await.status, 200);
    assert_eq!(world.send(get("/v1/services", "same-origin")).await.status, 200);
    assert_eq!(world.send(get("/terminal/state", "cross-site")).await.problem(), "401 auth.key_unknown");
    // A stand is in everybody's reach: what others asked is for a key, which staff hold.
    let others = "/v1/services/clinic/requests";
    assert_eq!(world.send(get(others, "same-origin")).await.problem(), "403 auth.key_needed");
    let key = made["secret"].as_str();
    assert_eq!(world.call("GET", others, key, None, None).await.problem(), "404 service.not_found");
    assert_eq!(world.send(get("/v1/holds", "same-origin")).await.problem(), "403 auth.scope_missing");
    assert_eq!(world.send(get("/till/state", "same-origin")).await.problem(), "403 auth.scope_missing");
}
