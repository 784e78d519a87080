//! Our own readers see certificates of verified paths only: what stands elsewhere changes nothing.

use mtls_roles::{EkuPolicy, RefusalClass};

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots, rule};
use crate::common::pki::{Ca, Eku, Kp, LeafSpec, der, key_purposes, tamper_signature};
use crate::common::tls::{provider, stock_client_verifier};
use crate::rules::peer::assert_none_is_wrong;

/// Whatever the extensions that only we read hold: as long as no path is verified, the error is
/// webpki's, and the honest class that of the path's own defect.
#[test]
fn hostile_bytes_on_a_path_that_is_not_verified_change_nothing() {
    let (root, stranger) = (Ca::root_named("root"), Ca::root_named("stranger"));
    let pin = format!("cert-sha256:{}", "0".repeat(64));
    let verifier = |policy| {
        clients(&roots([&root]))
            .eku_policy(policy)
            .relax_for_any_peer_of_these_private_roots()
            .relax_for(rule("dns:edge.example"))
            .allow(rule("spiffe-trust-domain:example.org"))
            .allow(rule(&pin))
            .build()
            .unwrap()
    };
    let mut wrong = vec![];
    for (id, hostile) in hostile() {
        let spec = || hostile(LeafSpec::new("edge"));
        let good = root.leaf(spec()).chain(&[]);
        let chains = [
            ("unknown issuer", stranger.leaf(spec()).chain(&[]), RefusalClass::UnknownIssuer),
            ("bad signature", vec![tamper_signature(&good[0])], RefusalClass::Other),
            ("expired", root.leaf(spec().expired()).chain(&[]), RefusalClass::Validity),
        ];
        for (defect, chain, class) in chains {
            let stock = stock_client_verifier(&provider(), &[root.der()]);
            let stock = stock.verify_client_cert(&chain[0], &[], unix(NOW)).unwrap_err();
            for policy in [
                EkuPolicy::rfc5280(),
                EkuPolicy::strict(),
                EkuPolicy::ignore(),
                EkuPolicy::accept_server_auth(),
            ] {
                let refusal = verifier(policy).verify(Some(&chain), unix(NOW)).unwrap_err();
                if format!("{:?}", refusal.error()) != format!("{stock:?}")
                    || refusal.class() != class
                {
                    wrong.push(format!("{id}, {defect}, {policy}: {refusal:?}, stock: {stock:?}"));
                }
            }
        }
    }
    assert_none_is_wrong(wrong);
}

type Hostile = Box<dyn Fn(LeafSpec) -> LeafSpec>;

/// What only our readers look at, as nobody should write it.
fn hostile() -> Vec<(&'static str, Hostile)> {
    let extension = |oid: &'static [u64], value: Vec<u8>| {
        Box::new(move |spec: LeafSpec| spec.extension(oid, false, value.clone())) as Hostile
    };
    let san = |entries: &[u8]| extension(&[2, 5, 29, 17], der::tlv(0x30, entries));
    let policies = |value: Vec<u8>| extension(&[2, 5, 29, 32], value);
    let deep = (0..2000).fold(vec![], |inner, _| der::tlv(0x30, &inner));
    let many: Vec<_> =
        (0..2000).flat_map(|_| der::general_name(6, b"spiffe://example.org/a")).collect();
    let half_an_eku = [key_purposes(&[Kp::ClientAuth])[2..].to_vec(), vec![0x06, 0x7f]].concat();
    vec![
        ("tame", Box::new(|spec| spec)),
        ("SAN of rubbish", san(b"rubbish")),
        ("SAN with a length beyond the end", san(&[0x82, 0x84, 0xff, 0xff, 0xff, 0xff])),
        ("SAN with an indefinite length", san(&[0x82, 0x80, b'a', 0, 0])),
        ("SAN with a huge tag number", san(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0])),
        ("SAN that is deep", san(&deep)),
        ("SAN of two thousand URIs", san(&many)),
        ("SAN of an empty name", san(&der::general_name(2, b""))),
        (
            "EKU that is right and then breaks off",
            Box::new(move |spec| spec.eku(Eku::Raw(der::tlv(0x30, &half_an_eku)))),
        ),
        ("policies of nothing", policies(vec![])),
        ("policies of rubbish", policies(b"rubbish".to_vec())),
        ("policies that are deep", policies(deep.clone())),
        ("SCTs of rubbish", extension(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], b"rubbish".to_vec())),
    ]
}
