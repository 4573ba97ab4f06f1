//! What an address is for, by the special-purpose registries of IANA (IPv4: RFC 6890 and later entries; IPv6: the
//! same, and nothing outside 2000::/3, the only block handed out as global unicast).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for. Only [`AddressClass::Public`] is dialled without an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Reachable by everybody.
    Public,
    /// "This host" or "this network" (`0.0.0.0/8`, `::`); most systems connect it to themselves.
    Unspecified,
    /// This machine.
    Loopback,
    /// A private network (RFC 1918).
    Private,
    /// A carrier's shared addresses (RFC 6598).
    Shared,
    /// One link only.
    LinkLocal,
    /// The private networks of IPv6 (`fc00::/7`).
    UniqueLocal,
    /// Reserved for examples.
    Documentation,
    /// Reserved for measuring devices.
    Benchmarking,
    /// More than one receiver, broadcast included.
    Multicast,
    /// Held back, retired, or a tunnel whose far end cannot be judged.
    Reserved,
    /// A cloud's metadata service, which hands credentials to whoever asks from this machine.
    Metadata,
}

use AddressClass::*;

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Public => "public",
            Unspecified => "unspecified",
            Loopback => "loopback",
            Private => "private",
            Shared => "shared",
            LinkLocal => "link-local",
            UniqueLocal => "unique-local",
            Documentation => "documentation",
            Benchmarking => "benchmarking",
            Multicast => "multicast",
            Reserved => "reserved",
            Metadata => "cloud metadata",
        })
    }
}

/// AWS, GCP, Azure, OpenStack and DigitalOcean; AWS containers and pods; Tencent; Scaleway; Alibaba; Azure's host; Oracle.
const METADATA_V4: [Ipv4Addr; 8] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 0, 23),
    Ipv4Addr::new(169, 254, 42, 42),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// AWS instances and pods, GCP, Scaleway, OpenStack.
const METADATA_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// The blocks that are not public: first match wins.
const BLOCKS_V4: [([u8; 4], u32, AddressClass); 16] = [
    ([0, 0, 0, 0], 8, Unspecified),
    ([10, 0, 0, 0], 8, Private),
    ([100, 64, 0, 0], 10, Shared),
    ([127, 0, 0, 0], 8, Loopback),
    ([169, 254, 0, 0], 16, LinkLocal),
    ([172, 16, 0, 0], 12, Private),
    ([192, 0, 2, 0], 24, Documentation),
    ([192, 0, 0, 0], 24, Reserved),   // protocol assignments
    ([192, 88, 99, 0], 24, Reserved), // retired 6to4 relays
    ([192, 168, 0, 0], 16, Private),
    ([198, 18, 0, 0], 15, Benchmarking),
    ([198, 51, 100, 0], 24, Documentation),
    ([203, 0, 113, 0], 24, Documentation),
    ([224, 0, 0, 0], 4, Multicast),
    ([255, 255, 255, 255], 32, Multicast), // broadcast
    ([240, 0, 0, 0], 4, Reserved),
];

/// The blocks that are not public, and at last everything outside 2000::/3: first match wins.
const BLOCKS_V6: [([u16; 8], u32, AddressClass); 12] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, Loopback),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, UniqueLocal),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Private), // retired site-local
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Multicast),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Documentation),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Documentation),
    ([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, Benchmarking),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Reserved), // protocol assignments, Teredo among them
    ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, Public),
    ([0, 0, 0, 0, 0, 0, 0, 0], 0, Reserved),
];

