//! JSON bodies: few members, each asked for by name.

use serde_json::{Map, Value};

use super::error::Refused;

/// The members of a JSON object.
pub struct Members(Map<String, Value>);

impl Members {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn read(body: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(body).map(Self).map_err(|_| Refused::bad("Invalid JSON body"))
    }

    /// A text that must be there; it may be empty.
    pub fn text(&self, name: &str) -> Result<&str, Refused> {
        self.optional_text(name)?.ok_or_else(|| missing(name))
    }

    /// A text that must be there and say something.
    pub fn filled(&self, name: &str) -> Result<&str, Refused> {
        let text = self.text(name)?;
        if text.trim().is_empty() { Err(missing(name)) } else { Ok(text) }
    }

    /// A text, if it is there and not null.
    pub fn optional_text(&self, name: &str) -> Result<Option<&str>, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::bad(format!("{name} must be a string"))),
        }
    }

    /// True or false, also in words, if it is there and not null.
    pub fn optional_bool(&self, name: &str) -> Result<Option<bool>, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(Refused::bad(format!("{name} must be a boolean"))),
        }
    }
}

/// A member that must be there is not.
pub fn missing(name: &str) -> Refused {
    Refused::bad(format!("Missing required field: {name}"))
}

/// Refuses a text with more characters than this.
pub fn at_most(name: &str, text: &str, chars_max: usize) -> Result<(), Refused> {
    if text.chars().count() <= chars_max {
        return Ok(());
    }
    Err(Refused::bad(format!("{name} must have at most {chars_max} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why<T>(result: Result<T, Refused>) -> String {
        match result {
            Err(Refused::Bad(why)) => why,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("it was taken"),
        }
    }

    #[test]
    fn members_are_read_by_name_and_what_is_wrong_is_said() {
        for body in ["", "[]", "null", "{", "\u{feff}{}"] {
            assert_eq!(why(Members::read(body.as_bytes())), "Invalid JSON body", "{body}");
        }
        let members = Members::read(br#"{"a":"x","b":"","c":1,"d":null,"e":true,"f":"false"}"#);
        let members = members.unwrap_or_else(|why| panic!("{why:?}"));
        assert_eq!(members.text("a").ok(), Some("x"));
        assert_eq!(members.text("b").ok(), Some(""));
        assert_eq!(why(members.filled("b")), "Missing required field: b");
        assert_eq!(why(members.text("c")), "c must be a string");
        assert_eq!(why(members.text("d")), "Missing required field: d");
        assert_eq!(members.optional_bool("e").ok(), Some(Some(true)));
        assert_eq!(members.optional_bool("f").ok(), Some(Some(false)));
        assert_eq!(why(members.optional_bool("c")), "c must be a boolean");
    }
}
