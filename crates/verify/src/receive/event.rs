//! What a believed request tells: its events, their names, and what they are about.

use crate::provider::{EventName, Place, Provider};
use crate::refusal::{Reason, Refusal};

use super::content::Content;
use super::head::Head;
use super::json;
use super::outcome::{Arrival, SubjectName};
use super::replay::Identity;
use super::settings::SubjectPaths;

/// The name of an event that has none.
const NAMELESS: &str = "event";

/// What a request tells of its event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The event's name, as it was sent.
    pub name: Option<String>,
    pub delivery_id: Option<String>,
    pub subject: Option<SubjectName>,
}

impl Told {
    /// Reads what the definition names. The body is parsed only if one of these stands in it.
    pub fn read(
        provider: &Provider,
        paths: Option<&SubjectPaths>,
        head: &Head<'_>,
        content: &Content<'_>,
    ) -> Result<Told, Refusal> {
        let name_place = provider.event.place();
        let name = in_head(Some(name_place), head)?;
        let delivery_id = in_head(provider.delivery_id, head)?;

        let mut members = Members::default();
        let name_member = members.ask(Some(name_place));
        let id_member = members.ask(provider.delivery_id);
        let needed = !members.paths.is_empty();
        let paths = paths.filter(|paths| name_member.is_some() || paths.applies_to(name.as_deref()));
        let subject_members = paths.map(|paths| (members.add(&paths.collection), members.add(&paths.id)));
        members.read(content, needed)?;

        let name = name.or_else(|| members.take(name_member));
        if name.is_none() && matches!(provider.event, EventName::Required(_)) {
            return Err(nameless(name_place));
        }
        let delivery_id = delivery_id.or_else(|| members.take(id_member));
        let subject = paths.zip(subject_members).filter(|(paths, _)| paths.applies_to(name.as_deref())).and_then(
            |(paths, (collection, id))| {
                let (collection, id) = (members.take(Some(collection))?, members.take(Some(id))?);
                let kind = paths.kind.clone();
                (!is_null_object(&id)).then_some(SubjectName { kind, collection, id })
            },
        );
        Ok(Told { name, delivery_id, subject })
    }

    /// The events that have arrived: one, so far as today's providers go.
    pub fn into_arrivals(self, provider: &Provider, body: &[u8]) -> Vec<Arrival> {
        let identity = Identity::new(provider, self.delivery_id.as_deref(), body);
        let name = self.name.as_deref().unwrap_or(NAMELESS);
        vec![Arrival {
            event_type: format!("{}.{name}", provider.name),
            delivery_id: self.delivery_id,
            subject: self.subject,
            replay_key: identity.map(|identity| identity.key(0)),
        }]
    }
}

/// The members of the JSON that are asked for, and after reading their values.
#[derive(Default)]
struct Members<'p> {
    paths: Vec<&'p str>,
    values: Vec<Option<String>>,
}

impl<'p> Members<'p> {
    fn ask(&mut self, place: Option<Place>) -> Option<usize> {
        match place {
            Some(Place::Json(path)) => Some(self.add(path)),
            Some(Place::Header(_)) | None => None,
        }
    }

    fn add(&mut self, path: &'p str) -> usize {
        self.paths.push(path);
        self.paths.len() - 1
    }

    /// Reads them in one pass. A body that does not parse is refused only if it is `needed`.
    fn read(&mut self, content: &Content<'_>, needed: bool) -> Result<(), Refusal> {
        if self.paths.is_empty() {
            return Ok(());
        }
        let read = content.payload().and_then(|payload| {
            json::read(payload, &self.paths)
                .map_err(|fault| Refusal::new(Reason::MalformedBody, format!("expected JSON in the body, but {fault}")))
        });
        match read {
            Ok(values) => self.values = values,
            Err(refusal) if needed => return Err(refusal),
            Err(_) => {}
        }
        Ok(())
    }

    fn take(&mut self, member: Option<usize>) -> Option<String> {
        self.values.get_mut(member?)?.take().filter(|value| !value.is_empty())
    }
}

fn in_head(place: Option<Place>, head: &Head<'_>) -> Result<Option<String>, Refusal> {
    match place {
        Some(Place::Header(name)) => Ok(head.header_text(name)?.map(str::to_owned)),
        Some(Place::Json(_)) | None => Ok(None),
    }
}

