//! Installing the published pack: nothing is written unless every digest fits.

use tebura_face_engine::{EngineChoice, InstallError, LoadedPack, ModelPack, Places, Publication, check, select};

use crate::packs::{drawer, engines, measuring_folder};

#[test]
fn only_known_names_are_installed() {
    let error = Publication::named("buffalo-l").unwrap_err();
    assert_eq!(error, InstallError::Unknown { name: "buffalo-l".to_owned() });
}

#[test]
fn every_file_is_pinned_and_served_by_its_publisher() {
    let publication = Publication::named("opencv-zoo").unwrap();
    assert_eq!(publication.name(), "opencv-zoo");
    assert!(publication.notice().contains("Apache-2.0"));
    let files = publication.downloads();
    assert_eq!(files.iter().map(|file| file.bytes).collect::<Vec<_>>(), [232_589, 38_696_353]);
    for file in files {
        assert!(file.url.starts_with("https://media.githubusercontent.com/media/opencv/opencv_zoo/"));
        assert!(file.url.ends_with(&file.name));
        assert!(file.sha256.len() == 64 && !file.licence.is_empty());
    }
}

#[test]
fn a_file_with_another_digest_leaves_nothing_behind() {
    let publication = Publication::named("opencv-zoo").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("opencv-zoo");
    let error = publication.install(&target, |_| Ok(b"something else".to_vec())).unwrap_err();
    assert!(matches!(&error, InstallError::Digest { bytes: 14, .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_missing_file_is_named_with_its_address() {
    let publication = Publication::named("opencv-zoo").unwrap();
    let (from, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The first file is the measuring pack's detector, where that is there.
    if let Some(measuring) = measuring_folder() {
        std::fs::copy(measuring.join("detector.onnx"), from.path().join(&publication.downloads()[0].name)).unwrap();
    }
    let error = publication.install_from(from.path(), &folder.path().join("pack")).unwrap_err();
    let InstallError::Fetch { file, url, .. } = &error else { panic!("{error}") };
    assert!(url.ends_with(file.as_str()) && error.to_string().contains("--from"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_pack_that_is_there_is_not_overwritten() {
    let publication = Publication::named("opencv-zoo").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = publication.install(folder.path(), |_| Ok(Vec::new())).unwrap_err();
    assert_eq!(error, InstallError::Exists { path: folder.path().to_path_buf() });
}

/// SFace cannot lie in the repository; an embedder of the same shape stands in, and the detector is the real one.
#[test]
fn its_detector_finds_the_golden_faces() {
    let Some(measuring) = measuring_folder() else { return };
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/opencv-zoo");
    let folder = tempfile::tempdir().unwrap();
    let publication = Publication::named("opencv-zoo").unwrap();
    let [detector, embedder] = publication.downloads() else { panic!("two files") };
    std::fs::copy(measuring.join("detector.onnx"), folder.path().join(&detector.name)).unwrap();
    std::fs::copy(measuring.join("embedder.onnx"), folder.path().join(&embedder.name)).unwrap();
    std::fs::copy(own.join("golden.json"), folder.path().join("golden.json")).unwrap();
    let manifest = std::fs::read_to_string(own.join("pack.toml")).unwrap();
    let stand_in = "b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507";
    std::fs::write(folder.path().join("pack.toml"), manifest.replace(&embedder.sha256, stand_in)).unwrap();
    let pack = ModelPack::load(folder.path()).unwrap();
    for engine in engines() {
        let report = check(&pack, &LoadedPack::open(&pack, &engine).unwrap(), &drawer).unwrap();
        assert_eq!((report.golden.pictures, report.golden.faces, report.labels), (3, 3, None));
    }
    let described = pack.describe(&select(EngineChoice::Rten, &Places::default()).unwrap().engine);
    assert_eq!(described.scope, tebura_face::Scope::People);
    assert!(pack.statement().iter().any(|line| line == "liveness: none"));
}
