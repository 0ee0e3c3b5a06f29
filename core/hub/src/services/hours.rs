//! When a service is open: hours of the week in a time zone, days on which it is closed, and actions that are answered always.
//! Nothing here reads a clock.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use tebura_ledger::Timestamp;

/// How far ahead the next opening is looked for, days.
const AHEAD: usize = 400;
/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// Days as they are written, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What an operator writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoursConfig {
    /// `Asia/Tokyo`.
    pub zone: String,
    pub open: Vec<OpenConfig>,
    /// `2026-12-31`, or `2026-12-29/2027-01-03`, both ends included.
    pub closed: Vec<String>,
    /// Actions that are answered at any time.
    pub always: Vec<String>,
}

/// Hours of some days of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenConfig {
    /// Of [`DAYS`].
    pub days: Vec<String>,
    /// `09:00`
    pub from: String,
    /// `17:30`; `24:00` is the end of the day.
    pub to: String,
}

/// One thing that is wrong with hours. The number is the place in `open` or `closed`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursProblem {
    #[error("{found:?} is no time zone: write for example Asia/Tokyo")]
    Zone { found: String },
    #[error("there are no hours: write at least one line of open")]
    Never,
    #[error("{found:?} is no day of the week: write some of mon, tue, wed, thu, fri, sat, sun")]
    Day { nth: usize, found: String },
    #[error("{found:?} is no time of the day: write for example 09:00, and 24:00 for the end of the day")]
    Time { nth: usize, field: &'static str, found: String },
    #[error("it closes at {to} and opens at {from}: write the part after midnight as hours of the next day")]
    Backwards { nth: usize, from: String, to: String },
    #[error("on {day} it overlaps other hours: write each hour once")]
    Overlap { nth: usize, day: &'static str },
    #[error("{found:?} is no day: write for example 2026-12-31, or 2026-12-29/2027-01-03")]
    Closed { nth: usize, found: String },
}

impl HoursProblem {
    /// Where, as a JSON Pointer within the hours.
    pub fn pointer(&self) -> String {
        match self {
            HoursProblem::Zone { .. } => "/zone".to_owned(),
            HoursProblem::Never => "/open".to_owned(),
            HoursProblem::Day { nth, .. } => format!("/open/{nth}/days"),
            HoursProblem::Time { nth, field, .. } => format!("/open/{nth}/{field}"),
            HoursProblem::Backwards { nth, .. } => format!("/open/{nth}/to"),
            HoursProblem::Overlap { nth, .. } => format!("/open/{nth}/from"),
            HoursProblem::Closed { nth, .. } => format!("/closed/{nth}"),
        }
    }
}

/// Hours that were checked.
#[derive(Clone, Debug)]
pub struct Hours {
    config: HoursConfig,
    zone: TimeZone,
    /// Minutes of each day of the week, in order and apart.
    week: [Vec<(u16, u16)>; 7],
    closed: Vec<(Date, Date)>,
}

/// Whether a service is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    Open,
    /// `None`: not within the next year.
    Closed {
        opens: Option<Opens>,
    },
}

/// When a service opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opens {
    pub at: Timestamp,
    /// In the service's own time: `2026-11-24 09:00 Asia/Tokyo`.
    pub local: String,
}

