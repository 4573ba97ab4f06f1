//! One's own account: password, two-factor sign-in, sessions and API keys.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::person::Session;
use domain::{CredentialKey, Timestamp};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::answer::page;
use super::chrome::{Chrome, done};
use super::form::Typed;
use super::keys::{KeyLine, OncePage, key_lines};
use super::login::{new_password, sentence, told, with_pause};
use super::parts::{Control, Field, Moment, Once};
use super::visitor::Visitor;
use crate::api::{Segments, accounts};
use crate::people::session::Browser;
use crate::people::sign_in::NotIn;
use crate::people::{profile, second};
use crate::problem::{self, Problem};
use crate::server::{Server, Shared};

const HERE: &str = "/account";
/// What each form that guards the account says when the password is wrong.
const WRONG: &str = "This is not your present password.";

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    chrome: Chrome,
    role: &'static str,
    password: PasswordForm,
    second: Option<Second>,
    /// The password, asked for before two-factor sign-in is set up or gets new codes, ...
    proof: Field,
    /// ... before it is turned off, ...
    off_proof: Field,
    /// ... and before a key is made.
    key_proof: Field,
    /// The act whose form stays open, since its password was wrong.
    wrong_act: Act,
    sessions: Vec<SessionLine>,
    keys: Vec<KeyLine>,
    key_name: Field,
}

struct PasswordForm {
    present: Option<Field>,
    new: Field,
    again: Field,
}

struct Second {
    since: Moment,
    codes_left: usize,
}

struct SessionLine {
    id: String,
    browser: String,
    address: String,
    begun: Moment,
    seen: Moment,
    is_this: bool,
}

/// What asks for the password once more.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Act {
    #[default]
    SetUp,
    Recovery,
    TurnOff,
    Key,
}

/// What is wrong with what was typed, by form.
#[derive(Default)]
struct Wrong {
    present: Option<String>,
    password: Option<String>,
    again: Option<String>,
    proof: Option<(Act, String)>,
    key_name: Option<String>,
    /// The name of a key that was typed.
    typed_key: String,
}

type Answer = Result<Response, Problem>;

pub async fn show(State(server): State<Server>, visitor: Visitor) -> Answer {
    answer(&server, &visitor, StatusCode::OK, Wrong::default()).await
}

async fn answer(server: &Shared, visitor: &Visitor, status: StatusCode, wrong: Wrong) -> Answer {
    let (account, now) = (visitor.account(), server.now());
    let sessions = profile::sessions(server, &visitor.signed).await?;
    let sessions = sessions.iter().map(|each| session_line(server, visitor, each, now)).collect();
    let secret = |name, label| Field::line(name, label).control(Control::Secret).required();
    let (new, again) = new_password((wrong.password, wrong.again));
    let present = account
        .sign_in
        .password
        .is_some()
        .then(|| secret("present", "Present password").autocomplete("current-password").wrong(wrong.present));
    let second = account
        .sign_in
        .second
        .as_ref()
        .map(|second| Second { since: Moment::new(second.at, now), codes_left: account.sign_in.recovery.len() });
    let wrong_act = wrong.proof.as_ref().map(|(act, _)| *act).unwrap_or_default();
    let proof = |name, acts: &[Act]| {
        let wrong = wrong.proof.clone().filter(|(act, _)| acts.contains(act)).map(|(_, text)| text);
        secret(name, "Your password").autocomplete("current-password").wrong(wrong)
    };
    let name_hint = "What it is for: \"deploy script\".";
    let account = AccountPage {
        chrome: Chrome::new(visitor, HERE, "Your account"),
        role: super::keys::role_words(account.role),
        password: PasswordForm { present, new, again },
        second,
        proof: proof("proof", &[Act::SetUp, Act::Recovery]),
        off_proof: proof("proof", &[Act::TurnOff]).id("off-proof"),
        key_proof: proof("key_proof", &[Act::Key]),
        wrong_act,
        sessions,
        keys: key_lines(server, account).await?,
        key_name: Field::line("name", "Name").hint(name_hint).value(&wrong.typed_key).wrong(wrong.key_name),
    };
    Ok(page(status, &account))
}

fn session_line(server: &Shared, visitor: &Visitor, session: &Session, now: Timestamp) -> SessionLine {
    SessionLine {
        id: server.show(session.key),
        browser: browser_words(&session.agent),
        address: session.address.clone().unwrap_or_else(|| "an unknown address".to_owned()),
        begun: Moment::new(session.begun, now),
        seen: Moment::new(session.seen, now),
        is_this: session.key == visitor.session(),
    }
}

