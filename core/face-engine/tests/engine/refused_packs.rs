//! Packs that must be refused: each error names the file or key and says what to do.

use std::path::Path;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tebura_face_engine::{CheckError, LoadedPack, ModelPack, PackError, check};

use crate::packs::{MEASURING, assemble_measuring, each_pack, engines, loaded, measuring_folder, rten};

/// Writes only a manifest: everything before the files are read can be refused without them.
#[track_caller]
fn check_manifest(right: &str, wrong: &str, expected: &str) {
    let manifest = MEASURING.replacen(right, wrong, 1);
    assert_ne!(manifest, MEASURING, "`{right}` is not in the manifest");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pack.toml"), manifest).unwrap();
    let error = ModelPack::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_folder_without_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let error = ModelPack::load(folder.path()).unwrap_err();
    assert_eq!(error, PackError::Missing { file: "pack.toml".to_owned() });
}

#[test]
fn keys_are_checked_by_name() {
    check_manifest("format = 1", "format = 2", "`format` is 2 and this program reads 1");
    check_manifest("format = 1", "format = 1\ncolor = \"red\"", "unknown field `color`");
    check_manifest("licence = \"Apache-2.0 AND MIT\"", "", "missing field `licence`");
    check_manifest("licence = \"Apache-2.0 AND MIT\"", "licence = \" \"", "`licence` is empty");
    check_manifest("training_data = \"for measuring only\"", "training_data = \"\"", "`training_data` is empty");
    check_manifest("name = \"measuring\"", "name = \"../x\"", "`name` must be lower-case");
    check_manifest("scope = \"people\"", "scope = \"everybody\"", "unknown variant `everybody`");
}

#[test]
fn values_must_make_sense() {
    check_manifest("file = \"embedder.onnx\"", "file = \"../embedder.onnx\"", "`embedder.file` must be a plain name");
    check_manifest("decoder = \"yunet\"", "decoder = \"retina\"", "unknown variant `retina`");
    check_manifest("width = 640", "width = 650", "`detector.strides` must each divide");
    check_manifest("score = 0.6", "score = 1.5", "`detector.score` must be above 0");
    check_manifest("std = [1.0, 1.0, 1.0]", "std = [1.0, 0.0, 1.0]", "`detector.mean/std` must be finite");
    check_manifest(
        "[38.2946, 51.6963], [73.5318, 51.5014]",
        "[73.5318, 51.5014], [38.2946, 51.6963]",
        "`embedder.template` must be left eye, right eye",
    );
    check_manifest("dimensions = 128", "dimensions = 2", "`embedder.dimensions` must be 16");
    check_manifest("identify = 0.35", "identify = 0.0", "`thresholds` the threshold 0 must be above 0");
    check_manifest("b7120c09", "B7120C09", "`embedder.sha256` must be 64 lower-case");
    check_manifest("landmark_px = 0.5", "landmark_px = 0.0", "`golden` needs tolerances");
}

#[test]
fn a_changed_model_is_not_parsed() {
    each_file_changed("detector.onnx", |bytes| bytes.push(0));
    each_file_changed("embedder.onnx", |bytes| bytes[1000] ^= 1);
}

#[track_caller]
fn each_file_changed(file: &str, change: impl Fn(&mut Vec<u8>)) {
    let Some(from) = measuring_folder() else { return };
    let folder = assemble_measuring(&from, MEASURING);
    let path = folder.path().join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    overwrite(&path, &bytes);
    match ModelPack::load(folder.path()) {
        Err(PackError::Digest { file: named, .. }) => assert_eq!(named, file),
        other => panic!("{other:?}"),
    }
}

#[test]
fn golden_values_that_are_off_name_the_value() {
    let Some(from) = measuring_folder() else { return };
    let folder = assemble_measuring(&from, MEASURING);
    let path = folder.path().join("golden.json");
    let mut golden: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    golden["cases"][0]["faces"][0]["landmarks"][3][1] = 140.0.into();
    overwrite(&path, golden.to_string().as_bytes());
    let pack = ModelPack::load(folder.path()).unwrap();
    match check(&pack, &loaded(&pack), &|_| None) {
        Err(CheckError::Golden { what, .. }) => assert_eq!(what, "a landmark"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_drawer_that_draws_otherwise_is_named() {
    each_pack(|pack| {
        let blank = |request: &tebura_face_engine::DrawnRequest| {
            let bytes = vec![0; request.width * request.height * 3];
            tebura_face_engine::Picture::from_rgb(request.width, request.height, bytes).ok()
        };
        if let Err(error) = check(pack, &loaded(pack), &blank) {
            assert!(matches!(error, CheckError::DrawerChanged { .. }), "{error}");
        }
    });
}

fn overwrite(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A detector with `bytes` under a digest that fits them.
fn with_detector(from: &Path, bytes: &[u8]) -> tempfile::TempDir {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = MEASURING.replacen("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4", &digest, 1);
    let folder = assemble_measuring(from, &manifest);
    overwrite(&folder.path().join("detector.onnx"), bytes);
    folder
}

#[test]
fn a_file_that_is_no_model() {
    let Some(from) = measuring_folder() else { return };
    let folder = with_detector(&from, b"this is not ONNX");
    let pack = ModelPack::load(folder.path()).unwrap();
    for engine in engines() {
        let error = LoadedPack::open(&pack, &engine).err().unwrap();
        assert!(error.to_string().starts_with("detector.onnx: "), "{error}");
    }
}

#[test]
fn a_model_in_the_wrong_place() {
    let Some(from) = measuring_folder() else { return };
    let folder = with_detector(&from, &std::fs::read(from.join("embedder.onnx")).unwrap());
    let pack = ModelPack::load(folder.path()).unwrap();
    for engine in engines() {
        let error = LoadedPack::open(&pack, &engine).err().unwrap();
        assert!(matches!(&error, PackError::Output { file, .. } if file == "detector.onnx"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Model files that someone damaged and gave a fitting digest are refused or run; the hub stays up.
    #[test]
    fn damaged_models_never_take_the_hub_down(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let Some(from) = measuring_folder() else { return Ok(()) };
        let mut bytes = std::fs::read(from.join("detector.onnx")).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let folder = with_detector(&from, &bytes);
        let pack = ModelPack::load(folder.path()).unwrap();
        let _ = LoadedPack::open(&pack, &rten());
    }
}
