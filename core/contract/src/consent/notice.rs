//! Warnings in the words of those who consent; what only concerns the author stays out.

use super::words::Words;
use crate::contract::Contract;
use crate::finding::{Code, Finding, Language};

/// One sentence, or nothing for a warning that only the author needs.
pub(super) fn notice(contract: &Contract, say: Words, warning: &Finding) -> Option<String> {
    let document = &contract.document;
    let party = |name: &str| document.parties.iter().find(|party| party.name == name).map(|party| say.party(party));
    let value = |name: &str| warning.value(name).unwrap_or_default();
    let leg = || {
        let leg = document.legs.iter().find(|leg| leg.name == value("leg"))?;
        Some(say.label(&leg.label))
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "errors never reach a contract, and W2 concerns its author")]
    let (english, japanese) = match warning.kind() {
        Code::W1SilencePays => {
            let state = document.states.iter().find(|state| state.name == value("state"))?;
            let (state, leg, party) = (say.label(&state.label), leg()?, party(value("party"))?);
            let amount = value(if say.0 == Language::Ja { "amount_ja" } else { "amount" });
            (
                format!("If nobody acts in `{state}`, up to {amount} of {leg} goes to {party}."),
                format!("「{state}」で誰も何もしないと、{leg}から最大{amount}が{party}に支払われます。"),
            )
        }
        Code::W3TakenAlone => {
            let names = value("signers").split(", ").filter_map(|name| party(name.trim_matches('`')));
            let (names, payer) = (say.list(&names.collect::<Vec<_>>()), party(value("payer"))?);
            (
                format!("{names} can take money alone: {payer} agrees to that at the beginning."),
                format!("{names}は、{payer}が開始時に同意することにより、単独で支払いを受けられます。"),
            )
        }
        Code::W4MayFallShort => {
            let (leg, party) = (leg()?, party(value("party"))?);
            (
                format!("If more is stated than {leg} holds, {party} gets only what is held."),
                format!("証明された額が{leg}の仮押さえ額を超えると、{party}が受け取るのは仮押さえ額までです。"),
            )
        }
        _ => return None,
    };
    Some(if say.0 == Language::Ja { japanese } else { english })
}
