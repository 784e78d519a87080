//! [`Drain`]: how everything ends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Ends in two steps: first no new connections, then none at all. Clones are one.
#[derive(Clone, Default)]
pub struct Drain {
    /// No new connections.
    closing: CancellationToken,
    /// No connections.
    over: CancellationToken,
    connections: TaskTracker,
    /// Of a part: the connections of all.
    whole: Option<TaskTracker>,
}

impl Drain {
    /// A part that can end alone, and ends with the whole. The whole waits for its connections, too.
    pub fn part(&self) -> Self {
        Self {
            closing: self.closing.child_token(),
            over: self.over.child_token(),
            connections: TaskTracker::new(),
            whole: Some(self.whole.as_ref().unwrap_or(&self.connections).clone()),
        }
    }

    /// Runs a connection, which is waited for.
    pub fn run(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let connection = self.connections.track_future(connection);
        match &self.whole {
            Some(whole) => drop(whole.spawn(connection)),
            None => drop(tokio::spawn(connection)),
        }
    }

    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }

    pub fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    pub async fn over(&self) {
        self.over.cancelled().await;
    }

    /// No new connections from now on.
    pub fn close(&self) {
        self.closing.cancel();
        self.connections.close();
    }

    /// As [`close`](Self::close); waits until the open ones have ended, `limit` at most, and ends
    /// those that are left.
    pub async fn drain(&self, limit: Duration) {
        self.close();
        let _ = tokio::time::timeout(limit, self.connections.wait()).await;
        self.over.cancel();
        // Each is reset, which waits a second at most for what is on its way.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.connections.wait()).await;
    }
}
