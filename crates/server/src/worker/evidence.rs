//! Evidence: show one, create one, change one.

use std::io::BufReader;

use axum::Json;
use axum::extract::State;
use domain::catalogue::{Access, Account};
use domain::content::{ContentError, ContentType};
use domain::event::{EVIDENCE_CREATED, Provenance};
use domain::subject::{Subject, SubjectName};
use domain::{ArtifactKey, CollectionKey, TagKey, Timestamp};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::StoreError;
use store::command::{Amend, Answer, Description};
use store::judged::{self, Arriving};
use store::row::RowsExt as _;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{Artifact, LISTING_SUBJECT, Listing, Tag};

use super::error::Refused;
use super::form::{Form, Upload};
use super::json::missing;
use super::path::Named;
use super::rights::{self, EVIDENCE, Evidence, Needs};
use super::signed::Signed;
use crate::noted::Noted;
use crate::server::{Server, Shared};

/// The role under which an evidence lists its file.
pub const MEDIA: &str = "media";

/// What is said of an evidence, in its attributes; what the own API left out has a default.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub description: String,
    /// As it was stated, else as it follows from the file.
    pub content_type: ContentType,
    pub occurred_at: Timestamp,
    pub adjusted_at: Option<Timestamp>,
    /// The name of the account that created it, or what the own API says in its place.
    pub operator: String,
}

impl Said {
    /// What is said of this subject.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn of(rows: &mut dyn Rows, subject: &Subject) -> Result<Self, StoreError> {
        let members: Map<String, Value> = serde_json::from_str(&subject.attributes).unwrap_or_default();
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let content_type = match text("contentType").and_then(ContentType::from_word) {
            Some(stated) => stated,
            None => file(rows, subject)?
                .map_or(ContentType::None, |file| ContentType::of_file(&file.content_type, &file.name)),
        };
        Ok(Self {
            description: text("description").unwrap_or_default().to_owned(),
            content_type,
            occurred_at: text("occurredAt").and_then(Timestamp::parse).unwrap_or(subject.at),
            adjusted_at: text("adjustedAt").and_then(Timestamp::parse),
            operator: text("operator").unwrap_or_default().to_owned(),
        })
    }

    /// The instant that it counts for.
    pub fn at(&self) -> Timestamp {
        self.adjusted_at.unwrap_or(self.occurred_at)
    }

    fn attributes(&self) -> Value {
        json!({
            "description": self.description,
            "contentType": self.content_type.word(),
            "occurredAt": self.occurred_at.rfc3339(),
            "adjustedAt": self.adjusted_at.map(Timestamp::rfc3339),
            "operator": self.operator,
        })
    }
}

/// `GET /api/operations/{slug}/evidence/{uuid}`
pub async fn one(
    State(server): State<Server>,
    Named((slug, uuid)): Named<(String, String)>,
    signed: Signed,
) -> Result<Json<Value>, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Read).await?;
    let said = found.said;
    Ok(Json(json!({
        "uuid": found.subject.id,
        "description": said.description,
        "contentType": said.content_type.word(),
        "occurredAt": said.occurred_at.rfc3339(),
        "adjustedAt": said.adjusted_at.map(Timestamp::rfc3339),
    })))
}

/// `POST /api/operations/{slug}/evidence`
pub async fn create(
    State(server): State<Server>,
    Named(slug): Named<String>,
    signed: Signed,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let operation = rights::operation(&server, &signed.account, &slug, Access::Write).await?;
    let (account, headers, body) = signed.into_body();
    let mut form = Form::read(&server, &headers, body).await?;
    let created = created(&server, &account, operation.key, slug, &mut form).await;
    form.forget(&server).await;
    Ok((StatusCode::CREATED, Json(created?)))
}

