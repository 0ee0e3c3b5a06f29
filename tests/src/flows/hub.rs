//! A hub in a process of its own and a client of its API.
//!
//! The process lives until it is killed or this value is dropped; its database outlives it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// What the hub shows at the provider.
pub(crate) const PROVIDER_CREDENTIAL: &str = "credential-of-the-hub";

/// The wallet rail's name.
pub(crate) const WALLET: &str = "jp.tebura.wallet";

/// A running hub.
pub(crate) struct HubProcess {
    child: Child,
    /// The process ends when this end of the pipe closes, so that no test leaves one behind.
    _leash: ChildStdin,
    api: Api,
}

impl HubProcess {
    /// Starts a hub with SQLite in `folder` and waits until it serves; by then it has taken up what another left.
    pub(crate) fn start(folder: &Path, provider: &str) -> HubProcess {
        HubProcess::on(folder, None, provider)
    }

    /// The same on a database of its own.
    pub(crate) fn on(folder: &Path, database_url: Option<&str>, provider: &str) -> HubProcess {
        HubProcess::run(folder, database_url, provider, &json!([]))
    }

    /// The same with further rails: `[{"plugin", "origin", "credential", "settings", "keys"}]`.
    pub(crate) fn with_rails(folder: &Path, provider: &str, rails: &Value) -> HubProcess {
        HubProcess::run(folder, None, provider, rails)
    }

    fn run(folder: &Path, database_url: Option<&str>, provider: &str, rails: &Value) -> HubProcess {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hub-process"));
        command.arg(folder).arg(provider).env("TEBURA_PROVIDER_CREDENTIAL", PROVIDER_CREDENTIAL);
        command.env_remove("TEBURA_DATABASE_URL").env("TEBURA_MORE_RAILS", rails.to_string());
        command.envs(database_url.map(|url| ("TEBURA_DATABASE_URL", url)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let leash = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).expect("the hub process says where it listens");
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        let api = Api { http: Client::new(), origin: text("origin"), key: text("operator_key") };
        HubProcess { child, _leash: leash, api }
    }

    /// The API with the operator's key.
    pub(crate) fn operator(&self) -> Api {
        self.api.clone()
    }

    /// Where it listens.
    pub(crate) fn origin(&self) -> &str {
        &self.api.origin
    }

    /// The API with another key.
    pub(crate) fn with_key(&self, key: &str) -> Api {
        Api { key: key.to_owned(), ..self.api.clone() }
    }

    /// kill -9, and the certainty that it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client of the hub's API with one key.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    origin: String,
    key: String,
}

/// Status and body of an answer; nothing when the hub went away.
pub(crate) type Answer = Option<(u16, Value)>;

impl Api {
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = Api::answer(self.request(Method::GET, path)).await.expect("the hub answers");
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// A write that may find the hub gone.
    pub(crate) async fn try_post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").body(body.to_string());
        Api::answer(request).await
    }

    /// A write that is expected to be accepted.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(path, key, body).await.expect("the hub answers");
        assert!((200..300).contains(&status), "POST {path} {body}: {status} {answer}");
        answer
    }

    /// Where the far end of a rail calls.
    pub(crate) fn inbound(&self, rail: &str, route: &str) -> String {
        format!("{}/v1/inbound/{rail}/{route}", self.origin)
    }

    /// Calls as anybody can, without a key.
    pub(crate) async fn call_in(&self, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let request = self.http.post(url).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Api::answer(request).await
    }

    /// A write with a party's signature over its exact bytes, that is expected to be accepted.
    pub(crate) async fn signed(&self, path: &str, key: &str, body: &Value, signature: &str) -> Value {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").header("tebura-signature", signature);
        let (status, answer) = Api::answer(request.body(body.to_string())).await.expect("the hub answers");
        assert!((200..300).contains(&status), "POST {path} {body}: {status} {answer}");
        answer
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(&self.key)
    }

    async fn answer(request: RequestBuilder) -> Answer {
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}

/// A merchant and a payer on the wallet rail, by their ids in the hub.
pub(crate) struct Shop {
    /// The merchant's API key.
    pub(crate) key: String,
    /// The payer's instrument.
    pub(crate) payer: String,
    /// The payer's mirror account.
    pub(crate) payer_account: String,
    /// The merchant's account on the wallet rail.
    pub(crate) payee_account: String,
}

impl Shop {
    /// Sets up one shop and one person through the API.
    pub(crate) async fn open(operator: &Api) -> Shop {
        let id = |body: &Value, name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
        let merchant = json!({ "name": "かが書店", "sandbox": true, "currency": "JPY" });
        let merchant = id(&operator.post("/v1/merchants", "merchant", &merchant).await, "id");
        let payee = json!({ "rail": WALLET, "token": "shop", "currency": "JPY" });
        let payee = operator.post(&format!("/v1/merchants/{merchant}/payees"), "payee", &payee).await;
        let person = id(&operator.post("/v1/people", "person", &json!({ "name": "山田 花子" })).await, "id");
        let instrument = json!({ "rail": WALLET, "token": "hanako", "label": "Wallet", "currency": "JPY" });
        let instrument = operator.post(&format!("/v1/people/{person}/instruments"), "instrument", &instrument).await;
        let key = json!({ "merchant": merchant, "scopes": ["read", "holds"] });
        let key = id(&operator.post("/v1/keys", "key", &key).await, "secret");
        Shop {
            key,
            payer: id(&instrument, "id"),
            payer_account: id(&instrument, "account"),
            payee_account: id(&payee, "account"),
        }
    }
}
