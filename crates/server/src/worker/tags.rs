//! Tags: labels in one operation.

use axum::Json;
use axum::extract::State;
use domain::catalogue::Access;
use http::StatusCode;
use serde_json::{Value, json};
use store::command::{Answer, MakeTag};
use store::row::RowsExt as _;
use store::table::{Find, Value as Cell};
use store::tables::{TAG_NAME, TAGGING_TAG, Tag};

use super::error::Refused;
use super::json::{Members, at_most};
use super::path::Named;
use super::rights;
use super::signed::Signed;
use crate::server::Server;

/// The longest name of a tag.
const NAME_CHARS_MAX: usize = 255;
/// The longest description of a tag.
const DESCRIPTION_CHARS_MAX: usize = 150;
/// The words of the colours; each may have `light` before it.
const COLOURS: [&str; 10] =
    ["blue", "yellow", "green", "indigo", "orange", "pink", "red", "teal", "vermilion", "violet"];

/// `GET /api/operations/{slug}/tags`
pub async fn list(
    State(server): State<Server>,
    Named(slug): Named<String>,
    signed: Signed,
) -> Result<Json<Value>, Refused> {
    let operation = rights::operation(&server, &signed.account, &slug, Access::Read).await?;
    let shown = server.parts.store.read(move |rows| {
        let mut tags: Vec<Tag> = rows.all(&Find::equal(&TAG_NAME, vec![Cell::Int(operation.key.0)]))?;
        tags.sort_by_key(|tag| tag.key);
        let mut shown = Vec::with_capacity(tags.len());
        for tag in &tags {
            let mut one = show(tag);
            one["evidenceCount"] = json!(rows.find(&Find::equal(&TAGGING_TAG, vec![Cell::Int(tag.key.0)]))?.len());
            shown.push(one);
        }
        Ok(Value::Array(shown))
    });
    Ok(Json(shown.await?))
}

/// `POST /api/operations/{slug}/tags`
pub async fn create(
    State(server): State<Server>,
    Named(slug): Named<String>,
    signed: Signed,
) -> Result<(StatusCode, Json<Value>), Refused> {
    // A missing operation is told as one that is not readable; one that is readable alone as not permitted.
    rights::operation(&server, &signed.account, &slug, Access::Read).await?;
    let operation = rights::operation(&server, &signed.account, &slug, Access::Write).await?;
    let members = Members::read(&signed.document().await?)?;
    let name = members.filled("name")?.to_owned();
    at_most("name", &name, NAME_CHARS_MAX)?;
    let colour = members.optional_text("colorName")?.filter(|colour| !colour.is_empty()).unwrap_or("blue").to_owned();
    if !is_colour(&colour) {
        let known = COLOURS.join(", ");
        return Err(Refused::bad(format!("colorName must be one of {known}, or one of them with light before it")));
    }
    let description = members.optional_text("description")?.map(str::to_owned);
    at_most("description", description.as_deref().unwrap_or_default(), DESCRIPTION_CHARS_MAX)?;
    let make = MakeTag { collection: operation.key, name, colour, description };
    match server.parts.store.submit(make.clone()).await? {
        Answer::Tag(key) => {
            let MakeTag { collection, name, colour, description } = make;
            Ok((StatusCode::CREATED, Json(show(&Tag { key, collection, name, colour, description }))))
        }
        _ => Err(Refused::bad(format!("A tag with the name {:?} already exists", make.name))),
    }
}

/// A tag as clients read it.
pub fn show(tag: &Tag) -> Value {
    json!({ "id": tag.key.0, "colorName": tag.colour, "name": tag.name, "description": tag.description })
}

fn is_colour(word: &str) -> bool {
    COLOURS.iter().any(|colour| {
        let (first, rest) = colour.split_at(1);
        *colour == word || word.strip_prefix("light") == Some(&format!("{}{rest}", first.to_ascii_uppercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::is_colour;

    #[test]
    fn colours_are_known_by_their_words() {
        assert!(is_colour("blue") && is_colour("lightBlue") && is_colour("lightVermilion"));
        assert!(!is_colour("") && !is_colour("Blue") && !is_colour("lightblue") && !is_colour("light"));
    }
}
