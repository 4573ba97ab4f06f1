//! Subjects and collections as the platform describes them.

use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rule::{Hold, HoldScope, Match, RestrictionKind};
use domain::subject::{Actor, Collection, Subject, SubjectName};
use domain::verdict::Verdict;
use domain::*;

use super::Turn;
use super::consequences::{Fenced, Of, fence, write};
use crate::StoreError;
use crate::command::{Amend, Answer, Description, PutCollection, PutSubject};
use crate::row::RowsExt;
use crate::search;
use crate::table::{Find, Value};
use crate::tables::{
    ACTOR_SUBJECT, ActorRow, Artifact, EXPECTATION_ARTIFACT, LISTING, LISTING_ARTIFACT, LISTING_SUBJECT, Listing,
    MATCH_ARTIFACT, RESULT_ARTIFACT,
};

/// Makes a subject, and its collection where that is new too. Answers it with the active holds on its collection: what
/// they stop is held from the beginning.
pub(super) fn make(
    turn: &mut Turn<'_>,
    name: &SubjectName,
    track: Option<&str>,
    first: &Verdict,
    description: Option<&Description>,
    now: Timestamp,
) -> Result<(Subject, Vec<Hold>), StoreError> {
    let collection = collection(turn, search::collection_kind(&name.kind), &name.collection, now)?;
    let holds = search::active_holds(turn.rows, HoldScope::Collection, collection.0)?;
    let mut subject = Subject {
        key: SubjectKey(turn.key(now)),
        kind: name.kind.clone(),
        collection,
        id: name.id.clone(),
        track: track.map(str::to_owned),
        revision: 1,
        verdict: first.kind,
        reasons: Vec::new(),
        attributes: description.map_or_else(|| "{}".to_owned(), |description| description.attributes.clone()),
        protected: false,
        users: None,
        block_lifted: false,
        review_deadline: None,
        at: now,
    };
    let verdict = domain::judge::held_from_the_start(first, &subject, &holds);
    (subject.verdict, subject.reasons) = (verdict.kind, verdict.reasons);
    turn.rows.add(&subject)?;
    if let Some(description) = description {
        for (artifact, role) in &description.artifacts {
            list(turn, subject.key, *artifact, role, now)?;
        }
        super::tag::put_on(turn, subject.key, &description.tags, now)?;
    }
    turn.judged(subject.key);
    Ok((subject, holds))
}

/// The collection of this name, made if it is new.
fn collection(turn: &mut Turn<'_>, kind: &str, name: &str, now: Timestamp) -> Result<CollectionKey, StoreError> {
    if let Some(known) = search::collection_by_name(turn.rows, kind, name)? {
        return Ok(known.key);
    }
    let key = CollectionKey(turn.key(now));
    let (kind, name) = (kind.to_owned(), name.to_owned());
    turn.rows.add(&Collection { key, kind, name, attributes: "{}".to_owned() })?;
    Ok(key)
}

pub(super) fn put_collection(turn: &mut Turn<'_>, put: &PutCollection) -> Result<Answer, StoreError> {
    if put.new && search::collection_by_name(turn.rows, &put.kind, &put.name)?.is_some() {
        return Ok(Answer::Taken);
    }
    let key = collection(turn, &put.kind, &put.name, put.now)?;
    if let Some(before) = turn.rows.load::<Collection>(key.0)? {
        turn.rows.change(&before, &Collection { attributes: put.attributes.clone(), ..before.clone() })?;
    }
    Ok(Answer::Done)
}

pub(super) fn put(turn: &mut Turn<'_>, put: &PutSubject) -> Result<Answer, StoreError> {
    if search::restricted(turn.rows, &put.actors, RestrictionKind::Submission)? {
        return Ok(Answer::Restricted);
    }
    if search::restricted(turn.rows, &put.actors, RestrictionKind::Approval)? != put.restricted {
        return Ok(Answer::Stale);
    }
    let artifacts: Vec<ArtifactKey> = put.artifacts.iter().map(|(key, _)| *key).collect();
    if search::orphans(turn.rows, &artifacts)? != put.orphans {
        return Ok(Answer::Stale);
    }
    let known = search::subject_by_name(turn.rows, &put.name)?;
    let fenced = match &put.judged {
        Some(judged) => match fence(turn, judged)? {
            Ok(fenced) => Some(fenced),
            Err(answer) => return Ok(answer),
        },
        None if known.is_some() => return Ok(Answer::Stale),
        None => None,
    };
    let subject = match known {
        Some(subject) => subject,
        None => {
            let first = domain::judge::first_verdict(&[], &Default::default());
            make(turn, &put.name, put.track.as_deref(), &first, None, put.now)?.0
        }
    };
    let described = Subject {
        attributes: put.attributes.clone(),
        protected: put.protected,
        users: put.users,
        track: put.track.clone().or_else(|| subject.track.clone()),
        review_deadline: put.review_deadline.or(subject.review_deadline),
        ..subject.clone()
    };
    turn.rows.change(&subject, &described)?;
    replace_actors(turn, subject.key, &put.actors, put.now)?;
    for (artifact, role) in &put.artifacts {
        list(turn, subject.key, *artifact, role, put.now)?;
        adopt(turn, subject.key, *artifact)?;
    }
    let verdict = fenced.as_ref().and_then(|fenced| fenced.judged.plan.verdict.as_ref()).map(|verdict| verdict.kind);
    if let Some(fenced) = fenced {
        let fenced = Fenced { subject: Some(described), ..fenced };
        write(turn, &fenced, &Of { result: ResultKey(0), artifact: None, now: put.now, event: None })?;
    }
    Ok(Answer::Verdict(verdict.unwrap_or(subject.verdict)))
}

