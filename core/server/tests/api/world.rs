//! A hub in memory behind the real router: faces are words, money is house money, nothing sleeps.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, header};
use serde_json::{Value, json};
use tebura_face::{
    Conditions, FaceBox, Liveness, LivenessClaim, MatchPolicy, Pack, Quality, Sample, SampleRefusal,
    Scope as PackScope, Similarity, Template,
};
use tebura_hub::consent::OWN_PURPOSES;
use tebura_hub::ids::{ApiKeyId, PersonId};
use tebura_hub::memory::MemoryStore;
use tebura_hub::perform::KeyRequest;
use tebura_hub::ports::{Delivery, Egress, FaceEngine, Ids, Outgoing};
use tebura_hub::sites::Scope;
use tebura_hub::{Hub, Ports};
use tebura_ledger::{AccountId, Currency, Money};
use tebura_server::app::{App, Demo, Limits};
use tebura_server::auth::KeySecret;
use tebura_server::clock::{SystemClock, SystemIds};
use tebura_server::demo::DemoLedger;
use tebura_server::desk::Desk;
use tebura_server::routes;
use tebura_server::sessions::Sessions;
use tebura_server::vpia::Privacy;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// One answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Status and problem code, such as `404 hold.not_found`.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.text);
        let body = self.json();
        assert_eq!(body["status"], self.status);
        assert!(body["detail"].as_str().unwrap().len() > 10, "a problem says what to do: {body}");
        assert_eq!(body["request_id"], self.headers["x-request-id"].to_str().unwrap());
        format!("{} {}", self.status, body["code"].as_str().unwrap())
    }

    pub(crate) fn is_hit(&self) -> bool {
        self.headers.get("idempotency-hit").is_some_and(|hit| hit == "true")
    }
}

/// A shop with a till, people with faces and house money.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) hub: Arc<Hub>,
    pub(crate) operator: String,
    pub(crate) shop: String,
    pub(crate) till: String,
    pub(crate) till_id: String,
    pub(crate) gallery: String,
    pub(crate) merchant: String,
    pub(crate) payee_account: String,
    /// Instrument and account of Hanako.
    pub(crate) hanako: (String, String),
    /// A face named `slow` waits for a place here.
    pub(crate) gate: Arc<Semaphore>,
    keys: AtomicU64,
}

impl World {
    pub(crate) async fn with(limits: Limits) -> World {
        let mut world = World::open().await;
        world.limit(limits);
        world
    }

    pub(crate) async fn open() -> World {
        let gate = Arc::new(Semaphore::new(0));
        let hub = Arc::new(hub(gate.clone()));
        let operator = key(&hub, None, None, vec![Scope::Admin]).await;
        let demo_key = SystemIds.next(tebura_ledger::Shard::new(0));
        let demo = Some(Demo { till_key: ApiKeyId::from_uuid(demo_key), ledger: DemoLedger::default() });
        let desk = Desk::open(b"operator key of the tests", &Privacy::default()).unwrap();
        let app =
            App::new(hub.clone(), Sessions::new(b"operator key of the tests"), Limits::default(), demo).with_desk(desk);
        let mut world = World {
            router: routes::router(app.clone()),
            app,
            hub,
            operator,
            shop: String::new(),
            till: String::new(),
            till_id: String::new(),
            gallery: String::new(),
            merchant: String::new(),
            payee_account: String::new(),
            hanako: Default::default(),
            gate,
            keys: AtomicU64::new(0),
        };
        world.furnish().await;
        world
    }

    /// The same hub under other limits.
    pub(crate) fn limit(&mut self, limits: Limits) {
        let demo = Some(Demo { till_key: ApiKeyId::from_uuid(uuid::Uuid::nil()), ledger: DemoLedger::default() });
        let desk = Desk::open(b"operator key of the tests", &Privacy::default()).unwrap();
        self.app =
            App::new(self.hub.clone(), Sessions::new(b"operator key of the tests"), limits, demo).with_desk(desk);
        self.router = routes::router(self.app.clone());
    }

    async fn furnish(&mut self) {
        let operator = self.operator.clone();
        let merchant = self.make("/v1/merchants", json!({"name": "朝市", "sandbox": true, "currency": "JPY"})).await;
        self.merchant = id(&merchant);
        self.payee_account = merchant["payees"][0]["account"].as_str().unwrap().to_owned();
        self.gallery = id(&self.make("/v1/galleries", json!({"name": "today"})).await);
        self.hanako = self.enrol("hanako", Some("2718")).await;
        let till = json!({
            "merchant": self.merchant, "gallery": self.gallery, "name": "till 1", "pin_above": 5_000, "max_amount": 30_000,
        });
        let till = id(&self.make("/v1/tills", till).await);
        let shop = self.make("/v1/keys", json!({"merchant": self.merchant, "scopes": ["read", "holds"]})).await;
        self.shop = shop["secret"].as_str().unwrap().to_owned();
        let till = json!({"merchant": self.merchant, "till": till, "scopes": ["pay"]});
        self.till_id = till["till"].as_str().unwrap().to_owned();
        let till = self.make("/v1/keys", till).await;
        self.till = till["secret"].as_str().unwrap().to_owned();
        assert_eq!(self.operator, operator);
    }

