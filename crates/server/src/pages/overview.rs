//! The first page: what needs a person, the last hour and day in numbers, the latest events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::catalogue::{Service, SourceSecret};
use domain::event::{Event, Provenance};
use domain::gate::{Gate, GateState};
use domain::licensing::Warning;
use domain::rule::{Flag, Hold, HoldKind, HoldScope};
use domain::subject::{Collection, Subject};
use domain::{CollectionKey, SubjectKey, Timestamp};
use http::StatusCode;
use store::row::RowsExt;
use store::table::{Find, Rows, Value as Cell};
use store::tables::{FLAG_OPEN, HOLD_UNTIL, Quarantine};
use store::{StoreError, search};
use verify::receive::Reason;

use super::answer::page;
use super::chart::Bars;
use super::chrome::Chrome;
use super::parts::{Badge, Moment, Tone};
use super::story::subject_text;
use super::visitor::Visitor;
use crate::api::View;
use crate::history::Counts;
use crate::problem::{Problem, ProblemType};
use crate::server::{Server, Shared};
use crate::sight::{self, Sight};
use crate::text::{capital, encoded, instant};

/// Events of the list.
const LATEST: usize = 8;
/// Things of one kind that are shown; what is more is told as a number.
const EACH_MAX: usize = 4;
/// Holds that are looked at for those that a member sees.
const LOOKED_AT_MAX: usize = 2_000;
/// Refused requests that are looked at.
const REFUSED_MAX: usize = 200;
/// A source fails whose requests were refused so often in an hour.
const FAILING: usize = 3;
/// A secret that ends sooner than this is shown.
const EXPIRES_WITHIN: Duration = Duration::from_secs(14 * 86_400);

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    chrome: Chrome,
    needs: Vec<Need>,
    hour: Vec<Figure>,
    day: Vec<Charted>,
    events: Vec<EventLine>,
}

impl Overview {
    fn lead(&self) -> String {
        match self.needs.iter().map(|need| need.count).sum() {
            0 => "Nothing needs a person right now.".to_owned(),
            1 => "One thing needs a person.".to_owned(),
            many => format!("{many} things need a person."),
        }
    }
}

/// Something that waits for a person.
struct Need {
    badge: Badge,
    title: String,
    text: String,
    href: String,
    at: Option<Moment>,
    /// How many things it tells of.
    count: usize,
}

/// A number of the last hour.
struct Figure {
    count: u64,
    words: &'static str,
    tone: Tone,
}

/// The last day of two counts.
struct Charted {
    title: &'static str,
    text: String,
    bars: Bars,
}

struct EventLine {
    id: String,
    kind: String,
    at: Moment,
    by: String,
    subject: Option<String>,
    verdict: Option<Badge>,
}

pub async fn show(State(server): State<Server>, visitor: Visitor) -> Result<Response, Problem> {
    let chrome = Chrome::new(&visitor, "/", "Overview");
    let view = View::of(&server);
    let warnings = server.license_report().warnings;
    let mut sight = visitor.sight();
    let (hour, day) = if sight.is_whole() { counted(&server, view.now) } else { Default::default() };
    let overview = server.parts.store.read(move |rows| {
        let mut needs = holds(&view, rows, &mut sight)?;
        let flagged = flags(&view, rows, &mut sight)?;
        let held: BTreeSet<String> = needs.iter().map(|need| need.href.clone()).collect();
        // What is held and flagged is one thing to look at.
        needs.extend(flagged.into_iter().filter(|need| !held.contains(&need.href)));
        if sight.is_whole() {
            needs.extend(gates(&view, rows)?);
            let refused: Vec<Quarantine> = rows.page(None, REFUSED_MAX)?;
            needs.extend(failing(&refused, &view));
            needs.extend(ending(&view, &warnings));
        }
        let events = sight::newest::<Event>(rows, &mut sight, None, None, LATEST)?.rows;
        let events = events.into_iter().map(|event| event_line(&view, rows, event)).collect::<Result<_, _>>()?;
        Ok(Overview { chrome, needs, hour, day, events })
    });
    Ok(page(StatusCode::OK, &overview.await?))
}

