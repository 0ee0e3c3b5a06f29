//! The inbox: what far ends told, until it has been acted on, and what they call operations by.

use tebura_hub::notices::{Chargeback, Inbound, News, Notice, NoticeKey, NoticeWrite, Subject};
use tebura_hub::ports::Write;
use tebura_ledger::{RailId, Timestamp};

use super::ground::{Ground, LATER, NOW, yen};

fn rail(name: &str) -> RailId {
    RailId::new(name).unwrap()
}

fn notice(rail_name: &str, number: u8, at: Timestamp) -> Notice {
    let dispute = Chargeback {
        id: "dp_1".to_owned(),
        about: Subject::Reference("cp_1".to_owned()),
        amount: yen(300),
        reason: "fraudulent".to_owned(),
        details: vec![("網".to_owned(), "\"10.4\"".to_owned())],
    };
    let subject = || Subject::Operation("op_1".to_owned());
    Notice {
        key: NoticeKey { rail: rail(rail_name), digest: [number; 32] },
        request: Inbound {
            route: "events".to_owned(),
            headers: vec![("x-signature".to_owned(), "t=1,v1=\"ab\"".to_owned())],
            body: vec![0, 0xff, b'{'],
        },
        news: vec![
            News::Progress(subject()),
            News::DisputeOpened(dispute.clone()),
            News::DisputeWon(Chargeback { about: subject(), ..dispute.clone() }),
            News::DisputeLost(dispute),
        ],
        at,
        due_at: Some(at),
        looks: 0,
    }
}

async fn write(ground: &Ground, writes: Vec<NoticeWrite>) {
    ground.write(1, writes.into_iter().map(Write::Notice).collect()).await.unwrap();
}

pub(super) async fn a_notice_is_kept_looked_at_and_over(ground: &Ground) {
    let (first, second) = (notice("jp.example.inbox", 1, NOW), notice("jp.example.inbox", 2, LATER));
    let other = notice("jp.example.inbox2", 1, NOW.plus_ms(1));
    let all = [&first, &second, &other].map(|row| NoticeWrite::Kept(row.clone()));
    write(ground, all.to_vec()).await;
    for row in [&first, &second, &other] {
        assert_eq!(ground.store.notice(&row.key).await.unwrap().as_ref(), Some(row));
    }
    let due = async |now| {
        let rows = ground.store.due_notices(now, 10).await.unwrap();
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(due(NOW).await, std::slice::from_ref(&first.key));
    assert_eq!(due(LATER).await, [first.key.clone(), other.key.clone(), second.key.clone()]);
    assert_eq!(ground.store.due_notices(LATER, 1).await.unwrap(), std::slice::from_ref(&first));

    let looked = Notice { news: vec![first.news[0].clone()], due_at: Some(LATER), looks: 1, ..first.clone() };
    write(ground, vec![NoticeWrite::Kept(looked.clone())]).await;
    assert_eq!(ground.store.notice(&first.key).await.unwrap(), Some(looked.clone()));
    let emptied = Inbound { headers: vec![], body: vec![], ..first.request.clone() };
    let over = Notice { news: vec![], due_at: None, looks: 1, request: emptied, ..first.clone() };
    write(ground, vec![NoticeWrite::Kept(over.clone())]).await;
    // Somebody slower, and the same notice once more: it stays over.
    write(ground, vec![NoticeWrite::Kept(looked), NoticeWrite::Kept(first.clone())]).await;
    assert_eq!(ground.store.notice(&first.key).await.unwrap(), Some(over));
    assert_eq!(due(NOW.plus_ms(1)).await, std::slice::from_ref(&other.key));

    write(ground, vec![NoticeWrite::Forgotten { before: NOW }]).await;
    assert!(ground.store.notice(&first.key).await.unwrap().is_some());
    write(ground, vec![NoticeWrite::Forgotten { before: LATER.plus_ms(1) }]).await;
    assert_eq!(ground.store.notice(&first.key).await.unwrap(), None);
    assert!(ground.store.notice(&other.key).await.unwrap().is_some(), "what is open is never forgotten");
    let closed = [other, second].map(|row| NoticeWrite::Kept(Notice { due_at: None, ..row }));
    write(ground, closed.to_vec()).await;
    assert_eq!(due(LATER).await, []);
}

pub(super) async fn an_operation_is_found_by_its_rails_name_for_it(ground: &Ground) {
    let (one, two) = (ground.operation_id(0), ground.operation_id(3));
    let named = |name: &str, reference: &str, operation| NoticeWrite::Named {
        rail: rail(name),
        reference: reference.to_owned(),
        operation,
    };
    write(ground, vec![named("jp.example.a", "pa_1", one), named("jp.example.b", "pa_1", two)]).await;
    // The same again, and a rail that has one name for two operations.
    write(ground, vec![named("jp.example.a", "pa_1", one), named("jp.example.b", "pa_1", one)]).await;
    let found = async |name: &str, reference: &str| {
        let mut found = ground.store.operations_named(&rail(name), reference).await.unwrap();
        found.sort();
        found
    };
    assert_eq!(found("jp.example.a", "pa_1").await, [one]);
    let mut both = vec![one, two];
    both.sort();
    assert_eq!(found("jp.example.b", "pa_1").await, both);
    assert_eq!(found("jp.example.a", "pa_2").await, []);
}
