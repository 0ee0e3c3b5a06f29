//! What may be asked for: methods, paths, headers, keys and sizes. Refused calls never reach the far end.

use tebura_egress::{AllowPattern, Binding, BindingConfig, BindingError, Credential, PatternError, Reach};
use tebura_hub::ports::{Delivery, Egress};
use tebura_hub::rail::{Effect, HttpCall, PluginId};

use crate::far_end::{FarEnd, SECRET, call, config, get, keyed, outgoing, send, word};

/// Sends a call and tells what came of it; a refusal must have left the far end untouched.
#[track_caller]
fn check(calls: &[(HttpCall, &str)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (call, expected) in calls {
        runtime.block_on(async {
            let far_end = FarEnd::answering("{}").await;
            let delivery = far_end.send(call.clone()).await;
            assert_eq!(word(&delivery), *expected, "{call:?}: {delivery:?}");
            let arrived = usize::from(matches!(delivery, Delivery::Reply(_)));
            assert_eq!(far_end.requests().len(), arrived, "{call:?}");
        });
    }
}

#[test]
fn a_path_is_what_the_manifest_lists_and_nothing_beside_it() {
    let (listed, hidden, refused) = ("reply 200", "egress.path_refused", "egress.call_not_allowed");
    let too_long = format!("/v1/search?q={}", "a".repeat(2_048));
    let paths = [
        ("/v1/holds/h1", listed),
        ("/v1/holds/hold_01-AZ.z~9", listed),
        ("/v1/holds/a%20b", hidden),
        ("/v1/holds/%E6%89%8B", listed),
        ("/v1/search?q=1&page=/2?", listed),
        ("/v1/search", listed),
        ("/v1/search?q=%2e%2e%2F", listed),
        ("/v1/holds", refused),
        ("/v1/holds/h1/capture", refused),
        ("/v1/holds/h1?by=op_1", listed),
        ("/v1/Holds/h1", refused),
        ("/v1/holds/../users", hidden),
        ("/v1/holds/..", hidden),
        ("/v1/holds/.", hidden),
        ("/v1/holds/%2e%2e", hidden),
        ("/v1/holds/%2E%2E", hidden),
        ("/v1/holds/.%2e", hidden),
        ("/v1/holds/%252e%252e", hidden),
        ("/v1/holds/a%2fb", hidden),
        ("/v1/holds/a%5Cb", hidden),
        ("/v1/holds/a\\..\\b", hidden),
        ("/v1/holds/..;x=1", hidden),
        ("/v1/holds/a%00", hidden),
        ("/v1/holds/a%0d%0ax", hidden),
        ("/v1/holds/a%zz", hidden),
        ("/v1/holds/a%2", hidden),
        ("/v1/holds/手", hidden),
        ("/v1/holds/a b", hidden),
        ("/v1/holds/a\r\nX-Admin: 1", hidden),
        ("/v1/holds/a#b", hidden),
        ("/v1/holds/", hidden),
        ("/v1//holds/h1", hidden),
        ("//evil.example/v1/holds/h1", hidden),
        ("http://evil.example/v1/holds/h1", hidden),
        ("@evil.example/v1/holds/h1", hidden),
        (":1@evil.example/", hidden),
        ("", hidden),
        ("/", refused),
        (too_long.as_str(), hidden),
    ];
    check(&paths.map(|(path, expected)| (get(path), expected)));
}

#[test]
fn a_method_is_one_of_five_and_listed() {
    let with = |method: &str| HttpCall { method: method.to_owned(), ..get("/v1/holds/h1") };
    let refused = "egress.method_not_allowed";
    check(&[
        (with("GET"), "reply 200"),
        (with("DELETE"), "egress.call_not_allowed"),
        (with("get"), refused),
        (with("HEAD"), refused),
        (with("CONNECT"), refused),
        (with("GET /admin HTTP/1.1\r\nx: "), refused),
    ]);
}

#[test]
fn headers_of_the_hub_are_not_the_plugins_to_set() {
    let with =
        |name: &str, value: &str| HttpCall { headers: vec![(name.to_owned(), value.to_owned())], ..call(keyed()) };
    let refused = "egress.header_not_allowed";
    let mut cases = vec![
        (with("content-type", "text/plain"), "reply 200"),
        (with("X-Partner-Trace", "t-1"), "reply 200"),
        (with("x-trace", "a\r\nauthorization: Bearer mine"), refused),
        (with("x-trace", "a\nb"), refused),
        (with("x-trace", "a\0b"), refused),
        (with("x-trace", "手"), refused),
        (with("x-trace\r\nauthorization", "b"), refused),
        (with("", "b"), refused),
        (with("x-trace", &"a".repeat(8 * 1024)), refused),
    ];
    let reserved = "authorization cookie host idempotency-key connection keep-alive proxy-authorization te trailer \
        transfer-encoding upgrade content-length expect forwarded via x-forwarded-for x-real-ip \
        x-http-method-override accept-encoding range user-agent";
    cases.extend(reserved.split_whitespace().map(|name| (with(name, "1"), refused)));
    let mut twice = with("x-trace", "a");
    twice.headers.push(("X-Trace".to_owned(), "b".to_owned()));
    cases.push((twice, refused));
    check(&cases);
}

#[test]
fn a_body_has_a_cap_and_get_has_none() {
    let with = |bytes: usize| HttpCall { body: vec![b'a'; bytes], ..call(keyed()) };
    let get_with_body = HttpCall { body: b"x".to_vec(), ..get("/v1/holds/h1") };
    check(&[
        (with(256 * 1024), "reply 200"),
        (with(256 * 1024 + 1), "egress.request_too_large"),
        (get_with_body, "egress.body_on_get"),
    ]);
}

#[test]
fn a_key_that_cannot_be_sent_is_refused() {
    let with = |key: &str| call(Effect::Idempotent { key: key.to_owned() });
    let refused = "egress.key_refused";
    let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
    check(&[
        (with(&longest), "reply 200"),
        (with(&too_long), refused),
        (with("a\r\nb"), refused),
        (with("a b"), refused),
        (with("鍵"), refused),
    ]);
}

#[tokio::test]
async fn the_far_end_gets_the_key_of_the_effect_and_the_operators_credential() {
    for (effect, key) in [
        (keyed(), Some("op-1")),
        (Effect::Idempotent { key: String::new() }, Some("hub-key-1")),
        (Effect::Once, Some("hub-key-1")),
        (Effect::Read, None),
    ] {
        let far_end = FarEnd::answering("{}").await;
        assert_eq!(word(&far_end.send(call(effect.clone())).await), "reply 200");
        let request = far_end.requests().remove(0);
        let header = |name: &str| request.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        assert_eq!(header("idempotency-key"), key, "{effect:?}");
        assert_eq!(header("authorization"), Some(SECRET));
        assert_eq!(header("accept-encoding"), Some("identity"));
        assert_eq!(header("host"), Some(format!("127.0.0.1:{}", far_end.port()).as_str()));
        assert!(
            request.starts_with("POST /v1/holds HTTP/1.1\r\n") && request.ends_with(r#"{"yen":1200}"#),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_handle_that_is_not_bound_goes_nowhere() {
    let far_end = FarEnd::answering("{}").await;
    let other_handle = HttpCall { endpoint: "admin".to_owned(), ..call(keyed()) };
    assert_eq!(word(&far_end.send(other_handle).await), "egress.endpoint_not_bound");
    let mut other_plugin = outgoing(call(keyed()));
    other_plugin.plugin = PluginId("jp.example.card".to_owned());
    let delivery = crate::far_end::egress(far_end.config()).send(&other_plugin).await;
    assert_eq!(word(&delivery), "egress.endpoint_not_bound");
    assert_eq!(far_end.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_refusal_says_what_to_list() {
    let far_end = FarEnd::answering("{}").await;
    let Delivery::Refused { reason, .. } = send(far_end.config(), get("/v1/users")).await else {
        panic!("the path is not listed");
    };
    assert_eq!(
        reason,
        "no pattern of endpoint \"gateway\" covers this GET call; list it in the manifest's allow (now: POST /v1/holds, \
         GET /v1/holds/*, GET /v1/search, POST /v1/holds/*/capture) and ask the operator to approve the change"
    );
}

#[test]
fn patterns_are_checked_when_they_are_read() {
    type Check = fn(&PatternError) -> bool;
    let cases: [(&str, Check); 9] = [
        ("/v1/holds", |error| matches!(error, PatternError::Shape(_))),
        ("", |error| matches!(error, PatternError::Shape(_))),
        ("FETCH /v1", |error| matches!(error, PatternError::Method(_))),
        ("GET v1", |error| matches!(error, PatternError::Path { .. })),
        ("GET /v1/../x", |error| matches!(error, PatternError::Path { .. })),
        ("GET /v1/%2e", |error| matches!(error, PatternError::Path { .. })),
        ("GET /v1?q=1", |error| matches!(error, PatternError::Path { .. })),
        ("GET /v1/a*", |error| matches!(error, PatternError::Star(_))),
        ("GET /v1/**", |error| matches!(error, PatternError::Star(_))),
    ];
    for (text, expected) in cases {
        let error = text.parse::<AllowPattern>().unwrap_err();
        assert!(expected(&error), "{text:?}: {error}");
    }
    assert_eq!("GET /v1/*".parse::<AllowPattern>().unwrap().to_string(), "GET /v1/*");
}

#[test]
fn bindings_are_checked_when_they_are_made() {
    let with = |change: fn(&mut BindingConfig)| {
        let mut config = config("http://127.0.0.1:1".to_owned());
        change(&mut config);
        Binding::new(config).map(|_| ())
    };
    let origin = |origin: &str| {
        let mut config = config(origin.to_owned());
        config.reach = Reach::Public;
        Binding::new(config).map(|_| ())
    };
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(with(|config| config.allow.clear()), Err(BindingError::NothingAllowed));
    assert!(matches!(with(|config| config.allow.push("GET".to_owned())), Err(BindingError::Pattern(_))));
    assert!(matches!(
        with(|config| config.idempotency_header = Some("a b".to_owned())),
        Err(BindingError::HeaderName(_))
    ));
    assert!(matches!(
        with(|config| config.credential = Some(Credential::new("authorization", "Bearer x\n"))),
        Err(BindingError::Secret(_))
    ));
    assert_eq!(origin("https://api.example.jp"), Ok(()));
    assert_eq!(origin("https://api.example.jp:8443/"), Ok(()));
    assert!(matches!(origin("api.example.jp"), Err(BindingError::Origin(_))));
    assert!(matches!(origin("https://api.example.jp/v1"), Err(BindingError::MoreThanOrigin(_))));
    assert!(matches!(origin("https://user:word@api.example.jp"), Err(BindingError::MoreThanOrigin(_))));
    assert!(matches!(origin("https://api.example.jp/?a=1"), Err(BindingError::MoreThanOrigin(_))));
    assert!(matches!(origin("http://api.example.jp"), Err(BindingError::PlainHttp(_))));
    assert!(matches!(origin("ftp://api.example.jp"), Err(BindingError::Scheme(_))));
}

#[test]
fn a_secret_is_never_printed() {
    let config = config("http://127.0.0.1:1".to_owned());
    let binding = Binding::new(config.clone()).unwrap();
    let printed = format!("{config:?} {binding:?}");
    assert!(printed.to_ascii_lowercase().contains("authorization"), "{printed}");
    assert!(!printed.contains("s3cret"), "{printed}");
}