/// What a browser calls itself, in words: "Firefox on Linux".
fn browser_words(agent: &str) -> String {
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, words)| *words);
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(words), None) | (None, Some(words)) => words.to_owned(),
        (None, None) => "An unknown browser".to_owned(),
    }
}

#[derive(Deserialize)]
pub struct NewPassword {
    #[serde(default)]
    present: String,
    password: String,
    again: String,
}

pub async fn set_password(
    State(server): State<Server>,
    visitor: Visitor,
    browser: Browser,
    Typed(typed): Typed<NewPassword>,
) -> Answer {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    if typed.password != typed.again {
        let wrong = Wrong { again: Some("The two are not the same.".to_owned()), ..Wrong::default() };
        return answer(&server, &visitor, unprocessable, wrong).await;
    }
    match profile::change_password(&server, &visitor.signed, &typed.present, &typed.password, &browser).await {
        Ok(cookie) => {
            let mut response = done(
                HERE,
                "Your password was changed. Every other session has ended. API keys stay in force: revoke those that you do not know.",
            );
            let cookie = HeaderValue::try_from(cookie)
                .map_err(|_| Problem::new(&problem::INTERNAL, "the cookie could not be written"))?;
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(NotIn::Weak(why)) => {
            let wrong = Wrong { password: Some(sentence(&why)), ..Wrong::default() };
            answer(&server, &visitor, unprocessable, wrong).await
        }
        Err(why) => {
            let (refusal, text) = told(why, WRONG)?;
            let wrong = Wrong { present: Some(text), ..Wrong::default() };
            Ok(with_pause(&refusal, answer(&server, &visitor, refusal.code, wrong).await?))
        }
    }
}

/// The password, once more.
#[derive(Deserialize)]
pub struct Proof {
    #[serde(default)]
    proof: String,
}

/// Holds the password against the account before an act; the page that says what is wrong, where it is not right.
async fn unproven(
    server: &Shared,
    visitor: &Visitor,
    proof: &str,
    act: Act,
    typed_key: &str,
) -> Result<Option<Response>, Problem> {
    let Err(why) = profile::prove_again(server, &visitor.signed, proof).await else { return Ok(None) };
    let (refusal, text) = told(why, WRONG)?;
    let wrong = Wrong { proof: Some((act, text)), typed_key: typed_key.to_owned(), ..Wrong::default() };
    Ok(Some(with_pause(&refusal, answer(server, visitor, refusal.code, wrong).await?)))
}

#[derive(Template)]
#[template(path = "two-factor.html")]
struct TwoFactorPage {
    chrome: Chrome,
    /// What an authenticator is given, shown once; after a wrong code it is there already.
    given: Option<Given>,
    code: Field,
}

struct Given {
    secret: Once,
    uri: String,
    picture: Option<(String, usize)>,
}

/// Begins to set two-factor sign-in up: the password is asked for first.
pub async fn enrol(State(server): State<Server>, visitor: Visitor, Typed(proof): Typed<Proof>) -> Answer {
    if let Some(answer) = unproven(&server, &visitor, &proof.proof, Act::SetUp, "").await? {
        return Ok(answer);
    }
    if visitor.account().sign_in.second.is_some() {
        return Err(Problem::new(&problem::CONFLICT, "two-factor sign-in is on already"));
    }
    let enrolment = second::enrol(&server, &visitor.signed);
    let secret = Once { id: "secret", label: "Or type this key", value: enrolment.secret.to_string() };
    let picture = second::picture(&enrolment.uri);
    let given = Given { secret, uri: enrolment.uri.to_string(), picture };
    Ok(enrolling(&visitor, StatusCode::OK, Some(given), None))
}

fn enrolling(visitor: &Visitor, status: StatusCode, given: Option<Given>, wrong: Option<String>) -> Response {
    let code = Field::line("code", "Code").hint("The six digits that the authenticator shows now.");
    let two_factor = TwoFactorPage {
        chrome: Chrome::new(visitor, HERE, "Set up two-factor sign-in"),
        given,
        code: code.autocomplete("one-time-code").required().wrong(wrong),
    };
    page(status, &two_factor)
}

#[derive(Deserialize)]
pub struct Code {
    code: String,
}

/// Turns it on with the first code; the recovery codes are shown this once.
pub async fn confirm(State(server): State<Server>, visitor: Visitor, Typed(typed): Typed<Code>) -> Answer {
    match second::confirm(&server, &visitor.signed, &typed.code).await? {
        Some(codes) => Ok(recovery(&visitor, "Two-factor sign-in is on", &codes)),
        None => {
            let wrong = "The code is not right. Codes change every 30 seconds; look whether the clocks agree.";
            Ok(enrolling(&visitor, StatusCode::UNPROCESSABLE_ENTITY, None, Some(wrong.to_owned())))
        }
    }
}

fn recovery(visitor: &Visitor, title: &'static str, codes: &[String]) -> Response {
    let lead = "Keep these codes where you find them without your authenticator. Each opens the account once, in the \
                place of a code.";
    let once = Once { id: "codes", label: "Recovery codes", value: codes.join("\n") };
    let chrome = Chrome::new(visitor, HERE, title);
    page(StatusCode::OK, &OncePage { chrome, lead: lead.to_owned(), values: vec![once], back: HERE.to_owned() })
}

pub async fn turn_off(State(server): State<Server>, visitor: Visitor, Typed(proof): Typed<Proof>) -> Answer {
    if let Some(answer) = unproven(&server, &visitor, &proof.proof, Act::TurnOff, "").await? {
        return Ok(answer);
    }
    second::turn_off(&server, &visitor.name, visitor.key).await?;
    Ok(done(HERE, "Two-factor sign-in is off."))
}

pub async fn renew_recovery(State(server): State<Server>, visitor: Visitor, Typed(proof): Typed<Proof>) -> Answer {
    if let Some(answer) = unproven(&server, &visitor, &proof.proof, Act::Recovery, "").await? {
        return Ok(answer);
    }
    let codes = second::renew_recovery(&server, visitor.account()).await?;
    Ok(recovery(&visitor, "New recovery codes", &codes))
}

pub async fn end_session(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    profile::end_session(&server, &visitor.signed, server.parse(&id)?).await?;
    Ok(done(HERE, "The session has ended."))
}

pub async fn end_others(State(server): State<Server>, visitor: Visitor) -> Answer {
    profile::end_others(&server, &visitor.signed).await?;
    Ok(done(HERE, "Every other session has ended."))
}

#[derive(Deserialize)]
pub struct KeyName {
    #[serde(default)]
    pub name: String,
}

/// A key that somebody makes for themselves.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct OwnKey {
    name: String,
    key_proof: String,
}

