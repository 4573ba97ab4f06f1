//! Who calls us: a service's account, by a token that it signed itself (scanner-pipeline, section 10).
//!
//! `Authorization: JWT <token>`, a JWS in its compact form under HS256 and nothing else. A token authenticates the
//! account, not the request, and lives for five minutes at most. Two steps, since the key is found by what the token
//! itself says: [`Presented::read`] reads it and proves nothing; [`Presented::verify`] believes it, with the secret of
//! the key that [`Presented::unverified_issuer`] names.

mod claims;
mod presented;
mod refusal;

pub use claims::{Claims, LEEWAY_S, LIFETIME_S_MAX};
pub use presented::{Presented, token};
pub use refusal::JwtRefusal;
