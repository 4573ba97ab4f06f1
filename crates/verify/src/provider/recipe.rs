//! What a person does at the sender, so that it sends to us.

/// What a person does at the sender, so that it sends to us. All else that a recipe tells is told by the definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The sender's own name.
    pub title: &'static str,
    /// The page of its documentation that this follows.
    pub docs: &'static str,
    /// Who makes the secret.
    pub secret: MadeBy,
    /// What to do there, in its own terms, one sentence each. `{url}` and `{secret}` stand for what is to be pasted.
    pub steps: &'static [&'static str],
}

/// Who makes the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeBy {
    /// We do, and the sender is told it.
    Us,
    /// The sender does, and shows it.
    Sender,
    /// The sender does, and its first request brings it.
    FirstRequest,
}

impl Recipe {
    /// That of a definition without one.
    pub(crate) const NONE: Recipe = Recipe { title: "", docs: "", secret: MadeBy::Sender, steps: &[] };

    /// The steps, with what is to be pasted.
    #[must_use]
    pub fn filled(&self, url: &str, secret: &str) -> Vec<String> {
        self.steps.iter().map(|step| step.replace("{url}", url).replace("{secret}", secret)).collect()
    }
}
