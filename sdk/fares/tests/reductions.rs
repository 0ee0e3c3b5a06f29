//! Reductions: what they come to, in which order, and that nobody ever pays more for them.

use proptest::prelude::*;
use tebura_fares::{Party, Reduced, Reduction, Rounding, RoundingTime, price, reduce};

fn one(name: &str, pays_percent: u64, rounding: Rounding, on_top_of: &[&str]) -> Reduction {
    let on_top_of = on_top_of.iter().map(|name| (*name).to_owned()).collect();
    Reduction { name: name.to_owned(), pays_percent, rounding, on_top_of }
}

fn usual(rounding: Rounding) -> Vec<Reduction> {
    vec![
        one("child", 50, rounding, &[]),
        one("student", 80, rounding, &[]),
        one("senior", 70, rounding, &[]),
        one("disability", 50, rounding, &["child"]),
    ]
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn tran_2_tran_3_order_and_rounding_are_the_policys_by_golden_numbers() {
    let (up, nearest) = (usual(Rounding::Up10), usual(Rounding::Nearest10));
    let each = |yen, who: &[&str], policy| reduce(yen, &names(who), policy, RoundingTime::Each).yen;
    for (yen, who, up10, nearest10) in [
        (250, &["child"][..], 130, 130),
        (250, &["child", "disability"], 70, 70),
        (250, &["disability"], 130, 130),
        (150, &["child"], 80, 80),
        (310, &["child"], 160, 160),
        (390, &["child", "disability"], 100, 100),
        (330, &["student"], 270, 260),
        (330, &["senior"], 240, 230),
        (330, &["student", "senior"], 240, 230),
        (330, &["student", "disability"], 170, 170),
        (330, &[], 330, 330),
        (0, &["child"], 0, 0),
        (10, &["child"], 10, 10),
    ] {
        assert_eq!((each(yen, who, &up), each(yen, who, &nearest)), (up10, nearest10), "{yen} {who:?}");
    }
    // Rounded once at the end, and in another order, the same percentages are other fares.
    let end = reduce(230, &names(&["child", "disability"]), &up, RoundingTime::End);
    assert_eq!((end.yen, each(230, &["child", "disability"], &up)), (60, 60));
    let end = reduce(210, &names(&["child", "disability"]), &up, RoundingTime::End);
    assert_eq!((end.yen, each(210, &["child", "disability"], &up)), (60, 60));
    let end = reduce(170, &names(&["child", "disability"]), &up, RoundingTime::End);
    assert_eq!((end.yen, each(170, &["child", "disability"], &up)), (50, 50));
    let mixed = [one("child", 50, Rounding::Up10, &[]), one("disability", 50, Rounding::Down10, &["child"])];
    let turned = [one("disability", 50, Rounding::Down10, &[]), one("child", 50, Rounding::Up10, &["disability"])];
    let both = names(&["child", "disability"]);
    assert_eq!(reduce(250, &both, &mixed, RoundingTime::Each), Reduced { yen: 60, by: both.clone() });
    let by = names(&["disability", "child"]);
    assert_eq!(reduce(250, &both, &turned, RoundingTime::Each), Reduced { yen: 60, by });
    assert_eq!(
        (reduce(270, &both, &mixed, RoundingTime::Each).yen, reduce(270, &both, &turned, RoundingTime::Each).yen),
        (70, 70)
    );
    assert_eq!(
        (reduce(310, &both, &mixed, RoundingTime::Each).yen, reduce(310, &both, &turned, RoundingTime::Each).yen),
        (80, 80)
    );
    assert_eq!(
        (reduce(230, &both, &mixed, RoundingTime::Each).yen, reduce(230, &both, &turned, RoundingTime::Each).yen),
        (60, 60)
    );
    assert_eq!(
        (reduce(190, &both, &mixed, RoundingTime::Each).yen, reduce(190, &both, &turned, RoundingTime::Each).yen),
        (50, 50)
    );
}

#[test]
fn tran_2_a_companion_takes_infants_along_and_further_ones_pay_as_children() {
    let own = || Reduced { yen: 250, by: Vec::new() };
    let party = |adults, children, infants| Party { adults, children, infants, carer: false };
    let yen = |party, companions| price(250, own(), 130, 130, party, 2, companions).yen;
    assert_eq!(yen(party(0, 0, 2), 1), 250);
    assert_eq!(yen(party(0, 0, 3), 1), 380);
    assert_eq!(yen(party(1, 1, 4), 2), 250 + 250 + 130);
    assert_eq!(yen(party(0, 0, 1), 0), 380, "an infant without a companion pays as a child");
    let carer = Party { adults: 1, carer: true, ..Party::default() };
    assert_eq!(price(250, Reduced { yen: 130, by: names(&["disability"]) }, 130, 130, carer, 1, 1).yen, 260);
}

fn policies() -> impl Strategy<Value = Vec<Reduction>> {
    let rounding =
        prop_oneof![Just(Rounding::Up10), Just(Rounding::Nearest10), Just(Rounding::Down10), Just(Rounding::Up1)];
    let all = ["child", "student", "senior", "disability"];
    prop::collection::vec((1_u64..=100, rounding, prop::sample::subsequence(all.to_vec(), 0..4)), 4).prop_map(
        move |parts| {
            let zipped = all.iter().zip(parts);
            zipped.map(|(name, (percent, rounding, on_top))| one(name, percent, rounding, &on_top)).collect()
        },
    )
}

proptest! {
    #[test]
    fn tran_3_a_reduction_never_makes_a_fare_dearer_and_more_reasons_never_do(
        yen in 0_u64..100_000,
        policy in policies(),
        who in prop::sample::subsequence(vec!["child", "student", "senior", "disability"], 0..=4),
        further in prop::sample::select(vec!["child", "student", "senior", "disability"]),
        at_the_end in any::<bool>(),
    ) {
        let when = if at_the_end { RoundingTime::End } else { RoundingTime::Each };
        let mut who = names(&who);
        let fewer = reduce(yen, &who, &policy, when);
        prop_assert!(fewer.yen <= yen);
        prop_assert!(fewer.by.iter().all(|name| who.contains(name)));
        who.push(further.to_owned());
        prop_assert!(reduce(yen, &who, &policy, when).yen <= fewer.yen);
    }

    #[test]
    fn tran_6_fares_in_tens_stay_in_tens_and_grow_with_the_way(tens in 0_u64..10_000, more in 0_u64..100) {
        let policy = usual(Rounding::Up10);
        let who = names(&["child", "disability"]);
        let near = reduce(tens * 10, &who, &policy, RoundingTime::Each).yen;
        let far = reduce((tens + more) * 10, &who, &policy, RoundingTime::Each).yen;
        prop_assert!(near.is_multiple_of(10) && far >= near);
    }
}
