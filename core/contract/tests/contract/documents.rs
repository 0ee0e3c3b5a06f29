//! The example documents and the rails they are written for.

use serde_json::Value;
use tebura_contract::{Contract, Rails};

macro_rules! examples {
    ($($name:literal)*) => {
        /// Every example by the name of its folder.
        pub(crate) const EXAMPLES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../examples/contracts/", $name, "/contract.json")))),*];
    };
}

examples! {
    "c2c-escrow" "clinic" "collateral" "emergency-repair" "hold-to-collateral" "interop" "iot-reorder"
    "prepay-protect" "public-deposit" "restaurant-cancel" "taxi-cap" "usedcar-dvp"
}

/// An example's text.
#[track_caller]
pub(crate) fn text(name: &str) -> &'static str {
    EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).expect("an example's name")
}

/// An example's document.
#[track_caller]
pub(crate) fn value(name: &str) -> Value {
    serde_json::from_str(text(name)).expect("examples are JSON")
}

/// An example, checked.
#[track_caller]
pub(crate) fn contract(name: &str) -> Contract {
    Contract::parse(text(name)).expect("examples are accepted")
}

/// The rails that the examples are written for.
pub(crate) fn rails() -> Rails {
    serde_json::from_str(include_str!("../../../../examples/contracts/rails.json")).expect("the rails are JSON")
}
