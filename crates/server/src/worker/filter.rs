//! The filter of the list of evidence (event-workers, section 10), as a pure reading and a pure judgement.
//!
//! Words are separated by spaces; double quotes keep spaces. `key:value` asks for more than a word in the description,
//! `key:!value` for the opposite. Several values of one key are alternatives; every word must occur.

use domain::Timestamp;

/// What a list is narrowed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Each occurs in the description, whatever its case.
    words: Vec<String>,
    /// All occur in the body of one result, whatever their case.
    meta: Vec<String>,
    tags: Asked<String>,
    operators: Asked<String>,
    types: Asked<String>,
    uuids: Asked<String>,
    ranges: Asked<Range>,
    /// Whether it must be linked to a finding. None is: this gateway keeps no findings.
    linked: Option<bool>,
    /// Whether the oldest come first.
    pub ascending: bool,
}

/// Values of one key: one of the first, and none of the others.
#[derive(Debug, PartialEq, Eq)]
struct Asked<T> {
    any: Vec<T>,
    none: Vec<T>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self { any: Vec::new(), none: Vec::new() }
    }
}

impl<T> Asked<T> {
    fn add(&mut self, negated: bool, value: T) {
        if negated { self.none.push(value) } else { self.any.push(value) }
    }

    fn takes(&self, is: impl Fn(&T) -> bool) -> bool {
        (self.any.is_empty() || self.any.iter().any(&is)) && !self.none.iter().any(&is)
    }
}

/// From one instant to another, both included.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    from: Timestamp,
    to: Timestamp,
}

/// What a filter looks at.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The evidence's id.
    pub uuid: &'a str,
    /// Its description.
    pub description: &'a str,
    /// Its content type.
    pub content_type: &'a str,
    /// Who created it.
    pub operator: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// The names of its tags.
    pub tags: &'a [String],
    /// The bodies of its results.
    pub bodies: &'a [String],
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// A sentence on the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for word in words(text)? {
            match word {
                Word::Bare(word) => filter.words.push(word.to_lowercase()),
                Word::Keyed { key, negated, value } => filter.ask(&key, negated, value)?,
            }
        }
        Ok(filter)
    }

    fn ask(&mut self, key: &str, negated: bool, value: String) -> Result<(), String> {
        if negated && matches!(key, "meta" | "linked" | "sort" | "with-evidence") {
            return Err(format!("The filter {key} cannot be negated"));
        }
        match key {
            "meta" => self.meta.push(value.to_lowercase()),
            "tag" => self.tags.add(negated, value),
            "operator" => self.operators.add(negated, value),
            "type" => self.types.add(negated, value),
            "uuid" => self.uuids.add(negated, value),
            "range" => self.ranges.add(negated, Range::parse(&value)?),
            "linked" => {
                self.linked = match value.as_str() {
                    "true" => Some(true),
                    "false" => Some(false),
                    "all" => None,
                    _ => return Err(format!("linked must be true, false or all, not {value:?}")),
                }
            }
            "sort" => {
                self.ascending = match value.as_str() {
                    "asc" => true,
                    "desc" => false,
                    _ => return Err(format!("sort must be asc or desc, not {value:?}")),
                }
            }
            "with-evidence" => {}
            _ => return Err(format!("Unknown filter key: {key}")),
        }
        Ok(())
    }

    /// Whether results must be read to judge.
    pub fn looks_at_results(&self) -> bool {
        !self.meta.is_empty()
    }

    /// Whether an evidence passes.
    pub fn takes(&self, seen: &Seen<'_>) -> bool {
        let description = seen.description.to_lowercase();
        self.words.iter().all(|word| description.contains(word))
            && self.tags.takes(|name| seen.tags.contains(name))
            && self.operators.takes(|name| name == seen.operator)
            && self.types.takes(|name| name == seen.content_type)
            && self.uuids.takes(|uuid| uuid.eq_ignore_ascii_case(seen.uuid))
            && self.ranges.takes(|range| range.from <= seen.at && seen.at <= range.to)
            && self.linked != Some(true)
            && (self.meta.is_empty() || seen.bodies.iter().any(|body| self.all_in(body)))
    }

    fn all_in(&self, body: &str) -> bool {
        let body = body.to_lowercase();
        self.meta.iter().all(|word| body.contains(word))
    }
}

impl Range {
    fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("range must be two dates or RFC 3339 times with a comma between them, not {text:?}");
        let (from, to) = text.split_once(',').ok_or_else(expected)?;
        let from = instant(from.trim(), "T00:00:00Z").ok_or_else(expected)?;
        let to = instant(to.trim(), "T23:59:59.999999Z").ok_or_else(expected)?;
        Ok(Self { from, to })
    }
}

