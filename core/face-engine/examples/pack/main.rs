//! What a pack's maker needs before there is a hub to ask:
//! `pack check DIR`, `pack golden DIR detector|everything kiosk:7:0 …`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::path::Path;

use tebura_drawn_faces::Scene;
use tebura_face_engine::{
    DrawnRequest, EngineChoice, LoadedPack, ModelPack, Picture, Places, Recorded, check, record_golden, select,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check", folder] => check_on_every_engine(&load(folder)?),
        ["golden", folder, "detector", pictures @ ..] => golden(&load(folder)?, Recorded::Detector, pictures),
        ["golden", folder, "everything", pictures @ ..] => golden(&load(folder)?, Recorded::Everything, pictures),
        _ => Err("use: check DIR | golden DIR detector|everything scene:person:view …".into()),
    }
}

fn load(folder: &str) -> Result<ModelPack, Failure> {
    Ok(ModelPack::load(Path::new(folder))?)
}

fn check_on_every_engine(pack: &ModelPack) -> Result<(), Failure> {
    for line in pack.statement() {
        println!("{line}");
    }
    for choice in [EngineChoice::Rten, EngineChoice::Ort] {
        match select(choice, &Places::of_this_process()) {
            Ok(selection) => {
                println!("{:#?}", check(pack, &LoadedPack::open(pack, &selection.engine)?, &draw)?);
            }
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}

fn golden(pack: &ModelPack, recorded: Recorded, pictures: &[&str]) -> Result<(), Failure> {
    let requests = pictures.iter().map(|text| request(text)).collect::<Result<Vec<_>, _>>()?;
    let engine = select(EngineChoice::Rten, &Places::default())?.engine;
    print!("{}", record_golden(&LoadedPack::open(pack, &engine)?, &draw, &requests, recorded)?);
    Ok(())
}

/// Reads `scene:person:view`.
fn request(text: &str) -> Result<DrawnRequest, Failure> {
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
    let scene = Scene::named(&request.scene, &request.people, request.view.unwrap_or_default())?;
    let drawing = scene.draw(request.width, request.height);
    Picture::from_rgb(drawing.width, drawing.height, drawing.pixels).ok()
}
