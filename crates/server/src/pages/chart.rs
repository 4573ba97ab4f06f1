//! Small charts as inline SVG: bars over equal stretches of time. Pure; colours come from the stylesheet.

use std::fmt;

use askama::filters::HtmlSafe;

use super::parts::Tone;

const WIDTH: usize = 480;
const HEIGHT: usize = 96;
/// The height that bars may take; the rest is for the words below.
const ROOM: usize = 78;

/// Bars over time, each of several stacked counts.
pub struct Bars {
    /// What it shows, in a sentence, for those who do not see it.
    pub title: String,
    /// What the counts of each bar are, from the ground up.
    pub kinds: Vec<(Tone, &'static str)>,
    /// The counts, oldest first; each as long as `kinds`.
    pub bars: Vec<Vec<u64>>,
    /// What stands below the first and the last bar.
    pub ends: (String, String),
}

impl HtmlSafe for Bars {}

impl Bars {
    fn highest(&self) -> u64 {
        self.bars.iter().map(|bar| bar.iter().sum()).max().unwrap_or(0).max(1)
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = Escaped(&self.title);
        write!(f, r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#)?;
        write!(f, r#"<line class="base" x1="0" y1="{ROOM}" x2="{WIDTH}" y2="{ROOM}"/>"#)?;
        let (step, highest) = (WIDTH / self.bars.len().max(1), self.highest());
        for (at, bar) in self.bars.iter().enumerate() {
            let mut ground = ROOM;
            for (count, (tone, _)) in bar.iter().zip(&self.kinds) {
                let height = height(*count, highest);
                if height == 0 {
                    continue;
                }
                ground = ground.saturating_sub(height);
                let (x, width) = (at * step, step.saturating_sub(2).max(1));
                let class = tone.class();
                write!(
                    f,
                    r#"<rect class="bar {class}" x="{x}" y="{ground}" width="{width}" height="{height}" rx="1"/>"#
                )?;
            }
        }
        let (first, last) = (Escaped(&self.ends.0), Escaped(&self.ends.1));
        write!(f, r#"<text x="0" y="{}">{first}</text>"#, HEIGHT - 4)?;
        write!(f, r#"<text x="{WIDTH}" y="{}" text-anchor="end">{last}</text></svg>"#, HEIGHT - 4)
    }
}

/// A count's height: in proportion, and what is there at all is seen.
fn height(count: u64, highest: u64) -> usize {
    let share = u128::from(count) * ROOM as u128 / u128::from(highest.max(1));
    let height = usize::try_from(share).unwrap_or(ROOM);
    if count == 0 { 0 } else { height.max(2) }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '&' => f.write_str("&#38;"),
            '<' => f.write_str("&#60;"),
            '>' => f.write_str("&#62;"),
            '"' => f.write_str("&#34;"),
            letter => write!(f, "{letter}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(bars: Vec<Vec<u64>>) -> String {
        let kinds = vec![(Tone::Good, "believed"), (Tone::Stop, "refused")];
        Bars { title: "a \"title\" <b>".to_owned(), kinds, bars, ends: ("then".to_owned(), "now".to_owned()) }
            .to_string()
    }

    #[test]
    fn the_highest_bar_takes_the_room_and_the_smallest_is_still_seen() {
        let svg = bars(vec![vec![1_000, 0], vec![0, 1], vec![0, 0]]);
        assert!(svg.contains(r#"height="78""#) && svg.contains(r#"height="2""#), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 2);
    }

    #[test]
    fn counts_are_stacked_and_words_are_escaped() {
        let svg = bars(vec![vec![1, 1]]);
        assert!(svg.contains(r#"y="39""#) && svg.contains(r#"y="0""#), "{svg}");
        assert!(svg.contains("a &#34;title&#34; &#60;b&#62;") && !svg.contains("<b>"), "{svg}");
        assert!(bars(Vec::new()).contains("</svg>"));
    }
}
