//! Tasks without which the server would go on as if nothing were missing: a log that is not written any more, rules that do not come
//! into force. Started in `main` and by what runs a task for each tenant.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

/// Runs a task that the whole depends on. Should it panic, everything is told to stop: the service manager starts it anew.
pub async fn vital(stop: CancellationToken, task: impl Future<Output = ()>) {
    // What it leaves behind nobody uses any more.
    if AssertUnwindSafe(task).catch_unwind().await.is_err() {
        tracing::error!("a task without which the server can't go on has panicked: it stops");
        stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_stops_everything_and_one_that_ends_does_not() {
        let stop = CancellationToken::new();
        vital(stop.clone(), async {}).await;
        assert!(!stop.is_cancelled());
        let task = async {
            tokio::task::yield_now().await;
            let nothing: Option<u8> = None;
            assert!(nothing.is_some());
        };
        vital(stop.clone(), task).await;
        assert!(stop.is_cancelled());
    }
}
