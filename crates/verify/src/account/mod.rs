//! Who calls us: a service's account, by a token that it signed itself (scanner-pipeline, section 10), or by a signature
//! over the whole request (event-workers, section 9).
//!
//! `Authorization: JWT <token>`, a JWS in its compact form under HS256 and nothing else. A token authenticates the
//! account, not the request, and lives for five minutes at most. Two steps, since the key is found by what the token
//! itself says: [`Presented::read`] reads it and proves nothing; [`Presented::verify`] believes it, with the secret of
//! the key that [`Presented::unverified_issuer`] names.
//!
//! `Authorization: <access key>:<signature>` binds method, path, query, `Date` and body. Two steps here too:
//! [`PresentedRequest::read`] judges the head, before the body is read; [`PresentedRequest::verify`] believes the request,
//! once its body is digested, with the secret of [`PresentedRequest::unverified_access_key`].

mod claims;
mod date;
mod presented;
mod refusal;
mod request;

pub use claims::{Claims, LEEWAY_S, LIFETIME_S_MAX};
pub use presented::{Presented, token};
pub use refusal::{JwtRefusal, RequestRefusal};
pub use request::{DATE_WINDOW_S, PresentedRequest, RequestKey, SignedText, access_key, secret_key};
