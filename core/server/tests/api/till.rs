//! `/till`: the page, its session, and who gets one.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::world::World;

fn session(host: &str) -> axum::http::request::Builder {
    Request::post("/till/session").header("host", host)
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let world = World::open().await;
    let page = world.call("GET", "/till", None, None, None).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    assert!(!page.text.contains(" style=") && !page.text.contains("<style") && !page.text.contains(" onclick="));
    for file in ["till.css", "till.js", "api.js", "camera.js", "page.js", "mark.svg"] {
        let reply = world.call("GET", &format!("/page/{file}"), None, None, None).await;
        assert_eq!(reply.status, 200, "{file}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    }
    assert_eq!(world.call("GET", "/page/../main.rs", None, None, None).await.status, 404);
}

#[tokio::test]
async fn every_word_that_the_page_asks_for_is_there_in_both_languages() {
    let world = World::open().await;
    let mut asked = std::collections::BTreeSet::new();
    for file in ["/till", "/page/till.js", "/page/page.js"] {
        let text = world.call("GET", file, None, None, None).await.text;
        for part in text.split(['"', '`']).filter(|part| part.starts_with("till.") && !part.contains(['$', '/', ' '])) {
            if part != "till.js" && part != "till.css" {
                asked.insert(part.to_owned());
            }
        }
    }
    for code in [
        "offline",
        "default",
        "declined",
        "image",
        "face.none",
        "face.several",
        "liveness.attack",
        "funds.insufficient",
    ] {
        asked.insert(format!("till.refused.{code}.title"));
        asked.insert(format!("till.refused.{code}.advice"));
    }
    assert!(asked.len() > 40, "{asked:?}");
    for language in ["en", "ja"] {
        let words = world.call("GET", &format!("/till/words/{language}"), None, None, None).await.json();
        for key in &asked {
            assert!(words[key].is_string(), "{language} lacks {key}");
        }
    }
}

#[tokio::test]
async fn a_tills_key_opens_a_session_that_pays_and_does_nothing_else() {
    let world = World::open().await;
    let with = |key: &str| session("shop.example").header("authorization", format!("Bearer {key}")).body(Body::empty());
    assert_eq!(world.send(with(&world.shop).unwrap()).await.problem(), "403 auth.scope_missing");
    let opened = world.send(with(&world.till).unwrap()).await;
    assert_eq!(opened.status, 204);
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let get = |path: &str, site: &str| {
        Request::get(path).header("cookie", &cookie).header("sec-fetch-site", site).body(Body::empty()).unwrap()
    };
    let state = world.send(get("/till/state", "same-origin")).await.json();
    assert_eq!(
        (&state["currency"], &state["pin_above"], &state["exponent"]),
        (&json!("JPY"), &json!(5_000), &json!(0))
    );
    assert_eq!(world.send(get("/till/state", "cross-site")).await.problem(), "401 auth.key_unknown");
    assert_eq!(world.send(get("/v1/holds", "same-origin")).await.problem(), "403 auth.scope_missing");
    let mut longer = cookie.clone();
    longer.push('x');
    let request = Request::get("/till/state").header("cookie", longer).body(Body::empty()).unwrap();
    assert_eq!(world.send(request).await.problem(), "401 auth.key_unknown");
}

#[tokio::test]
async fn the_demo_session_is_for_this_machine_by_its_own_names() {
    let world = World::open().await;
    for host in ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080"] {
        assert_eq!(world.send(session(host).body(Body::empty()).unwrap()).await.status, 204, "{host}");
    }
    for host in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example:80", "localhost:80@evil.example"] {
        let reply = world.send(session(host).body(Body::empty()).unwrap()).await;
        assert_eq!(reply.problem(), "401 auth.key_unknown", "{host}");
    }
    let mut far = session("127.0.0.1:8080").body(Body::empty()).unwrap();
    far.extensions_mut().insert(axum::extract::ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 5_000))));
    let reply = crate::world::send(world.router.clone(), far).await;
    assert_eq!(reply.problem(), "401 auth.key_unknown", "another machine");
}

#[tokio::test]
async fn boj_28_a_mask_is_named_in_the_refusal_and_masks_and_glasses_are_counted_apart() {
    let world = World::open().await;
    // Who is known in spite of the mask pays; who is not is told about the mask, and is not taken for a stranger.
    assert_eq!(world.pay("hanako in a mask", 100).await.json()["status"], "paid");
    let hidden = world.pay("stranger in a mask", 100).await;
    assert_eq!(hidden.json()["code"], "face.masked", "{}", hidden.text);
    // In this pack's eyes taro wears glasses; he is not enrolled.
    assert_eq!(world.pay("taro", 100).await.json()["code"], "face.not_recognised");
    let period = "from=2020-01-01T00:00:00Z&until=2120-01-01T00:00:00Z";
    let path = format!("/v1/tills/{}/figures?{period}", world.till_id);
    let body = world.call("GET", &path, Some(&world.operator), None, None).await.json();
    let worn = json!([
        {"worn": "glasses", "payments": 1, "known": 0},
        {"worn": "mask", "payments": 2, "known": 1},
    ]);
    assert_eq!((&body["payments"], &body["known"], &body["worn"]), (&json!(3), &json!(1), &worn));
}

#[tokio::test]
async fn expo_24_strangers_screens_and_wrong_pins_are_counted_by_till_and_period() {
    let world = World::open().await;
    for (face, minor) in [("hanako", 100), ("hanako", 200), ("stranger", 100), ("stranger", 100)] {
        world.pay(face, minor).await;
    }
    world.pay("hanako on a screen", 100).await;
    let till = &world.till_id;
    let figures = async |from: &str, until: &str, key: &str| {
        world.call("GET", &format!("/v1/tills/{till}/figures?from={from}&until={until}"), Some(key), None, None).await
    };
    let (long_ago, far) = ("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z");
    let counted = figures(long_ago, far, &world.operator).await;
    assert_eq!(counted.status, 200, "{}", counted.text);
    let refused = json!([{"code": "face.not_recognised", "count": 2}, {"code": "liveness.attack", "count": 1}]);
    let body = counted.json();
    assert_eq!((&body["payments"], &body["known"], &body["refused"]), (&json!(5), &json!(2), &refused));
    assert_eq!(body["worn"], json!([]));
    let before = figures(long_ago, "2020-01-02T00:00:00Z", &world.operator).await.json();
    assert_eq!((&before["payments"], &before["refused"]), (&json!(0), &json!([])));
    assert_eq!(figures(far, long_ago, &world.operator).await.problem(), "422 period.invalid");
    assert_eq!(figures("yesterday", far, &world.operator).await.problem(), "422 period.invalid");
    assert_eq!(figures(long_ago, far, &world.till).await.status, 403, "a till's own key pays and reads nothing else");
}
