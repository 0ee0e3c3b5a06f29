//! The wallet as somebody would write it without a sandbox: a rail in the hub's own process with an HTTP client of its own,
//! which asks the provider in its first step. A yardstick only: it asks before anything is committed, so that a crash
//! forgets what was asked.

use async_trait::async_trait;
use reqwest::Client;
use serde_json::{Value, json};
use tebura_hub::ports::Rail;
use tebura_hub::rail::{
    Fault, Next, RailCommand, RailDescriptor, RailError, RailEvent, RailOperation, RailOutcome, Step,
};
use tebura_ledger::{Money, RailId};

/// The rail's name.
pub(crate) const NATIVE: &str = "jp.example.native-wallet";

/// See the module.
pub(crate) struct Native {
    descriptor: RailDescriptor,
    client: Client,
    origin: String,
    credential: String,
}

impl Native {
    /// As capable as `like`.
    pub(crate) fn new(like: &RailDescriptor, origin: String, credential: String) -> Native {
        let descriptor = RailDescriptor { rail: RailId::new(NATIVE).unwrap(), digest: None, ..like.clone() };
        Native { descriptor, client: Client::builder().no_proxy().build().unwrap(), origin, credential }
    }

    async fn ask(&self, operation: &RailOperation, path: String, body: Value) -> Result<RailOutcome, RailError> {
        let failed = |error: reqwest::Error| {
            RailError::Fault(Fault { code: "provider.unreachable".to_owned(), message: error.to_string() })
        };
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
        let bytes = reply.bytes().await.map_err(failed)?;
        let record: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match (record["status"].as_str(), record["reference"].as_str(), record["amount"].as_i64()) {
            (Some("settled"), Some(reference), Some(amount)) => {
                let amount = Money::new(amount, tebura_ledger::Currency::JPY);
                Ok(RailOutcome::Settled { reference: reference.to_owned(), amount })
            }
            _ => Ok(RailOutcome::Declined(Fault { code: "provider.declined".to_owned(), message: record.to_string() })),
        }
    }
}

#[async_trait]
impl Rail for Native {
    fn descriptor(&self) -> &RailDescriptor {
        &self.descriptor
    }

    async fn start(&self, operation: &RailOperation) -> Result<Step, RailError> {
        let (path, body) = match &operation.command {
            RailCommand::Hold { payer, payee, amount, expires } => (
                "/v1/preauthorizations".to_owned(),
                json!({
                    "operation": operation.id, "wallet": payer.token, "merchant": payee.token,
                    "amount": amount.minor(), "currency": "JPY", "expires_at": expires.millis(),
                }),
            ),
            RailCommand::Capture { reference, amount, is_final } => (
                format!("/v1/preauthorizations/{reference}/captures"),
                json!({ "operation": operation.id, "amount": amount.minor(), "currency": "JPY", "final": is_final }),
            ),
            RailCommand::Raise { .. }
            | RailCommand::Extend { .. }
            | RailCommand::Release { .. }
            | RailCommand::Refund { .. }
            | RailCommand::Inquire { .. } => {
                let message = "the yardstick holds and captures only".to_owned();
                return Err(RailError::Fault(Fault { code: "rail.command_unsupported".to_owned(), message }));
            }
        };
        let outcome = self.ask(operation, path, body).await?;
        Ok(Step { next: Next::Done(outcome), state: Vec::new(), writes: Vec::new() })
    }

    async fn resume(&self, _: &RailOperation, _: &[u8], _: &RailEvent) -> Result<Step, RailError> {
        let message = "everything was done in the first step".to_owned();
        Err(RailError::Fault(Fault { code: "operation.not_open".to_owned(), message }))
    }
}
