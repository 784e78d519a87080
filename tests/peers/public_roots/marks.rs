//! What a leaf may carry that belongs to the PKI of the web, or looks like it.

use crate::common::pki::{LeafSpec, der};

pub type Mark = Box<dyn Fn(LeafSpec) -> LeafSpec>;

/// What a leaf may carry, and whether it may still be relaxed as any private peer.
#[rustfmt::skip] // One row, one line.
pub fn marks() -> Vec<(&'static str, Mark, bool)> {
    const SCTS: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
    const POLICIES: &[u64] = &[2, 5, 29, 32];
    let extension = |id, oid: &'static [u64], value: Vec<u8>, is_relaxed| {
        let mark = move |spec: LeafSpec| spec.extension(oid, false, value.clone());
        (id, Box::new(mark) as Mark, is_relaxed)
    };
    let policies = |id, policies: &[&[u64]], is_relaxed| {
        let policies: Vec<_> = policies
            .iter()
            .map(|arcs| der::sequence(&[der::oid(arcs)]))
            .collect();
        extension(id, POLICIES, der::sequence(&policies), is_relaxed)
    };
    let raw = |id, value: &[u8]| extension(id, POLICIES, value.to_vec(), false);
    let other = der::sequence(&[der::oid(&[1, 3, 6, 1, 4, 1, 99999, 1])]);
    let cps = der::sequence(&[
        der::oid(&[1, 3, 6, 1, 5, 5, 7, 2, 1]),
        der::tlv(0x16, b"https://ca.example/cps"),
    ]);
    let qualified = der::sequence(&[der::oid(&[2, 23, 140, 1, 2, 2]), der::sequence(&[cps])]);
    vec![
        ("no mark", Box::new(|spec| spec), true),
        ("SCTs and a policy", Box::new(LeafSpec::web_pki), false),
        extension("SCTs", SCTS, der::octet_string(&[0, 0]), false),
        extension("SCTs that nobody can read", SCTS, b"rubbish".to_vec(), false),
        extension("no SCTs in the extension", SCTS, vec![], false),
        policies("domain validated", &[&[2, 23, 140, 1, 2, 1]], false),
        policies("organization validated", &[&[2, 23, 140, 1, 2, 2]], false),
        policies("individual validated", &[&[2, 23, 140, 1, 2, 3]], false),
        policies("extended validation", &[&[2, 23, 140, 1, 1]], false),
        policies("code signing", &[&[2, 23, 140, 1, 4, 1]], false),
        policies("a policy of tomorrow", &[&[2, 23, 140, 1, 99, 7]], false),
        policies("the arc itself", &[&[2, 23, 140, 1]], false),
        policies("second of two", &[&[1, 3, 6, 1, 4, 1, 99999, 1], &[2, 23, 140, 1, 2, 1]], false),
        extension("with a qualifier", POLICIES, der::sequence(&[qualified]), false),
        policies("a private policy", &[&[1, 3, 6, 1, 4, 1, 99999, 1]], true),
        policies("anyPolicy", &[&[2, 5, 29, 32, 0]], true),
        policies("another arc of that body", &[&[2, 23, 140, 2, 1]], true),
        policies("an arc that begins alike", &[&[2, 23, 140, 10]], true),
        policies("an arc that begins alike, two octets", &[&[2, 23, 140, 129]], true),
        policies("the parent arc", &[&[2, 23, 140]], true),
        policies("no policies", &[], true),
        raw("unreadable: nothing", b""),
        raw("unreadable: rubbish", b"rubbish"),
        raw("unreadable: cut short", &[0x30, 0x20, 0x30, 0x06]),
        raw("unreadable: more behind it", &[der::sequence(std::slice::from_ref(&other)), vec![0]].concat()),
        raw("unreadable: a number for a policy", &der::sequence(&[der::unsigned(&[1])])),
        raw("unreadable: a policy without OID", &der::sequence(&[der::sequence(&[])])),
        raw("unreadable: an element behind a good one", &der::sequence(&[other, vec![0x30, 0x7f]])),
    ]
}
