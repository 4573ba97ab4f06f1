//! What a worker is told about an event (event-workers, section 5).

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::content::ContentType;
use crate::event::EVIDENCE_CREATED;
use crate::profile::{Ask, Outgoing, TellArtifact, TellVariable, Told};
use crate::subject::SubjectName;

/// The message about a new subject: its four members, and variables where there are any.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvidenceCreated<'a> {
    r#type: &'a str,
    evidence_uuid: &'a str,
    operation_slug: &'a str,
    content_type: ContentType,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    global_variables: Vec<GlobalVariable<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operation_variables: Vec<OperationVariable<'a>>,
}

#[derive(Serialize)]
struct GlobalVariable<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationVariable<'a> {
    operation_slug: &'a str,
    var_slug: &'a str,
    name: &'a str,
    value: &'a str,
}

/// The message about any other event, which a worker gets only where it asked for it.
#[derive(Serialize)]
struct Other<'a> {
    r#type: &'a str,
    subject: Option<&'a SubjectName>,
    artifacts: &'a [TellArtifact],
    body: Option<&'a RawValue>,
    body_url: Option<&'a str>,
}

pub(super) fn request(ask: &Ask<'_>) -> Outgoing {
    let told = ask.told;
    let body = match &told.subject {
        Some(subject) if told.event.kind == EVIDENCE_CREATED => {
            serde_json::to_vec(&evidence_created(subject, told, ask.variables))
        }
        _ => serde_json::to_vec(&other(ask)),
    };
    super::json(body.unwrap_or_default())
}

fn evidence_created<'a>(
    subject: &'a SubjectName,
    told: &'a Told,
    variables: &'a [TellVariable],
) -> EvidenceCreated<'a> {
    let global = variables.iter().filter(|each| each.operation.is_none());
    let of_operation = variables.iter().filter(|each| each.operation.as_ref() == Some(&subject.collection));
    EvidenceCreated {
        r#type: EVIDENCE_CREATED,
        evidence_uuid: &subject.id,
        operation_slug: &subject.collection,
        content_type: content_type(told),
        global_variables: global.map(|each| GlobalVariable { name: &each.name, value: &each.value }).collect(),
        operation_variables: of_operation
            .map(|each| OperationVariable {
                operation_slug: &subject.collection,
                var_slug: &each.slug,
                name: &each.name,
                value: &each.value,
            })
            .collect(),
    }
}

fn other<'a>(ask: &Ask<'a>) -> Other<'a> {
    let body = ask.told.json().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    Other {
        r#type: &ask.told.event.kind,
        subject: ask.told.subject.as_ref(),
        artifacts: ask.artifacts,
        body,
        body_url: (body.is_none() && ask.told.has_body).then_some(ask.body_url),
    }
}

