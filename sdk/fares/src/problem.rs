//! What is wrong with a feed: which file, which line, and what to write instead, in English and Japanese.

use std::fmt;

/// One thing that is wrong with a feed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// `fare_rules.txt`.
    pub file: &'static str,
    /// From 1, the header included; 0: the file as a whole.
    pub line: usize,
    /// What it is.
    pub what: What,
}

/// What may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A file that has to be there is not.
    FileMissing,
    /// A column that has to be there is not.
    ColumnMissing(&'static str),
    /// A quotation mark that never closes.
    Quote,
    /// A field that may not be empty is.
    Empty(&'static str),
    /// A name that no line of another file introduces: column, name, file.
    Unknown(&'static str, String, &'static str),
    /// A name that an earlier line introduced.
    Twice(String),
    /// A price that is no whole number of yen.
    PriceNotWhole(String),
    /// A price below zero.
    PriceNegative(String),
    /// Another currency than yen.
    Currency(String),
    /// A number of a sequence that is none.
    NotNumber(&'static str, String),
    /// Something that the compiler does not take into account, and that would change fares.
    Unsupported(&'static str),
    /// A trip passes a stop twice, and fares depend on the stops: stop and trip.
    Loop(String, String),
    /// A station that lies within itself.
    StationLoop(String),
    /// A stop of the route without a zone.
    NoZone(String),
    /// A ride for which no fare is written: from, to and trip.
    FareMissing(String, String, String),
    /// The route has no trip.
    NoTrips(String),
}

impl Problem {
    pub(crate) fn new(file: &'static str, line: usize, what: What) -> Problem {
        Problem { file, line, what }
    }

    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self.what {
            What::FileMissing => "feed.file_missing",
            What::ColumnMissing(_) => "feed.column_missing",
            What::Quote => "feed.quote_open",
            What::Empty(_) => "feed.empty",
            What::Unknown(..) => "feed.unknown",
            What::Twice(_) => "feed.twice",
            What::PriceNotWhole(_) => "feed.price_not_whole",
            What::PriceNegative(_) => "feed.price_negative",
            What::Currency(_) => "feed.currency",
            What::NotNumber(..) => "feed.not_a_number",
            What::Unsupported(_) => "feed.unsupported",
            What::Loop(..) => "feed.loop",
            What::StationLoop(_) => "feed.station_loop",
            What::NoZone(_) => "feed.no_zone",
            What::FareMissing(..) => "feed.fare_missing",
            What::NoTrips(_) => "feed.no_trips",
        }
    }

    /// The same in Japanese.
    pub fn japanese(&self) -> String {
        let said = match &self.what {
            What::FileMissing => "ファイルがありません。フィードに加えてください".to_owned(),
            What::ColumnMissing(column) => format!("列 {column} がありません。見出し行に加えてください"),
            What::Quote => "引用符が閉じていません。\" を補ってください".to_owned(),
            What::Empty(column) => format!("{column} が空です。値を書いてください"),
            What::Unknown(column, name, file) => {
                format!("{column} の {name:?} は {file} にありません。{file} に加えるか、値を直してください")
            }
            What::Twice(name) => format!("{name:?} が二度あります。一方を消してください"),
            What::PriceNotWhole(found) => format!("運賃 {found:?} は整数の円ではありません。例: 210"),
            What::PriceNegative(found) => format!("運賃 {found} が負です。0 以上の円を書いてください"),
            What::Currency(found) => format!("通貨 {found:?} は使えません。JPY と書いてください"),
            What::NotNumber(column, found) => {
                format!("{column} の {found:?} は番号ではありません。0 以上の整数を書いてください")
            }
            What::Unsupported(what) => format!("{what} には対応していません。この行を除くか、別の運賃で表してください"),
            What::Loop(stop, trip) => {
                format!(
                    "便 {trip:?} が停留所 {stop:?} を二度通り、乗降停留所だけでは運賃が決まりません。便を分けるか、均一運賃にしてください"
                )
            }
            What::StationLoop(stop) => format!("{stop:?} の parent_station が自分自身に戻ります。親を直してください"),
            What::NoZone(stop) => format!("停留所 {stop:?} に zone_id がありません。書いてください"),
            What::FareMissing(from, to, trip) => {
                format!("便 {trip:?} の {from:?} から {to:?} までの運賃がありません。運賃規則を加えてください")
            }
            What::NoTrips(route) => format!("路線 {route:?} の便がありません。route_id を確かめてください"),
        };
        if self.line == 0 {
            format!("{}: {said}", self.file)
        } else {
            format!("{} {} 行目: {said}", self.file, self.line)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, " line {}", self.line)?;
        }
        write!(f, ": ")?;
        match &self.what {
            What::FileMissing => write!(f, "the file is missing; add it to the feed"),
            What::ColumnMissing(column) => write!(f, "the column {column} is missing; add it to the header"),
            What::Quote => write!(f, "a quotation mark never closes; write the missing \""),
            What::Empty(column) => write!(f, "{column} is empty; write it"),
            What::Unknown(column, name, file) => {
                write!(f, "{column} {name:?} is not in {file}; add it there, or correct it here")
            }
            What::Twice(name) => write!(f, "{name:?} is there twice; remove one"),
            What::PriceNotWhole(found) => write!(f, "the price {found:?} is not whole yen; write for example 210"),
            What::PriceNegative(found) => write!(f, "the price {found} is negative; write whole yen, 0 or more"),
            What::Currency(found) => write!(f, "the currency {found:?} is not taken; write JPY"),
            What::NotNumber(column, found) => write!(f, "{column} {found:?} is no number; write a whole number from 0"),
            What::Unsupported(what) => {
                write!(
                    f,
                    "{what} would change fares and is not read; leave the line out, or write it as fares of its own"
                )
            }
            What::Loop(stop, trip) => write!(
                f,
                "the trip {trip:?} passes the stop {stop:?} twice, so two stops do not tell the fare; split the trip, or charge one fare"
            ),
            What::StationLoop(stop) => write!(f, "the stop {stop:?} is its own parent_station; correct the parent"),
            What::NoZone(stop) => write!(f, "the stop {stop:?} has no zone_id; write it"),
            What::FareMissing(from, to, trip) => {
                write!(f, "no fare from {from:?} to {to:?}, which the trip {trip:?} serves; add a rule for it")
            }
            What::NoTrips(route) => write!(f, "the route {route:?} has no trip; look at the route's id"),
        }
    }
}
