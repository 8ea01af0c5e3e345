//! A node that is up: its listeners and its other tasks, and the one way in which all of them end.

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::listener::{Bound, serve};

/// The tasks of one node.
#[derive(Debug)]
pub struct Service {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Service {
    /// Serves on `listeners` until it is stopped.
    #[must_use]
    pub fn start(listeners: impl IntoIterator<Item = Bound>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for listener in listeners {
            tasks.spawn(serve(listener, told(stopping.clone())));
        }
        Self { stop, tasks }
    }

    /// Adds a task that is given up, wherever it is, when the service is stopped.
    pub fn run_beside(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stop.subscribe();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = told(stopping) => {}
            }
        });
    }

    /// Stops accepting, and waits until what is in progress has finished.
    pub async fn stop(mut self) {
        // The receivers are gone only when every task has ended already.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Resolves when the service is told to stop.
async fn told(mut stopping: watch::Receiver<bool>) {
    // An error means that nobody can tell any more, which is a reason to stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}
