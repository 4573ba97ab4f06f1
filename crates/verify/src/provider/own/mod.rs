//! Providers that a person describes, in the vocabulary of the built-in ones.
//!
//! [`form`] is what is written, [`template`] the signed message in it, [`define`] makes a definition of both, or says
//! why it would not be safe. [`Providers`] are the built-in ones and these.

mod define;
mod form;
mod template;

pub use define::Undefined;
pub use form::ProviderForm;

use super::Provider;

/// All providers there are: the built-in ones, and those that a person describes.
#[derive(Clone, Debug, Default)]
pub struct Providers(Vec<&'static Provider>);

impl Providers {
    /// The built-in ones and these. A definition lives as long as the process: what is written is read once, when it
    /// starts.
    ///
    /// # Errors
    /// The first that cannot be, and how to mend it.
    pub fn with(forms: Vec<ProviderForm>) -> Result<Self, Undefined> {
        let mut own: Vec<&'static Provider> = Vec::new();
        for form in forms {
            let provider = form.defined()?;
            if own.iter().any(|other| other.name == provider.name) {
                return Err(Undefined::new(provider.name, "it stands there twice", "keep one of them"));
            }
            own.push(Box::leak(Box::new(provider)));
        }
        Ok(Self(own))
    }

    /// The provider of this name; capitals do not count.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Provider> {
        let own = self.0.iter().copied().find(|provider| provider.name.eq_ignore_ascii_case(name));
        own.or_else(|| super::find(name))
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().chain(super::ALL).map(|provider| provider.name)
    }
}
