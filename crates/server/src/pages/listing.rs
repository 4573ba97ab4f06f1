//! What the pages of lists have in common: filters above, what was found, and the way to older rows.

use askama::Template;
use askama::filters::HtmlSafe;
use domain::{SubjectKey, Timestamp};
use http::StatusCode;
use store::StoreError;
use store::table::Rows;

use super::parts::{Control, Field, Paging};
use super::visitor::Visitor;
use crate::api::{Listed, Params, View, span};
use crate::problem::Problem;
use crate::server::Server;
use crate::text::{encoded, instant};

/// Rows of one page.
const LIMIT: usize = 50;

/// The filters above a list, as a form that asks for the list again.
#[derive(Template)]
#[template(path = "parts/filters.html")]
pub struct Filters {
    pub path: &'static str,
    pub fields: Vec<Field>,
    /// Whether any of them states something.
    pub narrowed: bool,
    /// What is wrong with what was typed, where no field shows it.
    pub wrong: Option<String>,
}

impl HtmlSafe for Filters {}

/// What a list's page shows.
pub struct Found<L> {
    pub status: StatusCode,
    pub lines: Vec<L>,
    pub filters: Filters,
    /// The page's own address.
    pub here: String,
    /// Whether these are the newest, so that newer ones may appear.
    pub newest: bool,
    /// Back to when was looked, where that was not far enough for a page.
    pub looked_to: Option<String>,
    pub paging: Paging,
}

/// Whether a visitor sees what is about this subject, or about none.
pub fn sees(visitor: &Visitor, rows: &mut dyn Rows, subject: Option<SubjectKey>) -> Result<bool, StoreError> {
    visitor.sight().subject(rows, subject)
}

/// Reads the page of a list that a query asks for, each row as a line. A filter that does not read is shown beside its
/// field.
pub async fn find<T: Listed, L: Send + 'static>(
    server: &Server,
    visitor: &Visitor,
    params: &Params,
    path: &'static str,
    fields: Vec<Field>,
    line: impl Fn(&View, &mut dyn Rows, &T) -> Result<L, StoreError> + Send + 'static,
) -> Result<Found<L>, Problem> {
    let view = View::of(server);
    let asked = span::<T>(&view, params, LIMIT).and_then(|span| Ok((span, T::search(&view, params)?)));
    let newest = params.one("cursor").is_none();
    let here = address(path, params, None);
    let (search, span) = match asked {
        Ok((span, search)) => (search, span),
        Err(problem) => return Ok(refused(problem, params, path, fields, here)),
    };
    let mut sight = visitor.sight();
    let read = server.parts.store.read(move |rows| {
        let page = search(rows, &span, &mut sight)?;
        let next = page.next.map(|key| T::cursor(&view, key));
        let lines = page.rows.iter().map(|row| line(&view, rows, row)).collect::<Result<Vec<L>, StoreError>>()?;
        Ok((lines, next, page.looked_to))
    });
    let (lines, next, looked_to) = read.await?;
    let shown = match lines.len() {
        0 => String::new(),
        1 => "One, newest first".to_owned(),
        many => format!("{many}, newest first"),
    };
    let paging = Paging {
        shown,
        newest: (!newest).then(|| address(path, params, Some(""))),
        older: next.map(|cursor| address(path, params, Some(&cursor))),
    };
    let filters = filled(params, path, fields, None);
    let looked_to = looked_to.map(|at: Timestamp| instant(at));
    Ok(Found { status: StatusCode::OK, lines, filters, here, newest, looked_to, paging })
}

fn refused<L>(problem: Problem, params: &Params, path: &'static str, fields: Vec<Field>, here: String) -> Found<L> {
    Found {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        lines: Vec::new(),
        filters: filled(params, path, fields, Some(problem.detail)),
        here,
        newest: false,
        looked_to: None,
        paging: Paging::default(),
    }
}

/// The fields with what was typed, and what is wrong with it beside the one that it is wrong with.
fn filled(params: &Params, path: &'static str, fields: Vec<Field>, wrong: Option<String>) -> Filters {
    let (mut narrowed, mut wrong) = (false, wrong);
    let fields = fields.into_iter().map(|field| {
        let value = params.one(field.name).unwrap_or_default().to_owned();
        narrowed |= !value.is_empty();
        let own =
            wrong.as_ref().and_then(|wrong| wrong.strip_prefix(field.name)?.strip_prefix(": ")).map(str::to_owned);
        if own.is_some() {
            wrong = None;
        }
        with_value(field, value).wrong(own)
    });
    let fields = fields.collect();
    Filters { path, fields, narrowed, wrong }
}

/// A field with a value; a choice in which it is not, with it too, so that what narrows the list is seen.
fn with_value(field: Field, value: String) -> Field {
    let control = match field.control.clone() {
        Control::Choice(mut choices) if !choices.iter().any(|(each, _)| *each == value) => {
            choices.push((value.clone(), value.clone()));
            Control::Choice(choices)
        }
        control => control,
    };
    field.control(control).value(value)
}

/// The address of a list with the filters of a query, from another cursor on; none: from the same.
fn address(path: &str, params: &Params, cursor: Option<&str>) -> String {
    let mut pairs: Vec<(&str, &str)> =
        params.all().filter(|(name, value)| *name != "cursor" && !value.is_empty()).collect();
    pairs.extend(cursor.or(params.one("cursor")).filter(|cursor| !cursor.is_empty()).map(|cursor| ("cursor", cursor)));
    let query: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// A field that chooses one of these words, or any.
pub fn choice<'a>(
    name: &'static str,
    label: &'static str,
    any: &str,
    words: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Field {
    let any = std::iter::once((String::new(), any.to_owned()));
    let words = words.into_iter().map(|(value, words)| (value.to_owned(), words.to_owned()));
    Field::line(name, label).control(Control::Choice(any.chain(words).collect()))
}

/// The fields that bound the time.
pub fn times() -> [Field; 2] {
    let time = |name, label| Field::line(name, label).control(Control::Line("datetime-local"));
    [time("from", "From (UTC)"), time("until", "Until (UTC)")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_filters_and_changes_the_cursor() {
        let params = Params::of([("q", "a&b"), ("cursor", "evt_1"), ("state", "")]);
        assert_eq!(address("/events", &params, None), "/events?q=a%26b&cursor=evt_1");
        assert_eq!(address("/events", &params, Some("evt_2")), "/events?q=a%26b&cursor=evt_2");
        assert_eq!(address("/events", &params, Some("")), "/events?q=a%26b");
    }

    #[test]
    fn what_is_wrong_stands_beside_its_field() {
        let params = Params::of([("from", "soon")]);
        let wrong = |text: &str| filled(&params, "/events", times().to_vec(), Some(text.to_owned()));
        let filters = wrong("from: expected an instant");
        assert_eq!((filters.fields[0].wrong.as_deref(), filters.wrong), (Some("expected an instant"), None));
        assert_eq!(wrong("cursor: no").wrong.as_deref(), Some("cursor: no"));
    }

    #[test]
    fn a_value_that_is_no_choice_is_shown_all_the_same() {
        let params = Params::of([("state", "opened")]);
        let fields = vec![choice("state", "State", "Any", [("open", "Waiting")])];
        let Control::Choice(choices) = filled(&params, "/events", fields, None).fields.remove(0).control else {
            panic!("a choice");
        };
        assert_eq!(choices.last().map(|(value, _)| value.as_str()), Some("opened"));
    }
}
