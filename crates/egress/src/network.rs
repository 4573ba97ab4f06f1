//! How an exception to the address check is written: `CIDR[:port]`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::address::same_prefix;

/// One network, on one port or all, that a service's calls may reach although it is not public.
///
/// ```text
/// entry   = network [ ":" port ]
/// network = IPv4 [ "/" 0..32 ]  |  "[" IPv6 "]" [ "/" 0..128 ]  |  IPv6 [ "/" 0..128 ]
/// ```
///
/// An address alone means exactly that address. IPv6 with a port wears brackets, as in a URL: `[::1]:80`,
/// `[fd00::]/8:443`. Bits after the prefix must be zero, so that nobody writes one host and opens a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AllowedNetwork {
    base: IpAddr,
    bits: u8,
    port: Option<u16>,
}

/// Why an `allow_networks` entry cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an address, or one in a spelling that is not read.
    #[error("expected an IP address such as 10.0.0.0/8, [fd00::]/8 or 127.0.0.1:8080, found `{found}`")]
    Address {
        /// What stands there.
        found: String,
    },
    /// The number after the slash.
    #[error("expected a prefix length from 0 to {bits_max} after the slash, found `{found}`")]
    Prefix {
        /// What stands there.
        found: String,
        /// 32 or 128.
        bits_max: u8,
    },
    /// The number after the colon.
    #[error("expected a port from 1 to 65535 after the colon, found `{found}`")]
    Port {
        /// What stands there.
        found: String,
    },
    /// The address has bits after its prefix.
    #[error("expected the first address of the network, {expected}, found `{found}`")]
    HostBits {
        /// The same network, written as we read it.
        expected: AllowedNetwork,
        /// What stands there.
        found: String,
    },
    /// An IPv4 address in IPv6 clothes.
    #[error("expected the IPv4 address itself, {expected}, found `{found}`")]
    Mapped {
        /// The plain address.
        expected: IpAddr,
        /// What stands there.
        found: String,
    },
}

impl AllowedNetwork {
    /// Whether this entry lets `address` through.
    pub fn covers(&self, address: SocketAddr) -> bool {
        self.port.is_none_or(|port| port == address.port())
            && same_prefix(address.ip().to_canonical(), self.base, u32::from(self.bits))
    }

    /// Whether this entry names the one address `address`, not a range around it.
    pub fn names(&self, address: SocketAddr) -> bool {
        self.bits == bits_max(self.base) && self.covers(address)
    }

    /// Whether this entry names the one address and its port.
    pub fn names_with_port(&self, address: SocketAddr) -> bool {
        self.port.is_some() && self.names(address)
    }
}

impl FromStr for AllowedNetwork {
    type Err = NetworkError;

    fn from_str(entry: &str) -> Result<Self, NetworkError> {
        let (address, rest) = split_address(entry);
        let Ok(base) = address.parse::<IpAddr>() else {
            return Err(NetworkError::Address { found: entry.to_owned() });
        };
        if base.to_canonical() != base {
            return Err(NetworkError::Mapped { expected: base.to_canonical(), found: address.to_owned() });
        }
        let (prefix, port) = match rest.split_once(':') {
            Some((prefix, port)) => (prefix, Some(parse_port(port)?)),
            None => (rest, None),
        };
        let bits = match prefix.strip_prefix('/') {
            Some(digits) => parse_bits(digits, bits_max(base))?,
            None if prefix.is_empty() => bits_max(base),
            None => {
                return Err(NetworkError::Address { found: entry.to_owned() });
            }
        };
        let network = Self { base: first_of(base, bits), bits, port };
        if network.base != base {
            return Err(NetworkError::HostBits { expected: network, found: entry.to_owned() });
        }
        Ok(network)
    }
}

/// The address without its brackets, and what follows it.
fn split_address(entry: &str) -> (&str, &str) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        // Brackets hold IPv6 only.
        return if address.parse::<Ipv6Addr>().is_ok() { (address, rest) } else { (entry, "") };
    }
    let is_v6 = entry.bytes().filter(|byte| *byte == b':').count() > 1;
    let end = if is_v6 { entry.find('/') } else { entry.find(['/', ':']) };
    entry.split_at(end.unwrap_or(entry.len()))
}

