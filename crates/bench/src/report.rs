//! What was measured, beside its goal and the bare server.

use std::fmt::Write;

use serde_json::{Value, json};

/// One figure.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it is, unique in a report.
    pub what: String,
    /// How much.
    pub value: f64,
    /// Of what: `requests/s`, `ms`, `MiB`.
    pub unit: &'static str,
    /// What we aim at.
    pub goal: Goal,
    /// The bare server's figure of the same run, where the two can be compared.
    pub bare: Option<f64>,
}

/// What we aim at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Nothing; the figure is for comparison.
    Shown,
    /// Not less than this.
    AtLeast(f64),
    /// Not more than this.
    AtMost(f64),
    /// Not less than this share of the bare server's figure.
    ShareOfBare(f64),
}

impl Measured {
    /// A figure without a goal.
    pub fn shown(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, goal: Goal::Shown, bare: None }
    }

    /// The same figure with a goal.
    pub fn aiming(self, goal: Goal) -> Self {
        Self { goal, ..self }
    }

    /// The same figure beside the bare server's.
    pub fn beside(self, bare: f64) -> Self {
        Self { bare: Some(bare), ..self }
    }

    /// The share of the bare server's figure.
    pub fn ratio(&self) -> Option<f64> {
        self.bare.filter(|bare| *bare > 0.0).map(|bare| self.value / bare)
    }

    /// Whether the goal is reached; nothing where there is none, or nothing to compare with.
    pub fn reached(&self) -> Option<bool> {
        match self.goal {
            Goal::Shown => None,
            Goal::AtLeast(least) => Some(self.value >= least),
            Goal::AtMost(most) => Some(self.value <= most),
            Goal::ShareOfBare(share) => self.ratio().map(|ratio| ratio >= share),
        }
    }
}

/// The middle of several runs.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The figures as a table for people.
pub fn table(figures: &[Measured]) -> String {
    let width = figures.iter().map(|figure| figure.what.len()).max().unwrap_or(0).max(4);
    let mut text = format!(
        "{:width$}  {:>12} {:10}  {:>14}  {:>12}  {:>8}  reached\n",
        "what", "measured", "", "goal", "bare", "of bare"
    );
    for figure in figures {
        let bare = figure.bare.map(rounded).unwrap_or_default();
        let ratio = figure.ratio().map(|ratio| format!("{:.1} %", ratio * 100.0)).unwrap_or_default();
        let reached = figure.reached().map_or("", |reached| if reached { "yes" } else { "NO" });
        writeln!(
            text,
            "{:width$}  {:>12} {:10}  {:>14}  {bare:>12}  {ratio:>8}  {reached}",
            figure.what,
            rounded(figure.value),
            figure.unit,
            goal_text(figure.goal),
        )
        .expect("a String takes everything");
    }
    text
}

/// The figures as JSON for programs.
pub fn json(figures: &[Measured]) -> Value {
    figures
        .iter()
        .map(|figure| {
            json!({
                "what": figure.what,
                "measured": figure.value,
                "unit": figure.unit,
                "goal": goal_text(figure.goal),
                "bare": figure.bare,
                "ratio": figure.ratio(),
                "reached": figure.reached(),
            })
        })
        .collect()
}

fn goal_text(goal: Goal) -> String {
    match goal {
        Goal::Shown => String::new(),
        Goal::AtLeast(least) => format!(">= {}", rounded(least)),
        Goal::AtMost(most) => format!("<= {}", rounded(most)),
        Goal::ShareOfBare(share) => format!(">= {:.1} % bare", share * 100.0),
    }
}

/// Three digits behind the point for small figures, none for large ones.
fn rounded(value: f64) -> String {
    let digits = match value.abs() {
        0.0..10.0 => 3,
        10.0..1000.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_from_its_own_side() {
        let figure = |value, goal| Measured::shown("x", value, "ms").aiming(goal).beside(200.0).reached();

        assert_eq!(figure(5.0, Goal::AtLeast(5.0)), Some(true));
        assert_eq!(figure(4.0, Goal::AtLeast(5.0)), Some(false));
        assert_eq!(figure(5.0, Goal::AtMost(5.0)), Some(true));
        assert_eq!(figure(6.0, Goal::AtMost(5.0)), Some(false));
        assert_eq!(figure(70.0, Goal::ShareOfBare(0.35)), Some(true));
        assert_eq!(figure(69.0, Goal::ShareOfBare(0.35)), Some(false));
        assert_eq!(figure(1.0, Goal::Shown), None);
        assert_eq!(Measured::shown("x", 1.0, "ms").aiming(Goal::ShareOfBare(0.5)).reached(), None);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 5.0]), 5.0);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_report_reads_for_people_and_for_programs() {
        let figures = [
            Measured::shown("ingest, 16 connections", 30000.0, "events/s")
                .aiming(Goal::ShareOfBare(0.35))
                .beside(80000.0),
            Measured::shown("memory", 12.34, "MiB").aiming(Goal::AtMost(10.0)),
        ];

        let table = table(&figures);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1].join(" "), "ingest, 16 connections 30000 events/s >= 35.0 % bare 80000 37.5 % yes");
        assert_eq!(lines[2].join(" "), "memory 12.3 MiB <= 10.0 NO");

        let json = json(&figures);
        assert_eq!(json[0]["ratio"], 0.375);
        assert_eq!(json[1]["reached"], false);
        assert_eq!(json[1]["bare"], Value::Null);
    }
}
