//! The packs, engines and drawings that the tests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{ImageFormat, RgbImage};
use tebura_drawn_faces::Scene;
use tebura_face_engine::{
    DrawnRequest, Engine, EngineChoice, LoadedPack, ModelPack, Picture, Pipeline, Places, select,
};

/// The measuring pack's values in this program's own format.
pub(crate) const MEASURING: &str = r#"
format = 1
name = "measuring"
version = "1.0.0"
scope = "people"
licence = "Apache-2.0 AND MIT"
source = "beside the repository"
training_data = "for measuring only"

[detector]
file = "detector.onnx"
sha256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
decoder = "yunet"
width = 640
height = 640
colour = "bgr"
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]
score = 0.6
nms_iou = 0.3

[embedder]
file = "embedder.onnx"
sha256 = "b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507"
decoder = "vector"
dimensions = 128
width = 112
height = 112
template = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
colour = "rgb"
mean = [123.675, 116.28, 103.53]
std = [58.395, 57.12, 57.375]
pixels = "whole"

[thresholds]
verify = 0.35
identify = 0.35
measured_on = "see the folder's README"
genuine_pairs = 580
impostor_pairs = 5528
eer = 0.0034

[check]
set = "none"

[golden]
file = "golden.json"
landmark_px = 0.5
embedding = 1e-3
"#;

/// Where the measuring pack lies: beside the repository's root.
pub(crate) fn measuring_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/model-packs/measuring");
    if folder.join("embedder.onnx").is_file() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

/// Writes a pack with the folder's models and golden values in this program's own format.
pub(crate) fn assemble_measuring(from: &Path, manifest: &str) -> tempfile::TempDir {
    let pack = tempfile::tempdir().unwrap();
    for file in ["detector.onnx", "embedder.onnx", "portrait.png"] {
        std::fs::copy(from.join(file), pack.path().join(file)).unwrap();
    }
    let known: serde_json::Value = serde_json::from_slice(&std::fs::read(from.join("golden.json")).unwrap()).unwrap();
    let mut face = known["detector"]["faces"][0].clone();
    face["embedding"] = known["embedding_l2_normalised"].clone();
    let golden = serde_json::json!({"cases": [{"image": {"file": "portrait.png"}, "faces": [face]}]});
    std::fs::write(pack.path().join("golden.json"), golden.to_string()).unwrap();
    std::fs::write(pack.path().join("pack.toml"), manifest).unwrap();
    pack
}

/// rten always, and ONNX Runtime where a library is found.
pub(crate) fn engines() -> Vec<Engine> {
    let places = Places::of_this_process();
    [EngineChoice::Rten, EngineChoice::Ort]
        .into_iter()
        .filter_map(|choice| select(choice, &places).ok().map(|selection| selection.engine))
        .collect()
}

/// The checked-in pack.
pub(crate) fn drawn_demo_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/drawn-demo")
}

pub(crate) fn drawn_demo() -> ModelPack {
    ModelPack::load(&drawn_demo_folder()).unwrap()
}

/// A copy of the checked-in pack, to be spoiled.
pub(crate) fn copy_of_drawn_demo() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(drawn_demo_folder()).unwrap() {
        let entry = entry.unwrap();
        std::fs::write(copy.path().join(entry.file_name()), std::fs::read(entry.path()).unwrap()).unwrap();
    }
    copy
}

/// The checked-in pack, and the measuring pack where it lies beside the repository.
pub(crate) fn each_pack(mut test: impl FnMut(&ModelPack)) {
    test(&drawn_demo());
    if let Some(from) = measuring_folder() {
        let folder = assemble_measuring(&from, MEASURING);
        test(&ModelPack::load(folder.path()).unwrap());
    }
}

pub(crate) fn rten() -> Engine {
    select(EngineChoice::Rten, &Places::default()).unwrap().engine
}

pub(crate) fn loaded(pack: &ModelPack) -> Arc<LoadedPack> {
    Arc::new(LoadedPack::open(pack, &rten()).unwrap())
}

pub(crate) fn pipeline(pack: &ModelPack) -> Pipeline {
    loaded(pack).pipeline().unwrap()
}

/// Draws what a pack's check asks for.
pub(crate) fn drawer(request: &DrawnRequest) -> Option<Picture> {
    let scene = Scene::named(&request.scene, &request.people, request.view.unwrap_or_default())?;
    let drawing = scene.draw(request.width, request.height);
    Picture::from_rgb(drawing.width, drawing.height, drawing.pixels).ok()
}

/// Draws a scene at the size of a till's camera.
pub(crate) fn draw(scene: &Scene) -> RgbImage {
    let drawing = scene.draw(640, 480);
    RgbImage::from_raw(640, 480, drawing.pixels).unwrap()
}

pub(crate) fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}