/// The holds that are active: those that end first, first.
fn holds(view: &View, rows: &mut dyn Rows, sight: &mut Sight) -> Result<Vec<Need>, StoreError> {
    let mut needs = Vec::new();
    for scope in [HoldScope::Subject, HoldScope::Collection] {
        let of = Find::equal(&HOLD_UNTIL, vec![Cell::Text(scope.word().to_owned())]);
        // Those of other collections come before a member's own ones.
        let limit = if sight.is_whole() { EACH_MAX + 100 } else { LOOKED_AT_MAX };
        let found: Vec<Hold> = rows.all(&of.limit(limit))?;
        let mut found = sight.seen(rows, found)?;
        let more = found.split_off(found.len().min(EACH_MAX)).len();
        for hold in found {
            needs.push(hold_need(view, rows, &hold)?);
        }
        needs.extend(more_of(more, "hold", "/subjects?held=yes"));
    }
    Ok(needs)
}

fn hold_need(view: &View, rows: &mut dyn Rows, hold: &Hold) -> Result<Need, StoreError> {
    let (title, href) = match hold.scope {
        HoldScope::Subject => named(rows, SubjectKey(hold.of))?,
        HoldScope::Collection => {
            let found = rows.load::<Collection>(CollectionKey(hold.of).0)?;
            (
                found.map_or_else(|| "a collection".to_owned(), |found| format!("{} {}", found.kind, found.name)),
                "/subjects".to_owned(),
            )
        }
    };
    let (tone, word) = if hold.kind == HoldKind::Block { (Tone::Stop, "blocked") } else { (Tone::Wait, "held") };
    let until = if hold.until == Timestamp::NEVER {
        "until someone lifts it".to_owned()
    } else {
        format!("until {}", instant(hold.until))
    };
    let text = format!("{}, {until}.", capital(&hold.text));
    Ok(Need { badge: Badge::new(tone, word), title, text, href, at: Some(Moment::new(hold.at, view.now)), count: 1 })
}

/// The flags that nobody has looked at, newest first.
fn flags(view: &View, rows: &mut dyn Rows, sight: &mut Sight) -> Result<Vec<Need>, StoreError> {
    let open = Find::equal(&FLAG_OPEN, Vec::new());
    let mut found = sight::newest::<Flag>(rows, sight, Some(&open), None, EACH_MAX + 100)?.rows;
    let more = found.split_off(found.len().min(EACH_MAX)).len();
    let mut needs = Vec::new();
    for flag in found {
        let (title, href) = named(rows, flag.subject)?;
        let text = format!("{}.", capital(&flag.text));
        let badge = Badge::new(Tone::Wait, "flagged");
        needs.push(Need { badge, title, text, href, at: Some(Moment::new(flag.at, view.now)), count: 1 });
    }
    needs.extend(more_of(more, "flag", "/subjects?flagged=yes"));
    Ok(needs)
}

/// Services that are not called.
fn gates(view: &View, rows: &mut dyn Rows) -> Result<Vec<Need>, StoreError> {
    let mut needs = Vec::new();
    for service in view.catalogue.services.values().filter(|service| service.active) {
        let gate = search::gate(rows, service.key)?;
        needs.extend(gate_need(view, service, &gate));
    }
    Ok(needs)
}

fn gate_need(view: &View, service: &Service, gate: &Gate) -> Option<Need> {
    let (tone, word, text) = match gate.state {
        GateState::Open => return None,
        GateState::Breaker => (Tone::Stop, "failing", "It fails again and again; probes find out when it is back."),
        GateState::Gone => (Tone::Stop, "gone", "It answered that it is gone for good; resume it if that was wrong."),
        GateState::Paused => (Tone::Wait, "paused", "A person paused it; what is owed to it waits."),
        GateState::License => (Tone::Stop, "no license", "No valid license covers it; what is owed to it waits."),
    };
    Some(Need {
        badge: Badge::new(tone, word),
        title: format!("Service {}", service.name),
        text: text.to_owned(),
        href: format!("/admin/services/{}", view.id(service.key)),
        at: Some(Moment::new(gate.since, view.now)),
        count: 1,
    })
}

