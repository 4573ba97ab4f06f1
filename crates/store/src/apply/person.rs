//! People: when they were last seen, where they are signed in, and which codes of theirs are used up.

use domain::person::{SESSIONS_MAX, Session};
use domain::{CredentialKey, SessionKey, Timestamp};

use super::Turn;
use crate::StoreError;
use crate::command::{Answer, EndSessions, Which};
use crate::row::{Row, RowsExt};
use crate::search;
use crate::tables::{CredentialUse, LastLogin, SESSION, SpentCode};

pub(super) fn recognise(
    turn: &mut Turn<'_>,
    login: LastLogin,
    credential: Option<CredentialKey>,
) -> Result<Answer, StoreError> {
    put(turn, &login)?;
    if let Some(credential) = credential {
        put(turn, &CredentialUse { credential, at: login.at })?;
    }
    Ok(Answer::Done)
}

pub(super) fn begin(turn: &mut Turn<'_>, session: &Session) -> Result<Answer, StoreError> {
    let now = session.begun;
    let (mut kept, past): (Vec<Session>, Vec<Session>) = search::sessions(turn.rows, session.account)?
        .into_iter()
        .partition(|each| each.era == session.era && each.is_fresh(now));
    kept.sort_by_key(|each| std::cmp::Reverse(each.seen));
    let too_many = kept.into_iter().skip(SESSIONS_MAX - 1);
    for each in past.into_iter().chain(too_many) {
        turn.rows.delete(&SESSION, each.key.0)?;
    }
    let key = SessionKey(turn.key(now));
    turn.rows.add(&Session { key, ..session.clone() })?;
    Ok(Answer::Done)
}

pub(super) fn see(turn: &mut Turn<'_>, session: SessionKey, at: Timestamp) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Session>(session.0)? else { return Ok(Answer::NotFound) };
    turn.rows.change(&before, &Session { seen: at.max(before.seen), ..before.clone() })?;
    Ok(Answer::Done)
}

pub(super) fn end(turn: &mut Turn<'_>, end: &EndSessions) -> Result<Answer, StoreError> {
    let ends = |session: &Session| match end.which {
        Which::One(one) => session.key == one,
        Which::Others(one) => session.key != one,
    };
    let ended: Vec<Session> = search::sessions(turn.rows, end.account)?.into_iter().filter(ends).collect();
    if ended.is_empty() {
        return Ok(Answer::NotFound);
    }
    for session in ended {
        turn.rows.delete(&SESSION, session.key.0)?;
    }
    turn.audit(end.now, &end.who, end.what.clone())?;
    Ok(Answer::Done)
}

pub(super) fn spend(turn: &mut Turn<'_>, code: SpentCode) -> Result<Answer, StoreError> {
    let before = turn.rows.load::<SpentCode>(code.account.0)?;
    if before.is_some_and(|before| code.step <= before.step) {
        return Ok(Answer::Moved);
    }
    put(turn, &code)?;
    Ok(Answer::Done)
}

/// Adds a row, or writes it over the one with its key.
fn put<T: Row>(turn: &mut Turn<'_>, row: &T) -> Result<(), StoreError> {
    match turn.rows.load::<T>(row.key())? {
        Some(before) => turn.rows.change(&before, row),
        None => turn.rows.add(row),
    }
}
