//! What is behind the people: a plain wall, or a room full of shapes.

use crate::math::{Rgb, blend, cover, ellipse, lay, mix, noise, scaled};
use crate::random::Random;

const WALLS: [Rgb; 8] = [
    [0.86, 0.88, 0.90],
    [0.78, 0.83, 0.88],
    [0.90, 0.87, 0.80],
    [0.72, 0.78, 0.74],
    [0.60, 0.64, 0.70],
    [0.83, 0.77, 0.75],
    [0.45, 0.49, 0.55],
    [0.93, 0.93, 0.92],
];

/// What is behind the people.
#[derive(Clone, Debug)]
pub struct Background {
    wall: Rgb,
    floor: Rgb,
    slope: [f32; 2],
    grain: f32,
    seed: u64,
    shapes: Vec<Shape>,
}

#[derive(Clone, Debug)]
struct Shape {
    round: bool,
    centre: [f32; 2],
    radius: [f32; 2],
    colour: Rgb,
    inner: Option<Rgb>,
}

impl Background {
    /// A wall with a soft gradient.
    #[must_use]
    pub fn plain(seed: u64) -> Self {
        let random = &mut Random::new(seed, 6);
        let wall = scaled(WALLS[random.index(WALLS.len())], random.range(0.85, 1.04));
        Self {
            wall,
            floor: scaled(wall, random.range(0.82, 1.0)),
            slope: [random.range(-0.3, 0.3), random.range(0.4, 1.0)],
            grain: 0.0,
            seed,
            shapes: Vec::new(),
        }
    }

    /// A room with many shapes of any colour, some of them as round as a head.
    #[must_use]
    pub fn busy(seed: u64) -> Self {
        let mut background = Self::plain(seed);
        let random = &mut Random::new(seed, 7);
        background.wall = colour(random);
        background.floor = colour(random);
        background.grain = random.range(0.0, 0.14);
        background.shapes = (0..random.index(14)).map(|_| Shape::random(random)).collect();
        background
    }

    /// Returns the colour at `(x, y)` in picture heights, from the top left; `pixel` is a pixel's width.
    pub(crate) fn at(&self, x: f32, y: f32, pixel: f32) -> Rgb {
        let share = (0.5 + (x - 0.66) * self.slope[0] + (y - 0.5) * self.slope[1]).clamp(0.0, 1.0);
        let grain = 1.0 + self.grain * (noise(x * 24.0, y * 24.0, self.seed) - 0.5) * 2.0;
        let mut out = scaled(blend(self.wall, self.floor, share), grain);
        for shape in &self.shapes {
            shape.paint(x, y, pixel, &mut out);
        }
        out
    }
}

impl Shape {
    fn random(random: &mut Random) -> Self {
        let size = random.range(0.03, 0.32);
        Self {
            round: random.chance(0.5),
            centre: [random.range(-0.1, 1.45), random.range(-0.1, 1.1)],
            radius: [size * random.range(0.5, 1.4), size],
            colour: colour(random),
            inner: random.chance(0.4).then(|| colour(random)),
        }
    }

    fn paint(&self, x: f32, y: f32, pixel: f32, out: &mut Rgb) {
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        if dx.abs() > self.radius[0] + pixel || dy.abs() > self.radius[1] + pixel {
            return;
        }
        let inside = if self.round {
            (1.0 - ellipse(dx, dy, self.radius[0], self.radius[1]).sqrt()) * self.radius[0].min(self.radius[1])
        } else {
            (self.radius[0] - dx.abs()).min(self.radius[1] - dy.abs())
        };
        lay(out, self.colour, cover(inside, pixel));
        if let Some(inner) = self.inner {
            let border = 0.2 * self.radius[0].min(self.radius[1]);
            lay(out, inner, cover(inside - border, pixel));
        }
    }
}

fn colour(random: &mut Random) -> Rgb {
    let grey = random.unit();
    let strong = random.range(0.2, 1.0);
    [random.unit(), random.unit(), random.unit()].map(|channel| mix(grey, channel, strong))
}
