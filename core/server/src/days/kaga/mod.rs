//! A day in Kaga: dozens of drawn people, a bus, a clinic, a park, a shelter drill, hometown tax, an appliance, a concert.

mod clinic;
mod script;
mod services;

use std::path::Path;
use std::time::Instant;

use ed25519_dalek::SigningKey;

use super::far::Far;
use super::page::Page;
use super::play::{Props, now, play, stand};
use super::site::credential;
use super::tickets::{OFFICE, SECRET};
use super::{Day, DayError};
use crate::demo::Cast;

pub(super) use clinic::bill;

const PAGE: Page = Page {
    title: "加賀の一日 / A day in Kaga",
    lead: [
        "描かれた人びとと模擬のお金による一日です。実在の人もお金もありません。時刻は台本のもので、待ち時間は実測です。",
        "A day of drawn people and play money. The hours are the script's; the waiting times are measured.",
    ],
    hours: (6, 20),
    places: &[
        ("bus", "バス / Bus"),
        ("clinic", "医療センター / Clinic"),
        ("furusato", "ふるさと納税 / Hometown tax"),
        ("hall", "文化会館 / Civic hall"),
        ("orders", "自動発注 / Appliance"),
        ("park", "屋内広場 / Play park"),
        ("shelter", "避難所 / Shelter"),
        ("till", "朝市のレジ / Till"),
    ],
};

/// The whole day; `say` is told each line. `feed`: the bus line's.
pub(crate) async fn run(day: &Day, feed: &Path, say: &mut dyn FnMut(&str)) -> Result<(), DayError> {
    let began: Instant = now();
    stand(day)?;
    say("# building the city: people are enrolled, plugins installed, services configured (準備)");
    let receipts = SigningKey::from_bytes(&[13; 32]);
    let terminal = clinic::terminal(&day.data, &receipts).await?;
    credential(&day.data, OFFICE, SECRET)?;
    let far = Far::start(&day.data, Cast::Kaga).await?;
    let fares = services::fares(feed)?;
    let standing = services::set_up(&far, day, &fares, &terminal.origin()).await?;
    let (people, stops, count) = (standing.people.len(), fares.stops.len(), services::SERVICES.len());
    let took = began.elapsed().as_secs_f64();
    say(&format!("  {people} people, {count} services, {stops} stops, in {took:.1} s"));
    let props = Props { cast: Cast::Kaga, device: SigningKey::from_bytes(&[11; 32]), receipts, purses: None };
    let mut report = play(&far, &standing, &props, script::script(), say).await?;
    drop(terminal);
    let sheltered = report.headcount["people"].to_string();
    report.notes.push(format!("避難所の人数 / people at shelters: {sheltered}"));
    report.end(day, &PAGE, began.elapsed(), say)
}
