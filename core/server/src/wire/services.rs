//! Services and the requests that people make of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tebura_hub::Hub;
use tebura_hub::budgets::Searcher;
use tebura_hub::pin::Pin;
use tebura_hub::services::{
    ConsentNeeded, GivenConsent, Happened, Label, Noted, ServiceAnswer, ServiceInstance, ServiceStatus, Stage, Who,
};
use utoipa::ToSchema;

use super::amount::{AmountBody, MoneyBody};
use super::searches::SearchBody;
use super::time::rfc3339;
use crate::extract::parse_id;
use crate::problem::Problem;

/// A configured service.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServiceBody {
    /// Its configured name.
    #[schema(example = "north-park")]
    pub id: String,
    /// The plugin behind it.
    #[schema(example = "jp.tebura.play-park")]
    pub plugin: String,
    /// The plugin's version.
    pub version: String,
    /// By language.
    pub titles: BTreeMap<String, String>,
    /// Whose service it is.
    pub merchant: String,
    /// The currency that it moves.
    pub currency: String,
    /// What one request may hold at most, minor units; 0: it moves no money.
    pub cap: i64,
    /// Above this (minor units) a consent by face alone needs the PIN.
    pub pin_above: i64,
    /// Whether a face is searched for.
    pub by_face: bool,
    /// How near a face has to be, and why; left out where no face is searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchBody>,
    /// Claims that the caller may attest.
    pub attested: Vec<String>,
    /// What can be asked.
    pub actions: Vec<ActionBody>,
}

/// Something that can be asked of a service.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ActionBody {
    /// Its name.
    #[schema(example = "enter")]
    pub name: String,
    /// By language.
    pub titles: BTreeMap<String, String>,
    /// JSON Schema, draft 2020-12.
    #[schema(value_type = Object)]
    pub input_schema: Value,
    /// JSON Schema, draft 2020-12.
    #[schema(value_type = Object)]
    pub output_schema: Value,
    /// Claims without which a request is refused.
    pub needs: Vec<String>,
    /// Claims that the service is shown where the person has them.
    pub wishes: Vec<String>,
    /// Ways of recognition, one of which is needed; empty: nobody has to be recognised.
    pub recognised_by: Vec<String>,
    /// What a waiting request may be told.
    pub messages: Vec<String>,
}

impl ServiceBody {
    /// A service as the hub has it now.
    pub fn of(hub: &Hub, service: &ServiceInstance) -> ServiceBody {
        let (config, descriptor) = (&service.config, service.plugin().descriptor());
        let action = |action: &tebura_hub::services::Action| {
            let (input, output) = service.schemas(&action.name)?;
            Some(ActionBody {
                name: action.name.clone(),
                titles: titles(&action.titles),
                input_schema: input.clone(),
                output_schema: output.clone(),
                needs: action.needs.clone(),
                wishes: action.wishes.clone(),
                recognised_by: action.recognised_by.clone(),
                messages: action.messages.iter().map(|message| message.name.clone()).collect(),
            })
        };
        ServiceBody {
            id: config.id.clone(),
            plugin: descriptor.plugin.0.clone(),
            version: descriptor.version.clone(),
            titles: titles(&config.titles),
            merchant: config.merchant.to_string(),
            currency: config.currency.code().to_owned(),
            cap: config.cap,
            pin_above: config.pin_above,
            by_face: config.gallery.is_some(),
            search: config
                .gallery
                .map(|gallery| SearchBody::from(&hub.show_search(Searcher::Service(&config.id), gallery))),
            attested: config.attested.clone(),
            actions: descriptor.actions.iter().filter_map(action).collect(),
        }
    }
}

fn titles(labels: &[Label]) -> BTreeMap<String, String> {
    labels.iter().map(|label| (label.language.clone(), label.text.clone())).collect()
}

/// The services of a caller.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServicesBody {
    /// By name.
    pub services: Vec<ServiceBody>,
}