pub(super) fn amend(turn: &mut Turn<'_>, amend: &Amend) -> Result<Answer, StoreError> {
    let Some(before) = turn.rows.load::<Subject>(amend.subject.0)? else { return Ok(Answer::NotFound) };
    let mut attributes: serde_json::Map<_, _> = serde_json::from_str(&before.attributes).unwrap_or_default();
    attributes.extend(amend.attributes.clone());
    let attributes = serde_json::Value::Object(attributes).to_string();
    turn.rows.change(&before, &Subject { attributes, ..before.clone() })?;
    if let Some((artifact, role)) = &amend.artifact {
        let listed: Vec<Listing> = turn.rows.all(&Find::equal(&LISTING_SUBJECT, vec![Value::Int(before.key.0)]))?;
        for old in listed.iter().filter(|each| each.role == *role) {
            turn.rows.delete(&LISTING, old.key)?;
            let_go(turn, old.artifact, amend.now)?;
        }
        list(turn, before.key, *artifact, role, amend.now)?;
    }
    super::tag::put_on(turn, before.key, &amend.tags_added, amend.now)?;
    super::tag::take_off(turn, before.key, &amend.tags_removed)?;
    Ok(Answer::Done)
}

fn replace_actors(
    turn: &mut Turn<'_>,
    subject: SubjectKey,
    actors: &[Actor],
    now: Timestamp,
) -> Result<(), StoreError> {
    let known: Vec<ActorRow> = turn.rows.all(&Find::equal(&ACTOR_SUBJECT, vec![Value::Int(subject.0)]))?;
    for actor in actors {
        if known.iter().any(|each| each.kind == actor.kind && each.value == actor.value) {
            continue;
        }
        let key = turn.key(now);
        turn.rows.add(&ActorRow { key, subject, kind: actor.kind, value: actor.value.clone() })?;
    }
    Ok(())
}

fn list(
    turn: &mut Turn<'_>,
    subject: SubjectKey,
    artifact: ArtifactKey,
    role: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let listed: Vec<Listing> = turn.rows.all(&Find::equal(&LISTING_SUBJECT, vec![Value::Int(subject.0)]))?;
    if listed.iter().any(|each| each.artifact == artifact && each.role == role) {
        return Ok(());
    }
    let key = turn.key(now);
    turn.rows.add(&Listing { key, subject, role: role.to_owned(), artifact })
}

/// The time of an artifact that nothing lists any more has come.
fn let_go(turn: &mut Turn<'_>, artifact: ArtifactKey, now: Timestamp) -> Result<(), StoreError> {
    let listed = Find::equal(&LISTING_ARTIFACT, vec![Value::Int(artifact.0)]).limit(1);
    if !turn.rows.find(&listed)?.is_empty() {
        return Ok(());
    }
    if let Some(before) = turn.rows.load::<Artifact>(artifact.0)? {
        turn.rows.change(&before, &Artifact { expires: before.expires.min(now), ..before.clone() })?;
    }
    Ok(())
}

/// What was said about an artifact becomes the first lister's.
fn adopt(turn: &mut Turn<'_>, subject: SubjectKey, artifact: ArtifactKey) -> Result<(), StoreError> {
    let by = |index| Find::equal(index, vec![Value::Int(artifact.0)]);
    for before in turn.rows.all::<Expectation>(&by(&EXPECTATION_ARTIFACT))? {
        if before.subject.is_some() {
            continue;
        }
        turn.rows.change(&before, &Expectation { subject: Some(subject), ..before.clone() })?;
    }
    for before in turn.rows.all::<ServiceResult>(&by(&RESULT_ARTIFACT))? {
        if before.subject.is_some() {
            continue;
        }
        turn.rows.change(&before, &ServiceResult { subject: Some(subject), ..before.clone() })?;
    }
    for before in turn.rows.all::<Match>(&by(&MATCH_ARTIFACT))? {
        if before.subject.is_some() {
            continue;
        }
        turn.rows.change(&before, &Match { subject: Some(subject), ..before.clone() })?;
    }
    Ok(())
}
