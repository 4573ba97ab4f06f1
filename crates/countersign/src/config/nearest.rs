//! The name that was probably meant.

/// The known name nearest to what was written, if any is near enough to be meant.
pub fn nearest<'a, S: AsRef<str>>(written: &str, known: &'a [S]) -> Option<&'a str> {
    let (distance, name) =
        known.iter().map(|name| (distance(written, name.as_ref()), name.as_ref())).min_by_key(|(steps, _)| *steps)?;
    // A third of the letters may differ, and two always may.
    (distance <= (written.chars().count() / 3).max(2)).then_some(name)
}

/// How many letters to add, drop or replace (Levenshtein's distance).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (place, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = place + 1;
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_nonsense_finds_none() {
        let known = ["listen", "admin_listen", "public_url", "trusted_proxies"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("adminlisten", &known), Some("admin_listen"));
        assert_eq!(nearest("publicurl", &known), Some("public_url"));
        assert_eq!(nearest("xyz", &known), None);
        assert_eq!(nearest("listen", &[] as &[&str]), None);
    }
}
