//! Whatever is ordered, in whatever order, with whatever going wrong: the money adds up.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tebura_providers::{Misbehaviour, Target};

use crate::client::{Far, HOUR};

#[derive(Clone, Debug)]
enum Move {
    Hold(i64),
    Raise { hold: u8, amount: i64 },
    Capture { hold: u8, amount: i64, is_final: bool },
    Revert { hold: u8, amount: i64 },
    Refund { capture: u8, amount: i64 },
    Repeat { of: u8 },
    Pass(i64),
    Misbehave(Misbehaviour),
}

fn any_move() -> impl Strategy<Value = Move> {
    let misbehaviour = prop_oneof![
        Just(Misbehaviour::LoseRequest),
        Just(Misbehaviour::LoseReply),
        Just(Misbehaviour::FailBefore),
        Just(Misbehaviour::FailAfter),
        Just(Misbehaviour::Garble),
        Just(Misbehaviour::ApplyTwice),
    ];
    prop_oneof![
        4 => (1..6_000_i64).prop_map(Move::Hold),
        4 => (1..6_u8, 1..4_000_i64, any::<bool>()).prop_map(|(hold, amount, is_final)| Move::Capture { hold, amount, is_final }),
        2 => (1..6_u8, 1..2_000_i64).prop_map(|(hold, amount)| Move::Raise { hold, amount }),
        2 => (1..6_u8, 1..4_000_i64).prop_map(|(hold, amount)| Move::Revert { hold, amount }),
        2 => (1..6_u8, 1..4_000_i64).prop_map(|(capture, amount)| Move::Refund { capture, amount }),
        2 => any::<u8>().prop_map(|of| Move::Repeat { of }),
        1 => (1..HOUR).prop_map(Move::Pass),
        2 => misbehaviour.prop_map(Move::Misbehave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_add_up_after_every_order(moves in prop::collection::vec(any_move(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(moves))?;
    }
}

async fn play(moves: Vec<Move>) -> Result<(), TestCaseError> {
    let far = Far::start().await;
    let mut sent: Vec<(usize, Move)> = Vec::new();
    for (at, next) in moves.into_iter().enumerate() {
        let (at, next) = if let Move::Repeat { of } = next {
            match sent.len() {
                0 => continue,
                orders => sent[usize::from(of) % orders].clone(),
            }
        } else {
            (at, next)
        };
        order(&far, at, &next).await;
        if !matches!(next, Move::Pass(_) | Move::Misbehave(_)) {
            sent.push((at, next));
        }
        let audit = far.running.sandbox.audit().await.unwrap();
        prop_assert_eq!(&audit.faults, &Vec::<String>::new());
        prop_assert_eq!(audit.issued, 10_000);
        prop_assert_eq!(audit.in_wallets + audit.at_merchants, 10_000);
    }
    Ok(())
}

/// Orders it; whether and what the provider answers does not matter here.
async fn order(far: &Far, at: usize, next: &Move) {
    let hub = far.client();
    let operation = format!("op_{at}");
    let _ = match next {
        Move::Hold(amount) => hub.hold(&operation, *amount).await,
        Move::Capture { hold, amount, is_final } => {
            hub.capture(&format!("pa_{hold}"), &operation, *amount, *is_final).await
        }
        Move::Raise { hold, amount } => hub.raise(&format!("pa_{hold}"), &operation, *amount).await,
        Move::Revert { hold, amount } => hub.revert(&format!("pa_{hold}"), &operation, *amount).await,
        Move::Refund { capture, amount } => hub.refund(&format!("cp_{capture}"), &operation, *amount).await,
        Move::Pass(ms) => {
            far.clock.advance_ms(*ms);
            return;
        }
        Move::Misbehave(misbehaviour) => {
            far.running.switches.next(Target::Any, *misbehaviour);
            return;
        }
        Move::Repeat { .. } => return,
    };
}