    /// A person with a face, a place in the gallery and 10,000 yen of house money.
    pub(crate) async fn enrol(&self, name: &str, pin: Option<&str>) -> (String, String) {
        let person = id(&self.make("/v1/people", json!({"name": name, "pin": pin})).await);
        for purpose in OWN_PURPOSES {
            self.agree(&person, purpose).await;
        }
        self.capture(&person, name).await;
        let instrument = json!({"rail": "house", "label": "points", "is_default": true, "currency": "JPY"});
        let instrument = self.make(&format!("/v1/people/{person}/instruments"), instrument).await;
        let member = format!("/v1/galleries/{}/members/{person}", self.gallery);
        let admitted = self.call("PUT", &member, Some(&self.operator), Some(&self.fresh()), Some(json!({}))).await;
        assert_eq!(admitted.status, 204, "{}", admitted.text);
        let account = instrument["account"].as_str().unwrap().to_owned();
        let issuer = self.hub.open_issuer(self.key_request(), Currency::JPY).await.unwrap();
        let to: AccountId = account.parse().unwrap();
        self.hub.fund(self.key_request(), issuer, to, Money::new(10_000, Currency::JPY)).await.unwrap();
        (id(&instrument), account)
    }

    /// Agrees to a purpose, at a desk.
    pub(crate) async fn agree(&self, person: &str, purpose: &str) {
        let said = json!({"purpose": purpose, "state": "given", "language": "ja"});
        self.make(&format!("/v1/people/{person}/consents"), said).await;
    }

    /// Looks into the camera and does what is asked, until the face is enrolled.
    pub(crate) async fn capture(&self, person: &str, face: &str) -> Value {
        let mut at = self.make(&format!("/v1/people/{person}/capture-sessions"), json!({})).await;
        let path = format!("/v1/capture-sessions/{}/frames", id(&at));
        while let Some(prompt) = at["prompt"].as_str() {
            let frame = self.form(&path, &self.operator, &[("image", &format!("{face} {prompt}"))]).await;
            assert!([200, 201].contains(&frame.status), "{}", frame.text);
            at = frame.json();
        }
        assert_eq!(at["status"], "enrolled");
        at
    }

    fn key_request(&self) -> KeyRequest {
        KeyRequest { scope: "tests".to_owned(), key: self.fresh(), fingerprint: [0; 32] }
    }