/// Creates what a form describes, and shows it. The file that it leaves in the form is refused.
async fn created(
    server: &Server,
    account: &Account,
    operation: CollectionKey,
    slug: String,
    form: &mut Form,
) -> Result<Value, Refused> {
    let now = server.now();
    let content_type = content_type(form)?;
    let said = Said {
        description: form.text("notes").ok_or_else(|| missing("notes"))?.to_owned(),
        content_type,
        occurred_at: form.text("occurred_at").and_then(from_nanoseconds).unwrap_or(now),
        adjusted_at: adjusted_at(form)?.flatten(),
        operator: account.name.clone(),
    };
    let tags = tags(server, operation, form, "tagIds").await?;
    let file = file_of(server, account, content_type, form).await?;
    let artifacts = file.into_iter().collect();
    let uuid = uuid(server);
    let description = Description { attributes: said.attributes().to_string(), artifacts, tags };
    let name = SubjectName { kind: EVIDENCE.to_owned(), collection: slug, id: uuid.clone() };
    let arriving = Arriving {
        kind: EVIDENCE_CREATED.to_owned(),
        subject: Some(name),
        artifact: None,
        provenance: Provenance::Account(account.key),
        delivery: None,
        replay: None,
        data: None,
        description: Some(Box::new(description)),
    };
    judged::record(&server.parts.store, None, vec![arriving], now, now).await?;
    Ok(json!({
        "uuid": uuid,
        "description": said.description,
        "contentType": said.content_type.word(),
        "occurredAt": said.occurred_at.rfc3339(),
        "adjustedAt": said.adjusted_at.map(Timestamp::rfc3339),
        "operator": operator(&said.operator),
        "tags": [],
    }))
}

/// Checks the file of a form and notes it, as the evidence's media. What is refused stays in the form.
async fn file_of(
    server: &Server,
    account: &Account,
    content_type: ContentType,
    form: &mut Form,
) -> Result<Option<(ArtifactKey, String)>, Refused> {
    if let Some(upload) = &form.file {
        check(server, content_type, upload).await?;
    }
    match form.file.take() {
        Some(upload) => Ok(Some((note(server, upload, account).await?, MEDIA.to_owned()))),
        None => Ok(None),
    }
}

/// `PUT /api/operations/{slug}/evidence/{uuid}`
pub async fn change(
    State(server): State<Server>,
    Named((slug, uuid)): Named<(String, String)>,
    signed: Signed,
) -> Result<Json<Value>, Refused> {
    let found = rights::evidence(&server, &signed.account, &slug, &uuid, Needs::Change).await?;
    let (account, headers, body) = signed.into_body();
    let mut form = Form::read(&server, &headers, body).await?;
    let changed = changed(&server, &account, &found, &mut form).await;
    form.forget(&server).await;
    changed.map(|()| Json(Value::Null))
}

/// Changes what a form names. The file that it leaves in the form is refused.
async fn changed(server: &Server, account: &Account, found: &Evidence, form: &mut Form) -> Result<(), Refused> {
    let now = server.now();
    let mut attributes = Map::new();
    if let Some(notes) = form.text("notes") {
        attributes.insert("description".to_owned(), json!(notes));
    }
    if let Some(adjusted_at) = adjusted_at(form)? {
        attributes.insert("adjustedAt".to_owned(), json!(adjusted_at.map(Timestamp::rfc3339)));
    }
    let tags_added = tags(server, found.operation.key, form, "tagsToAdd").await?;
    let tags_removed = tags(server, found.operation.key, form, "tagsToRemove").await?;
    let artifact = match form.file {
        Some(_) => file_of(server, account, replaceable(found.said.content_type)?, form).await?,
        None => None,
    };
    let amend = Amend { subject: found.subject.key, attributes, artifact, tags_added, tags_removed, now };
    match server.parts.store.submit(amend).await? {
        Answer::NotFound => Err(Refused::Unauthorized),
        _ => Ok(()),
    }
}

/// The file of an evidence: what is listed as such, else the first of its uploads.
///
/// # Errors
/// When the engine fails.
pub fn file(rows: &mut dyn Rows, subject: &Subject) -> Result<Option<Artifact>, StoreError> {
    let listed: Vec<Listing> = rows.all(&Find::equal(&LISTING_SUBJECT, vec![Cell::Int(subject.key.0)]))?;
    let chosen = listed.iter().rfind(|each| each.role == MEDIA).or(listed.first());
    let file = chosen.map_or(Ok(None), |listing| rows.load::<Artifact>(listing.artifact.0))?;
    Ok(file.filter(|file| file.removed.is_none()))
}

/// Who created an evidence, in the members that clients read.
pub fn operator(name: &str) -> Value {
    json!({ "firstName": name, "lastName": "", "slug": name })
}

