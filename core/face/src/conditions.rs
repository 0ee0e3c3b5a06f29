//! What a face wears while it is looked at: of the look, not of the person.
//!
//! Absent: what may be concluded about the person, which is nothing.

/// What is worn, as far as the pack tells. `None`: it has no net for it, or the face was too near for that net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Glasses, also sunglasses.
    pub glasses: Option<bool>,
    /// A mask over nose and mouth.
    pub mask: Option<bool>,
}

impl Conditions {
    /// Sets what was seen of one of them.
    pub fn set(&mut self, worn: Worn, seen: bool) {
        match worn {
            Worn::Glasses => self.glasses = Some(seen),
            Worn::Mask => self.mask = Some(seen),
        }
    }

    /// Everything that was seen to be worn, in the order of [`Worn::ALL`].
    pub fn worn(self) -> impl Iterator<Item = Worn> {
        let is_worn = move |worn: &Worn| {
            let seen = match worn {
                Worn::Glasses => self.glasses,
                Worn::Mask => self.mask,
            };
            seen == Some(true)
        };
        Worn::ALL.into_iter().filter(is_worn)
    }
}

/// Something that can be worn on a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worn {
    /// See [`Conditions::glasses`].
    Glasses,
    /// See [`Conditions::mask`].
    Mask,
}

impl Worn {
    /// Everything.
    pub const ALL: [Self; 2] = [Self::Glasses, Self::Mask];

    /// Returns the stable word, as `pack.toml` and records write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Glasses => "glasses",
            Self::Mask => "mask",
        }
    }

    /// Reads a word that [`Worn::word`] wrote.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|worn| worn.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_seen_is_worn() {
        let mut conditions = Conditions::default();
        assert_eq!(conditions.worn().count(), 0);
        conditions.set(Worn::Mask, true);
        conditions.set(Worn::Glasses, false);
        assert_eq!(conditions.worn().collect::<Vec<_>>(), [Worn::Mask]);
        conditions.set(Worn::Glasses, true);
        assert_eq!(conditions.worn().map(Worn::word).collect::<Vec<_>>(), ["glasses", "mask"]);
        assert_eq!(Worn::from_word("mask"), Some(Worn::Mask));
        assert_eq!(Worn::from_word("hat"), None);
    }
}
