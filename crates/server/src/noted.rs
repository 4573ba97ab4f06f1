//! Noting an upload: from the bytes in the blobs to the row that keeps them; or forgetting one that was refused.

use std::time::Duration;

use domain::{AccountKey, ArtifactKey, Timestamp};
use store::command::Command;
use store::search;
use store::tables::Artifact;

use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

/// What is said of an upload.
pub struct Noted {
    /// Its file name.
    pub name: String,
    /// Its media type, as its sender has it.
    pub content_type: String,
    /// Who sent it.
    pub owner: AccountKey,
    /// How long it is kept; none: as long as `[artifacts] retention` says.
    pub retention: Option<Duration>,
}

impl Noted {
    /// Notes the upload. Its blob is held until the row is there, whether or not the caller waits for it: who hangs up
    /// leaves no row without its bytes.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note(self, server: &Server, blob: artifacts::Held) -> Result<Artifact, Problem> {
        let now = server.now();
        let retention = self.retention.or(server.parts.settings.artifact_retention);
        let artifact = Artifact {
            key: ArtifactKey(0),
            sha256: blob.sha256,
            size: i64::try_from(blob.size).unwrap_or(i64::MAX),
            name: self.name,
            content_type: self.content_type,
            owner: Some(self.owner),
            at: now,
            expires: retention.map_or(Timestamp::NEVER, |span| now.after(span)),
            removed: None,
        };
        let server = server.clone();
        let noting = tokio::spawn(async move {
            let _held = blob;
            let put = |key| Command::PutArtifact(Box::new(Artifact { key, ..artifact.clone() }));
            let key = server.add(now, put).await?;
            Ok(Artifact { key, ..artifact })
        });
        noting.await.map_err(|_| Problem::new(&problem::INTERNAL, "noting the artifact was interrupted"))?
    }
}

/// Forgets the bytes of an upload that was refused, unless somebody else keeps the same.
///
/// # Errors
/// When the store fails, or the folder of blobs.
pub async fn forget(server: &Shared, blob: artifacts::Held) -> Result<(), Problem> {
    let sha256 = blob.sha256;
    drop(blob);
    // Announced before it is looked at who needs it: who stores the same bytes meanwhile takes it back.
    let Some(leaving) = server.parts.blobs.leave(sha256) else { return Ok(()) };
    if !server.parts.store.read(move |rows| search::blob_is_kept(rows, &sha256, None)).await? {
        let removing = tokio::task::spawn_blocking(move || leaving.remove()).await;
        removing.map_err(|_| Problem::new(&problem::INTERNAL, "removing a blob was interrupted"))??;
    }
    Ok(())
}
