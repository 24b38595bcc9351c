//! How much memory a value holds: what dropping it gives back. Elsewhere the allocator is the system's, with one look at a flag, so
//! that peers which allocate while they decide do not pay for our counting.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};

struct Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
/// Asked for and not given back since counting began; what the allocator adds for itself is not in it.
static BYTES: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    if IS_COUNTING.load(Ordering::Relaxed) {
        BYTES.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[expect(unsafe_code, reason = "an allocator can't be written otherwise; each call goes to the system's as it came")]
// SAFETY: all calls are passed on unchanged, so what the system's allocator promises holds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the pointer came from the system's allocator, by `alloc` or `realloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the pointer came from the system's allocator, by `alloc` or `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Drops a value and tells how many bytes of the heap that gave back, in one thread.
pub(crate) fn bytes_held<T>(value: T) -> isize {
    BYTES.store(0, Ordering::Relaxed);
    IS_COUNTING.store(true, Ordering::Relaxed);
    drop(value);
    IS_COUNTING.store(false, Ordering::Relaxed);
    -BYTES.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_value_holds_is_counted() {
        // One test, since counting is for one thread.
        assert_eq!(bytes_held(vec![0u8; 1_000]), 1_000);
        assert_eq!(bytes_held(Box::new([0u64; 4])), 32);
        assert_eq!(bytes_held(0u8), 0);
        let mut grown = Vec::with_capacity(10);
        grown.extend([0u8; 11]);
        assert_eq!(bytes_held(std::mem::take(&mut grown)), 20);
    }
}
