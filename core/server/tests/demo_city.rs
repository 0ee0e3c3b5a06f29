//! The demo city from one end to the other: the embedded pack, the signed wallet plugin, the provider over HTTP, SQLite.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Cursor;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};
use tebura_face_engine::EngineChoice;
use tebura_providers::{Misbehaviour, Rule, Target};
use tebura_server::demo::{DemoCity, DemoFile, faces};
use tebura_server::routes;
use tower::ServiceExt;

struct Town {
    city: DemoCity,
    router: Router,
    keys: DemoFile,
}

impl Town {
    async fn start(data: &std::path::Path) -> Town {
        let city = DemoCity::start(data, EngineChoice::Rten, None, &|_| {}).await.unwrap();
        let (router, keys) = (routes::router(city.app.clone()), city.file("http://127.0.0.1".to_owned()));
        Town { city, router, keys }
    }

    async fn pay(&self, face: &str, minor: i64, key: &str) -> (StatusCode, Value) {
        self.pay_with(&faces::png(face).unwrap(), minor, key).await
    }

    async fn pay_with(&self, image: &[u8], minor: i64, key: &str) -> (StatusCode, Value) {
        let payment = json!({"amount": {"minor": minor, "currency": "JPY"}});
        let mut body =
            format!("--e\r\ncontent-disposition: form-data; name=\"payment\"\r\n\r\n{payment}\r\n").into_bytes();
        body.extend_from_slice(b"--e\r\ncontent-disposition: form-data; name=\"image\"\r\n\r\n");
        body.extend_from_slice(image);
        body.extend_from_slice(b"\r\n--e--\r\n");
        let request = Request::post("/v1/payments/face")
            .header("authorization", format!("Bearer {}", self.keys.till_key))
            .header("idempotency-key", key)
            .header("content-type", "multipart/form-data; boundary=e")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// What can be spent: Hanako, Taro, Sakura, the shop's wallet, the shop's points.
    async fn balances(&self) -> [i64; 5] {
        let request = Request::get("/demo/balances")
            .header("authorization", format!("Bearer {}", self.keys.operator_key))
            .body(Body::empty());
        let (_, balances) = self.send(request.unwrap()).await;
        let balances: Vec<i64> =
            balances.as_array().unwrap().iter().map(|balance| balance["available"].as_i64().unwrap()).collect();
        balances.try_into().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boj_3_the_drawn_people_pay_and_nobody_else_does() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    assert_eq!(town.balances().await, [20_000, 8_000, 300, 0, 0]);
    let (status, paid) = town.pay("hanako", 1_200, "a").await;
    assert_eq!((status, &paid["masked_name"]), (StatusCode::CREATED, &json!("山＊＊＊")), "{paid}");
    assert_eq!(paid["hold"]["rail"], "jp.tebura.wallet");
    let (status, paid) = town.pay("taro", 800, "b").await;
    assert_eq!((status, &paid["hold"]["rail"]), (StatusCode::CREATED, &json!("house")), "{paid}");
    for (face, code) in [
        ("sakura", "funds.insufficient"),
        ("stranger", "face.not_recognised"),
        ("masked", "face.masked"),
        ("screen", "liveness.attack"),
        ("two", "face.several"),
        ("nobody", "face.none"),
    ] {
        let (status, refused) = town.pay(face, 1_200, face).await;
        assert_eq!((status, &refused["code"]), (StatusCode::PAYMENT_REQUIRED, &json!(code)), "{face}: {refused}");
    }
    assert_eq!(town.balances().await, [18_800, 7_200, 300, 1_200, 800]);
    assert_eq!(town.city.wallet.sandbox.audit().await.unwrap().faults, Vec::<String>::new());
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_the_city_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    let (_, first) = town.pay("hanako", 500, "same").await;
    let keys = town.keys.till_key.clone();
    town.city.stop().await;

    let town = Town::start(data.path()).await;
    assert_eq!(town.keys.till_key, keys, "a till keeps its key");
    assert_eq!(town.balances().await, [19_500, 8_000, 300, 500, 0], "nothing is funded twice");
    let (status, again) = town.pay("hanako", 500, "same").await;
    assert_eq!((status, &again["id"]), (StatusCode::CREATED, &first["id"]), "the same key is the same payment");
    assert_eq!(town.balances().await, [19_500, 8_000, 300, 500, 0]);
    town.city.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_asked_for_again_and_paid_once() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    let lose = |on| Rule { on, times: 1, misbehaviour: Misbehaviour::LoseReply };
    town.city.wallet.switches.set(lose(Target::Preauthorization));
    town.city.wallet.switches.set(lose(Target::Capture));
    let (status, paid) = town.pay("hanako", 700, "lost").await;
    assert_eq!(status, StatusCode::CREATED, "{paid}");
    assert_eq!(town.balances().await, [19_300, 8_000, 300, 700, 0]);
    assert_eq!(town.city.wallet.sandbox.audit().await.unwrap().faults, Vec::<String>::new());
    town.city.stop().await;
}

/// A file with a PNG's first chunk and nothing behind it: what is declared is refused before it is decoded.
fn png_that_declares(width: u32, height: u32) -> Vec<u8> {
    let mut whole = Cursor::new(Vec::new());
    RgbImage::new(1, 1).write_to(&mut whole, ImageFormat::Png).unwrap();
    let mut file = whole.into_inner();
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

/// The checksum of PNG chunks (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

/// A picture lying on its side, with the EXIF note that says so: what a telephone takes.
fn lying(png: &[u8]) -> Vec<u8> {
    let upright = image::load_from_memory(png).unwrap().into_rgb8();
    let mut jpeg = Cursor::new(Vec::new());
    image::imageops::rotate270(&upright).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    // APP1, "Exif", a big-endian TIFF with one entry: orientation (0x0112), SHORT, 1 value, 6: turn right to see it.
    let exif = b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_picture_is_refused_by_its_fault_and_a_lying_one_pays() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    let hanako = faces::png("hanako").unwrap();
    let plain = |width, height, grey| {
        let mut png = Cursor::new(Vec::new());
        RgbImage::from_pixel(width, height, image::Rgb([grey; 3])).write_to(&mut png, ImageFormat::Png).unwrap();
        png.into_inner()
    };
    for (name, image, status, code) in [
        ("text", b"not an image at all".to_vec(), 422, "image.not_an_image"),
        ("cut-off", hanako[..hanako.len() / 2].to_vec(), 422, "image.truncated"),
        ("bomb", png_that_declares(10_000, 5_000), 422, "image.too_many_pixels"),
        ("tiny", plain(16, 16, 128), 422, "image.too_small"),
        ("dark", plain(640, 480, 3), 402, "face.too_dark"),
        ("wall", plain(640, 480, 150), 402, "face.none"),
    ] {
        let (found, refused) = town.pay_with(&image, 100, name).await;
        assert_eq!((found.as_u16(), &refused["code"]), (status, &json!(code)), "{name}: {refused}");
    }
    let (status, paid) = town.pay_with(&lying(&hanako), 100, "lying").await;
    assert_eq!(status, StatusCode::CREATED, "{paid}");
    assert_eq!(town.balances().await, [19_900, 8_000, 300, 100, 0]);
    town.city.stop().await;
}

/// Every file below a folder, read whole.
fn contents(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

/// Looks for a part of the picture while the city runs, write-ahead log included, and after it stopped. A word that must
/// be there is found by the same search.
#[tokio::test(flavor = "multi_thread")]
async fn cam_3_cam_10_no_picture_is_left_in_the_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    let picture = faces::png("hanako").unwrap();
    let (status, paid) = town.pay_with(&picture, 600, "p").await;
    assert_eq!(status, StatusCode::CREATED, "{paid}");
    let part = &picture[picture.len() / 2..][..48];
    let payment = paid["id"].as_str().unwrap().trim_start_matches("pay_").to_owned();
    let id: Vec<u8> = (0..16).map(|at| u8::from_str_radix(&payment[2 * at..][..2], 16).unwrap()).collect();
    let holds = |needle: &[u8]| {
        let files = contents(data.path()).into_iter();
        let hits = files.filter(|(_, bytes)| bytes.windows(needle.len()).any(|window| window == needle));
        hits.map(|(path, _)| path).collect::<Vec<_>>()
    };
    let nowhere: [std::path::PathBuf; 0] = [];
    assert_eq!(holds(part), nowhere);
    assert!(!holds(&id).is_empty() || !holds(payment.as_bytes()).is_empty(), "the payment is found");
    town.city.stop().await;
    assert_eq!(holds(part), nowhere);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_do_not_share_a_folder() {
    let data = tempfile::tempdir().unwrap();
    let town = Town::start(data.path()).await;
    let second = DemoCity::start(data.path(), EngineChoice::Rten, None, &|_| {}).await;
    let refused = second.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("another hub uses"), "{refused}");
    town.city.stop().await;
}

#[test]
fn the_pictures_in_examples_are_what_the_drawer_draws() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pay-by-face");
    for name in faces::NAMES {
        let checked_in = std::fs::read(folder.join(format!("{name}.png"))).unwrap_or_default();
        let drawn = faces::png(name).unwrap();
        let pixels =
            |png: &[u8]| image::load_from_memory(png).map(|picture| picture.into_rgb8().into_raw()).unwrap_or_default();
        assert!(
            pixels(&checked_in) == pixels(&drawn),
            "{name}.png is another drawing: `tebura demo faces examples/pay-by-face`"
        );
    }
}