/// Makes an API key. It outlives the session, so the password is asked for first.
pub async fn add_key(State(server): State<Server>, visitor: Visitor, Typed(typed): Typed<OwnKey>) -> Answer {
    if let Some(answer) = unproven(&server, &visitor, &typed.key_proof, Act::Key, &typed.name).await? {
        return Ok(answer);
    }
    match accounts::issue_token(&server, &visitor.name, visitor.key, Some(&typed.name)).await {
        Ok(token) => {
            let lead = "It may do what you may do, in the header Authorization: Bearer.".to_owned();
            let once = Once { id: "key", label: "API key", value: token.text };
            let chrome = Chrome::new(&visitor, HERE, "A new API key");
            Ok(page(StatusCode::OK, &OncePage { chrome, lead, values: vec![once], back: HERE.to_owned() }))
        }
        Err(why) if *why.kind == problem::INVALID => {
            let wrong = Wrong { key_name: Some(sentence(&why.detail)), typed_key: typed.name, ..Wrong::default() };
            answer(&server, &visitor, StatusCode::UNPROCESSABLE_ENTITY, wrong).await
        }
        Err(why) => Err(why),
    }
}

pub async fn revoke_key(State(server): State<Server>, visitor: Visitor, Segments(id): Segments<String>) -> Answer {
    let key: CredentialKey = server.parse(&id)?;
    accounts::revoke_key(&server, &visitor.name, visitor.key, key).await?;
    Ok(done(HERE, "The API key was revoked; whoever uses it is refused from now on."))
}

#[cfg(test)]
mod tests {
    use super::browser_words;

    #[test]
    fn a_browser_is_told_in_words() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let edge =
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36 Edg/139.0";
        assert_eq!([browser_words(firefox), browser_words(edge)], ["Firefox on Linux", "Edge on Windows"]);
        assert_eq!([browser_words("curl/8.5"), browser_words("<b>")], ["curl", "An unknown browser"]);
    }
}
