//! Packs that must be refused: each error names the file or key and says what to do.

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tebura_face_engine::{CheckError, DrawnRequest, LoadedPack, ModelPack, PackError, Recorded, check, record_golden};

use crate::packs::{MEASURING, copy_of_drawn_demo, drawer, drawn_demo_folder, each_pack, engines, loaded, rten};

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

/// Changes one key of `[conditions]` of the demo pack.
#[track_caller]
fn check_conditions(key: &str, value: impl Into<toml::Value>, expected: &str) {
    let folder = copy_of_drawn_demo();
    let path = folder.path().join("pack.toml");
    let mut manifest: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["conditions"][key] = value.into();
    std::fs::write(&path, toml::to_string(&manifest).unwrap()).unwrap();
    let error = match ModelPack::load(folder.path()) {
        Ok(pack) => LoadedPack::open(&pack, &rten()).err().unwrap().to_string(),
        Err(error) => error.to_string(),
    };
    assert!(error.contains(expected), "{error}");
}

#[test]
fn cam_17_what_is_worn_must_make_sense_and_nothing_else_may_be_estimated() {
    check_conditions("outputs", vec!["glasses", "hat"], "`conditions.outputs` must name what each output stands for");
    check_conditions("outputs", vec!["mask", "age"], "each once: glasses or mask");
    check_conditions("outputs", vec!["mask", "mask"], "each once: glasses or mask");
    check_conditions("outputs", Vec::<String>::new(), "`conditions.outputs` must name");
    check_conditions("outputs", vec!["mask"], "the output has 2 values and pack.toml asks for 1");
    check_conditions("worn_at_least", 1.0, "`conditions.worn_at_least` must be above 0 and below 1");
    check_conditions("crop_scale", 0.5, "`conditions` needs crop_scale of 1 to 16");
    check_conditions("note", " ", "`conditions.note` is empty");
    check_conditions("sha256", "0", "`conditions.sha256` must be 64 lower-case");
}

