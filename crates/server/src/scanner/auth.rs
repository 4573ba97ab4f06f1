//! Who calls: the account whose key signed the token in `Authorization` (scanner-pipeline, section 10).

use domain::catalogue::{Account, Permission};
use http::{HeaderMap, header};
use verify::account::{JwtRefusal, LEEWAY_S, Presented};

use super::error::Refused;
use crate::server::Shared;
use store::seal::of;

/// The account that calls; none: nobody said who they are.
///
/// # Errors
/// Every reason to believe a token less than it asks for.
pub(crate) async fn presented(server: &Shared, headers: &HeaderMap) -> Result<Option<Account>, Refused> {
    let authorization = headers.get(header::AUTHORIZATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(presented) = Presented::read(authorization.as_deref())? else { return Ok(None) };
    let catalogue = server.parts.store.catalogue();
    let (account, key) = catalogue.jwt_key(presented.unverified_issuer()).ok_or(JwtRefusal::UnknownIssuer)?;
    let secret = server.parts.seal.open(&key.secret, &of::account_jwt(account.number)).map_err(|why| {
        tracing::error!(account = account.name, key = key.name, %why, "a token cannot be judged");
        JwtRefusal::KeyGone
    })?;
    let now_s = server.now().seconds();
    let claims = presented.verify(&secret, now_s)?;
    if !account.active {
        return Err(JwtRefusal::Disabled.into());
    }
    // A token without a `jti` passes: it has nothing that could have been used before.
    if let (true, Some(jti)) = (server.parts.settings.refuse_repeated_jti, &claims.jti)
        && !server.nonces().is_first(&claims.iss, jti, claims.exp.saturating_add(LEEWAY_S), now_s)
    {
        return Err(JwtRefusal::Repeated.into());
    }
    server.logged_in(account.key, Some(key.key)).await;
    Ok(Some(account.clone()))
}

/// The account that calls, where somebody must be recognised.
///
/// # Errors
/// As [`presented`], and for nobody.
pub(crate) async fn account(server: &Shared, headers: &HeaderMap) -> Result<Account, Refused> {
    presented(server, headers).await?.ok_or_else(|| JwtRefusal::Anonymous.into())
}

/// Whether an account may do this.
pub(crate) fn permitted(account: &Account, permission: Permission) -> bool {
    account.permissions.contains(&permission)
}

/// Refuses an account that may not do this.
///
/// # Errors
/// When it may not.
pub(super) fn require(account: &Account, permission: Permission) -> Result<(), Refused> {
    if permitted(account, permission) { Ok(()) } else { Err(Refused::permission()) }
}