/// A time, or a date with the time of day that completes it.
fn instant(text: &str, time_of_day: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}{time_of_day}")))
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Bare(String),
    Keyed { key: String, negated: bool, value: String },
}

/// Cuts a filter into words. A colon is one only outside quotes.
fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Ok(found);
        }
        let mut quoted = false;
        let mut key: Option<(String, bool)> = None;
        let mut word = String::new();
        while let Some(letter) = letters.next_if(|letter| quoted || !letter.is_whitespace()) {
            match letter {
                '"' => quoted = !quoted,
                ':' if !quoted && key.is_none() => {
                    let negated = letters.next_if_eq(&'!').is_some();
                    key = Some((std::mem::take(&mut word), negated));
                }
                _ => word.push(letter),
            }
        }
        if quoted {
            return Err("A quotation mark is not closed".to_owned());
        }
        match key {
            Some((key, _)) if word.is_empty() => return Err(format!("The filter {key} has no value")),
            Some((key, negated)) => found.push(Word::Keyed { key: key.to_lowercase(), negated, value: word }),
            None if word.is_empty() => {}
            None => found.push(Word::Bare(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(filter: &str) -> bool {
        let seen = Seen {
            uuid: "3f8b2c1e-7a64-4d1c-9f43-0a5f6f6f1b2d",
            description: "Login page of the Intranet, see http://x",
            content_type: "image",
            operator: "alice",
            at: Timestamp::parse("2026-03-02T12:00:00Z").expect("a time"),
            tags: &["urgent".to_owned(), "my tag".to_owned()],
            bodies: &["found port 443".to_owned(), "a Secret word".to_owned()],
        };
        Filter::parse(filter).expect("a filter").takes(&seen)
    }

    #[test]
    fn every_word_must_occur_in_the_description() {
        for filter in ["", "  ", "login", "LOGIN intranet", r#""page of the""#, r#"login "of the""#, r#""http://x""#] {
            assert!(takes(filter), "{filter}");
        }
        for filter in ["logout", "login nothing", r#""page the""#] {
            assert!(!takes(filter), "{filter}");
        }
    }

    #[test]
    fn values_of_one_key_are_alternatives_and_keys_add_up() {
        for filter in [
            "tag:urgent",
            "tag:none tag:urgent",
            r#"tag:"my tag""#,
            "operator:alice type:image",
            "type:event type:image",
            "uuid:3F8B2C1E-7a64-4d1c-9f43-0a5f6f6f1b2d",
            "range:2026-03-01,2026-03-02",
            "range:2026-03-02,2026-03-02",
            "range:2026-03-02T12:00:00Z,2026-03-02T13:00:00+01:00",
            "range:2020-01-01,2020-01-02 range:2026-01-01,2027-01-01",
            "meta:port meta:443",
            "meta:SECRET",
            "linked:false",
            "linked:all",
            "sort:asc with-evidence:true login",
        ] {
            assert!(takes(filter), "{filter}");
        }
        for filter in [
            "tag:Urgent",
            "tag:urgent operator:bob",
            "type:none",
            "uuid:3f8b2c1e",
            "range:2026-03-03,2026-03-04",
            "meta:port meta:secret",
            "linked:true",
        ] {
            assert!(!takes(filter), "{filter}");
        }
    }

    #[test]
    fn a_value_may_be_excluded() {
        for filter in ["tag:!none", "operator:!bob", "type:!event tag:urgent", r#"tag:!"another tag""#] {
            assert!(takes(filter), "{filter}");
        }
        for filter in ["tag:!urgent", r#"tag:!"my tag""#, "tag:urgent tag:!urgent", "range:!2026-01-01,2027-01-01"] {
            assert!(!takes(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_reason() {
        for (filter, reason) in [
            ("colour:red", "Unknown filter key: colour"),
            ("http://x", "Unknown filter key: http"),
            (":x", "Unknown filter key: "),
            ("meta:!x", "The filter meta cannot be negated"),
            ("sort:!asc", "The filter sort cannot be negated"),
            ("linked:!true", "The filter linked cannot be negated"),
            ("linked:maybe", "linked must be true, false or all, not \"maybe\""),
            ("sort:up", "sort must be asc or desc, not \"up\""),
            ("tag:", "The filter tag has no value"),
            ("\"open", "A quotation mark is not closed"),
        ] {
            assert_eq!(Filter::parse(filter), Err(reason.to_owned()), "{filter}");
        }
        for range in ["range:2026-01-01", "range:,", "range:yesterday,today", "range:2026-13-01,2026-14-01"] {
            assert!(Filter::parse(range).is_err(), "{range}");
        }
    }

    #[test]
    fn the_order_may_be_turned_round() {
        assert!(Filter::parse("sort:asc").expect("a filter").ascending);
        assert!(!Filter::parse("sort:desc").expect("a filter").ascending);
    }
}