/// What a subject's file holds: what its attributes say, else what follows from its first upload.
fn content_type(told: &Told) -> ContentType {
    let snapshot = told.event.snapshot.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let stated = snapshot.as_ref().and_then(|snapshot| snapshot["subject"]["contentType"].as_str());
    if let Some(known) = stated.and_then(ContentType::from_word) {
        return known;
    }
    told.artifacts.first().map_or(ContentType::None, |first| ContentType::of_file(&first.content_type, &first.filename))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::event::{Event, Provenance};
    use crate::judge::tests::service;
    use crate::profile::{ProfileKind, ToldArtifact};
    use crate::{ArtifactKey, EventKey};

    fn told(kind: &str, snapshot: Option<&str>, file: Option<(&str, &str)>) -> Told {
        let at = Timestamp(1_767_225_600_000_000);
        let event = Event {
            key: EventKey(1),
            receipt: None,
            kind: kind.to_owned(),
            subject: None,
            artifact: None,
            provenance: Provenance::Internal,
            hops: 0,
            cause: None,
            delivery: None,
            data: Some(r#"{"n":1}"#.to_owned()),
            snapshot: snapshot.map(str::to_owned),
            at,
        };
        let subject = SubjectName {
            kind: "evidence".to_owned(),
            collection: "test-op".to_owned(),
            id: "3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d".to_owned(),
        };
        let artifacts = file.map(|(content_type, filename)| ToldArtifact {
            key: ArtifactKey(1),
            sha256: String::new(),
            size: 1,
            content_type: content_type.to_owned(),
            filename: filename.to_owned(),
            role: "media".to_owned(),
            at,
        });
        Told {
            event,
            subject: Some(subject),
            artifacts: artifacts.into_iter().collect(),
            others: Vec::new(),
            body: None,
            has_body: false,
        }
    }

    fn sent(told: &Told, variables: &[TellVariable]) -> String {
        let service = service(1, ProfileKind::Worker);
        let ask = Ask {
            service: &service,
            secret: None,
            told,
            event_id: "evt_x",
            artifacts: &[],
            others: &[],
            event_form: None,
            variables,
            call_id: [0; 16],
            public_url: "",
            scanner_result_url: "",
            result_url: "",
            body_url: "https://gateway.example/api/bodies/x",
            deadline: Timestamp(0),
        };
        let outgoing = request(&ask);
        assert_eq!(outgoing.headers, [("content-type", "application/json".to_owned())]);
        String::from_utf8(outgoing.body).expect("text")
    }

    #[test]
    fn a_new_subject_is_told_in_exactly_four_members() {
        let told = told(EVIDENCE_CREATED, Some(r#"{"subject":{"contentType":"image"}}"#), None);
        assert_eq!(
            sent(&told, &[]),
            r#"{"type":"evidence_created","evidenceUuid":"3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d","operationSlug":"test-op","contentType":"image"}"#
        );
    }

    #[test]
    fn variables_are_told_where_there_are_any_and_only_those_of_the_operation() {
        let variable = |operation: Option<&str>, slug: &str| TellVariable {
            operation: operation.map(str::to_owned),
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
            value: "v".to_owned().into(),
        };
        let told = told(EVIDENCE_CREATED, None, None);
        let sent =
            sent(&told, &[variable(None, "region"), variable(Some("test-op"), "ticket"), variable(Some("x"), "y")]);

        let message: Value = serde_json::from_str(&sent).expect("JSON");
        assert_eq!(message["globalVariables"], serde_json::json!([{ "name": "REGION", "value": "v" }]));
        let own =
            serde_json::json!([{ "operationSlug": "test-op", "varSlug": "ticket", "name": "TICKET", "value": "v" }]);
        assert_eq!(message["operationVariables"], own);
        assert!(!super::tests::sent(&told, &[variable(Some("test-op"), "ticket")]).contains("globalVariables"));
    }

    #[test]
    fn any_other_event_is_told_in_the_general_form() {
        assert_eq!(
            sent(&told("subject.verdict", None, None), &[]),
            r#"{"type":"subject.verdict","subject":{"kind":"evidence","collection":"test-op","subject":"3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d"},"artifacts":[],"body":{"n":1},"body_url":null}"#
        );
    }

    #[test]
    fn what_a_file_holds_is_stated_or_follows_from_it() {
        let of = |snapshot, file| content_type(&told(EVIDENCE_CREATED, snapshot, file)).word();
        let png = Some(("image/png", "x.png"));
        assert_eq!(of(None, None), "none");
        assert_eq!(of(None, png), "image");
        assert_eq!(of(Some(r#"{"subject":{"contentType":"event"}}"#), png), "event");
        assert_eq!(of(Some(r#"{"subject":{"contentType":"movie"}}"#), png), "image");
        assert_eq!(of(None, Some(("application/json", "x.har"))), "http-request-cycle");
        assert_eq!(of(None, Some(("application/octet-stream", "X.CAST"))), "terminal-recording");
        assert_eq!(of(None, Some(("application/x-codeblock+json; charset=utf-8", "x"))), "codeblock");
        assert_eq!(of(None, Some(("application/zip", "x.har"))), "none");
    }
}
