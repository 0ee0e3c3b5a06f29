//! Installing the published pack: nothing is written unless every digest fits.

use tebura_face_engine::{InstallError, Publication};

use crate::packs::measuring_folder;

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
