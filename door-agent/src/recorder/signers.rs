//! Threads that sign. A burst is signed on all cores, since signing is what takes longest; and what comes while the disk writes is
//! signed meanwhile.
//!
//! Called by the [`recorder`](super) alone. A thread that can't be had, or broke off, leaves its part to whoever wants the signatures.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use access_core::chain::{self, Digest};
use ed25519_dalek::SigningKey;

/// A thread more signs no fewer than this: to wake one takes as long as some signatures.
const SIGNATURES_MIN: usize = 8;

/// The threads. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Signers {
    key: Arc<SigningKey>,
    work: Option<mpsc::Sender<Work>>,
    threads: Vec<JoinHandle<()>>,
}

/// A thread's part in a burst: as much as it gets done.
struct Work {
    burst: Arc<Burst>,
    signed: mpsc::Sender<(usize, [u8; 64])>,
}

#[derive(Debug)]
struct Burst {
    hashes: Vec<Digest>,
    /// The first that nobody has taken.
    next: AtomicUsize,
}

impl Burst {
    /// Signs one after the other for as long as there are any.
    fn work(&self, key: &SigningKey, mut signed: impl FnMut(usize, [u8; 64])) {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(hash) = self.hashes.get(place) else { return };
            signed(place, chain::signature(hash, key));
        }
    }
}

impl Signers {
    /// So many threads, or as many of them as can be had.
    pub(super) fn start(key: SigningKey, count: usize) -> Self {
        let key = Arc::new(key);
        let (work, works) = mpsc::channel();
        let works = Arc::new(Mutex::new(works));
        let start = |_| {
            let (key, works) = (Arc::clone(&key), Arc::clone(&works));
            thread::Builder::new().name("signer".to_owned()).spawn(move || run(&key, &works)).ok()
        };
        let threads = (0..count).map_while(start).collect();
        Self { key, work: Some(work), threads }
    }

    /// Whether there is any: without, [`Signing::finish`] does it all.
    pub(super) fn are_there(&self) -> bool {
        !self.threads.is_empty()
    }

    /// Begins to sign, on so many threads as are worth it and at least `threads_min` of those there are. Waits for nothing.
    pub(super) fn begin(&self, hashes: &[Digest], threads_min: usize) -> Signing {
        let count = (hashes.len() / SIGNATURES_MIN).max(threads_min).min(self.threads.len());
        let burst = Arc::new(Burst { hashes: hashes.to_vec(), next: AtomicUsize::new(0) });
        // Mostly there is one record, and nothing to share.
        let others = (count > 0).then(|| {
            let (signed, others) = mpsc::channel();
            for _ in 0..count {
                let work = Work { burst: Arc::clone(&burst), signed: signed.clone() };
                // Threads that broke off leave it to this one.
                let _ = self.work.as_ref().map(|works| works.send(work));
            }
            others
        });
        Signing { key: Arc::clone(&self.key), burst, others }
    }
}

impl Drop for Signers {
    fn drop(&mut self) {
        self.work = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(key: &SigningKey, works: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        let work = works.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { burst, signed }) = work else { return };
        burst.work(key, |place, signature| {
            // Nobody may want it any more.
            let _ = signed.send((place, signature));
        });
    }
}

/// Signatures that are being made.
#[derive(Debug)]
pub(super) struct Signing {
    key: Arc<SigningKey>,
    burst: Arc<Burst>,
    /// What other threads sign of it.
    others: Option<mpsc::Receiver<(usize, [u8; 64])>>,
}

impl Signing {
    /// The signatures in order; helps until all are made.
    pub(super) fn finish(self) -> Vec<[u8; 64]> {
        let mut signatures = vec![None; self.burst.hashes.len()];
        let mut left = signatures.len();
        self.burst.work(&self.key, |place, signature| {
            signatures[place] = Some(signature);
            left -= 1;
        });
        while left > 0
            && let Some(Ok((place, signature))) = self.others.as_ref().map(mpsc::Receiver::recv)
        {
            signatures[place] = Some(signature);
            left -= 1;
        }
        let missing = |(signature, hash): (Option<[u8; 64]>, &Digest)| {
            signature.unwrap_or_else(|| chain::signature(hash, &self.key))
        };
        signatures.into_iter().zip(&self.burst.hashes).map(missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_signed_in_order_however_many_sign() {
        let key = SigningKey::from_bytes(&[1; 32]);
        for (count, threads, threads_min) in
            [(0, 4, 0), (1, 4, 0), (1, 1, 1), (15, 2, 0), (17, 2, 0), (64, 0, 1), (64, 3, 0), (64, 64, 9)]
        {
            let hashes: Vec<Digest> = (0..count).map(|number| Digest([number; 32])).collect();
            let alone: Vec<[u8; 64]> = hashes.iter().map(|hash| chain::signature(hash, &key)).collect();
            let signers = Signers::start(key.clone(), threads);
            let signing = signers.begin(&hashes, threads_min);
            assert_eq!(signing.finish(), alone, "{count} on {threads}");
        }
    }

    #[test]
    fn what_a_thread_took_and_did_not_sign_is_signed_in_its_place() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let hashes = vec![Digest([1; 32]), Digest([2; 32])];
        let alone: Vec<[u8; 64]> = hashes.iter().map(|hash| chain::signature(hash, &key)).collect();
        let burst = Arc::new(Burst { hashes, next: AtomicUsize::new(1) });
        let (broken_off, others) = mpsc::channel();
        drop(broken_off);
        assert_eq!(Signing { key: Arc::new(key), burst, others: Some(others) }.finish(), alone);
    }
}
