//! Origins that a list or the root names, in the one form in which they may be written.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Which addresses may be called. That of the metadata service of clouds never may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OriginPolicy {
    /// Private and loopback addresses as well: demonstrations, tests, closed networks.
    AllowPrivate,
    /// Addresses of the public Internet alone.
    #[default]
    PublicOnly,
}

impl OriginPolicy {
    /// Whether `address` may be called.
    #[must_use]
    pub fn admits(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::AllowPrivate => is_public(address) || is_private(address),
            Self::PublicOnly => is_public(address),
        }
    }
}

/// An https origin: a canonical host and a port, and nothing else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin. It must be written exactly as it is compared: `https://host[:port]`, host
    /// in lower case and without a trailing dot, addresses in their usual form, no user, no path.
    pub fn parse(text: &str, policy: OriginPolicy) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::NotCanonical)?;
        if url.scheme() != "https" {
            return Err(OriginError::Scheme);
        }
        if url.origin().ascii_serialization() != text {
            return Err(OriginError::NotCanonical);
        }
        let host = url.host_str().ok_or(OriginError::NotCanonical)?;
        if host.ends_with('.') {
            return Err(OriginError::NotCanonical);
        }
        if url.port().is_some_and(|port| port == 0 || REFUSED_PORTS.contains(&port)) {
            return Err(OriginError::Port);
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !policy.admits(address) => Err(OriginError::Address),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The origin's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of `path` at this origin; `None` when the path would be changed by writing it
    /// as an address, or would lead elsewhere.
    pub(super) fn join(&self, path: &str) -> Option<Url> {
        let text = format!("{}{path}", self.0);
        let url = Url::parse(&text).ok()?;
        let leads_here = path.starts_with('/')
            && url.as_str() == text
            && url.origin().ascii_serialization() == self.0
            && url.fragment().is_none();
        leads_here.then_some(url)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Origin({})", self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why a text is not an origin that may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// An address that the policy does not admit.
    #[error("the address is not one that may be called")]
    Address,
    /// Another spelling of an origin, or more than an origin.
    #[error("an origin is https://host[:port] and nothing else")]
    NotCanonical,
    /// A port of another protocol.
    #[error("the port belongs to another protocol")]
    Port,
    /// Not https.
    #[error("only https may be called")]
    Scheme,
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Outside the special-purpose ranges of the IANA registry (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = match (first, second, third) {
        // Shared between carriers; protocol assignments and documentation; relays; benchmarks.
        (100, 64..=127, _) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) => true,
        (first, _, _) => first == 0 || first >= 224,
    };
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

/// Global unicast without documentation and without the ranges that carry an IPv4 address inside
/// (Teredo, 6to4): those lead where the inner address leads.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global = (0x2000..0x4000).contains(&first);
    let special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8,
        0x2002 | 0x3fff => true,
        _ => false,
    };
    is_global && !special
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_loopback(),
    }
}

/// Ports whose protocols read lines and might take a request for one: ftp, ssh, telnet, smtp,
/// pop3, imap, submission.
const REFUSED_PORTS: [u16; 10] = [20, 21, 22, 23, 25, 110, 143, 465, 587, 6667];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> OriginError {
        Origin::parse(text, OriginPolicy::PublicOnly).unwrap_err()
    }

    #[test]
    fn origins_of_lists_are_taken_as_they_are_written() {
        for text in [
            "https://gateway.example",
            "https://gateway.example:8443",
            "https://xn--fiq228c.example",
            "https://1.1.1.1:8443",
            "https://[2606:4700::1111]:8443",
        ] {
            assert_eq!(Origin::parse(text, OriginPolicy::PublicOnly).unwrap().as_str(), text);
        }
    }

    #[test]
    fn ss_01_addresses_inside_are_refused() {
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "0.0.0.0",
            "[::]",
            "169.254.169.254",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[fc00::1]",
            "[fd12::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[::ffff:7f00:1]",
            "[::ffff:a9fe:a9fe]",
            "[::7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
        ] {
            assert_eq!(refused(&format!("https://{host}:8443")), OriginError::Address, "{host}");
        }
    }

    #[test]
    fn ss_01_even_where_private_addresses_are_allowed_others_are_not() {
        let parse =
            |host: &str| Origin::parse(&format!("https://{host}:8443"), OriginPolicy::AllowPrivate);
        for host in ["127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.9", "[fd00::9]", "8.8.8.8"] {
            assert!(parse(host).is_ok(), "{host}");
        }
        for host in ["169.254.169.254", "[::ffff:a9fe:a9fe]", "0.0.0.0", "[::]", "224.0.0.1"] {
            assert_eq!(parse(host), Err(OriginError::Address), "{host}");
        }
    }

    #[test]
    fn ss_02_other_spellings_are_refused() {
        for text in [
            "https://2130706433:8443",
            "https://0177.0.0.1:8443",
            "https://0x7f.0.0.1",
            "https://127.1",
            "https://[::ffff:127.0.0.1]:8443",
            "https://gateway.example.",
            "https://user@gateway.example",
            "https://user:word@gateway.example",
            "https://gateway.example#@other.example",
            "https://gateway.example/",
            "https://gateway.example/path",
            "https://gateway.example?query",
            "https://GATEWAY.example",
            "https://gateway.example:443",
            "https://gateway.example:08443",
            "https://g\u{e4}teway.example",
            "https:gateway.example",
            "https://gateway.example\\@other.example",
            " https://gateway.example",
            "https://gate\tway.example",
            "https://",
            "",
        ] {
            assert_eq!(refused(text), OriginError::NotCanonical, "{text}");
        }
    }

    #[test]
    fn ss_03_other_schemes_are_refused() {
        for text in [
            "http://gateway.example",
            "file:///etc/passwd",
            "gopher://gateway.example",
            "data:text/plain,1",
            "ftp://gateway.example",
            "wss://gateway.example",
        ] {
            assert_eq!(refused(text), OriginError::Scheme, "{text}");
        }
    }

    #[test]
    fn ss_07_ports_of_other_protocols_are_refused() {
        for port in [0, 22, 25, 110, 143, 587] {
            assert_eq!(refused(&format!("https://gateway.example:{port}")), OriginError::Port);
        }
    }

    #[test]
    fn paths_stay_at_their_origin_and_as_they_are_written() {
        let origin = Origin::parse("https://a.example:8443", OriginPolicy::PublicOnly).unwrap();
        for path in ["/", "/v1/trust/lists/federation", "/status/1?x=2&y=%2F"] {
            let url = origin.join(path).unwrap();
            assert_eq!(url.as_str(), format!("https://a.example:8443{path}"));
        }
        for path in [
            "",
            "v1",
            "@other.example/",
            ".other.example/",
            "1/",
            "/a/../b",
            "/a\\b",
            "/a b",
            "/a#b",
            "/%2e%2e/a",
            "/a\n",
        ] {
            assert!(origin.join(path).is_none(), "{path}");
        }
    }
}
