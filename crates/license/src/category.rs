//! Categories: bit flags.

use core::fmt;
use core::str::FromStr;

/// The letters, in the order of their bits.
const LETTERS: [(&str, u8); 4] = [("S", 1), ("M", 2), ("L", 4), ("XL", 8)];

/// One or more of the four categories, 1 to 15. A license is in exactly one; a plugin or a container is open to one or
/// more. A bigger one does not include a smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Categories(u8);

impl Categories {
    /// S, the number 1.
    pub const S: Categories = Categories(1);
    /// M, the number 2.
    pub const M: Categories = Categories(2);
    /// L, the number 4.
    pub const L: Categories = Categories(4);
    /// XL, the number 8.
    pub const XL: Categories = Categories(8);

    /// The categories whose sum this is, if there are such.
    #[must_use]
    pub fn of_sum(sum: i64) -> Option<Categories> {
        u8::try_from(sum).ok().filter(|sum| (1..=15).contains(sum)).map(Categories)
    }

    /// Their sum.
    #[must_use]
    pub fn sum(self) -> u8 {
        self.0
    }

    /// Whether it is one alone.
    #[must_use]
    pub fn is_one(self) -> bool {
        self.0.is_power_of_two()
    }

    /// Whether one of them is among the others.
    #[must_use]
    pub fn fit(self, others: Categories) -> bool {
        self.0 & others.0 != 0
    }
}

impl fmt::Display for Categories {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: Vec<&str> =
            LETTERS.iter().filter(|(_, bit)| self.0 & bit != 0).map(|(letter, _)| *letter).collect();
        out.write_str(&letters.join(","))
    }
}

/// A text that names no categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCategory;

impl fmt::Display for NoCategory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("expected S, M, L or XL, or several of them with a comma between")
    }
}

impl core::error::Error for NoCategory {}

impl FromStr for Categories {
    type Err = NoCategory;

    /// Reads letters with a comma between, as they are shown.
    fn from_str(text: &str) -> Result<Categories, NoCategory> {
        let bit = |letter: &str| {
            let known = LETTERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(letter.trim()));
            known.map(|(_, bit)| *bit).ok_or(NoCategory)
        };
        text.split(',').try_fold(0, |sum, letter| Ok(sum | bit(letter)?)).map(Categories)
    }
}

#[cfg(test)]
mod tests {
    use super::{Categories, NoCategory};

    #[test]
    fn letters_and_sums_are_the_same() {
        for (text, sum) in [("S", 1), ("M,L", 6), ("M,L,XL", 14), ("S,M,L,XL", 15)] {
            let categories: Categories = text.parse().expect("categories");
            assert_eq!((categories.sum(), categories.to_string().as_str()), (sum, text));
            assert_eq!(Categories::of_sum(sum.into()), Some(categories));
        }
        assert_eq!("xl, s, XL".parse(), Categories::of_sum(9).ok_or(NoCategory));
        for text in ["", "XXL", "S,", "1", "S;M"] {
            assert_eq!(text.parse::<Categories>(), Err(NoCategory), "{text}");
        }
        for sum in [-2, 0, 16, 100, 257, i64::MAX] {
            assert_eq!(Categories::of_sum(sum), None, "{sum}");
        }
    }

    #[test]
    fn a_bigger_one_does_not_include_the_smaller() {
        assert!(Categories::M.fit(Categories(6)));
        assert!(!Categories::XL.fit(Categories(7)));
        assert!(Categories::XL.is_one() && !Categories(6).is_one());
    }
}
