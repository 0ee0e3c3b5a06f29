//! Feeds in the real format, read in both ways, and spoiled in every way that somebody spoils one.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use tebura_fares::{Files, compile};

fn kaga() -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kaga/gtfs-jp");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// The same stops and trips with Fares v2.
fn v2() -> Files {
    let mut files = kaga();
    files.remove("fare_attributes.txt");
    files.remove("fare_rules.txt");
    let mut put = |name: &str, text: &str| drop(files.insert(name.to_owned(), text.to_owned()));
    put("areas.txt", "area_id,area_name\ntown,町\nsea,海\n");
    put("stop_areas.txt", "area_id,stop_id\ntown,S01_1\ntown,S02_1\ntown,S03_1\nsea,S04_1\nsea,S05_1\n");
    put(
        "rider_categories.txt",
        "rider_category_id,rider_category_name,is_default_fare_category\nadult,大人,1\nchild,小児,0\n",
    );
    put(
        "fare_products.txt",
        "fare_product_id,fare_product_name,rider_category_id,fare_media_id,amount,currency\n\
         near,近距離,adult,,200,JPY\nnear,近距離,child,,100,JPY\nfar,遠距離,,,400,JPY\nfar,遠距離,,ic,380,JPY\n",
    );
    put(
        "fare_leg_rules.txt",
        "network_id,from_area_id,to_area_id,fare_product_id\n,town,town,near\n,sea,sea,near\n,town,sea,far\n,sea,town,far\n",
    );
    files
}