/// Something to ask of a service. With a picture it is the part `request` of a form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskServiceBody {
    /// One of the service's actions.
    #[schema(example = "enter")]
    pub action: String,
    /// Under the action's schema.
    #[schema(value_type = Object, example = json!({"adults": 1, "children": 2}))]
    #[serde(default)]
    pub input: Value,
    /// Who it is, where the caller knows: `person_…`. With a picture, the face has to be this person's.
    pub person: Option<String>,
    /// The person's own code, which the hub issued and signed: says who it is instead of `person`. With `by` `guardian` and
    /// `person`: the guardian's code, who approves what the ward asks.
    #[schema(write_only, example = "TBP1.AQ…")]
    pub pass: Option<String>,
    /// The person's PIN: with a picture, where somebody else looks nearly the same.
    #[schema(write_only, example = "2718")]
    pub pin: Option<String>,
    /// What the person pays with, `inst_…`; her chosen one when it is left out. Without `person`: who it is.
    pub instrument: Option<String>,
    /// How the caller knows: `card`, `qr` or `staff`; `guardian` with `pass`.
    #[schema(example = "card")]
    pub by: Option<String>,
    /// Claims that the caller has seen, where the service takes its word.
    #[serde(default)]
    #[schema(example = json!({"residence": "17206"}))]
    pub attested: BTreeMap<String, String>,
    /// The person's word on money, where it is known that the service will hold some.
    pub consent: Option<ConsentBody>,
}

/// The whole request with a picture, `multipart/form-data`.
#[derive(ToSchema)]
pub struct AskServiceForm {
    /// JSON.
    pub request: AskServiceBody,
    /// PNG, JPEG or WebP, at most 10 MiB, one live face. Not kept.
    #[schema(value_type = String, format = Binary)]
    pub image: Vec<u8>,
}

/// A consent to money that is to be held.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// All holds of the request together, at most.
    pub up_to: AmountBody,
    /// The person's PIN, where she was recognised by face alone and the amount is above the service's limit.
    #[schema(write_only, example = "2718")]
    pub pin: Option<String>,
}

/// The person's answer to `consent_needed`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerConsentBody {
    /// Whether the person agrees.
    pub agreed: bool,
    /// What she agrees to; with `agreed`.
    pub consent: Option<ConsentBody>,
}

/// Something to tell a waiting request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellServiceBody {
    /// One of the action's messages.
    #[schema(example = "leave")]
    pub name: String,
    /// Under the message's schema.
    #[schema(value_type = Object)]
    #[serde(default)]
    pub input: Value,
}

impl ConsentBody {
    /// As the hub takes it.
    ///
    /// # Errors
    /// 422 for a wrong amount or PIN.
    pub fn given(&self) -> Result<GivenConsent, Problem> {
        let pin = self.pin.as_deref().map(Pin::new).transpose()?;
        Ok(GivenConsent { up_to: self.up_to.money()?, pin })
    }
}

impl AskServiceBody {
    /// The PIN that came with the request, or with its consent.
    fn pin(&self) -> Result<Option<Pin>, Problem> {
        let typed = self.pin.as_deref().or_else(|| self.consent.as_ref()?.pin.as_deref());
        Ok(typed.map(Pin::new).transpose()?)
    }

    /// Who makes the request, and with what she pays.
    ///
    /// # Errors
    /// 404 for an id that is none.
    pub fn who(&self, image: Option<Vec<u8>>) -> Result<(Who, Option<tebura_hub::ids::InstrumentId>), Problem> {
        let person = self.person.as_deref().map(parse_id).transpose()?;
        let instrument = self.instrument.as_deref().map(parse_id).transpose()?;
        let by = || self.by.clone().unwrap_or_else(|| "staff".to_owned());
        if let Some(code) = self.pass.clone() {
            let approved = self.by.as_deref() == Some("guardian");
            let who = match person.filter(|_| approved) {
                Some(ward) => Who::Guardian { ward, code },
                None => Who::Pass { code, image },
            };
            return Ok((who, instrument));
        }
        Ok(match (person, image, instrument) {
            (Some(person), Some(image), _) => (Who::PersonWithFace { person, by: by(), image }, instrument),
            (Some(person), None, _) => (Who::Person { person, by: by() }, instrument),
            (None, Some(image), _) => (Who::Face { image, pin: self.pin()? }, instrument),
            (None, None, Some(id)) => (Who::Instrument(id), None),
            (None, None, None) => (Who::Nobody { by: self.by.clone() }, None),
        })
    }
}

/// A request to a service.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServiceRequestBody {
    /// The request.
    pub id: String,
    /// The service.
    pub service: String,
    /// What was asked.
    pub action: String,
    /// `done`, `open` (it waits; `output` says what holds so far), `pending` (ask again), `consent_needed` or `failed`.
    #[schema(example = "done")]
    pub status: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it answered, under the action's schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<Value>,
    /// What the person is to agree to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_needed: Option<ConsentNeededBody>,
    /// Who was recognised, as a terminal may show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "山＊＊＊")]
    pub masked_name: Option<String>,
    /// How.
    pub recognised_by: Vec<String>,
    /// Holds that the request placed.
    pub holds: Vec<String>,
    /// What happened, oldest first.
    pub history: Vec<HappenedBody>,
    /// When it goes on by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<String>,
    /// When it was asked.
    pub created_at: String,
}

