//! Single words and lengths in the language that is asked for.

use crate::finding::Language;
use crate::model::{Asset, Label, Party, Role};
use crate::text::{length_en, length_ja};
use crate::words::{amount, amount_ja};

#[derive(Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    pub(super) fn pick(self, japanese: &'static str, english: &'static str) -> &'static str {
        match self.0 {
            Language::Ja => japanese,
            Language::En => english,
        }
    }

    pub(super) fn label(self, label: &Label) -> &str {
        match self.0 {
            Language::Ja => &label.ja,
            Language::En => &label.en,
        }
    }

    /// The name for people, and the name in the document where it is another.
    pub(super) fn party(self, party: &Party) -> String {
        self.label(&party.label).to_owned()
    }

    pub(super) fn role(self, role: Role) -> &'static str {
        match role {
            Role::Payer => self.pick("支払う人", "payer"),
            Role::Payee => self.pick("受け取る人", "payee"),
            Role::Attestor => self.pick("証明する人", "attestor"),
            Role::Agent => self.pick("代理", "agent"),
        }
    }

    /// A way of proving identity; an unknown word stands for itself.
    pub(super) fn way(self, way: &str) -> &str {
        match way {
            "face" => self.pick("顔", "face"),
            "app" => self.pick("アプリ", "app"),
            "jpki" => self.pick("マイナンバーカード", "My Number card"),
            "pin" => self.pick("暗証番号", "PIN"),
            "card" => self.pick("カード", "card"),
            other => other,
        }
    }

    pub(super) fn length(self, ms: i64) -> String {
        match self.0 {
            Language::Ja => length_ja(ms),
            Language::En => length_en(ms),
        }
    }

    /// `6,000円` or `6,000 JPY`.
    pub(super) fn amount(self, asset: &Asset, units: i64) -> String {
        match self.0 {
            Language::Ja => amount_ja(asset, units),
            Language::En => amount(asset, units),
        }
    }

    /// `A`, `A and B`, `A, B and C`.
    pub(super) fn list(self, names: &[String]) -> String {
        match (self.0, names) {
            (_, []) => String::new(),
            (_, [one]) => one.clone(),
            (Language::Ja, names) => names.join("・"),
            (Language::En, [first @ .., last]) => format!("{} and {last}", first.join(", ")),
        }
    }
}
