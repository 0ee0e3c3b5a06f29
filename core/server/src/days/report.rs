//! The report: what is told on the terminal, and the files with plots, data and page.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::accounts::Accounts;
use super::outcome::{Outcome, percentile};
use super::page::{Page, page};
use super::svg::{Bar, bars, steps};
use super::{Day, DayError};

/// Everything that is told of a day.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) accounts: Accounts,
    /// Of the shelter drill.
    pub(super) headcount: Value,
    /// What else is told of what went wrong and came right.
    pub(super) notes: Vec<String>,
    /// How long the hub was away.
    pub(super) away_ms: f64,
    /// The whole run.
    pub(super) seconds: f64,
}

/// Waiting at a service.
pub(super) struct Waiting {
    pub(super) count: usize,
    pub(super) refused: usize,
    /// Milliseconds that half of them stayed under.
    pub(super) half: f64,
    /// And 95 in 100.
    pub(super) most: f64,
}

/// A line of the day as the terminal shows it.
pub(super) fn line(outcome: &Outcome) -> String {
    let Outcome { at, service, action, who, way, done, reason, yen, ms, cut, .. } = outcome;
    let yen = if *yen == 0 { String::new() } else { format!(" ¥{yen}") };
    let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let cut = if *cut > 0 { " ⟲" } else { "" };
    let mark = if *done { "  " } else { "✗ " };
    format!("{mark}{at} {service} {action} {who} {way}{yen}{reason}{cut} {ms:.0} ms")
}

impl Report {
    /// Writes the report and says the end of it.
    pub(super) fn end(
        &mut self,
        day: &Day,
        page: &Page,
        took: Duration,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), DayError> {
        self.seconds = took.as_secs_f64();
        write(&day.out, self, page)?;
        summary(self).iter().for_each(|line| say(line));
        say(&format!("  {}", day.out.join("index.html").display()));
        Ok(())
    }

    /// By service.
    pub(super) fn waiting(&self) -> BTreeMap<&str, Waiting> {
        let people = self.outcomes.iter().filter(|own| !["hub", "provider"].contains(&own.service.as_str()));
        waiting(people, |own| &own.service)
    }

    /// At tills, by the way in which the payer was known.
    pub(super) fn paying(&self) -> BTreeMap<&str, Waiting> {
        waiting(self.outcomes.iter().filter(|own| own.action == "pay"), |own| &own.way)
    }

    pub(super) fn refusals(&self) -> BTreeMap<String, usize> {
        let mut by_reason = BTreeMap::new();
        for own in self.outcomes.iter().filter(|own| !own.done) {
            let reason = own.reason.as_deref().unwrap_or("(no reason)");
            *by_reason.entry(format!("{}: {reason}", own.service)).or_insert(0) += 1;
        }
        by_reason
    }

    pub(super) fn fell_back(&self) -> usize {
        self.outcomes.iter().filter(|own| own.fell_back).count()
    }

    /// How many requests were cut off, and how long the slowest took until it was answered all the same.
    pub(super) fn cut(&self) -> (usize, f64) {
        let cut = self.outcomes.iter().filter(|own| own.cut > 0);
        cut.fold((0, 0.0), |(count, most), own| (count + 1, own.ms.max(most)))
    }
}

fn waiting<'o>(
    outcomes: impl Iterator<Item = &'o Outcome>,
    by: impl Fn(&'o Outcome) -> &'o str,
) -> BTreeMap<&'o str, Waiting> {
    let mut all: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    outcomes.for_each(|own| all.entry(by(own)).or_default().push(own));
    let of = |all: Vec<&Outcome>| {
        // Who waited for a hub that was killed is told of apart.
        let mut ms: Vec<f64> = all.iter().filter(|own| own.cut == 0).map(|own| own.ms).collect();
        ms.sort_by(f64::total_cmp);
        let refused = all.iter().filter(|own| !own.done).count();
        Waiting { count: all.len(), refused, half: percentile(&ms, 50), most: percentile(&ms, 95) }
    };
    all.into_iter().map(|(word, all)| (word, of(all))).collect()
}

/// The end of the day on the terminal.
fn summary(report: &Report) -> Vec<String> {
    let Accounts { before, after, lines: money } = &report.accounts;
    let mut lines = vec!["# every yen (お金の行方)".to_owned()];
    for own in money {
        lines.push(format!("  {}: terminals were told ¥{}, the books say ¥{}", own.name, own.told, own.arrived));
    }
    lines.push(format!(
        "  before ¥{}, after ¥{}, difference ¥{}",
        before.total(),
        after.total(),
        after.total() - before.total()
    ));
    lines.push("# waiting, measured (待ち時間)".to_owned());
    let told = |(word, own): (&str, Waiting)| {
        let Waiting { count, refused, half, most } = own;
        format!("  {word}: {count} times, {refused} refused, half within {half:.0} ms, 95 % within {most:.0} ms")
    };
    lines.extend(report.waiting().into_iter().map(told));
    lines.push("# paying at tills, by way (支払の手段別)".to_owned());
    lines.extend(report.paying().into_iter().map(told));
    lines.push("# refusals by reason (お断りの理由)".to_owned());
    lines.extend(report.refusals().iter().map(|(reason, count)| format!("  {reason}: {count}")));
    lines.push("# what went wrong and came right (障害と回復)".to_owned());
    let ((cut, slowest), fell_back, away) = (report.cut(), report.fell_back(), report.away_ms);
    lines.push(format!(
        "  the hub was killed and was back after {away:.0} ms; {cut} requests were cut off and ended once, within {slowest:.0} ms"
    ));
    lines.push(format!("  {fell_back} faces were not taken for the person's, and the card was"));
    lines.extend(report.notes.iter().map(|note| format!("  {note}")));
    lines.push(format!("# done in {:.1} s", report.seconds));
    lines
}

