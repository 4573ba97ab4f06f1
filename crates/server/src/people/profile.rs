//! What people change about themselves. What guards the account asks for the password again.

use domain::SessionKey;
use domain::person::{Session, check_password};
use store::command::{Answer, EndSessions, Which};
use store::search;

use super::session::{Browser, SignedIn};
use super::sign_in::{Guess, NotIn, enter, hash, set_password};
use crate::problem::{self, Problem};
use crate::server::Shared;

/// Holds the password of whoever is signed in against the account; one without a password proves nothing anew.
///
/// # Errors
/// When it is wrong, or was so too often.
pub(crate) async fn prove_again(server: &Shared, signed: &SignedIn, password: &str) -> Result<(), NotIn> {
    let Some(hash) = &signed.account.sign_in.password else { return Ok(()) };
    let mut attempt = enter(server, Guess::again(&signed.account.name))?;
    if !attempt.looked(server.people.passwords.is_right(password, Some(hash)).await)? {
        return Err(attempt.wrong());
    }
    attempt.right();
    Ok(())
}

/// Sets another password. Every session ends, and a new one begins here: the cookie to be set.
///
/// # Errors
/// When the present one is wrong, or the new one is not taken.
pub(crate) async fn change_password(
    server: &Shared,
    signed: &SignedIn,
    present: &str,
    new: &str,
    browser: &Browser,
) -> Result<String, NotIn> {
    prove_again(server, signed, present).await?;
    check_password(new, &signed.account.name).map_err(|why| NotIn::Weak(why.to_string()))?;
    let what = format!("changed the password of the account {}", signed.account.name);
    let account = set_password(server, &signed.account, hash(server, new).await?, &what).await?;
    server.begin_session(&account, browser).await?.ok_or(NotIn::Over)
}

/// The open sessions of whoever is signed in, the one that was used last first.
///
/// # Errors
/// When the store fails.
pub(crate) async fn sessions(server: &Shared, signed: &SignedIn) -> Result<Vec<Session>, Problem> {
    let (account, now) = (signed.account.clone(), server.now());
    let open = server.parts.store.read(move |rows| {
        let all = search::sessions(rows, account.key)?;
        Ok(all.into_iter().filter(|each| each.is_open(&account, now)).collect::<Vec<_>>())
    });
    let mut open = open.await?;
    open.sort_by_key(|each| std::cmp::Reverse((each.seen, each.key)));
    Ok(open)
}

/// Ends one session of whoever is signed in; it may be the present one.
///
/// # Errors
/// When it is none of theirs, or has ended.
pub(crate) async fn end_session(server: &Shared, signed: &SignedIn, session: SessionKey) -> Result<(), Problem> {
    let what = if session == signed.session.key { "signed out" } else { "ended one of their sessions" };
    if end(server, signed, Which::One(session), what).await? {
        return Ok(());
    }
    Err(Problem::new(&problem::NOT_FOUND, "there is no such session, or it has ended"))
}

/// Ends every other session of whoever is signed in.
///
/// # Errors
/// When the store fails.
pub(crate) async fn end_others(server: &Shared, signed: &SignedIn) -> Result<(), Problem> {
    end(server, signed, Which::Others(signed.session.key), "ended all their other sessions").await?;
    Ok(())
}

async fn end(server: &Shared, signed: &SignedIn, which: Which, what: &str) -> Result<bool, Problem> {
    let (account, who) = (signed.account.key, signed.account.name.clone());
    let end = EndSessions { account, which, who, what: what.to_owned(), now: server.now() };
    Ok(matches!(server.parts.store.submit(end).await?, Answer::Done))
}
