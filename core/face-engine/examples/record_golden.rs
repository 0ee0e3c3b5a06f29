//! Writes `golden.json` of a pack from drawn pictures: `record_golden PACK_DIR detector|everything kiosk:7:0 …`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::path::Path;

use tebura_drawn_faces::Scene;
use tebura_face_engine::{
    DrawnRequest, EngineChoice, LoadedPack, ModelPack, Picture, Places, Recorded, record_golden, select,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the pack's folder first")?;
    let recorded = match arguments.next().as_deref() {
        Some("detector") => Recorded::Detector,
        Some("everything") => Recorded::Everything,
        _ => return Err("say `detector` or `everything` after the folder".into()),
    };
    let requests = arguments.map(|text| request(&text)).collect::<Result<Vec<_>, _>>()?;
    let engine = select(EngineChoice::Rten, &Places::default())?.engine;
    let loaded = LoadedPack::open(&ModelPack::load(Path::new(&folder))?, &engine)?;
    print!("{}", record_golden(&loaded, &draw, &requests, recorded)?);
    Ok(())
}

/// Reads `scene:person:view`.
fn request(text: &str) -> Result<DrawnRequest, Box<dyn std::error::Error>> {
    let [scene, person, view] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err(format!("`{text}` is not scene:person:view").into());
    };
    Ok(DrawnRequest {
        scene: scene.to_owned(),
        people: vec![person.parse()?],
        view: Some(view.parse()?),
        width: 640,
        height: 480,
    })
}

fn draw(request: &DrawnRequest) -> Option<Picture> {
    let view = request.view?;
    let scene = match (request.scene.as_str(), request.people.as_slice()) {
        ("kiosk", [person]) => Scene::kiosk(*person, view),
        ("hard", [person]) => Scene::hard(*person, view),
        ("frontal", [person]) => Scene::frontal(*person),
        ("screen", [person]) => Scene::screen_replay(*person, view),
        ("print", [person]) => Scene::print(*person, view),
        _ => return None,
    };
    let drawing = scene.draw(request.width, request.height);
    Picture::from_rgb(drawing.width, drawing.height, drawing.pixels).ok()
}
