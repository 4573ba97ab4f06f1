//! What is judged, the newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::rule::HoldScope;
use domain::subject::Subject;
use domain::verdict::VerdictKind;
use store::table::{Find, Rows, Value};
use store::tables::FLAG_OPEN;
use store::{StoreError, search};

use super::answer::page;
use super::chrome::Chrome;
use super::listing::{self, Found, choice, times};
use super::parts::{self, Badge, Control, Field, Moment};
use super::story::sentence;
use super::subject::{path_of, plain_name};
use super::visitor::Visitor;
use crate::api::{Params, View};
use crate::problem::Problem;
use crate::server::Server;
use crate::text::plain;

#[derive(Template)]
#[template(path = "subjects.html")]
struct SubjectsPage {
    chrome: Chrome,
    found: Found<SubjectLine>,
}

/// A subject in the list.
struct SubjectLine {
    id: String,
    path: String,
    title: String,
    collection: String,
    verdict: Badge,
    /// The worst reason, in a sentence.
    reason: Option<String>,
    /// `2 flags, one hold`.
    stops: String,
    at: Moment,
}

pub async fn list(State(server): State<Server>, visitor: Visitor, params: Params) -> Result<Response, Problem> {
    let found = listing::find(&server, &visitor, &params, "/subjects", fields(), line).await?;
    Ok(page(found.status, &SubjectsPage { chrome: Chrome::new(&visitor, "/subjects", "Subjects"), found }))
}

fn fields() -> Vec<Field> {
    let verdicts = VerdictKind::ALL.iter().map(|verdict| (verdict.word(), verdict.word()));
    let mut fields = vec![
        Field::line("q", "Beginning of its name").control(Control::Line("search")),
        choice("verdict", "Verdict", "Any verdict", verdicts),
        Field::line("kind", "Kind"),
        Field::line("collection", "Collection"),
        choice("flagged", "Flags", "With or without", [("yes", "A person is asked to look"), ("no", "Without a flag")]),
        choice("held", "Holds", "With or without", [("yes", "Held itself"), ("no", "Without a hold of its own")]),
    ];
    fields.extend(times());
    fields
}

fn line(view: &View, rows: &mut dyn Rows, subject: &Subject) -> Result<SubjectLine, StoreError> {
    let name = search::subject_name(rows, subject.key)?.unwrap_or(domain::subject::SubjectName {
        kind: subject.kind.clone(),
        collection: String::new(),
        id: subject.id.clone(),
    });
    let (path, name) = (path_of(&name), plain_name(&name));
    let flags = rows.find(&Find::equal(&FLAG_OPEN, vec![Value::Int(subject.key.0)]))?.len();
    let mut holds = search::active_holds(rows, HoldScope::Subject, subject.key.0)?;
    holds.extend(search::active_holds(rows, HoldScope::Collection, subject.collection.0)?);
    let holds = holds.iter().filter(|hold| hold.stops(subject)).count();
    Ok(SubjectLine {
        id: view.id(subject.key),
        path,
        title: format!("{} {}", name.kind, name.id),
        collection: name.collection,
        verdict: Badge::verdict(subject.verdict),
        reason: subject.reasons.first().map(|reason| plain(&sentence(&reason.text))),
        stops: [counted(flags, "flag"), counted(holds, "hold")].into_iter().flatten().collect::<Vec<_>>().join(", "),
        at: Moment::new(subject.at, view.now),
    })
}

fn counted(count: usize, what: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("one {what}")),
        many => Some(format!("{many} {what}s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_in_words() {
        assert_eq!([counted(0, "flag"), counted(1, "hold")], [None, Some("one hold".to_owned())]);
        assert_eq!(counted(12, "flag").as_deref(), Some("12 flags"));
    }
}
