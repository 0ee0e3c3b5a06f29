//! Reductions as an operator's policy: which, in what order, rounded how and when; and what a party pays together.

use serde::{Deserialize, Serialize};

/// How a reduced fare becomes a fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rounding {
    /// To the next ten yen above: 125 is 130.
    Up10,
    /// To the nearest ten yen, five upwards: 125 is 130, 124 is 120.
    Nearest10,
    /// To the next ten yen below: 129 is 120.
    Down10,
    /// To the next yen above.
    Up1,
}

/// When it is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoundingTime {
    /// After each reduction, as most do.
    #[default]
    Each,
    /// Once, after all of them, as the last one says.
    End,
}

/// One reduction of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduction {
    /// `child`, `student`, `senior`, `disability`, `carer`.
    #[serde(rename = "for")]
    pub name: String,
    /// What is left to pay, in hundredths.
    pub pays_percent: u64,
    /// How it is rounded.
    pub rounding: Rounding,
    /// The reductions, further up in the policy, on top of which it may come.
    #[serde(default)]
    pub on_top_of: Vec<String>,
}

/// A fare with what led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    /// In yen.
    pub yen: u64,
    /// In the order in which they were applied.
    pub by: Vec<String>,
}

impl Rounding {
    /// Rounds `over / under` yen.
    fn round(self, over: u128, under: u128) -> u128 {
        match self {
            Rounding::Up10 => over.div_ceil(under * 10) * 10,
            Rounding::Nearest10 => (over + under * 5) / (under * 10) * 10,
            Rounding::Down10 => over / (under * 10) * 10,
            Rounding::Up1 => over.div_ceil(under),
        }
    }
}

/// What somebody pays to whom the named reductions apply: the least that the policy allows. A reduction comes on top of
/// others only where the policy says so.
pub fn reduce(yen: u64, applying: &[String], policy: &[Reduction], when: RoundingTime) -> Reduced {
    // Nobody has more reasons than a policy has lines, and policies are short.
    let own: Vec<&Reduction> = policy.iter().filter(|one| applying.contains(&one.name)).take(12).collect();
    let mut least = Reduced { yen, by: Vec::new() };
    for chosen in 1_u32..(1 << own.len()) {
        let taken: Vec<&Reduction> =
            own.iter().enumerate().filter(|(nth, _)| chosen & (1 << nth) != 0).map(|(_, one)| *one).collect();
        let together = taken
            .iter()
            .enumerate()
            .all(|(nth, one)| taken[..nth].iter().all(|under| one.on_top_of.contains(&under.name)));
        if !together {
            continue;
        }
        let reduced = applied(yen, &taken, when);
        if reduced < least.yen {
            least = Reduced { yen: reduced, by: taken.iter().map(|one| one.name.clone()).collect() };
        }
    }
    least
}

fn applied(yen: u64, taken: &[&Reduction], when: RoundingTime) -> u64 {
    let (mut over, mut under) = (u128::from(yen), 1_u128);
    for one in taken {
        (over, under) = (over * u128::from(one.pays_percent.min(100)), under * 100);
        if when == RoundingTime::Each {
            (over, under) = (one.rounding.round(over, under), 1);
        }
    }
    if let (Some(last), RoundingTime::End) = (taken.last(), when) {
        over = last.rounding.round(over, under);
    }
    // Rounding up never makes a fare dearer than it was.
    u64::try_from(over).unwrap_or(u64::MAX).min(yen)
}

/// Who rides together with the person who pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Other adults.
    #[serde(default)]
    pub adults: u64,
    /// Other children.
    #[serde(default)]
    pub children: u64,
    /// Infants before school. Those below one year are not counted.
    #[serde(default)]
    pub infants: u64,
    /// One of the adults comes along as the carer of the person.
    #[serde(default)]
    pub carer: bool,
}

/// What a party pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priced {
    /// All together.
    pub yen: u64,
    /// Of the person who pays.
    pub own: Reduced,
    /// Infants who ride free.
    pub free_infants: u64,
}

/// Prices a ride. `own`: what the person pays; `child` and `carer`: what a child and a carer pay; every other adult pays `adult`.
/// Each companion takes `free_infants` along; further ones pay as children.
pub fn price(
    adult: u64,
    own: Reduced,
    child: u64,
    carer: u64,
    party: Party,
    free_infants: u64,
    companions: u64,
) -> Priced {
    let carers = u64::from(party.carer && party.adults > 0);
    let free = party.infants.min(companions.saturating_mul(free_infants));
    let yen =
        own.yen + (party.adults - carers) * adult + carers * carer + (party.children + party.infants - free) * child;
    Priced { yen, own, free_infants: free }
}
