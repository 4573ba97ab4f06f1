//! Secrets that were entered or read in another way on one of the sides.

use crate::provider::{Credential, KeyForm};
use crate::secret::TOKEN_PREFIX;

use super::case::Trials;
use super::diagnosis::{Diagnosis, Mistake};

/// White space that gets to a secret when it is written to a file, copied or typed.
const ADDED: [(&str, &str); 4] = [("", "\n"), ("", "\r\n"), ("", " "), (" ", "")];

/// Quotes that get to a secret out of settings files.
const QUOTES: [char; 2] = ['"', '\''];

/// White space or quotes stand around the secret on one side alone.
pub fn white_space(trials: &Trials<'_>) -> Option<Diagnosis> {
    let key = trials.case.provider.key;
    trials.secrets().iter().find_map(|secret| {
        let bare = bare(secret);
        if bare != *secret && trials.fits_secret(bare, key) {
            return Some(here());
        }
        let wrapped = QUOTES.into_iter().map(|quote| format!("{quote}{secret}{quote}"));
        let spaced = ADDED.into_iter().map(|(before, after)| format!("{before}{secret}{after}"));
        spaced.chain(wrapped).any(|there| trials.fits_secret(&there, key)).then(there)
    })
}

/// The text without what does not belong to a secret.
pub(super) fn bare(secret: &str) -> &str {
    let text = secret.trim();
    let unquoted = QUOTES.into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    unquoted.unwrap_or(text).trim()
}

pub(super) fn here() -> Diagnosis {
    let text = "the secret that is configured here has white space or quotes around it, which the sender's has not";
    let mend = "Enter the secret here once more without them; a line break at its end counts, too.";
    Diagnosis::certain(Mistake::SecretWhiteSpace, text, mend)
}

pub(super) fn there() -> Diagnosis {
    let text = "the sender's secret has white space or quotes around it, which the one that is configured here has not";
    let mend = "Enter the secret at the sender once more without them. A file that was written with `echo` ends with a \
                line break, which counts: use `printf %s`.";
    Diagnosis::certain(Mistake::SecretWhiteSpace, text, mend)
}

/// The sender makes another key of the same text.
pub fn decoding(trials: &Trials<'_>) -> Option<Diagnosis> {
    if matches!(trials.case.provider.credential, Credential::Token { .. } | Credential::Code { .. } | Credential::Basic)
    {
        return None;
    }
    let key = trials.case.provider.key;
    trials.secrets().iter().find_map(|secret| {
        let rest = secret.strip_prefix(TOKEN_PREFIX);
        let token_part = rest.unwrap_or(secret);
        let (text, mend) = match key {
            KeyForm::Whsec | KeyForm::WhsecOnly { .. } if trials.fits_secret(secret, KeyForm::Text) => (
                "the sender signs with the text of the secret as it stands, but its key is what the base64 after \
                 `whsec_` stands for",
                "Let the sender drop `whsec_`, decode the rest from base64, and sign with these bytes.",
            ),
            KeyForm::Whsec | KeyForm::WhsecOnly { .. } if trials.fits_secret(token_part, KeyForm::Text) => (
                "the sender drops `whsec_` from the secret, but signs with the rest undecoded",
                "Let the sender decode what follows `whsec_` from base64, and sign with these bytes.",
            ),
            KeyForm::Text if rest.is_some() && trials.fits_secret(secret, KeyForm::Whsec) => (
                "the sender decodes the secret from base64, but this provider signs with its text as it stands, \
                 `whsec_` included",
                "Let the sender sign with the whole text of the secret, or choose a provider that decodes it, such as \
                 `standard-webhooks`.",
            ),
            KeyForm::Text if rest.is_some() && trials.fits_secret(token_part, KeyForm::Text) => (
                "the sender drops `whsec_` from the secret, but it belongs to the key",
                "Let the sender sign with the whole text of the secret, `whsec_` included.",
            ),
            KeyForm::Text if trials.fits_secret(secret, KeyForm::Hex) => (
                "the sender takes the secret for hex and signs with the bytes it stands for, but this provider signs \
                 with its text as it stands",
                "Let the sender sign with the text of the secret as it stands.",
            ),
            KeyForm::Text if trials.fits_secret(secret, KeyForm::Whsec) => (
                "the sender decodes the secret from base64, but this provider signs with its text as it stands",
                "Let the sender sign with the text of the secret as it stands.",
            ),
            KeyForm::Hex if trials.fits_secret(secret, KeyForm::Text) => (
                "the sender signs with the hex digits of the secret as text, but its key is the bytes they stand for",
                "Let the sender decode the secret from hex, and sign with these bytes.",
            ),
            _ => return None,
        };
        Some(Diagnosis::certain(Mistake::SecretDecoding, text, mend))
    })
}

/// The secret is one of the source that is not in force.
pub fn not_in_force(trials: &Trials<'_>) -> Option<Diagnosis> {
    let key = trials.case.provider.key;
    let (id, _) = Trials::few(trials.case.idle).find(|(_, text)| trials.fits_secret(text, key))?;
    Some(idle(id))
}

pub(super) fn idle(id: &str) -> Diagnosis {
    let text =
        format!("the sender uses the secret {id:?} of this source, which was not in force when the request arrived");
    let mend = "Enter the secret that is in force at the sender, or let the other one hold for longer here: \
                `not_before` and `not_after` say from when until when.";
    Diagnosis::certain(Mistake::SecretNotInForce, text, mend)
}
