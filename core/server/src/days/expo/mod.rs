//! A day of a venue: gates that want a ticket and its owner's face, stalls where the face pays with wallet, card or CBDC, and a
//! night after which nobody is looked for any more.

mod script;
mod services;

use ed25519_dalek::SigningKey;

use super::far::Far;
use super::page::Page;
use super::play::{Props, now, play, stand};
use super::purses::Purses;
use super::site::credential;
use super::tickets::{OFFICE, SECRET};
use super::{Day, DayError};
use crate::demo::Cast;

const PAGE: Page = Page {
    title: "会場の一日 / A day at the venue",
    lead: [
        "描かれた来場者と模擬のお金による一日です。実在の人もお金もありません。時刻は台本のもので、待ち時間は実測です。",
        "A day of drawn visitors and play money. The hours are the script's; the waiting times are measured.",
    ],
    hours: (8, 23),
    places: &[
        ("venue", "ゲート / Gates"),
        ("souvenirs", "みやげ店 / Souvenirs"),
        ("food", "世界の食堂 / Food"),
        ("kiosk", "売店 / Kiosk"),
    ],
};

/// The whole day; `say` is told each line.
pub(crate) async fn run(day: &Day, say: &mut dyn FnMut(&str)) -> Result<(), DayError> {
    let began = now();
    stand(day)?;
    say("# building the venue: visitors are enrolled, plugins installed, gates and stalls opened (準備)");
    let mut purses = Purses::start(&day.data).await?;
    credential(&day.data, OFFICE, SECRET)?;
    let far = Far::start(&day.data, Cast::Expo).await?;
    let standing = services::set_up(&far, day, &mut purses).await?;
    let (people, gates, stalls) = (Cast::Expo.people().len(), services::GATES, services::STALLS.len());
    let took = began.elapsed().as_secs_f64();
    say(&format!("  {people} visitors, {gates} gates, {stalls} stalls, in {took:.1} s"));
    let (device, receipts) = (SigningKey::from_bytes(&[11; 32]), SigningKey::from_bytes(&[13; 32]));
    let props = Props { cast: Cast::Expo, device, receipts, purses: Some(purses) };
    let mut report = play(&far, &standing, &props, script::script(), say).await?;
    let gates = report.outcomes.iter().filter(|own| own.service == "venue" && own.action == "enter");
    let (opened, shut): (Vec<_>, Vec<_>) = gates.partition(|own| own.done);
    let (opened, shut) = (opened.len(), shut.len());
    report.notes.push(format!(
        "ゲートは {opened} 回開き {shut} 回閉じたまま / gates opened {opened} times and stayed shut {shut} times"
    ));
    report.end(day, &PAGE, began.elapsed(), say)
}
