//! Runs published vector files, whose kind is known by their content.

mod providers;
mod requests;
mod scanner;

use core::fmt;

use serde_json::Value;

use crate::certificate::Certificate;

/// What became of one vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The vector's id.
    pub id: String,
    /// Whether what came out is what the vector expects.
    pub pass: bool,
    /// What the vector expects, so far as it says.
    pub expected: String,
    /// What came out, in the same words.
    pub got: String,
}

impl Row {
    fn new(id: &str, expected: impl Into<String>, got: impl Into<String>) -> Row {
        let (expected, got) = (expected.into(), got.into());
        Row { id: id.to_owned(), pass: expected == got, expected, got }
    }
}

/// Why a file cannot be run at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConformanceError {
    /// The file is not JSON.
    NotJson(String),
    /// The file is JSON, and no kind of vectors that is known here.
    UnknownKind,
    /// A vector lacks a member that its kind has, or holds something else there.
    Malformed {
        /// The vector's id, or its place in the file.
        id: String,
        /// What is wrong with it.
        fault: String,
    },
}

impl fmt::Display for ConformanceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConformanceError::NotJson(fault) => write!(out, "the file is not JSON: {fault}"),
            ConformanceError::UnknownKind => out.write_str(
                "the file holds no known kind of vectors: \
                 expected provider requests, scanner signatures, signed requests or workers' answers",
            ),
            ConformanceError::Malformed { id, fault } => {
                write!(out, "the vector {id} cannot be read: {fault}")
            }
        }
    }
}

impl core::error::Error for ConformanceError {}

/// Reads the certificate in a PEM text; `None` where it is none.
pub type ReadCertificate<'r> = &'r dyn Fn(&str) -> Option<Box<dyn Certificate>>;

/// Runs every vector of a file. A vector that this version does not support fails and says so. Certificates that
/// vectors bring are read by the caller's means, and trusted.
///
/// # Errors
///
/// [`ConformanceError`] where the file as a whole cannot be run.
pub fn run(file_text: &str, read: ReadCertificate) -> Result<Vec<Row>, ConformanceError> {
    let file: Value = serde_json::from_str(file_text).map_err(|fault| ConformanceError::NotJson(fault.to_string()))?;
    if let Some(vectors) = providers::vectors(&file) {
        return vectors.iter().enumerate().map(|(at, vector)| providers::run(at, vector, read)).collect();
    }
    if let Some((positive, negative)) = scanner::vectors(&file) {
        let signed = positive.iter().enumerate().map(|(at, vector)| scanner::signed(at, vector));
        let refused = negative.iter().enumerate().map(|(at, vector)| scanner::refused(at, vector));
        return signed.chain(refused).collect();
    }
    if let Some(vectors) = requests::vectors(&file) {
        let valid = vectors.valid.iter().enumerate().map(|(at, vector)| requests::valid(at, vector));
        let invalid = vectors.invalid.iter().enumerate().map(|(at, vector)| requests::invalid(at, vector));
        let either = vectors.either.iter().enumerate().map(|(at, vector)| requests::either(at, vector));
        return valid.chain(invalid).chain(either).collect();
    }
    Err(ConformanceError::UnknownKind)
}

/// Reads one vector into the form that its kind has.
///
/// # Errors
///
/// [`ConformanceError::Malformed`] where it has another.
pub fn parsed<T: serde::de::DeserializeOwned>(at: usize, vector: &Value) -> Result<T, ConformanceError> {
    T::deserialize(vector).map_err(|fault| {
        let id = vector["id"].as_str().map_or_else(|| format!("number {at}"), str::to_owned);
        ConformanceError::Malformed { id, fault: fault.to_string() }
    })
}

/// The bytes that a vector tells in base64.
#[must_use]
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    crate::base64::decode(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Certificate, ConformanceError, run};

    fn none(_: &str) -> Option<Box<dyn Certificate>> {
        None
    }

    #[test]
    fn a_file_of_no_known_kind_is_an_error() {
        assert_eq!(run("{}", &none), Err(ConformanceError::UnknownKind));
        assert_eq!(run("[]", &none), Err(ConformanceError::UnknownKind));
        assert!(matches!(run("nonsense", &none), Err(ConformanceError::NotJson(_))));
    }

    #[test]
    fn a_vector_that_lacks_a_member_is_named() {
        let fault = run(r#"[{"id": "a/b", "provider": "github", "profile": "modern", "expect": {}}]"#, &none);

        assert!(matches!(fault, Err(ConformanceError::Malformed { id, .. }) if id == "a/b"));
    }
}
