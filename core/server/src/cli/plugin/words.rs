//! What a plugin asks for, in words that an operator can agree to: Japanese and English, one below the other.

use tebura_plugin_host::Power;

use super::super::print::grouped;
use crate::messages::{Language, fill, text};

/// Every power as a sentence, in both languages. Those whose line is in `new` are marked.
pub(super) fn sentences(powers: &[Power], new: &[String]) -> String {
    let mut page = String::new();
    for language in [Language::Japanese, Language::English] {
        page.push_str(&format!("{}\n", text(language, "plugin.may")));
        for power in powers {
            let mark = if new.contains(&power.to_string()) { text(language, "plugin.new") } else { "" };
            page.push_str(&format!("  - {}{mark}\n", sentence(language, power)));
        }
        page.push_str(&format!("  {}\n", text(language, "plugin.may_not")));
    }
    page
}

fn sentence(language: Language, power: &Power) -> String {
    match power {
        Power::Command(command) => {
            let key = format!("plugin.command.{command}");
            fill(language, "plugin.power.command", &[("command", text(language, &key))])
        }
        Power::Claim(claim) => fill(language, "plugin.power.claim", &[("claim", claim)]),
        Power::Currency(currency) => fill(language, "plugin.power.currency", &[("currency", currency)]),
        Power::AmountUpTo(amount) => {
            fill(language, "plugin.power.amount", &[("amount", &grouped(amount.unsigned_abs()))])
        }
        Power::Call { endpoint, pattern } => {
            fill(language, "plugin.power.call", &[("endpoint", endpoint), ("pattern", pattern)])
        }
        Power::Route(route) => fill(language, "plugin.power.route", &[("route", route)]),
        Power::Header(header) => fill(language, "plugin.power.header", &[("header", header)]),
        Power::Key { name, key_use } => {
            let key = format!("plugin.key_use.{}", key_use.word());
            fill(language, "plugin.power.key", &[("name", name), ("use", text(language, &key))])
        }
        Power::Setting(name) => fill(language, "plugin.power.setting", &[("name", name)]),
        Power::Payee(name) => fill(language, "plugin.power.payee", &[("name", name)]),
        Power::Gallery(name) => fill(language, "plugin.power.gallery", &[("name", name)]),
        Power::Topic(name) => fill(language, "plugin.power.topic", &[("name", name)]),
        Power::SeeClaim(name) => fill(language, "plugin.power.see_claim", &[("name", name)]),
        Power::Fuel(fuel) => fill(language, "plugin.power.fuel", &[("fuel", &grouped(*fuel))]),
        Power::MemoryBytes(bytes) => fill(language, "plugin.power.memory", &[("kib", &grouped(*bytes as u64 / 1024))]),
        Power::DeadlineMs(ms) => fill(language, "plugin.power.deadline", &[("ms", &ms.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use tebura_plugin_host::{Manifest, powers};

    use super::*;

    const WHOLE: &str = r#"
[plugin]
id = "jp.example.x"
version = "1.0.0"
world = "tebura:rail/rail-plugin@1.0.0"
settings = ["merchant_code"]
[rail]
commands = ["hold", "raise", "extend", "capture", "release", "refund", "inquire"]
[money]
currencies = ["JPY"]
max_per_operation = 100_000
[endpoints.gateway]
allow = ["POST /v1/holds"]
[keys.partner]
algorithm = "hmac-sha256"
use = ["mac", "verify"]
[keys.ours]
algorithm = "ed25519"
use = ["sign"]
"#;

    #[test]
    fn every_power_has_words_in_both_languages() {
        let powers = powers(&Manifest::parse(WHOLE.as_bytes()).unwrap());
        let page = sentences(&powers, &["money: JPY".to_owned()]);
        assert!(!page.contains("plugin.") && !page.contains('{'), "{page}");
        assert_eq!(page.lines().filter(|line| line.starts_with("  - ")).count(), 2 * powers.len());
        assert!(page.contains("have the hub call “gateway”: POST /v1/holds"), "{page}");
        assert!(page.contains("「gateway」への呼び出しをハブに依頼する: POST /v1/holds"), "{page}");
        assert!(page.contains("handle JPY (NEW)") && page.contains("(新規)"), "{page}");
    }
}
