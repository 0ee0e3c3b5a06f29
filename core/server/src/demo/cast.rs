//! Who lives in a demo besides its own three people.

use clap::ValueEnum;

use super::city::PersonPlan;
use super::kaga::{CITIZENS, Citizen};
use super::visitors::VISITORS;

/// A cast of drawn people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cast {
    /// Of `tebura demo kaga`.
    Kaga,
    /// Of `tebura demo expo`.
    Expo,
}

impl Cast {
    /// The word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Cast::Kaga => "kaga",
            Cast::Expo => "expo",
        }
    }

    /// All of them.
    pub(crate) fn people(self) -> &'static [Citizen] {
        match self {
            Cast::Kaga => &CITIZENS,
            Cast::Expo => &VISITORS,
        }
    }

    /// The seed of the face of the nth. The pack was trained on others.
    pub(crate) fn seed(self, nth: usize) -> u64 {
        let first = match self {
            Cast::Kaga => 9_600_001,
            Cast::Expo => 9_800_001,
        };
        first + u64::try_from(nth).unwrap_or_default()
    }

    /// As a city is built of them.
    pub(super) fn plans(self) -> Vec<PersonPlan> {
        let plan = |(nth, own): (usize, &Citizen)| PersonPlan {
            name: own.name,
            word: own.word,
            seed: self.seed(nth),
            money: own.money,
            wallet: own.wallet,
            pin: own.pin,
        };
        self.people().iter().enumerate().map(plan).collect()
    }
}
