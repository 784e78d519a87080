//! Revocation, with several lists: each row under the default policy and with the EKU ignored.

use super::crl::Crl;
use super::der;
use super::spec::{CLIENT, KEY_CERT_SIGN, SERVER, Spec};
use super::{Draft, EDGE, Maker};

pub fn make(maker: &mut Maker) {
    lists(maker);
    for (eku, preset) in [("client", "rfc5280"), ("server", "ignore")] {
        rows(maker, eku, preset);
        points(maker, eku, preset);
    }
}

/// Where the lists of two shards are.
const POINTS: [&str; 2] = ["http://crl.example.com/a.crl", "http://crl.example.com/b.crl"];

fn lists(maker: &mut Maker) {
    let (root, issuer) = (maker.spec("root").clone(), maker.spec("issuer").clone());
    let leaves = ["leaf-client", "leaf-server"].map(|name| maker.spec(name).clone());
    let revoking = |crl: Crl| leaves.iter().fold(crl, |crl, leaf| crl.revoke(leaf));
    maker.issue(Spec::ca("issuer").named("issuer-no-crl-sign").key_usage(KEY_CERT_SIGN), "root");
    let mut at = vec![];
    for (name, eku) in [("client", CLIENT), ("server", SERVER)] {
        let leaf = Spec::leaf(&format!("at-a-{name}")).key("edge").dns(EDGE).eku(eku);
        at.push(leaf.crl_at(POINTS[0]));
    }
    let revoking_at = |crl: Crl| at.iter().fold(crl, |crl, leaf| crl.revoke(leaf));
    let full_name = der::full_name(&[der::general_name(6, POINTS[0].as_bytes())]);
    let only = |tag: u8| vec![der::tlv(0x80 | tag, &[0xff])];
    for (name, crl) in [
        ("root-good", Crl::of(&root)),
        ("root-revokes", Crl::of(&root).revoke(&issuer)),
        ("good", Crl::of(&issuer).number(5)),
        ("revokes", revoking(Crl::of(&issuer)).number(5)),
        ("older-good", Crl::of(&issuer).number(4).current(-3, 7)),
        ("older-revokes", revoking(Crl::of(&issuer)).number(4).current(-3, 7)),
        ("expired-good", Crl::of(&issuer).number(3).current(-9, -1)),
        ("expired-revokes", revoking(Crl::of(&issuer)).number(3).current(-9, -1)),
        ("future-good", Crl::of(&issuer).number(6).current(1, 9)),
        ("future-revokes", revoking(Crl::of(&issuer)).number(6).current(1, 9)),
        ("begins-now", Crl::of(&issuer).number(5).current(0, 7)),
        ("ends-now", Crl::of(&issuer).number(5).current(-7, 0)),
        ("forged-good", Crl::of(&issuer).number(9).signed_by("stranger")),
        ("forged-revokes", revoking(Crl::of(&issuer)).number(9).signed_by("stranger")),
        ("other-issuer-good", Crl::of(maker.spec("other-issuer"))),
        ("a-good", Crl::of(&issuer).at(POINTS[0])),
        ("b-good", Crl::of(&issuer).at(POINTS[1])),
        ("b-revokes", revoking_at(Crl::of(&issuer)).at(POINTS[1])),
        ("a-revokes", revoking_at(Crl::of(&issuer)).at(POINTS[0])),
        ("version-1", Crl::of(&issuer).version_1()),
        ("delta-good", Crl::of(&issuer).number(6).delta()),
        ("on-hold", revoking(Crl::of(&issuer)).number(5).reason(6)),
        ("compromised", revoking(Crl::of(&issuer)).number(5).reason(1)),
        ("only-users", Crl::of(&issuer).scope(&only(1))),
        ("only-cas", Crl::of(&issuer).scope(&only(2))),
        ("a-users", Crl::of(&issuer).scope(&[vec![full_name.clone()], only(1)].concat())),
        ("a-cas", Crl::of(&issuer).scope(&[vec![full_name], only(2)].concat())),
    ] {
        maker.crl(name, &crl);
    }
    at.into_iter().for_each(|leaf| maker.issue(leaf, "issuer"));
}

