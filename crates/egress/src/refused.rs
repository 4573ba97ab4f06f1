//! Every reason not to send.

use std::net::{IpAddr, SocketAddr};

use crate::address::AddressClass;

/// Why a URL or an address is refused. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not an absolute URL.
    #[error("expected a URL such as https://host/path")]
    NotAUrl,
    /// A scheme other than http and https.
    #[error("expected a URL that begins with http:// or https://, found {found}://")]
    Scheme {
        /// The scheme that stands there.
        found: String,
    },
    /// A name or password in the URL, where logs and pages would show it.
    #[error("a URL must not contain a user name or password")]
    UserInfo,
    /// Not a host name: odd characters, empty or over-long labels.
    #[error("expected a host name or an IP address, found `{found}`")]
    Host {
        /// The host that stands there.
        found: String,
    },
    /// A number where an IPv4 address should stand, such as 2130706433, 0x7f.1 or 127.1.
    #[error("expected an IPv4 address as four decimal numbers, found `{found}`")]
    OddAddress {
        /// The host that stands there.
        found: String,
    },
    /// Port 0, or no number.
    #[error("expected a port from 1 to 65535")]
    Port,
    /// An address that is not public and that no exception covers.
    #[error("{address} is a {class} address, and allow_networks does not cover {address}")]
    Address {
        /// The address and port that would have been dialled.
        address: SocketAddr,
        /// What the address is for.
        class: AddressClass,
    },
    /// A cloud's metadata service, covered at most by a range.
    #[error("{address} is a cloud metadata service; only an entry for exactly this address allows it")]
    Metadata {
        /// The address.
        address: IpAddr,
    },
    /// One of this gateway's own listeners, not named with address and port.
    #[error("{address} is this gateway itself; only an entry for exactly this address and port allows it")]
    OwnListener {
        /// The address and port.
        address: SocketAddr,
    },
    /// A header that cannot be written, or that belongs to the connection rather than to the caller.
    #[error("the header `{name}` cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
}
