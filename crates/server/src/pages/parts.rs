//! What all pages are made of: small values that write themselves as HTML, escaped. A template says `{{ verdict }}`.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use domain::Timestamp;
use domain::verdict::VerdictKind;

use crate::text::{instant, length};

/// How a word is meant; colour and shape follow, the word itself says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Somebody or something is waited for.
    Wait,
    /// Something stands in the way.
    Stop,
    /// Neither.
    Calm,
    /// Happening now.
    Live,
}

impl Tone {
    /// Its class in the stylesheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Stop => "stop",
            Self::Calm => "calm",
            Self::Live => "live",
        }
    }
}

/// A state in a word or two.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(source = r#"<span class="badge {{ tone.class() }}">{{ word }}</span>"#, ext = "html")]
pub struct Badge {
    pub tone: Tone,
    pub word: String,
}

impl HtmlSafe for Badge {}

impl Badge {
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }

    /// A verdict.
    pub fn verdict(verdict: VerdictKind) -> Self {
        let tone = match verdict {
            VerdictKind::Clear => Tone::Good,
            VerdictKind::Held => Tone::Wait,
            VerdictKind::Blocked => Tone::Stop,
            VerdictKind::Pending => Tone::Calm,
        };
        Self::new(tone, verdict.word())
    }
}

/// An instant, told from now; the exact one is a hover away, and in the markup.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ at.rfc3339() }}" title="{{ self.exact() }}">{{ self.told() }}</time>"#,
    ext = "html"
)]
pub struct Moment {
    pub at: Timestamp,
    pub now: Timestamp,
}

impl HtmlSafe for Moment {}

impl Moment {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    fn exact(&self) -> String {
        instant(self.at)
    }

    fn told(&self) -> String {
        const DAY: Duration = Duration::from_secs(86_400);
        if self.at == Timestamp::NEVER {
            return "never".to_owned();
        }
        let (past, span) = (self.at <= self.now, self.now.since(self.at).max(self.at.since(self.now)));
        match (past, span) {
            (true, span) if span < Duration::from_secs(5) => "just now".to_owned(),
            (_, span) if 30 * DAY <= span => self.exact().chars().take(10).collect(),
            (true, span) => format!("{} ago", rough(span)),
            (false, span) => format!("in {}", rough(span)),
        }
    }
}

/// A length of time in its largest unit, rounded down.
fn rough(span: Duration) -> String {
    let s = span.as_secs();
    let (count, unit) = match s {
        0..60 => return format!("{s} s"),
        60..3_600 => return format!("{} min", s / 60),
        3_600..86_400 => (s / 3_600, "hour"),
        _ => (s / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// One line of what is known: a label and its value.
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// What is known of a thing, one line each; a value is text.
#[derive(Default, Template)]
#[template(
    source = r#"<dl class="facts">{% for fact in facts %}<dt>{{ fact.label }}</dt><dd>{{ fact.value }}</dd>{% endfor %}</dl>"#,
    ext = "html"
)]
pub struct Facts {
    pub facts: Vec<Fact>,
}

impl HtmlSafe for Facts {}

impl Facts {
    /// This, and one line more.
    #[must_use]
    pub fn and(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { label, value: value.into() });
        self
    }

    /// This, and one line more where there is a value.
    #[must_use]
    pub fn and_some(self, label: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.and(label, value),
            None => self,
        }
    }
}

/// Nothing is there yet: what would be, and how it comes.
#[derive(Template)]
#[template(source = r#"<div class="empty"><h2>{{ title }}</h2><p>{{ text }}</p></div>"#, ext = "html")]
pub struct Empty {
    pub title: &'static str,
    pub text: &'static str,
}

impl HtmlSafe for Empty {}

/// The way to the older rows of a list, its filters kept.
#[derive(Default, Template)]
#[template(path = "parts/paging.html")]
pub struct Paging {
    /// What is shown: `50 events, newest first`.
    pub shown: String,
    /// Where the newest are, when these are not.
    pub newest: Option<String>,
    /// Where the older ones are, when there are any.
    pub older: Option<String>,
}

impl HtmlSafe for Paging {}

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// One line; the type of the input: `text`, `url`, `number`, `search`, `datetime-local`.
    Line(&'static str),
    /// One line that is not shown, and never filled in again.
    Secret,
    /// Several lines.
    Text,
    /// Several lines of code.
    Code,
    /// One of these: value and words.
    Choice(Vec<(String, String)>),
}

/// A field of a form: its label, what was typed, what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(path = "parts/field.html")]
pub struct Field {
    /// Its id in the page: its name, unless two forms of a page share that.
    pub id: &'static str,
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub value: String,
    pub wrong: Option<String>,
    pub control: Control,
    pub required: bool,
    /// What browsers may fill in: `off`, `username`, `current-password`.
    pub autocomplete: &'static str,
}

impl HtmlSafe for Field {}

impl Field {
    /// An empty line of text.
    pub fn line(name: &'static str, label: &'static str) -> Self {
        let control = Control::Line("text");
        let value = String::new();
        Self { id: name, name, label, hint: "", value, wrong: None, control, required: false, autocomplete: "off" }
    }

    #[must_use]
    pub fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    #[must_use]
    pub fn control(self, control: Control) -> Self {
        Self { control, ..self }
    }

    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    #[must_use]
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// With what was typed, or stands.
    #[must_use]
    pub fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// With what is wrong with it, where something is.
    #[must_use]
    pub fn wrong(self, wrong: Option<String>) -> Self {
        Self { wrong, ..self }
    }
}

/// A value that is shown this once, to be copied.
#[derive(Template)]
#[template(path = "parts/once.html")]
pub struct Once {
    /// The element's id, unique in the page.
    pub id: &'static str,
    pub label: &'static str,
    pub value: String,
}

impl HtmlSafe for Once {}

/// A length of time for people.
pub fn span(span: Duration) -> String {
    length(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn instants_are_told_from_now_and_stand_exactly_in_the_markup() {
        let told = |seconds: i64| Moment::new(Timestamp::from_seconds(1_000_000 + seconds), NOW).told();
        assert_eq!(
            [told(-2), told(-59), told(-3_599), told(-86_400)],
            ["just now", "59 s ago", "59 min ago", "1 day ago"]
        );
        assert_eq!([told(90), told(7_300), told(-2_600_000)], ["in 1 min", "in 2 hours", "1969-12-13"]);
        let html = Moment::new(NOW, NOW).to_string();
        assert!(html.contains(r#"datetime="1970-01-12T13:46:40.000Z" title="1970-01-12 13:46:40 UTC""#), "{html}");
    }

    #[test]
    fn parts_escape_what_others_wrote() {
        let badge = Badge::new(Tone::Stop, "<b>").to_string();
        assert_eq!(badge, r#"<span class="badge stop">&#60;b&#62;</span>"#);
        let field = Field::line("name", "Name").value("\"><script>").wrong(Some("no <i>".to_owned())).to_string();
        assert!(!field.contains("<script") && !field.contains("<i>") && field.contains("aria-invalid"), "{field}");
        let facts = Facts::default().and("a", "<b>").and_some("c", None::<String>).to_string();
        assert_eq!(facts, r#"<dl class="facts"><dt>a</dt><dd>&#60;b&#62;</dd></dl>"#);
    }

    #[test]
    fn a_secret_is_never_filled_in_again() {
        let field = Field::line("password", "Password").control(Control::Secret).value("hunter2").to_string();
        assert!(field.contains(r#"type="password""#) && !field.contains("hunter2"), "{field}");
    }
}
