//! What must hold for every tenant, state and attempt: the laws that `decide`, state, policies, cuts, lists and previews keep.
//! Cases are random (see [`samples`](crate::samples)); a failure prints the smallest case that was found.

mod cuts;
mod decisions;
mod hours;
mod lists;
mod policies;
mod states;