fn said(files: &Files, route: &str) -> Vec<String> {
    compile(files, route).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn tran_1_fares_of_a_gtfs_jp_feed_are_what_its_rules_say() {
    let compiled = compile(&kaga(), "sea").unwrap();
    let table = &compiled.table;
    let names: Vec<&str> = table.stops.iter().map(|stop| stop.name.as_str()).collect();
    assert_eq!(names.len(), 5);
    assert!(!compiled.fares_v2 && compiled.rides == 20);
    assert_eq!((table.fare("S01_1", "S03_1"), table.fare("S03_1", "S01_1")), (Some(250), Some(250)));
    assert_eq!(table.fare("S01_1", "S01_1"), None);
    let (most, yen) = table.most_from("S02_1").unwrap();
    assert_eq!((most.id.as_str(), yen, table.flat()), ("S05_1", 330, None));
    assert_eq!(table.problems(), []);
    // A line in a circle with one fare is no riddle.
    assert_eq!(compile(&kaga(), "loop").unwrap().table.flat(), Some(100));
}

#[test]
fn tran_1_fares_v2_go_by_areas_products_categories_and_priorities() {
    let compiled = compile(&v2(), "sea").unwrap();
    let table = &compiled.table;
    assert!(compiled.fares_v2);
    assert_eq!((table.fare("S01_1", "S02_1"), table.fare("S01_1", "S05_1")), (Some(200), Some(380)));
    assert_eq!((table.fare_of("child", "S01_1", "S02_1"), table.fare_of("child", "S01_1", "S05_1")), (Some(100), None));
    // With priorities an empty area is any area, and the highest priority counts.
    let mut any = v2();
    let rules = "from_area_id,to_area_id,fare_product_id,rule_priority\n,,far,\ntown,town,near,1\n";
    any.insert("fare_leg_rules.txt".to_owned(), rules.to_owned());
    let table = compile(&any, "sea").unwrap().table;
    assert_eq!((table.fare("S01_1", "S02_1"), table.fare("S04_1", "S05_1")), (Some(200), Some(380)));
    // Without priorities it is all that no rule names: nothing is said of the sea then.
    any.insert(
        "fare_leg_rules.txt".to_owned(),
        "from_area_id,to_area_id,fare_product_id\n,,far\ntown,town,near\nsea,,near\n".to_owned(),
    );
    let told = said(&any, "sea").join("\n");
    assert!(told.contains("no fare from \"S01_1\" to \"S04_1\""), "{told}");
}

#[test]
fn tran_1_what_is_wrong_with_a_feed_is_named_with_file_and_line_in_both_languages() {
    for (file, from, to, told, japanese) in [
        (
            "stop_times.txt",
            "S03_1,3\nsea_out",
            "S09_1,3\nsea_out",
            "stop_times.txt line 4: stop_id \"S09_1\" is not in stops.txt",
            "stop_times.txt 4 行目",
        ),
        (
            "fare_attributes.txt",
            "F250,250",
            "F250,-250",
            "fare_attributes.txt line 6: the price -250 is negative",
            "負です",
        ),
        (
            "fare_attributes.txt",
            "F250,250",
            "F250,250.5",
            "fare_attributes.txt line 6: the price \"250.5\" is not whole yen",
            "整数の円",
        ),
        (
            "fare_attributes.txt",
            "F250,250,JPY",
            "F250,250,USD",
            "fare_attributes.txt line 6: the currency \"USD\"",
            "JPY と書いて",
        ),
        ("fare_attributes.txt", "F250,250", "F230,250", "\"F230\" is there twice", "二度あります"),
        (
            "fare_rules.txt",
            "F250,sea,Z1,Z3,\n",
            "",
            "no fare from \"S01_1\" to \"S03_1\", which the trip \"sea_out_0700\" serves",
            "運賃がありません",
        ),
        (
            "fare_rules.txt",
            "F250,sea,Z1,Z3,",
            "F250,sea,Z1,Z9,",
            "fare_rules.txt line 4: destination_id \"Z9\" is not in stops.txt",
            "stops.txt にありません",
        ),
        (
            "fare_rules.txt",
            "F250,sea,Z1,Z3,",
            "F999,sea,Z1,Z3,",
            "fare_id \"F999\" is not in fare_attributes.txt",
            "fare_attributes.txt に加える",
        ),
        (
            "fare_rules.txt",
            "F250,sea,Z1,Z3,",
            "F250,sea,Z1,Z3,Z2",
            "contains_id would change fares",
            "contains_id には対応していません",
        ),
        ("stops.txt", "136.3140,Z3", "136.3140,", "the stop \"S03_1\" has no zone_id", "zone_id がありません"),
        ("stop_times.txt", "S05_1,5\nsea_in", "S01_1,5\nsea_in", "passes the stop \"S01_1\" twice", "二度通り"),
        (
            "stop_times.txt",
            "S02_1,2\nsea_out",
            "S02_1,two\nsea_out",
            "stop_sequence \"two\" is no number",
            "番号ではありません",
        ),
        ("fare_attributes.txt", "price", "cost", "the column price is missing", "列 price がありません"),
        ("trips.txt", "sea,平日,sea_out_0700", "see,平日,sea_out_0700", "", ""),
        ("stops.txt", "温泉駅前", "\"温泉駅前", "a quotation mark never closes", "引用符"),
    ] {
        let mut files = kaga();
        let spoiled = files[file].replacen(from, to, 1);
        assert_ne!(spoiled, files[file], "{from}");
        files.insert(file.to_owned(), spoiled);
        match compile(&files, "sea") {
            Ok(compiled) => assert!(told.is_empty() && compiled.rides == 10, "{to} was taken"),
            Err(problems) => {
                let (english, other): (Vec<String>, Vec<String>) =
                    problems.iter().map(|problem| (problem.to_string(), problem.japanese())).unzip();
                assert!(!told.is_empty() && english.iter().any(|line| line.contains(told)), "{to}: {english:?}");
                assert!(other.iter().any(|line| line.contains(japanese)), "{to}: {other:?}");
            }
        }
    }
    let mut files = kaga();
    files.remove("trips.txt");
    assert_eq!(said(&files, "sea"), ["trips.txt: the file is missing; add it to the feed"]);
    assert!(said(&kaga(), "moon").join(" ").contains("\"moon\" is not in routes.txt"));
    let stations = "stop_id,stop_name,zone_id,parent_station\nA,a,,B\nB,b,,A\n";
    let mut files = kaga();
    let stops = format!("{stations}{}", files["stops.txt"].split_once('\n').unwrap().1.replace(",Z", ",,Z"));
    files.insert("stops.txt".to_owned(), stops);
    assert!(said(&files, "sea").iter().any(|line| line.contains("is its own parent_station")));
}

#[test]
fn tran_1_each_fault_of_fares_v2_is_named() {
    for (file, from, to, told) in [
        ("fare_products.txt", ",200,JPY", ",-200,JPY", "fare_products.txt line 2: the price -200 is negative"),
        (
            "fare_products.txt",
            "near,近距離,child",
            "near,近距離,baby",
            "rider_category_id \"baby\" is not in rider_categories.txt",
        ),
        (
            "fare_leg_rules.txt",
            ",town,town,near",
            ",moon,town,near",
            "fare_leg_rules.txt line 2: from_area_id \"moon\" is not in areas.txt",
        ),
        (
            "fare_leg_rules.txt",
            ",town,town,near",
            ",town,town,nearer",
            "fare_product_id \"nearer\" is not in fare_products.txt",
        ),
        ("fare_leg_rules.txt", ",town,town,near\n", "", "no fare from \"S03_1\" to \"S02_1\""),
        ("stop_areas.txt", "town,S01_1", "town,S99_1", "stop_areas.txt line 2: stop_id \"S99_1\" is not in stops.txt"),
    ] {
        let mut files = v2();
        let spoiled = files[file].replacen(from, to, 1);
        assert_ne!(spoiled, files[file], "{from}");
        files.insert(file.to_owned(), spoiled);
        let english = said(&files, "sea");
        assert!(english.iter().any(|line| line.contains(told)), "{to}: {english:?}");
    }
}

proptest! {
    #[test]
    fn tran_6_every_ride_costs_what_the_feed_says_in_whole_yen(prices in prop::collection::vec(0_u64..2_000, 2..40)) {
        // As many stops as the prices reach, every pair onwards with a price of its own.
        let mut files = BTreeMap::new();
        let count = (2..).take_while(|n| n * (n - 1) / 2 <= prices.len()).last().unwrap_or(2);
        let mut pairs = Vec::new();
        for from in 0..count {
            for to in from + 1..count {
                pairs.push((from, to, prices[pairs.len()]));
            }
        }
        let lines = |head: &str, lines: Vec<String>| format!("{head}\n{}\n", lines.join("\n"));
        let of = |line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>();
        files.insert("stops.txt".to_owned(), lines("stop_id,zone_id", of(&|n| format!("S{n},Z{n}"))));
        files.insert("routes.txt".to_owned(), "route_id\nr\n".to_owned());
        files.insert("trips.txt".to_owned(), "route_id,trip_id\nr,t\n".to_owned());
        files.insert("stop_times.txt".to_owned(), lines("trip_id,stop_id,stop_sequence", of(&|n| format!("t,S{n},{n}"))));
        let attributes = pairs.iter().map(|(from, to, yen)| format!("F{from}_{to},{yen}.00,JPY")).collect();
        files.insert("fare_attributes.txt".to_owned(), lines("fare_id,price,currency_type", attributes));
        let rules = pairs.iter().map(|(from, to, _)| format!("F{from}_{to},Z{from},Z{to}")).collect();
        files.insert("fare_rules.txt".to_owned(), lines("fare_id,origin_id,destination_id", rules));
        let table = compile(&files, "r").unwrap().table;
        for (from, to, yen) in &pairs {
            prop_assert_eq!(table.fare(&format!("S{from}"), &format!("S{to}")), Some(*yen));
            let most = table.most_from(&format!("S{from}")).unwrap().1;
            prop_assert!(most >= *yen);
        }
        prop_assert_eq!(table.problems(), Vec::new());
    }

    #[test]
    fn whatever_stands_in_a_feed_is_read_or_refused(text in "[\",\n\r a-z0-9_.-]{0,200}") {
        for file in ["stops.txt", "stop_times.txt", "fare_rules.txt", "fare_attributes.txt", "trips.txt"] {
            let mut files = kaga();
            files.insert(file.to_owned(), text.clone());
            if let Err(problems) = compile(&files, "sea") {
                prop_assert!(!problems.is_empty());
            }
        }
    }
}