/// What `address` is for. An IPv4 address wrapped in IPv6 is what the inner address is.
///
/// NAT64 (`64:ff9b::/96`) and 6to4 lead to the inner address, so they are public when it is. Every other wrapping is
/// retired or cannot be judged and is at best [`AddressClass::Reserved`].
pub fn classify(address: IpAddr) -> AddressClass {
    match address.to_canonical() {
        IpAddr::V4(plain) => classify_v4(plain),
        IpAddr::V6(plain) => classify_v6(plain),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    if METADATA_V4.contains(&address) {
        return Metadata;
    }
    BLOCKS_V4
        .iter()
        .find(|(base, bits, _)| same_prefix_v4(address, Ipv4Addr::from_octets(*base), *bits))
        .map_or(Public, |(_, _, class)| *class)
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    if METADATA_V6.contains(&address) {
        return Metadata;
    }
    let outer = BLOCKS_V6
        .iter()
        .find(|(base, bits, _)| same_prefix_v6(address, Ipv6Addr::from_segments(*base), *bits))
        .map_or(Reserved, |(_, _, class)| *class);
    if !matches!(outer, Public | Reserved) {
        return outer;
    }
    match wrapped_v4(address).map(|(inner, leads_there)| (classify_v4(inner), leads_there)) {
        None => outer,
        Some((Public, true)) => Public,
        Some((Public, false)) => Reserved,
        Some((inner, _)) => inner,
    }
}

/// The IPv4 address inside an IPv6 one, and whether packets still lead to it today.
fn wrapped_v4(address: Ipv6Addr) -> Option<(Ipv4Addr, bool)> {
    let words = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let last = join(words[6], words[7]);
    match words {
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some((last, true)), // NAT64, RFC 6052
        [0x2002, high, low, ..] => Some((join(high, low), true)), // 6to4, RFC 3056
        // Local NAT64 (RFC 8215), compatible (RFC 4291), translated (RFC 7915).
        [0x64, 0xff9b, 1, ..] | [0, 0, 0, 0, 0, 0, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] => Some((last, false)),
        [0x2001, 0, ..] => Some((join(!words[6], !words[7]), false)), // Teredo, RFC 4380
        _ => None,
    }
}

/// Whether the first `bits` of both are the same.
pub(crate) fn same_prefix(address: IpAddr, base: IpAddr, bits: u32) -> bool {
    match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => same_prefix_v4(address, base, bits),
        (IpAddr::V6(address), IpAddr::V6(base)) => same_prefix_v6(address, base, bits),
        _ => false,
    }
}

fn same_prefix_v4(address: Ipv4Addr, base: Ipv4Addr, bits: u32) -> bool {
    (address.to_bits() ^ base.to_bits()).leading_zeros() >= bits
}

fn same_prefix_v6(address: Ipv6Addr, base: Ipv6Addr, bits: u32) -> bool {
    (address.to_bits() ^ base.to_bits()).leading_zeros() >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_are(class: AddressClass, addresses: &str) {
        for text in addresses.split_whitespace() {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(classify(address), class, "{text}");
        }
    }

    #[test]
    fn neighbours_of_every_block_are_public() {
        all_are(
            Public,
            "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
             128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 \
             192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 \
             198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 \
             192.31.196.1 192.52.193.1 192.175.48.1 168.63.129.15",
        );
        all_are(
            Public,
            "2001:200::1 2606:4700::1111 2a00::1 2001:db7:ffff::1 2001:db9::1 \
             3ffe:ffff::1 3fff:1000::1 2620:4f:8000::1",
        );
    }

    #[test]
    fn every_special_block_has_its_class_from_first_to_last_address() {
        all_are(Unspecified, "0.0.0.0 0.255.255.255 ::");
        all_are(Loopback, "127.0.0.0 127.0.0.1 127.255.255.255 ::1");
        all_are(
            Private,
            "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 \
             192.168.255.255 fec0::1",
        );
        all_are(Shared, "100.64.0.0 100.127.255.255");
        all_are(LinkLocal, "169.254.0.0 169.254.255.255 fe80:: febf:ffff::1");
        all_are(UniqueLocal, "fc00:: fdff:ffff::1");
        all_are(
            Documentation,
            "192.0.2.0 192.0.2.255 198.51.100.7 203.0.113.255 2001:db8::1 3fff::1 \
             3fff:fff::1",
        );
        all_are(Benchmarking, "198.18.0.0 198.19.255.255 2001:2::1");
        all_are(Multicast, "224.0.0.1 239.255.255.255 255.255.255.255 ff02::1");
        all_are(Reserved, "192.0.0.0 192.0.0.255 192.88.99.1 240.0.0.0 255.255.255.254");
        all_are(
            Reserved,
            "100::1 100:0:0:1::1 2001:1::1 2001:10::1 2001:20::1 2001:30::1 4000::1 \
             5f00::1",
        );
    }

    #[test]
    fn metadata_is_told_from_its_surroundings() {
        all_are(Metadata, "169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 192.0.0.192");
        all_are(Metadata, "fd00:ec2::254 fd20:ce::254 fe80::a9fe:a9fe");
        all_are(LinkLocal, "169.254.169.253");
        all_are(UniqueLocal, "fd00:ec2::253");
    }

    #[test]
    fn a_wrapped_address_is_what_it_wraps() {
        all_are(
            Loopback,
            "::ffff:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1:: ::127.0.0.1 \
             ::ffff:0:127.0.0.1",
        );
        all_are(
            Private,
            "::ffff:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::10.0.0.1 2002:a00:1:: \
             2001:0:4136:e378:8000:63bf:f5ff:fffe",
        );
        all_are(
            Metadata,
            "::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 ::a9fe:a9fe \
             64:ff9b:1::a9fe:a9fe",
        );
        all_are(Public, "::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1");
        all_are(
            Reserved,
            "::8.8.8.8 64:ff9b:1::8.8.8.8 ::ffff:0:8.8.8.8 \
             2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        );
    }
}