fn nameless(place: Place) -> Refusal {
    let detail = match place {
        Place::Header(name) => {
            format!("expected the event's name in the header {name}, found none")
        }
        Place::Json(path) => format!("expected the event's name at {path} in the body, found none"),
    };
    Refusal::new(Reason::MissingEvent, detail)
}

/// Git's name for no object at all, with which a push says that a branch is gone.
fn is_null_object(id: &str) -> bool {
    matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::Told;
    use crate::provider::{AZUREALERT, GITHUB, Provider, STANDARD_WEBHOOKS};
    use crate::receive::content::Content;
    use crate::receive::{Head, SubjectName, SubjectPaths};
    use crate::refusal::{Reason, Refusal};

    fn told(provider: &Provider, event: Option<&str>, body: &[u8]) -> Result<Told, Refusal> {
        let paths = provider.subject.map(SubjectPaths::from);
        told_by(provider, paths.as_ref(), event, body)
    }

    fn told_by(
        provider: &Provider,
        paths: Option<&SubjectPaths>,
        event: Option<&str>,
        body: &[u8],
    ) -> Result<Told, Refusal> {
        let header = event.map(|event| ("X-GitHub-Event", event.as_bytes()));
        let headers: Vec<_> = header.into_iter().collect();
        let head = Head { method: "POST", url: "", headers: &headers };
        Told::read(provider, paths, &head, &Content::new(provider, &head, body))
    }

    fn commit(collection: &str, id: &str) -> Option<SubjectName> {
        Some(SubjectName { kind: "commit".into(), collection: collection.into(), id: id.into() })
    }

    #[test]
    fn a_push_is_about_the_commit_that_it_leads_to() {
        let body = br#"{"after": "3f8b", "repository": {"full_name": "owner/repo"}}"#;

        assert_eq!(told(&GITHUB, Some("push"), body).expect("told").subject, commit("owner/repo", "3f8b"));
        assert_eq!(told(&GITHUB, Some("issues"), body).expect("told").subject, None);
    }

    #[test]
    fn a_push_that_leads_nowhere_has_no_subject() {
        let zeros = format!("\"{}\"", "0".repeat(40));
        for after in ["null", "\"\"", "[]", &zeros] {
            let body = format!(r#"{{"after": {after}, "repository": {{"full_name": "owner/repo"}}}}"#);

            let told = told(&GITHUB, Some("push"), body.as_bytes()).expect("told");

            assert_eq!(told.subject, None, "{after}");
        }
    }

    #[test]
    fn where_a_header_names_the_event_the_body_need_not_parse() {
        for body in [&b"{\"after\": \"\xff\"}"[..], b"Hello"] {
            let told = told(&GITHUB, Some("push"), body).expect("told");

            assert_eq!((told.name.as_deref(), told.subject), (Some("push"), None));
        }
    }

    #[test]
    fn where_the_body_names_the_event_it_must_parse() {
        let name = |body| told(&STANDARD_WEBHOOKS, None, body).map(|told| told.name);

        assert_eq!(name(br#"{"type": "contact.created"}"#), Ok(Some("contact.created".into())));
        assert_eq!(name(br#"{"email": "x"}"#), Ok(None));
        assert_eq!(name(b"{").expect_err("refused").reason, Reason::MalformedBody);
    }

    #[test]
    fn a_name_that_is_required_must_be_there() {
        let reason = told(&AZUREALERT, None, br#"{"context": {}}"#).expect_err("refused").reason;

        assert_eq!(reason, Reason::MissingEvent);
    }

    #[test]
    fn a_source_may_name_another_subject() {
        let paths = SubjectPaths {
            event: None,
            kind: "release".into(),
            collection: "project.name".into(),
            id: "release.id".into(),
        };
        let body = br#"{"type": "x", "release": {"id": 42}, "project": {"name": "p"}}"#;

        let told = told_by(&STANDARD_WEBHOOKS, Some(&paths), None, body).expect("told");

        let (kind, collection, id) = ("release".into(), "p".into(), "42".into());
        assert_eq!(told.subject, Some(SubjectName { kind, collection, id }));
    }
}