    /// A key that was not used before.
    pub(crate) fn fresh(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        let reply = self.post(path, &self.operator, body).await;
        assert_eq!(reply.status, 201, "{path}: {}", reply.text);
        reply.json()
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Reply {
        self.call("POST", path, Some(key), Some(&self.fresh()), Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> Reply {
        self.call("GET", path, Some(key), None, None).await
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        idempotency: Option<&str>,
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if let Some(idempotency) = idempotency {
            request = request.header("idempotency-key", idempotency);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// A form with a fresh key.
    pub(crate) async fn form(&self, path: &str, key: &str, parts: &[(&str, &str)]) -> Reply {
        self.form_again(path, key, &self.fresh(), parts).await
    }

    pub(crate) async fn form_again(&self, path: &str, key: &str, idempotency: &str, parts: &[(&str, &str)]) -> Reply {
        self.send(form_request(path, key, idempotency, parts)).await
    }

    /// Pays at the till with a face that is a word.
    pub(crate) async fn pay(&self, face: &str, minor: i64) -> Reply {
        let payment = json!({"amount": {"minor": minor, "currency": "JPY"}}).to_string();
        self.form("/v1/payments/face", &self.till, &[("payment", &payment), ("image", face)]).await
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
        send(self.router.clone(), request).await
    }

    /// Places a hold on Hanako's points and returns its answer.
    pub(crate) async fn hold(&self, minor: i64) -> Value {
        let body = json!({"payer": self.hanako.0, "amount": {"minor": minor, "currency": "JPY"}});
        let reply = self.post("/v1/holds", &self.shop, body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()
    }

    /// Available minor units of an account.
    pub(crate) async fn available(&self, account: &str) -> i64 {
        let reply = self.get(&format!("/v1/accounts/{account}"), &self.operator).await;
        reply.json()["available"]["minor"].as_i64().unwrap()
    }
}

pub(crate) fn form_request(path: &str, key: &str, idempotency: &str, parts: &[(&str, &str)]) -> Request<Body> {
    let mut body = String::new();
    for (name, value) in parts {
        body += &format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--edge--\r\n";
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("authorization", format!("Bearer {key}"))
        .header("idempotency-key", idempotency)
        .header("content-type", "multipart/form-data; boundary=edge");
    request.body(Body::from(body)).unwrap()
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Reply {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Reply { status: parts.status.as_u16(), headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

pub(crate) fn id(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("no id in {body}")).to_owned()
}

/// A key made without the API: the first one has to come from somewhere.
async fn key(
    hub: &Hub,
    merchant: Option<tebura_hub::ids::MerchantId>,
    till: Option<tebura_hub::ids::TillId>,
    scopes: Vec<Scope>,
) -> String {
    let secret = SystemIds.secret();
    let sha256 = KeySecret::sha256_of(&secret);
    let request = KeyRequest { scope: "tests".to_owned(), key: "first".to_owned(), fingerprint: [1; 32] };
    let made = hub.create_api_key(request, sha256, merchant, till, scopes).await.unwrap();
    KeySecret::new(made.row.id, secret).reveal().to_string()
}

fn hub(gate: Arc<Semaphore>) -> Hub {
    Hub::new(Ports {
        store: Arc::new(MemoryStore::new(4)),
        faces: Arc::new(WordFaces { pack: pack(), gate }),
        egress: Arc::new(NoWire),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(SystemIds),
    })
}

fn pack() -> Pack {
    Pack {
        name: "words".to_owned(),
        version: "1".to_owned(),
        scope: PackScope::DrawnFacesOnly,
        template_dims: 16,
        policy: MatchPolicy::new(0.9, 0.05).unwrap(),
        curve: None,
        verify: Similarity::new(0.9).unwrap(),
        liveness: LivenessClaim::Simulated,
        licence: "Apache-2.0".to_owned(),
        engine: "words".to_owned(),
    }
}

/// No rail here calls out.
struct NoWire;

#[async_trait]
impl Egress for NoWire {
    async fn send(&self, _: &Outgoing) -> Delivery {
        Delivery::NotDelivered { reason: "there is no wire in this world".to_owned() }
    }
}

/// Reads an image as a word: a name is a live face, other words are what can go wrong.
struct WordFaces {
    pack: Pack,
    gate: Arc<Semaphore>,
}

#[async_trait]
impl FaceEngine for WordFaces {
    fn pack(&self) -> &Pack {
        &self.pack
    }

    async fn examine(&self, image: Vec<u8>) -> Result<Sample, SampleRefusal> {
        let word = String::from_utf8(image).map_err(|_| SampleRefusal::NotAnImage)?;
        let mask = word.ends_with(" in a mask");
        let word = word.strip_suffix(" in a mask").unwrap_or(&word).to_owned();
        let (word, (turn, eye_distance_px, noise)) = match word.split_once(' ').map(|(name, doing)| (name, pose(doing)))
        {
            Some((name, Some(pose))) => (name.to_owned(), pose),
            Some((_, None)) | None => (word, (0.0, 60.0, 0.0)),
        };
        let axis = match word.as_str() {
            "hanako" | "hanako on a screen" => 0,
            "taro" => 1,
            "slow" => {
                self.gate.acquire().await.unwrap().forget();
                0
            }
            "stranger" => 15,
            "nobody" => return Err(SampleRefusal::NoFace),
            "two people" => return Err(SampleRefusal::SeveralFaces { count: 2 }),
            "night" => return Err(SampleRefusal::TooDark),
            "far" => return Err(SampleRefusal::StepCloser { eye_distance_px: 9.0 }),
            "cut off" => return Err(SampleRefusal::Truncated),
            "a bomb" => return Err(SampleRefusal::TooManyPixels { pixels: 50_000_000, limit: 16_000_000 }),
            "tiny" => return Err(SampleRefusal::TooSmall { width: 8, height: 8, least: 80 }),
            "busy" => return Err(SampleRefusal::EngineBusy { retry_after_ms: 1_500 }),
            "panic" => panic!("a model that panics"),
            _ => return Err(SampleRefusal::NotAnImage),
        };
        let mut values = vec![0.02; 16];
        values[axis] = 1.0;
        values[14] = noise;
        let score = 0.9;
        Ok(Sample {
            template: Template::from_raw(values).unwrap(),
            liveness: if word.ends_with("screen") { Liveness::Attack { score } } else { Liveness::Live { score } },
            face: FaceBox { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0 },
            quality: Quality { detector_score: 0.9, brightness: 0.5, eye_distance_px, turn },
            conditions: Conditions { glasses: Some(word == "taro"), mask: Some(mask) },
        })
    }
}

/// Where the nose and the eyes are when a face does what a prompt asks, and how much another picture of it differs.
fn pose(doing: &str) -> Option<(f32, f32, f32)> {
    Some(match doing {
        "look_straight" => (0.0, 60.0, 0.0),
        "turn_left" => (0.4, 60.0, 0.15),
        "turn_right" => (-0.4, 60.0, -0.15),
        "come_closer" => (0.0, 80.0, 0.3),
        _ => return None,
    })
}

/// An id of a person that nobody has.
pub(crate) fn nobody() -> PersonId {
    PersonId::from_uuid(SystemIds.next(tebura_ledger::Shard::new(1)))
}
