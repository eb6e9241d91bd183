use proptest::prelude::*;

use super::*;

fn strict() -> Guard {
    Guard::new(false)
}

/// Blocks that nobody outside can reach, written apart from the code that knows them.
const NOT_PUBLIC: &[(&str, u32)] = &[
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
];

fn in_block(ip: Ipv4Addr) -> bool {
    let within = |(base, bits): &(&str, u32)| {
        let base: Ipv4Addr = base.parse().unwrap();
        (u32::from(ip) ^ u32::from(base)) >> (32 - bits) == 0
    };
    NOT_PUBLIC.iter().any(within) || ip.octets()[..3] == [192, 88, 99]
}

/// Every way in which an IPv6 address can stand for an IPv4 one.
fn disguises(ip: Ipv4Addr) -> [Ipv6Addr; 4] {
    let [a, b, c, d] = ip.octets().map(u16::from);
    let (high, low) = (a << 8 | b, c << 8 | d);
    [
        ip.to_ipv6_mapped(),
        Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
    ]
}

proptest! {
    #[test]
    fn an_ipv4_address_is_public_if_it_is_in_no_block(bits: u32) {
        let ip = Ipv4Addr::from(bits);
        prop_assert_eq!(is_public(ip.into()), !in_block(ip), "{}", ip);
    }

    #[test]
    fn no_disguise_helps((base, bits, host) in (0..NOT_PUBLIC.len(), any::<u32>()).prop_map(|(i, host)| (NOT_PUBLIC[i].0, NOT_PUBLIC[i].1, host))) {
        let base: Ipv4Addr = base.parse().unwrap();
        let ip = Ipv4Addr::from(u32::from(base) | (host & (u32::MAX >> bits)));
        prop_assert!(!is_public(ip.into()), "{}", ip);
        for disguised in disguises(ip) {
            prop_assert!(!is_public(disguised.into()), "{}", disguised);
        }
    }

    #[test]
    fn only_global_unicast_is_public(bits: u128) {
        let ip = Ipv6Addr::from(bits);
        if is_public(ip.into()) {
            let nat64 = ip.segments()[..2] == [0x64, 0xff9b];
            prop_assert!(ip.segments()[0] & 0xe000 == 0x2000 || nat64, "{}", ip);
        }
    }

    /// Whatever is typed in: no panic, and what passes has a host, is https and holds no credentials.
    #[test]
    fn any_text_is_checked(text in "(https?://)?[a-z0-9:@\\[\\]./?#%\\\\ -]{0,40}") {
        if let Ok(url) = strict().check(&text) {
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(url.host().is_some() && url.username().is_empty() && url.password().is_none());
        }
    }
}

#[test]
fn named_addresses_are_known_for_what_they_are() {
    for public in ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.32.0.1", "193.0.0.1", "223.255.255.255"] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for public in ["2606:4700::1111", "2a00:1450:4001:80b::200e", "64:ff9b::1.1.1.1", "2002:101:101::1"] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for inside in [
        "::",
        "::1",
        "::ffff:1.1.1.1",
        "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1.1.1.1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "100::1",
    ] {
        assert!(!is_public(inside.parse().unwrap()), "{inside}");
    }
}

#[test]
fn a_url_is_refused_for_what_is_wrong_with_it() {
    for (url, expected) in [
        ("https://shop.example/hooks?x=1", Ok(())),
        ("https://1.1.1.1:8443/", Ok(())),
        ("nonsense", Err(BadUrl::Unreadable)),
        ("https://", Err(BadUrl::Unreadable)),
        ("http://shop.example/", Err(BadUrl::NotHttps)),
        ("ftp://shop.example/", Err(BadUrl::NotHttps)),
        ("file:///etc/passwd", Err(BadUrl::NotHttps)),
        ("https://user@shop.example/", Err(BadUrl::Credentials)),
        ("https://user:secret@shop.example/", Err(BadUrl::Credentials)),
        ("https://127.0.0.1/", Err(BadUrl::Private)),
        ("https://2130706433/", Err(BadUrl::Private)),
        ("https://0x7f.1/", Err(BadUrl::Private)),
        ("https://0177.0.0.1/", Err(BadUrl::Private)),
        ("https://169.254.169.254/latest/meta-data", Err(BadUrl::Private)),
        ("https://[::1]/", Err(BadUrl::Private)),
        ("https://[::ffff:10.0.0.1]/", Err(BadUrl::Private)),
    ] {
        assert_eq!(strict().check(url).map(|_| ()), expected, "{url}");
    }
    let open = Guard::new(true);
    assert!(open.check("http://127.0.0.1:9000/").is_ok());
    assert_eq!(open.check("ftp://127.0.0.1/"), Err(BadUrl::NotHttps));
    assert_eq!(open.check("http://a:b@127.0.0.1/"), Err(BadUrl::Credentials));
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    let refused = strict().resolve("https://localhost/").await.unwrap_err();
    assert!(matches!(refused, Refused::Url(BadUrl::Private)), "{refused}");
    let (_, found) = Guard::new(true).resolve("http://localhost:9000/").await.unwrap();
    assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 9000), "{found:?}");
    let refused = Guard::new(true).resolve("http://no-such-name.invalid/").await.unwrap_err();
    assert!(matches!(refused, Refused::Unresolvable(_)), "{refused}");
}
