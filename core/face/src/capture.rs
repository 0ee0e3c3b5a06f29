//! Whether a row of camera pictures is one living person who does what she is asked: prompts, and the judgement of each
//! frame.
//!
//! A single picture follows no prompts, whoever is on it. Absent: where the pictures come from, and time.

use crate::liveness::{LivenessPolicy, LivenessRefusal};
use crate::sample::Sample;
use crate::template::{Similarity, Template};

/// Frames that make an enrolment: one straight, two that nobody could foresee.
pub const FRAMES: usize = 3;

/// A face that looks straight has its nose at most this far off the middle, in eye distances: a nose stands out by three
/// to four tenths of one, so that this is a head turned by less than a third of a radian.
const STRAIGHT: f32 = 0.15;
/// A turned head moves the nose at least this far, in eye distances: a quarter of a radian, and twice the jitter of the
/// landmarks between two pictures of one look.
const TURNED: f32 = 0.08;
/// A face that came closer has its eyes at least so many times further apart.
const CLOSER: f32 = 1.15;
/// Two pictures of a moving face are never so alike; the same picture, stored again, is.
const SAME_PICTURE: f32 = 0.9995;

/// What a person is asked to do before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// Look straight into the camera. Always the first: its template is the one that is enrolled.
    LookStraight,
    /// Turn the head to the person's own left.
    TurnLeft,
    /// Turn the head to the person's own right.
    TurnRight,
    /// Come closer to the camera.
    ComeCloser,
}

impl Prompt {
    /// Every prompt.
    pub const ALL: [Self; 4] = [Self::LookStraight, Self::TurnLeft, Self::TurnRight, Self::ComeCloser];

    /// Returns the stable word of the prompt.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LookStraight => "look_straight",
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
            Self::ComeCloser => "come_closer",
        }
    }

    /// Reads a word that [`Prompt::word`] wrote.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|prompt| prompt.word() == word)
    }

    /// The prompts of a session from a random byte: straight, then two different others in an order of their own.
    ///
    /// ```
    /// # use tebura_face::Prompt;
    /// let [first, second, third] = Prompt::drawn(7);
    /// assert!(first == Prompt::LookStraight && second != third);
    /// ```
    #[must_use]
    pub fn drawn(random: u8) -> [Self; FRAMES] {
        let moves = [Self::TurnLeft, Self::TurnRight, Self::ComeCloser];
        let (second, skip) = (usize::from(random % 3), usize::from((random / 3) % 2) + 1);
        [Self::LookStraight, moves[second], moves[(second + skip) % 3]]
    }
}

/// A frame that was accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Shot {
    /// The face as the pack's embedder sees it.
    pub template: Template,
    /// As [`crate::Quality::turn`].
    pub turn: f32,
    /// As [`crate::Quality::eye_distance_px`].
    pub eye_distance_px: f32,
}

impl Shot {
    /// What of a sample is needed to judge the frames after it.
    #[must_use]
    pub fn of(sample: &Sample) -> Self {
        Self {
            template: sample.template.clone(),
            turn: sample.quality.turn,
            eye_distance_px: sample.quality.eye_distance_px,
        }
    }
}

/// Why a frame does not count, in the order of the checks. Another one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameRefusal {
    /// Not a living face, as far as the pack tells.
    #[error(transparent)]
    Liveness(#[from] LivenessRefusal),
    /// A mask hides what is to be enrolled.
    #[error("a mask hides the face: take it off for the pictures")]
    Masked,
    /// The same picture again.
    #[error("this picture was sent before: every frame is a new picture of the camera")]
    Repeated,
    /// Not the person of the first frame.
    #[error("this is not the face that the capture began with: one person, from the first frame to the last")]
    OtherPerson,
    /// The prompt was not followed.
    #[error("the face does not do what was asked: {}", asked(.0))]
    NotFollowed(Prompt),
}

