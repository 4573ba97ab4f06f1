//! Operations: whether the keys are good, what there is, make one.

use axum::Json;
use axum::extract::State;
use domain::catalogue::{Access, Account, Catalogue, Operations, Permission};
use domain::content::ContentType;
use domain::subject::{Collection, Subject};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::StoreError;
use store::change::Listed as _;
use store::command::{Answer, PutCollection};
use store::row::RowsExt as _;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{SUBJECT_COLLECTION, TAG_NAME};

use super::error::Refused;
use super::evidence::Said;
use super::json::{Members, at_most};
use super::rights::{EVIDENCE, OPERATION};
use super::signed::Signed;
use crate::api::change::{Changed, change};
use crate::problem;
use crate::server::{Server, Shared};

/// The longest slug and name of an operation.
const NAME_CHARS_MAX: usize = domain::limits::NAME_CHARS_MAX;
/// Rows that are read at a time.
const PAGE: usize = 1_000;

/// `GET /api/checkconnection`
pub async fn check_connection(_: Signed) -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// `GET /api/operations`
pub async fn list(State(server): State<Server>, signed: Signed) -> Result<Json<Value>, Refused> {
    let catalogue = server.parts.store.catalogue();
    let account = signed.account;
    let shown = server.parts.store.read(move |rows| {
        let mut shown = Vec::new();
        let mut below = None;
        loop {
            let page: Vec<Collection> = rows.page(below, PAGE)?;
            let Some(last) = page.last() else { return Ok(Value::Array(shown)) };
            below = Some(last.key.0);
            let readable =
                |each: &&Collection| each.kind == OPERATION && account.operations.allow(&each.name, Access::Read);
            for operation in page.iter().filter(readable) {
                shown.push(show(rows, &catalogue, operation)?);
            }
        }
    });
    Ok(Json(shown.await?))
}

/// `POST /api/operations`
pub async fn create(State(server): State<Server>, signed: Signed) -> Result<(StatusCode, Json<Value>), Refused> {
    let account = signed.account.clone();
    if !may_create(&account) {
        return Err(Refused::Unauthorized);
    }
    let members = Members::read(&signed.document().await?)?;
    let name = members.filled("name")?.trim().to_owned();
    let slug = slug(members.filled("slug")?);
    if slug.is_empty() {
        return Err(Refused::bad("slug must have letters from a to z or digits"));
    }
    at_most("name", &name, NAME_CHARS_MAX)?;
    at_most("slug", &slug, NAME_CHARS_MAX)?;
    let attributes = json!({ "name": name }).to_string();
    let put =
        PutCollection { kind: OPERATION.to_owned(), name: slug.clone(), attributes, new: true, now: server.now() };
    if let Answer::Taken = server.parts.store.submit(put).await? {
        return Err(Refused::bad("An operation with this slug already exists"));
    }
    grant(&server, &account, &slug).await?;
    let catalogue = server.parts.store.catalogue();
    let shown = server.parts.store.read(move |rows| {
        let found = store::search::collection_by_name(rows, OPERATION, &slug)?;
        found.map(|operation| show(rows, &catalogue, &operation)).transpose()
    });
    Ok((StatusCode::CREATED, Json(shown.await?.unwrap_or_default())))
}

/// Whoever may write to all operations may make more of them; else it must be permitted.
fn may_create(account: &Account) -> bool {
    account.operations.all >= Some(Access::Write) || account.permissions.contains(&Permission::CreateOperations)
}

/// Whoever makes an operation may write to it.
async fn grant(server: &Shared, account: &Account, slug: &str) -> Result<(), Refused> {
    if account.operations.allow(slug, Access::Write) {
        return Ok(());
    }
    let granted = change(server, &account.name, |catalogue, _| {
        let mut account = catalogue
            .accounts
            .get(&account.key)
            .cloned()
            .ok_or_else(|| crate::problem::Problem::new(&problem::CONFLICT, "the account is gone"))?;
        let Operations { granted, .. } = &mut account.operations;
        granted.insert(slug.to_owned(), Access::Write);
        let what = format!("made the operation {slug}, and granted it to the account {}", account.name);
        Ok(Changed { entries: vec![account.entry()], what, answer: () })
    });
    Ok(granted.await?)
}

/// Small letters and digits; a hyphen for each run of others, none at the ends.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let is_kept = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    lower.split(|letter| !is_kept(letter)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// An operation as clients read it.
fn show(rows: &mut dyn Rows, catalogue: &Catalogue, operation: &Collection) -> Result<Value, StoreError> {
    let attributes: Map<String, Value> = serde_json::from_str(&operation.attributes).unwrap_or_default();
    let name = attributes.get("name").and_then(Value::as_str).unwrap_or(&operation.name);
    let readers = catalogue.accounts.values().filter(|each| each.active);
    let readers = readers.filter(|each| each.operations.allow(&operation.name, Access::Read)).count();
    let tags = rows.find(&Find::equal(&TAG_NAME, vec![Cell::Int(operation.key.0)]))?.len();
    let mut all = 0;
    let mut of_type = [0; ContentType::ALL.len()];
    each_evidence(rows, operation, |rows, subject| {
        all += 1;
        let content_type = Said::of(rows, &subject)?.content_type;
        if let Some(place) = ContentType::ALL.iter().position(|each| *each == content_type) {
            of_type[place] += 1;
        }
        Ok(())
    })?;
    let count = |kind| ContentType::ALL.iter().position(|each| *each == kind).map(|place| of_type[place]);
    Ok(json!({
        "slug": operation.name,
        "name": name,
        "numUsers": readers,
        "numEvidence": all,
        "numTags": tags,
        "favorite": false,
        "topContribs": [],
        "evidenceCount": {
            "imageCount": count(ContentType::Image),
            "codeblockCount": count(ContentType::Codeblock),
            "recordingCount": count(ContentType::TerminalRecording),
            "eventCount": count(ContentType::Event),
            "harCount": count(ContentType::HttpRequestCycle),
        },
    }))
}

/// Every evidence of an operation, a page in memory at a time.
pub fn each_evidence(
    rows: &mut dyn Rows,
    operation: &Collection,
    mut take: impl FnMut(&mut dyn Rows, Subject) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut below = None;
    loop {
        let find = Find::equal(&SUBJECT_COLLECTION, vec![Cell::Int(operation.key.0)]).newest(below).limit(PAGE);
        let page: Vec<Subject> = rows.all(&find)?;
        let Some(last) = page.last() else { return Ok(()) };
        below = Some(last.key.0);
        for subject in page.into_iter().filter(|subject| subject.kind == EVIDENCE) {
            take(rows, subject)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_has_small_letters_digits_and_single_hyphens() {
        for (text, expected) in
            [("Test Op!", "test-op"), ("--a  b__9--", "a-b-9"), ("Ünder", "nder"), ("!!", ""), ("test-op", "test-op")]
        {
            assert_eq!(slug(text), expected, "{text}");
        }
    }
}
