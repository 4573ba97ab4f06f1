//! Which addresses one service's calls may reach.

use std::net::{IpAddr, SocketAddr};

use crate::address::{AddressClass, classify};
use crate::network::AllowedNetwork;
use crate::refused::Refused;
use crate::target::Target;

/// Which addresses may be dialled: the public ones, and the exceptions of one service.
///
/// Two policies with the same exceptions are equal and share connections; any other two never do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Policy {
    allowed: Vec<AllowedNetwork>,
    own_listeners: Vec<SocketAddr>,
}

impl Policy {
    /// A policy with the exceptions `allowed`, on a gateway that listens on `own_listeners`.
    ///
    /// A listener on an unspecified address (`0.0.0.0`, `::`) stands for its port on every address that is not
    /// public; on a public one anybody could call it anyway.
    pub fn new(allowed: impl IntoIterator<Item = AllowedNetwork>, own_listeners: &[SocketAddr]) -> Self {
        let mut policy = Self { allowed: allowed.into_iter().collect(), own_listeners: own_listeners.to_vec() };
        policy.allowed.sort_unstable();
        policy.allowed.dedup();
        policy
    }

    /// Reads `url` and checks what can be known without asking for the host's addresses.
    pub fn check_url(&self, url: &str) -> Result<Target, Refused> {
        let target = Target::parse(url)?;
        if let Some(address) = target.literal_address() {
            self.check_address(address)?;
        }
        Ok(target)
    }

    /// The address as it may be dialled, mapped IPv4 unwrapped, or why not.
    pub fn check_address(&self, address: SocketAddr) -> Result<SocketAddr, Refused> {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let allowed_by =
            |rule: fn(&AllowedNetwork, SocketAddr) -> bool| self.allowed.iter().any(|entry| rule(entry, address));
        let class = classify(address.ip());

        if self.is_own_listener(address, class) && !allowed_by(AllowedNetwork::names_with_port) {
            return Err(Refused::OwnListener { address });
        }
        match class {
            AddressClass::Public => Ok(address),
            AddressClass::Metadata if allowed_by(AllowedNetwork::names) => Ok(address),
            AddressClass::Metadata => Err(Refused::Metadata { address: address.ip() }),
            _ if allowed_by(AllowedNetwork::covers) => Ok(address),
            _ => Err(Refused::Address { address, class }),
        }
    }

    /// The addresses that may be dialled, in their order; the first refusal if there is none.
    pub fn check_addresses(&self, addresses: &[SocketAddr]) -> Result<Vec<SocketAddr>, Refused> {
        let mut first_refusal = None;
        let mut passed = Vec::with_capacity(addresses.len());
        for address in addresses {
            match self.check_address(*address) {
                Ok(address) => passed.push(address),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        match first_refusal {
            Some(refusal) if passed.is_empty() => Err(refusal),
            _ => Ok(passed),
        }
    }

    fn is_own_listener(&self, address: SocketAddr, class: AddressClass) -> bool {
        self.own_listeners.iter().any(|listener| {
            let ip = listener.ip().to_canonical();
            listener.port() == address.port()
                && if ip.is_unspecified() { class != AddressClass::Public } else { reaches(address.ip(), ip) }
        })
    }
}

/// Whether a connection to `dialled` arrives at a listener on `bound`: an unspecified address is this machine.
fn reaches(dialled: IpAddr, bound: IpAddr) -> bool {
    dialled == bound || dialled.is_unspecified() && bound.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allowed: &[&str], own: &[&str]) -> Policy {
        let own: Vec<SocketAddr> = own.iter().map(|text| at(text)).collect();
        Policy::new(allowed.iter().map(|entry| entry.parse().expect("an entry")), &own)
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address and port")
    }

    #[test]
    fn without_exceptions_only_public_addresses_pass() {
        let strict = Policy::default();

        assert_eq!(strict.check_address(at("8.8.8.8:443")), Ok(at("8.8.8.8:443")));
        assert_eq!(strict.check_address(at("[::ffff:8.8.8.8]:443")), Ok(at("8.8.8.8:443")));
        assert_eq!(
            strict.check_address(at("[::ffff:10.0.0.1]:80")),
            Err(Refused::Address { address: at("10.0.0.1:80"), class: AddressClass::Private })
        );
    }

    #[test]
    fn an_exception_opens_its_network_on_its_port_and_nothing_else() {
        let local = policy(&["127.0.0.0/8:20000"], &[]);

        assert!(local.check_address(at("127.0.0.1:20000")).is_ok());
        assert!(local.check_address(at("127.0.0.1:20001")).is_err());
        assert!(local.check_address(at("[::1]:20000")).is_err());
        assert!(local.check_address(at("[64:ff9b::127.0.0.1]:20000")).is_err());
    }

    #[test]
    fn metadata_is_refused_unless_named_by_its_exact_address() {
        let metadata = at("169.254.169.254:80");

        assert_eq!(
            policy(&["169.254.0.0/16", "0.0.0.0/0"], &[]).check_address(metadata),
            Err(Refused::Metadata { address: metadata.ip() })
        );
        assert!(policy(&["169.254.169.254"], &[]).check_address(metadata).is_ok());
        assert!(policy(&["::/0"], &[]).check_address(at("[64:ff9b::169.254.169.254]:80")).is_err());
    }

    #[test]
    fn an_own_listener_is_refused_unless_named_with_address_and_port() {
        let own = ["127.0.0.1:8641", "203.0.113.9:8640", "9.9.9.9:8640"];

        for range in ["127.0.0.0/8", "127.0.0.0/8:8641", "127.0.0.1"] {
            assert_eq!(
                policy(&[range, "0.0.0.0/8"], &own).check_address(at("127.0.0.1:8641")),
                Err(Refused::OwnListener { address: at("127.0.0.1:8641") })
            );
        }
        assert!(policy(&["127.0.0.1:8641"], &own).check_address(at("127.0.0.1:8641")).is_ok());
        assert!(policy(&["127.0.0.0/8"], &own).check_address(at("127.0.0.1:8642")).is_ok());
        assert!(policy(&["0.0.0.0/8"], &own).check_address(at("0.0.0.0:8641")).is_err());
        assert!(policy(&[], &own).check_address(at("9.9.9.9:8640")).is_err());
    }

    #[test]
    fn a_listener_on_every_address_guards_its_port_on_all_that_are_not_public() {
        let open = policy(&["10.0.0.0/8", "127.0.0.0/8"], &["[::]:8641"]);

        assert!(open.check_address(at("10.0.0.5:8641")).is_err());
        assert!(open.check_address(at("127.0.0.1:8641")).is_err());
        assert!(open.check_address(at("10.0.0.5:8642")).is_ok());
        assert!(open.check_address(at("9.9.9.9:8641")).is_ok());
    }

    #[test]
    fn of_several_addresses_those_that_pass_are_kept_and_a_refusal_is_told_only_when_none_does() {
        let strict = Policy::default();

        assert_eq!(strict.check_addresses(&[at("10.0.0.1:80"), at("8.8.8.8:80")]), Ok(vec![at("8.8.8.8:80")]));
        assert_eq!(
            strict.check_addresses(&[at("10.0.0.1:80"), at("127.0.0.1:80")]),
            Err(Refused::Address { address: at("10.0.0.1:80"), class: AddressClass::Private })
        );
        assert_eq!(strict.check_addresses(&[]), Ok(vec![]));
    }

    #[test]
    fn the_order_of_exceptions_does_not_make_another_policy() {
        assert_eq!(policy(&["10.0.0.0/8", "::1"], &[]), policy(&["::1", "10.0.0.0/8", "::1"], &[]));
    }
}
