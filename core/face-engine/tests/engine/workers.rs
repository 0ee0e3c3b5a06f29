//! The hub's port: answers, refuses when full, counts, and outlives its callers.

use std::sync::Arc;

use image::ImageFormat;
use tebura_drawn_faces::Scene;
use tebura_face::SampleRefusal;
use tebura_face_engine::{FaceWorkers, WorkerLimits};
use tebura_hub::ports::FaceEngine;
use tokio::task::JoinSet;

use crate::packs::{draw, each_pack, encoded, loaded};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn answers_as_the_pipeline_does() {
    let file = encoded(&draw(&Scene::kiosk(41, 0)), ImageFormat::Png);
    each_pack(|pack| {
        let loaded = loaded(pack);
        let direct = loaded.pipeline().unwrap().examine(&file).unwrap().sample;
        let workers = FaceWorkers::start(&loaded, WorkerLimits::default()).unwrap();
        assert_eq!(workers.pack(), loaded.description());
        let sample = runtime().block_on(workers.examine(file.clone())).unwrap();
        assert_eq!(sample.template.values(), direct.template.values());
        assert_eq!(sample.face, direct.face);
        let refusal = runtime().block_on(workers.examine(b"nothing".to_vec())).unwrap_err();
        assert_eq!(refusal, SampleRefusal::NotAnImage);
        let totals = workers.totals();
        assert_eq!((totals.samples, totals.refused, totals.busy), (1, 1, 0));
        let stages = totals.stages.by_name().map(|(name, _)| name);
        assert_eq!(stages, ["decode", "detect", "align", "liveness", "conditions", "embed"]);
        assert!(totals.stages.detect > std::time::Duration::ZERO);
    });
}

#[test]
fn a_full_queue_answers_at_once() {
    let file = encoded(&draw(&Scene::kiosk(42, 0)), ImageFormat::Png);
    each_pack(|pack| {
        let limits = WorkerLimits { workers: 1, queue: 2 };
        let workers = Arc::new(FaceWorkers::start(&loaded(pack), limits).unwrap());
        let results = runtime().block_on(async {
            let mut calls = JoinSet::new();
            for _ in 0..20 {
                let (workers, file) = (Arc::clone(&workers), file.clone());
                calls.spawn(async move { workers.examine(file).await });
            }
            calls.join_all().await
        });
        let busy = results
            .iter()
            .filter(
                |result| matches!(result, Err(SampleRefusal::EngineBusy { retry_after_ms }) if *retry_after_ms >= 50),
            )
            .count();
        let answered = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(busy + answered, 20);
        assert!((1..=20).contains(&answered) && busy > 0, "{answered} answered, {busy} busy");
        assert_eq!(workers.totals().busy, busy as u64);
    });
}

#[test]
fn a_caller_that_goes_away_leaves_the_worker_working() {
    let file = encoded(&draw(&Scene::kiosk(43, 0)), ImageFormat::Png);
    each_pack(|pack| {
        let limits = WorkerLimits { workers: 1, queue: 4 };
        let workers = FaceWorkers::start(&loaded(pack), limits).unwrap();
        runtime().block_on(async {
            for _ in 0..3 {
                let call = workers.examine(file.clone());
                // Polled once, so the picture is in the queue, and then dropped.
                let _ = polled_once(call).await;
            }
            assert!(workers.examine(file.clone()).await.is_ok());
        });
    });
}

/// Polls a future once and drops it.
async fn polled_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