fn content_type(form: &Form) -> Result<ContentType, Refused> {
    let word = form.text("contentType").filter(|word| !word.is_empty()).unwrap_or(ContentType::Image.word());
    ContentType::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = ContentType::ALL.iter().map(|each| each.word()).collect();
        Refused::bad(format!("contentType must be one of {}", known.join(", ")))
    })
}

/// The content types whose file may be replaced.
fn replaceable(of: ContentType) -> Result<ContentType, Refused> {
    use ContentType::{Codeblock, HttpRequestCycle, TerminalRecording};
    match of {
        HttpRequestCycle | Codeblock | TerminalRecording => Ok(of),
        _ => Err(Refused::bad(format!("The file of an evidence of the type {of} cannot be replaced"))),
    }
}

/// The time as it was corrected: absent, taken away, or given.
fn adjusted_at(form: &Form) -> Result<Option<Option<Timestamp>>, Refused> {
    match form.text("adjusted_at") {
        None => Ok(None),
        Some("" | "null") => Ok(Some(None)),
        Some(text) => match Timestamp::parse(text) {
            Some(at) => Ok(Some(Some(at))),
            None => Err(Refused::bad("adjusted_at must be a time as in RFC 3339")),
        },
    }
}

/// A time in nanoseconds since 1970; what does not read counts as absent.
fn from_nanoseconds(text: &str) -> Option<Timestamp> {
    Some(Timestamp(text.trim().parse::<i64>().ok()?.div_euclid(1_000)))
}

/// The tags that a form names, each one of this operation.
async fn tags(server: &Shared, operation: CollectionKey, form: &Form, name: &str) -> Result<Vec<TagKey>, Refused> {
    let numbers = form.numbers(name)?;
    let asked = numbers.clone();
    let known = server.parts.store.read(move |rows| {
        let mut known = Vec::with_capacity(asked.len());
        for number in asked {
            known.extend(rows.load::<Tag>(number)?.filter(|tag| tag.collection == operation).map(|tag| tag.key));
        }
        Ok(known)
    });
    let known = known.await?;
    if known.len() == numbers.len() {
        return Ok(known);
    }
    Err(Refused::bad(format!("{name} names a tag that this operation does not have")))
}

/// Refuses a file that is not of its evidence's type.
async fn check(server: &Shared, content_type: ContentType, upload: &Upload) -> Result<(), Refused> {
    let (blobs, digest, size) = (server.parts.blobs.clone(), upload.blob.sha256, upload.blob.size);
    let check = move || {
        let file = blobs.file(digest).map_err(Refused::from)?;
        match content_type.check(size, BufReader::new(file)) {
            Ok(noted) => Ok(noted),
            Err(ContentError::Unread(why)) => Err(Refused::internal(why)),
            Err(why) => Err(Refused::bad(format!("The file does not fit its type: {why}"))),
        }
    };
    if let Some(noted) = tokio::task::spawn_blocking(check).await?? {
        tracing::debug!(content_type = %content_type, noted, "a file was kept as it came");
    }
    Ok(())
}

/// Notes an upload.
async fn note(server: &Server, upload: Upload, account: &Account) -> Result<ArtifactKey, Refused> {
    let Upload { blob, name, media_type } = upload;
    let noted = Noted { name, content_type: media_type, owner: account.key, retention: None };
    Ok(noted.note(server, blob).await?.key)
}

/// A random UUID (RFC 9562, version 4).
fn uuid(server: &Shared) -> String {
    let mut bytes = [0; 16];
    server.parts.random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = verify::hex::encode(&bytes);
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_read_and_anything_else_counts_as_absent() {
        assert_eq!(from_nanoseconds("1767225600123456789"), Some(Timestamp(1_767_225_600_123_456)));
        for text in ["", "yesterday", "1.5", "99999999999999999999"] {
            assert_eq!(from_nanoseconds(text), None, "{text}");
        }
    }

    #[test]
    fn the_file_of_three_types_may_be_replaced() {
        let open: Vec<&str> =
            ContentType::ALL.iter().filter(|each| replaceable(**each).is_ok()).map(|each| each.word()).collect();
        assert_eq!(open, ["http-request-cycle", "terminal-recording", "codeblock"]);
    }
}
