//! The checked-in pack on drawn people that nothing was trained on: seeds from 7,000,000.

use tebura_drawn_faces::Scene;
use tebura_face::{
    Conditions, Decision, FalseMatchBudget, Gallery, Liveness, LivenessClaim, PairScores, Sample, SampleRefusal, Scope,
    Search, Template, decide,
};
use tebura_face_engine::{LoadedPack, Picture, Pipeline, check, check_golden};

use crate::packs::{draw, drawer, drawn_demo as pack, engines, loaded, pipeline};

const FIRST: u64 = 7_000_000;

fn sample(pipeline: &mut Pipeline, scene: &Scene) -> Result<Sample, SampleRefusal> {
    let picture = Picture::from_rgb(640, 480, draw(scene).into_raw()).unwrap();
    pipeline.examine_decoded(&picture).map(|examined| examined.sample)
}

#[test]
fn boj_30_the_pack_says_what_it_is_and_how_often_it_errs() {
    let pack = pack();
    let description = loaded(&pack).description().clone();
    assert_eq!(description.scope, Scope::DrawnFacesOnly);
    assert_eq!(description.liveness, LivenessClaim::Simulated);
    assert_eq!(description.licence, "Apache-2.0");
    let statement = pack.statement().join("\n");
    for words in ["genuine and 497500 impostor pairs", "false matches 0.005 %, false non-matches 0.00 %"] {
        assert!(statement.contains(words), "{words}: {statement}");
    }
}

#[test]
fn passes_its_own_check() {
    let pack = pack();
    let report = check(&pack, &loaded(&pack), &drawer).unwrap();
    eprintln!("{report:#?}");
    assert!(report.golden.embeddings > 0 && report.labels.is_some());
}

#[test]
fn reaches_its_golden_values_on_every_engine() {
    let pack = pack();
    for engine in engines() {
        let report = check_golden(&pack, &LoadedPack::open(&pack, &engine).unwrap(), &drawer).unwrap();
        eprintln!("{engine}: {report:?}");
        assert!(report.faces > 0);
    }
}

#[test]
fn both_engines_agree_on_every_golden_picture() {
    let pack = pack();
    let reports: Vec<Vec<Template>> = engines()
        .iter()
        .map(|engine| {
            let mut pipeline = LoadedPack::open(&pack, engine).unwrap().pipeline().unwrap();
            [Scene::frontal(1), Scene::kiosk(1, 1), Scene::kiosk(2, 1), Scene::hard(3, 1)]
                .iter()
                .map(|scene| sample(&mut pipeline, scene).unwrap().template)
                .collect()
        })
        .collect();
    for other in &reports[1..] {
        for (left, right) in reports[0].iter().zip(other) {
            let off = left.values().iter().zip(right.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-4, "{off}");
        }
    }
}

#[test]
fn tells_unseen_people_apart_at_a_kiosk() {
    const PEOPLE: u64 = 40;
    const VIEWS: u64 = 4;
    let mut pipeline = pipeline(&pack());
    let mut samples: Vec<(u64, Template)> = Vec::new();
    let mut missed = Vec::new();
    for person in FIRST..FIRST + PEOPLE {
        for view in 0..VIEWS {
            match sample(&mut pipeline, &Scene::kiosk(person, view)) {
                Ok(sample) => samples.push((person, sample.template)),
                Err(refusal) => missed.push((person, view, refusal)),
            }
        }
    }
    let mut scores = PairScores::new();
    for (index, (person, template)) in samples.iter().enumerate() {
        for (other, reference) in &samples[..index] {
            scores.add(person == other, template.similarity(reference));
        }
    }
    let rates = scores.equal_error().unwrap();
    let (genuine, impostor) = scores.means();
    eprintln!(
        "EER {:.2} % at {:.3}, means {genuine:.3} and {impostor:.3}, missed {missed:?}, {:?} pairs",
        rates.mean() * 100.0,
        rates.threshold.value(),
        scores.pairs(),
    );
    assert!(rates.mean() <= 0.02, "EER {}", rates.mean());
    assert!(missed.len() <= 1, "{missed:?}");
}

