//! How sources fare, as far as their requests are kept.

use std::time::Duration;

use domain::catalogue::{Owner, Source};
use domain::event::Receipt;
use domain::{Key, SourceKey, Timestamp};
use store::StoreError;
use store::row::RowsExt;
use store::table::Rows;
use store::tables::Quarantine;

use crate::pages::parts::{Badge, Tone};
use crate::problem::ProblemType;
use crate::server::Shared;

const COUNTED_MAX: usize = 2_000;
/// Rows of one reading.
const STEP: usize = 200;
const DAY: Duration = Duration::from_secs(86_400);

/// How a source fares, as far as its requests are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fares {
    pub believed: usize,
    pub refused: usize,
    pub believed_last: Option<Timestamp>,
    pub refused_last: Option<Timestamp>,
    /// Why requests were refused: code, how often, and when last; the latest first.
    pub reasons: Vec<(String, usize, Timestamp)>,
    /// Whether there were more than are counted.
    pub is_cut: bool,
}

impl Fares {
    pub fn last(&self) -> Option<Timestamp> {
        self.believed_last.max(self.refused_last)
    }

    pub fn believe(&mut self, at: Timestamp) {
        self.believed += 1;
        self.believed_last = self.believed_last.max(Some(at));
    }

    pub fn refuse(&mut self, reason: &str, at: Timestamp) {
        self.refused += 1;
        self.refused_last = self.refused_last.max(Some(at));
        match self.reasons.iter_mut().find(|(known, ..)| known == reason) {
            Some((_, count, last)) => (*count, *last) = (*count + 1, at.max(*last)),
            None => self.reasons.push((reason.to_owned(), 1, at)),
        }
    }

    /// What came in the last day, in words.
    pub fn told(&self) -> String {
        let least = if self.is_cut { "at least " } else { "" };
        match (self.believed, self.refused) {
            (0, 0) => "no request within the last day".to_owned(),
            (believed, refused) => format!("{least}{believed} believed, {refused} refused within the last day"),
        }
    }
}

/// How the sources fare: one, or each.
pub fn fares(rows: &mut dyn Rows, of: &[SourceKey], now: Timestamp) -> Result<Vec<Fares>, StoreError> {
    let mut all = vec![Fares::default(); of.len()];
    let place = |source: SourceKey| of.iter().position(|each| *each == source);
    let recent = |at: Timestamp| now.since(at) < DAY;
    let mut below = None;
    let mut counted = 0;
    'receipts: while counted < COUNTED_MAX {
        let found: Vec<Receipt> = rows.page(below, STEP)?;
        let Some(last) = found.last() else { break };
        below = Some(last.key.number());
        for receipt in found {
            if !recent(receipt.at) {
                break 'receipts;
            }
            counted += 1;
            if let Some(place) = place(receipt.source) {
                all[place].believe(receipt.at);
            }
        }
    }
    let is_cut = COUNTED_MAX <= counted;
    let refused: Vec<Quarantine> = rows.page(None, STEP)?;
    for row in refused.iter().filter(|row| recent(row.at)) {
        if let Some(place) = row.source.and_then(place) {
            all[place].refuse(&row.reason, row.at);
        }
    }
    all.iter_mut().for_each(|each| each.is_cut = is_cut);
    Ok(all)
}

/// How a source is doing, in a word and a sentence.
pub fn state(source: &Source, fares: &Fares, now: Timestamp) -> (Badge, String) {
    let told = |tone, word: &str, text: String| (Badge::new(tone, word), text);
    if !source.active {
        return told(
            Tone::Calm,
            "switched off",
            "Its requests are answered as if there were no such source.".to_owned(),
        );
    }
    if source.handshake.awaits_secret {
        return told(Tone::Wait, "waiting", "It waits for the first request, which brings the secret.".to_owned());
    }
    if source.owner == Owner::Api && !source.secrets.iter().any(|secret| secret.is_in_force(now)) {
        return told(
            Tone::Stop,
            "no secret",
            "None of its secrets counts at present, so nothing is believed.".to_owned(),
        );
    }
    let latest = fares.reasons.iter().max_by_key(|(.., at)| *at);
    match (fares.believed_last, latest) {
        (believed, Some((reason, ..))) if believed < fares.refused_last => {
            told(Tone::Stop, "failing", format!("The last request was refused: {}.", title(reason).to_lowercase()))
        }
        (Some(_), _) => told(Tone::Good, "working", "The last request was believed.".to_owned()),
        (None, _) => told(Tone::Calm, "quiet", "Nothing came within the last day.".to_owned()),
    }
}

/// A reason's code in words.
pub fn title(code: &str) -> &'static str {
    verify::receive::Reason::from_code(code).map_or("Refused", |reason| ProblemType::of_reason(reason).title)
}

/// When something came last, be it believed or refused.
pub fn last_request(server: &Shared, source: &Source, fares: &Fares) -> Option<Timestamp> {
    let used = source.secrets.iter().filter_map(|secret| server.secret_uses.last(source.key, &secret.id)).max();
    fares.last().max(used)
}

pub fn in_force(source: &Source, now: Timestamp) -> String {
    match source.secrets.iter().filter(|secret| secret.is_in_force(now)).count() {
        0 => "no secret in force".to_owned(),
        1 => "1 secret in force".to_owned(),
        many => format!("{many} secrets in force"),
    }
}

#[cfg(test)]
mod tests {
    use domain::catalogue::{Handshake, Sealed, SourceMode, SourceSecret};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn source() -> Source {
        let secret =
            SourceSecret { id: "s".to_owned(), sealed: Sealed(String::new()), not_before: None, not_after: None };
        Source {
            key: SourceKey(1),
            name: "main".to_owned(),
            provider: "github".to_owned(),
            mode: SourceMode::Modern,
            secrets: vec![secret],
            window_s: None,
            public_url: None,
            subject: None,
            handshake: Handshake::default(),
            rate: None,
            require_https: false,
            active: true,
            owner: Owner::Api,
        }
    }

    fn fares(believed: &[i64], refused: &[(&str, i64)]) -> Fares {
        let mut fares = Fares::default();
        believed.iter().for_each(|at| fares.believe(Timestamp::from_seconds(*at)));
        refused.iter().for_each(|(reason, at)| fares.refuse(reason, Timestamp::from_seconds(*at)));
        fares
    }

    #[test]
    fn a_source_is_told_by_its_last_request() {
        let word = |fares: &Fares| state(&source(), fares, NOW).0.word;
        assert_eq!(word(&fares(&[], &[])), "quiet");
        assert_eq!(word(&fares(&[5], &[("signature-mismatch", 4)])), "working");
        let failing = fares(&[5], &[("missing-header", 6), ("signature-mismatch", 7), ("missing-header", 4)]);
        let (badge, text) = state(&source(), &failing, NOW);
        assert_eq!((badge.tone, failing.refused), (Tone::Stop, 3));
        assert!(text.contains(&title("signature-mismatch").to_lowercase()), "{text}");
        assert_eq!(failing.told(), "1 believed, 3 refused within the last day");
    }

    #[test]
    fn a_source_that_can_believe_nothing_says_why() {
        let none = Fares::default();
        let word = |source: &Source| state(source, &none, NOW).0.word;
        assert_eq!(word(&Source { active: false, ..source() }), "switched off");
        assert_eq!(word(&Source { secrets: Vec::new(), ..source() }), "no secret");
        let awaits = Handshake { awaits_secret: true, ..Handshake::default() };
        assert_eq!(word(&Source { secrets: Vec::new(), handshake: awaits, ..source() }), "waiting");
    }
}
