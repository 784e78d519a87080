//! What else must stay: each other defect, with the right EKU under the default policy and with the wrong
//! one let pass.

use time::OffsetDateTime;
use time::macros::datetime;

use super::der;
use super::spec::{CLIENT, CRL_SIGN, DIGITAL_SIGNATURE, KEY_CERT_SIGN, SERVER, Spec};
use super::{Draft, EDGE, Maker};

pub fn make(maker: &mut Maker) {
    rows().iter().for_each(|row| ask(maker, row));
    no_change_to_one(maker);
}

/// Which certificate has the defect: its place on the path.
type Place = usize;
const LEAF: Place = 0;
const ISSUER: Place = 1;
const ROOT: Place = 2;

/// Id, requirement, what it is, the class of the refusal if it is one, where, and how it is made.
type Row =
    (&'static str, &'static str, &'static str, Option<&'static str>, Place, fn(Spec) -> Spec);

pub const EXPIRED: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2026-01-01 0:00 UTC), datetime!(2026-12-01 11:59:59 UTC));
const FUTURE: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2026-12-01 12:00:01 UTC), datetime!(2035-01-01 0:00 UTC));
const LAST: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2026-01-01 0:00 UTC), datetime!(2026-12-01 12:00 UTC));
const FIRST: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2026-12-01 12:00 UTC), datetime!(2035-01-01 0:00 UTC));

const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
const UNKNOWN: &[u64] = &[1, 3, 6, 1, 4, 1, 99999, 7];

