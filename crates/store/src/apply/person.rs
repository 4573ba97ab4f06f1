//! People: when they were last seen, where they are signed in, and which codes of theirs are used up.

use domain::catalogue::{Account, Catalogue};
use domain::person::{SESSIONS_MAX, Session};
use domain::{CredentialKey, SessionKey, Timestamp};

use super::Turn;
use crate::StoreError;
use crate::command::{Answer, EndSessions, Which};
use crate::row::{Row, RowsExt};
use crate::search;
use crate::tables::{CredentialUse, Entry, LastLogin, SESSION, SpentCode};

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
    let Some(account) = account(turn, session)? else { return Ok(Answer::Moved) };
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
    let from = session.address.as_deref().unwrap_or("an unknown address");
    turn.audit(now, &account.name, format!("signed in from {from}"))?;
    Ok(Answer::Done)
}

/// Whose session it is, unless the account has changed meanwhile so that it would not count.
fn account(turn: &mut Turn<'_>, session: &Session) -> Result<Option<Account>, StoreError> {
    let Some(entry) = turn.rows.load::<Entry>(session.account.0)? else { return Ok(None) };
    let mut catalogue = Catalogue::default();
    crate::change::take(&mut catalogue, &entry)?;
    let account = catalogue.accounts.remove(&session.account);
    Ok(account.filter(|account| session.is_open(account, session.begun)))
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
