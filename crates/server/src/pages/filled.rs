//! What was typed into a form, and what is wrong with it.

use axum::extract::FromRequest;
use http::Request;

use crate::problem::{self, Problem};

/// A form as it was sent. Without `Debug`: it may hold secrets.
#[derive(Clone, Default)]
pub struct Filled(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Filled {
    type Rejection = Problem;

    async fn from_request(request: Request<axum::body::Body>, state: &S) -> Result<Self, Problem> {
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, state).await;
        let unread = |_| Problem::new(&problem::MALFORMED, "the form does not parse");
        form.map(|axum::Form(pairs)| Self(pairs)).map_err(unread)
    }
}

impl Filled {
    /// A form that was filled in so.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Fills in one field more.
    pub fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// What stands in a field, without blanks around it; nothing where it is not there.
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// Likewise; nothing where it is empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.one(name)).filter(|value| !value.is_empty())
    }

    /// Everything that was chosen under a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a box was ticked, or a value chosen.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, found)| known == name && found == value)
    }

    /// The words of a field, which blanks, commas or ends of lines part.
    pub fn words(&self, name: &str) -> Vec<String> {
        let parted = self.one(name).split(|letter: char| letter.is_whitespace() || letter == ',');
        parted.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// What is wrong with a form: with one of its fields, or with the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrong {
    member: Option<&'static str>,
    text: String,
}

impl Wrong {
    /// What is wrong with a field.
    pub fn with(member: &'static str, text: impl Into<String>) -> Self {
        Self { member: Some(member), text: sentence(&text.into()) }
    }

    /// What a change was refused for. What the own API says of whose value it is ("service \"a\": url: ..") stands
    /// beside the field already.
    pub fn of(problem: &Problem) -> Self {
        let detail = problem.detail.as_str();
        let bare =
            ["service ", "rule "].iter().find_map(|thing| Some(detail.strip_prefix(thing)?.split_once("\": ")?.1));
        let bare = bare.filter(|_| problem.member.is_some()).unwrap_or(detail);
        let named = problem.member.and_then(|member| bare.strip_prefix(member)?.strip_prefix(": "));
        Self { member: problem.member, text: sentence(named.unwrap_or(bare)) }
    }

    /// What is wrong with one of these members, if it is one of them.
    pub fn at(&self, members: &[&str]) -> Option<String> {
        self.member.filter(|member| members.contains(member)).map(|_| self.text.clone())
    }

    /// What is wrong, where it is with none of the fields.
    pub fn beside(&self, fields: &[&str]) -> Option<String> {
        let stands = self.member.is_some_and(|member| fields.contains(&member));
        (!stands && !self.text.is_empty()).then(|| self.text.clone())
    }
}

/// A text as a sentence: a large letter first, a full stop last.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.is_empty() || text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_field_by_field() {
        let typed = Filled::of([("name", " scan ".to_owned()), ("event", "a".to_owned()), ("event", "b".to_owned())]);
        assert_eq!((typed.one("name"), typed.one("nothing"), typed.some("nothing")), ("scan", "", None));
        assert_eq!(typed.all("event"), ["a", "b"]);
        assert!(typed.has("event", "b") && !typed.has("event", "c"));
        assert_eq!(Filled::of([("more", "a, b\r\nc,,".to_owned())]).words("more"), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_wrong_stands_beside_its_field_and_is_said_once() {
        let problem = Problem::invalid("service \"a \\\": b\": url: expected https").about("url");
        let wrong = Wrong::of(&problem);
        assert_eq!((wrong.at(&["name"]), wrong.beside(&["name", "url"])), (None, None));
        assert!(wrong.at(&["url"]).is_some_and(|text| text.ends_with("xpected https.")));
        let plain = Wrong::of(&Problem::invalid("service \"a\": url: expected https").about("url"));
        assert_eq!(plain.at(&["url", "config"]).as_deref(), Some("Expected https."));
        let whole = Wrong::of(&Problem::new(&problem::CONFLICT, "nobody is there"));
        assert_eq!((whole.beside(&["url"]).as_deref(), whole.at(&["url"])), (Some("Nobody is there."), None));
        assert_eq!(Wrong::default().beside(&[]), None);
    }
}
