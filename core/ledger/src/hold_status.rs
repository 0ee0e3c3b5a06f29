//! The words for where a hold stands: the phase that the rules go by, why it closed, and what the world sees.

/// Where a hold stands. `Ended` and `Failed` are terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The rail was asked to place it and has not said yes or no.
    Placing,
    /// Placed; captures are possible until the deadline.
    Held,
    /// No new capture is possible; what is under way is waited for, what is free is released. Without an end reason a
    /// final capture is under way, and its decline makes the hold `Held` again.
    Closing,
    /// Nothing is free and nothing but refunds can happen.
    Ended,
    /// The rail declined to place it.
    Failed,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Placing, Self::Held, Self::Closing, Self::Ended, Self::Failed];

    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Placing => "placing",
            Self::Held => "held",
            Self::Closing => "closing",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }

    /// The phase that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// Says whether the phase never changes again.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Ended | Self::Failed => true,
            Self::Placing | Self::Held | Self::Closing => false,
        }
    }
}

/// What happens to free money at the deadline; chosen when the hold is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum AtDeadline {
    /// It goes back to the payer.
    #[default]
    Release,
    /// It is captured for the payee, once, as the last capture.
    Capture,
}

impl AtDeadline {
    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Capture => "capture",
        }
    }

    /// The choice that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Release, Self::Capture].into_iter().find(|choice| choice.name() == name)
    }
}

/// Why a hold closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Captured in full, or by a final capture.
    Captured,
    /// Released or cancelled.
    Released,
    /// The deadline passed.
    Expired,
    /// The rail declined to place it.
    Declined {
        /// The rail's reason.
        code: String,
    },
}

impl EndReason {
    /// The word in rows; a decline's code is a column of its own.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Declined { .. } => "declined",
        }
    }

    /// The rail's code of a decline; none for the other reasons.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Declined { code } => Some(code),
            Self::Captured | Self::Released | Self::Expired => None,
        }
    }

    /// The reason that a word and a decline's code name. A code goes with `declined` and with nothing else.
    pub fn from_parts(name: &str, code: Option<String>) -> Option<Self> {
        match (name, code) {
            ("captured", None) => Some(Self::Captured),
            ("released", None) => Some(Self::Released),
            ("expired", None) => Some(Self::Expired),
            ("declined", Some(code)) => Some(Self::Declined { code }),
            (_, Some(_) | None) => None,
        }
    }
}

/// The one word that the world sees of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The rail has not answered yet.
    Pending,
    /// The rail waits for the payer to do something.
    RequiresAction,
    /// Placed, nothing captured.
    Held,
    /// Placed, a part captured, more may follow.
    PartiallyCaptured,
    /// No further capture is possible and an outcome is still open.
    Settling,
    /// Ended with something captured; the amounts tell how much.
    Captured,
    /// Ended with nothing captured, because it was released.
    Released,
    /// Ended with nothing captured, because the deadline passed.
    Expired,
    /// The rail declined.
    Failed,
}

impl Status {
    const ALL: [Self; 9] = [
        Self::Pending,
        Self::RequiresAction,
        Self::Held,
        Self::PartiallyCaptured,
        Self::Settling,
        Self::Captured,
        Self::Released,
        Self::Expired,
        Self::Failed,
    ];

    /// The word in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Held => "held",
            Self::PartiallyCaptured => "partially_captured",
            Self::Settling => "settling",
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// The status that a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}
