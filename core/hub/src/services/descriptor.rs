//! What a service plugin says of itself: its actions and their schemas, and what its manifest lets it name.

use crate::rail::{ComponentDigest, PluginId};

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// `en`, `ja`.
    pub language: String,
    pub text: String,
}

/// One thing that people ask of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub name: String,
    pub titles: Vec<Label>,
    /// JSON Schema.
    pub input: String,
    /// JSON Schema.
    pub output: String,
    /// Claims without which the hub refuses the request.
    pub needs: Vec<String>,
    /// Claims that the plugin is shown where there are some.
    pub wishes: Vec<String>,
    /// Ways of recognition, one of which is needed; empty: nobody has to be recognised. With `other-face` among them the
    /// plugin is asked, too, when a face is not the named person's; nobody is recognised then.
    pub recognised_by: Vec<String>,
    /// What a request that waits may be told.
    pub messages: Vec<MessageKind>,
}

/// Something that a waiting request may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageKind {
    pub name: String,
    /// JSON Schema.
    pub input: String,
}

/// An installed service plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDescriptor {
    pub plugin: PluginId,
    pub version: String,
    /// The component that decides; `None`: a native service of a test.
    pub digest: Option<ComponentDigest>,
    pub title: Option<String>,
    /// JSON Schema of an instance's settings.
    pub settings: String,
    pub actions: Vec<Action>,
    /// Handles that the operator binds to merchants.
    pub payees: Vec<String>,
    /// Handles that the operator binds to galleries.
    pub galleries: Vec<String>,
    /// Topics of its events.
    pub topics: Vec<String>,
    /// Claims that it may ask for.
    pub claims: Vec<String>,
}

/// Something known about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub name: String,
    pub value: String,
    pub source: ClaimSource,
}

/// How a claim came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// Proven to the hub.
    Proven,
    /// The caller's word: a card was read, a clerk looked at a paper.
    Attested,
}

impl ClaimSource {
    /// The word on the wire and to plugins.
    pub fn name(self) -> &'static str {
        match self {
            ClaimSource::Proven => "proven",
            ClaimSource::Attested => "attested",
        }
    }

    /// The source that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [ClaimSource::Proven, ClaimSource::Attested].into_iter().find(|source| source.name() == name)
    }
}
