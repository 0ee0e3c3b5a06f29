//! What a service says of itself, and what it is asked.

use serde::de::DeserializeOwned;

use crate::http::{Fault, Field};
use crate::money::{Millis, Money};

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// `ja` or `en`.
    pub language: String,
    /// For people.
    pub text: String,
}

/// Something that a waiting request may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKind {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// JSON Schema.
    pub input_schema: String,
}

/// One thing that people ask of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// For people.
    pub titles: Vec<Label>,
    /// JSON Schema; an empty object unless given.
    pub input_schema: String,
    /// JSON Schema; an empty object unless given.
    pub output_schema: String,
    /// Claims without which the hub refuses the request.
    pub needs: Vec<String>,
    /// Claims that the service is shown where there are some.
    pub wishes: Vec<String>,
    /// Ways of recognition, one of which is needed; empty: nobody has to be recognised.
    pub recognised_by: Vec<String>,
    /// What a waiting request may be told.
    pub messages: Vec<MessageKind>,
}

/// An object without anything in it.
const NOTHING: &str = r#"{"type": "object", "additionalProperties": false}"#;

impl Action {
    /// An action whose input and output are empty objects.
    pub fn new(name: &str) -> Action {
        Action {
            name: name.to_owned(),
            titles: Vec::new(),
            input_schema: NOTHING.to_owned(),
            output_schema: NOTHING.to_owned(),
            needs: Vec::new(),
            wishes: Vec::new(),
            recognised_by: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Adds a title in a language.
    #[must_use]
    pub fn title(mut self, language: &str, text: &str) -> Action {
        self.titles.push(Label { language: language.to_owned(), text: text.to_owned() });
        self
    }

    /// JSON Schema of the input, most often `include_str!("../schemas/….json")`.
    #[must_use]
    pub fn input(self, schema: &str) -> Action {
        Action { input_schema: schema.to_owned(), ..self }
    }

    /// JSON Schema of the output.
    #[must_use]
    pub fn output(self, schema: &str) -> Action {
        Action { output_schema: schema.to_owned(), ..self }
    }

    /// Claims without which the hub refuses the request.
    #[must_use]
    pub fn needs<const N: usize>(self, claims: [&str; N]) -> Action {
        Action { needs: claims.map(str::to_owned).to_vec(), ..self }
    }

    /// Claims that the service is shown where there are some.
    #[must_use]
    pub fn wishes<const N: usize>(self, claims: [&str; N]) -> Action {
        Action { wishes: claims.map(str::to_owned).to_vec(), ..self }
    }

    /// Ways of recognition, one of which is needed: `face`, `card`, `qr`, `staff`, `instrument`. With `other-face` the
    /// service is asked, too, when a picture is not of the person that a ticket or card names; nobody is recognised then.
    #[must_use]
    pub fn recognised_by<const N: usize>(self, ways: [&str; N]) -> Action {
        Action { recognised_by: ways.map(str::to_owned).to_vec(), ..self }
    }

    /// Adds something that a waiting request may be told.
    #[must_use]
    pub fn message(mut self, name: &str, input_schema: &str) -> Action {
        self.messages.push(MessageKind { name: name.to_owned(), input_schema: input_schema.to_owned() });
        self
    }
}

/// What a service says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// JSON Schema of an instance's settings.
    pub settings_schema: String,
    /// At least one.
    pub actions: Vec<Action>,
}

impl Description {
    /// A service with a schema for its settings.
    pub fn new(settings_schema: &str) -> Description {
        Description { settings_schema: settings_schema.to_owned(), actions: Vec::new() }
    }

    /// Adds an action.
    #[must_use]
    pub fn action(mut self, action: Action) -> Description {
        self.actions.push(action);
        self
    }
}

/// Something known about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// `residence`, …
    pub name: String,
    /// Text.
    pub value: String,
    /// `proven` to the hub, or `attested` by whoever asks.
    pub source: String,
}

/// What a service is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The same in every step: derive the keys of calls from it.
    pub id: String,
    /// The instance.
    pub service: String,
    /// When the hub decided to run this step.
    pub now: Millis,
    /// The action's name.
    pub action: String,
    /// JSON; see [`Request::settings`].
    pub settings: String,
    /// The person, by a name that only this instance knows her by; `None`: nobody was recognised.
    pub subject: Option<String>,
    /// All that together led to the person.
    pub recognised_by: Vec<String>,
    /// Those that the action asks for.
    pub claims: Vec<Claim>,
    /// JSON; see [`Request::input`].
    pub input: String,
    /// What the hub knows besides; see [`Request::attribute`].
    pub attributes: Vec<Field>,
}

impl Request {
    /// The instance's settings as they are now.
    ///
    /// Errors: `settings.unreadable`, when the type is not what the schema says.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read("settings.unreadable", "the settings", &self.settings)
    }

    /// What was asked.
    ///
    /// Errors: `input.unreadable`, when the type is not what the schema says.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read("input.unreadable", "the input", &self.input)
    }

    /// A claim of the person, where there is one.
    pub fn claim(&self, name: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.name == name)
    }

    /// When it happened: earlier than `now` where a device without a network tells later.
    pub fn happened_at(&self) -> Millis {
        self.attribute("happened_at").and_then(|at| at.parse().ok()).unwrap_or(self.now)
    }

    /// What the hub knows besides: `rail`, that of what the person would pay with; `happened_at`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// Whether a way was among those that led to the person.
    pub fn is_by(&self, way: &str) -> bool {
        self.recognised_by.iter().any(|own| own == way)
    }
}

/// What a waiting request was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// One of the action's.
    pub name: String,
    /// JSON; see [`Message::input`].
    pub input: String,
}

impl Message {
    /// What it says.
    ///
    /// Errors: `input.unreadable`, when the type is not what the schema says.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read("input.unreadable", "the message", &self.input)
    }
}

/// What a movement of money is called afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Of a hold or release: the hold's. Of a capture or refund: its own.
    pub id: String,
    /// How much moved.
    pub amount: Money,
}

fn read<T: DeserializeOwned>(code: &str, what: &str, json: &str) -> Result<T, Fault> {
    serde_json::from_str(json)
        .map_err(|error| Fault::new(code, format!("{what} cannot be read, column {}", error.column())))
}