/// A page of requests, oldest first.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServiceRequestListBody {
    /// The requests.
    pub items: Vec<ServiceRequestBody>,
    /// The cursor of the next page; none when this one was not full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a person is to agree to.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ConsentNeededBody {
    /// What the consent has to cover: all holds of the request together.
    pub up_to: MoneyBody,
    /// What is held now.
    pub amount: MoneyBody,
    /// Who gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee: Option<String>,
    /// What it is for, in the service's words.
    pub memo: String,
    /// Whether the PIN is needed.
    pub with_pin: bool,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Something that happened to a request.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct HappenedBody {
    /// When.
    pub at: String,
    /// `consented`, `moved`, `not_moved`, `told`, `message`, `admitted`, `dismissed`, `degraded` (the plugin was away, and what
    /// is configured for that was answered).
    pub what: String,
    /// The movement, topic, message or gallery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The receipt's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyBody>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
}

impl From<&ServiceAnswer> for ServiceRequestBody {
    fn from(answer: &ServiceAnswer) -> ServiceRequestBody {
        let (request, progress) = (&answer.request, &answer.request.progress);
        let (status, code, needed) = match &answer.status {
            ServiceStatus::Done => ("done", None, None),
            ServiceStatus::Open => ("open", None, None),
            ServiceStatus::Pending => ("pending", None, None),
            ServiceStatus::ConsentNeeded(needed) => ("consent_needed", None, Some(ConsentNeededBody::from(needed))),
            ServiceStatus::Failed(fault) => ("failed", Some(fault.code.clone()), None),
        };
        let waits = matches!(progress.stage, Stage::Waiting).then_some(request.due_at).flatten();
        ServiceRequestBody {
            id: request.id.to_string(),
            service: request.service.clone(),
            action: request.asked.action.clone(),
            status: status.to_owned(),
            code,
            output: progress.output.as_deref().and_then(|output| serde_json::from_str(output).ok()),
            consent_needed: needed,
            masked_name: answer.masked_name.clone(),
            recognised_by: request.asked.recognised_by.clone(),
            holds: progress.holds.iter().map(|own| own.hold.to_string()).collect(),
            history: progress.noted.iter().map(HappenedBody::from).collect(),
            waits_until: waits.map(rfc3339),
            created_at: rfc3339(request.asked.at),
        }
    }
}

impl From<&ConsentNeeded> for ConsentNeededBody {
    fn from(needed: &ConsentNeeded) -> ConsentNeededBody {
        ConsentNeededBody {
            up_to: needed.up_to.into(),
            amount: needed.amount.into(),
            payee: needed.payee.map(|payee| payee.to_string()),
            memo: needed.memo.clone(),
            with_pin: needed.with_pin,
            until: needed.until.map(rfc3339),
        }
    }
}

impl From<&Noted> for HappenedBody {
    fn from(noted: &Noted) -> HappenedBody {
        let mut body = HappenedBody {
            at: rfc3339(noted.at),
            what: String::new(),
            name: None,
            id: None,
            amount: None,
            code: None,
            body: None,
        };
        match &noted.happened {
            Happened::Consented { up_to, .. } => {
                body.what = "consented".to_owned();
                body.amount = Some((*up_to).into());
            }
            Happened::Moved { what, id, amount } => {
                body.what = "moved".to_owned();
                (body.name, body.id, body.amount) = (Some(what.clone()), Some(id.clone()), Some((*amount).into()));
            }
            Happened::NotMoved { what, code } => {
                body.what = "not_moved".to_owned();
                (body.name, body.code) = (Some(what.clone()), Some(code.clone()));
            }
            Happened::Told { topic, body: told } => {
                body.what = "told".to_owned();
                (body.name, body.body) = (Some(topic.clone()), serde_json::from_str(told).ok());
            }
            Happened::Message { name } => {
                body.what = "message".to_owned();
                body.name = Some(name.clone());
            }
            Happened::Degraded { code } => {
                body.what = "degraded".to_owned();
                body.code = Some(code.clone());
            }
            Happened::Admitted { gallery, present } => {
                body.what = if *present { "admitted" } else { "dismissed" }.to_owned();
                body.name = Some(gallery.clone());
            }
        }
        body
    }
}
