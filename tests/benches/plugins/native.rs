//! The wallet as somebody would write it without a sandbox: a rail in the hub's own process. Two yardsticks. The careful one
//! says what it will send, has it committed and sent by the hub, and reads the answer, as a plugin does. The hasty one asks
//! the provider itself in its first step, before anything is committed: a crash forgets what was asked.

use async_trait::async_trait;
use reqwest::Client;
use serde_json::{Value, json};
use tebura_hub::ports::Rail;
use tebura_hub::rail::{
    Effect, Fault, HttpCall, Next, RailCommand, RailDescriptor, RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Money, RailId};

/// The rail that the hub sends for.
pub(crate) const CAREFUL: &str = "jp.example.careful-wallet";
/// The rail that sends by itself.
pub(crate) const HASTY: &str = "jp.example.hasty-wallet";

/// The hub sends, and tells what came back.
pub(crate) struct Careful {
    descriptor: RailDescriptor,
}

/// Sends by itself.
pub(crate) struct Hasty {
    descriptor: RailDescriptor,
    client: Client,
    origin: String,
    credential: String,
}

/// As capable as `like`, under another name.
fn named(name: &str, like: &RailDescriptor) -> RailDescriptor {
    RailDescriptor { rail: RailId::new(name).unwrap(), digest: None, ..like.clone() }
}

impl Careful {
    pub(crate) fn new(like: &RailDescriptor) -> Careful {
        Careful { descriptor: named(CAREFUL, like) }
    }
}

impl Hasty {
    pub(crate) fn new(like: &RailDescriptor, origin: String, credential: String) -> Hasty {
        let client = Client::builder().no_proxy().build().unwrap();
        Hasty { descriptor: named(HASTY, like), client, origin, credential }
    }

    async fn ask(&self, operation: &RailOperation, path: String, body: Value) -> Result<RailOutcome, RailError> {
        let failed = |error: reqwest::Error| fault("provider.unreachable", error.to_string());
        let reply = self
            .client
            .post(format!("{}{path}", self.origin))
            .header("authorization", &self.credential)
            .header("idempotency-key", &operation.id)
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .map_err(failed)?;
        Ok(read(&reply.bytes().await.map_err(failed)?))
    }
}

/// Path and body of what a command asks.
fn request(operation: &RailOperation) -> Result<(String, Value), RailError> {
    match &operation.command {
        RailCommand::Hold { payer, payee, amount, expires } => Ok((
            "/v1/preauthorizations".to_owned(),
            json!({
                "operation": operation.id, "wallet": payer.token, "merchant": payee.token,
                "amount": amount.minor(), "currency": "JPY", "expires_at": expires.millis(),
            }),
        )),
        RailCommand::Capture { reference, amount, is_final } => Ok((
            format!("/v1/preauthorizations/{reference}/captures"),
            json!({ "operation": operation.id, "amount": amount.minor(), "currency": "JPY", "final": is_final }),
        )),
        RailCommand::Raise { .. }
        | RailCommand::Extend { .. }
        | RailCommand::Release { .. }
        | RailCommand::Refund { .. }
        | RailCommand::Inquire { .. } => {
            Err(fault("rail.command_unsupported", "the yardstick holds and captures only".to_owned()))
        }
    }
}

/// What the provider's record says.
fn read(body: &[u8]) -> RailOutcome {
    let record: Value = serde_json::from_slice(body).unwrap_or_default();
    match (record["status"].as_str(), record["reference"].as_str(), record["amount"].as_i64()) {
        (Some("settled"), Some(reference), Some(amount)) => {
            let amount = Money::new(amount, tebura_ledger::Currency::JPY);
            RailOutcome::Settled { reference: reference.to_owned(), amount }
        }
        _ => RailOutcome::Declined(Fault { code: "provider.declined".to_owned(), message: record.to_string() }),
    }
}

fn fault(code: &str, message: String) -> RailError {
    RailError::Fault(Fault { code: code.to_owned(), message })
}

fn step(next: Next) -> Step {
    Step { next, state: Vec::new(), writes: Vec::new() }
}

#[async_trait]
impl Rail for Careful {
    fn descriptor(&self) -> &RailDescriptor {
        &self.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        let (path, body) = request(operation)?;
        Ok(step(Next::Call(HttpCall {
            endpoint: "provider".to_owned(),
            method: "POST".to_owned(),
            path,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            effect: Effect::Idempotent { key: operation.id.clone() },
            timeout_ms: 5_000,
            stale_after: None,
        })))
    }

    async fn resume(&self, _: &RailOperation, _: &[u8], event: &RailEvent) -> Result<Step, RailError> {
        let RailEvent::Reply(reply) = event else {
            return Err(fault("provider.unreachable", format!("{event:?}")));
        };
        Ok(step(Next::Done(read(&reply.body))))
    }
}

#[async_trait]
impl Rail for Hasty {
    fn descriptor(&self) -> &RailDescriptor {
        &self.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        let (path, body) = request(operation)?;
        Ok(step(Next::Done(self.ask(operation, path, body).await?)))
    }

    async fn resume(&self, _: &RailOperation, _: &[u8], _: &RailEvent) -> Result<Step, RailError> {
        Err(fault("operation.not_open", "everything was done in the first step".to_owned()))
    }
}
