//! Programs: committed before they start and after they end, so that an interrupted one is known to be unknown.

use domain::MatchKey;
use domain::rule::{Match, MatchState};

use super::Turn;
use crate::StoreError;
use crate::command::{Answer, News, PerformEnd};
use crate::row::RowsExt;

pub(super) fn start(turn: &mut Turn<'_>, of: MatchKey) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Match>(of.0)? else { return Ok(Answer::NotFound) };
    if before.state != MatchState::Planned {
        return Ok(Answer::Taken);
    }
    let epoch = Some(turn.desk.node.epoch);
    turn.rows.change(&before, &Match { state: MatchState::Started, epoch, ..before.clone() })?;
    Ok(Answer::Done)
}

pub(super) fn again(turn: &mut Turn<'_>, of: MatchKey) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Match>(of.0)? else { return Ok(Answer::NotFound) };
    if before.state != MatchState::Unknown {
        return Ok(Answer::Taken);
    }
    turn.rows.change(&before, &Match { state: MatchState::Planned, text: None, ..before.clone() })?;
    turn.news.push(News::Perform);
    Ok(Answer::Done)
}

pub(super) fn end(turn: &mut Turn<'_>, end: &PerformEnd) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Match>(end.of.0)? else { return Ok(Answer::NotFound) };
    if before.state != MatchState::Started || before.epoch != Some(turn.desk.node.epoch) {
        return Ok(Answer::Taken);
    }
    let state = if end.ok { MatchState::Done } else { MatchState::Failed };
    turn.rows.change(&before, &Match { state, text: Some(end.text.clone()), ..before.clone() })?;
    Ok(Answer::Done)
}
