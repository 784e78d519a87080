//! A report grows with what was found, and not with its square.

use time::macros::datetime;

use super::run::audit;
use super::world::{ISSUED, World, leaf};
use crate::common::pki::{Ca, CaSpec, Eku, Kp, key_purposes};

/// Everything that certificates can have in common, at length: one key, found beside each of them;
/// a root of a long name that ends first; an issuer with a long list of purposes.
fn everything_in_common(count: usize) -> (World, usize) {
    let world = World::new();
    let name = "long ".repeat(20 * count);
    let root = CaSpec::new(&name).valid(ISSUED, datetime!(2026-12-01 0:00 UTC));
    let purposes = vec![Kp::CodeSigning; 10 * count];
    let issuer = CaSpec::new("Issuer").eku(Eku::Raw(key_purposes(&purposes)));
    let issuer = Ca::root(root).sub(issuer);
    let first = issuer.leaf(leaf("first.example.com", 1));
    let mut found = issuer.pem();
    for serial in 1..=count as u64 {
        let spec = leaf(&format!("{serial}.example.com"), serial);
        let leaf = issuer.leaf(spec.eku(Eku::both()).key(&first.key));
        found += &(leaf.cert_pem() + &leaf.key_pem());
    }
    world.write("found.pem", &found);
    let input = found.len();
    (world, input)
}

#[test]
fn a_key_a_name_or_a_list_that_is_everywhere_does_not_make_a_report_quadratic() {
    for format in ["json", "html"] {
        let [small, large] = [150, 300].map(|count| {
            let (world, input) = everything_in_common(count);
            let output = audit(&world, &format!("--format {format} found.pem"));
            assert_eq!(output.code, 1, "{format} {}", output.stderr);
            (input, output.stdout.len())
        });
        let (more_in, more_out) = (large.0 - small.0, large.1 - small.1);
        assert!(more_out < 8 * more_in, "{format}: {more_in} more bytes in, {more_out} more out");
    }
}
