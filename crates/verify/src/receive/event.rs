//! What a believed request tells: its events, their names, and what they are about.

use crate::provider::{DeliveryId, EventName, Place, Provider};
use crate::refusal::{Reason, Refusal};

use super::content::Content;
use super::head::Head;
use super::outcome::{Arrival, SubjectName};
use super::replay::Identity;
use super::settings::SubjectPaths;

/// The name of an event that has none.
pub(crate) const NAMELESS: &str = "event";

/// What a request tells of its events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The events' names, as they were sent; none if they have none.
    pub names: Vec<String>,
    /// The ids of the delivery, or of its events if there are as many.
    pub delivery_ids: Vec<String>,
    /// What the one event is about.
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
        let name_places = provider.event.places();
        let mut names = Found::of(name_places, head, content)?;
        let mut ids = Found::of(provider.delivery_id.places(), head, content)?;

        let mut members = Members::default();
        names.ask(&mut members);
        ids.ask(&mut members);
        let needed = !members.paths.is_empty();
        let paths = paths.filter(|paths| names.stands_in_body() || paths.applies_to(names.only()));
        let subject_members = paths.map(|paths| (members.add(&paths.collection), members.add(&paths.id)));
        members.read(content, needed)?;

        let names = names.first(&members);
        if names.is_empty() && matches!(provider.event, EventName::Required(_)) {
            return Err(nameless(name_places));
        }
        let delivery_ids = match provider.delivery_id {
            DeliveryId::Together(_) => ids.together(&members),
            DeliveryId::First(_) | DeliveryId::None => ids.first(&members),
        };
        let only = if names.len() > 1 { None } else { names.first().map(String::as_str) };
        let about_one = names.len() <= 1;
        let subject = paths.zip(subject_members).filter(|(paths, _)| about_one && paths.applies_to(only)).and_then(
            |(paths, (collection, id))| {
                let (collection, id) = (members.one(collection)?, members.one(id)?);
                let kind = paths.kind.clone();
                (!is_null_object(&id)).then_some(SubjectName { kind, collection, id })
            },
        );
        Ok(Told { names, delivery_ids, subject })
    }

    /// The events that have arrived; at least one.
    pub fn into_arrivals(self, provider: &Provider, mark: Option<&[u8]>, body: &[u8]) -> Vec<Arrival> {
        let Told { mut names, delivery_ids, subject } = self;
        if names.is_empty() {
            names.push(NAMELESS.to_owned());
        }
        let each_has_an_id = delivery_ids.len() == names.len();
        let of_all = delivery_ids.join(" ");
        let arrivals = names.iter().enumerate().map(|(at, name)| {
            let (id, index) = if each_has_an_id { (delivery_ids[at].as_str(), 0) } else { (of_all.as_str(), at) };
            let id = (!id.is_empty()).then_some(id);
            let identity = Identity::new(provider, id, mark, body);
            Arrival {
                event_type: format!("{}.{name}", provider.name),
                delivery_id: id.map(str::to_owned),
                subject: subject.clone(),
                replay_key: identity.map(|identity| identity.key(u32::try_from(index).unwrap_or(u32::MAX))),
            }
        });
        arrivals.collect()
    }
}

/// What was found at some places: values, or the member of the JSON that will hold them.
struct Found(Vec<Spot>);

enum Spot {
    Here(Vec<String>),
    Member { path: &'static str, at: usize },
}

impl Found {
    /// Looks everywhere but in the JSON. Places after the first that yields something are of no interest.
    fn of(places: &[Place], head: &Head<'_>, content: &Content<'_>) -> Result<Self, Refusal> {
        let mut spots = Vec::new();
        for place in places {
            let value = match place {
                Place::Header(name) => head.header_text(name)?.map(str::to_owned),
                Place::Query(name) => text(head.query_values(name).pop()),
                Place::Form(name) => {
                    let fields = content.fields();
                    text(fields.into_iter().find(|(key, _)| **key == *name.as_bytes()).map(|(_, value)| value.into()))
                }
                Place::Fixed(text) => Some((*text).to_owned()),
                Place::Json(path) => {
                    if !content.is_plain_form() {
                        spots.push(Spot::Member { path, at: 0 });
                    }
                    continue;
                }
            };
            spots.push(Spot::Here(value.filter(|value| !value.is_empty()).into_iter().collect()));
        }
        Ok(Self(spots))
    }

    /// Asks for the members that are still of interest.
    fn ask(&mut self, members: &mut Members<'_>) {
        for spot in &mut self.0 {
            match spot {
                Spot::Here(values) if !values.is_empty() => return,
                Spot::Here(_) => {}
                Spot::Member { path, at } => *at = members.add(path),
            }
        }
    }

    /// Whether the value is still to be read from the body.
    fn stands_in_body(&self) -> bool {
        let decided = self.0.iter().find(|spot| !matches!(spot, Spot::Here(values) if values.is_empty()));
        matches!(decided, Some(Spot::Member { .. }))
    }

    /// The value that was found outside of the body.
    fn only(&self) -> Option<&str> {
        self.0.iter().find_map(|spot| match spot {
            Spot::Here(values) => values.first().map(String::as_str),
            Spot::Member { .. } => None,
        })
    }

    /// The values of the first place that has some.
    fn first(&self, members: &Members<'_>) -> Vec<String> {
        self.0.iter().map(|spot| spot.values(members)).find(|values| !values.is_empty()).unwrap_or_default()
    }

    /// The values of all places, one after the other as one; none if one place has none.
    fn together(&self, members: &Members<'_>) -> Vec<String> {
        let all: Vec<_> = self.0.iter().map(|spot| spot.values(members).join(" ")).collect();
        if all.iter().any(String::is_empty) { Vec::new() } else { vec![all.join(" ")] }
    }
}

impl Spot {
    fn values(&self, members: &Members<'_>) -> Vec<String> {
        match self {
            Spot::Here(values) => values.clone(),
            Spot::Member { at, .. } => members.all(*at),
        }
    }
}

fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    String::from_utf8(bytes?).ok()
}

/// The members of the JSON that are asked for, and after reading their values.
#[derive(Default)]
struct Members<'p> {
    paths: Vec<&'p str>,
    values: Vec<Vec<String>>,
}

impl<'p> Members<'p> {
    fn add(&mut self, path: &'p str) -> usize {
        self.paths.push(path);
        self.paths.len() - 1
    }

    /// Reads them in one pass. A body that does not parse is refused only if it is `needed`.
    fn read(&mut self, content: &Content<'_>, needed: bool) -> Result<(), Refusal> {
        if self.paths.is_empty() {
            return Ok(());
        }
        match content.read(&self.paths) {
            Ok(values) => self.values = values,
            Err(refusal) if needed => return Err(refusal),
            Err(_) => {}
        }
        Ok(())
    }

    fn all(&self, member: usize) -> Vec<String> {
        let values = self.values.get(member).map_or(&[][..], Vec::as_slice);
        values.iter().filter(|value| !value.is_empty()).cloned().collect()
    }

    fn one(&self, member: usize) -> Option<String> {
        self.all(member).pop()
    }
}

fn nameless(places: &[Place]) -> Refusal {
    let places: Vec<_> = places.iter().map(Place::to_string).collect();
    let detail = format!("expected the event's name in {}, found none", places.join(" or in "));
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

            assert_eq!((told.names, told.subject), (vec!["push".to_owned()], None));
        }
    }

    #[test]
    fn where_the_body_names_the_event_it_must_parse() {
        let name = |body| told(&STANDARD_WEBHOOKS, None, body).map(|mut told| told.names.pop());

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
