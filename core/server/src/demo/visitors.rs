//! The people of the demo's venue. Nobody of them exists.

use super::kaga::{Citizen, Life};

const fn one(name: &'static str, word: &'static str, money: i64, wallet: bool, pin: Option<&'static str>) -> Citizen {
    Citizen { name, word, life: Life::Visitor, born: "1990-01-01", money, wallet, pin }
}

/// All of them.
pub(crate) const VISITORS: [Citizen; 16] = [
    one("大森 彩", "aya", 30_000, true, Some("2718")),
    one("黒田 学", "manabu", 9_000, true, None),
    one("西川 舞", "mai", 1_000, true, None),
    one("平野 剛", "tsuyoshi", 1_000, true, Some("1414")),
    one("久保 明日香", "asuka", 1_000, true, None),
    one("菅原 翔", "sho", 1_000, true, Some("3141")),
    one("横山 文", "fumi", 5_000, false, None),
    one("桜井 優", "yuu", 8_000, true, None),
    one("上野 司", "tsukasa", 8_000, true, None),
    one("千葉 泉", "izumi", 6_000, true, None),
    one("野村 歩", "ayumi", 6_000, true, None),
    one("新井 潤", "jun", 700, true, None),
    one("菊地 望", "nozomi", 4_000, true, None),
    one("渡部 奏", "kanade", 9_000, true, None),
    one("杉山 湊", "minato", 9_000, true, None),
    one("今井 灯", "akari", 9_000, true, None),
];
