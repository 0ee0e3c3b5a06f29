//! The people of the demo's Kaga: who they are to fares, parks and shelters, and what they have to spend. Nobody of them exists.

/// What somebody does with the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Goes to work by bus.
    Worker,
    /// A pupil of elementary school.
    Pupil,
    /// Has a certificate of enrolment.
    Student,
    /// Past seventy.
    Senior,
    /// Comes to the park with children.
    Parent,
    /// Lives elsewhere and looks around.
    Visitor,
}

/// Somebody of Kaga.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Citizen {
    pub(crate) name: &'static str,
    pub(crate) word: &'static str,
    pub(crate) life: Life,
    pub(crate) born: &'static str,
    /// Yen.
    pub(crate) money: i64,
    /// In a wallet; else in city points.
    pub(crate) wallet: bool,
    pub(crate) pin: Option<&'static str>,
}

const fn one(
    name: &'static str,
    word: &'static str,
    life: Life,
    born: &'static str,
    money: i64,
    wallet: bool,
) -> Citizen {
    Citizen { name, word, life, born, money, wallet, pin: None }
}

/// All of them.
pub(crate) const CITIZENS: [Citizen; 36] = [
    one("加賀 一郎", "ichiro", Life::Worker, "1984-05-02", 12_000, true),
    one("北川 薫", "kaoru", Life::Worker, "1991-11-20", 8_000, false),
    one("中島 悠", "yu", Life::Worker, "1979-02-14", 9_000, true),
    one("小林 葵", "aoi", Life::Worker, "1995-07-07", 7_000, false),
    one("吉田 健", "ken", Life::Worker, "1988-09-30", 15_000, true),
    one("山本 翼", "tsubasa", Life::Worker, "1999-01-12", 6_000, false),
    one("松本 光", "hikaru", Life::Worker, "1983-12-25", 11_000, true),
    one("井上 恵", "megumi", Life::Worker, "1975-03-03", 10_000, false),
    one("木村 凛", "rin", Life::Worker, "1993-06-18", 9_500, true),
    one("林 渉", "wataru", Life::Worker, "1986-10-10", 8_500, false),
    one("清水 花", "hana", Life::Pupil, "2016-06-01", 1_500, false),
    one("山崎 陸", "riku", Life::Pupil, "2017-02-11", 1_500, false),
    one("森 結", "yui", Life::Pupil, "2018-08-19", 1_500, false),
    one("池田 空", "sora", Life::Pupil, "2015-12-01", 1_500, false),
    one("橋本 海", "kai", Life::Student, "2008-04-15", 3_000, false),
    one("阿部 美咲", "misaki", Life::Student, "2007-09-09", 3_000, true),
    one("石川 蓮", "ren", Life::Student, "2005-05-05", 3_000, false),
    one("前田 楓", "kaede", Life::Student, "2006-11-23", 3_000, true),
    one("藤田 茂", "shigeru", Life::Senior, "1948-01-20", 5_000, false),
    one("岡田 静", "shizuka", Life::Senior, "1943-08-08", 5_000, false),
    one("後藤 正", "tadashi", Life::Senior, "1951-04-29", 6_000, true),
    one("長谷川 芳", "yoshi", Life::Senior, "1938-10-01", 4_000, false),
    one("村上 実", "minoru", Life::Senior, "1946-06-06", 5_500, false),
    one("近藤 千代", "chiyo", Life::Senior, "1940-12-12", 4_500, true),
    one("坂本 直美", "naomi", Life::Parent, "1989-02-02", 9_000, false),
    one("遠藤 拓", "taku", Life::Parent, "1987-07-17", 9_000, true),
    one("青木 由紀", "yuki", Life::Parent, "1992-10-28", 9_000, false),
    one("藤井 誠", "makoto", Life::Parent, "1985-01-31", 9_000, true),
    one("西村 玲", "rei", Life::Parent, "1990-04-04", 9_000, false),
    one("福田 徹", "toru", Life::Parent, "1984-08-24", 9_000, false),
    one("太田 遥", "haruka", Life::Visitor, "1982-03-15", 40_000, true),
    one("三浦 仁", "jin", Life::Visitor, "1978-05-26", 40_000, true),
    one("岡本 雅", "miyabi", Life::Visitor, "1996-12-09", 40_000, true),
    one("松田 旭", "asahi", Life::Visitor, "1970-09-02", 40_000, true),
    one("中川 藍", "ai", Life::Visitor, "1994-02-27", 40_000, true),
    one("原田 響", "hibiki", Life::Visitor, "1987-11-11", 500, true),
];
