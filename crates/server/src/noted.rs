//! Noting an upload: from the bytes in the blobs to the row that keeps them.

use std::time::Duration;

use domain::{AccountKey, ArtifactKey, Timestamp};
use store::command::Command;
use store::tables::Artifact;

use crate::problem::{self, Problem};
use crate::server::Server;

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