/// Sources whose requests are refused again and again, by reason. The rows are newest first.
fn failing(refused: &[Quarantine], view: &View) -> Vec<Need> {
    let mut counted: BTreeMap<(&str, &str), (usize, Timestamp)> = BTreeMap::new();
    for row in refused.iter().filter(|row| view.now.since(row.at) < HOUR) {
        counted.entry((&row.path, &row.reason)).or_insert((0, row.at)).0 += 1;
    }
    let often = counted.into_iter().filter(|(_, (count, _))| *count >= FAILING);
    let needs = often.map(|((path, reason), (count, last))| {
        let title = Reason::from_code(reason).map_or("Refused", |reason| ProblemType::of_reason(reason).title);
        Need {
            badge: Badge::new(Tone::Stop, "refused"),
            title: path.to_owned(),
            text: format!("{title}: {count} times within the last hour."),
            href: format!("/quarantine?reason={}", encoded(reason)),
            at: Some(Moment::new(last, view.now)),
            count: 1,
        }
    });
    needs.take(EACH_MAX).collect()
}

/// Secrets and licenses that end soon.
fn ending(view: &View, warnings: &[Warning]) -> Vec<Need> {
    let soon = view.now.after(EXPIRES_WITHIN);
    let mut needs = Vec::new();
    for source in view.catalogue.sources.values().filter(|source| source.active) {
        let lasting = |secret: &&SourceSecret| secret.not_after.is_none_or(|until| soon < until);
        let last = source.secrets.iter().filter_map(|secret| secret.not_after).max();
        if source.secrets.iter().any(|secret| lasting(&secret)) {
            continue;
        }
        if let Some(until) = last {
            needs.push(Need {
                badge: Badge::new(Tone::Wait, "ends soon"),
                title: format!("Source {}/{}", source.provider, source.name),
                text: format!("Its last secret ends at {}; then nothing is believed.", instant(until)),
                href: format!("/sources/{}", view.id(source.key)),
                at: None,
                count: 1,
            });
        }
    }
    needs.extend(warnings.iter().map(|warning| Need {
        badge: Badge::new(if warning.days <= 1 { Tone::Stop } else { Tone::Wait }, "ends soon"),
        title: "License".to_owned(),
        text: warning.text(),
        href: "/licenses".to_owned(),
        at: None,
        count: 1,
    }));
    needs
}

fn more_of(more: usize, what: &str, href: &str) -> Option<Need> {
    let count = match more {
        0 => return None,
        1..100 => more.to_string(),
        _ => "At least 100".to_owned(),
    };
    let plural = if more == 1 { "" } else { "s" };
    Some(Need {
        badge: Badge::new(Tone::Calm, "more"),
        title: format!("{count} more {what}{plural}"),
        text: "See all of them.".to_owned(),
        href: href.to_owned(),
        at: None,
        count: more,
    })
}

/// A subject in a line, and its page.
fn named(rows: &mut dyn Rows, key: SubjectKey) -> Result<(String, String), StoreError> {
    Ok(match search::subject_name(rows, key)? {
        None => ("a subject".to_owned(), "/subjects".to_owned()),
        Some(name) => {
            let [kind, collection, id] = [&name.kind, &name.collection, &name.id].map(|text| encoded(text));
            (subject_text(&name), format!("/subjects/{kind}/{collection}/{id}"))
        }
    })
}

