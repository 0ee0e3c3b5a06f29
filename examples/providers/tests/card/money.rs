//! Whatever is asked, in whatever order, with whatever going wrong: the money adds up.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tebura_providers::{Misbehaviour, Target};

use crate::client::{DAY, Far};

#[derive(Clone, Debug)]
enum Move {
    Hold(i64),
    Raise { hold: usize, total: i64 },
    Capture { hold: usize, amount: i64, keeps_rest: bool },
    Cancel { hold: usize },
    Refund { hold: usize, amount: i64 },
    Dispute { hold: usize, amount: i64 },
    Decide { dispute: usize, won: bool },
    Pass(i64),
    Misbehave(Misbehaviour),
}

fn any_move() -> impl Strategy<Value = Move> {
    let hold = 0..4_usize;
    let misbehaviour =
        prop_oneof![Just(Misbehaviour::LoseReply), Just(Misbehaviour::FailAfter), Just(Misbehaviour::ApplyTwice)];
    prop_oneof![
        4 => (50..6_000_i64).prop_map(Move::Hold),
        2 => (hold.clone(), 50..8_000_i64).prop_map(|(hold, total)| Move::Raise { hold, total }),
        4 => (hold.clone(), 1..6_000_i64, any::<bool>()).prop_map(|(hold, amount, keeps_rest)| Move::Capture { hold, amount, keeps_rest }),
        2 => hold.clone().prop_map(|hold| Move::Cancel { hold }),
        3 => (hold.clone(), 1..4_000_i64).prop_map(|(hold, amount)| Move::Refund { hold, amount }),
        2 => (hold, 1..4_000_i64).prop_map(|(hold, amount)| Move::Dispute { hold, amount }),
        2 => (0..3_usize, any::<bool>()).prop_map(|(dispute, won)| Move::Decide { dispute, won }),
        1 => (1..3 * DAY).prop_map(Move::Pass),
        2 => misbehaviour.prop_map(Move::Misbehave),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_add_up_after_every_call(moves in prop::collection::vec(any_move(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(moves))?;
    }
}

async fn play(moves: Vec<Move>) -> Result<(), TestCaseError> {
    let far = Far::start().await;
    far.running.sandbox.set_limit("pm_card_visa", 12_000);
    for (at, next) in moves.into_iter().enumerate() {
        act(&far, &format!("key-{at}"), next).await;
        let audit = far.running.sandbox.audit();
        prop_assert_eq!(&audit.faults, &Vec::<String>::new());
        prop_assert!(audit.paid + audit.held <= 12_000, "{:?}", audit);
    }
    Ok(())
}

/// Asks for it; whether and what is answered does not matter here.
async fn act(far: &Far, key: &str, next: Move) {
    let sandbox = &far.running.sandbox;
    let intents = sandbox.intents();
    let intent = |at: usize| intents.get(at).and_then(|intent| intent["id"].as_str()).unwrap_or("pi_none").to_owned();
    let charge = |at: usize| {
        intents.get(at).and_then(|intent| intent["latest_charge"]["id"].as_str()).unwrap_or("ch_none").to_owned()
    };
    let (path, form) = match next {
        Move::Hold(amount) => {
            let form = format!(
                "amount={amount}&currency=jpy&capture_method=manual&confirm=true&payment_method=pm_card_visa\
                 &payment_method_options[card][request_incremental_authorization]=if_available\
                 &payment_method_options[card][request_multicapture]=if_available"
            );
            ("/v1/payment_intents".to_owned(), form)
        }
        Move::Raise { hold, total } => {
            (format!("/v1/payment_intents/{}/increment_authorization", intent(hold)), format!("amount={total}"))
        }
        Move::Capture { hold, amount, keeps_rest } => (
            format!("/v1/payment_intents/{}/capture", intent(hold)),
            format!("amount_to_capture={amount}&final_capture={}", !keeps_rest),
        ),
        Move::Cancel { hold } => (format!("/v1/payment_intents/{}/cancel", intent(hold)), String::new()),
        Move::Refund { hold, amount } => ("/v1/refunds".to_owned(), format!("charge={}&amount={amount}", charge(hold))),
        Move::Dispute { hold, amount } => {
            let _ = sandbox.dispute(&charge(hold), amount, "fraudulent");
            return;
        }
        Move::Decide { dispute, won } => {
            let disputes = far.get("/v1/disputes").await.json();
            let id = disputes["data"][dispute]["id"].as_str().unwrap_or("du_none").to_owned();
            let _ = sandbox.close_dispute(&id, won);
            return;
        }
        Move::Pass(ms) => return far.clock.advance_ms(ms),
        Move::Misbehave(misbehaviour) => return far.running.switches.next(Target::Capture, misbehaviour),
    };
    let _ = far.post(&path, key, &form).await;
}
