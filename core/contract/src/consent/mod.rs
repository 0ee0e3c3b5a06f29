//! What people read before they consent: who can get how much, what may happen and until when, in Japanese or English.
//!
//! Everything is said from the checked document. What its author wrote for people stands beside what it really does,
//! never instead of it.

mod diagram;
mod notice;
mod sentence;
mod table;
mod words;

use self::notice::notice;
use self::sentence::Sentences;
use self::table::Table;
use self::words::Words;
use crate::contract::Contract;
use crate::finding::Language;
use crate::model::{Asset, Leg, StateIx};
use crate::range::{LegRange, Range};

impl Contract {
    /// The consent table: Markdown that also reads well on a terminal. Ends with a line break.
    pub fn consent_text(&self, language: Language) -> String {
        let (say, document) = (Words(language), &self.document);
        let mut text = format!("# {}\n\n", say.label(&document.name));
        text.push_str(&format!("{} `{}`\n", say.pick("契約書", "Document"), self.hash()));
        text.push_str(&format!("\n## {}\n\n{}", say.pick("当事者", "Parties"), self.parties_table(say)));
        let held = say.pick("仮押さえするもの", "What is held");
        text.push_str(&format!("\n## {held}\n\n{}", self.legs_table(say)));
        let ranges = say.pick("だれがいくら受け取るか", "Who gets how much");
        text.push_str(&format!("\n## {ranges}\n\n{}", self.ranges_table(say)));
        text.push_str(&format!("\n## {}\n", say.pick("何が起こるか", "What can happen")));
        for state in self.states_in_order() {
            text.push_str(&self.state_text(say, state));
        }
        let notices: Vec<String> = self.warnings().iter().filter_map(|warning| notice(self, say, warning)).collect();
        if !notices.is_empty() {
            text.push_str(&format!("\n## {}\n\n", say.pick("ご注意", "Mind")));
            notices.iter().for_each(|notice| text.push_str(&format!("- {notice}\n")));
        }
        text
    }

    /// The graph as a Mermaid state diagram. Ends with a line break.
    pub fn diagram(&self, language: Language) -> String {
        diagram::write(self, Words(language))
    }

    fn parties_table(&self, say: Words) -> String {
        let head = [say.pick("当事者", "party"), say.pick("役割", "role"), say.pick("本人確認", "identified by")];
        let mut table = Table::new(&head);
        for party in &self.document.parties {
            let ways: Vec<&str> = party.auth.iter().map(|way| say.way(way)).collect();
            let ways = if ways.is_empty() { "-".to_owned() } else { ways.join(say.pick("・", ", ")) };
            table.row(&[say.party(party), say.role(party.role).to_owned(), ways]);
        }
        for requirement in &self.document.requires {
            let of =
                requirement.of.as_ref().and_then(|of| self.document.parties.iter().find(|party| party.name == *of));
            let whom = of.map_or(say.pick("支払う人", "payer").to_owned(), |party| say.party(party));
            let proof = say.way(&requirement.proof).to_owned();
            table.row(&[whom, format!("{}: `{}`", say.pick("必要な資格", "has to prove"), requirement.claim), proof]);
        }
        table.text()
    }

    fn legs_table(&self, say: Words) -> String {
        let head = [
            say.pick("区分", "leg"),
            say.pick("支払う人", "payer"),
            say.pick("仮押さえ額", "held"),
            say.pick("上限", "at most"),
            say.pick("決済手段", "rail"),
        ];
        let mut table = Table::new(&head);
        for (leg, range) in self.document.legs.iter().zip(&self.ranges.ends) {
            let most = range.authorised.max;
            table.row(&[
                say.label(&leg.label).to_owned(),
                say.party(&self.document.parties[leg.from]),
                say.amount(&leg.asset, leg.hold),
                say.amount(&leg.asset, most),
                format!("`{}`", leg.rail),
            ]);
        }
        let document = &self.document;
        let mut text = table.text();
        let placed = if document.fund_at == document.start {
            say.pick("開始と同時に仮押さえします。", "Held from the beginning.").to_owned()
        } else {
            let state = say.label(&document.states[document.fund_at].label);
            match say.0 {
                Language::Ja => format!("「{state}」になるときに仮押さえします。それまでお金は動きません。"),
                Language::En => format!("Held when `{state}` is reached. Until then no money moves."),
            }
        };
        let fund_by = say.length(document.fund_by_ms);
        let longest = say.length(self.ranges.longest_ms);
        text.push_str(&match say.0 {
            Language::Ja => format!(
                "\n{placed}{fund_by}以内にすべて仮押さえできなければ、何もなかったことになります。最長で開始から{longest}続きます。\n"
            ),
            Language::En => format!(
                "\n{placed} Unless everything is held within {fund_by}, nothing happens at all. It lasts {longest} at most.\n"
            ),
        });
        text
    }

    fn ranges_table(&self, say: Words) -> String {
        let head = [
            say.pick("区分", "leg"),
            say.pick("受け取る人", "who"),
            say.pick("最小", "least"),
            say.pick("最大", "most"),
        ];
        let mut table = Table::new(&head);
        for (leg, range) in self.document.legs.iter().zip(&self.ranges.ends) {
            for (who, range) in self.receivers(say, leg, range) {
                table.row(&[
                    say.label(&leg.label).to_owned(),
                    who,
                    say.amount(&leg.asset, range.min),
                    say.amount(&leg.asset, range.max),
                ]);
            }
        }
        table.text()
    }

    fn receivers(&self, say: Words, leg: &Leg, range: &LegRange) -> Vec<(String, Range)> {
        let parties = self.document.parties.iter().zip(&range.received);
        let mut rows: Vec<(String, Range)> =
            parties.filter(|(_, range)| range.max > 0).map(|(party, range)| (say.party(party), *range)).collect();
        let payer = say.party(&self.document.parties[leg.from]);
        rows.push((format!("{payer} {}", say.pick("(戻る)", "(comes back)")), range.returned));
        if range.moved.max > 0 {
            rows.push((say.pick("別の契約へ", "(moves to another contract)").to_owned(), range.moved));
        }
        rows
    }

    fn state_text(&self, say: Words, index: StateIx) -> String {
        let sentences = Sentences { contract: self, say };
        let state = &self.document.states[index];
        let until = sentences.deadline(state);
        let mut text = format!("\n### {} ({until})\n\n", say.label(&state.label));
        for (number, edge) in state.on.iter().enumerate() {
            text.push_str(&format!("{}. {}\n", number + 1, sentences.edge(index, number, edge)));
        }
        let otherwise = sentences.outcome(index, state.on.len(), &state.otherwise);
        text.push_str(&format!(
            "- {}: {otherwise}\n",
            say.pick("期限まで何もなければ", "if nothing happens until then")
        ));
        text
    }

    /// The states as people meet them.
    fn states_in_order(&self) -> impl Iterator<Item = StateIx> {
        self.ranges.order.iter().copied()
    }
}

/// `0 to 8,000 JPY`, or one amount.
fn span(say: Words, asset: &Asset, range: Range) -> String {
    let (min, max) = (say.amount(asset, range.min), say.amount(asset, range.max));
    match (range.min == range.max, say.0) {
        (true, _) => max,
        (false, Language::Ja) => format!("{min}~{max}"),
        (false, Language::En) => format!("{min} to {max}"),
    }
}
