//! The second factor: codes of an authenticator (RFC 6238), and recovery codes for when it is lost.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use domain::catalogue::Account;
use domain::person::SecondFactor;
use domain::{AccountKey, SessionKey, Timestamp};
use qrcode::{Color, EcLevel, QrCode};
use store::change::Listed as _;
use store::command::{Answer, Command};
use store::seal::of;
use store::tables::SpentCode;
use verify::totp;
use zeroize::Zeroizing;

use super::session::SignedIn;
use super::sign_in::unchanged;
use crate::api::change::{Changed, change};
use crate::problem::{self, Problem};
use crate::server::Shared;

/// How long an authenticator that is being set up is remembered.
const ENROLLING_SPAN: Duration = Duration::from_secs(1_800);
/// Bytes of a secret: what RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Recovery codes that are made at a time.
const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code; each is two characters.
const RECOVERY_BYTES: usize = 8;
/// The most authenticators that are being set up at a time.
const ENROLLING_MAX: usize = 1_000;

/// Authenticators that are being set up, each by the session that began it. They are forgotten at a stop: setting up
/// begins anew.
#[derive(Default)]
pub(crate) struct Enrolling(HashMap<SessionKey, (Zeroizing<[u8; SECRET_BYTES]>, Timestamp)>);

/// What an authenticator is given.
pub(crate) struct Enrolment {
    /// The secret, in base32.
    pub secret: Zeroizing<String>,
    /// It and what it is for, as authenticators read it from a picture.
    pub uri: Zeroizing<String>,
}

impl Enrolling {
    fn begin(&mut self, session: SessionKey, secret: Zeroizing<[u8; SECRET_BYTES]>, now: Timestamp) {
        self.0.retain(|_, (_, until)| now < *until);
        if self.0.len() >= ENROLLING_MAX
            && let Some(first) = self.0.iter().min_by_key(|(_, (_, until))| *until).map(|(session, _)| *session)
        {
            self.0.remove(&first);
        }
        self.0.insert(session, (secret, now.after(ENROLLING_SPAN)));
    }

    fn of(&self, session: SessionKey, now: Timestamp) -> Option<Zeroizing<[u8; SECRET_BYTES]>> {
        self.0.get(&session).filter(|(_, until)| now < *until).map(|(secret, _)| secret.clone())
    }
}

/// Begins to set up an authenticator, with a new secret: it is shown to this session this once.
pub(crate) fn enrol(server: &Shared, signed: &SignedIn) -> Enrolment {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    server.parts.random.fill(&mut *bytes);
    let secret = Zeroizing::new(totp::base32(&*bytes));
    server.people.kept().enrolling.begin(signed.session.key, bytes, server.now());
    let name = crate::text::encoded(&signed.account.name);
    let uri = format!("otpauth://totp/Countersign:{name}?secret={}&issuer=Countersign", *secret);
    Enrolment { secret, uri: Zeroizing::new(uri) }
}

/// Ends setting up with the first code: from now on codes are asked for. The recovery codes, shown this once; none if
/// the code is not right.
///
/// # Errors
/// When this session is not setting up anything, another one has set it up meanwhile, or the store fails.
pub(crate) async fn confirm(server: &Shared, signed: &SignedIn, code: &str) -> Result<Option<Vec<String>>, Problem> {
    let (now, account) = (server.now(), &signed.account);
    let Some(secret) = server.people.kept().enrolling.of(signed.session.key, now) else {
        let detail = "setting up took too long, or began in another session; begin again";
        return Err(Problem::new(&problem::CONFLICT, detail));
    };
    let Some(step) = totp::matching_step(&*secret, code, now.seconds()) else { return Ok(None) };
    if !spend(server, account, step).await? {
        return Ok(None);
    }
    let hex = Zeroizing::new(verify::hex::encode(&*secret));
    let secret = server.parts.seal.seal(&hex, &of::account_second(account.number), server.nonce());
    let codes = recovery_codes(server);
    change(server, &account.name, |catalogue, _| {
        let mut changed = unchanged(catalogue, account)?.clone();
        if changed.sign_in.second.is_some() {
            return Err(Problem::new(&problem::CONFLICT, "two-factor sign-in was turned on meanwhile"));
        }
        changed.sign_in.second = Some(SecondFactor { secret: secret.clone(), at: now });
        changed.sign_in.recovery = codes.iter().map(|code| digest(code)).collect();
        let what = format!("turned two-factor sign-in on for the account {}", account.name);
        Ok(Changed { entries: vec![changed.entry()], what, answer: () })
    })
    .await?;
    server.people.kept().enrolling.0.remove(&signed.session.key);
    Ok(Some(codes))
}

/// Makes new recovery codes, shown this once; the ones before are void.
///
/// # Errors
/// When there is no second factor, or the store fails.
pub(crate) async fn renew_recovery(server: &Shared, account: &Account) -> Result<Vec<String>, Problem> {
    let codes = recovery_codes(server);
    change(server, &account.name, |catalogue, _| {
        let mut changed = unchanged(catalogue, account)?.clone();
        if changed.sign_in.second.is_none() {
            return Err(Problem::new(&problem::CONFLICT, "two-factor sign-in is off"));
        }
        changed.sign_in.recovery = codes.iter().map(|code| digest(code)).collect();
        let what = format!("made new recovery codes for the account {}", account.name);
        Ok(Changed { entries: vec![changed.entry()], what, answer: () })
    })
    .await?;
    Ok(codes)
}