fn parse_bits(digits: &str, bits_max: u8) -> Result<u8, NetworkError> {
    match parse_digits::<u8>(digits) {
        Some(bits) if bits <= bits_max => Ok(bits),
        _ => Err(NetworkError::Prefix { found: digits.to_owned(), bits_max }),
    }
}

fn parse_port(digits: &str) -> Result<u16, NetworkError> {
    match parse_digits::<u16>(digits) {
        Some(port) if port > 0 => Ok(port),
        _ => Err(NetworkError::Port { found: digits.to_owned() }),
    }
}

/// Digits only: `parse` alone would take a sign and leading zeros.
fn parse_digits<T: FromStr>(digits: &str) -> Option<T> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

fn bits_max(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn first_of(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(plain) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::from((plain.to_bits() & mask).to_be_bytes())
        }
        IpAddr::V6(plain) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::from((plain.to_bits() & mask).to_be_bytes())
        }
    }
}

impl fmt::Display for AllowedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            IpAddr::V4(base) => write!(f, "{base}/{}", self.bits)?,
            IpAddr::V6(base) => write!(f, "[{base}]/{}", self.bits)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entry: &str) -> String {
        match entry.parse::<AllowedNetwork>() {
            Ok(network) => network.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_form_reads_and_writes_back() {
        assert_eq!(read("127.0.0.0/8:20000"), "127.0.0.0/8:20000");
        assert_eq!(read("10.0.0.0/8"), "10.0.0.0/8");
        assert_eq!(read("10.1.2.3"), "10.1.2.3/32");
        assert_eq!(read("10.1.2.3:80"), "10.1.2.3/32:80");
        assert_eq!(read("[::1]/128:80"), "[::1]/128:80");
        assert_eq!(read("[::1]:80"), "[::1]/128:80");
        assert_eq!(read("[fd00::]/8"), "[fd00::]/8");
        assert_eq!(read("fd00::/8"), "[fd00::]/8");
        assert_eq!(read("::1"), "[::1]/128");
        assert_eq!(read("0.0.0.0/0"), "0.0.0.0/0");
        assert_eq!(read("::/0"), "[::]/0");
    }

    #[test]
    fn an_error_says_what_was_expected_and_what_was_found() {
        let address = "expected an IP address such as 10.0.0.0/8, [fd00::]/8 or 127.0.0.1:8080, found";
        for entry in [
            "",
            "localhost",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "010.0.0.0/8",
            "[10.0.0.0]/8",
            "[::1",
            "[::1]80",
            "*",
        ] {
            assert_eq!(read(entry), format!("{address} `{entry}`"));
        }
        for prefix in ["", "33", "-1", "+8", "08", "8/8"] {
            assert_eq!(
                read(&format!("10.0.0.0/{prefix}")),
                format!("expected a prefix length from 0 to 32 after the slash, found `{prefix}`")
            );
        }
        for port in ["", "0", "65536", "+80", "http"] {
            assert_eq!(
                read(&format!("10.0.0.0/8:{port}")),
                format!("expected a port from 1 to 65535 after the colon, found `{port}`")
            );
        }
        assert_eq!(
            read("10.1.2.3/8:80"),
            "expected the first address of the network, 10.0.0.0/8:80, found `10.1.2.3/8:80`"
        );
        assert_eq!(read("[::ffff:10.0.0.1]:80"), "expected the IPv4 address itself, 10.0.0.1, found `::ffff:10.0.0.1`");
    }

    #[test]
    fn an_entry_covers_its_network_on_its_port_and_names_only_one_address() {
        let network: AllowedNetwork = "127.0.0.0/8:20000".parse().expect("an entry");
        let host: AllowedNetwork = "127.0.0.1".parse().expect("an entry");
        let at = |text: &str| text.parse::<SocketAddr>().expect("an address and port");

        assert!(network.covers(at("127.9.9.9:20000")));
        assert!(network.covers(at("[::ffff:127.0.0.1]:20000")));
        assert!(!network.covers(at("127.9.9.9:20001")));
        assert!(!network.covers(at("128.0.0.0:20000")));
        assert!(!network.covers(at("[::1]:20000")));
        assert!(!network.names(at("127.0.0.0:20000")));
        assert!(host.names(at("127.0.0.1:1")));
        assert!(!host.names_with_port(at("127.0.0.1:1")));
    }
}
