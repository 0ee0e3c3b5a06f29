//! Recognises people without a network: a picture, a bundle in memory, an entry in the device's log. No picture is kept.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use clap::Args;
use tebura_face::{LivenessPolicy, SampleRefusal};
use tebura_face_engine::EngineChoice;
use tebura_hub::pack_name;
use tebura_hub::ports::FaceEngine;

use super::bundle::{OpeningArguments, opened, refused};
use super::log::{AskedArguments, Known, SignerArguments, append, now_after};
use super::{Failure, Outcome, print};
use crate::messages::{self, Language, fill, text};
use crate::offline_bundle::{Found, OpenBundle};
use crate::start;

#[derive(Args)]
pub(in crate::cli) struct FaceArguments {
    /// The device's log; made when it is not there.
    log: PathBuf,
    /// The bundle.
    bundle: PathBuf,
    /// Pictures, one person each; when there are none, their paths are read from standard input, a line each.
    pictures: Vec<PathBuf>,
    #[command(flatten)]
    opening: OpeningArguments,
    #[command(flatten)]
    signer: SignerArguments,
    #[command(flatten)]
    asked: AskedArguments,
    /// The face engine: auto, ort or rten.
    #[arg(long, env = "TEBURA_ENGINE", default_value = "auto")]
    engine: EngineChoice,
}

/// A counter without a network.
struct Counter<'c> {
    arguments: &'c FaceArguments,
    faces: &'c dyn FaceEngine,
    bundle: OpenBundle,
    language: Language,
}

pub(super) async fn run(arguments: FaceArguments) -> Outcome {
    let language = Language::of_process();
    let (engine, pack) = (arguments.engine, arguments.opening.pack.clone());
    let faces = tokio::task::spawn_blocking(move || start::faces::start(engine, pack.as_deref())).await??;
    let pack = pack_name(faces.workers.pack());
    let bundle = opened(&arguments.bundle, &arguments.opening, &pack, now_after(&arguments.log)?)?;
    let counter = Counter { arguments: &arguments, faces: &*faces.workers, bundle, language };
    let mut others = 0;
    if arguments.pictures.is_empty() {
        for path in std::io::stdin().lock().lines() {
            others += u32::from(!counter.one(Path::new(path?.trim())).await?);
        }
    } else {
        for path in &arguments.pictures {
            others += u32::from(!counter.one(path).await?);
        }
    }
    if others == 0 { Ok(()) } else { Err(text(language, "offline.other_ways").into()) }
}

impl Counter<'_> {
    /// Looks at one picture. `false`: the person registers in another way.
    async fn one(&self, path: &Path) -> Result<bool, Failure> {
        let image = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let code = match self.look(image).await? {
            Ok(Found::Person { person, masked_name }) => {
                let header = self.bundle.header();
                let known =
                    Known { person: Some(person), by: Some("face".to_owned()), bundle: Some(header.id.clone()) };
                let FaceArguments { log, signer, asked, .. } = self.arguments;
                let number = append(log, signer, (&header.service, &header.device), asked, known)?.to_string();
                let values = [("name", masked_name.as_str()), ("number", &number)];
                print::line(&fill(self.language, "offline.recognised", &values));
                return Ok(true);
            }
            Ok(Found::Ambiguous) => "face.ambiguous",
            Ok(Found::Nobody) => "face.not_recognised",
            Err(code) => code,
        };
        let said = messages::find(self.language, &format!("problem.{code}")).unwrap_or_default();
        print::line(&format!("{}: {said} ({code})", path.display()));
        Ok(false)
    }

    async fn look(&self, image: Vec<u8>) -> Result<Result<Found, &'static str>, Failure> {
        let sample = match self.faces.examine(image).await {
            Ok(sample) => sample,
            Err(SampleRefusal::Engine(reason)) => return Err(reason.into()),
            Err(refusal) => return Ok(Err(refusal.code())),
        };
        // As online: nothing real is done on a face that nothing checked to be alive.
        let policy = if self.bundle.header().sandbox { LivenessPolicy::WhenClaimed } else { LivenessPolicy::Required };
        if let Err(refusal) = sample.liveness.admit(policy) {
            return Ok(Err(refusal.code()));
        }
        let found = self.bundle.find(&sample.template, now_after(&self.arguments.log)?);
        found.map(Ok).map_err(|refusal| refused(self.language, refusal).into())
    }
}
