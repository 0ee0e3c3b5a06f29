//! The kinds of far end in the simulation, and what each can do.

/// What an outside rail is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nature {
    /// Answers at once, knows every id, takes several captures.
    Prompt,
    /// Says "accepted", acts later, and is asked again until it has.
    Slow,
    /// Declines a lot, reserves less than was asked for, takes one capture, and its calls must not be repeated.
    Picky,
    /// Does not find an operation for most of its settle window; its calls must not be repeated.
    Forgetful,
    /// Cannot say afterwards what became of an operation.
    Mute,
}

impl Nature {
    /// Every nature.
    pub const ALL: [Nature; 5] = [Nature::Prompt, Nature::Slow, Nature::Picky, Nature::Forgetful, Nature::Mute];

    /// The rail's name.
    pub fn rail(self) -> &'static str {
        match self {
            Nature::Prompt => "sim.prompt",
            Nature::Slow => "sim.slow",
            Nature::Picky => "sim.picky",
            Nature::Forgetful => "sim.forgetful",
            Nature::Mute => "sim.mute",
        }
    }

    /// What its plugin can be asked.
    pub fn commands(self) -> Vec<String> {
        let all = ["hold", "capture", "release", "refund", "inquire", "raise", "extend"];
        let some = if self == Nature::Picky { &all[..5] } else { &all[..] };
        some.iter().map(|&command| command.to_owned()).collect()
    }

    /// Whether a repeat under the same key is recognised.
    pub fn knows_keys(self) -> bool {
        matches!(self, Nature::Prompt | Nature::Slow)
    }

    /// More than one capture of a hold.
    pub fn several_captures(self) -> bool {
        !matches!(self, Nature::Picky)
    }

    /// "Not found" within this time after a send proves nothing, milliseconds.
    pub fn settle_window_ms(self) -> i64 {
        match self {
            Nature::Prompt => 10_000,
            Nature::Slow | Nature::Picky => 15_000,
            Nature::Forgetful | Nature::Mute => 40_000,
        }
    }

    /// How long a call can be on its way at most: the settle window is an honest promise, also for clocks that differ.
    pub fn longest_way_ms(self) -> i64 {
        self.settle_window_ms() / 2
    }

    /// In 1000 operations, how many it declines for reasons of its own.
    pub fn declines(self) -> u32 {
        match self {
            Nature::Prompt | Nature::Slow | Nature::Mute => 20,
            Nature::Picky => 300,
            Nature::Forgetful => 50,
        }
    }
}