fn event_line(view: &View, rows: &mut dyn Rows, event: Event) -> Result<EventLine, StoreError> {
    let (subject, verdict) = match event.subject {
        None => (None, None),
        Some(key) => {
            let verdict = rows.load::<Subject>(key.0)?.map(|subject| Badge::verdict(subject.verdict));
            (search::subject_name(rows, key)?.as_ref().map(subject_text), verdict)
        }
    };
    let by = match event.provenance {
        Provenance::Signed(source) => view.source(source).unwrap_or_else(|| "a source".to_owned()),
        Provenance::Account(account) => view.account(account).unwrap_or("an account").to_owned(),
        Provenance::External => "a forge endpoint".to_owned(),
        Provenance::Internal => "Countersign itself".to_owned(),
    };
    let at = Moment::new(event.at, view.now);
    Ok(EventLine { id: view.id(event.key), kind: event.kind, at, by, subject, verdict })
}

/// One of the counts, and its word.
type Counted = (fn(&Counts) -> u64, &'static str);

/// The last hour as figures, the last day as charts.
fn counted(server: &Shared, now: Timestamp) -> (Vec<Figure>, Vec<Charted>) {
    let counts = server.metrics.counts();
    let hour = server.history.over(HOUR, 1, now, counts).into_iter().next().unwrap_or_default();
    let day = server.history.over(DAY, 24, now, counts);
    let begins = server.history.begins().filter(|begins| now.since(*begins) < DAY);
    (figures(hour), charts(&day, begins, now))
}

fn figures(hour: Counts) -> Vec<Figure> {
    let bad = |count| if count == 0 { Tone::Calm } else { Tone::Stop };
    vec![
        Figure { count: hour.believed, words: "events believed", tone: Tone::Calm },
        Figure { count: hour.refused, words: "requests refused", tone: bad(hour.refused) },
        Figure { count: hour.answered, words: "calls answered", tone: Tone::Calm },
        Figure { count: hour.failed, words: "calls failed", tone: bad(hour.failed) },
    ]
}

fn charts(day: &[Counts], begins: Option<Timestamp>, now: Timestamp) -> Vec<Charted> {
    let since =
        begins.map_or_else(|| "the last day".to_owned(), |begins| format!("since the start at {}", instant(begins)));
    let ends = (instant(Timestamp(now.0 - domain::time::micros(DAY))), "now".to_owned());
    let chart = |title, [(good, good_word), (bad, bad_word)]: [Counted; 2]| {
        let [goods, bads]: [u64; 2] = [day.iter().map(good).sum(), day.iter().map(bad).sum()];
        let text = format!("{goods} {good_word}, {bads} {bad_word}, {since}");
        let bars = Bars {
            title: format!("{title} by hour: {text}"),
            kinds: vec![(Tone::Live, good_word), (Tone::Stop, bad_word)],
            bars: day.iter().map(|counts| vec![good(counts), bad(counts)]).collect(),
            ends: ends.clone(),
        };
        Charted { title, text: format!("{}.", capital(&text)), bars }
    };
    vec![
        chart("Received", [(|counts| counts.believed, "believed"), (|counts| counts.refused, "refused")]),
        chart("Called", [(|counts| counts.answered, "answered"), (|counts| counts.failed, "failed")]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_is_told_as_a_number() {
        assert!(more_of(0, "hold", "/").is_none());
        let told = [1, 7, 100].map(|more| more_of(more, "hold", "/").expect("more").title);
        assert_eq!(told, ["1 more hold", "7 more holds", "At least 100 more holds"].map(str::to_owned));
    }

    #[test]
    fn charts_say_since_when_they_count() {
        let day = vec![Counts { believed: 2, refused: 1, ..Counts::default() }; 24];
        let now = Timestamp::from_seconds(100_000);
        let whole = charts(&day, None, now);
        assert_eq!(whole[0].text, "48 believed, 24 refused, the last day.");
        let young = charts(&day, Some(Timestamp::from_seconds(90_000)), now);
        assert!(young[1].text.contains("0 answered, 0 failed, since the start at 1970-01-02"), "{}", young[1].text);
    }
}