/// Turns the second factor of an account off.
///
/// # Errors
/// When it is off, the account is gone, or the store fails.
pub(crate) async fn turn_off(server: &Shared, who: &str, account: AccountKey) -> Result<(), Problem> {
    change(server, who, |catalogue, _| {
        let account = catalogue.accounts.get(&account);
        let mut account = account.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "the account is gone"))?.clone();
        if account.sign_in.second.take().is_none() {
            return Err(Problem::new(&problem::CONFLICT, "two-factor sign-in is off"));
        }
        account.sign_in.recovery.clear();
        let what = format!("turned two-factor sign-in off for the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    })
    .await
}

/// Whether this is a code of the account's authenticator, or one of its recovery codes. Each is right once.
///
/// # Errors
/// When the store fails.
pub(crate) async fn is_right(server: &Shared, account: &Account, code: &str) -> Result<bool, Problem> {
    // Turned off since the password was asked for.
    let Some(second) = &account.sign_in.second else { return Ok(true) };
    let opened = server.parts.seal.open(&second.secret, &of::account_second(account.number));
    let Ok(Some(secret)) = opened.map(|hex| verify::hex::decode(hex.as_bytes()).map(Zeroizing::new)) else {
        tracing::error!(account = account.name, "the secret of a second factor cannot be opened");
        return Err(Problem::new(&problem::INTERNAL, "the second factor cannot be checked"));
    };
    match totp::matching_step(&secret, code, server.now().seconds()) {
        Some(step) => spend(server, account, step).await,
        None => recover(server, account, code).await,
    }
}

async fn spend(server: &Shared, account: &Account, step: i64) -> Result<bool, Problem> {
    let spent = SpentCode { account: account.key, step };
    Ok(matches!(server.parts.store.submit(Command::SpendCode(spent)).await?, Answer::Done))
}

async fn recover(server: &Shared, account: &Account, code: &str) -> Result<bool, Problem> {
    let digest = digest(code);
    if !account.sign_in.recovery.contains(&digest) {
        return Ok(false);
    }
    change(server, &account.name, |catalogue, _| {
        let mut changed = unchanged(catalogue, account)?.clone();
        let Some(place) = changed.sign_in.recovery.iter().position(|each| *each == digest) else {
            return Err(Problem::new(&problem::CONFLICT, "the recovery code was used just now"));
        };
        changed.sign_in.recovery.remove(place);
        let left = changed.sign_in.recovery.len();
        let what = format!("used a recovery code of the account {}; {left} are left", account.name);
        Ok(Changed { entries: vec![changed.entry()], what, answer: true })
    })
    .await
}

fn recovery_codes(server: &Shared) -> Vec<String> {
    let code = || {
        let mut bytes = [0; RECOVERY_BYTES];
        server.parts.random.fill(&mut bytes);
        let hex = verify::hex::encode(&bytes);
        let (one, rest) = hex.split_at(4);
        let (two, rest) = rest.split_at(4);
        let (three, four) = rest.split_at(4);
        [one, two, three, four].join("-")
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// Looking up a digest tells nothing about the codes behind it; they are random, so that nothing is gained by guessing.
fn digest(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    verify::hex::encode(&verify::mac::token_digest(plain.as_bytes()))
}

/// A picture that a telephone reads the text from: the path of its dark squares, and its width with the margin.
///
/// # Errors
/// When the text is too long for one.
pub(crate) fn picture(text: &str) -> Option<(String, usize)> {
    const MARGIN: usize = 4;
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (place, _) in code.to_colors().iter().enumerate().filter(|(_, colour)| **colour == Color::Dark) {
        // Writing into text cannot fail.
        let _ = write!(path, "M{} {}h1v1h-1z", place % width + MARGIN, place / width + MARGIN);
    }
    Some((path, width + 2 * MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_up_belongs_to_one_session_and_ends() {
        let (now, mut enrolling) = (Timestamp::from_seconds(1_000), Enrolling::default());
        enrolling.begin(SessionKey(1), Zeroizing::new([7; SECRET_BYTES]), now);
        assert_eq!(enrolling.of(SessionKey(1), now).as_deref(), Some(&[7; SECRET_BYTES]));
        assert!(enrolling.of(SessionKey(2), now).is_none());
        assert!(enrolling.of(SessionKey(1), now.after(ENROLLING_SPAN)).is_none());
        for nth in 2..=1_001 {
            enrolling.begin(SessionKey(nth), Zeroizing::new([8; SECRET_BYTES]), Timestamp(now.0 + nth));
        }
        assert!(enrolling.of(SessionKey(1), now).is_none(), "the one that ends first makes room");
        assert_eq!(enrolling.0.len(), ENROLLING_MAX);
    }

    #[test]
    fn a_picture_begins_with_the_mark_in_its_corner() {
        let (path, width) = picture("otpauth://totp/Countersign:ada?secret=MZXW6YTBOI").expect("a picture");
        assert!(path.starts_with("M4 4h1v1h-1zM5 4h1v1h-1z"), "{path}");
        assert_eq!(width % 4, (17 + 8) % 4, "every size is a multiple of four and one more");
        assert!(picture(&"x".repeat(4_000)).is_none());
    }

    #[test]
    fn a_recovery_code_reads_however_it_is_written() {
        assert_eq!(digest("ab12-cd34"), digest(" AB12 CD34 "));
        assert_ne!(digest("ab12-cd34"), digest("ab12-cd35"));
    }
}