const GOOD: Option<&str> = None;
const REVOKED: Option<&str> = Some("revoked");
const UNKNOWN: Option<&str> = Some("revocation-unknown");

fn ask(
    maker: &mut Maker,
    (chain, preset): (&str, &str),
    (id, requirement): (&str, &str),
    about: &str,
    crls: &str,
    class: Option<&str>,
) {
    let requirements = match preset {
        "rfc5280" => requirement.to_owned(),
        _ => format!("{requirement} REL-ONLY-EKU"),
    };
    let draft = Draft::new(format!("{id}-{preset}"), &requirements, about).eku(preset);
    let draft = draft.chain(chain).crls(crls);
    match class {
        None => maker.accept(draft),
        Some(class) => maker.refuse(draft, class),
    }
}

fn rows(maker: &mut Maker, eku: &str, preset: &str) {
    let chain = format!("leaf-{eku} issuer");
    let mut row = |id: &str, requirement: &str, about: &str, crls: &str, class: Option<&str>| {
        ask(maker, (&chain, preset), (id, requirement), about, crls, class);
    };
    row("good", "REV-GOOD", "a current list for each certificate", "good root-good", GOOD);
    row("leaf", "REV-REVOKED", "the leaf is revoked", "revokes root-good", REVOKED);
    row("issuer", "REV-WHOLE-PATH", "the issuer is revoked", "good root-revokes", REVOKED);
    row("issuer-no-list", "REV-WHOLE-PATH", "no list is about the issuer", "good", UNKNOWN);
    row("leaf-no-list", "REV-GOOD", "no list is about the leaf", "root-good", UNKNOWN);
    row("foreign-list", "REV-GOOD", "a list of another CA", "other-issuer-good root-good", UNKNOWN);
    for (id, order) in [("last", "older-good revokes"), ("first", "revokes older-good")] {
        let id = format!("newer-revokes-{id}");
        let order = format!("{order} root-good");
        row(&id, "REV-NEWEST", "an older list beside the newer one that revokes", &order, REVOKED);
    }
    for (id, order) in [("last", "older-revokes good"), ("first", "good older-revokes")] {
        let id = format!("newer-lifts-{id}");
        let order = format!("{order} root-good");
        row(&id, "REV-NEWEST", "the newer list names it no more", &order, GOOD);
    }
    row(
        "equally-new",
        "REV-NEWEST",
        "two lists equally new: what either revokes is revoked",
        "good revokes root-good",
        REVOKED,
    );
    row(
        "equally-new-turned",
        "REV-NEWEST",
        "the same two in the other order",
        "revokes good root-good",
        REVOKED,
    );
    row("expired", "REV-EXPIRED", "the only list has expired", "expired-good root-good", UNKNOWN);
    row(
        "expired-revokes",
        "REV-EXPIRED",
        "the only list has expired, and revokes",
        "expired-revokes root-good",
        REVOKED,
    );
    row(
        "expired-and-good",
        "REV-NEWEST",
        "an expired list beside a current one",
        "expired-good good root-good",
        GOOD,
    );
    row(
        "expired-lifted",
        "REV-NEWEST",
        "an expired list revokes, a newer one does not",
        "expired-revokes good root-good",
        GOOD,
    );
    row(
        "ends-now",
        "REV-EXPIRED",
        "a list ends in the very second of its nextUpdate",
        "ends-now root-good",
        UNKNOWN,
    );
    row(
        "begins-now",
        "REV-FUTURE",
        "a list begins in the very second of its thisUpdate",
        "begins-now root-good",
        GOOD,
    );
    row("future", "REV-FUTURE", "a list of the future is none", "future-good root-good", UNKNOWN);
    row(
        "future-revokes",
        "REV-FUTURE",
        "a list of the future revokes nothing yet",
        "future-revokes good root-good",
        GOOD,
    );
    row(
        "forged",
        "REV-SIGNED",
        "a list that another key has signed is no good word",
        "forged-good root-good",
        UNKNOWN,
    );
    for (id, order) in [("first", "forged-revokes good"), ("last", "good forged-revokes")] {
        let id = format!("forged-revokes-{id}");
        let order = format!("{order} root-good");
        row(&id, "REV-SIGNED", "nor does it revoke", &order, GOOD);
    }
    for (id, order) in [("first", "forged-good revokes"), ("last", "revokes forged-good")] {
        let id = format!("forged-lifts-{id}");
        let order = format!("{order} root-good");
        row(&id, "REV-SIGNED", "nor does it lift what is revoked", &order, REVOKED);
    }
    row("on-hold", "REV-REVOKED", "the leaf is on hold", "on-hold root-good", REVOKED);
    row(
        "compromised",
        "REV-REVOKED",
        "the leaf's key is compromised",
        "compromised root-good",
        REVOKED,
    );
    row("version-1", "REV-KIND", "the only list is of version 1", "version-1 root-good", UNKNOWN);
    row(
        "version-1-and-good",
        "REV-KIND",
        "a list of version 1 beside a good one",
        "version-1 good root-good",
        GOOD,
    );
    row("delta", "REV-KIND", "the only list is a delta list", "delta-good root-good", UNKNOWN);
    row(
        "delta-and-good",
        "REV-KIND",
        "a delta list beside a complete one",
        "delta-good good root-good",
        GOOD,
    );
    row(
        "delta-and-revokes",
        "REV-KIND",
        "a delta list does not lift what is revoked",
        "delta-good revokes root-good",
        REVOKED,
    );
    let no_sign = format!("leaf-{eku} issuer-no-crl-sign");
    let about = "the issuer's key usage lacks cRLSign";
    ask(
        maker,
        (&no_sign, preset),
        ("no-crl-sign", "REV-CRL-SIGN"),
        about,
        "good root-good",
        UNKNOWN,
    );
    let about = "it may not sign lists, and has revoked all the same";
    ask(
        maker,
        (&no_sign, preset),
        ("no-crl-sign-revokes", "REV-CRL-SIGN"),
        about,
        "revokes root-good",
        REVOKED,
    );
}

