//! The OpenAPI 3.1 document, made from the table of operations and the table of problems.

use axum::Json;
use serde_json::{Map, Value, json};

use super::lists::LIMIT_MAX;
use super::routes::{PREFIX, Route, routes};
use crate::people::session::{COOKIE, CSRF_HEADER};
use crate::problem::{PROBLEMS, TYPE_PREFIX};

/// The schemas of request bodies.
const SCHEMAS: &str = include_str!("schemas.json");

pub async fn show() -> Json<Value> {
    Json(document())
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let path = paths.entry(format!("{PREFIX}{}", route.path)).or_insert_with(|| json!({}));
        path[route.method] = operation(&route);
    }
    let mut schemas: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap_or_default();
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Countersign", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "MIT OR Apache-2.0" } },
        "security": [{ "bearer": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": COOKIE,
                    "description": format!("A session of the pages. Each change carries {CSRF_HEADER} too."),
                },
            },
            "schemas": schemas,
        },
    })
}

fn operation(route: &Route) -> Value {
    let in_path = route
        .path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = route.query.iter().map(|name| json!({ "name": name, "in": "query", "schema": parameter(name) }));
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses(route),
    });
    let is_required = !route.may_be_empty;
    match route.body {
        None => {}
        Some("bytes") => {
            operation["requestBody"] = json!({ "required": is_required, "content": { "*/*": {} } });
        }
        // A patch takes some of the members.
        Some(schema) if route.method == "patch" => {
            let description = format!("Some members of {schema}; null takes one away.");
            let content = json_of(&json!({ "type": "object", "description": description }));
            operation["requestBody"] = json!({ "required": is_required, "content": content });
        }
        Some(schema) => {
            let content = json_of(&json!({ "$ref": format!("#/components/schemas/{schema}") }));
            operation["requestBody"] = json!({ "required": is_required, "content": content });
        }
    }
    operation
}

fn parameter(name: &str) -> Value {
    match name {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX }),
        _ => json!({ "type": "string" }),
    }
}

/// What a success answers, under each of its statuses, and what anything else does.
fn responses(route: &Route) -> Value {
    let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    let mut all = json!({
        "default": { "description": "A problem.", "content": { "application/problem+json": problem } },
    });
    for status in &route.statuses {
        let mut done = json!({ "description": "Done." });
        match route.answer {
            _ if *status == 204 => {}
            Some("bytes") => done["content"] = json!({ "*/*": {} }),
            Some(schema) => done["content"] = json_of(&json!({ "$ref": format!("#/components/schemas/{schema}") })),
            None => done["content"] = json_of(&json!({ "type": "object" })),
        }
        all[status.to_string()] = done;
    }
    all
}

/// Content that is JSON of a schema.
fn json_of(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// `getEventsId`: the method and the path's words.
fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(route.method.to_owned(), |mut id, word| {
        let (first, rest) = word.split_at(1);
        id.push_str(&first.to_ascii_uppercase());
        id.push_str(rest);
        id
    })
}

fn problem() -> Value {
    let types: Vec<String> = PROBLEMS.iter().map(|kind| format!("{TYPE_PREFIX}{}", kind.code)).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "mend"],
        "properties": {
            "type": { "type": "string", "enum": types },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "member": { "type": "string", "description": "The member that it is about, where it is about one." },
            "mend": { "type": "string", "description": "What the caller can do about it." },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn operations_have_ids_of_their_own_and_schemas_that_exist() {
        let document = document();
        let mut ids = BTreeSet::new();
        for route in routes() {
            assert!(ids.insert(operation_id(&route)), "{}", operation_id(&route));
            for schema in route.body.into_iter().chain(route.answer).filter(|schema| *schema != "bytes") {
                assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
            }
        }
    }
}
