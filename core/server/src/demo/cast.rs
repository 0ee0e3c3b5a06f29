//! Who lives in a demo besides its own three people.

use clap::ValueEnum;

use super::city::PersonPlan;
use super::kaga::{CITIZENS, Citizen};
use super::visitors::VISITORS;

/// Does not want to be enrolled, and lives by card.
const BY_CARD: &str = "ren";

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
            Cast::Kaga => 9_605_001,
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
            by_face: own.word != BY_CARD,
        };
        self.people().iter().enumerate().map(plan).collect()
    }
}

#[cfg(test)]
mod tests {
    use tebura_face::{LivenessPolicy, Prompt, Shot, judge};
    use tebura_face_engine::{EngineChoice, LoadedPack};

    use super::*;
    use crate::demo::faces;
    use crate::start::faces::{choose_engine, read_pack};

    /// What a session asks is drawn anew for each: nobody of a cast may be enrolled in one and not in the next.
    #[test]
    fn everybody_of_a_cast_can_do_whatever_a_session_asks() {
        let engine = choose_engine(EngineChoice::Rten).unwrap().engine;
        let pack = LoadedPack::open(&read_pack(None).unwrap(), &engine).unwrap();
        let mut pipeline = pack.pipeline().unwrap();
        for cast in [Cast::Kaga, Cast::Expo] {
            for (nth, own) in cast.people().iter().enumerate() {
                let mut before = Vec::new();
                for prompt in Prompt::ALL {
                    let taken = faces::tries(cast.seed(nth), prompt).find_map(|picture| {
                        let sample = pipeline.examine(&picture).ok()?.sample;
                        let (policy, same) = (LivenessPolicy::WhenClaimed, pack.description().verify);
                        judge(prompt, &before, &sample, policy, same).ok().map(|()| Shot::of(&sample))
                    });
                    let shot = taken.unwrap_or_else(|| panic!("{} cannot {}: another seed", own.word, prompt.word()));
                    // The others are compared with the first.
                    if before.is_empty() {
                        before.push(shot);
                    }
                }
            }
        }
    }
}