#[test]
fn a_changed_model_is_not_parsed() {
    for file in ["detector.onnx", "landmarks.onnx", "embedder.onnx", "liveness.onnx", "conditions.onnx"] {
        let folder = copy_of_drawn_demo();
        let path = folder.path().join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[1_000] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        match ModelPack::load(folder.path()) {
            Err(PackError::Digest { file: named, .. }) => assert_eq!(named, file),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_missing_model_is_named() {
    let folder = copy_of_drawn_demo();
    std::fs::remove_file(folder.path().join("embedder.onnx")).unwrap();
    let error = ModelPack::load(folder.path()).unwrap_err();
    assert_eq!(error, PackError::Missing { file: "embedder.onnx".to_owned() });
}

/// Changes every number under a key of golden.json and expects the check to name the value.
#[track_caller]
fn check_golden_off(change: impl Fn(&mut serde_json::Value), expected: &str) {
    let folder = copy_of_drawn_demo();
    let path = folder.path().join("golden.json");
    let mut golden: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut golden["cases"][0]);
    std::fs::write(&path, golden.to_string()).unwrap();
    let pack = ModelPack::load(folder.path()).unwrap();
    match check(&pack, &loaded(&pack), &drawer) {
        Err(CheckError::Golden { what, .. }) => assert_eq!(what, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn golden_values_that_are_off_name_the_value() {
    let add = |value: &mut serde_json::Value, by: f64| *value = (value.as_f64().unwrap() + by).into();
    check_golden_off(|case| add(&mut case["faces"][0]["score"], -0.01), "the detector's score");
    check_golden_off(|case| add(&mut case["faces"][0]["box_xyxy"][2], 1.0), "the box");
    check_golden_off(|case| add(&mut case["faces"][0]["landmarks"][3][1], 1.0), "a landmark");
    check_golden_off(|case| add(&mut case["faces"][0]["embedding"][7], 0.01), "the embedding");
    check_golden_off(|case| add(&mut case["faces"][0]["real"], 0.02), "the probability of a living face");
    check_golden_off(|case| case["faces"][0]["worn"] = serde_json::json!(["glasses", "mask"]), "what is worn");
}

#[test]
fn a_face_too_many_is_counted() {
    let folder = copy_of_drawn_demo();
    let path = folder.path().join("golden.json");
    let mut golden: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    golden["cases"][0]["faces"] = serde_json::json!([]);
    std::fs::write(&path, golden.to_string()).unwrap();
    let pack = ModelPack::load(folder.path()).unwrap();
    let error = check(&pack, &loaded(&pack), &drawer).unwrap_err();
    assert!(matches!(error, CheckError::FaceCount { expected: 0, found: 1, .. }), "{error}");
}

/// A template that is drawn together makes a pack whose golden vectors agree with it; the pairs do not.
#[test]
fn labelled_pairs_catch_what_golden_vectors_were_made_with() {
    let folder = copy_of_drawn_demo();
    let path = folder.path().join("pack.toml");
    let manifest = std::fs::read_to_string(&path).unwrap();
    let mut value: toml::Table = toml::from_str(&manifest).unwrap();
    let middle = toml::Value::try_from([[30.0, 30.0], [34.0, 30.0], [32.0, 32.0], [31.0, 34.0], [33.0, 34.0]]).unwrap();
    value["embedder"]["template"] = middle;
    value["check"]["people"] = 12.into();
    std::fs::write(&path, toml::to_string(&value).unwrap()).unwrap();
    let pack = ModelPack::load(folder.path()).unwrap();
    let loaded = loaded(&pack);
    let requests =
        [DrawnRequest { scene: "kiosk".to_owned(), people: vec![1], view: Some(0), width: 640, height: 480 }];
    let golden = record_golden(&loaded, &drawer, &requests, Recorded::Everything).unwrap();
    std::fs::write(folder.path().join("golden.json"), golden).unwrap();
    let error = check(&pack, &loaded, &drawer).unwrap_err();
    assert!(matches!(error, CheckError::EqualErrorRate { .. } | CheckError::ImpostorMean { .. }), "{error}");
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

/// A pack whose detector is `bytes`, under a digest that fits them.
fn with_detector(bytes: &[u8]) -> (tempfile::TempDir, ModelPack) {
    let folder = copy_of_drawn_demo();
    let path = folder.path().join("pack.toml");
    let manifest = std::fs::read_to_string(&path).unwrap();
    let hex = |bytes: &[u8]| -> String { Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect() };
    let detector = folder.path().join("detector.onnx");
    let old = hex(&std::fs::read(&detector).unwrap());
    assert!(manifest.contains(&old));
    std::fs::write(&path, manifest.replace(&old, &hex(bytes))).unwrap();
    std::fs::write(&detector, bytes).unwrap();
    let pack = ModelPack::load(folder.path()).unwrap();
    (folder, pack)
}

#[test]
fn a_file_that_is_no_model() {
    let (_folder, pack) = with_detector(b"this is not ONNX");
    for engine in engines() {
        let error = LoadedPack::open(&pack, &engine).err().unwrap();
        assert!(matches!(&error, PackError::Load { file, .. } if file == "detector.onnx"), "{error}");
    }
}

#[test]
fn a_model_in_the_wrong_place() {
    let embedder = std::fs::read(drawn_demo_folder().join("embedder.onnx")).unwrap();
    let (_folder, pack) = with_detector(&embedder);
    for engine in engines() {
        let error = LoadedPack::open(&pack, &engine).err().unwrap();
        assert!(matches!(&error, PackError::Output { file, .. } if file == "detector.onnx"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Model files that someone damaged and gave a fitting digest are refused or run; the hub stays up.
    #[test]
    fn damaged_models_never_take_the_hub_down(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)) {
        let mut bytes = std::fs::read(drawn_demo_folder().join("detector.onnx")).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let (_folder, pack) = with_detector(&bytes);
        let _ = LoadedPack::open(&pack, &rten());
    }
}
