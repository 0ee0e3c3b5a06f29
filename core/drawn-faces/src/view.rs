//! How somebody is seen once: pose, expression, light. No identity, no background.

use crate::random::Random;

/// One look at a person. Angles in radians.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Head turned to the right of the picture when positive; −0.6..0.6 looks natural.
    pub yaw: f32,
    /// Head raised when positive; −0.35..0.35.
    pub pitch: f32,
    /// Head leaned clockwise when positive; −0.5..0.5.
    pub roll: f32,
    /// What the face does.
    pub expression: Expression,
    /// Where the light comes from.
    pub light: Light,
    /// Height of the face as a share of the picture's height, 0.05..0.9.
    pub size: f32,
    /// Centre of the face as shares of the picture's width and height.
    pub position: [f32; 2],
    /// Chooses the clothes of the day, and the mask's cloth.
    pub clothes: u64,
    /// Whether a mask covers nose, mouth and chin.
    pub mask: bool,
}

/// What a face does; all zero is a neutral look into the camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    /// −1 sad, 1 a wide smile.
    pub smile: f32,
    /// How far the mouth is open, 0..1.
    pub open: f32,
    /// How far the lids are shut, 0..1.
    pub blink: f32,
    /// Brows lowered (−1) or raised (1).
    pub brow: f32,
    /// Where the eyes look, right and down positive, −1..1.
    pub gaze: [f32; 2],
}

/// One soft lamp and the light of the room.
#[derive(Clone, Debug, PartialEq)]
pub struct Light {
    /// Direction towards the lamp, right and down positive, −1..1.
    pub from: [f32; 2],
    /// Strength of the lamp, 0..1.
    pub lamp: f32,
    /// Overall exposure; 1 is well lit.
    pub exposure: f32,
    /// Bluish (−1) to reddish (1).
    pub warmth: f32,
}

impl View {
    /// Looks straight into the camera, friendly, well lit; the clean reference picture.
    #[must_use]
    pub fn frontal() -> Self {
        Self {
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            expression: Expression { smile: 0.55, ..Expression::default() },
            light: Light { from: [-0.3, -0.5], lamp: 0.45, exposure: 1.0, warmth: 0.0 },
            size: 0.46,
            position: [0.5, 0.5],
            clothes: 3,
            mask: false,
        }
    }

    /// Somebody who stands at a kiosk to pay: yaw within ±0.25, upright, a mild expression, indoor light.
    #[must_use]
    pub fn kiosk(seed: u64) -> Self {
        let random = &mut Random::new(seed, 2);
        Self {
            yaw: random.middle(-0.25, 0.25),
            pitch: random.middle(-0.16, 0.16),
            roll: random.middle(-0.13, 0.13),
            expression: Expression {
                smile: random.range(-0.1, 0.9),
                open: if random.chance(0.25) { random.range(0.0, 0.5) } else { 0.0 },
                blink: random.range(0.0, 0.22),
                brow: random.middle(-0.5, 0.6),
                gaze: [random.middle(-0.45, 0.45), random.middle(-0.3, 0.3)],
            },
            light: Light {
                from: [random.range(-0.7, 0.7), random.range(-0.8, 0.1)],
                lamp: random.range(0.25, 0.6),
                exposure: random.middle(0.82, 1.14),
                warmth: random.middle(-0.5, 0.5),
            },
            size: random.range(0.34, 0.54),
            position: [random.middle(0.36, 0.64), random.middle(0.43, 0.58)],
            clothes: random.bits(),
            mask: false,
        }
    }

    /// Somebody in the wild: yaw to ±0.6, tilted, blinking, in poor light, near or far.
    #[must_use]
    pub fn hard(seed: u64) -> Self {
        let random = &mut Random::new(seed, 3);
        Self {
            yaw: random.range(-0.6, 0.6),
            pitch: random.range(-0.28, 0.28),
            roll: random.middle(-0.5, 0.5),
            expression: Expression {
                smile: random.range(-0.8, 1.0),
                open: if random.chance(0.4) { random.range(0.0, 1.0) } else { 0.0 },
                blink: if random.chance(0.15) { random.range(0.5, 1.0) } else { random.range(0.0, 0.3) },
                brow: random.range(-1.0, 1.0),
                gaze: [random.range(-0.8, 0.8), random.range(-0.6, 0.6)],
            },
            light: Light {
                from: [random.range(-1.0, 1.0), random.range(-1.0, 0.6)],
                lamp: random.range(0.1, 0.9),
                exposure: random.range(0.55, 1.3),
                warmth: random.range(-1.0, 1.0),
            },
            size: random.range(0.22, 0.66),
            position: [random.range(0.3, 0.7), random.range(0.38, 0.62)],
            clothes: random.bits(),
            mask: false,
        }
    }
}
