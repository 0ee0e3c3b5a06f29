//! Draws people who do not exist.
//!
//! A seed makes a [`Person`], another a [`View`] of the person, and a [`Scene`] becomes a [`Drawing`]: pixels with exact boxes and landmarks.
//! The same seeds give the same bytes on every machine. The demo's camera, the tests and the training of the pack `drawn-demo` all draw here.
//! Absent: files, time, threads, real people.
//!
//! ```
//! use tebura_drawn_faces::Scene;
//!
//! let drawing = Scene::kiosk(7, 0).draw(320, 240);
//! assert_eq!(drawing.pixels.len(), 320 * 240 * 3);
//! assert_eq!(drawing.faces.len(), 1);
//! ```

mod background;
mod camera;
mod draw;
mod head;
mod math;
mod paint;
mod person;
mod random;
mod replay;
mod scene;
mod truth;
mod view;

pub use background::Background;
pub use camera::Camera;
pub use draw::Drawing;
pub use person::Person;
pub use random::Random;
pub use scene::Scene;
pub use truth::FaceTruth;
pub use view::{Expression, Light, View};
