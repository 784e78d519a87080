//! What `reload` tells: what was published, what stayed, who was let in, and that no handshake failed.

use std::process::Command;
use std::time::Instant;

use crate::common::programs::run;
use crate::program;

#[test]
fn reload_ends_by_itself_within_20_seconds_and_no_handshake_fails() {
    let begun = Instant::now();
    let output = run(Command::new(program("reload")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let text = &output.stdout;
    assert!(begun.elapsed().as_secs() < 20, "{:?}: {text}", begun.elapsed());
    assert!(text.ends_with(", 0 of them failed.\n"), "{text}");
    let acts: Vec<_> = text.split("\n* ").skip(1).collect();
    let act = |name: &str| *acts.iter().find(|act| act.starts_with(name)).unwrap();
    let stays = "refused, what was good before stays in use";
    for (name, told) in [
        ("both certificates are renewed well", "generation 2 was published"),
        ("a renewal loses clientAuth", stays),
        ("a renewal loses clientAuth", "needed clientAuth"),
        ("a new certificate is there", stays),
        ("a certificate is written that has expired", stays),
        ("a new CA: certificates", "a guest calls: you are CN=good.guest.example"),
        ("a revocation list", "the guest calls again: received fatal alert: CertificateRevoked"),
        ("a revocation list", "a guest with serverAuth only calls: you are CN=old.guest.example"),
        ("the policy is to end", "it calls again: received fatal alert: UnsupportedCertificate"),
        ("a new CA: the old root goes", "root `CN=Old CA` is no longer trusted for clients"),
        ("SIGHUP", "was published"),
    ] {
        assert!(act(name).contains(told), "{name}: {told}\n{text}");
    }
}
