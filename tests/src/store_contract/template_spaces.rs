//! Templates under secret rotations: what is stored is not the template, and a new rotation replaces an old one in place.

use std::collections::BTreeMap;

use tebura_hub::ids::ReferenceId;
use tebura_hub::people::FaceReference;
use tebura_hub::ports::Write;
use tebura_hub::template_spaces::TemplateWrite;

use super::durable::{Site, enrol, on_every_database};
use super::ground::{Ground, NOW};
use super::records::same_template;

on_every_database! {
    templates_move_to_a_new_space_while_others_enrol,
    a_space_whose_secret_is_gone_is_an_error_and_no_stranger,
}

async fn read(ground: &Ground) -> BTreeMap<ReferenceId, FaceReference> {
    let page = ground.store.face_references(None, 1_000).await.unwrap();
    assert!(page.damaged.is_empty() && page.last.is_none());
    page.rows.into_iter().map(|row| (row.id, row)).collect()
}

/// Number, whether it has ended, and how many templates stand in each space.
async fn spaces(ground: &Ground) -> Vec<(u32, bool, u64)> {
    let spaces = ground.store.template_spaces().await.unwrap();
    spaces.iter().map(|space| (space.number, space.until.is_some(), space.templates)).collect()
}

async fn write(ground: &Ground, write: TemplateWrite) {
    ground.write(0, vec![Write::Template(write)]).await.unwrap();
}

async fn templates_move_to_a_new_space_while_others_enrol(site: Site) {
    let (store, ground) = site.open().await;
    let (other_process, other) = site.open().await;
    assert!(spaces(&ground).await.is_empty());
    let mut written: Vec<FaceReference> = Vec::new();
    for word in ["一", "二", "三"] {
        written.extend(enrol(&ground, word).await.1);
    }
    assert_eq!(spaces(&ground).await, [(1, false, 6)]);

    write(&ground, TemplateWrite::Begin { number: 2, at: NOW }).await;
    // A process that remembers the older space writes into the newer one too. Its ids are not those of the first.
    (0..9).for_each(|_| {
        other.uuid(1);
    });
    written.extend(enrol(&other, "四").await.1);
    assert_eq!(spaces(&ground).await, [(1, true, 6), (2, false, 2)]);
    write(&ground, TemplateWrite::ForgetEmpty).await;
    assert_eq!(spaces(&ground).await.len(), 2, "nothing is forgotten while templates stand in it");

    let mut steps = 0;
    loop {
        let left = ground.store.templates_left_behind(4).await.unwrap();
        let found = read(&other).await;
        assert!(written.iter().all(|face| same_template(&found[&face.id].template, &face.template)), "step {steps}");
        if left.is_empty() {
            break;
        }
        steps += 1;
        ground.write(0, left.into_iter().map(|id| Write::Template(TemplateWrite::Move(id))).collect()).await.unwrap();
    }
    assert_eq!(steps, 2);
    write(&ground, TemplateWrite::ForgetEmpty).await;
    assert_eq!(spaces(&ground).await, [(2, false, 8)]);

    // Twice, and for somebody who is gone: nothing happens, and nobody comes back.
    site.sql("DELETE FROM face_reference WHERE id = (SELECT id FROM face_reference ORDER BY id LIMIT 1)")
        .await
        .unwrap();
    let before = read(&ground).await;
    let again = written.iter().map(|face| Write::Template(TemplateWrite::Move(face.id))).collect();
    ground.write(0, again).await.unwrap();
    assert_eq!(read(&ground).await.len(), before.len());
    store.close().await;
    other_process.close().await;

    let (store, again) = site.open().await;
    let found = read(&again).await;
    assert!(found.iter().all(|(id, face)| same_template(&face.template, &before[id].template)));
    store.close().await;
}

async fn a_space_whose_secret_is_gone_is_an_error_and_no_stranger(site: Site) {
    let (store, ground) = site.open().await;
    enrol(&ground, "一").await;
    store.close().await;
    site.sql("DELETE FROM template_space").await.unwrap();
    let (store, ground) = site.open().await;
    assert!(ground.store.face_references(None, 10).await.is_err());
    store.close().await;
}