impl Hours {
    /// Checks what was written.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn new(config: HoursConfig) -> Result<Hours, Vec<HoursProblem>> {
        let mut problems = Vec::new();
        let zone = TimeZone::get(&config.zone).ok();
        if zone.is_none() {
            problems.push(HoursProblem::Zone { found: config.zone.clone() });
        }
        if config.open.is_empty() {
            problems.push(HoursProblem::Never);
        }
        let mut week: [Vec<(u16, u16, usize)>; 7] = Default::default();
        for (nth, open) in config.open.iter().enumerate() {
            let mut minutes = |field, text: &String| {
                let read = minutes(text);
                if read.is_none() {
                    problems.push(HoursProblem::Time { nth, field, found: text.clone() });
                }
                read
            };
            let span = minutes("from", &open.from).zip(minutes("to", &open.to));
            let days: Vec<Option<usize>> =
                open.days.iter().map(|day| DAYS.iter().position(|known| known == day)).collect();
            let wrong = open.days.iter().zip(&days).filter(|(_, known)| known.is_none());
            problems.extend(wrong.map(|(day, _)| HoursProblem::Day { nth, found: day.clone() }));
            if days.is_empty() {
                problems.push(HoursProblem::Day { nth, found: String::new() });
            }
            let Some((from, to)) = span else { continue };
            if from >= to {
                let (from, to) = (open.from.clone(), open.to.clone());
                problems.push(HoursProblem::Backwards { nth, from, to });
                continue;
            }
            days.into_iter().flatten().for_each(|day| week[day].push((from, to, nth)));
        }
        for (spans, day) in week.iter_mut().zip(DAYS) {
            spans.sort_unstable();
            let meets = spans.windows(2).find(|pair| pair[1].0 < pair[0].1);
            problems.extend(meets.map(|pair| HoursProblem::Overlap { nth: pair[0].2.max(pair[1].2), day }));
        }
        let mut closed = Vec::new();
        for (nth, text) in config.closed.iter().enumerate() {
            match days(text) {
                Some(days) => closed.push(days),
                None => problems.push(HoursProblem::Closed { nth, found: text.clone() }),
            }
        }
        match zone {
            Some(zone) if problems.is_empty() => {
                let week = week.map(|spans| spans.into_iter().map(|(from, to, _)| (from, to)).collect());
                Ok(Hours { config, zone, week, closed })
            }
            Some(_) | None => Err(problems),
        }
    }

    /// What was written.
    pub fn config(&self) -> &HoursConfig {
        &self.config
    }

    /// Whether an action is answered now.
    pub fn opening(&self, action: &str, now: Timestamp) -> Opening {
        let closed = Opening::Closed { opens: None };
        if self.config.always.iter().any(|own| own == action) {
            return Opening::Open;
        }
        let Ok(instant) = jiff::Timestamp::from_millisecond(now.millis()) else { return closed };
        let mut day = instant.to_zoned(self.zone.clone()).date();
        for _ in 0..AHEAD {
            for (from, to) in self.spans(day) {
                let (Some(from_at), Some(to_at)) = (self.instant(day, *from), self.instant(day, *to)) else { continue };
                if from_at <= now && now < to_at {
                    return Opening::Open;
                }
                if from_at > now {
                    let local = format!("{day} {:02}:{:02} {}", from / 60, from % 60, self.config.zone);
                    return Opening::Closed { opens: Some(Opens { at: from_at, local }) };
                }
            }
            let Ok(next) = day.tomorrow() else { return closed };
            day = next;
        }
        closed
    }

    fn spans(&self, day: Date) -> &[(u16, u16)] {
        if self.closed.iter().any(|(first, last)| (*first..=*last).contains(&day)) {
            return &[];
        }
        &self.week[weekday(day.weekday())]
    }

    /// A minute of a day as an instant. One that a clock change skips is as many minutes later.
    fn instant(&self, day: Date, minute: u16) -> Option<Timestamp> {
        let (day, minute) = if minute == DAY { (day.tomorrow().ok()?, 0) } else { (day, minute) };
        let at = day.at(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0);
        let zoned = at.to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
    }
}

fn weekday(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

/// `09:30` as minutes of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<u16>().ok() } else { None }
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY).then_some(all)
}