/// Writes plots, data and the page.
fn write(folder: &Path, report: &Report, words: &Page) -> Result<(), DayError> {
    std::fs::create_dir_all(folder)?;
    let plots = plots(report, words.hours);
    for (name, _, svg) in &plots {
        std::fs::write(folder.join(format!("{name}.svg")), svg)?;
    }
    let data = serde_json::to_string_pretty(report).unwrap_or_default();
    std::fs::write(folder.join("day.json"), data)?;
    std::fs::write(folder.join("index.html"), page(report, &plots, words))?;
    Ok(())
}

/// File name, caption, SVG.
pub(super) type Plot = (&'static str, &'static str, String);

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn plots(report: &Report, hours: (u32, u32)) -> Vec<Plot> {
    let waiting = report.waiting();
    let times = waiting.iter().map(|(service, own)| Bar {
        name: (*service).to_owned(),
        first: own.half,
        second: own.most - own.half,
        label: format!("{:.0} / {:.0} ms", own.half, own.most),
    });
    let visits = waiting.iter().map(|(service, own)| Bar {
        name: (*service).to_owned(),
        first: number(own.count - own.refused),
        second: number(own.refused),
        label: format!("{} + {}", own.count - own.refused, own.refused),
    });
    let refusals = report.refusals();
    let refused = refusals.iter().map(|(reason, count)| Bar {
        name: reason.clone(),
        first: 0.0,
        second: number(*count),
        label: count.to_string(),
    });
    let money = report.accounts.lines.iter().map(|own| Bar {
        name: own.name.clone(),
        first: f64::from(i32::try_from(own.arrived).unwrap_or(i32::MAX)),
        second: 0.0,
        label: format!("¥{}", own.arrived),
    });
    let mut sum = 0.0;
    let paid: Vec<(u32, f64)> = report
        .outcomes
        .iter()
        .map(|own| {
            sum += f64::from(i32::try_from(own.yen).unwrap_or_default());
            let (hours, minutes) = own.at.split_once(':').unwrap_or(("0", "0"));
            (hours.parse::<u32>().unwrap_or(0) * 60 + minutes.parse::<u32>().unwrap_or(0), sum)
        })
        .collect();
    vec![
        (
            "waiting",
            "待ち時間（半分・95 %） / Waiting: half and 95 % within",
            bars("待ち時間 / Waiting, ms", &times.collect::<Vec<_>>()),
        ),
        (
            "visits",
            "件数（完了・お断り） / Done and refused",
            bars("件数 / Done and refused", &visits.collect::<Vec<_>>()),
        ),
        (
            "refusals",
            "お断りの理由 / Refusals by reason",
            bars("お断りの理由 / Refusals", &refused.collect::<Vec<_>>()),
        ),
        (
            "money",
            "施設ごとの受取額 / What each facility got",
            bars("受取額 / Received, ¥", &money.collect::<Vec<_>>()),
        ),
        ("paid", "支払の累計 / Paid so far", steps("支払の累計 / Paid so far", &paid, "¥", hours)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::days::accounts::Books;

    fn outcome(action: &str, way: &str, ms: f64) -> Outcome {
        Outcome {
            at: "10:00".to_owned(),
            service: "kiosk".to_owned(),
            action: action.to_owned(),
            who: "大＊＊".to_owned(),
            way: way.to_owned(),
            done: way != "card",
            reason: None,
            yen: 0,
            ms,
            cut: 0,
            fell_back: false,
        }
    }

    #[test]
    fn expo_21_the_time_of_a_payment_by_face_stands_beside_code_and_card() {
        let cut = Outcome { cut: 1, ..outcome("pay", "face", 9_000.0) };
        let day = [("pay", "face", 60.0), ("pay", "face", 40.0), ("pay", "face", 50.0), ("pay", "qr", 15.0)];
        let mut outcomes: Vec<Outcome> = day.map(|(action, way, ms)| outcome(action, way, ms)).into();
        outcomes.extend([cut, outcome("pay", "card", 12.0), outcome("enter", "face", 1.0)]);
        let accounts = Accounts { before: Books::default(), after: Books::default(), lines: Vec::new() };
        let report =
            Report { outcomes, accounts, headcount: Value::Null, notes: Vec::new(), away_ms: 0.0, seconds: 0.0 };
        let lines = summary(&report);
        let at = lines.iter().position(|line| line.starts_with("# paying at tills")).unwrap();
        assert_eq!(
            lines[at + 1..at + 4],
            [
                "  card: 1 times, 1 refused, half within 12 ms, 95 % within 12 ms",
                "  face: 4 times, 0 refused, half within 50 ms, 95 % within 60 ms",
                "  qr: 1 times, 0 refused, half within 15 ms, 95 % within 15 ms",
            ]
        );
    }
}
