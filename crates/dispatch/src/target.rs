//! Services made ready to be called: secrets opened, networks read; once for each version of the catalogue.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ServiceKey;
use domain::catalogue::{Catalogue, Header, Sealed, Service};
use domain::profile::{ProfileKind, TellVariable};
use egress::{AllowedNetwork, Policy};
use store::seal::{SealKey, of};
use verify::sign::SigningKey;
use zeroize::Zeroizing;

/// A service, ready to be called.
pub struct Target {
    /// The service.
    pub service: Service,
    /// The profile's own key.
    pub secret: Option<Zeroizing<String>>,
    /// The headers that its people configured.
    pub headers: Vec<(String, Zeroizing<String>)>,
    /// The variables that it is told, if it is a worker.
    pub variables: Vec<TellVariable>,
    /// Our signing keys.
    pub keys: Vec<SigningKey>,
    /// Which addresses may be reached for it.
    pub policy: Arc<Policy>,
}

/// Every service of the present catalogue that was called so far.
pub struct Targets {
    seal: SealKey,
    own_listeners: Vec<SocketAddr>,
    ready: Mutex<Ready>,
}

#[derive(Default)]
struct Ready {
    version: i64,
    services: BTreeMap<ServiceKey, Arc<Target>>,
}

impl Targets {
    pub fn new(seal: SealKey, own_listeners: Vec<SocketAddr>) -> Self {
        Self { seal, own_listeners, ready: Mutex::default() }
    }

    /// The service, ready; or why it cannot be called.
    pub fn of(&self, catalogue: &Catalogue, key: ServiceKey) -> Result<Arc<Target>, String> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.version != catalogue.version {
            *ready = Ready { version: catalogue.version, services: BTreeMap::new() };
        }
        if let Some(target) = ready.services.get(&key) {
            return Ok(target.clone());
        }
        let service = catalogue.services.get(&key).filter(|service| !service.deleted && service.active);
        let target = Arc::new(self.prepare(catalogue, service.ok_or("the service is switched off or was deleted")?)?);
        ready.services.insert(key, target.clone());
        Ok(target)
    }

    fn prepare(&self, catalogue: &Catalogue, service: &Service) -> Result<Target, String> {
        let opened = |sealed: &Sealed, of: String| self.seal.open(sealed, &of).map_err(|why| why.to_string());
        let secret = match &service.secret {
            Some(sealed) => Some(opened(sealed, of::service_secret(&service.name))?),
            None => None,
        };
        let header = |header: &Header| {
            Ok((header.name.clone(), opened(&header.value, of::service_header(&service.name, &header.name))?))
        };
        let headers = service.headers.iter().map(header).collect::<Result<_, String>>()?;
        let variables = match service.profile {
            ProfileKind::Worker => self.variables(catalogue)?,
            ProfileKind::Scanner | ProfileKind::Standard => Vec::new(),
        };
        let mut keys = Vec::with_capacity(service.signing.len());
        for sealed in &service.signing {
            let text = opened(sealed, of::service_signing(&service.name))?;
            keys.push(SigningKey::read(&text).map_err(|fault| format!("its signing secret does not read: {fault}"))?);
        }
        let mut networks = Vec::with_capacity(service.allow_networks.len());
        for text in &service.allow_networks {
            networks.push(text.parse::<AllowedNetwork>().map_err(|why| why.to_string())?);
        }
        let policy = Arc::new(Policy::new(networks, &self.own_listeners));
        Ok(Target { service: service.clone(), secret, headers, variables, keys, policy })
    }

    fn variables(&self, catalogue: &Catalogue) -> Result<Vec<TellVariable>, String> {
        let present = catalogue.variables.values().filter(|each| !each.removed);
        let opened = present.map(|each| {
            let (operation, slug) = (each.operation.clone(), each.slug.clone());
            let value = self.seal.open(&each.value, &of::variable(operation.as_deref(), &slug));
            let value = value.map_err(|why| format!("the variable {slug:?} cannot be told: {why}"))?;
            Ok(TellVariable { operation, slug, name: each.name.clone(), value })
        });
        opened.collect()
    }
}