fn points(maker: &mut Maker, eku: &str, preset: &str) {
    let (plain, at) = (format!("leaf-{eku} issuer"), format!("at-a-{eku} issuer"));
    for (id, chain, about, crls, class) in [
        ("point", &at, "the list of its distribution point", "a-good root-good", GOOD),
        ("point-other", &at, "the list of another distribution point", "b-good root-good", UNKNOWN),
        ("point-both", &at, "the lists of both points", "b-good a-good root-good", GOOD),
        ("point-revokes", &at, "the list of its point revokes", "a-revokes root-good", REVOKED),
        (
            "point-other-revokes",
            &at,
            "the list of another point names it: issuer and serial are the certificate",
            "b-revokes a-good root-good",
            REVOKED,
        ),
        ("point-whole", &at, "the list of the whole CA", "good root-good", GOOD),
        (
            "no-point",
            &plain,
            "a certificate without a point, the list of one",
            "a-good root-good",
            UNKNOWN,
        ),
        (
            "point-users",
            &at,
            "the list of its point, for end entities only",
            "a-users root-good",
            GOOD,
        ),
        ("point-cas", &at, "the list of its point, for CAs only", "a-cas root-good", UNKNOWN),
        ("users", &plain, "a list for end entities only", "only-users root-good", GOOD),
        ("cas", &plain, "a list for CAs only is not about the leaf", "only-cas root-good", UNKNOWN),
    ] {
        ask(maker, (chain, preset), (id, "REV-SCOPE"), about, crls, class);
    }
}