#[rustfmt::skip] // One row, one line.
fn rows() -> Vec<Row> {
    vec![
        ("leaf-expired", "KEEP-VALIDITY", "the leaf expired a second ago", Some("validity"), LEAF, |it| it.valid(EXPIRED.0, EXPIRED.1)),
        ("leaf-future", "KEEP-VALIDITY", "the leaf is valid from the next second", Some("validity"), LEAF, |it| it.valid(FUTURE.0, FUTURE.1)),
        ("leaf-last-second", "KEEP-VALIDITY", "the leaf is in its last second", None, LEAF, |it| it.valid(LAST.0, LAST.1)),
        ("leaf-first-second", "KEEP-VALIDITY", "the leaf is in its first second", None, LEAF, |it| it.valid(FIRST.0, FIRST.1)),
        ("issuer-expired", "KEEP-VALIDITY", "the issuer expired a second ago", Some("validity"), ISSUER, |it| it.valid(EXPIRED.0, EXPIRED.1)),
        ("issuer-future", "KEEP-VALIDITY", "the issuer is valid from the next second", Some("validity"), ISSUER, |it| it.valid(FUTURE.0, FUTURE.1)),
        ("leaf-tampered", "KEEP-SIGNATURE", "the leaf's signature is wrong", Some("other"), LEAF, Spec::tampered),
        ("issuer-tampered", "KEEP-SIGNATURE", "the issuer's signature is wrong", Some("other"), ISSUER, Spec::tampered),
        ("leaf-ca", "KEEP-CA-AS-LEAF", "a CA as leaf", Some("other"), LEAF, |it| { it.basic(Some((true, None))).key_usage(DIGITAL_SIGNATURE | KEY_CERT_SIGN) }),
        ("leaf-ca-no-usage", "KEEP-CA-AS-LEAF", "a CA without keyCertSign as leaf", Some("other"), LEAF, |it| it.basic(Some((true, None)))),
        ("leaf-not-ca", "KEEP-CA-AS-LEAF", "a leaf that says cA:FALSE", None, LEAF, |it| it.basic(Some((false, None)))),
        ("issuer-no-basic", "KEEP-BASIC", "an issuer without basicConstraints", Some("other"), ISSUER, |it| it.basic(None)),
        ("issuer-not-ca", "KEEP-BASIC", "an issuer with cA:FALSE", Some("other"), ISSUER, |it| it.basic(Some((false, None)))),
        ("path-len", "KEEP-PATH-LENGTH", "a path length that suffices", None, ISSUER, |it| it.basic(Some((true, Some(0))))),
        ("constraints-met", "KEEP-NAME-CONSTRAINTS", "a name within the issuer's constraints", None, ISSUER, |it| it.permit_dns(&["example.com"])),
        ("constraints-violated", "KEEP-NAME-CONSTRAINTS", "a name outside the issuer's constraints", Some("other"), ISSUER, |it| it.permit_dns(&["example.org"])),
        ("constraints-empty", "KEEP-STRICT-FORM", "name constraints that constrain nothing", Some("path-check"), ISSUER, |it| it.extension(NAME_CONSTRAINTS, true, der::sequence(&[]))),
        ("leaf-constraints", "KEEP-STRICT-FORM", "name constraints in a leaf", Some("path-check"), LEAF, |it| it.permit_dns(&["example.com"])),
        ("leaf-critical", "KEEP-CRITICAL", "an unknown critical extension in the leaf", Some("other"), LEAF, |it| it.extension(UNKNOWN, true, vec![5, 0])),
        ("leaf-unknown", "KEEP-CRITICAL", "an unknown extension that is not critical", None, LEAF, |it| it.extension(UNKNOWN, false, vec![5, 0])),
        ("issuer-critical", "KEEP-CRITICAL", "an unknown critical extension in the issuer", Some("other"), ISSUER, |it| it.extension(UNKNOWN, true, vec![5, 0])),
        ("issuer-any-policy", "KEEP-POLICIES", "critical policies in the issuer: anyPolicy", None, ISSUER, |it| { let any = der::sequence(&[der::oid(&[2, 5, 29, 32, 0])]); it.extension(&[2, 5, 29, 32], true, der::sequence(&[any])) }),
        ("root-critical", "KEEP-STRICT-FORM", "an unknown critical extension in the root", Some("path-check"), ROOT, |it| it.extension(UNKNOWN, true, vec![5, 0])),
        ("issuer-no-cert-sign", "KEEP-CERT-SIGN", "an issuer whose key usage lacks keyCertSign", Some("path-check"), ISSUER, |it| it.key_usage(CRL_SIGN)),
        ("root-no-cert-sign", "KEEP-CERT-SIGN", "a root whose key usage lacks keyCertSign", Some("path-check"), ROOT, |it| it.key_usage(CRL_SIGN)),
        ("leaf-cert-sign", "KEEP-CERT-SIGN", "a leaf with keyCertSign", Some("path-check"), LEAF, |it| it.key_usage(DIGITAL_SIGNATURE | KEY_CERT_SIGN)),
        ("leaf-weak", "KEEP-KEY", "an RSA key of 1,024 bits", Some("path-check"), LEAF, Spec::rsa_1024),
        ("leaf-two-ekus", "EKU-MALFORMED", "two EKU extensions", Some("other"), LEAF, |it| { it.extension(&[2, 5, 29, 37], false, der::sequence(&[ der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, 1]), der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, 2]), ])) }),
    ]
}

