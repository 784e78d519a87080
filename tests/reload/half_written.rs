//! A half-written pair keeps the last good pair; a file caught between two blocks is not published.

use crate::common::pki::{CaSpec, LeafSpec};
use crate::world::{World, both, sees, two_polls};

#[test]
fn a_pair_cut_at_any_byte_keeps_the_last_good_pair_and_no_word_told_shows_the_key() {
    let world = World::new();
    let tls = world.start();
    let renewed = world.client("renewed");
    let pem = renewed.chain_pem(&[]) + &renewed.key_pem();
    let secret = renewed.key_pem();
    let secret: Vec<_> = secret.lines().filter(|line| !line.starts_with('-')).collect();
    for end in (0..pem.len() - 1).step_by(7) {
        world.write("client.pem", &pem[..end]);
        let report = tls.reload().unwrap();
        assert_eq!(report.published, None, "{end}: {report}");
        assert_eq!(report.refused.len(), 1, "{end}: {report}");
        let told = format!("{report} {report:?} {tls:?} {:?}", world.heard.lines());
        assert!(
            !secret.iter().any(|line| told.contains(&line[..line.len().min(24)])),
            "{end}: {told}"
        );
    }
    world.write("client.pem", pem);
    tls.reload().unwrap();
    assert_eq!(sees(&tls), both("server", "renewed"));
    let shown = format!("{:?} {:#?}", tls.current(), tls.current().client_slot());
    assert!(!secret.iter().any(|line| shown.contains(&line[..line.len().min(24)])));
}

#[test]
fn a_chain_or_roots_file_caught_between_two_blocks_is_not_published_by_polls() {
    let world = World::new();
    let sub = world.ca.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("below sub").dns("node.example"));
    let tls = world.start();
    world.write("tls.key", leaf.key_pem());
    let roots = world.ca.pem() + &sub.pem();
    for (name, whole, cut) in [
        ("tls.crt", leaf.chain_pem(&[&sub]), leaf.chain_pem(&[])),
        ("client-ca.crt", roots.clone(), world.ca.pem()),
    ] {
        world.write(name, &cut);
        let seen = tls.poll().unwrap();
        assert_eq!(seen.published, None, "{name}");
        world.write(name, &whole);
        assert_eq!(tls.poll().unwrap().published, None, "{name}: the looks do not agree");
        let number = tls.current().number();
        assert_eq!(tls.poll().unwrap().published, Some(number + 1), "{name}");
    }
    assert_eq!(tls.current().server_slot().credentials().unwrap().chain().len(), 2);
}

#[test]
fn what_reload_caught_between_two_blocks_is_named_alone_and_corrected_by_the_next_polls() {
    let world = World::new();
    let sub = world.ca.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("below sub").dns("node.example"));
    world.write("tls.crt", leaf.chain_pem(&[&sub]));
    world.write("tls.key", leaf.key_pem());
    let tls = world.start();
    // Renewed with the same key, and cut: the key is what it was.
    let chain = [world.dir.write("tls.crt", leaf.chain_pem(&[]))];
    let report = tls.reload().unwrap();
    assert_eq!((&report.changed[..], &report.shorter[..]), (&chain[..], &chain[..]));
    assert!(report.to_string().contains("is shorter than before"), "{report}");
    world.write("tls.crt", leaf.chain_pem(&[&sub]));
    let report = two_polls(&tls);
    assert_eq!((report.published, report.shorter), (Some(3), vec![]));
}

#[test]
fn files_that_change_at_each_look_are_told_after_some_and_never_published() {
    let world = World::new();
    let tls = world.start();
    let mut failed = 0;
    for turn in 0..8 {
        world.write("eku", format!("rfc5280{}", " ".repeat(turn)));
        failed += usize::from(tls.poll().is_err());
    }
    assert!(failed > 3, "{failed}");
    let told = world.heard.lines();
    assert_eq!(told.len(), 1, "{told:?}");
    // And which of them it is.
    let restless = format!("failed {} changed while", world.dir.join("eku").display());
    assert!(told[0].starts_with(&restless), "{told:?}");
    assert_eq!(tls.current().number(), 1);
    tls.poll().unwrap();
    assert_eq!(tls.current().number(), 2);
}
