//! Makes a component of a core module that was built with the SDK. No toolchain is needed for this part.

use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// Why a core module is not made into a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error(
        "this is not a module that was built with the plugin SDK ({reason}); export a rail with the SDK's macro and build for wasm32-unknown-unknown"
    )]
    NotAGuest { reason: String },
    #[error("the module does not fit its world ({reason}); build it again with the SDK of this hub")]
    NotEncodable { reason: String },
}

/// Encodes a core module, whose world the SDK has put into a custom section.
///
/// # Errors
/// [`EncodeError`] in the order of its variants.
pub fn encode_component(core: &[u8]) -> Result<Vec<u8>, EncodeError> {
    if !names_its_world(core) {
        return Err(EncodeError::NotAGuest { reason: "it does not name its world".to_owned() });
    }
    ComponentEncoder::default()
        .validate(true)
        .module(core)
        .map_err(|error| EncodeError::NotAGuest { reason: format!("{error:#}") })?
        .encode()
        .map_err(|error| EncodeError::NotEncodable { reason: format!("{error:#}") })
}

fn names_its_world(core: &[u8]) -> bool {
    Parser::new(0).parse_all(core).flatten().any(
        |payload| matches!(payload, Payload::CustomSection(section) if section.name().starts_with("component-type")),
    )
}
