//! A thread that writes the newest value of each key to the disk: whoever hands one over never waits, however long the disk
//! takes. A value that a newer one overtakes is not written.
//!
//! For what may be lost: [`history`](crate::history) and [`clock`](crate::clock) say what that costs them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The thread's handle. When it is dropped the thread writes what it was given and ends; nobody waits for that.
#[derive(Debug)]
pub struct Newest<K, V>(Arc<Shared<K, V>>);

#[derive(Debug)]
struct Shared<K, V> {
    state: Mutex<State<K, V>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<K, V> {
    waiting: BTreeMap<K, V>,
    is_writing: bool,
    is_over: bool,
}

impl<K, V> Shared<K, V> {
    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord + Send + 'static, V: Send + 'static> Newest<K, V> {
    /// Starts the thread. `write` is called on it, for one value at a time.
    pub fn start(name: &str, mut write: impl FnMut(K, V) + Send + 'static) -> io::Result<Self> {
        let newest = Self::apart();
        let shared = Arc::clone(&newest.0);
        let run = move || {
            let mut state = shared.lock();
            loop {
                if let Some((key, value)) = state.waiting.pop_first() {
                    state.is_writing = true;
                    drop(state);
                    write(key, value);
                    state = shared.lock();
                    state.is_writing = false;
                    shared.changed.notify_all();
                } else if state.is_over {
                    return;
                } else {
                    state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(newest)
    }

    /// The same without a thread: the caller takes what is to be written.
    pub(crate) fn apart() -> Self {
        let state = State { waiting: BTreeMap::new(), is_writing: false, is_over: false };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
    }

    /// The next value to be written, if there is no thread that does it.
    #[cfg(test)]
    pub(crate) fn take(&self) -> Option<(K, V)> {
        self.0.lock().waiting.pop_first()
    }

    /// Has a value written in place of any that still waits under its key.
    pub fn put(&self, key: K, value: V) {
        self.0.lock().waiting.insert(key, value);
        self.0.changed.notify_all();
    }

    /// Waits until everything is written: for tests, and for a program that is to end itself in one.
    pub(crate) fn settle(&self) {
        let is_busy = |state: &mut State<K, V>| state.is_writing || !state.waiting.is_empty();
        drop(self.0.changed.wait_while(self.0.lock(), is_busy).unwrap_or_else(PoisonError::into_inner));
    }
}

impl<K, V> Drop for Newest<K, V> {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_disk_that_hangs_holds_nobody_and_the_newest_is_written() {
        let (written, seen) = mpsc::channel();
        let (let_go, gate) = mpsc::channel::<()>();
        let newest = Newest::start("test", move |key: u8, value: u32| {
            written.send((key, value)).unwrap();
            gate.recv().unwrap();
        })
        .unwrap();
        newest.put(1, 0);
        assert_eq!(seen.recv(), Ok((1, 0)));
        // It hangs in the first.
        (1..=1_000).for_each(|value| newest.put(1, value));
        newest.put(2, 7);
        (0..3).for_each(|_| let_go.send(()).unwrap());
        newest.settle();
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [(1, 1_000), (2, 7)]);
        newest.put(3, 8);
        drop(newest);
        assert_eq!(seen.recv(), Ok((3, 8)), "what was handed over before the end is written");
    }
}
