//! One sentence for each edge: who does what, what happens to the money, where it leads.

use super::span;
use super::words::Words;
use crate::contract::Contract;
use crate::finding::Language;
use crate::model::{Amount, Disposal, Edge, Go, Item, Moment, PartyIx, Rest, State, StateIx, Trigger, TriggerKind};
use crate::range::{Range, Whom, share_of};
use crate::text::grouped;

pub(super) struct Sentences<'c> {
    pub(super) contract: &'c Contract,
    pub(super) say: Words,
}

impl Sentences<'_> {
    /// Who does what → what happens → where it leads.
    pub(super) fn edge(&self, index: StateIx, number: usize, edge: &Edge) -> String {
        let Some(trigger) = &edge.trigger else { return String::new() };
        let mut text = self.trigger(trigger);
        if let Some(label) = &edge.label {
            let label = self.say.label(label);
            text = match self.say.0 {
                Language::Ja => format!("{label}({text})"),
                Language::En => format!("{label} ({text})"),
            };
        }
        for note in self.notes(edge) {
            text.push_str(&format!(" [{note}]"));
        }
        format!("{text} → {}", self.outcome(index, number, edge))
    }

    /// What happens to the money, and where it leads.
    pub(super) fn outcome(&self, index: StateIx, number: usize, edge: &Edge) -> String {
        let document = &self.contract.document;
        let mut parts: Vec<String> = Vec::new();
        for (leg, to) in &edge.raises {
            let leg = &document.legs[*leg];
            let (name, to) = (self.say.label(&leg.label), self.say.amount(&leg.asset, *to));
            parts.push(match self.say.0 {
                Language::Ja => format!("{name}の仮押さえを{to}に引き上げる"),
                Language::En => format!("the hold of {name} is raised to {to}"),
            });
        }
        for disposal in &edge.disposals {
            self.disposal(index, number, disposal, &mut parts);
        }
        parts.push(match edge.go {
            Go::State(target) if target == index => self.say.pick("そのまま続く", "it goes on").to_owned(),
            Go::State(target) => {
                let name = self.say.label(&document.states[target].label);
                match self.say.0 {
                    Language::Ja => format!("「{name}」へ"),
                    Language::En => format!("on to `{name}`"),
                }
            }
            Go::End => self.say.pick("終了", "the end").to_owned(),
        });
        parts.join(self.say.pick("、", ", "))
    }

    /// Until when a state waits.
    pub(super) fn deadline(&self, state: &State) -> String {
        let moments: Vec<String> = state.by.iter().map(|moment| self.moment(*moment)).collect();
        match (self.say.0, moments.as_slice()) {
            (Language::Ja, [one]) => format!("{one}まで"),
            (Language::Ja, several) => format!("{}のうち早いほうまで", several.join("と")),
            (Language::En, [one]) => format!("until {one}"),
            (Language::En, several) => format!("until {}, whichever is first", several.join(" or ")),
        }
    }

    fn moment(&self, moment: Moment) -> String {
        let length = |ms: i64| self.say.length(ms);
        match (self.say.0, moment) {
            (Language::Ja, Moment::After(ms)) => format!("開始から{}後", length(ms)),
            (Language::En, Moment::After(ms)) => format!("{} after the beginning", length(ms)),
            (Language::Ja, Moment::Within(ms)) => format!("この状態になってから{}後", length(ms)),
            (Language::En, Moment::Within(ms)) => format!("{} after this began", length(ms)),
            (_, Moment::Anchor(anchor, off)) => {
                let name = self.say.label(&self.contract.document.anchors[anchor].label);
                match (self.say.0, off) {
                    (_, 0) => name.to_owned(),
                    (Language::Ja, 1..) => format!("{name}の{}後", length(off)),
                    (Language::Ja, _) => format!("{name}の{}前", length(off)),
                    (Language::En, 1..) => format!("{} after {name}", length(off)),
                    (Language::En, _) => format!("{} before {name}", length(off)),
                }
            }
        }
    }

    fn trigger(&self, trigger: &Trigger) -> String {
        let names: Vec<String> = trigger.signers.iter().map(|party| self.party(*party)).collect();
        let who = match (self.say.0, trigger.quorum, names.len()) {
            (_, 1, 1) => names[0].clone(),
            (Language::Ja, quorum, count) if quorum < count => format!("{}のうち{quorum}者", names.join("・")),
            (Language::En, quorum, count) if quorum < count => format!("{quorum} of {}", names.join(", ")),
            (Language::Ja, _, count) => format!("{}の{count}者", names.join("・")),
            (Language::En, _, _) => self.say.list(&names),
        };
        let several = trigger.quorum > 1;
        let mut text = match (self.say.0, trigger.kind) {
            (Language::Ja, TriggerKind::Act) => format!("{who}が操作 `{}`", trigger.name),
            (Language::Ja, TriggerKind::Attest) => format!("{who}が証明 `{}`", trigger.name),
            (Language::En, TriggerKind::Act) => {
                format!("{who} command{} `{}`", if several { "" } else { "s" }, trigger.name)
            }
            (Language::En, TriggerKind::Attest) => {
                format!("{who} state{} `{}`", if several { "" } else { "s" }, trigger.name)
            }
        };
        let fields = trigger.fields.iter().enumerate().map(|(index, field)| {
            let (min, max) = trigger.bounds(index);
            format!("{} {}–{}", field.name, grouped(&min.to_string()), grouped(&max.to_string()))
        });
        let fields: Vec<String> = fields.collect();
        if !fields.is_empty() {
            text.push_str(&format!(" ({})", fields.join(", ")));
        }
        if let Some(after) = trigger.after {
            let after = self.moment(after);
            text.push_str(&match self.say.0 {
                Language::Ja => format!("、{after}から"),
                Language::En => format!(", from {after} on"),
            });
        }
        if let Some(before) = trigger.before {
            let before = self.moment(before);
            text.push_str(&match self.say.0 {
                Language::Ja => format!("、{before}より前"),
                Language::En => format!(", before {before}"),
            });
        }
        text
    }

    fn notes(&self, edge: &Edge) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(times) = edge.times {
            notes.push(match self.say.0 {
                Language::Ja => format!("{times}回まで"),
                Language::En if times == 1 => "once".to_owned(),
                Language::En => format!("up to {times} times"),
            });
        }
        if let Some(party) = edge.consent {
            let party = self.party(party);
            notes.push(match self.say.0 {
                Language::Ja => format!("その都度{party}の同意が必要"),
                Language::En => format!("only if {party} then agrees"),
            });
        }
        if let Some(party) = edge.agreed {
            let party = self.party(party);
            notes.push(match self.say.0 {
                Language::Ja => format!("{party}が開始時に同意済み"),
                Language::En => format!("{party} agrees to this at the beginning"),
            });
        }
        notes
    }

    fn disposal(&self, index: StateIx, number: usize, disposal: &Disposal, parts: &mut Vec<String>) {
        let document = &self.contract.document;
        let leg = &document.legs[disposal.leg];
        let name = self.say.label(&leg.label);
        let payer = self.party(leg.from);
        for item in &disposal.items {
            let (to, wanted) = match item {
                Item::Pay { to, amount } => (self.party(*to), self.amount(disposal, amount)),
                Item::Release { amount } => (payer.clone(), self.amount(disposal, amount)),
            };
            parts.push(match self.say.0 {
                Language::Ja => format!("{name}から{to}に {wanted}"),
                Language::En => format!("{to} gets {wanted} of {name}"),
            });
        }
        let whom = match &disposal.rest {
            Rest::Keep => {
                parts.push(match self.say.0 {
                    Language::Ja => format!("{name}の残りは仮押さえのまま"),
                    Language::En => format!("the rest of {name} stays held"),
                });
                return;
            }
            Rest::Rehold { contract, until_ms } => {
                let (contract, until) = (contract.to_string(), self.say.length(*until_ms));
                parts.push(match self.say.0 {
                    Language::Ja => format!("{name}の残りは別の契約 `{contract}` に移り、{until}仮押さえのまま"),
                    Language::En => {
                        format!("the rest of {name} moves to contract `{contract}` and stays held for {until}")
                    }
                });
                return;
            }
            Rest::Release => Whom::Payer,
            Rest::Pay(to) => Whom::Party(*to),
        };
        let mut movements = self.contract.ranges.movements(index, number).iter();
        let rest = movements.find(|movement| movement.leg == disposal.leg && movement.rest);
        let range = rest.map(|rest| format!(" ({})", span(self.say, &leg.asset, rest.range))).unwrap_or_default();
        let to = match whom {
            Whom::Party(to) => self.party(to),
            Whom::Payer | Whom::Contract => payer,
        };
        let rest = match (self.say.0, disposal.items.is_empty()) {
            (_, true) => name.to_owned(),
            (Language::Ja, false) => format!("{name}の残り"),
            (Language::En, false) => format!("the rest of {name}"),
        };
        parts.push(match (self.say.0, whom) {
            (Language::Ja, Whom::Party(_)) => format!("{rest}は{to}へ{range}"),
            (Language::Ja, Whom::Payer | Whom::Contract) => format!("{rest}は{to}に戻る{range}"),
            (Language::En, Whom::Party(_)) => format!("{rest} goes to {to}{range}"),
            (Language::En, Whom::Payer | Whom::Contract) => format!("{rest} goes back to {to}{range}"),
        });
    }

    fn amount(&self, disposal: &Disposal, wanted: &Amount) -> String {
        let document = &self.contract.document;
        let leg = &document.legs[disposal.leg];
        let (stated, max) = match wanted {
            Amount::Fixed(units) => return self.say.amount(&leg.asset, *units),
            Amount::Share(share) => {
                let part = format!("{}.{:02}", share / 100, share % 100);
                let part = part.trim_end_matches('0').trim_end_matches('.');
                let held = self.contract.ranges.ends[disposal.leg].authorised;
                let range = Range::new(share_of(held.min, *share), share_of(held.max, *share));
                let range = span(self.say, &leg.asset, range);
                return match self.say.0 {
                    Language::Ja => format!("仮押さえ額の{part}%({range})"),
                    Language::En => format!("{part} % of what is held ({range})"),
                };
            }
            Amount::Field(field, max) => {
                let edges = document.states.iter().flat_map(|state| &state.on);
                let edge = edges.filter(|edge| edge.disposals.iter().any(|known| std::ptr::eq(known, disposal)));
                let trigger = edge.filter_map(|edge| edge.trigger.as_ref()).next();
                (trigger.map_or("", |trigger| trigger.fields[*field].name.as_str()), max)
            }
            Amount::Var(var, max) => (document.vars[*var].as_str(), max),
        };
        let most = max.map(|max| self.say.amount(&leg.asset, max));
        match (self.say.0, most) {
            (Language::Ja, None) => format!("`{stated}` の額"),
            (Language::Ja, Some(most)) => format!("`{stated}` の額(最大{most})"),
            (Language::En, None) => format!("the stated `{stated}`"),
            (Language::En, Some(most)) => format!("the stated `{stated}`, {most} at most"),
        }
    }

    fn party(&self, party: PartyIx) -> String {
        self.say.party(&self.contract.document.parties[party])
    }
}