#[test]
fn boj_28_glasses_and_masks_are_seen_and_what_a_mask_costs_is_known() {
    const PEOPLE: u64 = 50;
    let pack = pack();
    let verify = loaded(&pack).description().verify;
    let mut pipeline = pipeline(&pack);
    let (mut wrong, mut masked, mut not_matched) = (Vec::new(), 0, 0);
    for person in FIRST..FIRST + PEOPLE {
        let bare = sample(&mut pipeline, &Scene::kiosk(person, 0)).unwrap();
        let Ok(hidden) = sample(&mut pipeline, &Scene::masked(person, 1)) else { continue };
        for (scene, found) in [(Scene::kiosk(person, 0), &bare), (Scene::masked(person, 1), &hidden)] {
            let truth = &scene.draw(8, 6).faces[0];
            let expected = Conditions { glasses: Some(truth.glasses), mask: Some(truth.mask) };
            if found.conditions != expected {
                wrong.push((person, found.conditions, expected));
            }
        }
        masked += 1;
        not_matched += u32::from(bare.template.similarity(&hidden.template) < verify);
    }
    eprintln!("{masked} masked faces found, {not_matched} not matched; wrong: {wrong:?}");
    assert!(masked >= 48 && wrong.len() <= 5, "{masked} of {PEOPLE}: {wrong:?}");
    // Trained on bare faces: the pack's own measurement says 56 %, which is why a refusal speaks of the mask.
    assert!(not_matched > masked / 4, "{not_matched} of {masked}");
}

#[test]
fn says_how_large_a_gallery_may_be() {
    let curve = pack().measured_curve().unwrap();
    let budget = FalseMatchBudget::new(0.01).unwrap();
    let derived = curve.derive(budget, 100).unwrap();
    assert_eq!((derived.threshold().value(), derived.largest_gallery()), (0.639, 142));
    assert!(curve.derive(budget, 143).is_err());
}

#[test]
fn finds_the_enrolled_and_refuses_strangers() {
    const PEOPLE: u64 = 30;
    let pack = pack();
    let loaded = loaded(&pack);
    let policy = loaded.description().policy;
    let mut pipeline = loaded.pipeline().unwrap();
    let gallery = Gallery::new(loaded.description().template_dims);
    for person in FIRST..FIRST + PEOPLE {
        for view in [100, 101] {
            let sample = sample(&mut pipeline, &Scene::kiosk(person, view)).unwrap();
            gallery.insert(u128::from(person), &sample.template).unwrap();
        }
    }
    let (mut right, mut wrong, mut strangers) = (0, 0, 0);
    for person in FIRST..FIRST + 2 * PEOPLE {
        let Ok(sample) = sample(&mut pipeline, &Scene::kiosk(person, 200)) else { continue };
        let decision =
            decide(&gallery.search(&sample.template, &Search::everybody().not_below(policy.floor())), &policy);
        let enrolled = person < FIRST + PEOPLE;
        match decision {
            Decision::Recognised { subject, .. } if subject == u128::from(person) => right += 1,
            Decision::Recognised { .. } if enrolled => wrong += 1,
            Decision::Recognised { .. } => strangers += 1,
            Decision::Ambiguous { .. } | Decision::NotRecognised => {}
        }
    }
    eprintln!("{right} of {PEOPLE} recognised, {wrong} as somebody else, {strangers} strangers of {PEOPLE} accepted");
    assert!(right >= PEOPLE * 9 / 10, "{right} of {PEOPLE} recognised");
    assert_eq!((wrong, strangers), (0, 0));
}

#[test]
fn boj_27_refuses_pictures_of_screens_and_prints() {
    const PEOPLE: u64 = 40;
    let mut pipeline = pipeline(&pack());
    let mut judge = |scene: fn(u64, u64) -> Scene| {
        let (mut live, mut judged) = (0, 0);
        for person in FIRST..FIRST + PEOPLE {
            let Ok(sample) = sample(&mut pipeline, &scene(person, 300)) else { continue };
            match sample.liveness {
                Liveness::Live { .. } => (live, judged) = (live + 1, judged + 1),
                Liveness::Attack { .. } => judged += 1,
                Liveness::StepBack | Liveness::NotClaimed => {}
            }
        }
        (live, judged)
    };
    let (direct, screens, prints) = (judge(Scene::kiosk), judge(Scene::screen_replay), judge(Scene::print));
    eprintln!("taken for live: {direct:?} direct, {screens:?} screens, {prints:?} prints");
    assert!(direct.1 >= PEOPLE * 9 / 10 && direct.0 * 20 >= direct.1 * 19, "{direct:?}");
    assert!(screens.1 >= PEOPLE / 2 && screens.0 * 10 <= screens.1, "{screens:?}");
    assert!(prints.1 >= PEOPLE / 2 && prints.0 * 10 <= prints.1, "{prints:?}");
}
