//! From a scene to pixels and the truth about them.

use crate::camera::expose;
use crate::head::Head;
use crate::math::Rgb;
use crate::paint;
use crate::scene::Scene;
use crate::truth::FaceTruth;
use crate::view::{Light, View};

/// A picture and what is really in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Red, green, blue bytes, row by row from the top left; `width × height × 3` of them.
    pub pixels: Vec<u8>,
    /// Every face, in the order of the scene's people.
    pub faces: Vec<FaceTruth>,
}

impl Scene {
    /// Draws the scene at `width` × `height` pixels; a side of 0 gives no pixels.
    #[must_use]
    pub fn draw(&self, width: usize, height: usize) -> Drawing {
        let stage = Stage::new(self, width, height);
        let mut light: Vec<Rgb> = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                light.push(stage.at(x as f32, y as f32));
            }
        }
        self.camera.take(&mut light, width);
        let pixels = light.iter().flatten().map(|channel| (channel.clamp(0.0, 1.0) * 255.0 + 0.5) as u8).collect();
        Drawing { width, height, pixels, faces: stage.truths() }
    }
}

/// A scene laid out for one size of picture.
struct Stage<'a> {
    scene: &'a Scene,
    heads: Vec<Head<'a>>,
    height: f32,
    room: Light,
}

impl<'a> Stage<'a> {
    fn new(scene: &'a Scene, width: usize, height: usize) -> Self {
        let (width, height) = (width as f32, height as f32);
        let inner = if scene.replay.is_some() { [2.0, 2.0] } else { [width, height] };
        let heads = scene.people.iter().map(|(person, view)| Head::new(person, view, inner[0], inner[1])).collect();
        let room = scene.people.first().map_or_else(|| View::frontal().light, |(_, view)| view.light.clone());
        Self { scene, heads, height: height.max(1.0), room }
    }

    /// Returns the light that reaches the pixel whose centre is `(x, y)`.
    fn at(&self, x: f32, y: f32) -> Rgb {
        let pixel = 1.0 / self.height;
        let (across, down) = (x * pixel, y * pixel);
        let mut colour = self.scene.background.at(across, down, pixel);
        match &self.scene.replay {
            None => {
                for head in &self.heads {
                    paint::paint(head, x, y, 1.0, &mut colour);
                }
            }
            Some((replay, background)) => replay.paint(across, down, pixel, &mut colour, |u, v| {
                let mut shown = background.at((u + 1.0) / 2.0, (v + 1.0) / 2.0, pixel);
                for head in &self.heads {
                    paint::paint(head, u + 1.0, v + 1.0, 2.5 * pixel, &mut shown);
                }
                shown
            }),
        }
        expose(&self.room, colour)
    }

    fn truths(&self) -> Vec<FaceTruth> {
        let place = |point: [f32; 2]| match &self.scene.replay {
            None => point,
            Some((replay, _)) => replay.outer([point[0] - 1.0, point[1] - 1.0]).map(|part| part * self.height),
        };
        self.heads.iter().map(|head| FaceTruth::of(head, place)).collect()
    }
}