fn asked(prompt: &Prompt) -> &'static str {
    match prompt {
        Prompt::LookStraight => "look straight into the camera",
        Prompt::TurnLeft => "turn your head to your left",
        Prompt::TurnRight => "turn your head to your right",
        Prompt::ComeCloser => "come closer to the camera",
    }
}

impl FrameRefusal {
    /// Returns the stable code of the refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Liveness(inner) => inner.code(),
            Self::Masked => "frame.masked",
            Self::Repeated => "frame.repeated",
            Self::OtherPerson => "frame.other_person",
            Self::NotFollowed(Prompt::LookStraight) => "frame.look_straight",
            Self::NotFollowed(Prompt::TurnLeft) => "frame.turn_left",
            Self::NotFollowed(Prompt::TurnRight) => "frame.turn_right",
            Self::NotFollowed(Prompt::ComeCloser) => "frame.come_closer",
        }
    }
}

/// Judges the frame that answers `prompt`, after those that were accepted before it. `same_person`: the least
/// similarity of two pictures of one person, the pack's own for 1:1.
///
/// # Errors
/// [`FrameRefusal`], the first that applies.
pub fn judge(
    prompt: Prompt,
    before: &[Shot],
    sample: &Sample,
    policy: LivenessPolicy,
    same_person: Similarity,
) -> Result<(), FrameRefusal> {
    sample.liveness.admit(policy)?;
    if sample.conditions.mask == Some(true) {
        return Err(FrameRefusal::Masked);
    }
    let alike = |shot: &Shot| shot.template.similarity(&sample.template);
    if before.iter().any(|shot| alike(shot).value() >= SAME_PICTURE) {
        return Err(FrameRefusal::Repeated);
    }
    let first = before.first();
    if first.is_some_and(|first| alike(first) < same_person) {
        return Err(FrameRefusal::OtherPerson);
    }
    let (turn, eyes) = (sample.quality.turn, sample.quality.eye_distance_px);
    let turned = |first: &Shot| turn - first.turn;
    // A number that is none follows nothing.
    let follows = match (prompt, first) {
        (Prompt::LookStraight, _) => turn.abs() <= STRAIGHT,
        // The person's left is the right of a picture that is not mirrored.
        (Prompt::TurnLeft, Some(first)) => turned(first) >= TURNED,
        (Prompt::TurnRight, Some(first)) => turned(first) <= -TURNED,
        (Prompt::ComeCloser, Some(first)) => eyes >= first.eye_distance_px * CLOSER,
        (Prompt::TurnLeft | Prompt::TurnRight | Prompt::ComeCloser, None) => false,
    };
    if follows { Ok(()) } else { Err(FrameRefusal::NotFollowed(prompt)) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::conditions::Conditions;
    use crate::liveness::Liveness;
    use crate::sample::{FaceBox, Quality};

    /// A person's face; `noise` makes another picture of it.
    fn face(axis: usize, noise: f32, turn: f32, eyes: f32) -> Sample {
        let mut values = vec![0.02; 16];
        values[axis] = 1.0;
        values[15] = noise;
        Sample {
            template: Template::from_raw(values).unwrap(),
            liveness: Liveness::Live { score: 0.9 },
            face: FaceBox { x0: 0.0, y0: 0.0, x1: 90.0, y1: 120.0 },
            quality: Quality { detector_score: 0.9, brightness: 0.5, eye_distance_px: eyes, turn },
            conditions: Conditions::default(),
        }
    }

    fn judged(prompt: Prompt, before: &[Sample], sample: &Sample) -> Result<(), &'static str> {
        let before: Vec<Shot> = before.iter().map(Shot::of).collect();
        let same_person = Similarity::new(0.9).unwrap();
        judge(prompt, &before, sample, LivenessPolicy::Required, same_person).map_err(FrameRefusal::code)
    }

    #[test]
    fn prompts_begin_straight_and_come_in_every_order() {
        let all: BTreeSet<_> = (0..=u8::MAX).map(Prompt::drawn).collect();
        assert_eq!(all.len(), 6, "three first moves with two second ones each");
        for [first, second, third] in all {
            assert_eq!(first, Prompt::LookStraight);
            assert!(second != third && second != first && third != first);
        }
        for prompt in Prompt::ALL {
            assert_eq!(Prompt::from_word(prompt.word()), Some(prompt));
        }
        assert_eq!(Prompt::from_word("wink"), None);
    }

    #[test]
    fn a_face_that_does_what_is_asked_is_taken() {
        let first = face(0, 0.0, 0.05, 60.0);
        assert_eq!(judged(Prompt::LookStraight, &[], &first), Ok(()));
        let before = [first];
        assert_eq!(judged(Prompt::TurnLeft, &before, &face(0, 0.1, 0.25, 60.0)), Ok(()));
        assert_eq!(judged(Prompt::TurnRight, &before, &face(0, 0.1, -0.2, 60.0)), Ok(()));
        assert_eq!(judged(Prompt::ComeCloser, &before, &face(0, 0.1, 0.05, 75.0)), Ok(()));
    }

    #[test]
    fn expo_14_one_picture_again_and_again_is_refused() {
        let first = face(0, 0.0, 0.05, 60.0);
        let before = [first.clone()];
        for prompt in Prompt::ALL {
            assert_eq!(judged(prompt, &before, &first), Err("frame.repeated"));
        }
        // The same look, photographed once more: alive or not, it does not move.
        let still = face(0, 0.1, 0.06, 61.0);
        assert_eq!(judged(Prompt::TurnLeft, &before, &still), Err("frame.turn_left"));
        assert_eq!(judged(Prompt::TurnRight, &before, &still), Err("frame.turn_right"));
        assert_eq!(judged(Prompt::ComeCloser, &before, &still), Err("frame.come_closer"));
    }

    #[test]
    fn boj_28_a_mask_comes_off_for_enrolment_and_glasses_stay_on() {
        let mut look = face(0, 0.0, 0.05, 60.0);
        look.conditions = Conditions { glasses: Some(true), mask: Some(false) };
        assert_eq!(judged(Prompt::LookStraight, &[], &look), Ok(()));
        look.conditions.mask = Some(true);
        assert_eq!(judged(Prompt::LookStraight, &[], &look), Err("frame.masked"));
        // A pack that cannot tell keeps nobody out.
        look.conditions.mask = None;
        assert_eq!(judged(Prompt::LookStraight, &[], &look), Ok(()));
    }

    #[test]
    fn the_wrong_way_another_face_and_a_screen_are_refused() {
        let before = [face(0, 0.0, 0.05, 60.0)];
        assert_eq!(judged(Prompt::LookStraight, &[], &face(0, 0.0, 0.4, 60.0)), Err("frame.look_straight"));
        assert_eq!(judged(Prompt::TurnLeft, &before, &face(0, 0.1, -0.3, 60.0)), Err("frame.turn_left"));
        assert_eq!(judged(Prompt::TurnLeft, &before, &face(1, 0.1, 0.3, 60.0)), Err("frame.other_person"));
        assert_eq!(judged(Prompt::TurnLeft, &[], &face(0, 0.1, 0.3, 60.0)), Err("frame.turn_left"));
        let screen = Sample { liveness: Liveness::Attack { score: 0.1 }, ..face(0, 0.1, 0.3, 60.0) };
        assert_eq!(judged(Prompt::TurnLeft, &before, &screen), Err("liveness.attack"));
        assert_eq!(judged(Prompt::TurnLeft, &before, &face(0, 0.1, f32::NAN, 60.0)), Err("frame.turn_left"));
        assert_eq!(judged(Prompt::LookStraight, &[], &face(0, 0.1, f32::NAN, 60.0)), Err("frame.look_straight"));
    }
}