/// A day, or a first and a last one.
fn days(text: &str) -> Option<(Date, Date)> {
    let date = |text: &str| (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
    let (first, last) = text.split_once('/').unwrap_or((text, text));
    let (first, last) = (date(first)?, date(last)?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(days: &[&str], from: &str, to: &str) -> OpenConfig {
        let days = days.iter().map(|day| (*day).to_owned()).collect();
        OpenConfig { days, from: from.to_owned(), to: to.to_owned() }
    }

    fn config(open: Vec<OpenConfig>) -> HoursConfig {
        let closed = vec!["2026-12-29/2027-01-03".to_owned(), "2026-11-23".to_owned()];
        HoursConfig { zone: "Asia/Tokyo".to_owned(), open, closed, always: vec!["count".to_owned()] }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn a_closed_service_says_when_it_opens() {
        let week = ["mon", "tue", "wed", "thu", "fri"];
        let hours = Hours::new(config(vec![open(&week, "13:00", "17:00"), open(&week, "09:00", "12:00")])).unwrap();
        let look = |text| match hours.opening("enter", at(text)) {
            Opening::Open => "open".to_owned(),
            Opening::Closed { opens } => opens.map_or("never".to_owned(), |opens| opens.local),
        };
        assert_eq!(look("2026-11-20T09:00:00+09:00"), "open");
        assert_eq!(look("2026-11-20T12:00:00+09:00"), "2026-11-20 13:00 Asia/Tokyo", "the end is outside");
        assert_eq!(look("2026-11-20T17:00:00+09:00"), "2026-11-24 09:00 Asia/Tokyo", "a weekend and a holiday");
        assert_eq!(look("2026-12-28T18:00:00+09:00"), "2027-01-04 09:00 Asia/Tokyo", "the turn of the year");
        assert_eq!(hours.opening("count", at("2026-11-23T03:00:00+09:00")), Opening::Open);
        let Opening::Closed { opens: Some(opens) } = hours.opening("enter", at("2026-11-24T00:00:00+09:00")) else {
            panic!("open at midnight");
        };
        assert_eq!(opens.at, at("2026-11-24T09:00:00+09:00"));
    }

    #[test]
    fn a_day_ends_at_its_midnight_and_a_clock_change_is_the_zones() {
        let hours = HoursConfig { zone: "Europe/Berlin".to_owned(), ..config(vec![open(&["sun"], "02:30", "24:00")]) };
        let hours = Hours::new(hours).unwrap();
        // The clocks go from 02:00 to 03:00 that day.
        assert_ne!(hours.opening("enter", at("2027-03-28T01:00:00Z")), Opening::Open);
        assert_eq!(hours.opening("enter", at("2027-03-28T01:30:00Z")), Opening::Open);
        assert_eq!(hours.opening("enter", at("2027-03-28T21:59:59Z")), Opening::Open);
        assert_ne!(hours.opening("enter", at("2027-03-28T22:00:00Z")), Opening::Open);
    }

    #[test]
    fn everything_wrong_with_hours_is_said_at_once() {
        let wrong = HoursConfig {
            zone: "Asia/Kaga".to_owned(),
            open: vec![open(&["mon"], "09:00", "12:00"), open(&["mon", "moon"], "11:59", "25:00")],
            closed: vec!["2026-02-30".to_owned(), "2026-05-02/2026-05-01".to_owned()],
            always: Vec::new(),
        };
        let told = |config| Hours::new(config).unwrap_err().iter().map(HoursProblem::pointer).collect::<Vec<_>>();
        assert_eq!(told(wrong), ["/zone", "/open/1/to", "/open/1/days", "/closed/0", "/closed/1"]);
        let overlapping = vec![open(&["mon", "tue"], "09:00", "12:00"), open(&["tue"], "11:59", "13:00")];
        assert_eq!(
            Hours::new(config(overlapping)).unwrap_err(),
            [HoursProblem::Overlap { nth: 1, day: "tue" }],
            "hours that meet are no overlap, hours that share a minute are"
        );
        assert!(Hours::new(config(vec![open(&["mon"], "09:00", "12:00"), open(&["mon"], "12:00", "13:00")])).is_ok());
        assert_eq!(told(config(vec![open(&["fri"], "22:00", "02:00")])), ["/open/0/to"]);
        assert_eq!(told(config(Vec::new())), ["/open"]);
        assert_eq!(told(config(vec![open(&[], "9:00", "10:00")])), ["/open/0/from", "/open/0/days"]);
    }
}
