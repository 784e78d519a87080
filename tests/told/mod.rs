//! An observer that writes down what it is told about peers, for the tests that hold it to that.

use std::sync::Mutex;

use mtls_roles::{Observer, Refusal, Role, VerifiedPeer};

/// One line for each call, in order.
#[derive(Default)]
pub struct Told(Mutex<Vec<String>>);

impl Told {
    /// The lines since this was last asked for.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Told {
    fn accepted(&self, role: Role) {
        self.push(format!("accepted {role}"));
    }

    fn relaxed(&self, peer: &VerifiedPeer) {
        let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
        let violation = peer.eku().violation().expect("something was wrong");
        self.push(format!("relaxed {} {}: {violation}", peer.role(), names.join(" ")));
    }

    fn refused(&self, refusal: &Refusal) {
        self.push(format!("refused {} {:?}", refusal.role(), refusal.class()));
    }
}
