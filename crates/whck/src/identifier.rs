//! Which repository is meant, and under which names its secret may be stored.

use sha2::{Digest, Sha256};
use verify::hex;

use crate::base64url;
use crate::secret::NEXT;

/// The longest identifier, in octets.
const IDENTIFIER_BYTES_MAX: usize = 4096;

/// The longest base16 that is a file's name; a longer one is replaced by its hash.
const BASE16_NAME_BYTES_MAX: usize = 200;

/// The longest name of a file, with room for [`NEXT`]: file systems end at 255 octets.
const NAME_BYTES_MAX: usize = 255 - NEXT.len();

/// The names under which a repository's secret may be stored, the likeliest first. None can leave a directory.
#[derive(Debug, PartialEq, Eq)]
pub struct Identifier {
    names: Vec<String>,
}

impl Identifier {
    /// Reads an identifier: a name as it stands, or a URL in base16 or base64. `None` if it can be neither.
    pub fn read(identifier: &[u8]) -> Option<Self> {
        let identifier = str::from_utf8(identifier).ok()?;
        let literal = is_name(identifier).then(|| identifier.to_owned());
        let url = decoded(identifier);
        if literal.is_none() && url.is_none() {
            return None;
        }
        let mut names: Vec<String> = literal.into_iter().collect();
        for name in url.iter().flat_map(|url| encoded(url)) {
            if name.len() <= NAME_BYTES_MAX && !names.contains(&name) {
                names.push(name);
            }
        }
        Some(Self { names })
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Whether this is the name of a secret file as it stands. The second secret of another one is not.
fn is_name(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(safe)
        && !text.starts_with('.')
        && !text.ends_with(NEXT)
}

/// The URL that an identifier stands for. Base16 comes first: the base64 of a URL always has letters beyond it.
fn decoded(identifier: &str) -> Option<Vec<u8>> {
    let text = identifier.trim_end_matches('=');
    if !(1..=IDENTIFIER_BYTES_MAX).contains(&text.len()) {
        return None;
    }
    hex::decode(text.as_bytes()).or_else(|| {
        let text = text.replace('+', "-").replace('/', "_");
        base64url::decode(text.as_bytes())
    })
}

/// The names that a URL may be stored under, in the order in which they count.
fn encoded(url: &[u8]) -> [String; 3] {
    let mut base16 = hex::encode(url);
    if base16.len() > BASE16_NAME_BYTES_MAX {
        base16 = format!("sha256-{}", hex::encode(&Sha256::digest(url)));
    }
    let base64 = base64url::encode(url);
    let padded = format!("{base64}{}", "=".repeat((4 - base64.len() % 4) % 4));
    [base16, base64, padded]
}

#[cfg(test)]
mod tests {
    use super::Identifier;

    fn names(identifier: &str) -> Option<Vec<String>> {
        Identifier::read(identifier.as_bytes()).map(|identifier| identifier.names)
    }

    #[test]
    fn a_name_comes_first_as_it_stands() {
        assert_eq!(names("my.repo"), Some(vec!["my.repo".into()]));
        assert_eq!(names("mike-diaspora"), Some(vec!["mike-diaspora".into()]));
        assert_eq!(names("Zm8"), Some(vec!["Zm8".into(), "666f".into(), "Zm8=".into()]));
    }

    #[test]
    fn both_encodings_name_the_same_repository() {
        for identifier in ["68743E3F", "aHQ-Pw", "aHQ-Pw==", "aHQ+Pw=="] {
            let names = names(identifier).expect("an identifier");
            for name in ["68743e3f", "aHQ-Pw", "aHQ-Pw=="] {
                assert!(names.iter().any(|found| found == name), "{identifier}: {names:?}");
            }
        }
    }

    #[test]
    fn a_long_url_is_named_by_its_hash() {
        let names = names(&"68".repeat(500)).expect("an identifier");

        assert_eq!(names.len(), 1);
        assert!(names[0].starts_with("sha256-"));
    }

    #[test]
    fn nothing_leaves_the_directory_or_reads_a_second_secret_as_a_first() {
        for identifier in ["", "=", ".", "..", "../outside", "/etc/hostname", "a b", "a\0b", ".hidden"] {
            assert_eq!(names(identifier), None, "{identifier:?}");
        }
        assert_eq!(names("repo.next"), None);
        assert_eq!(names(&"a".repeat(4097)), None);
        assert_eq!(Identifier::read(b"\xff"), None);
    }
}
