//! `/v1/enrolments` and `/enroll`: a ticket opens the page once, and the page does for one person what the desk could.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tebura_ledger::instant::rfc3339;
use tebura_server::app::{App, Limits};
use tebura_server::desk::Desk;
use tebura_server::routes;
use tebura_server::sessions::Sessions;

use crate::world::{Reply, World, form_request, id, send};

/// A page that a ticket opened.
struct Page<'a> {
    world: &'a World,
    cookie: String,
}

async fn ticket(world: &World, body: Value) -> Value {
    let issued = world.post("/v1/enrolments", &world.operator, body).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    issued.json()
}

async fn show(world: &World, ticket: &str) -> Reply {
    let request = Request::post("/enroll/session").header("authorization", format!("Bearer {ticket}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

impl Page<'_> {
    async fn open<'a>(world: &'a World, body: Value) -> Page<'a> {
        let issued = ticket(world, body).await;
        let opened = show(world, issued["ticket"].as_str().unwrap()).await;
        assert_eq!(opened.status, 204, "{}", opened.text);
        let cookie = opened.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        Page { world, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("cookie", &self.cookie);
        if body.is_some() {
            request = request.header("content-type", "application/json").header("idempotency-key", self.world.fresh());
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.world.send(request.body(body).unwrap()).await
    }

    async fn state(&self) -> Value {
        let state = self.send("GET", "/enroll/state", None).await;
        assert_eq!(state.status, 200, "{}", state.text);
        state.json()
    }

    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.send(method, path, Some(body)).await;
        assert_eq!(reply.status, 201, "{path}: {}", reply.text);
        reply.json()
    }

    async fn agree(&self, purpose: &str) -> Value {
        self.done("POST", "/enroll/consents", json!({"purpose": purpose, "state": "given", "language": "en"})).await
    }

    /// Looks into the camera and does what is asked.
    async fn capture(&self, face: &str) {
        self.capture_for(None, face).await;
    }

    async fn capture_for(&self, ward: Option<&str>, face: &str) {
        let whose = ward.map(|ward| format!("?for={ward}")).unwrap_or_default();
        let mut at = self.done("POST", &format!("/enroll/capture{whose}"), json!({})).await;
        let path = format!("/enroll/capture/{}/frames{whose}", id(&at));
        while let Some(prompt) = at["prompt"].as_str() {
            let image = format!("{face} {prompt}");
            let mut request = form_request(&path, "", &self.world.fresh(), &[("image", &image)]);
            request.headers_mut().remove("authorization");
            request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
            let frame = self.world.send(request).await;
            assert!([200, 201].contains(&frame.status), "{}", frame.text);
            at = frame.json();
        }
    }
}

#[tokio::test]
async fn expo_13_expo_14_kaga_5_a_person_enrols_on_the_page_and_pays_by_face() {
    let world = World::open().await;
    let page = Page::open(&world, json!({"galleries": [world.gallery], "proof": "skipped"})).await;
    let before = page.state().await;
    assert_eq!((&before["name"], &before["face_since"]), (&Value::Null, &Value::Null));
    assert_eq!(page.send("POST", "/enroll/capture", Some(json!({}))).await.problem(), "409 enrolment.no_person_yet");
    let person = id(&page.done("PUT", "/enroll/person", json!({"name": "佐藤 太郎"})).await);
    assert_eq!(page.send("POST", "/enroll/capture", Some(json!({}))).await.problem(), "409 consent.needed");
    for purpose in ["authenticate", "payment_instrument", "narrow_gallery"] {
        page.agree(purpose).await;
    }
    page.capture("taro").await;
    page.done(
        "POST",
        "/enroll/instruments",
        json!({"rail": "house", "label": "points", "is_default": true, "currency": "JPY"}),
    )
    .await;
    page.done("PUT", "/enroll/pin", json!({"pin": "2718"})).await;
    let after = page.state().await;
    assert_eq!((&after["name"], &after["has_pin"]), (&json!("佐藤 太郎"), &json!(true)));
    assert!(after["face_since"].is_string());
    let counts: Vec<bool> =
        after["purposes"].as_array().unwrap().iter().map(|row| row["counts"].as_bool().unwrap()).collect();
    assert_eq!(counts, [true, true, true, false], "one consent for each purpose");

    let account = after["instruments"][0]["account"].as_str().unwrap();
    let funded = format!("/v1/accounts/{account}/fund");
    let money = json!({"amount": {"minor": 2_000, "currency": "JPY"}});
    let funded = world.post(&funded, &world.operator, money).await;
    assert!(funded.status < 300, "{}", funded.text);
    let paid = world.pay("taro", 500).await;
    assert_eq!(paid.status, 201, "{}", paid.text);

    // What is said on the page counts at the next search.
    let taken_back = json!({"purpose": "payment_instrument", "state": "withdrawn", "language": "en"});
    page.done("POST", "/enroll/consents", taken_back).await;
    assert_eq!(world.pay("taro", 500).await.problem(), "402 consent.payment");
    let taken_back = json!({"purpose": "authenticate", "state": "withdrawn", "language": "en"});
    page.done("POST", "/enroll/consents", taken_back).await;
    assert_eq!(world.pay("taro", 500).await.problem(), "402 face.not_recognised");
    assert_eq!(page.state().await["face_since"], Value::Null, "the template is gone");
    let standing = world.get(&format!("/v1/people/{person}/consents"), &world.operator).await.json();
    assert_eq!(standing["items"][0]["last"]["actor"], "person");
}

#[tokio::test]
async fn kaga_7_pia_2_a_guardian_registers_her_child_on_her_page_and_acts_for_it() {
    let world = World::open().await;
    let mother = Page::open(&world, json!({"galleries": [world.gallery], "proof": "skipped"})).await;
    let person = id(&mother.done("PUT", "/enroll/person", json!({"name": "佐藤 花"})).await);
    let child = || Some(json!({"name": "佐藤 次郎", "born_on": "2016-04-01"}));
    let refused = mother.send("POST", "/enroll/family", child()).await;
    assert_eq!(refused.problem(), "409 guardian.age_unknown");
    let licence = json!({
        "document": "driving_licence", "claims": [{"name": "birth_date", "value": "1985-04-01"}],
        "valid_until": rfc3339(world.hub.now().plus_ms(365 * 86_400_000)), "agreed": true,
    });
    let seen = world.post(&format!("/v1/people/{person}/claims"), &world.operator, licence).await;
    assert_eq!(seen.status, 201, "{}", seen.text);
    let grown = json!({"name": "佐藤 太郎", "born_on": "1990-04-01"});
    assert_eq!(mother.send("POST", "/enroll/family", Some(grown)).await.problem(), "409 ward.of_age");
    let link = mother.done("POST", "/enroll/family", child().unwrap()).await;
    let ward = link["ward"].as_str().unwrap().to_owned();
    let family = mother.state().await["family"].clone();
    assert_eq!((&family[0]["name"], &family[0]["has_face"]), (&json!("佐藤 次郎"), &json!(false)));

    for purpose in ["authenticate", "narrow_gallery"] {
        let said = json!({"purpose": purpose, "state": "given", "language": "ja"});
        mother.done("POST", &format!("/enroll/consents?for={ward}"), said).await;
    }
    mother.capture_for(Some(&ward), "taro").await;
    let acting = mother.send("GET", &format!("/enroll/state?for={ward}"), None).await.json();
    assert_eq!((&acting["name"], &acting["acting_for"]), (&json!("佐藤 次郎"), &json!("child")));
    assert!(acting["face_since"].is_string());
    assert_eq!(mother.state().await["face_since"], Value::Null, "her own face is another matter");
    let standing = world.get(&format!("/v1/people/{ward}/consents"), &world.operator).await.json();
    assert_eq!(standing["items"][0]["last"]["actor"], "guardian");
    // The gallery of the ticket is the child's too: the till finds her, and she has no means to pay.
    assert_eq!(world.pay("taro", 100).await.problem(), "402 consent.payment");
    mother.done("PUT", &format!("/enroll/pin?for={ward}"), json!({"pin": "2718"})).await;
    for (method, path, body) in [
        ("PUT", "person", json!({"name": "別人"})),
        ("POST", "proofings", json!({"plugin": "x", "agreed_claims": [], "locale": "ja"})),
        ("POST", "family", child().unwrap()),
    ] {
        let refused = mother.send(method, &format!("/enroll/{path}?for={ward}"), Some(body)).await;
        assert_eq!(refused.problem(), "403 enrolment.only_herself", "{path}");
    }
    let stranger = Page::open(&world, json!({"proof": "skipped"})).await;
    stranger.done("PUT", "/enroll/person", json!({"name": "他人"})).await;
    let refused = stranger.send("GET", &format!("/enroll/state?for={ward}"), None).await;
    assert_eq!(refused.problem(), "403 guardian.not_linked");

    let end = format!("/enroll/family/{}/end", id(&link));
    assert_eq!(stranger.send("POST", &end, Some(json!({}))).await.status, 404);
    let ended = mother.send("POST", &end, Some(json!({}))).await.json();
    assert_eq!((&ended["counts"], &ended["ended_by"]), (&json!(false), &json!("guardian")));
    let late = mother.send("POST", &format!("/enroll/stop?for={ward}"), Some(json!({}))).await;
    assert_eq!(late.problem(), "403 guardian.no_longer");
    assert_eq!(mother.state().await["family"], json!([]));
}

#[tokio::test]
async fn a_ticket_opens_one_page_once_and_is_the_desks_to_give() {
    let world = World::open().await;
    let issued = ticket(&world, json!({})).await;
    let word = issued["ticket"].as_str().unwrap();
    assert_eq!(issued["page"], format!("/enroll#{word}"));
    assert_eq!(show(&world, word).await.status, 204);
    assert_eq!(show(&world, word).await.problem(), "409 enrolment.ticket_used");
    assert_eq!(show(&world, "tbe_00_AA").await.problem(), "404 enrolment.not_found");
    let stranger = world.call("GET", "/enroll/state", None, None, None).await;
    assert_eq!(stranger.problem(), "401 enrolment.no_page");

    assert_eq!(world.post("/v1/enrolments", &world.shop, json!({})).await.problem(), "403 auth.scope_missing");
    let desk = world.post("/v1/keys", &world.operator, json!({"merchant": world.merchant, "scopes": ["enrol"]})).await;
    let desk = desk.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(world.post("/v1/enrolments", &desk, json!({})).await.status, 201);
    let person = id(&world.post("/v1/people", &world.operator, json!({"name": "花子"})).await.json());
    let other = world.post("/v1/enrolments", &desk, json!({"person": person})).await;
    assert_eq!(other.problem(), "403 auth.scope_missing", "nobody at a shop becomes somebody who is registered");
    let odd = world.post("/v1/enrolments", &world.operator, json!({"proof": "perhaps"})).await;
    assert_eq!(odd.problem(), "422 enrolment.proof_invalid");
    let page = Page::open(&world, json!({})).await;
    let finish = page.send("POST", "/enroll/finish", Some(json!({}))).await;
    assert!(finish.status == 204 && finish.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(page.send("GET", "/enroll/state", None).await.problem(), "409 enrolment.over");
}

#[tokio::test]
async fn kaga_2_where_a_proof_is_required_no_face_is_captured_before_it() {
    let world = World::open().await;
    let page = Page::open(&world, json!({"proof": "required"})).await;
    page.done("PUT", "/enroll/person", json!({"name": "花子"})).await;
    page.agree("authenticate").await;
    assert_eq!(page.send("POST", "/enroll/capture", Some(json!({}))).await.problem(), "409 enrolment.proof_needed");
    assert_eq!(page.state().await["proof"]["suffices"], false);
}

#[tokio::test]
async fn pia_1_pia_2_each_purpose_has_a_consent_and_a_receipt_of_its_own() {
    let world = World::open().await;
    let page = Page::open(&world, json!({"proof": "skipped"})).await;
    let person = id(&page.done("PUT", "/enroll/person", json!({"name": "花子"})).await);
    let given = page.agree("authenticate").await;
    let bundled = json!({"purpose": ["authenticate", "enquiries"], "state": "given", "language": "en"});
    assert_eq!(page.send("POST", "/enroll/consents", Some(bundled)).await.problem(), "422 body.invalid");
    let odd = json!({"purpose": "marketing", "state": "given", "language": "en"});
    assert_eq!(page.send("POST", "/enroll/consents", Some(odd)).await.problem(), "422 consent.purpose_undeclared");
    let nothing = json!({"purpose": "enquiries", "state": "withdrawn", "language": "en"});
    assert_eq!(page.send("POST", "/enroll/consents", Some(nothing)).await.problem(), "409 consent.not_given");

    let path = format!("/v1/people/{person}/consents/{}/receipt", id(&given));
    let receipt = world.get(&path, &world.operator).await.json();
    assert_eq!(receipt["receipt"]["pii_principal_id"], json!(person));
    assert_eq!(receipt["receipt"]["processing"]["purpose"], "authenticate");
    assert_eq!(receipt["jws"].as_str().unwrap().split('.').count(), 3);
    let own = page.send("GET", &format!("/enroll/consents/{}/receipt", id(&given)), None).await;
    assert_eq!(own.json(), receipt);
    assert!(own.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let purposes = world.call("GET", "/v1/purposes", None, None, None).await.json();
    assert_eq!(purposes["items"].as_array().unwrap().len(), 4);
    assert_eq!(purposes["notice_sha256"], receipt["receipt"]["processing"]["notice_sha256"]);
}

#[tokio::test]
async fn pia_4_cam_16_a_person_takes_her_data_along_asks_and_leaves() {
    let world = World::open().await;
    let page = Page::open(&world, json!({"galleries": [world.gallery], "proof": "skipped"})).await;
    let person = id(&page.done("PUT", "/enroll/person", json!({"name": "佐藤 太郎"})).await);
    for purpose in ["authenticate", "narrow_gallery"] {
        page.agree(purpose).await;
    }
    page.capture("taro").await;
    page.done("PUT", "/enroll/person", json!({"name": "佐藤 太朗"})).await;
    let asked = page.done("POST", "/enroll/requests", json!({"kind": "correction", "note": "読みが違います"})).await;
    assert_eq!((&asked["state"], &asked["note"]), (&json!("open"), &json!("読みが違います")));
    let open = world.get("/v1/rights-requests", &world.operator).await.json();
    assert_eq!(open["items"][0]["id"], asked["id"]);
    let answer = format!("/v1/rights-requests/{}/answer", id(&asked));
    let refused = json!({"refused_because": "住民票のとおりです"});
    let answered = world.post(&answer, &world.operator, refused).await.json();
    assert_eq!(answered["state"], "refused");
    assert_eq!(world.post(&answer, &world.operator, json!({})).await.problem(), "409 rights.answered");

    let export = page.send("GET", "/enroll/export", None).await;
    let held = export.json();
    assert_eq!(held["person"]["name"], "佐藤 太朗", "corrected");
    assert_eq!(held["face_templates"].as_array().unwrap().len(), 1);
    assert_eq!(held["consents"].as_array().unwrap().len(), 2);
    assert_eq!(held["galleries"][0]["id"], json!(world.gallery));
    assert_eq!(held["requests"][0]["refused_because"], "住民票のとおりです");
    let template = held["face_templates"][0].as_object().unwrap();
    let fields: Vec<&str> = template.keys().map(String::as_str).collect();
    assert_eq!(fields, ["enrolled_at", "id", "pack"], "a template is told of and not given out");

    let erased = page.done("POST", "/enroll/erase", json!({})).await;
    assert_eq!((&erased["kind"], &erased["state"]), (&json!("deletion"), &json!("done")));
    assert_eq!(page.send("GET", "/enroll/state", None).await.problem(), "409 enrolment.over");
    assert_eq!(world.get(&format!("/v1/people/{person}"), &world.operator).await.problem(), "404 person.not_found");
    assert_eq!(
        world.get(&format!("/v1/people/{person}/export"), &world.operator).await.problem(),
        "404 person.not_found"
    );
    assert_eq!(world.pay("taro", 100).await.problem(), "402 face.not_recognised");
}

#[tokio::test]
async fn money_is_not_left_behind_by_somebody_who_leaves() {
    let world = World::open().await;
    let page = Page::open(&world, json!({"proof": "skipped"})).await;
    page.done("PUT", "/enroll/person", json!({"name": "太郎"})).await;
    let points = json!({"rail": "house", "label": "points", "is_default": true, "currency": "JPY"});
    let account = page.done("POST", "/enroll/instruments", points).await["account"].as_str().unwrap().to_owned();
    let money = json!({"amount": {"minor": 300, "currency": "JPY"}});
    let funded = world.post(&format!("/v1/accounts/{account}/fund"), &world.operator, money).await;
    assert!(funded.status < 300, "{}", funded.text);
    assert_eq!(page.send("POST", "/enroll/erase", Some(json!({}))).await.problem(), "409 erase.money_left");
    let stopped = page.done("POST", "/enroll/stop", json!({})).await;
    assert_eq!(stopped["kind"], "stop");
}

#[tokio::test]
async fn expo_8_a_person_takes_a_means_to_pay_away_on_her_page() {
    let world = World::open().await;
    let page = Page::open(&world, json!({"proof": "skipped"})).await;
    let person = id(&page.done("PUT", "/enroll/person", json!({"name": "太郎"})).await);
    let other = Page::open(&world, json!({"proof": "skipped"})).await;
    other.done("PUT", "/enroll/person", json!({"name": "次郎"})).await;
    let points = |label: &str| json!({"rail": "house", "label": label, "is_default": true, "currency": "JPY"});
    let first = page.done("POST", "/enroll/instruments", points("first")).await;
    let second = page.done("POST", "/enroll/instruments", points("second")).await;
    let money = json!({"amount": {"minor": 300, "currency": "JPY"}});
    let fund = format!("/v1/accounts/{}/fund", first["account"].as_str().unwrap());
    assert!(world.post(&fund, &world.operator, money).await.status < 300);

    let remove = |row: &Value| format!("/enroll/instruments/{}/remove", row["id"].as_str().unwrap());
    let nothing = || Some(json!({}));
    assert_eq!(page.send("POST", &remove(&first), nothing()).await.problem(), "409 instrument.money_left");
    assert_eq!(other.send("POST", &remove(&second), nothing()).await.problem(), "404 instrument.not_found");
    for _ in 0..2 {
        let removed = page.send("POST", &remove(&second), nothing()).await;
        assert_eq!(removed.status, 200, "{}", removed.text);
        assert!(removed.json()["removed_at"].is_string());
    }
    let left = page.state().await["instruments"].clone();
    assert_eq!(left, json!([first]), "the page shows what is left");
    let operators = world.get(&format!("/v1/people/{person}/instruments"), &world.operator).await.json();
    assert_eq!(operators["items"], json!([first]));
    let export = world.get(&format!("/v1/people/{person}/export"), &world.operator).await.json();
    assert_eq!(export["instruments"].as_array().unwrap().len(), 2, "what was kept is told of");
}

#[tokio::test]
async fn expo_8_the_operator_takes_a_means_to_pay_away() {
    let world = World::open().await;
    let made = world.post("/v1/people", &world.operator, json!({"name": "太郎"})).await;
    let person = id(&made.json());
    let path = format!("/v1/people/{person}/instruments");
    let points = json!({"rail": "house", "label": "points", "is_default": true, "currency": "JPY"});
    let points = id(&world.post(&path, &world.operator, points).await.json());
    let remove = async |key: &str| {
        let fresh = world.fresh();
        world.call("DELETE", &format!("{path}/{points}"), Some(key), Some(&fresh), Some(json!({}))).await
    };
    assert_eq!(remove(&world.till).await.status, 403, "a till takes nothing away");
    assert_eq!(remove(&world.operator).await.status, 200);
    assert_eq!(remove(&world.operator).await.status, 200, "twice is once");
    assert_eq!(world.get(&path, &world.operator).await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_has_all_its_words() {
    let world = World::open().await;
    let page = world.call("GET", "/enroll", None, None, None).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    assert!(!page.text.contains(" style=") && !page.text.contains("<style") && !page.text.contains(" onclick="));
    assert!(!page.text.contains("type=\"file\""), "there is no way to send an old photograph");
    let mut asked = std::collections::BTreeSet::new();
    for file in ["/enroll", "/page/enroll.js", "/page/enroll-capture.js", "/page/enroll-api.js", "/page/page.js"] {
        let file = world.call("GET", file, None, None, None).await;
        assert_eq!(file.status, 200);
        let text = file.text;
        let parts =
            text.split(['"', '`']).filter(|part| part.starts_with("enroll.") && !part.contains(['$', '/', ' ']));
        asked.extend(parts.filter(|part| !part.ends_with(".js") && !part.ends_with(".css")).map(str::to_owned));
    }
    for prompt in tebura_face::Prompt::ALL {
        asked.insert(format!("enroll.prompt.{}", prompt.word()));
        asked.insert(format!("enroll.advice.frame.{}", prompt.word()));
    }
    for step in ["details", "consent", "proof", "capture", "instrument", "pin"] {
        asked.insert(format!("enroll.steps.{step}"));
    }
    for word in ["child", "child_with_face", "elder", "elder_with_face", "guardian"] {
        asked.insert(format!("enroll.family.is.{word}"));
    }
    assert!(asked.len() > 60, "{asked:?}");
    for language in ["en", "ja"] {
        let words = world.call("GET", &format!("/enroll/words/{language}"), None, None, None).await.json();
        for key in &asked {
            assert!(words[key].is_string(), "{language} lacks {key}");
        }
    }
}

#[tokio::test]
async fn pia_8_vpia_9_cam_1_cam_2_cam_14_cam_21_the_notice_comes_from_the_configuration_in_both_languages() {
    let world = World::open().await;
    let stated = r#"
        region = "JP"
        [service]
        ja = "加賀パス"
        en = "Kaga pass"
        [controller]
        name = "加賀市 <市長>"
        contact = "0761-00-0000"
        [purposes.authenticate]
        text = { ja = "お顔で本人を確かめます。", en = "Your face tells who you are." }
        recipients = ["NEC"]
        [data.face_template.retention]
        period = "P3Y"
        trigger = "登録の日"
        [rights]
        channels = ["市役所 1 階"]
        sla_days = 10
        [explanations]
        child = { ja = "おうちの人といっしょにきいてね。", en = "Ask together with your family." }
        visitor = { ja = "登録しなくても使えます。", en = "You can use everything without enrolling." }
        [[notices]]
        place = "各店のレジ"
        class = "commercial"
        identifies = true
        announced = "2026-03-01"
        since = "2026-04-01"
    "#;
    let desk = Desk::open(b"key", &toml::from_str(stated).unwrap()).unwrap();
    let app = App::new(world.hub.clone(), Sessions::new(b"key"), Limits::default(), None).with_desk(desk);
    let router = routes::router(app);
    let get = async |path: &str| send(router.clone(), Request::get(path).body(Body::empty()).unwrap()).await;
    let (ja, en) = (get("/notice?lang=ja").await, get("/notice?lang=en").await);
    for said in [
        "加賀パス",
        "加賀市 &lt;市長&gt;",
        "お顔で本人を確かめます。",
        "NEC",
        "P3Y",
        "登録の日",
        "市役所 1 階",
        "10 日以内",
        "JP",
        "<dt>子ども向け</dt><dd>おうちの人といっしょにきいてね。</dd>",
        "<th scope=\"row\">各店のレジ</th><td>商用</td><td>はい</td><td>2026-03-01</td><td>2026-04-01</td>",
    ] {
        assert!(ja.text.contains(said), "{said}: {}", ja.text);
    }
    for said in [
        "<html lang=\"en\">",
        "A camera here recognises faces",
        "Your face tells who you are.",
        "within 10 days",
        "without enrolling.",
    ] {
        assert!(en.text.contains(said), "{said}: {}", en.text);
    }
    assert!(ja.text.contains("/page/face-camera.svg") && get("/page/face-camera.svg").await.text.starts_with("<svg"));
    assert!(!ja.headers["content-security-policy"].to_str().unwrap().contains("script-src"));
    let silent = world.call("GET", "/notice?lang=en", None, None, None).await;
    assert!(silent.text.contains("(not stated by the operator)"), "what nobody said is said to be missing");
}

#[tokio::test]
async fn expo_25_the_notice_says_what_the_service_is_and_answers_what_people_ask() {
    let world = World::open().await;
    for (lang, heading, said) in [
        (
            "ja",
            "よくある質問",
            [
                "これは何ですか。",
                "値段は変わりません",
                "暗証番号",
                "12 桁の個人番号は受け取りません",
                "同意を取り消せます",
            ],
        ),
        (
            "en",
            "Questions and answers",
            ["What is this?", "at the same price", "PIN", "twelve digits", "How do I leave?"],
        ),
    ] {
        let page = world.call("GET", &format!("/notice?lang={lang}"), None, None, None).await.text;
        assert!(page.contains(heading) && page.matches("<dt>").count() == page.matches("<dd>").count(), "{lang}");
        for said in said {
            assert!(page.contains(said), "{lang}: {said}");
        }
    }
}
