//! Whose request it is when proxies of one's own stand in front of the staff port. Only they are believed, and only in the
//! header that they are known to write: whatever else says where a request comes from, anybody could have written.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HeaderName};
use serde::Deserialize;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One address, or all that begin alike (CIDR, RFC 4632): `192.0.2.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotANetwork(String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is neither an address nor a network such as 10.0.0.0/8, written by its first address", self.0)
    }
}

impl std::error::Error for NotANetwork {}

/// The address's first `bits` bits, and its family.
fn beginning(address: IpAddr, bits: u8) -> (bool, u128) {
    let cut = |value: u128, width: u32| {
        let rest = width.saturating_sub(u32::from(bits));
        value.checked_shr(rest).unwrap_or(0)
    };
    match address {
        IpAddr::V4(address) => (false, cut(u128::from(address.to_bits()), 32)),
        IpAddr::V6(address) => (true, cut(address.to_bits(), 128)),
    }
}

impl Network {
    /// Whether the address lies in it. An IPv4 address written as IPv6 counts as what it is.
    pub fn holds(&self, address: IpAddr) -> bool {
        beginning(self.first, self.bits) == beginning(address.to_canonical(), self.bits)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        let rest = u32::from(width.checked_sub(bits).ok_or_else(wrong)?);
        let trailing = match first {
            IpAddr::V4(first) => first.to_bits().trailing_zeros(),
            IpAddr::V6(first) => first.to_bits().trailing_zeros(),
        };
        // 10.1.2.3/8 is a slip: whoever wrote it meant one of two things.
        if trailing < rest || first != first.to_canonical() {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

/// The header in which proxies say for whom they ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Proxies of one's own in front of a port; none, unless told.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Where they are.
    pub trusted: Vec<Network>,
    /// What they write.
    pub header: ProxyHeader,
}

impl Proxies {
    /// Whether a proxy of one's own has this address.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }

    /// Who asks: the caller that the proxy nearest to the outside saw. From right to left, each address was written by the
    /// one to its right; the first that is no proxy of one's own is the client, and what stands left of it is hearsay. What
    /// can't be read ends the search at whoever wrote it.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut named = self.named(headers).into_iter().rev();
        while self.trusts(client) {
            match named.next() {
                Some(Some(address)) => client = address.to_canonical(),
                Some(None) | None => break,
            }
        }
        client
    }

    /// The addresses in the header, left to right over all its lines; none for one that can't be read.
    fn named(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, read): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, address_in),
            ProxyHeader::Forwarded => (FORWARDED, forwarded_for),
        };
        let lines = headers.get_all(name).into_iter();
        lines.flat_map(|line| line.to_str().unwrap_or_default().split(',').map(read).collect::<Vec<_>>()).collect()
    }
}

/// The `for` of one element of `Forwarded`. A comma within quotes would split an element: no address has one, so what
/// comes of it can't be read, and is not believed.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| value.trim());
    let value = named.next().filter(|_| named.next().is_none())?;
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    address_in(quoted.unwrap_or(value))
}

/// An address as proxies write it: bare, in brackets, with a port or without.
fn address_in(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(in_brackets).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_hold_what_begins_alike() {
        let cases = [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.7", false),
        ];
        for (network, address, holds) in cases {
            assert_eq!(network.parse::<Network>().unwrap().holds(ip(address)), holds, "{network} {address}");
        }
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "10.1.2.3/8",
            "fd00::1/8",
            "::ffff:10.0.0.1",
        ] {
            let error = wrong.parse::<Network>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
        }
    }

    const OUTER: &str = "10.0.0.1";
    const INNER: &str = "10.0.0.2";
    const CLIENT: &str = "203.0.113.9";

    fn check(header: ProxyHeader, peer: &str, lines: &[(&'static str, &str)], client: &str) {
        let proxies = Proxies { trusted: vec!["10.0.0.0/24".parse().unwrap()], header };
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_str(line).unwrap());
        }
        assert_eq!(proxies.client(ip(peer), &headers), ip(client), "{header:?} {peer} {lines:?}");
    }

    #[test]
    fn the_rightmost_that_is_no_proxy_of_ones_own_is_the_client() {
        use ProxyHeader::{Forwarded, XForwardedFor};
        const X: &str = "x-forwarded-for";
        const F: &str = "forwarded";
        // A stranger says what it likes.
        check(XForwardedFor, CLIENT, &[(X, "10.0.0.9")], CLIENT);
        check(XForwardedFor, INNER, &[], INNER);
        check(XForwardedFor, INNER, &[(X, CLIENT)], CLIENT);
        check(XForwardedFor, "::ffff:10.0.0.2", &[(X, "::ffff:203.0.113.9")], CLIENT);
        check(XForwardedFor, INNER, &[(X, "192.0.2.1, 203.0.113.9, 10.0.0.1")], CLIENT);
        check(XForwardedFor, INNER, &[(X, "192.0.2.1"), (X, CLIENT)], CLIENT);
        check(XForwardedFor, INNER, &[(X, "203.0.113.9:4711")], CLIENT);
        check(XForwardedFor, INNER, &[(X, "[2001:db8::1]:4711")], "2001:db8::1");
        // All of them one's own: the outermost asks for itself.
        check(XForwardedFor, INNER, &[(X, OUTER)], OUTER);
        // What can't be read was written by the one to its right.
        check(XForwardedFor, INNER, &[(X, "203.0.113.9, unknown")], INNER);
        check(XForwardedFor, INNER, &[(X, "203.0.113.9, nonsense, 10.0.0.1")], OUTER);
        check(XForwardedFor, INNER, &[(X, "")], INNER);
        // The other header is anybody's.
        check(XForwardedFor, INNER, &[(F, "for=203.0.113.9")], INNER);
        check(Forwarded, INNER, &[(X, CLIENT)], INNER);
        check(Forwarded, INNER, &[(F, "for=203.0.113.9;proto=https")], CLIENT);
        check(Forwarded, INNER, &[(F, "proto=https; For=\"203.0.113.9:80\", for=10.0.0.1")], CLIENT);
        check(Forwarded, INNER, &[(F, "for=\"[2001:db8::1]:4711\"")], "2001:db8::1");
        check(Forwarded, INNER, &[(F, "for=203.0.113.9, for=_hidden")], INNER);
        check(Forwarded, INNER, &[(F, "for=203.0.113.9;for=192.0.2.1")], INNER);
        check(Forwarded, INNER, &[(F, "for=\"192.0.2.1, for=203.0.113.9")], CLIENT);
    }

    #[test]
    fn without_proxies_nobody_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
        headers.append("forwarded", HeaderValue::from_static("for=203.0.113.9"));
        assert_eq!(Proxies::default().client(ip(INNER), &headers), ip(INNER));
    }
}
