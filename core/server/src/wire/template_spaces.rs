//! Template spaces as JSON.

use serde::Serialize;
use tebura_hub::template_spaces::TemplateSpace;
use utoipa::ToSchema;

use super::time::rfc3339;

/// A space that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct BegunSpaceBody {
    /// Its number.
    pub number: u32,
}

/// All spaces.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpaceListBody {
    /// Oldest first; the last is written into.
    pub items: Vec<SpaceBody>,
}

/// A space.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpaceBody {
    /// From 1; 0: templates that are kept without a rotation, until they are moved.
    pub number: u32,
    /// When it was begun, RFC 3339.
    pub since: String,
    /// When the next one was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many templates stand in it.
    pub templates: u64,
}

impl From<Vec<TemplateSpace>> for SpaceListBody {
    fn from(spaces: Vec<TemplateSpace>) -> SpaceListBody {
        let body = |space: TemplateSpace| SpaceBody {
            number: space.number,
            since: rfc3339(space.since),
            until: space.until.map(rfc3339),
            templates: space.templates,
        };
        SpaceListBody { items: spaces.into_iter().map(body).collect() }
    }
}
