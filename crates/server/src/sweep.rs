//! Letting go of what has served its time, in small steps.
//!
//! A blob is removed before the row says so: a crash in between leaves a row that is looked at again, and nothing on the
//! disk that nobody knows of.

use std::time::Duration;

use domain::Timestamp;
use store::command::{Answer, Command, EndArtifact};
use store::search;
use store::tables::Artifact;
use tokio_util::sync::CancellationToken;

use crate::problem::{self, Problem};
use crate::server::Server;

/// Between two looks: an artifact outlives its expiry by so much at the most.
const PAUSE: Duration = Duration::from_secs(60);
/// Artifacts of one step.
const AT_ONCE: usize = 64;
/// How long an artifact is kept on that a call may still fetch, before it is looked at again.
const KEPT_ON: Duration = Duration::from_secs(3600);

impl Server {
    /// Sweeps each minute until `shutdown`.
    pub async fn keep_swept(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let more = self.sweep_all().await.unwrap_or_else(|why| {
                tracing::error!(why = %why.detail, "sweeping failed; it goes on in a minute");
                false
            });
            if more {
                continue;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Lets go of everything whose time has come, a bounded number; whether more may be waiting.
    async fn sweep_all(&self) -> Result<bool, Problem> {
        let refused = self.sweep_refused().await?;
        Ok(self.sweep().await? || refused)
    }

    /// Lets go of refused requests whose time has come, a bounded number; whether more may be waiting.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_refused(&self) -> Result<bool, Problem> {
        let age = domain::time::micros(self.parts.settings.quarantine.age_max);
        let before = Timestamp(self.now().0.saturating_sub(age));
        Ok(matches!(self.parts.store.submit(Command::ForgetRefused { before }).await?, Answer::Done))
    }

    /// Lets go of artifacts whose time has come, a bounded number; whether more may be waiting.
    ///
    /// # Errors
    /// When the store fails, or the folder of blobs.
    pub async fn sweep(&self) -> Result<bool, Problem> {
        let now = self.now();
        let due = self.parts.store.read(move |rows| search::due_artifacts(rows, now, AT_ONCE)).await?;
        let mut settled = 0;
        for artifact in &due {
            match self.settle(artifact, now).await {
                Ok(is_done) => settled += usize::from(is_done),
                // One that cannot be removed holds up nobody: it comes again when its turn does.
                Err(why) => {
                    tracing::error!(artifact = artifact.key.0, why = %why.detail, "an artifact cannot be let go");
                    let keep_until = Some(now.after(KEPT_ON));
                    self.parts.store.submit(EndArtifact { artifact: artifact.key, keep_until, now }).await?;
                }
            }
        }
        Ok(settled == AT_ONCE)
    }

    /// Lets go of an artifact, or keeps it on; whether it came to either.
    async fn settle(&self, artifact: &Artifact, now: Timestamp) -> Result<bool, Problem> {
        // Announced before it is looked at who needs it: who stores the same bytes meanwhile takes it back.
        let Some(leaving) = self.parts.blobs.leave(artifact.sha256) else { return Ok(false) };
        let of = artifact.clone();
        let (is_wanted, has_others) = self
            .parts
            .store
            .read(move |rows| Ok((search::may_be_fetched(rows, of.key)?, search::blob_has_others(rows, &of)?)))
            .await?;
        if !is_wanted && !has_others {
            let removing = tokio::task::spawn_blocking(move || leaving.remove()).await;
            removing.map_err(|_| Problem::new(&problem::INTERNAL, "removing a blob was interrupted"))??;
        }
        let keep_until = is_wanted.then(|| now.after(KEPT_ON));
        let end = EndArtifact { artifact: artifact.key, keep_until, now };
        let is_done = matches!(self.parts.store.submit(end).await?, Answer::Done);
        if is_done && !is_wanted {
            self.metrics.artifacts_expired.inc();
        }
        Ok(is_done)
    }
}
