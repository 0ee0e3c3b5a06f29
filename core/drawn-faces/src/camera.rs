//! What a camera does to a scene: light and colour, blur, noise.

use crate::math::Rgb;
use crate::random::Random;
use crate::view::Light;

/// How a picture is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Radius of the blur in pixels, 0..3.
    pub blur: f32,
    /// Size of the sensor's noise as a share of white, 0..0.1.
    pub noise: f32,
    /// True for a black-and-white camera.
    pub grey: bool,
    /// Chooses the noise.
    pub seed: u64,
}

impl Camera {
    /// No blur and no noise.
    #[must_use]
    pub fn clean() -> Self {
        Self { blur: 0.0, noise: 0.0, grey: false, seed: 0 }
    }

    /// A kiosk's camera: sharp, with a little noise.
    #[must_use]
    pub fn kiosk(seed: u64) -> Self {
        let random = &mut Random::new(seed, 8);
        Self { blur: random.range(0.0, 0.8), noise: random.range(0.0, 0.02), grey: false, seed }
    }

    /// A poor camera: blur, noise, at times no colour.
    #[must_use]
    pub fn poor(seed: u64) -> Self {
        let random = &mut Random::new(seed, 9);
        Self { blur: random.range(0.0, 2.2), noise: random.range(0.0, 0.06), grey: random.chance(0.06), seed }
    }

    /// Turns light into pixels, in place. `pixels` is row-major.
    pub(crate) fn take(&self, pixels: &mut [Rgb], width: usize) {
        if self.blur > 0.05 && width > 0 {
            for _ in 0..2 {
                soften(pixels, width, self.blur * 0.5);
            }
        }
        let random = &mut Random::new(self.seed, 10);
        for pixel in pixels.iter_mut() {
            if self.noise > 0.0 {
                let bits = random.bits();
                for (channel, shift) in pixel.iter_mut().zip([0u32, 21, 42]) {
                    let drawn = ((bits >> shift) & 0x1f_ffff) as f32 / 1_048_576.0 - 1.0;
                    *channel += drawn * self.noise;
                }
            }
            if self.grey {
                *pixel = [0.30 * pixel[0] + 0.59 * pixel[1] + 0.11 * pixel[2]; 3];
            }
        }
    }
}

/// Applies a room's exposure and warmth to a colour.
pub(crate) fn expose(light: &Light, colour: Rgb) -> Rgb {
    let tint = [1.0 + 0.09 * light.warmth, 1.0, 1.0 - 0.11 * light.warmth];
    [0, 1, 2].map(|i| colour[i] * light.exposure * tint[i])
}

/// Averages every pixel with its four neighbours; `amount` 1 weighs a neighbour like the pixel itself.
fn soften(pixels: &mut [Rgb], width: usize, amount: f32) {
    let height = pixels.len() / width;
    for row in pixels.chunks_exact_mut(width) {
        blur_line(row, amount);
    }
    let mut column = vec![[0.0; 3]; height];
    for x in 0..width {
        for (y, value) in column.iter_mut().enumerate() {
            *value = pixels[y * width + x];
        }
        blur_line(&mut column, amount);
        for (y, value) in column.iter().enumerate() {
            pixels[y * width + x] = *value;
        }
    }
}

fn blur_line(line: &mut [Rgb], amount: f32) {
    let scale = 1.0 / (1.0 + 2.0 * amount);
    let Some(last) = line.len().checked_sub(1) else {
        return;
    };
    let mut before = line[0];
    for i in 0..=last {
        let here = line[i];
        let after = line[(i + 1).min(last)];
        line[i] = [0, 1, 2].map(|c| (here[c] + amount * (before[c] + after[c])) * scale);
        before = here;
    }
}
