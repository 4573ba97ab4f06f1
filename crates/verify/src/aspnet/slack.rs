//! Slack's old way: the secret is the field `token` of a form.

use crate::key::Key;
use crate::refusal::Reason;

use super::body;
use super::ended::Ended;
use super::fault::Fault;
use super::pipeline::{Believed, Request};

/// The value that holds the text besides the event's name.
const SUBTEXT: &str = "subtext";

impl Request<'_> {
    /// Believes the token, if this is a form; anything else is left to the steps that refuse it.
    pub(super) fn slack(&self) -> Result<Option<Believed>, Ended> {
        self.https()?;
        if self.head.method != "POST" || self.body.is_empty() || !self.receiver.body.is_announced(self.head) {
            return Ok(None);
        }
        let token = self.field("token").filter(|token| !token.is_empty()).ok_or_else(|| {
            let text = "The HTTP request body did not contain a required 'token' property.";
            Ended::bad(Reason::MissingToken, text)
        })?;
        let is_it = |secret: &str| Key::for_tokens(secret.as_bytes()).is_token(token.as_bytes());
        let believed = self.told(is_it)?.ok_or_else(|| {
            let text = "The 'token' value provided in the HTTP request body did not match the expected value.";
            Ended::bad(Reason::TokenMismatch, text)
        })?;
        let (event, subtext) = self.command();
        if event.is_empty() {
            let text =
                "The HTTP request body did not contain a required 'trigger_word', 'command', or 'text' property.";
            return Err(Ended::bad(Reason::MissingEvent, text));
        }
        let values = subtext.map(|text| (SUBTEXT, text)).into_iter().collect();
        Ok(Some(Believed { events: vec![event], values, ..believed }))
    }

    /// Believes a secret that the body tells; an id that has none is not told from a wrong secret.
    pub(super) fn told(&self, is_it: impl Fn(&str) -> bool) -> Result<Option<Believed>, Ended> {
        match self.secrets() {
            Ok(secrets) => Ok(secrets.believed("token", is_it)),
            Err(fault @ (Fault::NoSecret { .. } | Fault::Length { .. })) => Err(fault.into()),
            Err(_) => Ok(None),
        }
    }

    /// The event's name and the text besides it: a trigger word, a command, or the text alone.
    fn command(&self) -> (String, Option<String>) {
        let text = self.field("text");
        if let Some(trigger) = self.field("trigger_word") {
            let subtext = text.map(|text| without(&trigger, &text).to_owned());
            return (trigger, subtext);
        }
        match self.field("command") {
            Some(command) => (command, None),
            None => (text.clone().unwrap_or_default(), text),
        }
    }

    /// A field of the form; several values are one with commas between.
    fn field(&self, name: &str) -> Option<String> {
        let values = body::form_values(self.head, self.body, name);
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// The text behind the trigger, or the whole if it does not begin with it. Case makes no difference.
fn without<'t>(trigger: &str, text: &'t str) -> &'t str {
    match text.split_at_checked(trigger.len()) {
        Some((start, rest)) if start.to_lowercase() == trigger.to_lowercase() => rest.trim(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn the_trigger_in_front_is_left_out() {
        assert_eq!(without("scan:", "SCAN:  now "), "now");
        assert_eq!(without("scan:", " scan: now"), " scan: now");
        assert_eq!(without("scan:", "sc"), "sc");
        assert_eq!(without("a", "é"), "é");
    }
}
