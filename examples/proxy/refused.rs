//! The honest reason of a refusal, for the connection that it was about.
//!
//! A handshake ends with the error that its alert is derived from. Why a chain was refused, the
//! verifier tells its observer, in the task of the handshake: here it is kept for that task.

use std::cell::RefCell;

use mtls_roles::{Observer, Refusal};
use tokio::task_local;

task_local! {
    static REFUSED: RefCell<Option<Refusal>>;
}

/// To be given to every verifier.
pub struct KeepsRefusals;

impl Observer for KeepsRefusals {
    fn refused(&self, refusal: &Refusal) {
        // Outside a handshake nobody waits for it.
        let _ = REFUSED.try_with(|kept| kept.replace(Some(refusal.clone())));
    }
}

/// What a handshake ends with, and what a verifier refused in it.
pub async fn heard<T>(handshake: impl Future<Output = T>) -> (T, Option<Refusal>) {
    let with_refusal = async {
        let done = handshake.await;
        (done, REFUSED.with(RefCell::take))
    };
    REFUSED.scope(RefCell::default(), with_refusal).await
}
