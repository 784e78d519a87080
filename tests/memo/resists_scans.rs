//! Whoever presents valid chains by the hundred fills the memo, and displaces nobody who comes regularly. Of those
//! who come twice the same is shown in `src/memo/cache.rs`; that what is refused takes no room, in `is_bounded`.

use crate::common::counting::{Record, recorded};
use crate::common::ours::roots;
use crate::common::pki::{Ca, CaSpec, Chain};
use crate::common::tls::provider;
use crate::world::{accepts, client, with_memo};
use mtls_roles::{ClientPeerVerifier, SignatureMemo};

/// Room for some 75 leaves.
const CAPACITY: usize = 50 << 10;
const REGULARS: usize = 8;
const PASSERS_BY: usize = 1_200;

/// Our clients below our root; the passers-by below another, which is trusted too.
struct World {
    memo: SignatureMemo,
    verifier: ClientPeerVerifier,
    record: Record,
    regulars: Vec<Chain>,
    public: Ca,
    public_sub: Ca,
}

impl World {
    fn new() -> Self {
        let (root, public) = (Ca::root_named("our root"), Ca::root_named("public root"));
        let sub = root.sub(CaSpec::new("our sub"));
        let regular = |number| sub.leaf(client(&format!("regular {number}"))).chain(&[&sub]);
        let (provider, record) = recorded(&provider());
        let memo = SignatureMemo::with_capacity(&provider, CAPACITY);
        let builder = ClientPeerVerifier::builder(roots([&root, &public]), &provider);
        Self {
            verifier: with_memo(builder, Some(&memo)),
            memo,
            record,
            regulars: (0..REGULARS).map(regular).collect(),
            public_sub: public.sub(CaSpec::new("public sub")),
            public,
        }
    }

    /// How many signatures had to be checked.
    fn verify(&self, chain: &Chain) -> usize {
        assert!(accepts(&self.verifier, chain));
        self.record.count()
    }

    fn passer_by(&self, number: usize) -> Chain {
        let spec = client(&format!("passer-by {number}")).key(&self.public_sub.key);
        let leaf = self.public_sub.leaf(spec);
        leaf.chain(&[&self.public_sub, &self.public])
    }

    /// Chains of passers-by, each once, and a regular after each so many; how many signatures of the regulars' had to
    /// be checked.
    fn scan(&self, each: usize) -> usize {
        let mut checked = 0;
        for number in 0..PASSERS_BY {
            assert!(self.verify(&self.passer_by(number)) > 0);
            if number % each == 0 {
                checked += self.verify(&self.regulars[number / each % REGULARS]);
            }
        }
        let found = self.memo.counters();
        assert!(found.evictions > 1_000 && found.bytes <= CAPACITY as u64, "{found:?}");
        assert!(found.entries < 100, "{found:?}");
        checked
    }
}

#[test]
fn who_came_twice_before_a_scan_is_known_all_through_it() {
    let world = World::new();
    for _ in 0..2 {
        world.regulars.iter().for_each(|chain| _ = world.verify(chain));
    }
    // Each comes again after 160 others, twice as many as there is room for.
    assert_eq!(world.scan(20), 0);
}

#[test]
fn who_comes_regularly_during_a_scan_is_soon_known() {
    let world = World::new();
    // Full of passers-by before the first of them comes.
    (10_000..10_200).for_each(|number| _ = world.verify(&world.passer_by(number)));
    // Each comes again after 40 others.
    let checked = world.scan(5);
    println!("{checked} signatures checked in {} visits", PASSERS_BY / 5);
    // Our intermediate and eight leaves, twice each at most.
    assert!(checked <= 2 * (1 + REGULARS), "{checked}");
}
