//! What was typed into a form.

use axum::Form;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::problem::{self, Problem};

/// The fields of a form, by name; those that are not asked for are let be.
pub struct Typed<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Typed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Form::<T>::from_request(request, state).await {
            Ok(Form(typed)) => Ok(Self(typed)),
            Err(why) => Err(Problem::new(&problem::MALFORMED, format!("the form does not read: {}", why.body_text()))),
        }
    }
}
