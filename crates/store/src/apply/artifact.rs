//! Uploads: noted, and let go when their time has come.

use super::Turn;
use crate::StoreError;
use crate::command::{Answer, EndArtifact};
use crate::row::RowsExt;
use crate::tables::Artifact;

pub(super) fn put(turn: &mut Turn<'_>, artifact: &Artifact) -> Result<Answer, StoreError> {
    turn.rows.add(artifact)?;
    Ok(Answer::Done)
}

pub(super) fn end(turn: &mut Turn<'_>, end: &EndArtifact) -> Result<Answer, StoreError> {
    let EndArtifact { artifact, keep_until, now } = *end;
    let Some(before) = turn.rows.load::<Artifact>(artifact.0)? else { return Ok(Answer::NotDue) };
    if before.removed.is_some() || now < before.expires {
        return Ok(Answer::NotDue);
    }
    if let Some(until) = keep_until {
        turn.rows.change(&before, &Artifact { expires: until, ..before.clone() })?;
        return Ok(Answer::Done);
    }
    turn.rows.change(&before, &Artifact { removed: Some(now), ..before.clone() })?;
    let sha256: String = before.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    turn.audit(now, "retention", format!("let go of the artifact {:?}, sha256 {sha256}", before.name))?;
    Ok(Answer::Done)
}