fn ask(maker: &mut Maker, &(id, requirement, about, class, position, change): &Row) {
    let named = |spec: Spec| {
        let name = format!("{id}-{}", spec.name);
        spec.named(&name)
    };
    let leaves = [("server", SERVER), ("client", CLIENT)].map(|(name, eku)| {
        let leaf = Spec::leaf(name).subject("edge").key("edge").dns(EDGE).eku(eku);
        change(named(leaf))
    });
    let (mut roots, mut issuer) = ("root".to_owned(), "issuer".to_owned());
    match position {
        1 => {
            issuer = format!("{id}-issuer");
            maker.issue(change(named(Spec::ca("issuer"))), "root");
        }
        2 => {
            roots = format!("{id}-root");
            maker.root(change(named(Spec::ca("root"))));
        }
        _ => {}
    }
    // Issuers of one name and key share their leaves.
    let [wrong, right] = match position {
        0 => leaves.map(|leaf| {
            let name = leaf.name.clone();
            maker.issue(leaf, "issuer");
            name
        }),
        _ => ["leaf-server".into(), "leaf-client".into()],
    };
    for (leaf, preset) in [(&right, "rfc5280"), (&wrong, "ignore"), (&wrong, "accept-server-auth")]
    {
        let requirements = match preset {
            "rfc5280" => requirement.to_owned(),
            _ => format!("{requirement} REL-ONLY-EKU"),
        };
        let draft = Draft::new(format!("{id}-{preset}"), &requirements, about).eku(preset);
        let draft = draft.chain(&format!("{leaf} {issuer}")).roots(&roots);
        match class {
            Some(class) => maker.refuse(draft, class),
            None => maker.accept(draft),
        }
    }
}

/// Those that are no change to one certificate.
fn no_change_to_one(maker: &mut Maker) {
    maker.issue(Spec::ca("short-issuer").basic(Some((true, Some(0)))), "root");
    maker.issue(Spec::ca("below-short"), "short-issuer");
    maker.issue(Spec::ca("nameless").subject(""), "root");
    maker.root(Spec::ca("root").named("root-namesake").key("root-namesake"));
    for (name, eku) in [("server", SERVER), ("client", CLIENT)] {
        let leaf = |it: &str| Spec::leaf(&format!("{it}-{name}")).key("edge").dns(EDGE).eku(eku);
        maker.issue(leaf("too-deep"), "below-short");
        maker.issue(leaf("by-leaf"), "leaf-both");
        maker.issue(leaf("unknown"), "other-issuer");
        maker.issue(leaf("by-nameless"), "nameless");
    }
    for (eku, preset) in
        [("client", "rfc5280"), ("server", "ignore"), ("server", "accept-server-auth")]
    {
        let requirements = |first: &str| match preset {
            "rfc5280" => first.to_owned(),
            _ => format!("{first} REL-ONLY-EKU"),
        };
        for (id, requirement, about, chain, roots, class) in [
            (
                "path-len-exceeded",
                "KEEP-PATH-LENGTH",
                "a CA below an issuer of path length 0",
                "too-deep-? below-short short-issuer",
                "root",
                "other",
            ),
            (
                "issued-by-leaf",
                "KEEP-BASIC",
                "a leaf that issues",
                "by-leaf-? leaf-both issuer",
                "root",
                "other",
            ),
            (
                "unknown-root",
                "KEEP-ROOTS",
                "a root that is not trusted",
                "unknown-? other-issuer",
                "root",
                "unknown-issuer",
            ),
            (
                "root-presented",
                "KEEP-ROOTS",
                "a root that is not trusted, presented with the chain",
                "unknown-? other-issuer other-root",
                "root",
                "unknown-issuer",
            ),
            (
                "nameless-issuer",
                "KEEP-STRICT-FORM",
                "an issuer without a name",
                "by-nameless-? nameless",
                "root",
                "path-check",
            ),
            (
                "issuer-missing",
                "KEEP-ROOTS",
                "the issuer is not presented",
                "leaf-?",
                "root",
                "unknown-issuer",
            ),
            (
                "namesake",
                "KEEP-SIGNATURE",
                "a trusted root of the same name has another key",
                "leaf-? issuer",
                "root-namesake",
                "other",
            ),
        ] {
            let draft = Draft::new(format!("{id}-{preset}"), &requirements(requirement), about);
            let draft = draft.eku(preset).chain(&chain.replace('?', eku)).roots(roots);
            maker.refuse(draft, class);
        }
        let none = Draft::new(
            format!("nothing-presented-{preset}"),
            &requirements("KEEP-CERTIFICATE"),
            "no certificate",
        );
        maker.refuse(none.eku(preset), "no-certificate");
    }
}
