//! The report as one page, in Japanese and English: what the money did, how long people waited, who was refused and why, what broke,
//! and everything that happened.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::outcome::Outcome;
use super::report::{Plot, Report, Waiting};
use super::svg::escaped;
use crate::messages::{Language, find};

/// What is said on the page besides what happened.
pub(super) struct Page {
    /// In both languages.
    pub(super) title: &'static str,
    /// What all this is, in Japanese and English.
    pub(super) lead: [&'static str; 2],
    /// Between which hours.
    pub(super) hours: (u32, u32),
    /// The names of services and tills by their words.
    pub(super) places: &'static [(&'static str, &'static str)],
}

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
    figure{margin:1.5rem 0}figcaption{color:#555}table{border-collapse:collapse;font-size:14px;margin:.5rem 0 1.5rem}\
    td,th{padding:.15rem .6rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}\
    td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tfoot td{font-weight:600}li{margin:.3rem 0}\
    .wide{overflow-x:auto}";

/// Refusals that no till or terminal has words for: the words are for whoever reads the report.
const REASONS: [(&str, &str); 10] = [
    ("bill_for_another_patient", "ほかの患者の請求です / A bill of another patient"),
    ("bound_to_another", "ほかの方に結び付いた券です / It is another person's ticket"),
    ("child_alone", "お子さまだけでは入れません / A child alone cannot enter"),
    ("instrument_not_allowed", "この券では使えない支払手段です / The pass does not allow this instrument"),
    ("not_boarded", "乗車の記録がありません / No boarding is known"),
    ("payee.not_found", "この店では使えない支払手段です / The shop does not take this instrument"),
    ("per_order", "1 回の上限を超えます / More than one order may cost"),
    ("repeated", "同じ注文です / The same order again"),
    ("resident_gets_no_gift", "市民への返礼品はありません / Residents get no gifts"),
    ("stop_unknown", "この路線の停留所ではありません / No stop of this line"),
];

/// The whole page.
pub(super) fn page(report: &Report, plots: &[Plot], words: &Page) -> String {
    let (title, [ja, en]) = (escaped(words.title), words.lead.map(escaped));
    let shown = plots
        .iter()
        .map(|(_, title, svg)| format!("<figure>{svg}<figcaption>{}</figcaption></figure>", escaped(title)));
    let happened = table(
        &["時刻<br>Time", "場所<br>Place", "こと<br>What", "だれ<br>Who", "手段<br>Way", "", "理由<br>Reason"],
        &["円<br>Yen", "ms"],
        &report.outcomes.iter().map(row).collect::<String>(),
    );
    format!(
        "<!doctype html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1><p>{ja}</p><p lang=\"en\">{en}</p>\
         <h2>お金の行方 / Every yen</h2>{}<h2>待ち時間 / Waiting, measured</h2>{}\
         <h2>支払の手段別 / Paying at tills, by way</h2>{}\
         <h2>お断りの理由 / Refusals by reason</h2>{}<h2>障害と回復 / What went wrong and came right</h2>{}\
         <h2>図 / Plots</h2>{}<h2>できごと / What happened</h2><div class=\"wide\">{happened}</div></body></html>\n",
        money(&report.accounts),
        waiting(report.waiting(), "場所<br>Place", |service| place(service, words)),
        waiting(report.paying(), "手段<br>Way", str::to_owned),
        refusals(report, words),
        troubles(report),
        shown.collect::<String>(),
    )
}

/// A table: headings of text, then of numbers.
fn table(texts: &[&str], numbers: &[&str], rows: &str) -> String {
    let texts = texts.iter().map(|text| format!("<th>{text}</th>"));
    let numbers = numbers.iter().map(|text| format!("<th class=\"n\">{text}</th>"));
    format!("<table><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table>", texts.chain(numbers).collect::<String>())
}

fn cells(texts: &[&str], numbers: &[String]) -> String {
    let texts = texts.iter().map(|text| format!("<td>{}</td>", escaped(text)));
    let numbers = numbers.iter().map(|text| format!("<td class=\"n\">{}</td>", escaped(text)));
    format!("<tr>{}</tr>", texts.chain(numbers).collect::<String>())
}

fn row(own: &Outcome) -> String {
    let mark = if own.done { "✓" } else { "✗" };
    let reason = own.reason.as_deref().unwrap_or_default();
    let yen = if own.yen == 0 { String::new() } else { own.yen.to_string() };
    let texts = [&*own.at, &*own.service, &*own.action, &*own.who, &*own.way, mark, reason];
    cells(&texts, &[yen, format!("{:.0}", own.ms)])
}

fn money(accounts: &Accounts) -> String {
    let Accounts { before, after, lines } = accounts;
    let rows = lines.iter().map(|own| {
        let numbers = [own.told, own.arrived, own.arrived - own.told].map(|yen| yen.to_string());
        cells(&[&own.name], &numbers)
    });
    let rows = rows.collect::<String>();
    let by = table(
        &["受取人<br>Payee"],
        &["端末に伝えた額<br>Terminals were told", "帳簿の額<br>The books say", "差<br>Difference"],
        &rows,
    );
    let difference = after.total() - before.total();
    let people = before.people - after.people;
    format!(
        "{by}<p>手元の総額は朝 {0} 円、夜 {1} 円、差 {difference} 円。人びとが払ったのは {people} 円です。<br>\
         <span lang=\"en\">¥{0} were there in the morning, ¥{1} at night: a difference of ¥{difference}. People paid ¥{people}.</span></p>",
        before.total(),
        after.total(),
    )
}

fn waiting(by: BTreeMap<&str, Waiting>, heading: &str, named: impl Fn(&str) -> String) -> String {
    let rows = by.into_iter().map(|(word, own)| {
        let Waiting { count, refused, half, most } = own;
        let numbers = [count.to_string(), refused.to_string(), format!("{half:.0}"), format!("{most:.0}")];
        cells(&[&named(word)], &numbers)
    });
    let rows = rows.collect::<String>();
    let numbers = [
        "件数<br>Times",
        "お断り<br>Refused",
        "半分がこの時間内 ms<br>Half within",
        "95 % がこの時間内 ms<br>95 % within",
    ];
    table(&[heading], &numbers, &rows)
}

fn refusals(report: &Report, words: &Page) -> String {
    let rows = report.refusals().into_iter().map(|(both, count)| {
        let (service, code) = both.split_once(": ").unwrap_or(("", &both));
        cells(&[&place(service, words), &reason(code), code], &[count.to_string()])
    });
    let rows = rows.collect::<String>();
    table(&["場所<br>Place", "理由<br>Reason", "コード<br>Code"], &["件数<br>Times"], &rows)
}

fn place(service: &str, words: &Page) -> String {
    let known = words.places.iter().find(|(word, _)| *word == service);
    known.map_or_else(|| service.to_owned(), |(_, name)| (*name).to_owned())
}

/// What a till or a terminal says, in both languages.
fn reason(code: &str) -> String {
    let said = |language| {
        let titles = [format!("terminal.refused.{code}.title"), format!("till.refused.{code}.title")];
        titles.iter().find_map(|key| find(language, key))
    };
    match (said(Language::Japanese), said(Language::English)) {
        (Some(ja), Some(en)) => format!("{ja} / {en}"),
        _ => REASONS.iter().find(|(own, _)| *own == code).map_or_else(String::new, |(_, both)| (*both).to_owned()),
    }
}

fn troubles(report: &Report) -> String {
    let ((cut, slowest), fell_back, away) = (report.cut(), report.fell_back(), report.away_ms / 1_000.0);
    let slowest = slowest / 1_000.0;
    let notes = report.notes.iter().map(|note| format!("<li>{}</li>", escaped(note)));
    format!(
        "<ul><li>ハブは強制終了され、{away:.1} 秒後に戻りました。途切れた要求は {cut} 件、どれも 1 度だけ行われ、遅くとも {slowest:.1} 秒で終わりました。<br>\
         <span lang=\"en\">The hub was killed and was back after {away:.1} s. {cut} requests were cut off; each was done once, within {slowest:.1} s.</span></li>\
         <li>顔で本人と認められず、カードを使ったのは {fell_back} 件です。<br>\
         <span lang=\"en\">{fell_back} faces were not taken for the person's, and the card was.</span></li>{}</ul>",
        notes.collect::<String>(),
    )
}
