//! Writing an entry again: what it was given by us stays, and secrets that did not change keep their sealed form.
//!
//! Sealing uses a random nonce, so the same secret sealed twice differs. An entry that is settled against the one it
//! replaces equals it exactly when nothing changed, and then nothing needs to be written.

use domain::catalogue::{Owner, Sealed, Service, SigningKind, Source};
use store::seal::SealKey;

use store::seal::of;

/// The source `fresh`, written over `before`.
#[must_use]
pub fn settle_source(mut fresh: Source, before: &Source, seal: &SealKey) -> Source {
    fresh.key = before.key;
    let of_fresh = of::source(&fresh.provider, &fresh.name);
    let of_before = of::source(&before.provider, &before.name);
    if of_fresh == of_before {
        for secret in &mut fresh.secrets {
            let known = before.secrets.iter().find(|known| known.id == secret.id);
            if let Some(known) = known.filter(|known| same(&secret.sealed, &known.sealed, &of_fresh, seal)) {
                secret.sealed = known.sealed.clone();
            }
        }
        if let (Some(token), Some(known)) = (&fresh.handshake.verify_token, &before.handshake.verify_token)
            && same(token, known, &of_fresh, seal)
        {
            fresh.handshake.verify_token = Some(known.clone());
        }
    }
    fresh
}

/// The service `fresh`, written over `before`: number, account and signing keys stay, unless the keys are to be of
/// another kind.
#[must_use]
pub fn settle_service(mut fresh: Service, before: &Service, seal: &SealKey) -> Service {
    fresh.key = before.key;
    fresh.number = before.number;
    fresh.account = before.account;
    if fresh.name == before.name {
        if keeps_signing(&fresh, before) {
            fresh.signing.clone_from(&before.signing);
        } else {
            // Beside the newest one of the old kind, so that the service's people can follow.
            fresh.signing.extend(before.signing.first().cloned());
        }
        let of = of::service_secret(&fresh.name);
        if let (Some(secret), Some(known)) = (&fresh.secret, &before.secret)
            && same(secret, known, &of, seal)
        {
            fresh.secret = before.secret.clone();
        }
        for header in &mut fresh.headers {
            let of = of::service_header(&fresh.name, &header.name);
            let known = before.headers.iter().find(|known| known.name == header.name);
            if let Some(known) = known.filter(|known| same(&header.value, &known.value, &of, seal)) {
                header.value = known.value.clone();
            }
        }
    }
    fresh
}

/// Whether the old signing keys go on alone. The API shows a new key when it makes it. What the configuration file asks
/// for is made unseen: a public half can be read later, a secret cannot, so its kind changes when credentials are issued.
fn keeps_signing(fresh: &Service, before: &Service) -> bool {
    if before.signing.is_empty() {
        return false;
    }
    fresh.signs == before.signs || (fresh.owner == Owner::File && fresh.signs == SigningKind::V1)
}

fn same(left: &Sealed, right: &Sealed, of: &str, seal: &SealKey) -> bool {
    match (seal.open(left, of), seal.open(right, of)) {
        (Ok(left), Ok(right)) => verify::compare::equal(left.as_bytes(), right.as_bytes()),
        _ => false,
    }
}
